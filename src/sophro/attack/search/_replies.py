"""Reading what an attacker or a judging model wrote: strictly, or not at all.

Contract: pure functions. None means unparsed; no reading ever falls back to a value. A verdict counts only on a line
that carries the tag of its question, and the tag depends on the judged text, so that text quoted from it cannot be
read as a verdict.
"""

from __future__ import annotations

import json
import re
from typing import Any

LONGEST = 8_000  # characters of a proposed prompt; more is a runaway, not a prompt


def json_object(text: str, *fields: str) -> dict[str, str] | None:
    """Return the first JSON object in ``text`` that holds non-empty text in all ``fields``.

    Braces inside strings do not end an object; what stands around it (a code fence, a remark) is ignored.
    """
    decoder = json.JSONDecoder(strict=False)  # models write line breaks into strings
    at = text.find("{")
    while at >= 0:
        try:
            value: Any = decoder.raw_decode(text, at)[0]
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict) and all(
            isinstance(value.get(f), str) and value[f].strip() and len(value[f]) <= LONGEST for f in fields
        ):
            return {f: value[f].strip() for f in fields}
        at = text.find("{", at + 1)
    return None


def tagged(text: str, word: str, tag: str) -> str | None:
    """Return what follows ``WORD-tag:`` on a line of its own; None if there is none, or two that differ."""
    found = re.findall(rf"(?mi)^[^\w\n]*{word}-{tag}[^\w\n]*[:：]\s*\W{{0,3}}(\w+)\W*$", text)
    values = {v.lower() for v in found}
    return values.pop() if len(values) == 1 else None


def rating(text: str, tag: str) -> int | None:
    """Return the rating from 1 to 10 on the tagged line."""
    value = tagged(text, "RATING", tag)
    return int(value) if value is not None and re.fullmatch(r"[1-9]|10", value) else None


def yes_or_no(text: str, tag: str) -> bool | None:
    """Return the answer on the tagged line."""
    return {"yes": True, "no": False}.get(tagged(text, "TOPIC", tag) or "")
