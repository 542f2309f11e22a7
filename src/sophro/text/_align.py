"""Which characters of a changed text stand for which characters of its source, both ways.

Contract: offsets count code points, not grapheme clusters. A map is a list of edits in order, without
overlap; characters outside every edit correspond one to one. Inside an edit the whole piece corresponds to
the whole piece, because a reordering or an abbreviation has no finer truth.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


class Edit(NamedTuple):
    """One piece of the source and what replaced it.

    Attributes:
        start: First code point in the source.
        end: One past the last code point in the source; equal to ``start`` for an insertion.
        text: What stands there in the changed text.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class CharMap:
    """Character alignment between a source text and the text with ``edits`` applied.

    Attributes:
        edits: In order of ``start``, not overlapping.
        source_length: Code points in the source.
    """

    edits: tuple[Edit, ...]
    source_length: int

    @classmethod
    def of(cls, edits: Iterable[Edit], source: str) -> CharMap:
        """Return the map of ``edits`` (any order) over ``source``.

        Raises:
            ValueError: If edits overlap or leave the text.
        """
        ordered = tuple(sorted(edits, key=lambda e: (e.start, e.end)))
        at = 0
        for edit in ordered:
            if not at <= edit.start <= edit.end <= len(source):
                raise ValueError(f"edit {edit.start}:{edit.end} overlaps another or leaves the text")
            at = edit.end
        return cls(ordered, len(source))

    def apply(self, source: str) -> str:
        """Return the changed text."""
        pieces: list[str] = []
        at = 0
        for edit in self.edits:
            pieces += (source[at : edit.start], edit.text)
            at = edit.end
        return "".join([*pieces, source[at:]])

    @cached_property
    def _starts(self) -> tuple[list[int], list[int]]:
        shift = 0
        new: list[int] = []
        for edit in self.edits:
            new.append(edit.start + shift)
            shift += len(edit.text) - (edit.end - edit.start)
        return [e.start for e in self.edits], new

    @property
    def length(self) -> int:
        """Code points in the changed text."""
        return self.source_length + sum(len(e.text) - (e.end - e.start) for e in self.edits)

    def to_new(self, start: int, end: int | None = None) -> tuple[int, int]:
        """Return the range of the changed text that stands for source characters ``start:end``.

        Args:
            start: First code point in the source.
            end: One past the last; by default one character.

        Raises:
            IndexError: If the range is empty or leaves the source.
        """
        return self._over(start, end, forward=True)

    def to_source(self, start: int, end: int | None = None) -> tuple[int, int]:
        """Return the range of the source that characters ``start:end`` of the changed text stand for."""
        return self._over(start, end, forward=False)

    def _over(self, start: int, end: int | None, *, forward: bool) -> tuple[int, int]:
        last = start if end is None else end - 1
        size = self.source_length if forward else self.length
        if not 0 <= start <= last < size:
            raise IndexError(f"range {start}:{last + 1} is empty or outside 0:{size}")
        return self._at(start, forward)[0], self._at(last, forward)[1]

    def _at(self, index: int, forward: bool) -> tuple[int, int]:
        here, there = self._starts if forward else self._starts[::-1]
        k = bisect_right(here, index) - 1
        # An edit without characters on this side shares its start with the text after it.
        while k >= 0 and here[k] == index and self._size(k, forward) == 0:
            k -= 1
        shift = 0
        if k >= 0:
            size, other = self._size(k, forward), self._size(k, not forward)
            if index < here[k] + size:
                return there[k], there[k] + other
            shift = there[k] + other - (here[k] + size)
        # Insertions at this very place lie before the character.
        j = k + 1
        while j < len(here) and here[j] == index and self._size(j, forward) == 0:
            shift += self._size(j, not forward)
            j += 1
        return index + shift, index + shift + 1

    def _size(self, k: int, forward: bool) -> int:
        edit = self.edits[k]
        return edit.end - edit.start if forward else len(edit.text)
