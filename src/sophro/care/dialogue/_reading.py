"""Reads structured answers: one JSON object that fits a schema, or one of a few allowed words; else unreadable.

Contract: pure. Of several objects the last one counts (the first is often tentative). Nothing is guessed: a reply that
was cut off, blocked, names a key twice or breaks the schema is ``Unreadable`` with the reason, and never a default; a
whole object inside a broken one, or before one, is a piece of it and counts for nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from sophro.judge.llm import Reply, Unparsed
from sophro.judge.llm._reply import own_words

_MOST_TRIES = 400


class Unreadable(Exception):
    """The reply does not hold what was asked for; the message says why."""


def read_words(reply: Reply) -> str:
    """Return the reply without thinking.

    Raises:
        Unreadable: If it is empty, cut off or blocked.
    """
    try:
        return own_words(reply)
    except Unparsed as error:
        raise Unreadable(str(error)) from None


def read_json(reply: Reply, schema: type[BaseModel]) -> dict[str, Any]:
    """Return the last JSON object of the reply, checked against ``schema``.

    Raises:
        Unreadable: If there is none or it does not fit.
    """
    text = read_words(reply)
    decoder = json.JSONDecoder(object_pairs_hook=_unique)
    last: Any = None
    place, tries, at, opened = text.find("{"), 0, 0, 0
    while place >= 0 and tries < _MOST_TRIES:
        tries += 1
        opened = max(0, opened - text.count("}", at, place))
        try:
            found, at = decoder.raw_decode(text, place)
            last = None if opened else found
        except (ValueError, RecursionError):
            at, opened = place + 1, opened + 1
        place = text.find("{", at)
    if max(0, opened - text.count("}", at)):
        raise Unreadable("the last JSON object of the reply is broken")
    if last is None:
        raise Unreadable("the reply holds no JSON object")
    try:
        # Strict: "4" is no 4 and 1 is no true; a model that cannot keep to the schema is asked again.
        found = schema.model_validate_json(json.dumps(last), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the object"
        raise Unreadable(f"{where}: {first['msg']}") from None
    return found.model_dump(mode="json")


def read_choice(reply: Reply, choices: Sequence[str]) -> str:
    """Return the allowed option that the reply is, apart from case, quotes and a full stop.

    Raises:
        Unreadable: If it is another text.
    """
    text = read_words(reply)
    said = re.sub(r"^[\s\"'`*([{]+|[\s\"'`*)\]}.。]+$", "", text).casefold()
    for choice in choices:
        if said == choice.casefold():
            return choice
    raise Unreadable(f"{text[:60]!r} is none of {', '.join(choices)}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found
