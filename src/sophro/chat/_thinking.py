"""Thinking modes: let a reasoning model think, not think, think less, or go on from a summary of its thought.

Paper: Trade-offs in Large Reasoning Models, AAAI 2026, arXiv 2503.17979 (its modes "deliberative", "zero-thinking",
"less-thinking" and "summary-thinking").

Contract: a mode is a forced start of the assistant turn and nothing else; the tags are the model's own, written by its
template, so there is exactly one open tag and, where the thought is closed for it, exactly one close tag. ``less`` and
``summary`` need the thought of a first pass in mode ``full``. Cuts are between tokens, never inside a character.

Deviations: the summary is extracted (first sentence and the last ones), not written by a larger model; there is no
mode that extends a thought.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from sophro.chat._pieces import name_of
from sophro.chat._segments import Segment, Transcript
from sophro.errors import SophroError

if TYPE_CHECKING:
    from sophro.chat._template import Template

Mode = Literal["full", "zero", "less", "summary"]
MODES: tuple[Mode, ...] = get_args(Mode)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_SUMMARY_END = 2


@dataclass(frozen=True)
class Thinking:
    """A transcript in a thinking mode.

    Attributes:
        transcript: It ends with the forced start.
        forced_tokens: Tokens of the forced thought, tags not counted.
        thought: The forced thought.
    """

    transcript: Transcript
    forced_tokens: int
    thought: str


def think(
    transcript: Transcript,
    mode: str,
    template: Template,
    *,
    thought: str | None = None,
    keep: float = 0.5,
    by_sentence: bool = False,
) -> Thinking:
    """Put ``transcript`` into a thinking mode.

    Args:
        transcript: It must end with a user turn.
        mode: ``full``: an open tag is forced, the model thinks as long as it likes. ``zero``: an empty, closed
            thought. ``less``: the first share ``keep`` of the model's own thought, closed. ``summary``: an extract
            of it, closed.
        template: The model's template; it must have trace tags.
        thought: The model's own thought, for ``less`` and ``summary``; an empty one makes them ``zero``.
        keep: Share of the thought's tokens in [0, 1], rounded down.
        by_sentence: Cut ``less`` back to the last whole sentence.

    Raises:
        SophroError: If the mode is unknown, the model cannot think, the thought of a first pass is missing, the share
            is out of range, or the transcript has an assistant start of its own.
    """
    if mode not in MODES:
        raise SophroError(f"thinking mode {mode!r}; known: {', '.join(MODES)}")
    if template.trace is None:
        raise SophroError(f"{name_of(template.tokenizer)} has no trace tags, so it has no thinking modes")
    if template.closed:
        raise SophroError(
            "the generation prompt switches thinking off already, so there are no thinking modes"
        )
    if transcript.forced:
        raise SophroError("a thinking mode is a forced start, and this conversation has one already")
    if mode == "full":
        return Thinking(transcript.with_assistant(Segment("trace", "")), 0, "")
    text = ""
    if mode != "zero":
        if thought is None:
            raise SophroError(f"thinking mode {mode} needs the thought of a first pass in mode full")
        text = shorten(thought, template, keep, by_sentence) if mode == "less" else extract(thought)
    closed = transcript.with_assistant(Segment("trace", text), Segment("prefill", ""))
    return Thinking(closed, count_tokens(text, template), text)


def shorten(thought: str, template: Template, keep: float, by_sentence: bool = False) -> str:
    """Return the first ``floor(keep * n)`` of the n tokens of a thought.

    Raises:
        SophroError: If ``keep`` is not in [0, 1].
    """
    if not 0 <= keep <= 1:
        raise SophroError(f"thinking mode less: keep is {keep}; it must lie in [0, 1]")
    size = count_tokens(thought, template)
    count = int(keep * size)
    text = first_tokens(thought, template, count)
    if by_sentence and count < size:
        stops = [m.start() for m in _SENTENCE.finditer(text)]
        # Without a whole sentence nothing is kept: half of one is what this option is against.
        text = text[: stops[-1]] if stops else ""
    return text


def first_tokens(text: str, template: Template, count: int) -> str:
    """Return the first ``count`` tokens of a text, as text."""
    ends = [end for _, end in _offsets(text, template)]
    return text[: ends[min(count, len(ends)) - 1]] if count > 0 and ends else ""


def extract(thought: str) -> str:
    """Return the first and the last two sentences of a thought; a short one stays as it is."""
    parts = [p.strip() for p in _SENTENCE.split(thought) if p.strip()]
    if len(parts) <= _SUMMARY_END + 1:
        return thought.strip()
    chosen = [parts[0], *parts[-_SUMMARY_END:]]
    return ("" if any("一" <= c <= "鿿" for c in thought) else " ").join(chosen)


def count_tokens(text: str, template: Template) -> int:
    """Return the number of tokens of a text by itself."""
    return len(_offsets(text, template)) if text else 0


def _offsets(text: str, template: Template) -> list[tuple[int, int]]:
    encoded = template.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    return [(int(a), int(b)) for a, b in encoded["offset_mapping"]]
