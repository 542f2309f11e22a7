"""Overlapping windows of a text, and which of many are worth a slow look.

Contract: every character of a text lies in a window, and any run of ``overlap`` characters lies whole in one. Windows
begin and end at blanks where one is near, so that words stay whole.
"""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*")
_SHORT = 15  # characters of a sentence that says nothing by itself
_NEAR = 24  # characters that an edge may move to find a blank


def windows(text: str, size: int, overlap: int) -> list[tuple[int, int]]:
    """Return ``(start, end)`` of the windows of ``text``; none if there is nothing but blanks in it.

    Args:
        text: Any text.
        size: Longest window, in code points.
        overlap: Code points that a window shares with the one before.
    """
    if not text.strip():
        return []
    found: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        end = min(len(text), start + size)
        if end < len(text):
            blank = max(text.rfind(" ", end - _NEAR, end), text.rfind("\n", end - _NEAR, end))
            end = blank + 1 if blank > start else end
        if text[start:end].strip():
            found.append((start, end))
        if end == len(text):
            break
        after = max(start + 1, end - overlap)
        blank = text.find(" ", after - _NEAR, after) if after - _NEAR > start else -1
        start = blank + 1 if blank >= 0 else after
    return found


def sentences(text: str, size: int) -> list[tuple[int, int]]:
    """Return ``(start, end)`` of the sentences of a text; a longer one is cut into windows of ``size``."""
    found: list[tuple[int, int]] = []
    for match in _SENTENCE.finditer(text):
        start, end = match.span()
        if end - start > size:
            found += [(start + a, start + b) for a, b in windows(match.group(), size, size // 2)]
        elif len(match.group().strip()) >= _SHORT:
            found.append((start, end))
    return found


def chosen(scores: list[float], most: int) -> list[int]:
    """Return at most ``most`` indices: the first, the last and the highest, in order."""
    if len(scores) <= most:
        return list(range(len(scores)))
    best = sorted(range(1, len(scores) - 1), key=lambda i: (-scores[i], i))[: most - 2]
    return sorted({0, len(scores) - 1, *best})
