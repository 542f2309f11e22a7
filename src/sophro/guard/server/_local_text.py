"""What local back ends share: request to transcript, and generated pieces to deltas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sophro.chat import Segment, TraceFormat, Transcript, Visibility
from sophro.errors import SophroError
from sophro.guard.server._back_end import Delta, Finish, Job
from sophro.guard.server._errors import ApiError, bad
from sophro.guard.server._visible import StopTexts, Visible

# Fields that change nothing about the text of an answer; every other unknown field is refused by name.
_HARMLESS = frozenset(
    {
        "user",
        "metadata",
        "store",
        "service_tier",
        "safety_identifier",
        "prompt_cache_key",
        "parallel_tool_calls",
    }
)
_READ = frozenset(
    [
        "model",
        "messages",
        "prompt",
        "stream",
        "stream_options",
        "n",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "top_p",
        "seed",
        "stop",
        "logit_bias",
        "sophro",
    ]
)
# Values under which a field asks for nothing.
_NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "presence_penalty": (0, None),
    "frequency_penalty": (0, None),
    "logprobs": (False, None, 0),
    "top_logprobs": (0, None),
    "tools": (None, []),
    "tool_choice": (None, "none", "auto"),
    "response_format": (None, {"type": "text"}),
    "echo": (False, None),
    "best_of": (1, None),
    "suffix": (None, ""),
}


def refuse_unknown(body: Mapping[str, Any], models: Sequence[str]) -> None:
    """Refuse fields that a local model cannot honour, and models that are not served.

    Raises:
        ApiError: Naming the field.
    """
    name = body.get("model")
    if name and name not in models:
        raise ApiError(
            404,
            f"model {str(name)[:80]!r} is not served here; known: {', '.join(models)}",
            "model_not_found",
            "model",
        )
    for field, value in body.items():
        if field in _READ or field in _HARMLESS or value is None:
            continue
        if field in _NEUTRAL and value in _NEUTRAL[field]:
            continue
        raise bad(
            f"field {field[:80]!r} is not supported by the local model of this server; leave it out",
            field[:80],
            "unsupported_parameter",
        )


def to_transcript(job: Job) -> Transcript:
    """Return the conversation of a job; a final assistant message is gone on from.

    Raises:
        ApiError: If a role has no place in local templates.
    """
    try:
        found = Transcript.from_messages(list(job.messages))
    except SophroError as error:
        raise bad(str(error), "messages") from None
    if not found.forced:
        return found
    forced = (Segment("prefill", s.text) if s.kind == "answer" else s for s in found.forced)
    return Transcript(found.turns[:-1]).with_assistant(*forced)


class Text:
    """Deltas of one choice: visibility and stop texts applied."""

    def __init__(
        self,
        visibility: Visibility,
        hold: int,
        trace: TraceFormat | None,
        opened: bool,
        stops: tuple[str, ...],
    ) -> None:
        self._visible = Visible(visibility, hold, trace, opened)
        self._stop = StopTexts(stops) if stops else None
        self._dropped = 0

    @property
    def stopped(self) -> bool:
        """Whether a stop text came."""
        return self._stop is not None and self._stop.found

    def push(self, choice: int, piece: str | None, now: float) -> list[Delta]:
        """Take one token's text (None: the reflection token)."""
        return self._told(choice, self._visible.push(piece, now), 1)

    def refuse(self, choice: int, reflection: str, refusal: str, now: float) -> list[Delta]:
        """Take what stands where one reflection too many came; it counts as two tokens."""
        return self._told(choice, self._visible.refuse(reflection, refusal, now), 2)

    def _told(self, choice: int, found: Sequence[tuple[Any, str]], tokens: int) -> list[Delta]:
        dropped = self._visible.dropped - self._dropped
        self._dropped = self._visible.dropped
        out = self._deltas(choice, found)
        return [*out, Delta(choice, dropped=dropped, tokens=tokens)]

    def finish(self, choice: int, reason: Finish) -> list[Delta]:
        """Return the rest with the reason why it ended."""
        out = self._deltas(choice, self._visible.finish())
        if self._stop is not None:
            rest = self._stop.finish()
            out += [Delta(choice, "answer", rest)] if rest else []
        return [*out, Delta(choice, finish=reason)]

    def _deltas(self, choice: int, found: Sequence[tuple[Any, str]]) -> list[Delta]:
        out: list[Delta] = []
        for kind, text in found:
            if kind == "answer" and self._stop is not None:
                text = self._stop.push(text)
            if text:
                out.append(Delta(choice, kind, text, born=self._visible.born))
        return out
