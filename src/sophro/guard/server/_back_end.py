"""What produces the text: one protocol for a local model, an upstream server and a script.

Back ends whose own API answers whole (an upstream) have ``AnswersWhole`` too; of all others a whole answer is what
``generate`` yields, put together.

Contract: ``generate`` yields what a client may come to see, in order, and is closed early when nobody wants the rest;
closing it stops the generation. It raises ``ApiError`` for everything that goes wrong; it never just ends: each
choice ends with a finish reason.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from sophro.chat import Visibility

Kind = Literal["answer", "trace", "reflection", "refusal"]
Finish = Literal["stop", "length", "tool_calls", "content_filter"]


@dataclass(frozen=True)
class Usage:
    """Counted tokens."""

    prompt: int
    completion: int

    def to_json(self) -> dict[str, int]:
        """Return the OpenAI shape."""
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
        }


@dataclass(frozen=True)
class Delta:
    """One step of one choice.

    Attributes:
        choice: Which of the n answers.
        kind: What the text is.
        text: Text, judged by nobody yet.
        tool_calls: Complete calls of tools.
        finish: Why the choice ended, on its last delta.
        dropped: Tokens that a reflection took back at this step.
        tokens: Tokens that this step stands for.
        usage: Counted tokens of all choices, once, where the back end knows them.
        born: Monotonic time in seconds at which the oldest token in ``text`` was generated; 0 if unknown.
    """

    choice: int = 0
    kind: Kind = "answer"
    text: str = ""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    finish: Finish | None = None
    dropped: int = 0
    tokens: int = 0
    usage: Usage | None = None
    born: float = 0.0


@dataclass(frozen=True)
class Job:
    """One request as back ends see it.

    Attributes:
        endpoint: ``chat`` or ``completions``.
        model: Name that the client asked for, or the empty string.
        messages: Role and text of every message.
        max_tokens: Most tokens of one answer.
        n: Number of answers.
        temperature: 0 is greedy.
        top_p: Nucleus of the sampling distribution.
        seed: Seed; choice i draws from stream (seed, i).
        stop: Texts that end an answer.
        logit_bias: Token id -> bias.
        visibility: What is shown of an answer in which the model reflected.
        scale: Strength of the model's patch; None: the server's.
        body: The request as it came, for back ends that hand it on.
    """

    endpoint: Literal["chat", "completions"]
    model: str
    messages: Sequence[Mapping[str, str]]
    max_tokens: int
    n: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    logit_bias: Mapping[int, float] = field(default_factory=lambda: {})
    visibility: Visibility = "hold"
    scale: float | None = None
    body: Mapping[str, Any] = field(default_factory=lambda: {})

    @property
    def prompt(self) -> str:
        """The last message of the user."""
        return next((m["content"] for m in reversed(self.messages) if m["role"] == "user"), "")

    def split(self) -> tuple[list[Mapping[str, str]], str]:
        """Return the conversation without a final assistant message, and that message's text."""
        messages = list(self.messages)
        if len(messages) > 1 and messages[-1]["role"] == "assistant":
            return messages[:-1], messages[-1]["content"]
        return messages, ""


class BackEnd(Protocol):
    """A source of answers."""

    @property
    def scales(self) -> bool:
        """Whether a request may set the strength of a patch."""
        ...

    async def models(self) -> list[dict[str, Any]]:
        """Return the models in the shape of ``/v1/models``."""
        ...

    async def not_ready(self) -> str:
        """Return why no request can be answered now, or the empty string."""
        ...

    def refuse(self, body: Mapping[str, Any]) -> None:
        """Raise ``ApiError`` for a request that can never be answered here."""
        ...

    def generate(self, job: Job) -> AsyncGenerator[Delta]:
        """Answer a request."""
        ...

    async def close(self) -> None:
        """Give up what is running."""
        ...


@runtime_checkable
class AnswersWhole(Protocol):
    """A back end that gives an unstreamed answer whole, with fields that pieces of text do not carry."""

    async def complete(self, job: Job) -> dict[str, Any]:
        """Return the whole answer in the shape of the API."""
        ...
