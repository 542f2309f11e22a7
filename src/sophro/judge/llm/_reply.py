"""Reads a judge's own reply; what cannot be read is ``Unparsed``, never a verdict.

Contract: pure. A verdict of our own prompts must carry the tag of its call; of several the last one counts (the
first is often tentative, UKGovernmentBEIS/inspect_evals#1875), and if the last one is malformed there is none. A
closed thinking block is passed over; an unclosed one holds no verdict. A reply that was cut off by its limit is
unreadable unless the format puts the verdict first.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

_TAIL = 20_000  # characters of a reply that are searched for a verdict
_THINKING = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)


class Unparsed(Exception):
    """The reply holds no verdict that can be read; the message says why."""


@dataclass(frozen=True)
class Token:
    """One generated token with the candidates at its place: text to log-probability."""

    text: str
    top: Mapping[str, float]


@dataclass(frozen=True)
class Reply:
    """What the judge model returned.

    Attributes:
        text: Its answer, without what the provider itself marks as reasoning.
        cut: The reply ended at its token limit.
        blocked: The provider's filter ended it.
        tokens: Generated tokens with log-probabilities, empty where the model gives none.
    """

    text: str
    cut: bool = False
    blocked: bool = False
    tokens: Sequence[Token] = field(default=())


def own_words(reply: Reply, cut_is_fine: bool = False) -> str:
    """Return the reply without thinking, stripped.

    Raises:
        Unparsed: If it is empty, blocked, cut off, or ends inside its thinking.
    """
    if reply.blocked:
        raise Unparsed("the judge's provider blocked the reply")
    text = _THINKING.sub("", reply.text[-_TAIL:] if not cut_is_fine else reply.text[:_TAIL]).strip()
    if re.search(r"<think(?:ing)?>", text, re.IGNORECASE):
        raise Unparsed("the judge's reply ends inside its thinking")
    # A block whose opening lies before the part that is searched: its end is all that is seen.
    text = re.split(r"</think(?:ing)?>", text, flags=re.IGNORECASE)[-1].strip()
    if reply.cut and not cut_is_fine:
        raise Unparsed("the judge's reply was cut off by its token limit")
    if not text:
        raise Unparsed("the judge's reply is empty")
    return text


def tagged_line(text: str, word: str, tag: str) -> str:
    """Return what follows ``WORD tag:`` in the last line that starts so.

    Raises:
        Unparsed: If no line does.
    """
    found = re.findall(rf"(?im)^[ \t*`_#]*{re.escape(word)} {tag}[ \t*`_]*[:\uff1a](.*)$", text)
    if not found:
        raise Unparsed(f"no line of the reply starts with {word} and the tag of this call")
    return found[-1].strip().strip("*`_. \t")


def tagged_json(text: str, tag: str, keys: Sequence[str]) -> dict[str, Any]:
    """Return the last JSON object whose ``tag`` is the tag of this call.

    Raises:
        Unparsed: If there is none, or the last one lacks a key or names one twice.
    """
    last: dict[str, Any] | None = None
    decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
    place = text.find("{")
    tries = 0
    while place >= 0 and tries < 400:
        tries += 1
        try:
            value, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            end = place + 1
        else:
            if isinstance(value, dict) and cast(dict[str, Any], value).get("tag") == tag:
                last = cast(dict[str, Any], value)
            else:
                end = place + 1  # the verdict may lie inside a wrapper
        place = text.find("{", end)
    if last is None:
        raise Unparsed("the reply holds no JSON object with the tag of this call")
    missing = [key for key in keys if key not in last]
    if missing or "" in last:
        raise Unparsed(
            f"the verdict lacks {', '.join(missing)}" if missing else "the verdict names a key twice"
        )
    return last


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    # An empty key marks the object: which of two values was meant, nobody can say.
    return found if len(found) == len(pairs) else {**found, "": None}


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def whole(value: Any, low: int, high: int, name: str) -> int:
    """Return a whole number between two bounds; text of digits counts, true and 1.5 do not.

    Raises:
        Unparsed: If it is none.
    """
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,3}\s*", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Unparsed(
            f"{name} must be a whole number from {low} to {high}, the reply has {str(value)[:40]!r}"
        )
    return value


def class_probabilities(
    tokens: Sequence[Token], classes: Mapping[str, Sequence[str]], after: str = ""
) -> dict[str, float] | None:
    """Return the probability of each class at the token where the label starts.

    The words of the classes must differ in their first letter, so the first piece of a label tells it, however
    the tokenizer splits it.

    Args:
        tokens: The reply's tokens.
        classes: Words of each class, as the format spells them.
        after: What stands before the label; the first token behind it that is not blank is read.

    Returns:
        Probabilities that sum to one, or None where the tokens do not carry them: none given, the place not
        found, or less than 99 % of the mass seen while one class is missing.
    """
    said = ""
    for token in tokens:
        if token.text.strip() and said.strip().endswith(after):
            break
        said += token.text
    else:
        return None
    mass = dict.fromkeys(classes, 0.0)
    for text, log_probability in token.top.items():
        piece = text.strip()
        hits = [name for name, words in classes.items() if piece and any(w.startswith(piece) for w in words)]
        if len(hits) == 1 and log_probability <= 1e-6:
            mass[hits[0]] += math.exp(log_probability)
    total = sum(mass.values())
    seen = sum(math.exp(p) for p in token.top.values() if p <= 1e-6)
    if total <= 0 or (not all(mass.values()) and seen < 0.99):
        return None
    return {name: value / total for name, value in mass.items()}
