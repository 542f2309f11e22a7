"""The acceptance suite: scripted dialogues written by us, in two halves, and what is measured on them.

Contract: ``development`` was looked at while patterns were written, ``heldout`` was not. A row is the expected level,
a category and the messages; ``right`` says whether a state is what was expected.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from sophro.care.crisis._monitor import CrisisMonitor
from sophro.care.crisis._types import CrisisState, Level
from sophro.errors import unknown_name

HALVES = ("development", "heldout")
_LEVELS = {
    "N": Level.NONE,
    "C": Level.CONCERN,
    "I": Level.IDEATION,
    "A": Level.ACTIVE,
    "M": Level.IMMINENT,
    "T": Level.NONE,
}


@dataclass(frozen=True)
class Dialogue:
    """One scripted dialogue.

    Attributes:
        id: Half and number.
        expected: Level that must be reached at least; NONE must be met exactly.
        third: Whether it is about somebody else: flag ``third_party``, level at most CONCERN.
        category: What kind of case it is.
        turns: The person's messages.
    """

    id: str
    expected: Level
    third: bool
    category: str
    turns: tuple[str, ...]

    @property
    def lang(self) -> str:
        """Return ``zh`` if it holds Han characters, else ``en``."""
        return "zh" if any("\u4e00" <= c <= "\u9fff" for t in self.turns for c in t) else "en"


@cache
def dialogues(half: str) -> tuple[Dialogue, ...]:
    """Return one half of the suite.

    Raises:
        SophroError: If there is no such half.
    """
    if half not in HALVES:
        raise unknown_name("half of the suite", half, HALVES)
    text = files("sophro.care.crisis").joinpath("data", f"{half}.txt").read_text("utf-8")
    found: list[Dialogue] = []
    for line in text.split("\n"):
        if line and not line.startswith("#"):
            expected, category, turns = line.split("|", 2)
            number = len(found) + 1
            found.append(
                Dialogue(
                    f"{half}-{number}",
                    _LEVELS[expected],
                    expected == "T",
                    category,
                    tuple(turns.split(" / ")),
                )
            )
    return tuple(found)


def run(dialogue: Dialogue, monitor: Callable[[], CrisisMonitor] = CrisisMonitor) -> CrisisState:
    """Return the state after the last message of a dialogue."""
    watching = monitor()
    state = CrisisState(Level.NONE)
    for turn in dialogue.turns:
        state = watching.see(turn)
    return state


def right(dialogue: Dialogue, state: CrisisState) -> bool:
    """Whether a state is what the dialogue expects."""
    if dialogue.third:
        return "third_party" in state.flags and state.level <= Level.CONCERN
    return state.level == Level.NONE if dialogue.expected == Level.NONE else state.level >= dialogue.expected
