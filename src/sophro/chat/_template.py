"""Rendering transcripts with a model's own chat template.

Contract: earlier turns go through the Jinja template; the final assistant turn is appended to the template's
generation prompt, so what is trained starts with exactly the ids that generation starts with. Control tokens
come from the template only (see ``_encode``).

Choices where templates leave room:
- A template that trims contents gets them trimmed (the ids are those of ``apply_chat_template``); the final
  assistant turn is never trimmed.
- Where the generation prompt already opens a trace and the turn has none, the trace is closed at once; these
  ids are forced, so they are never trained.
- An empty user turn is an error, an empty system turn is not: it switches off a template's default one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sophro.chat._encode import Encoded, Encoder, Part
from sophro.chat._parse import Parsed, parse_response
from sophro.chat._pieces import Message, Slot, name_of, render_pieces
from sophro.chat._reflection import REFLECTION_END, REFLECTION_TOKEN
from sophro.chat._segments import Segment, Transcript
from sophro.chat._tokenized import TokenizedTranscript
from sophro.chat._traces import TraceFormat, detect
from sophro.errors import SophroError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_CACHED_PATTERNS = 512


class Template:
    """The chat template of one tokenizer, built once per model.

    Args:
        tokenizer: A fast transformers tokenizer with a chat template.
        trace: Trace format; None detects it from the template.
        variables: Variables for the template, such as ``{"enable_thinking": False}``.

    Attributes:
        tokenizer: The tokenizer.
        trace: The trace format, or None if the model has none.
        opened: Whether the generation prompt already opens a trace.
        closed: Whether it already holds a finished (empty) trace, so that the model cannot think.
        control_ids: Ids that text can never become.
        reflection_id: Id of the reflection token, or None if the tokenizer has none.
        lead: Text between the generation prompt and the content of an assistant turn (often empty).
        tail: Text that ends an assistant turn, up to and including the first control token.
        stop_ids: Ids that end generation: end of turn and end of text.

    Raises:
        SophroError: If there is no chat template or the tokenizer is not a fast one.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        trace: TraceFormat | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        if not tokenizer.is_fast:
            raise SophroError(f"{name_of(tokenizer)} is a slow tokenizer; convert it to tokenizer.json")
        if not tokenizer.chat_template:
            raise SophroError(
                f"{name_of(tokenizer)} has no chat template; use an instruction-tuned model or put a "
                "chat_template.jinja beside its tokenizer"
            )
        self.tokenizer = tokenizer
        self.variables = dict(variables or {})
        self.trace = trace or detect(tokenizer, self.variables)
        self._encoder = Encoder(tokenizer, str(tokenizer.get_chat_template()))
        self.control_ids = self._encoder.control_ids
        found = tokenizer.added_tokens_encoder.get(REFLECTION_TOKEN)
        self.reflection_id = None if found is None else int(found)
        self._patterns: dict[tuple[Message, ...], tuple[str | Slot, ...]] = {}
        user = Message("user")
        self._head = _last_text(self.prompt_pieces((user,)))
        self.opened = self.trace is not None and self._head.rstrip().endswith(self.trace.open)
        self.closed = self.trace is not None and self.trace.close in self._head
        full = render_pieces(tokenizer, (user, Message("assistant")), self.variables, open_turn=False)
        self.lead, self.tail = self._around(full)
        ends = [i for _, i in self._encoder.atoms(self.tail) if i is not None]
        known = tokenizer.eos_token_id
        own = [known] if isinstance(known, int) else []
        self.end_id = next(iter([*ends, *own]), None)
        self.stop_ids = frozenset([*ends, *own])

    def prompt_pieces(self, messages: tuple[Message, ...]) -> tuple[str | Slot, ...]:
        """Render one pattern of turns up to the generation prompt; patterns are cached."""
        known = self._patterns.get(messages)
        if known is None:
            known = render_pieces(self.tokenizer, messages, self.variables)
            if len(self._patterns) < _CACHED_PATTERNS:
                self._patterns[messages] = known
        return known

    def encode(self, parts: Sequence[Part]) -> Encoded:
        """Encode parts; only template parts can yield control tokens."""
        return self._encoder.encode(parts)

    def parse(
        self, ids: Sequence[int], finish_reason: str = "stop", forced: Sequence[Segment] = ()
    ) -> Parsed:
        """Decode and parse generated ids; ids of ``stop_ids`` at the end are left out.

        Args:
            ids: What the model generated.
            finish_reason: As in :func:`parse_response`.
            forced: Segments of the same turn that the model was given (``transcript.forced``).
        """
        end = len(ids)
        while end and ids[end - 1] in self.stop_ids:
            end -= 1
        lead = "" if forced else self.lead
        tail = self._encoder.atoms(self.tail)[0] if end < len(ids) else ("", None)
        text, marks = self._decode(ids[:end])
        shift = len(text) - len(text.removeprefix(lead))
        text = text.removeprefix(lead).removesuffix(tail[0] if tail[1] is None else "")
        marks = [m - shift for m in marks]
        return parse_response(text, self.trace, self.opened, finish_reason, forced, marks)

    def _decode(self, ids: Sequence[int]) -> tuple[str, list[int]]:
        """Return the text of ``ids`` and the offsets of its reflection tokens."""
        text, marks, start = "", list[int](), 0
        for at in [*(i for i, id_ in enumerate(ids) if id_ == self.reflection_id), len(ids)]:
            # Trace tags may be special tokens, so special tokens stay visible: hiding them would hide the trace.
            text += str(
                self.tokenizer.decode(
                    list(ids[start:at]), skip_special_tokens=False, clean_up_tokenization_spaces=False
                )
            )
            if at < len(ids):
                marks.append(len(text))
                text += REFLECTION_TOKEN
            start = at + 1
        return text, marks

    def check_length(self, tokenized: TokenizedTranscript, limit: int) -> None:
        """Refuse a transcript that does not fit.

        Args:
            tokenized: The rendered transcript.
            limit: Tokens that fit (context minus what is to be generated).

        Raises:
            SophroError: Naming both lengths; nothing is ever cut silently.
        """
        if len(tokenized) > limit:
            raise SophroError(
                f"the conversation has {len(tokenized)} tokens, {limit} fit; shorten it or raise the limit"
            )

    def _around(self, pieces: tuple[str | Slot, ...]) -> tuple[str, str]:
        """Return what the template writes before (behind the generation prompt) and after an answer."""
        at = max(i for i, piece in enumerate(pieces) if isinstance(piece, Slot) and piece.turn == 1)
        before = pieces[at - 1] if at else ""
        after = pieces[at + 1] if at + 1 < len(pieces) else ""
        lead = str(before).removeprefix(self._head) if str(before).startswith(self._head) else ""
        if self.trace is not None and (self.trace.open in lead or self.trace.close in lead):
            # An empty thought that the template puts into the record; training on it unlearns thinking.
            lead = ""
        tail = ""
        for text, control in self._encoder.atoms(str(after)):
            tail += text
            if control is not None:
                return lead, tail
        if self.tokenizer.eos_token is None:
            raise SophroError(f"the chat template of {name_of(self.tokenizer)} has no end of turn")
        return lead, str(self.tokenizer.eos_token)


def render(
    transcript: Transcript, template: Template, *, close: bool = False, past_traces: bool = False
) -> TokenizedTranscript:
    """Turn a transcript into ids that know their segments.

    A transcript that ends with a user turn is followed by the generation prompt. A final assistant turn goes
    on from there: traces in their tags, then its other segments in order. Without ``close``, a turn that ends
    with a trace leaves it open, so that the model can go on.

    Args:
        transcript: The conversation.
        template: The model's template.
        close: Whether to end the final assistant turn (for training).
        past_traces: Whether to show the traces of earlier assistant turns to the template, which keeps or
            drops them by its own rules; by default they are dropped.

    Raises:
        SophroError: If the conversation is empty, a user turn is empty, a trace has no place, ``close`` is
            asked for without an assistant turn, or the template refuses the turns.
    """
    turns = transcript.turns
    if not turns:
        raise SophroError("an empty conversation cannot be rendered")
    flat = tuple(s for turn in turns for s in turn.segments)
    own = turns[-1].segments if turns[-1].role == "assistant" else None
    if close and not own:
        raise SophroError("the conversation has no final assistant turn to close; add an answer")
    past = turns if own is None else turns[:-1]
    if not past:
        raise SophroError("the conversation starts with the assistant; put a user turn in front")
    messages: list[Message] = []
    fields: dict[tuple[int, str], list[Part]] = {}
    first = 0
    for number, turn in enumerate(past):
        parts = [Part(s.text, s.kind, first + i) for i, s in enumerate(turn.segments) if s.text]
        first += len(turn.segments)
        if turn.role == "user" and not turn.text.strip():
            raise SophroError(f"turn {number + 1} (user) is empty; a prompt needs text")
        fields[number, "c"] = [p for p in parts if p.kind != "trace"]
        fields[number, "t"] = [p for p in parts if p.kind == "trace"] if past_traces else []
        messages.append(Message(turn.role, bool(fields[number, "c"]), bool(fields[number, "t"])))
    prompt: list[Part] = []
    for piece in template.prompt_pieces(tuple(messages)):
        if isinstance(piece, str):
            prompt.append(Part(piece))
        else:
            prompt.extend(_trimmed(fields[piece.turn, piece.field], piece))
    reply = _own_parts(own, first, template, close) if own else []
    encoded = template.encode([*prompt, *reply])
    fresh = {id(part) for part in reply}
    length = next((i for i, part in enumerate(encoded.parts) if id(part) in fresh), len(encoded.ids))
    return TokenizedTranscript(
        ids=tuple(encoded.ids),
        kinds=tuple(p.kind for p in encoded.parts),
        segment=tuple(p.segment for p in encoded.parts),
        generated=tuple(p.generated for p in encoded.parts),
        prompt_length=length,
        segments=flat,
        rendered="".join(p.text for p in (*prompt, *reply)),
        control_ids=template.control_ids,
    )


def _own_parts(own: Sequence[Segment], first: int, template: Template, close: bool) -> list[Part]:
    """Return the parts of the final assistant turn."""
    trace = template.trace
    thoughts = max((i for i, s in enumerate(own) if s.kind == "trace"), default=-1) + 1
    if any(s.kind in ("answer", "prefill") for s in own[:thoughts]):
        raise SophroError("a trace must come before the other segments of the assistant turn")
    if template.reflection_id is None and any(s.kind == "reflection" for s in own):
        raise SophroError(
            f"{name_of(template.tokenizer)} has no reflection token, but the assistant turn holds a reflection; "
            "call add_reflection_token on the tokenizer first"
        )
    parts: list[Part] = []
    if thoughts and trace is None:
        raise SophroError(
            f"{name_of(template.tokenizer)} has no trace tags, but the assistant turn holds a trace; "
            "pass trace=TRACE_FORMATS['think'] to Template or leave the trace out"
        )
    if thoughts and template.closed:
        raise SophroError("the generation prompt switches thinking off, but the assistant turn holds a trace")
    if trace is not None and thoughts and not template.opened:
        parts.append(
            Part(
                (template.lead if template.lead.isspace() else "") + trace.opening,
                "template",
                first,
                True,
                True,
            )
        )
    for i, segment in enumerate(own[:thoughts]):
        # Segments of one turn were or will be generated one after the other, so no token may straddle them.
        parts.extend(_segment_parts(segment, first + i, i > 0 or template.opened, i + 1 < thoughts))
    if trace is not None and thoughts and (close or thoughts < len(own)):
        parts.append(Part(trace.closing, "template", first + thoughts - 1, True))
    elif trace is not None and template.opened and not thoughts:
        parts.append(Part(trace.closing, "template", -1, False, True))
    elif template.lead:
        parts.append(Part(template.lead, "template", first, True, True))
    for i, segment in enumerate(own[thoughts:], start=thoughts):
        parts.extend(_segment_parts(segment, first + i, i > thoughts or not parts, i + 1 < len(own)))
    if close:
        parts.append(Part(template.tail, "template", first + len(own) - 1, True))
    return parts


def _segment_parts(segment: Segment, index: int, hard: bool, more: bool) -> list[Part]:
    """Return one segment's parts; a reflection stands between its token and a blank line."""
    if segment.kind != "reflection":
        return [Part(segment.text, segment.kind, index, True, hard)]
    parts = [
        Part(REFLECTION_TOKEN, "template", index, True, hard),
        Part(segment.text, "reflection", index, True),
    ]
    return [*parts, Part(REFLECTION_END, "template", index, True)] if more else parts


def _trimmed(parts: Sequence[Part], slot: Slot) -> list[Part]:
    out = list(parts)
    if out and slot.trim_left:
        out[0] = Part(out[0].text.lstrip(), out[0].kind, out[0].segment)
    if out and slot.trim_right:
        out[-1] = Part(out[-1].text.rstrip(), out[-1].kind, out[-1].segment)
    return out


def _last_text(pieces: tuple[str | Slot, ...]) -> str:
    return piece if isinstance(piece := pieces[-1], str) else ""
