// The playground: sends the conversation, shows what is released, and the guard's notes beside it.

import { messageNotes, replyNotes } from "./notes.js";
import { el, prose, visible } from "./prose.js";
import { events } from "./sse.js";
import { bar, language, t, translate } from "./words.js";

const $ = (id) => document.getElementById(id);
const [turnsList, box, send, stop, reflection] = ["turns", "message", "send", "stop", "reflection"].map($);
const state = { turns: [], running: null, key: "", settings: {}, drawn: new Map(), due: false };

try { state.key = sessionStorage.getItem("sophro-key") ?? ""; } catch { /* no storage: the key lives in this page */ }

const headers = () => ({ "content-type": "application/json", ...(state.key ? { authorization: `Bearer ${state.key}` } : {}) });

// ---- drawing --------------------------------------------------------------------------------------------------

const amount = ({ tokens, characters }) =>
  tokens ? t("held_tokens", { n: tokens }) : characters ? t("held_characters", { n: characters }) : t("held_some");

// Bars as long as words: a picture of text that is not there.
function heldMark(stretch) {
  const count = Math.min(60, stretch.tokens || Math.ceil((stretch.characters ?? 60) / 5));
  const cover = el("span", { class: "bars", "aria-hidden": "true" });
  for (let i = 0; i < count; i += 1) {
    const one = el("i");
    one.style.width = `${14 + ((i * 37 + 11) % 46)}px`;
    cover.append(one);
  }
  return el("div", { class: "held-mark" }, cover,
    el("small", {}, amount(stretch)));
}

function replyBody(turn) {
  const out = document.createDocumentFragment();
  if (turn.trace) {
    out.append(el("details", { class: "trace" }, el("summary", {}, t("trace")), el("div", {}, prose(turn.trace))));
  }
  let at = 0;
  // Places are counted in code points, as the server counts them.
  const letters = turn.held.length ? [...turn.text] : [];
  for (const stretch of turn.held) {
    if (stretch.at > at) out.append(prose(letters.slice(at, stretch.at).join("")));
    at = Math.max(at, stretch.at);
    out.append(heldMark(stretch));
    if (stretch.reflection && reflection.checked) {
      out.append(el("aside", { class: "reflection" }, el("h3", {}, t("reflection")), prose(stretch.reflection)));
    }
  }
  out.append(prose(turn.held.length ? letters.slice(at).join("") : turn.text));
  if (turn.error) out.append(el("p", { class: "error" }, visible(turn.error)));
  else if (turn.running && !turn.text && !turn.held.length) out.append(el("p", { class: "pending" }, t("thinking")));
  return out;
}

function draw(turn) {
  const node = state.drawn.get(turn);
  const open = node.querySelector("details.trace")?.open;
  const mine = turn.role === "user";
  node.setAttribute("aria-busy", String(Boolean(turn.running)));
  node.querySelector(".who").textContent = t(mine ? "you" : "reply");
  node.querySelector(".body").replaceChildren(mine ? prose(turn.text) : replyBody(turn));
  const trace = node.querySelector("details.trace");
  if (trace && open) trace.open = true;
  const focused = node.querySelector(".plot")?.matches(":focus");
  node.querySelector(".notes").replaceChildren(...(mine ? messageNotes(turn) : replyNotes(turn, explain)));
  if (focused) node.querySelector(".plot")?.focus();
}

function add(turn) {
  state.turns.push(turn);
  const node = el("li", { class: `turn ${turn.role}` },
    el("article", {}, el("h2", { class: "who" }), el("div", { class: "body" })),
    el("aside", { class: "notes", "aria-label": t("guard") }));
  state.drawn.set(turn, node);
  turnsList.append(node);
  draw(turn);
  return turn;
}

// One drawing a frame, however fast the pieces come; the page follows only if the reader was at its end.
function later(turn) {
  if (state.due) return;
  state.due = true;
  const following = innerHeight + scrollY > document.documentElement.scrollHeight - 160;
  setTimeout(() => {
    state.due = false;
    draw(turn);
    if (following) scrollTo({ top: document.documentElement.scrollHeight });
  }, 30);
}

function redraw() {
  for (const turn of state.turns) draw(turn);
}

// ---- the stream -----------------------------------------------------------------------------------------------

function decided(turn, message, decisions) {
  for (const one of decisions) {
    const whose = one.where === "input" ? message : turn;
    whose.decision = one;
    Object.assign(whose.thresholds, ...one.reasons.map((r) => ({ [`${r.detector}.${r.label}`]: r.threshold })));
    if (one.reasons.some((r) => r.detector === "crisis")) $("crisis").hidden = false;
  }
  // Where the message was answered by the guard itself, no model wrote anything that could be judged.
  turn.decision ??= message.decision?.enforced === "allow" ? null : message.decision;
  turn.decisionId = decisions.at(-1)?.id;
}

// What the guard tells beside the text, see `sophro.scores` in docs/serve_page.md.
function told(turn, news) {
  Object.assign(turn.thresholds, news.thresholds);
  for (const w of news.windows ?? []) turn.points.push({ from: w.start, to: w.end, scores: w.scores });
  if (news.held) turn.held.push({ ...news.held, reflection: "" });
  if (news.reflection) {
    if (!turn.held.length) turn.held.push({ at: 0, tokens: 0, reflection: "" });
    turn.held.at(-1).reflection += news.reflection;
  }
  if (news.tokens) turn.overhead = 1000 * news.guard_seconds / news.tokens;
}

function absorb(turn, message, chunk) {
  if (chunk.error) throw new Error(String(chunk.error.message ?? chunk.error));
  if (chunk.sophro?.decisions) decided(turn, message, chunk.sophro.decisions);
  const choice = chunk.choices?.[0];
  const delta = choice?.delta ?? {};
  if (delta.sophro) told(turn, delta.sophro);
  const text = `${delta.content ?? ""}${delta.refusal ?? ""}`;
  if (text) {
    turn.first ??= performance.now() - turn.began;
    turn.text += text;
  }
  const trace = delta.reasoning_content ?? delta.reasoning;
  if (typeof trace === "string") turn.trace += trace;
  if (choice?.finish_reason === "length") turn.cut = true;
}

async function failure(answer) {
  const text = await answer.text();
  let said = text.slice(0, 300);
  try { said = JSON.parse(text).error?.message ?? said; } catch { /* not JSON: shown as it is */ }
  if (answer.status === 401) {
    $("key-open").hidden = false;
    return new Error(t("error_key"));
  }
  return new Error(t("error_status", { status: answer.status, text: said }));
}

const fresh = (role, text) => ({ role, text, trace: "", points: [], thresholds: {}, held: [], decision: null });

async function ask(text) {
  $("empty").hidden = true;
  const message = add(fresh("user", text));
  const messages = state.turns.filter((turn) => turn.text && !turn.error).map((turn) => ({ role: turn.role, content: turn.text }));
  const turn = add({ ...fresh("assistant", ""), running: true, began: performance.now() });
  scrollTo({ top: document.documentElement.scrollHeight });
  state.running = new AbortController();
  send.hidden = true;
  stop.hidden = false;
  try {
    const answer = await fetch("/v1/chat/completions", {
      method: "POST", headers: headers(), signal: state.running.signal, redirect: "error",
      body: JSON.stringify({ model: $("model").value, messages, stream: true,
        sophro: { scores: true, reflections: true, tenant: $("policy").value || undefined } }),
    }).catch((error) => { throw error.name === "AbortError" ? error : new Error(t("error_network")); });
    if (!answer.ok) throw await failure(answer);
    let complete = false;
    for await (const data of events(answer.body)) {
      if (data === "[DONE]") { complete = true; continue; }
      absorb(turn, message, JSON.parse(data));
      later(turn);
    }
    if (!complete) throw new Error(t("error_cut"));
  } catch (error) {
    if (error.name === "AbortError") turn.stopped = true;
    else turn.error = error.message;
  } finally {
    turn.running = false;
    state.running = null;
    stop.hidden = true;
    send.hidden = false;
    draw(message);
    draw(turn);
    $("spoken").textContent = `${t("reply")}: ${turn.error ?? turn.text.slice(0, 2000)}`;
  }
}

async function explain(turn) {
  const answer = await fetch(`/v1/sophro/explain?id=${encodeURIComponent(turn.decisionId)}`, { headers: headers() });
  turn.explanation = answer.ok ? JSON.stringify(await answer.json(), null, 1) : t("explain_none");
  draw(turn);
}

// ---- wiring ---------------------------------------------------------------------------------------------------

function grow() {
  box.style.height = "auto";
  const [wanted, most] = [box.scrollHeight + 2, innerHeight * 0.4];
  box.style.height = `${Math.min(wanted, most)}px`;
  box.style.overflowY = wanted > most ? "auto" : "hidden";
}

function submit() {
  const text = box.value;
  if (!text.trim() || state.running) return;
  box.value = "";
  grow();
  ask(text);
}

function restart() {
  state.running?.abort();
  state.turns = [];
  state.drawn.clear();
  turnsList.replaceChildren();
  $("crisis").hidden = true;
  $("empty").hidden = false;
  $("spoken").textContent = t("new_said");
  box.focus();
}

$("composer").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
box.addEventListener("input", grow);
box.addEventListener("keydown", (event) => {
  // While an input method composes (Chinese), Enter picks a word and must not send.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
    event.preventDefault();
    submit();
  } else if (event.key === "ArrowUp" && !box.value) {
    const last = state.turns.findLast((turn) => turn.role === "user");
    if (last) { event.preventDefault(); box.value = last.text; grow(); }
  }
});
stop.addEventListener("click", () => state.running?.abort());
reflection.addEventListener("change", redraw);
$("new").addEventListener("click", restart);
$("help-open").addEventListener("click", () => $("help").showModal());
$("key-open").addEventListener("click", () => $("key").showModal());
$("key-form").addEventListener("submit", () => {
  state.key = $("key-value").value.trim();
  $("key-value").value = "";
  try { sessionStorage.setItem("sophro-key", state.key); } catch { /* no storage: the key lives in this page */ }
  settle();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && state.running) state.running.abort();
  else if (event.altKey && event.code === "KeyR") { reflection.checked = !reflection.checked; redraw(); }
  else if (event.altKey && event.code === "KeyN") restart();
  else if (!event.target.closest("input, textarea, select, dialog")) {
    if (event.key === "/") { event.preventDefault(); box.focus(); }
    if (event.key === "?") $("help").showModal();
  }
});

document.addEventListener("translated", () => {
  $("keys").replaceChildren(...t("keys").flatMap(([key, what]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, what)]));
  $("examples").replaceChildren(...["example_1", "example_2", "example_3"].map((name) => {
    const button = el("button", { type: "button", class: "example" }, t(name));
    button.addEventListener("click", () => { box.value = t(name); grow(); box.focus(); });
    return el("li", {}, button);
  }));
  const first = $("policy").options[0];
  if (first && !first.value) first.textContent = t("policy_default");
  redraw();
});

async function settle() {
  const fill = (select, names) => select.replaceChildren(...names.map(([value, text]) => el("option", { value }, visible(text))));
  const settings = await fetch("/page/settings").then((answer) => answer.json());
  $("key-open").hidden = !settings.keys;
  $("policy-box").hidden = !settings.tenants.length;
  fill($("policy"), [["", t("policy_default")], ...settings.tenants.map((p) => [p, p])]);
  const models = await fetch("/v1/models", { headers: headers() });
  if (models.status === 401 && !$("key").open) $("key").showModal();
  if (models.ok) fill($("model"), (await models.json()).data.map((m) => [m.id, m.id.split("/").at(-1)]));
}

bar();
translate();
settle().catch((error) => { $("spoken").textContent = `${t("error_network")} ${error.message}`; });
// On a phone the focus would open the keyboard over the page.
if (!matchMedia("(pointer: coarse)").matches) box.focus();
document.documentElement.dataset.ready = language();
