"""From messages to turns and views: what was asked, what is still open, and which part of a reply is its trace.

Contract: nothing is judged that nobody sees and nothing is left out that somebody sees. A reply is split by the one
parser of the project (``sophro.chat``), whichever family's tags it uses; a trace that never ends leaves no answer. An
earlier request counts as *open* unless the assistant declined it: a conversation that asks for harm in parts, or that
says "go on" after a harmful request, is judged with what came before; one that was refused and moves on is
not held against the user for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sophro.chat import TRACE_FORMATS, parse_response
from sophro.errors import SophroError
from sophro.guard.scanners._types import Turn, View, Where
from sophro.judge._lexicon import normalize, refuses, sentences

ROLES = ("system", "developer", "user", "assistant", "tool")
_TRACE_FIELDS = ("reasoning_content", "reasoning")


def to_turns(messages: Sequence[Mapping[str, Any]]) -> tuple[Turn, ...]:
    """Check messages and return them as turns.

    Args:
        messages: ``{"role", "content"}``; content is text, or a list of parts whose text parts are joined. A reply may
            carry its trace in ``reasoning_content`` instead of tags.

    Raises:
        SophroError: Naming the message and the field, if one is missing or of a wrong type.
    """
    if not messages:
        raise SophroError("messages: the list is empty; at least one message is needed")
    return tuple(_turn(m, i) for i, m in enumerate(messages))


def _turn(message: Any, index: int) -> Turn:
    where = f"messages[{index}]"
    if not isinstance(message, Mapping):
        raise SophroError(f"{where}: an object with role and content is needed")
    role = message.get("role")
    if role not in ROLES:
        raise SophroError(f"{where}.role: {role!r} is unknown; one of {', '.join(ROLES)} is needed")
    text = _content(message.get("content"), f"{where}.content")
    if role != "assistant":
        return Turn("system" if role == "developer" else str(role), text)
    for name in _TRACE_FIELDS:
        if isinstance(message.get(name), str) and message[name].strip():
            return Turn("assistant", text, str(message[name]))
    return split_reply(text)


def _content(value: Any, where: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        parts: list[str] = []
        for part in value:
            if not isinstance(part, Mapping) or not isinstance(part.get("type"), str):
                raise SophroError(f"{where}: each part must be an object with a type")
            if part["type"] == "text":
                if not isinstance(part.get("text"), str):
                    raise SophroError(f"{where}: a text part needs a field text")
                parts.append(part["text"])
        return "\n".join(parts)
    if value is None:
        return ""
    raise SophroError(f"{where}: text is needed, this is a {type(value).__name__}")


def split_reply(text: str) -> Turn:
    """Split what a model wrote into trace and answer, by the tags that it begins with."""
    head = text.lstrip()
    for format_ in TRACE_FORMATS.values():
        if head.startswith(format_.open):
            parsed = parse_response(text, format_)
            return Turn("assistant", parsed.text("answer"), parsed.text("trace"), parsed.state)
        # Templates that open the trace themselves leave a reply with a closing tag only.
        if format_.close in text and format_.open not in text:
            parsed = parse_response(text, format_, opened=True)
            return Turn("assistant", parsed.text("answer"), parsed.text("trace"), parsed.state)
    return Turn("assistant", text)


def declined(reply: str) -> bool:
    """Say whether a reply declines in one of its first three sentences."""
    return any(refuses(s) for s in sentences(normalize(reply[:2000]))[:3])


def requests(turns: Sequence[Turn]) -> list[tuple[str, str | None]]:
    """Return what came from outside (the user, and tools) between two replies, each with the reply that it got."""
    found: list[tuple[str, str | None]] = []
    pending: list[str] = []
    for turn in turns:
        if turn.role in ("user", "tool") and turn.text.strip():
            pending.append(turn.text)
        elif turn.role == "assistant" and pending:
            found.append(("\n".join(pending), turn.text))
            pending = []
    if pending:
        found.append(("\n".join(pending), None))
    return found


def views_of(turns: tuple[Turn, ...], where: Where) -> list[View]:
    """Return what is to be judged of a conversation.

    Args:
        turns: The conversation.
        where: ``input``, or ``output``. A conversation that ends with a reply is judged as output; its trace, if it
            has one, is a view of its own.
    """
    last = turns[-1]
    replied = last.role == "assistant"
    before = turns[:-1] if replied else turns
    asked = requests(before)
    request = asked.pop()[0] if asked and asked[-1][1] is None else ""
    left = tuple(text for text, reply in asked if reply is None or not declined(reply))
    if not replied:
        return [View(request, where, turns, request, left)]
    found = [View(last.text, "output", before, request, left)]
    if last.trace.strip():
        found.append(View(last.trace, "trace", before, request, left))
    return found
