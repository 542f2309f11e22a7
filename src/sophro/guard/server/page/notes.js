// The margin: what the guard decided about a turn, how sure it was, and where.

import { label, plot } from "./plot.js";
import { el, visible } from "./prose.js";
import { t } from "./words.js";

const ACTIONS = ["allow", "hold", "rewrite", "refuse", "escalate"];
const fixed = (x) => (Number.isFinite(x) ? x.toFixed(2) : "–");

export const actionOf = (decision) => (ACTIONS.includes(decision?.action) ? decision.action : "waiting");

function badge(kind, text) {
  return el("p", { class: `badge ${kind}` }, el("i", { "aria-hidden": "true" }), text);
}

function reason(one) {
  const where = ["input", "trace", "output", "stream"].includes(one.where) ? t(`where_${one.where}`) : "";
  const [from, to] = one.window ?? [];
  const place = Number.isFinite(to) && to > 0 ? t("at_window", { a: from, b: to }) : "";
  return el("li", {},
    el("span", { class: "name" }, visible(`${label(one.detector ?? "")}${one.label ? ` · ${label(one.label)}` : ""}`)),
    el("span", { class: "number" }, t("measured", { score: fixed(one.score), threshold: fixed(one.threshold) })),
    el("small", {}, [where, place].filter(Boolean).join(", ")));
}

// Scores of a message as short bars, the highest first, each with a tick where its threshold stands.
function bars(scores, thresholds) {
  const rows = Object.entries(scores).sort((a, b) => b[1] - a[1]).slice(0, 2);
  const list = el("ul", { class: "bars" });
  for (const [name, score] of rows) {
    const track = el("span", { class: "track", "aria-hidden": "true" }, el("i", { class: "fill" }));
    track.firstChild.style.width = `${Math.round(100 * Math.min(1, Math.max(0, score)))}%`;
    if (thresholds[name] !== undefined) {
      const tick = el("i", { class: "tick" });
      tick.style.left = `${100 * thresholds[name]}%`;
      track.append(tick);
    }
    list.append(el("li", {}, el("span", { class: "name" }, visible(label(name))), track, el("span", { class: "number" }, fixed(score))));
  }
  return list;
}

function common(decision) {
  const out = [];
  if (decision?.dry_run) out.push(el("small", {}, t("dry_run")));
  if (decision?.reasons?.length) out.push(el("ul", { class: "reasons" }, ...decision.reasons.map(reason)));
  if (decision?.not_evaluated?.length) {
    out.push(el("small", { class: "warn" }, t("not_evaluated", { names: visible(decision.not_evaluated.map(String).join("; ")) })));
  }
  return out;
}

export function messageNotes(turn) {
  const decision = turn.decision;
  if (!decision) return [];
  const kind = actionOf(decision);
  return [
    kind === "allow" ? el("p", { class: "quiet" }, t("input_allowed")) : badge(kind, t(kind)),
    ...common(decision),
    Object.keys(decision.scores ?? {}).length && !decision.reasons?.length ? bars(decision.scores, turn.thresholds) : null,
  ].filter(Boolean);
}

export function replyNotes(turn, explain) {
  const repaired = turn.held.some((h) => h.tokens) && turn.decision?.action === "allow";
  const kind = turn.error ? "failed" : repaired ? "hold" : turn.decision ? actionOf(turn.decision) : turn.stopped ? "stopped" : "waiting";
  const shown = turn.decision ?? {};
  // What was found in the message is told beside the message.
  const out = [badge(kind, t(kind)), ...common(shown.where === "input" ? {} : shown)];
  if (turn.points.length) {
    const stretches = turn.held.filter((h) => h.characters).map((h) => ({ from: h.at, to: h.at + h.characters }));
    out.push(plot(turn.points, turn.thresholds, stretches));
  } else if (turn.decision?.scores && !shown.reasons?.length && shown.where !== "input") out.push(bars(turn.decision.scores, turn.thresholds));
  const tokens = turn.held.reduce((sum, h) => sum + (h.tokens ?? 0), 0);
  const characters = turn.held.reduce((sum, h) => sum + (h.characters ?? 0), 0);
  if (tokens) out.push(el("p", { class: "quiet" }, t("held_by_model", { n: tokens })));
  if (characters) out.push(el("p", { class: "quiet" }, t("held_by_guard", { n: characters })));
  const facts = [
    turn.cut ? t("cut") : "",
    turn.first ? t("seconds", { x: (turn.first / 1000).toFixed(2) }) : "",
    Number.isFinite(turn.overhead) ? t("overhead", { x: turn.overhead.toFixed(1) }) : "",
  ].filter(Boolean);
  if (facts.length) out.push(el("small", {}, facts.join(" · ")));
  if (turn.decisionId && !turn.explanation) {
    const why = el("button", { type: "button", class: "word why" }, t("explain"));
    why.addEventListener("click", () => explain(turn));
    out.push(why);
  }
  if (turn.explanation) out.push(el("pre", { class: "explanation", tabindex: "0" }, visible(turn.explanation)));
  return out;
}
