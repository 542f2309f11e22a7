"""Names beside points without collisions.

Contract: greedy and deterministic. Each name tries places around its point, near ones first; the place with
the least overlap wins, so a crowded chart still shows every name. Far places get a leader line.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_LINE = 16.0
_SHARE = 0.45  # of the chart's width that one name may take


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; (x, y) is its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    def overlap(self, other: Box) -> float:
        """Return the shared area in square pixels."""
        dx = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        dy = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return dx * dy if dx > 0 and dy > 0 else 0.0


@dataclass(frozen=True)
class Spot:
    """Where a name goes: baseline (x, y), anchor, and the end of the leader line if it is far."""

    text: str
    x: float
    y: float
    anchor: str
    leader: tuple[float, float] | None = None


def text_width(text: str) -> float:
    """Estimate the width of a 14 px label; wide East Asian characters count double."""
    return sum(14.0 if unicodedata.east_asian_width(c) in "WF" else 7.6 for c in text)


def place(points: Sequence[tuple[str, float, float]], taken: Sequence[Box], area: Box) -> list[Spot]:
    """Return one spot for each ``(name, x, y)``, avoiding ``taken`` boxes, each other and the edge."""
    names: list[Box] = []
    longest = max(8, int(_SHARE * area.width / 7.6))
    spots: list[Spot] = []
    for name, x, y in points:
        text = name if len(name) <= longest else name[: longest - 1] + "…"
        width = text_width(text)
        best: tuple[float, Spot, Box] | None = None
        for order, (dx, dy, anchor) in enumerate(_CANDIDATES):
            left = x + dx - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
            box = Box(left, y + dy - 12, width, _LINE)
            covered = sum(box.overlap(b) for b in taken) + 4 * sum(box.overlap(b) for b in names)
            cost = 3 * (width * _LINE - box.overlap(area)) + 2 * covered + 4 * order
            far = max(abs(dx), abs(dy)) > 30
            end = (x + dx, y + dy - 4) if far else None
            if best is None or cost < best[0]:
                best = (cost, Spot(text, x + dx, y + dy, anchor, end), box)
        assert best is not None
        spots.append(best[1])
        names.append(best[2])
    return spots


# Offsets of the baseline from the point; whiskers run straight, so diagonal places come first.
_CANDIDATES: tuple[tuple[float, float, str], ...] = (
    (12, -9, "start"),
    (12, 20, "start"),
    (-12, -9, "end"),
    (-12, 20, "end"),
    (14, 5, "start"),
    (-14, 5, "end"),
    (0, -16, "middle"),
    (0, 28, "middle"),
    *(
        (dx, dy, "start" if dx > 0 else "end")
        for dy in (-34.0, 42.0, -58.0, 66.0, -82.0, 90.0)
        for dx in (28.0, -28.0)
    ),
)
