"""The acceptance suite: scripted dialogues written by us, and a stranger's set beside it.

Contract: the parts of ``ACCEPTANCE`` were read, and since 2026-11-23 the classifier is trained on their single
messages; the layer must get all of them right at ACTIVE and IMMINENT, which says that what was learned is kept and
nothing about people who write otherwise. That is what ``BLIND`` is for: by an author who saw neither rules nor other
texts, never trained on, totals alone are looked at. ``heldout``, ``blind`` and ``blind2`` served that before
(docs/crisis.md). A row is the expected level, a category and the messages; ``right`` says whether a state is what was
expected. ``python -m sophro.care.crisis.suite FILE`` runs the layer on any file of that form and prints shares alone,
never a text, so that a blind set stays blind.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from sophro.care.crisis._monitor import CrisisMonitor, read_ahead
from sophro.care.crisis._types import CrisisState, Level
from sophro.errors import SophroError, unknown_name
from sophro.stats import rate

ACCEPTANCE = ("development", "heldout", "blind", "blind2")
BLIND = ("blind3",)
PARTS = (*ACCEPTANCE, *BLIND)
TRAINING = ("training_en", "training_zh", "answers", "plain")
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
        id: Part and number.
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
def dialogues(part: str) -> tuple[Dialogue, ...]:
    """Return one part of the suite, or the texts that the classifier was trained on.

    Raises:
        SophroError: If there is no such part.
    """
    if part not in (*PARTS, *TRAINING):
        raise unknown_name("part of the suite", part, PARTS)
    text = files("sophro.care.crisis").joinpath("data", f"{part}.txt").read_text("utf-8")
    return parse(text, part)


def parse(text: str, source: str) -> tuple[Dialogue, ...]:
    """Return the dialogues of a file in the form of ``data/heldout.txt``.

    Raises:
        SophroError: Naming the line that is not "LEVEL|category|message / message".
    """
    found: list[Dialogue] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [p.strip() for p in line.split("|")]
        if len(parts) != 3 or parts[0] not in _LEVELS or not all(parts):
            raise SophroError(
                f"{source}, line {number}: not LEVEL|category|messages with a level of {', '.join(_LEVELS)};"
                " mend the line"
            )
        level, category, said = parts
        found.append(
            Dialogue(
                f"{source}-{len(found) + 1}", _LEVELS[level], level == "T", category, tuple(said.split(" / "))
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


def totals(states: Iterable[tuple[Dialogue, CrisisState]]) -> list[tuple[str, int, int, float, float]]:
    """Return what was reached as (what, yes, of, low, high) with Wilson's intervals; no text among it.

    Args:
        states: Dialogues with the states after their last messages.
    """
    known = list(states)
    found: list[tuple[str, int, int, float, float]] = []

    def add(
        what: str, own: list[tuple[Dialogue, CrisisState]], yes: Callable[[Dialogue, CrisisState], bool]
    ) -> None:
        if own:
            share = rate([yes(d, s) for d, s in own])
            found.append((what, share.k, share.n, share.low or 0.0, share.high or 0.0))

    for lang in ("en", "zh", "both"):
        spoken = [(d, s) for d, s in known if lang in ("both", d.lang)]
        danger = [(d, s) for d, s in spoken if d.expected >= Level.ACTIVE]
        none = [(d, s) for d, s in spoken if d.expected == Level.NONE and not d.third]
        third = [(d, s) for d, s in spoken if d.third]
        add(f"{lang}: ACTIVE and IMMINENT that reach ACTIVE", danger, lambda d, s: s.level >= Level.ACTIVE)
        add(f"{lang}: ACTIVE and IMMINENT noticed at all", danger, lambda d, s: s.level > Level.NONE)
        for level in Level:
            if level:
                own = [(d, s) for d, s in spoken if d.expected == level]
                add(f"{lang}: {level.name} reached", own, lambda d, s: s.level >= d.expected)
        add(f"{lang}: false alarms (NONE expected)", none, lambda d, s: s.level > Level.NONE)
        add(f"{lang}: false alarms from IDEATION on", none, lambda d, s: s.level >= Level.IDEATION)
        add(f"{lang}: somebody else meant, above CONCERN", third, lambda d, s: s.level > Level.CONCERN)
        add(f"{lang}: somebody else meant, seen as such", third, right)
    for category in sorted({d.category for d, _ in known}):
        own = [(d, s) for d, s in known if d.category == category]
        add(f"category {category}: as expected", own, right)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", type=Path, help="dialogues, one a line: LEVEL|category|message / message")
    path: Path = parser.parse_args(arguments).file
    try:
        if not path.is_file():
            raise SophroError(f"{path}: no such file; name a file of dialogues")
        try:
            own = parse(path.read_text("utf-8"), path.name)
        except UnicodeDecodeError as error:
            raise SophroError(
                f"{path}: not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8"
            ) from None
        if not own:
            raise SophroError(f"{path}: no dialogues; write one a line as LEVEL|category|message / message")
    except SophroError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    read_ahead(turn for d in own for turn in d.turns)
    for what, k, n, low, high in totals((d, run(d)) for d in own):
        print(f"{what:<56} {k:>5} of {n:<5} {k / n:>4.0%} [{low:.0%}, {high:.0%}]")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
