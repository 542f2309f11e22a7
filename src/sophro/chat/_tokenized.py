"""Token ids that know which segment they came from.

Contract: every id carries the kind of its segment (or ``"template"``), the index of that segment and whether
the model itself would have generated it. Nobody downstream re-parses text to find a boundary.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from sophro.chat._segments import Segment

TEMPLATE = "template"
"""Kind of an id that no segment contains: role headers, trace tags, end of turn."""


@dataclass(frozen=True)
class TokenizedTranscript:
    """A rendered transcript; all per-id tuples have the length of ``ids``.

    Attributes:
        ids: Token ids, ready for the model.
        kinds: Segment kind of each id, or ``"template"``. An id whose text straddles template text and a
            segment counts as the segment's.
        segment: Index into ``segments`` of each id; for tags and end of turn the segment that they open or
            close; -1 for template ids that no segment owns (the prompt's, and tags that sophro had to force).
        generated: True where the model would have produced the id itself: everything of the final assistant
            turn except tags that sophro had to force.
        prompt_length: Number of ids before the final assistant turn (all ids if there is none).
        segments: All segments of the transcript, flattened in order.
        rendered: The exact text that the ids stand for.
        control_ids: Ids that the tokenizer reserves for control; shared with the template.
    """

    ids: tuple[int, ...]
    kinds: tuple[str, ...]
    segment: tuple[int, ...]
    generated: tuple[bool, ...]
    prompt_length: int
    segments: tuple[Segment, ...]
    rendered: str
    control_ids: frozenset[int] = field(default=frozenset(), repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def prompt_ids(self) -> tuple[int, ...]:
        """The ids before the final assistant turn."""
        return self.ids[: self.prompt_length]

    @property
    def hash(self) -> str:
        """SHA-256 of the ids (hex, 64 characters): equal hashes mean that the model saw the same input."""
        return hashlib.sha256(",".join(map(str, self.ids)).encode("ascii")).hexdigest()

    def text(self, kind: str) -> str:
        """Join the exact text of all segments of ``kind``; for ``"template"`` use ``rendered``."""
        return "".join(s.text for s in self.segments if s.kind == kind)

    def positions(self, kind: str) -> tuple[int, ...]:
        """Positions of the ids of ``kind``."""
        return tuple(i for i, k in enumerate(self.kinds) if k == kind)
