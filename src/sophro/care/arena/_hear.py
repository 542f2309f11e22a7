"""How one turn of a counselor lands, given what the client said just before.

Contract: pure; the client's dynamics and the rule-based judges read turns through this one function, so that both speak
of the same things.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sophro.care.arena._marks import echo, feelings, length, marks, questions
from sophro.judge.verify import detect_language

LONG = 120.0  # words
# Letters below which the language of a turn is not asked, and words above which some must be known.
_FEW, _FEW_WIDE, _MANY = 12, 6, 8
_COMMON = (
    "the and of to in is that it for was with as are you this have not be on at from they we can or your i my but what "
    "there if about which when would so how do did me him her them been feel like just know want say go he she "
    "our us its by more very because some any up out no yes let"
)
_ENGLISH = frozenset(_COMMON.split())
_MARKUP = re.compile(r"<[^<>]{0,40}>")
_SPEAKS_FOR = re.compile(r"(?im)^[ \t]*(client|patient|user|来访者|患者|用户)\s*[:：]")


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
        foreign: Language of the turn where the client does not speak it; such a turn says nothing to the client.
    """

    text: str
    marks: frozenset[str]
    echo: float
    feelings: frozenset[str]
    words: float
    questions: int
    role_swap: bool
    foreign: str = ""

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


def hear(text: str, before: str, lang: str | None = None) -> Heard:
    """Read one turn.

    Args:
        text: The counselor's turn.
        before: The client's turn before it.
        lang: Language of the client; a turn in another one is marked and understood by nobody. None: not looked at.
    """
    strange = foreign(text, lang) if lang is not None else ""
    if strange:
        return Heard(text, frozenset(), 0.0, frozenset(), length(text), 0, False, strange)
    return Heard(
        text,
        marks(text),
        echo(text, before),
        feelings(text),
        length(text),
        questions(text),
        bool(_SPEAKS_FOR.search(text)),
    )


def foreign(text: str, lang: str) -> str:
    """Return the language of a turn if it is surely not the client's, ``unknown`` if only that is sure, else nothing.

    Args:
        text: The turn; a few words are too few to tell.
        lang: ``en`` or ``zh``.
    """
    text = _MARKUP.sub(" ", text)
    letters = sum(c.isalpha() for c in text)
    plain = sum(c.isascii() and c.isalpha() for c in text)
    if letters < (_FEW if 2 * plain > letters and lang == "en" else _FEW_WIDE):
        return ""
    found = detect_language(text)
    if lang == "zh":
        # A name or a term in Latin letters makes no turn foreign.
        han = sum("\u3400" <= c <= "\u9fff" for c in text)
        return found if found == "ja" else "" if 5 * han >= letters else found or "unknown"
    words = re.findall(r"[^\W\d_]+", text.casefold())
    english = sum(w in _ENGLISH for w in words)
    if found == lang or 4 * english >= len(words):
        return ""
    # No list knows every language: that a long turn holds not one common word of English is sign enough.
    return found or ("unknown" if not english and len(words) >= _MANY else "")


def hears_trigger(text: str, triggers: Sequence[str]) -> bool:
    """Whether one of the client's triggers is said."""
    low = text.lower()
    return any(t.lower() in low for t in triggers)
