"""Keeping the share of changed characters within a budget."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Sequence

from sophro.errors import SophroError
from sophro.text import Edit


def check_budget(budget: float) -> None:
    """Refuse a budget outside 0 to 1 (and not-a-number)."""
    if not 0 <= budget <= 1:
        raise SophroError(f"budget {budget} must be a share of characters between 0 and 1")


def visible(text: str) -> int:
    """Count the characters that a reader sees: joiners, selectors and marks belong to the one before.

    An approximation of grapheme clusters by general category; a joined emoji family counts each member.
    """
    return sum(unicodedata.category(c) not in ("Mn", "Me", "Cf") for c in text)


def within(edits: Sequence[Edit], text: str, budget: float, draw: int) -> tuple[Edit, ...]:
    """Return a subset of ``edits``, drawn at random, that changes at most ``budget`` of the characters.

    Args:
        edits: All edits that the disguise would make.
        text: The source.
        budget: Largest share of the visible characters of ``text`` that may be replaced.
        draw: Number from seed and text.
    """
    left = int(budget * visible(text) + 1e-9)
    order = list(edits)
    random.Random(draw).shuffle(order)
    kept: list[Edit] = []
    for edit in order:
        size = visible(text[edit.start : edit.end])
        if size <= left:
            kept.append(edit)
            left -= size
    return tuple(sorted(kept))
