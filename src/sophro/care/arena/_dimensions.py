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
from typing import Literal, NamedTuple

from sophro.files import read_text

Side = Literal["client", "supervisor", "counselor"]
SIDES: tuple[Side, ...] = ("client", "supervisor", "counselor")


class Text(NamedTuple):
    """A dimension in one language."""

    title: str
    question: str
    low: str
    middle: str
    high: str


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
        question_zh: The question in Chinese; with the anchors our own translation of our own words.
        low_zh: Anchor of 1 in Chinese.
        middle_zh: Anchor of 3 in Chinese.
        high_zh: Anchor of 5 in Chinese.
    """

    id: str
    side: Side
    title: str
    title_zh: str
    question: str
    low: str
    middle: str
    high: str
    question_zh: str
    low_zh: str
    middle_zh: str
    high_zh: str

    def text(self, lang: str) -> Text:
        """Return what is asked and the anchors in one language, ``en`` or ``zh``."""
        if lang == "zh":
            return Text(self.title_zh, self.question_zh, self.low_zh, self.middle_zh, self.high_zh)
        return Text(self.title, self.question, self.low, self.middle, self.high)


_SIDE_OF: Mapping[str, Side] = {"C": "client", "S": "supervisor", "K": "counselor"}


def _read() -> dict[str, Dimension]:
    # One line each: id, title, title in Chinese, question, anchors of 1, 3 and 5; then id and the last four in Chinese.
    rows, chinese = _rows("dimensions.psv"), {row[0]: row[1:] for row in _rows("dimensions_zh.psv")}
    return {row[0]: Dimension(row[0], _SIDE_OF[row[0][0]], *row[1:], *chinese[row[0]]) for row in rows}


def _rows(name: str) -> list[list[str]]:
    file = Path(__file__).with_name("data") / name
    return [line.split("|") for line in read_text(file).splitlines()]


DIMENSIONS: Mapping[str, Dimension] = _read()
"""All 33, in the order of the sides."""


def of_side(side: Side) -> list[Dimension]:
    """Return the dimensions of one side, in order."""
    return [d for d in DIMENSIONS.values() if d.side == side]
