"""Long messages in overlapping parts: nobody's words are left unread because they stand in the middle.

Contract: pure functions; together the parts hold every character but repetitions. Every part after the first starts
with the first words of the message, because they say what the rest is (a story, a translation, a log).
"""

from __future__ import annotations

import re

WIDE = 8_000  # characters of one part
OVERLAP = 400
_HEAD = 300
_LONG = 2_000
_REPEATED = re.compile(r"(.{1,60}?)\1{5,}", re.S)
_STOP = re.compile(r"[.!?\n。！？；;][^.!?\n。！？；;]*$")


def windows(text: str) -> list[str]:
    """Return the parts of a message, one for most; what is repeated six times and more stands there thrice."""
    if len(text) <= _LONG:
        return [text]
    text = _REPEATED.sub(r"\1\1\1", text)
    if len(text) <= WIDE:
        return [text]
    head, parts, start = text[:_HEAD], list[str](), 0
    while start < len(text):
        end = min(start + WIDE, len(text))
        if end < len(text):
            stop = _STOP.search(text, end - OVERLAP, end)
            end = stop.start() + 1 if stop else end
        parts.append(text[start:end] if not start else f"{head}\n{text[start:end]}")
        if end == len(text):
            break
        start = end - OVERLAP
    return parts


def pieces(line: str, most: int = 600, overlap: int = 80) -> list[str]:
    """Return a line in parts of at most ``most`` characters: what is looked for before a match must stay near it."""
    if len(line) <= most:
        return [line]
    return [line[max(0, at - overlap) : at + most - overlap] for at in range(0, len(line), most - overlap)]
