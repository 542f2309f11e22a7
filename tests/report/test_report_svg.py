"""Golden strings of the drawing primitives, and names that do not collide."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sophro.report import _svg as svg
from sophro.report._labels import Box, place, text_width

FRAME = svg.Frame(10, 20, 100, 200)


def test_axes():
    got = FRAME.axes([0.0, 1.0], [0.5], lambda v: f"{v:.0f}", lambda v: f"{v:.1f}")
    assert got == (
        '<line x1="10" y1="120" x2="110" y2="120" class="grid"/>'
        '<line x1="10" y1="20" x2="10" y2="220" class="grid"/>'
        '<line x1="110" y1="20" x2="110" y2="220" class="grid"/>'
        '<text x="-1" y="124" class="tick" text-anchor="end">0.5</text>'
        '<text x="10" y="238" class="tick" text-anchor="middle">0</text>'
        '<text x="110" y="238" class="tick" text-anchor="middle">1</text>'
    )


def test_cross():
    got = svg.cross(FRAME, (0.1, 0.3), (0.4, 0.8), (0.2, 0.5), "arm-1")
    assert got == (
        '<line x1="20" y1="120" x2="40" y2="120" class="whisker arm-1"/>'
        '<line x1="30" y1="140" x2="30" y2="60" class="whisker arm-1"/>'
    )


def test_band():
    got = svg.band(FRAME, [(0, 0.1, 0.2), (1, 0.3, 0.5)], "arm-2")
    assert got == '<polygon points="10,180 110,120 110,160 10,200" class="band arm-2"/>'
    assert svg.band(FRAME, [(0, 0.1, 0.2)], "arm-2") == ""


def test_marker_and_stack():
    assert svg.marker(5, 6, 0) == '<circle cx="5" cy="6" r="6" class="mark arm-0"/>'
    square = '<polygon points="-1,0 11,0 11,12 -1,12" class="mark arm-1 hollow"/>'
    assert svg.marker(5, 6, 1, hollow=True) == square
    assert svg.stack([("broken", 1), ("unscored", 0), ("full_refusal", 3)], "t").count("<rect") == 2
    assert svg.stack([("broken", 0)], "t") == ""


def test_text_is_escaped_and_hidden_characters_are_named():
    got = svg.label(0, 0, '<script>"\u202e\x00')
    assert "<script" not in got and "⟦RLO⟧⟦NUL⟧" in got
    assert 'onload="' not in svg.element("line", class_='x" onload="alert(1)')


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_points_stay_inside_the_frame(x, y):
    px, py = FRAME.at(x, y)
    assert 10 <= px <= 110 and 20 <= py <= 220


@given(st.lists(st.tuples(st.sampled_from(["base", "safety_sft", "平衡"]), st.integers(40, 260), st.integers(40, 260)),
                min_size=1, max_size=4, unique_by=lambda p: (p[1] // 60, p[2] // 60)))  # fmt: skip
def test_names_do_not_cover_each_other(points):
    area = Box(0, 0, 400, 300)
    spots = place([(n, float(x), float(y)) for n, x, y in points], [], area)
    boxes = []
    for spot in spots:
        width = text_width(spot.text)
        left = spot.x - {"start": 0.0, "middle": width / 2, "end": width}[spot.anchor]
        boxes.append(Box(left, spot.y - 12, width, 16))
    assert all(a.overlap(b) == 0 for i, a in enumerate(boxes) for b in boxes[:i])
