"""The 33 dimensions of the arena, worded by us: 12 of the client, 14 of the supervisor, 7 of the counselor.

Paper: Ψ-Arena (arXiv 2505.03293) has 33 dimensions on three sides; their list, split and scales could not be read. This
list and its split are the card's design (inferred), not the paper's. The named scales that measure such things are
licensed; no item of theirs is used.

Contract: an item is rated 1 to 5 with anchors at 1, 3 and 5, with the turns that show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sophro.files import read_text

Side = Literal["client", "supervisor", "counselor"]
SIDES: tuple[Side, ...] = ("client", "supervisor", "counselor")


@dataclass(frozen=True)
class Dimension:
    """One rated question.

    Attributes:
        id: C1..C12, S1..S14, K1..K7.
        side: Who rates it.
        title: Short name, for plots.
        title_zh: The same in Chinese.
        question: What is rated.
        low: Anchor of 1.
        middle: Anchor of 3.
        high: Anchor of 5.
        zh: Question and anchors in Chinese.
    """

    id: str
    side: Side
    title: str
    title_zh: str
    question: str
    low: str
    middle: str
    high: str
    zh: tuple[str, str, str, str] = ("", "", "", "")

    def words(self, lang: str) -> tuple[str, str, str, str]:
        """Return question and anchors of 1, 3 and 5 in ``en`` or ``zh``."""
        return self.zh if lang == "zh" else (self.question, self.low, self.middle, self.high)


_SIDE_OF: Mapping[str, Side] = {"C": "client", "S": "supervisor", "K": "counselor"}


def _read() -> dict[str, Dimension]:
    # One line each: id, title, title in Chinese, question, anchors of 1, 3 and 5; in Chinese without the titles.
    data = Path(__file__).with_name("data")
    rows, chinese = (
        [line.split("|") for line in read_text(data / name).splitlines()]
        for name in ("dimensions.psv", "dimensions_zh.psv")
    )
    zh = {row[0]: (row[1], row[2], row[3], row[4]) for row in chinese}
    made = ((row[0], row[1:]) for row in rows)
    return {name: Dimension(name, _SIDE_OF[name[0]], *rest[:6], zh=zh[name]) for name, rest in made}


DIMENSIONS: Mapping[str, Dimension] = _read()
"""All 33, in the order of the sides."""


def of_side(side: Side) -> list[Dimension]:
    """Return the dimensions of one side, in order."""
    return [d for d in DIMENSIONS.values() if d.side == side]
