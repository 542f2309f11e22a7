"""Undo disguises of Chinese text."""

from __future__ import annotations

from dataclasses import dataclass

from sophro.text._align import CharMap


@dataclass(frozen=True)
class Undone:
    """One disguise that was undone.

    Attributes:
        start: First code point of the disguised piece in the source.
        end: One past its last code point.
        found: The disguised piece.
        restored: What replaces it.
        kind: ``form``, ``hidden``, ``mark``, ``lookalike``, ``trad``, ``split``, ``vsim``, ``homo``,
            ``py_full``, ``py_init``, ``emoji`` or ``shuff``.
        confidence: 0 to 1.
    """

    start: int
    end: int
    found: str
    restored: str
    kind: str
    confidence: float


@dataclass(frozen=True)
class Normalized:
    """A text without its disguises.

    Attributes:
        text: The restored text; equal to ``source`` if nothing was undone.
        undone: What was undone, in order of place.
        confidence: The least confidence among ``undone``; 1 if nothing was undone.
        source: The text as given.
        map: Alignment of source and restored characters.
    """

    text: str
    undone: tuple[Undone, ...]
    confidence: float
    source: str
    map: CharMap


def normalize(text: str) -> Normalized:
    """Undo disguises; text without disguise comes back unchanged."""
    return Normalized(text, (), 1.0, text, CharMap((), len(text)))
