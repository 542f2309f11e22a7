"""Which ranges of a text the given spans cover.

Contract: every occurrence of every span; where spans overlap, the longer one wins, as in the released files
(found by comparing them: the same sentence is rewritten span by span, the longest first).
"""

from __future__ import annotations

from collections.abc import Sequence

from sophro.text import find_lexicon


def ranges(text: str, spans: Sequence[str]) -> list[tuple[int, int]]:
    """Return the ranges (start, end) that ``spans`` cover, in order, not overlapping.

    Args:
        text: The sentence.
        spans: Substrings; empty ones are ignored. No spans at all: those of the lexicon are looked for.
    """
    if not spans:
        return find_lexicon(text)
    found: list[tuple[int, int]] = []
    for span in sorted(set(spans), key=len, reverse=True) if len(spans) > 1 else spans:
        size = len(span)
        at = text.find(span) if size else -1
        while at >= 0:
            end = at + size
            if all(end <= a or at >= b for a, b in found):
                found.append((at, end))
            else:
                end = at + 1
            at = text.find(span, end)
    found.sort()
    return found
