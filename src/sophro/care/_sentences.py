"""Sentences of what somebody said, in English or Chinese."""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]*")


def sentences(text: str) -> list[str]:
    """Return the sentences of a text of either language, each with its marks; empty ones are dropped."""
    return [s.strip() for s in _SENTENCE.findall(text) if s.strip()]
