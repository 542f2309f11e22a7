"""Disguises that replace one character by something else: vsim, split, trad, homo, emoji.

Contract: pure functions of (text, ranges, draw). Replacements come from the tables of ``sophro.text``;
characters without an entry stay. trad and emoji change the characters of the spans wherever they occur in
the sentence, the other three only inside the spans: so do the released files (trad: 1,689 of 1,689 equal).

Deviations: split takes the last decomposition of the table if it has exactly two parts (equal to the
released files in 96 % of edits); vsim, homo and emoji draw from our own tables, because the released ones
were made by hand; the same character gets the same replacement within one text.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import cache

from sophro.text import Edit, tables

# Candidates that a draw chooses from: the nearest look-alikes, the most frequent homophones.
_LOOKALIKES = 3
_HOMOPHONES = 6


@cache
def _fixed(name: str) -> Mapping[str, str]:
    if name == "trad":
        return tables.to_traditional()
    if name == "emoji":
        return tables.emoji()
    return {c: parts[-1] for c, parts in tables.components().items() if len(parts[-1]) == 2}


@cache
def _drawn(name: str) -> Mapping[str, str]:
    if name == "vsim":
        return {c: near[:_LOOKALIKES] for c, near in tables.lookalikes().items()}
    groups = tables.homophones()
    found: dict[str, str] = {}
    for c, syllable in tables.default_readings().items():
        others = [d for d in groups[syllable][: _HOMOPHONES + 1] if d != c][:_HOMOPHONES]
        if others:
            found[c] = "".join(others)
    return found


def replace_fixed(text: str, spans: Sequence[tuple[int, int]], name: str, chars: str) -> list[Edit]:
    """Return the edits of trad, split or emoji.

    Args:
        text: The sentence.
        spans: Ranges aimed at.
        name: The disguise.
        chars: The characters of all given spans, also of those that do not occur as a whole.
    """
    table = _fixed(name)
    if name == "split":
        return [Edit(i, i + 1, table[c]) for a, b in spans for i, c in enumerate(text[a:b], a) if c in table]
    wanted = {c: table[c] for c in chars if c in table}
    if not wanted:
        return []
    return [Edit(i, i + 1, wanted[c]) for i, c in enumerate(text) if c in wanted]


def replace_drawn(text: str, spans: Sequence[tuple[int, int]], name: str, draw: int) -> list[Edit]:
    """Return the edits of vsim or homo; ``draw`` is a number from seed and text."""
    table = _drawn(name)
    edits: list[Edit] = []
    for a, b in spans:
        for i in range(a, b):
            c = text[i]
            near = table.get(c)
            if near is not None:
                at = zlib.crc32(c.encode("utf-8"), draw) % len(near)
                edits.append(Edit(i, i + 1, near[at]))
    return edits
