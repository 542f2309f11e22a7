"""How one turn of a counselor lands, given what the client said just before.

Contract: pure; the client's dynamics and the rule-based judges read turns through this one function, so that both speak
of the same things.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sophro.care.arena._marks import echo, feelings, length, marks, questions

LONG = 120.0  # words
_SPEAKS_FOR = re.compile(r"(?im)^\s*(client|patient|user|来访者|患者|用户)\s*[:：]")


@dataclass(frozen=True)
class Heard:
    """One turn as it lands.

    Attributes:
        text: What was said.
        marks: Names of the marks found.
        echo: Share of the client's meaningful words that came back.
        feelings: Families of feeling named.
        words: Length in words.
        questions: Number of questions.
        role_swap: The counselor wrote a line for the client.
    """

    text: str
    marks: frozenset[str]
    echo: float
    feelings: frozenset[str]
    words: float
    questions: int
    role_swap: bool

    @property
    def empty(self) -> bool:
        """Nothing was said."""
        return self.words < 1

    @property
    def reflects(self) -> bool:
        """What the client said came back, with a stem or in good part."""
        return ("stem" in self.marks and self.echo >= 0.15) or self.echo >= 0.4

    @property
    def validates(self) -> bool:
        """The feeling is treated as understandable."""
        return "validate" in self.marks and "judge" not in self.marks

    @property
    def opens(self) -> bool:
        """It asks openly, and not three things at once."""
        return (
            "open_question" in self.marks and 1 <= max(1, self.questions) <= 2 and "leading" not in self.marks
        )

    @property
    def crowded(self) -> bool:
        """Too long, or too many questions at once."""
        return self.words > LONG or self.questions > 2


def hear(text: str, before: str) -> Heard:
    """Read one turn.

    Args:
        text: The counselor's turn.
        before: The client's turn before it.
    """
    return Heard(
        text,
        marks(text),
        echo(text, before),
        feelings(text),
        length(text),
        questions(text),
        bool(_SPEAKS_FOR.search(text)),
    )


def hears_trigger(text: str, triggers: Sequence[str]) -> bool:
    """Whether one of the client's triggers is said."""
    low = text.lower()
    return any(t.lower() in low for t in triggers)
