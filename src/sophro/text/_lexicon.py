"""The starter lexicon and where its words stand in a text.

Contract: the leftmost longest word wins; ranges are in order and do not overlap. A lexicon is policy: this one
is a start, written by the project, and only aims disguises and helps to undo them; it judges nothing.
"""

from __future__ import annotations

import re
from functools import cache

from sophro.text.tables import rows


@cache
def lexicon() -> dict[str, str]:
    """Return word -> ``insult`` or ``group``."""
    return {word: kind for kind, words in rows("lexicon.txt") for word in words.split(" ")}


@cache
def _pattern() -> re.Pattern[str]:
    insults = sorted((w for w, kind in lexicon().items() if kind == "insult"), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, insults)))


def find_lexicon(text: str) -> list[tuple[int, int]]:
    """Return the ranges (start, end) of insults in ``text``."""
    return [m.span() for m in _pattern().finditer(text)]
