// Detectors' scores over the answer: one line a detector, its threshold dashed, held stretches shaded.

import { el } from "./prose.js";
import { t } from "./words.js";

const NS = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [300, 112, 4, 4, 8, 18];
export const MOST = 4;

function svg(name, attributes, ...children) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

export const label = (name) => name.replaceAll("_", " ").replace(".", " · ");

// Lines worth drawing: those nearest to, or above, their threshold.
export function chosen(points, thresholds) {
  const peak = new Map();
  for (const point of points) {
    for (const [name, score] of Object.entries(point.scores)) {
      const height = score - (thresholds[name] ?? 1);
      if (!peak.has(name) || height > peak.get(name)) peak.set(name, height);
    }
  }
  const seen = [...peak].filter(([name]) => points.some((p) => p.scores[name] >= 0.02));
  return (seen.length ? seen : [...peak]).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, MOST).map(([name]) => name);
}

/**
 * points: [{from, to, scores: {name: 0..1}}] in the order of the text; thresholds: {name: 0..1};
 * held: [{from, to}]. All positions count the characters that the model wrote, held ones included.
 */
export function plot(points, thresholds, held) {
  const names = chosen(points, thresholds);
  const end = Math.max(1, ...points.map((p) => p.to), ...held.map((h) => h.to));
  const x = (at) => LEFT + (WIDTH - LEFT - RIGHT) * at / end;
  const y = (score) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * score;
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" });
  picture.append(svg("line", { class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: y(0), y2: y(0) }));
  for (const stretch of held) {
    picture.append(svg("rect", { class: "held", x: x(stretch.from), width: Math.max(2, x(stretch.to) - x(stretch.from)), y: TOP, height: y(0) - TOP }));
  }
  names.forEach((name, i) => {
    const peak = Math.max(...points.map((p) => p.scores[name] ?? 0));
    // The threshold of a score that never comes near it would only be noise.
    if (thresholds[name] !== undefined && (i === 0 || peak > thresholds[name] / 2)) {
      picture.append(svg("line", { class: `threshold line-${i}`, x1: LEFT, x2: WIDTH - RIGHT, y1: y(thresholds[name]), y2: y(thresholds[name]) }));
    }
    const drawn = points.filter((p) => name in p.scores);
    const path = drawn.map((p, n) => `${n ? "" : `M${x(p.from).toFixed(1)} ${y(p.scores[name]).toFixed(1)}`}L${x(p.to).toFixed(1)} ${y(p.scores[name]).toFixed(1)}`);
    picture.append(svg("path", { class: `line line-${i}`, d: path.join("") }));
  });
  const cursor = svg("line", { class: "cursor", x1: 0, x2: 0, y1: TOP, y2: y(0), visibility: "hidden" });
  picture.append(cursor);
  picture.append(svg("text", { x: LEFT, y: HEIGHT - 4 }, "0"));
  picture.append(svg("text", { x: WIDTH - RIGHT, y: HEIGHT - 4, "text-anchor": "end" }, `${end} ${t("plot_axis")}`));

  const highest = Math.max(0, ...points.flatMap((p) => names.map((n) => p.scores[n] ?? 0)));
  const summary = t("plot", { names: names.map(label).join(", "), max: highest.toFixed(2) });
  const box = el("div", { class: "plot", tabindex: "0", role: "slider", "aria-label": summary, "aria-valuemin": "1",
    "aria-valuemax": String(points.length), "aria-valuenow": String(points.length), "aria-valuetext": summary });
  const legend = el("ul", { class: "legend" });
  const values = names.map((name, i) => {
    const value = el("span", { class: "value" });
    legend.append(el("li", {}, el("i", { class: `swatch line-${i}` }), el("span", {}, label(name)), value));
    return value;
  });
  let at = -1;
  const show = (index) => {
    at = index;
    const point = points[index];
    names.forEach((name, i) => {
      const score = point ? point.scores[name] : Math.max(...points.map((p) => p.scores[name] ?? 0));
      values[i].textContent = score === undefined ? "–" : score.toFixed(2);
    });
    cursor.setAttribute("visibility", point ? "visible" : "hidden");
    if (!point) return;
    cursor.setAttribute("x1", x(point.to));
    cursor.setAttribute("x2", x(point.to));
    box.setAttribute("aria-valuenow", String(index + 1));
    box.setAttribute("aria-valuetext", t("plot_at", {
      where: t("at_window", { a: point.from, b: point.to }),
      values: names.map((n) => `${label(n)} ${(point.scores[n] ?? 0).toFixed(2)}`).join(", "),
    }));
  };
  box.addEventListener("keydown", (event) => {
    const last = points.length - 1;
    const next = { ArrowLeft: at < 0 ? last : at - 1, ArrowRight: at < 0 ? 0 : at + 1, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    show(Math.min(last, Math.max(0, next)));
  });
  box.addEventListener("pointermove", (event) => {
    const area = picture.getBoundingClientRect();
    const where = ((event.clientX - area.left) / area.width * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT) * end;
    const index = points.findIndex((p) => p.to >= where);
    show(index < 0 ? points.length - 1 : index);
  });
  box.addEventListener("pointerleave", () => show(-1));
  box.addEventListener("blur", () => show(-1));
  box.append(picture);
  show(-1);
  return el("figure", {}, box, legend);
}
