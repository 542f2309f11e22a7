"""From what a model wrote to segments and a typed state.

Contract: nothing is guessed. Only a block at the start of the response is a trace; an unclosed trace leaves
the answer empty; tags in other places stay text and are flagged. ``pieces`` joined give back the text.

Rules where tags repeat: the trace ends at the closing tag that balances its opening tag; if none does (the
usual case is a doubled opening tag), at the first closing tag. Both are flagged ``nested_trace``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from sophro.chat._reflection import cut_reflections
from sophro.chat._segments import Kind, Segment
from sophro.chat._traces import TraceFormat
from sophro.errors import SophroError

State = Literal[
    "broken",
    "unclosed_trace",
    "unfinished_reflection",
    "empty_answer",
    "truncated",
    "nested_trace",
    "stray_tag",
    "empty_trace",
    "no_trace",
    "ok",
]
STATES: tuple[State, ...] = get_args(State)
"""All states, in order of precedence: the state of a response is the first of its flags in this order.

``broken``: generation ended for another reason than stop or length. ``unclosed_trace``: the trace never
ended, there is no answer. ``unfinished_reflection``: nothing
follows the last reflection. ``empty_answer``: nothing (or blanks) to read for the user. ``truncated``: the token
limit cut the response. ``nested_trace``: tags inside the trace. ``stray_tag``: tags in the answer.
``empty_trace``: a trace of blanks. ``no_trace``: a trace was possible and there is none. ``ok``: none of
these.
"""

_STOPPED = frozenset({"stop", "eos", "end_turn", "stop_sequence"})
_CUT = frozenset({"length", "max_tokens", "model_length"})


@dataclass(frozen=True)
class Parsed:
    """A parsed response.

    Attributes:
        segments: Non-empty ``trace``, ``reflection`` and ``answer`` segments in order, without tags and their
            blanks.
        state: One value, by the precedence of ``STATES``.
        flags: Everything that applies (empty for ``ok``).
        pieces: ``(kind or "tag", text)`` in order; the texts joined are the response, exactly.
    """

    segments: tuple[Segment, ...]
    state: State
    flags: frozenset[State]
    pieces: tuple[tuple[str, str], ...]

    def text(self, kind: str) -> str:
        """Join the segments of ``kind``."""
        return "".join(s.text for s in self.segments if s.kind == kind)


def parse_response(
    text: str,
    trace: TraceFormat | None = None,
    opened: bool = False,
    finish_reason: str = "stop",
    forced: Sequence[Segment] = (),
    reflections: Sequence[int] = (),
) -> Parsed:
    """Split a response into trace, reflections and answer.

    Args:
        text: What the model generated, with its trace tags and without the end of turn.
        trace: The model's trace format; with None the whole text is answer, whatever it mentions.
        opened: Whether the prompt already opened the trace.
        finish_reason: ``stop`` or ``length`` (and the synonyms of common servers); anything else is broken.
        forced: Segments of the same turn that were given to the model. An unfinished trace means that the
            text goes on inside it; anything behind the trace means that no trace can follow.
        reflections: Character offsets of reflection tokens in ``text``; equal text elsewhere is only text.

    Raises:
        SophroError: If a trace is said to be open but no format is given.
    """
    if forced:
        opened = forced[-1].kind == "trace"
    if opened and trace is None:
        raise SophroError("the prompt opened a trace, but no trace format was given to parse the response")
    flags: set[State] = set()
    if finish_reason not in _STOPPED:
        flags.add("truncated" if finish_reason in _CUT else "broken")
    pieces = _split(text, trace, opened, bool(forced) and not opened, flags)
    if any(s.kind == "trace" and s.text.strip() for s in forced):
        flags.discard("empty_trace")
    inside = bool(forced) and forced[-1].kind == "reflection"
    if reflections or inside:
        pieces = cut_reflections(pieces, reflections, inside)
        last = max((i for i, (k, _) in enumerate(pieces) if k == "reflection"), default=-1)
        if not any(t.strip() for k, t in pieces[last + 1 :] if k != "tag"):
            flags.add("unfinished_reflection")
    answer = "".join(t for k, t in pieces if k == "answer")
    if not answer.strip():
        flags.add("empty_answer")
    segments = tuple(Segment(cast(Kind, k), t) for k, t in pieces if k != "tag" and (t or k == "reflection"))
    state = _first(flags)
    return Parsed(segments, state, frozenset(flags), tuple(p for p in pieces if p[1]))


def _first(flags: set[State]) -> State:
    for state in STATES:
        if state in flags:
            return state
    return "ok"


def _split(
    text: str, trace: TraceFormat | None, opened: bool, past_trace: bool, flags: set[State]
) -> list[tuple[str, str]]:
    if trace is None:
        return [("answer", text)]
    start = 0
    if not opened:
        head = re.match(r"\s*" + re.escape(trace.open), text)
        if head is None or past_trace:
            if not past_trace:
                flags.add("no_trace")
            _flag_stray(text, trace, flags)
            return [("answer", text)]
        start = head.end() + _shared_prefix(text[head.end() :], trace.after_open)
    body = text[start:]
    close = _closing_tag(body, trace, flags)
    if close is None:
        flags.add("unclosed_trace")
        return [("tag", text[:start]), ("trace", body)]
    thought, rest = body[: close.start()], body[close.end() :]
    if trace.before_close and thought.endswith(trace.before_close):
        thought = thought[: -len(trace.before_close)]
    if not thought.strip():
        flags.add("empty_trace")
    answer = rest[_shared_prefix(rest, trace.after_close) :]
    _flag_stray(answer, trace, flags)
    tag = body[len(thought) : len(body) - len(answer)]
    return [("tag", text[:start]), ("trace", thought), ("tag", tag), ("answer", answer)]


def _closing_tag(body: str, trace: TraceFormat, flags: set[State]) -> re.Match[str] | None:
    first, depth = None, 1
    for tag in re.finditer(f"{re.escape(trace.open)}|{re.escape(trace.close)}", body):
        if tag.group() == trace.open:
            if first is None:
                flags.add("nested_trace")
            depth += 1
            continue
        first = first or tag
        depth -= 1
        if depth == 0:
            return tag
    return first


def _flag_stray(answer: str, trace: TraceFormat, flags: set[State]) -> None:
    if trace.open in answer or trace.close in answer:
        flags.add("stray_tag")


def _shared_prefix(text: str, blanks: str) -> int:
    """Length of the longest common prefix."""
    return next(
        (i for i, (a, b) in enumerate(zip(text, blanks, strict=False)) if a != b), min(len(text), len(blanks))
    )
