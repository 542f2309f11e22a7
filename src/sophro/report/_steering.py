"""Charts of steering: what each strength does to development prompts, and which layer tells the classes apart.

Contract: the numbers are those of ``steering.json``; a chart without its numbers is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sophro.report import _svg as svg
from sophro.report._read import mapping, sequence
from sophro.report._text import percent

_LINES = (("harmful", "refused", "harmful: refused"), ("benign", "complied", "benign: answered"))


def sweep(facts: Mapping[str, Any]) -> str:
    """Return the shares of harmful prompts refused and benign prompts answered against the strength."""
    rows = [mapping(row) for row in sequence(facts.get("sweep"))]
    strengths = [float(row["strength"]) for row in rows if isinstance(row.get("strength"), int | float)]
    if len(strengths) < 2 or len(strengths) != len(rows):
        return ""
    frame = svg.Frame(48, 14, 300, 130, (strengths[0], strengths[-1]))
    body = frame.axes([strengths[0], strengths[-1]], [0.0, 0.5, 1.0], lambda v: f"{v:g}", percent)
    for index, (side, outcome, name) in enumerate(_LINES):
        shares = [_share(mapping(row.get(side)), outcome) for row in rows]
        points = [frame.at(s, v) for s, v in zip(strengths, shares, strict=True) if v is not None]
        if not points:
            continue
        body += svg.path(points, f"curve {svg.arm_class(index)}{' dashed' if index else ''}")
        for (x, y), share in zip(points, (v for v in shares if v is not None), strict=True):
            body += svg.marker(x, y, index, size=3.0, title=f"{name} {percent(share)}")
        body += svg.label(196, 26 + 14 * index, f"{'- - ' if index else '— '}{name}", "tick", "middle")
    body += svg.label(196, 176, "strength of fixed steering →", "axis", "middle")
    return svg.picture(
        360, 184, "Refusal of harmful and answers to benign prompts by steering strength", body
    )


def _share(counted: Mapping[str, Any], outcome: str) -> float | None:
    total = sum(v for v in counted.values() if isinstance(v, int))
    return counted.get(outcome, 0) / total if total else None


def heatmap(facts: Mapping[str, Any]) -> str:
    """Return layer x area under the ROC curve: one row per question, one cell per layer, dark is 1, pale is 0.5."""
    rows = {str(k): sequence(v) for k, v in mapping(facts.get("layers")).items()}
    depth = max((len(v) for v in rows.values()), default=0)
    if not depth:
        return ""
    left, wide, high = 8.0, 344.0 / depth, 22.0
    body = ""
    for number, (name, areas) in enumerate(rows.items()):
        top = 20.0 + number * (high + 24)
        body += svg.label(left, top - 5, name, "tick")
        for layer, area in enumerate(areas):
            shown = isinstance(area, int | float)
            tip = f"layer {layer}: {area:.2f}" if shown else f"layer {layer}: not looked at"
            body += svg.element(
                "rect",
                svg.element("title", tip),
                x=left + layer * wide,
                y=top,
                width=max(wide - 1, 0.6),
                height=high,
                class_="cell",
                # 0.5 is chance: areas below it are as pale as it.
                fill_opacity=f"{max(0.04, 2 * (area - 0.5)):.2f}" if shown else "0",
            )
    bottom = 20.0 + len(rows) * (high + 24)
    body += svg.label(left, bottom, "0", "tick")
    body += svg.label(352, bottom, str(depth - 1), "tick", "end")
    body += svg.label(180, bottom, "layer →", "axis", "middle")
    return svg.picture(360, bottom + 8, "Area under the ROC curve by layer", body)
