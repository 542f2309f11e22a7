"""Eight disguises of toxic Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sophro.errors import unknown_name
from sophro.text import CharMap

NAMES = ("vsim", "split", "trad", "py_init", "py_full", "homo", "shuff", "emoji")


@dataclass(frozen=True)
class Perturbed:
    """A disguised text.

    Attributes:
        text: The disguised text.
        source: The text as given.
        spans: Ranges (start, end) of ``source`` that were aimed at, in order, not overlapping.
        map: Alignment of ``source`` and ``text``; its edits are what was changed.
    """

    text: str
    source: str
    spans: tuple[tuple[int, int], ...]
    map: CharMap

    @property
    def changed(self) -> bool:
        """Whether anything was changed (some spans have no disguise of some kinds)."""
        return self.text != self.source


def perturb(
    text: str, name: str, *, spans: Sequence[str] = (), seed: int = 0, budget: float = 1.0
) -> Perturbed:
    """Disguise the spans of ``text`` in the way ``name``.

    Args:
        text: The sentence.
        name: One of ``NAMES``.
        spans: Substrings to aim at, every occurrence; empty: found by the lexicon.
        seed: Draws among candidates; the same text, name and seed give the same result.
        budget: Largest share of the characters of ``text`` that may change, 0 to 1.

    Raises:
        SophroError: If the name is unknown.
    """
    if name not in NAMES:
        raise unknown_name("disguise", name, NAMES)
    return Perturbed(text, text, (), CharMap((), len(text)))


__all__ = ["NAMES", "Perturbed", "perturb"]
