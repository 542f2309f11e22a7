"""The charts of the page: trade-off, attack depth, training curves, layers, overlap of edits.

Contract: each takes numbers that are already computed and a width; wide and narrow pages get a drawing of
their own instead of one that shrinks until its letters cannot be read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sophro.report import _metrics as m
from sophro.report import _svg as svg
from sophro.report._analysis import Analysis
from sophro.report._labels import Box, place
from sophro.report._read import Training
from sophro.report._text import count, percent, span
from sophro.stats import Rate

_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
_CURVE_POINTS = 240


def tradeoff(analysis: Analysis, width: int) -> str:
    """Return harmful compliance against over-refusal; hollow marks are the deepest prefill attack."""
    height = min(width, 480)
    frame = svg.Frame(52, 24, width - 72, height - 84)
    body = frame.axes(_QUARTERS, _QUARTERS, percent, percent)
    marks: list[str] = []
    taken: list[Box] = []
    wanted: list[tuple[str, float, float, int]] = []
    for index, arm in enumerate(analysis.arms):
        harm = analysis.headline[arm][m.HARM.name].rate
        over = analysis.headline[arm][m.OVER_REFUSAL.name].rate
        if harm.value is None or over.value is None:
            continue
        x, y = frame.at(over.value, harm.value)
        colour = svg.arm_class(index)
        body += svg.cross(frame, _ends(over), _ends(harm), (over.value, harm.value), colour)
        taken += _whiskers(frame, over, harm)
        text = f"{arm}: harmful compliance {_words(harm)}; over-refusal {_words(over)}"
        deepest = max((k for k in analysis.depth[arm] if k), default=None)
        forced = analysis.depth[arm][deepest].rate if deepest else None
        if deepest and forced and forced.value is not None:
            fx, fy = frame.at(over.value, forced.value)
            body += svg.line(x, y, fx, fy, f"shift {colour}")
            tip = f"{arm}, {deepest} tokens forced: harmful compliance {_words(forced)}"
            marks.append(svg.marker(fx, fy, index, hollow=True, title=tip))
            taken.append(Box(fx - 9, fy - 9, 18, 18))
        marks.append(svg.marker(x, y, index, title=text))
        taken.append(Box(x - 9, y - 9, 18, 18))
        wanted.append((arm, x, y, index))
    places = {name: (x, y) for name, x, y, _ in wanted}
    for members in analysis.curves.values():
        points = [places[arm] for arm in members if arm in places]
        if len(points) > 1:
            body += svg.path(points, f"curve sweep {svg.arm_class(analysis.arms.index(members[0]))}")
    area = Box(frame.left, frame.top - 16, frame.width + 16, frame.height + 16)
    body = _ideal(frame, taken) + body
    spots = place([w[:3] for w in wanted], taken, area)
    for (_, x, y, index), spot in zip(wanted, spots, strict=True):
        if spot.leader:
            body += svg.line(x, y, spot.leader[0], spot.leader[1], f"leader {svg.arm_class(index)}")
        body += svg.label(spot.x, spot.y, spot.text, f"name {svg.arm_class(index)}", spot.anchor)
    bottom = frame.top + frame.height
    body += svg.label(frame.left + frame.width / 2, bottom + 42, "Over-refusal →", "axis", "middle")
    body += svg.label(frame.left - 40, 12, "↑ Harmful compliance", "axis")
    title = "Harmful compliance against over-refusal, one mark an arm, with 95 % intervals"
    return svg.picture(width, height, title, body + "".join(marks))


def _whiskers(frame: svg.Frame, over: Rate, harm: Rate) -> list[Box]:
    (x1, x2), (y1, y2) = _ends(over), _ends(harm)
    x, y = frame.at(over.value or 0.0, harm.value or 0.0)
    (left, bottom), (right, top) = frame.at(x1, y1), frame.at(x2, y2)
    return [Box(left, y - 2, right - left, 4), Box(x - 2, top, 4, bottom - top)]


def _ideal(frame: svg.Frame, taken: Sequence[Box]) -> str:
    x, y = frame.at(0, 0)
    outer = min(92.0, frame.width / 3)
    rings = ""
    for r in (outer * 0.6, outer):
        arc = (
            f"M{svg.number(x)},{svg.number(y - r)} A{svg.number(r)},{svg.number(r)} 0 0 1 {svg.number(x + r)}"
        )
        rings += svg.element(
            "path", d=f"{arc},{svg.number(y)} L{svg.number(x)},{svg.number(y)} Z", class_="ideal"
        )
    corner, above, beside = (x + 8, y - 9), (x + 6, y - outer - 6), (x + outer + 6, y - 9)
    free = [
        (a, b)
        for a, b in (corner, above, beside)
        if not any(Box(a, b - 11, 32, 14).overlap(t) for t in taken)
    ]
    return rings + svg.label(*(free or [corner])[0], "ideal", "hint")


def depth(analysis: Analysis, width: int) -> str:
    """Return harmful compliance against the number of forced tokens, a band for each interval."""
    height = min(int(width * 0.75), 360)
    ks = sorted({k for measures in analysis.depth.values() for k in measures})
    frame = svg.Frame(52, 24, width - 72, height - 84, (0.0, float(max(ks, default=1) or 1)))
    shown = _spaced(ks, frame, 22)
    body = frame.axes([float(k) for k in shown], _QUARTERS, lambda k: f"{k:.0f}", percent)
    bands, lines = "", ""
    for index, arm in enumerate(analysis.arms):
        rates = [(k, x.rate) for k, x in analysis.depth[arm].items() if x.rate.value is not None]
        bands += svg.band(frame, [(k, *_ends(r)) for k, r in rates], svg.arm_class(index))
        points = [frame.at(k, r.value or 0.0) for k, r in rates]
        if len(points) > 1:
            lines += svg.path(points, f"curve {svg.arm_class(index)}")
        for (k, r), (x, y) in zip(rates, points, strict=True):
            tip = f"{arm}, {k} tokens forced: {_words(r)}"
            lines += svg.marker(x, y, index, size=4.5, title=tip)
    bottom = frame.top + frame.height
    axis = "Answer tokens forced by the attacker →"
    body += svg.label(frame.left + frame.width / 2, bottom + 42, axis, "axis", "middle")
    body += svg.label(frame.left - 40, 12, "↑ Harmful compliance", "axis")
    title = "Harmful compliance against the number of forced answer tokens, with 95 % intervals"
    return svg.picture(width, height, title, body + bands + lines)


def curve(training: Training, index: int) -> str:
    """Return the loss of one alignment against its steps; empty without two finite losses."""
    points = _thin([(float(r["step"]), float(r["loss"])) for r in training.rows if _finite(r)])
    if len(points) < 2:
        return ""
    steps, losses = [p[0] for p in points], [p[1] for p in points]
    low, high = min(0.0, *losses), max(losses)
    frame = svg.Frame(44, 12, 304, 132, (steps[0], steps[-1]), (low, high if high > low else low + 1))
    ys = [frame.y[0], sum(frame.y) / 2, frame.y[1]]
    body = frame.axes([steps[0], steps[-1]], ys, lambda v: count(int(v)), lambda v: f"{v:.2f}")
    body += svg.path([frame.at(x, y) for x, y in points], f"curve {svg.arm_class(index)}")
    body += svg.marker(*frame.at(*points[-1]), index, size=4.0, title=f"last loss {losses[-1]:.3f}")
    body += svg.label(196, 172, "step →", "axis", "middle")
    return svg.picture(360, 180, f"Loss of {training.arm} against training step", body)


def layers(diagnosis: Mapping[str, Any]) -> str:
    """Return the AUROC of each layer for triggers and both controls; empty where there is none."""
    rows = {k: v for k, v in dict(diagnosis.get("layers") or {}).items() if isinstance(v, list)}
    points = {k: [(i, a) for i, a in enumerate(v) if isinstance(a, int | float)] for k, v in rows.items()}
    last = max((i for v in points.values() for i, _ in v), default=0)
    if not last:
        return ""
    frame = svg.Frame(44, 12, 304, 132, (0.0, float(last)))
    body = frame.axes([0, last // 2, last], [0.0, 0.5, 1.0], lambda v: f"{v:.0f}", lambda v: f"{v:.1f}")
    for index, (name, style) in enumerate((("trigger", ""), ("residue", " dashed"), ("random", " dotted"))):
        if points.get(name):
            line = [frame.at(float(i), float(a)) for i, a in points[name]]
            body += svg.path(line, f"curve {svg.arm_class(index)}{style}")
            body += svg.label(line[-1][0] - 4, line[-1][1] - 6, name, "tick", "end")
    body += svg.label(196, 172, "layer →", "axis", "middle")
    return svg.picture(360, 180, "AUROC of similarity for refusal, by layer", body)


def overlap(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return by layer how much of what matters to two edits both claim, and where each has its weight.

    Args:
        rows: By matrix ``layer``, ``safety``, ``over`` and ``both`` (entries) and the two sums of importance; those
            without a layer, or that are not whole, are left out.
    """
    layers = by_layer(rows)
    if len(layers) < 2:
        return ""
    last = float(max(layers))
    frame = svg.Frame(44, 12, 304, 132, (0.0, last))
    body = frame.axes([0, int(last) // 2, last], [0.0, 0.5, 1.0], lambda v: f"{v:.0f}", percent)
    for index, (name, style) in enumerate((("both", ""), ("safety", " dashed"), ("over-safety", " dotted"))):
        points = [(float(layer), values[index]) for layer, values in layers.items()]
        line = [frame.at(x, y) for x, y in points]
        body += svg.path(line, f"curve {svg.arm_class(index)}{style}")
        x, y = line[max(range(len(points)), key=lambda i: points[i][1])]
        body += svg.label(min(x, 300.0), max(y - 5, 10.0), name, "tick")
    body += svg.label(196, 172, "layer →", "axis", "middle")
    return svg.picture(360, 180, "Overlap of two edits, and the weight of each, by layer", body)


def totals(rows: Sequence[Mapping[str, Any]]) -> dict[str, float] | None:
    """Return the counts of ``overlap`` rows added up; None without a whole row."""
    names = ("n", "safety", "over", "both")
    whole = [row for row in rows if all(isinstance(row.get(name), int) for name in names)]
    return {name: sum(row[name] for row in whole) for name in names} if whole else None


def by_layer(rows: Sequence[Mapping[str, Any]]) -> dict[int, tuple[float, float, float]]:
    """Return by layer the share of the safety entries that both claim, and each side's importance over its largest."""
    names = ("safety", "over", "both", "safety_importance", "over_importance")
    sums: dict[int, list[float]] = {}
    for row in rows:
        values = [row.get(name) for name in names]
        if isinstance(row.get("layer"), int) and all(isinstance(v, int | float) for v in values):
            total = sums.setdefault(int(row["layer"]), [0.0] * len(names))
            for i, value in enumerate(values):
                total[i] += float(value or 0)
    tops = [max((t[i] for t in sums.values()), default=0.0) or 1.0 for i in (3, 4)]
    return {
        layer: (t[2] / t[0] if t[0] else 0.0, t[3] / tops[0], t[4] / tops[1])
        for layer, t in sorted(sums.items())
    }


def _finite(row: object) -> bool:
    values = [row.get(key) for key in ("step", "loss")] if isinstance(row, dict) else [None]
    return all(isinstance(v, int | float) and math.isfinite(v) for v in values)


def _thin(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    # Means of neighbours: thinning by picking would hide or invent spikes.
    size = math.ceil(len(points) / _CURVE_POINTS)
    if size <= 1:
        return list(points)
    groups = [points[i : i + size] for i in range(0, len(points), size)]
    return [(g[-1][0], sum(y for _, y in g) / len(g)) for g in groups]


def _spaced(ks: Sequence[int], frame: svg.Frame, gap: float) -> list[int]:
    """Return the ticks that leave room for each other, the last one always."""
    kept: list[int] = []
    for k in reversed(ks):
        if not kept or frame.at(kept[-1], 0)[0] - frame.at(k, 0)[0] >= gap:
            kept.append(k)
    return kept[::-1]


def _ends(rate: Rate) -> tuple[float, float]:
    return (0.0 if rate.low is None else rate.low, 1.0 if rate.high is None else rate.high)


def _words(rate: Rate) -> str:
    return f"{percent(rate.value)} [{span(rate.low, rate.high)}], {rate.k} of {rate.n}"
