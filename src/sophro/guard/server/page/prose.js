// Text of people and models becomes nodes, never markup: paragraphs, lists, code, emphasis. Links stay text.

// Characters that move, hide or end text on a screen; the joiners of emoji and scripts stay.
const HIDDEN = new RegExp("[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5"
  + "\\u180b-\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\uffff"
  + "\\u{e0000}-\\u{e0fff}]|\\p{Cs}", "gu");

export function visible(text) {
  return text.replaceAll("\r\n", "\n").replace(HIDDEN, (c) => `⟦U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟧`);
}

export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((c) => c !== null && c !== undefined && c !== ""));
  return node;
}

const SPANS = /(`+)([^]+?)\1|\*\*(?=\S)([^*]+?)\*\*|\*(?=[^\s*])([^*\n]+?)\*/g;

function spans(text) {
  const out = [];
  let at = 0;
  for (const m of text.matchAll(SPANS)) {
    out.push(text.slice(at, m.index));
    out.push(m[2] !== undefined ? el("code", {}, m[2]) : m[3] !== undefined ? el("strong", {}, m[3]) : el("em", {}, m[4]));
    at = m.index + m[0].length;
  }
  out.push(text.slice(at));
  return out;
}

const FENCE = /^\s*(```+|~~~+)\s*([\w+-]*)\s*$/;
const BULLET = /^\s{0,6}(?:[-*+]|(\d{1,4})[.)])\s+(.*)$/;

export function prose(text) {
  const root = document.createDocumentFragment();
  let paragraph = [];
  let list = null;
  const flush = () => {
    if (paragraph.length) root.append(el("p", {}, ...spans(paragraph.join("\n"))));
    paragraph = [];
  };
  const lines = visible(text).split("\n");
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i];
    const fence = FENCE.exec(line);
    const bullet = BULLET.exec(line);
    if (fence) {
      flush();
      list = null;
      const body = [];
      // An unclosed fence runs to the end: while a stream grows, that is the usual case.
      for (i += 1; i < lines.length && lines[i].trim() !== fence[1]; i += 1) body.push(lines[i]);
      root.append(el("pre", { tabindex: "0" }, el("code", {}, body.join("\n"))));
    } else if (bullet) {
      flush();
      const kind = bullet[1] === undefined ? "UL" : "OL";
      if (!list || list.tagName !== kind) {
        list = el(kind, { start: kind === "OL" ? bullet[1] : undefined });
        root.append(list);
      }
      list.append(el("li", {}, ...spans(bullet[2])));
    } else if (!line.trim()) {
      flush();
      if (!BULLET.test(lines[i + 1] ?? "")) list = null;
    } else if (/^#{1,6}\s/.test(line)) {
      flush();
      list = null;
      root.append(el("p", { class: "heading" }, ...spans(line.replace(/^#+\s+/, ""))));
    } else {
      list = null;
      paragraph.push(line);
    }
  }
  flush();
  return root;
}
