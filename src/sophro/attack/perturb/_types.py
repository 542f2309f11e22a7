"""What a disguise yields."""

from __future__ import annotations

from dataclasses import dataclass

from sophro.text import CharMap, Edit


@dataclass(frozen=True)
class Perturbed:
    """A disguised text.

    Attributes:
        text: The disguised text.
        source: The text as given.
        spans: Ranges (start, end) of ``source`` that were aimed at, in order, not overlapping.
        edits: What was changed, in order.
    """

    text: str
    source: str
    spans: tuple[tuple[int, int], ...]
    edits: tuple[Edit, ...]

    @property
    def map(self) -> CharMap:
        """Alignment of ``source`` and ``text``, both ways."""
        return CharMap(self.edits, len(self.source))

    @property
    def changed(self) -> bool:
        """Whether anything was changed; some spans have no disguise of some kinds."""
        return bool(self.edits)

    @property
    def share(self) -> float:
        """Changed characters by the characters of ``source`` (0 for an empty text)."""
        return sum(e.end - e.start for e in self.edits) / max(1, len(self.source))
