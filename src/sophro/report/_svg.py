"""SVG primitives: a frame with axes, and marks with intervals. Strings in, strings out.

Contract: colours are CSS classes (``arm-0`` ... for arms), never attributes, so that light, dark and print
share one drawing; coordinates are rounded to a tenth, so equal input gives equal text; every text is escaped
here, and no caller passes markup except the output of these functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from sophro.pages import visible

SHAPES = 5


def number(value: float) -> str:
    """Format a coordinate: at most one decimal, no negative zero."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def element(name: str, content: str = "", **attributes: object) -> str:
    """Return one element; ``class_`` gives ``class``, underscores give hyphens, None is left out."""
    parts = [name]
    for key, value in attributes.items():
        if value is not None:
            text = number(value) if isinstance(value, float) else str(value)
            parts.append(f'{key.rstrip("_").replace("_", "-")}="{escape(visible(text))}"')
    opening = " ".join(parts)
    return f"<{opening}>{content}</{name}>" if content else f"<{opening}/>"


def label(x: float, y: float, text: str, class_: str = "tick", anchor: str | None = None) -> str:
    """Return a text at (x, y); the text is escaped."""
    return element("text", escape(visible(text)), x=float(x), y=float(y), class_=class_, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    """Return a straight line."""
    return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=class_)


def path(points: Sequence[tuple[float, float]], class_: str, *, closed: bool = False) -> str:
    """Return a polyline, or an area if ``closed``."""
    body = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    return element("polygon" if closed else "polyline", points=body, class_=class_)


def picture(width: float, height: float, title: str, body: str, class_: str = "chart") -> str:
    """Wrap ``body`` as an image with an accessible name."""
    return element(
        "svg",
        element("title", escape(visible(title))) + body,
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=float(width),
        height=float(height),
        class_=class_,
        role="img",
    )


@dataclass(frozen=True)
class Frame:
    """A plotting area and its linear scales.

    Attributes:
        left: Left edge of the area, in pixels, as are ``top``, ``width`` and ``height``.
        x: Smallest and largest value on the horizontal axis.
        y: The same for the vertical axis, which grows upwards.
    """

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float] = (0.0, 1.0)
    y: tuple[float, float] = (0.0, 1.0)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the pixel of a point, held inside the area."""
        return (
            self.left + self.width * _share(x, self.x),
            self.top + self.height * (1 - _share(y, self.y)),
        )

    def axes(
        self,
        xs: Sequence[float],
        ys: Sequence[float],
        x_format: Callable[[float], str],
        y_format: Callable[[float], str],
    ) -> str:
        """Return grid lines and tick labels."""
        right, bottom = self.left + self.width, self.top + self.height
        parts = [line(self.left, y, right, y, "grid") for _, y in (self.at(self.x[0], v) for v in ys)]
        parts += [line(x, self.top, x, bottom, "grid") for x, _ in (self.at(v, self.y[0]) for v in xs)]
        parts += [label(self.left - 11, self.at(self.x[0], v)[1] + 4, y_format(v), anchor="end") for v in ys]
        parts += [label(self.at(v, self.y[0])[0], bottom + 18, x_format(v), anchor="middle") for v in xs]
        return "".join(parts)


def _share(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return 0.5 if high == low else min(1.0, max(0.0, (value - low) / (high - low)))


def marker(
    x: float, y: float, index: int, *, hollow: bool = False, size: float = 6.0, title: str = ""
) -> str:
    """Return the mark of arm ``index``: its shape repeats after ``SHAPES`` arms, its colour after eight."""
    class_ = f"mark {arm_class(index)}{' hollow' if hollow else ''}"
    tip = element("title", escape(visible(title))) if title else ""
    shape, r = index % SHAPES, size
    if shape == 0:
        return element("circle", tip, cx=float(x), cy=float(y), r=float(r), class_=class_)
    corners = {
        1: [(-r, -r), (r, -r), (r, r), (-r, r)],
        2: [(0, -1.35 * r), (1.35 * r, 0), (0, 1.35 * r), (-1.35 * r, 0)],
        3: [(0, -1.25 * r), (1.2 * r, r), (-1.2 * r, r)],
        4: [(0, 1.25 * r), (1.2 * r, -r), (-1.2 * r, -r)],
    }[shape]
    body = " ".join(f"{number(x + dx)},{number(y + dy)}" for dx, dy in corners)
    return element("polygon", tip, points=body, class_=class_)


def arm_class(index: int) -> str:
    """Return the CSS class that carries the colour of an arm."""
    return f"arm-{index % 8}"


def cross(
    frame: Frame, x: tuple[float, float], y: tuple[float, float], at: tuple[float, float], class_: str
) -> str:
    """Return two intervals, ``x`` and ``y``, that meet at the point ``at``."""
    px, py = frame.at(*at)
    (x1, _), (x2, _) = frame.at(x[0], at[1]), frame.at(x[1], at[1])
    (_, y1), (_, y2) = frame.at(at[0], y[0]), frame.at(at[0], y[1])
    return line(x1, py, x2, py, f"whisker {class_}") + line(px, y1, px, y2, f"whisker {class_}")


def band(frame: Frame, points: Sequence[tuple[float, float, float]], class_: str) -> str:
    """Return the area between low and high for points ``(x, low, high)``; nothing for fewer than two."""
    if len(points) < 2:
        return ""
    upper = [frame.at(x, high) for x, _, high in points]
    lower = [frame.at(x, low) for x, low, _ in reversed(points)]
    return path([*upper, *lower], f"band {class_}", closed=True)


def strip(
    value: float, low: float, high: float, index: int, title: str, ends: tuple[float, float] = (0, 1)
) -> str:
    """Return a small track with an interval and its value, for table cells; a zero inside is marked."""
    frame = Frame(5, 0, 110, 12, ends)
    (a, y), (b, _), (v, _) = (frame.at(p, 0.5) for p in (low, high, value))
    zero = frame.at(0, 0.5)[0]
    body = line(5, y, 115, y, "track")
    body += line(zero, 1, zero, 11, "zero") if ends[0] < 0 else ""
    body += line(a, y, b, y, f"whisker {arm_class(index)}") + marker(v, y, index, size=3.5)
    return picture(120, 12, title, body, "strip")


def stack(counts: Sequence[tuple[str, int]], title: str) -> str:
    """Return a bar split by counts; each part has the class ``out-<name>``. Empty without any count."""
    total = sum(n for _, n in counts)
    if not total:
        return ""
    body, x = "", 0.0
    for name, n in counts:
        if n:
            width = 160.0 * n / total
            body += element("rect", x=x, y=0.0, width=max(width - 1, 0.6), height=12.0, class_=f"out-{name}")
            x += width
    return picture(160, 12, title, body, "stack")


def bars(
    rows: Sequence[tuple[str, Sequence[float]]],
    kinds: Sequence[str],
    longest: float,
    title: str,
    unit: str,
    width: float = 680.0,
) -> str:
    """Return bars of parts, one row each, with a legend of the parts.

    Args:
        rows: Name and size of every part.
        kinds: What the parts are; their classes are ``phase-0`` and so on.
        longest: What the full width stands for.
        title: Accessible name.
        unit: Of the sizes, for the tips.
        width: In pixels.
    """
    height = 34.0 * len(rows) + 40
    body, scale = "", (width - 190) / (longest or 1.0)
    for row, (name, parts) in enumerate(rows):
        x, y = 150.0, 34.0 * row + 8
        body += label(0, y + 16, name)
        for at, (kind, size) in enumerate(zip(kinds, parts, strict=True)):
            if size > 0:
                tip = element("title", escape(visible(f"{kind}: {size:.1f} {unit}")))
                wide = max(1.0, size * scale - 2)
                body += element("rect", tip, x=x, y=y, width=wide, height=22.0, class_=f"phase-{at}")
                body += label(x + 5, y + 16, f"{size:.1f}", "phase-number") if wide > 22 else ""
            x += size * scale
    for at, kind in enumerate(kinds):
        place = 150.0 + 110 * at
        body += element("rect", x=place, y=height - 20, width=12.0, height=12.0, class_=f"phase-{at}")
        body += label(place + 18, height - 9, kind)
    return picture(width, height, title, body)
