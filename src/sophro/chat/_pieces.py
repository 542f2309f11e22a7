"""Cutting a chat template into literal text and slots for contents.

Contract: the Jinja template runs on sentinels, never on contents, so nothing that a user types can change
what the template does. A template that drops or alters a content is an error, not a silent loss.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sophro.errors import SophroError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_SENTINEL = re.compile(r"sophroslot([ct])(\d+)end")
_PAD = "\t \t"


@dataclass(frozen=True)
class Message:
    """What the template sees of a turn: its role and which fields hold text."""

    role: str
    content: bool = True
    trace: bool = False


@dataclass(frozen=True)
class Slot:
    """Place of a content: turn, field (``c`` content, ``t`` trace) and which sides the template trims."""

    turn: int
    field: str
    trim_left: bool
    trim_right: bool


def render_pieces(
    tokenizer: PreTrainedTokenizerFast,
    messages: Sequence[Message],
    variables: Mapping[str, Any],
    *,
    open_turn: bool = True,
) -> tuple[str | Slot, ...]:
    """Render ``messages`` and cut the result at the contents.

    Args:
        tokenizer: Owner of the chat template.
        messages: The conversation without its contents.
        variables: Passed on to the template.
        open_turn: Whether to end with the header of an assistant turn.

    Raises:
        SophroError: If the template refuses the conversation, drops a content or has no place for a role.
    """
    rendered = _jinja(tokenizer, messages, variables, open_turn, "")
    padded = _jinja(tokenizer, messages, variables, open_turn, _PAD)
    trims = {
        m.group(): (not padded[: m.start()].endswith(_PAD), not padded[m.end() :].startswith(_PAD))
        for m in _SENTINEL.finditer(padded)
    }
    pieces: list[str | Slot] = []
    done, seen = 0, set[tuple[str, int]]()
    for match in _SENTINEL.finditer(rendered):
        if match.start() > done:
            pieces.append(rendered[done : match.start()])
        field, turn = match.group(1), int(match.group(2))
        pieces.append(Slot(turn, field, *trims.get(match.group(), (False, False))))
        seen.add((field, turn))
        done = match.end()
    if done < len(rendered):
        pieces.append(rendered[done:])
    for turn, message in enumerate(messages):
        # A trace may be dropped: what becomes of earlier traces is the template's own policy.
        if message.content and ("c", turn) not in seen:
            raise SophroError(
                f"the chat template of {name_of(tokenizer)} drops or alters the text of turn {turn + 1} "
                f"({message.role}); remove that turn or use another template"
            )
    return tuple(pieces)


def name_of(tokenizer: PreTrainedTokenizerFast) -> str:
    """Return how errors name a tokenizer."""
    return repr(str(tokenizer.name_or_path or "this tokenizer"))


def _jinja(
    tokenizer: PreTrainedTokenizerFast,
    messages: Sequence[Message],
    variables: Mapping[str, Any],
    open_turn: bool,
    pad: str,
) -> str:
    from jinja2 import TemplateError

    chat: list[dict[str, str]] = []
    for turn, message in enumerate(messages):
        entry = {
            "role": message.role,
            "content": f"{pad}sophroslotc{turn}end{pad}" if message.content else "",
        }
        if message.trace:
            entry["reasoning_content"] = f"{pad}sophroslott{turn}end{pad}"
        chat.append(entry)
    try:
        text = tokenizer.apply_chat_template(
            chat, tokenize=False, add_generation_prompt=open_turn, **dict(variables)
        )
    except (TemplateError, TypeError, ValueError) as error:
        roles = ", ".join(m.role for m in messages)
        hint = ""
        if any(m.role == "system" for m in messages):
            hint = "; if it has no system role, put that text in front of the first user turn"
        raise SophroError(
            f"the chat template of {name_of(tokenizer)} refuses the turns ({roles}): {error}{hint}"
        ) from error
    return str(text)
