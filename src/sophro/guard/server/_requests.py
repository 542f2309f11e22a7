"""Request bodies of the OpenAI API, as far as the server reads them itself.

Contract: what is read here is typed and bounded; further fields are kept (``model_extra``) and handed to an upstream
as they came. ``text_messages`` is the one place where messages become the plain texts that detectors judge.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sophro.chat import Visibility
from sophro.guard.server._errors import bad

_Finite = Annotated[float, Field(allow_inf_nan=False)]


class Body(BaseModel):
    """Base of all bodies: unknown fields are kept."""

    model_config = ConfigDict(extra="allow")


class Part(Body):
    """One part of a message."""

    type: str
    text: str | None = None


class ChatMessage(Body):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None


class StreamOptions(Body):
    """Options of a stream."""

    include_usage: bool | None = None


class Extension(BaseModel):
    """What a client may ask of the guard itself (field ``sophro``).

    Attributes:
        visibility: A stricter visibility than the server's; a looser one is refused.
        reflections: Send the text of reflections as ``delta.sophro.reflection``.
        scores: Send what the guard sees while the answer is judged: decisions with scores, windows, what was held.
        tenant: Judge under this tenant's policy; on a server with keys only the key's own.
        scale: Strength of the patch of the chosen model.
    """

    model_config = ConfigDict(extra="forbid")

    visibility: Visibility | None = None
    reflections: bool = False
    scores: bool = False
    tenant: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    scale: Annotated[float, Field(ge=-16, le=16, allow_inf_nan=False)] | None = None


class Sampling(Body):
    """Fields that chat and plain completions share."""

    model: str = Field(default="", max_length=512)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=128)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=1 << 30)] | None = None
    temperature: Annotated[_Finite, Field(ge=0, le=2)] | None = None
    top_p: Annotated[_Finite, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=-(1 << 63), lt=1 << 63)] | None = None
    stop: str | Annotated[list[str], Field(max_length=4)] | None = None
    logit_bias: dict[str, Annotated[_Finite, Field(ge=-100, le=100)]] | None = None
    user: str | None = None
    sophro: Extension | None = None

    @property
    def choices(self) -> int:
        """How many answers are wanted."""
        return self.n or 1

    @property
    def stops(self) -> tuple[str, ...]:
        """Texts that end an answer."""
        found = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(s for s in found if s)

    @property
    def asked(self) -> Extension:
        """The extension, with its defaults."""
        return self.sophro or Extension()


class ChatRequest(Sampling):
    """Body of ``/v1/chat/completions``."""

    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    max_completion_tokens: Annotated[int, Field(ge=1, le=1 << 30)] | None = None
    tools: list[dict[str, Any]] | None = None


class CompletionRequest(Sampling):
    """Body of ``/v1/completions``; one prompt a request."""

    prompt: str | Annotated[list[str], Field(min_length=1, max_length=1)]

    @property
    def text(self) -> str:
        """The prompt."""
        return self.prompt if isinstance(self.prompt, str) else self.prompt[0]


class ModerationRequest(Body):
    """Body of ``/v1/moderations``."""

    input: str | Annotated[list[str | Part], Field(max_length=256)]
    model: str | None = Field(default=None, max_length=512)


class ExplainRequest(Body):
    """Body of ``/v1/sophro/explain``."""

    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    where: Literal["input", "trace", "output"] | None = None


def _kind(name: str) -> str:
    """Return the type of a part as the record may name it: a client may write anything there."""
    return name if name.isascii() and name.isidentifier() and len(name) <= 40 else "unknown"


def text_messages(messages: Sequence[ChatMessage], media: bool) -> tuple[list[dict[str, str]], list[str]]:
    """Return the messages as role and text, and which parts no detector can read.

    Args:
        messages: The conversation.
        media: Whether parts without text are tolerated.

    Raises:
        ApiError: Naming the part that cannot be judged.
    """
    out: list[dict[str, str]] = []
    unread: list[str] = []
    for number, message in enumerate(messages):
        pieces: list[str] = []
        if isinstance(message.content, str):
            pieces.append(message.content)
        for at, part in enumerate(message.content if isinstance(message.content, list) else []):
            if part.text is not None:
                pieces.append(part.text)
            elif media:
                unread.append(
                    f"messages.{number}.content.{at}: no detector reads parts of type {_kind(part.type)!r}"
                )
            else:
                raise bad(
                    f"messages[{number}].content[{at}] is of type {part.type!r}, which no detector of this server can "
                    "judge; send text, or let the operator start the server with --media",
                    f"messages[{number}].content[{at}]",
                    "unjudged_media",
                )
        # Everything else that carries words is judged too: calls of tools, refusals, thoughts.
        extra = {k: v for k, v in (message.model_extra or {}).items() if v}
        if isinstance(extra.get("refusal"), str):
            pieces.append(str(extra["refusal"]))
        for key in ("tool_calls", "function_call"):
            if key in extra:
                pieces.append(json.dumps(extra[key], ensure_ascii=False))
        role = {"developer": "system", "function": "tool"}.get(message.role, message.role)
        out.append({"role": role, "content": "\n".join(pieces)})
        thought = extra.get("reasoning_content") or extra.get("reasoning")
        if isinstance(thought, str) and role == "assistant":
            out[-1]["reasoning_content"] = thought
    return out, unread
