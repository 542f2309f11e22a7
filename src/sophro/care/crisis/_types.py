"""What the crisis layer says about a conversation.

Contract: levels are ordered and only compared, never averaged; a state is a value, so it can be logged and replayed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How much danger a person has shown to be in, so far in the conversation."""

    NONE = 0
    CONCERN = 1  # hopelessness, being a burden, wish to escape
    IDEATION = 2  # wish to be dead, passive thoughts
    ACTIVE = 3  # thoughts of killing oneself, method, plan or preparation
    IMMINENT = 4  # intent within about a day with means at hand, or an attempt under way


#: Everything a flag may be.
FLAGS = (
    "self_injury",
    "third_party",
    "abuse",
    "violence_to_others",
    "psychosis_voices",
    "minor",
    "intoxication",
    "method_query",
    "past_attempt",
    "retraction",
    "clarified",
    "framed",
    "layer_failed",
    "not_evaluated",
)


@dataclass(frozen=True)
class CrisisState:
    """State of one conversation after a message.

    Attributes:
        level: Sticky level of the conversation.
        flags: What else was seen so far, sorted; a subset of ``FLAGS``.
        newly_raised: Whether this message raised the level.
        reply: What must be said now; None when the conversation may go on.
        message_level: Level of this message alone.
        layer: The layer that decided the message: ``lexicon``, ``classifier``, ``llm``, or "" if nothing was found.
        third: Whether this message is worry about somebody else and ``reply`` says what to do for them.
    """

    level: Level
    flags: tuple[str, ...] = ()
    newly_raised: bool = False
    reply: str | None = None
    message_level: Level = Level.NONE
    layer: str = ""
    third: bool = False


@dataclass(frozen=True)
class Signal:
    """One thing that a pattern found in a message.

    Attributes:
        kind: Sort of evidence, a kind of the rules in ``_english`` and ``_chinese``.
        rule: The pattern that found it.
        text: The words, in the form in which they were read.
    """

    kind: str
    rule: str
    text: str


@dataclass(frozen=True)
class Reading:
    """What a layer makes of one message.

    Attributes:
        level: Level of the message, on its own.
        flags: Flags it sets.
        signals: Evidence.
        denial: Whether the person says that they do not think of it.
        retraction: Whether the person takes something back ("just joking").
    """

    level: Level = Level.NONE
    flags: frozenset[str] = frozenset()
    signals: tuple[Signal, ...] = ()
    denial: bool = False
    retraction: bool = False

    def kinds(self) -> frozenset[str]:
        """Return the sorts of evidence."""
        return frozenset(s.kind for s in self.signals)


@dataclass(frozen=True)
class Said:
    """What a further layer makes of a message that the patterns have read.

    Attributes:
        level: Level of the message; None where it cannot be evaluated.
        third: Whether somebody else is in danger and not the person.
        calm: Whether what the patterns found, below ACTIVE, is nothing after all.
    """

    level: Level | None
    third: bool = False
    calm: bool = False
