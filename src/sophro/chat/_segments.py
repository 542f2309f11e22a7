"""Segments, turns and transcripts: the one shape that text has everywhere in sophro.

Contract: a conversation is a tuple of turns, a turn is a tuple of segments. The segment kinds say what a
piece of text *is*, so that loss, scoring, guard and preview never parse text again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from sophro.errors import SophroError

Kind = Literal["system", "user", "prefill", "trace", "reflection", "answer", "harm"]
Role = Literal["system", "user", "assistant"]
KINDS: tuple[str, ...] = get_args(Kind)
ROLES: tuple[str, ...] = get_args(Role)

_ALLOWED: Mapping[str, frozenset[str]] = {
    "system": frozenset({"system"}),
    "user": frozenset({"user"}),
    "assistant": frozenset({"prefill", "trace", "reflection", "answer", "harm"}),
}


@dataclass(frozen=True)
class Segment:
    """A piece of text of one kind.

    Attributes:
        kind: ``system``, ``user``, ``prefill`` (forced start of the model's own turn), ``trace``
            (reasoning, without its tags), ``reflection`` (text after a reflection token), ``answer``
            (what the user reads) or ``harm`` (a known-bad prefix inside training data).
        text: The text itself, without template or tag tokens.
    """

    kind: Kind
    text: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise SophroError(f"unknown segment kind {self.kind!r}; known: {', '.join(KINDS)}")


@dataclass(frozen=True)
class Turn:
    """What one speaker says at once, as ordered segments."""

    role: Role
    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise SophroError(f"unknown role {self.role!r}; known: {', '.join(ROLES)}")
        wrong = [s.kind for s in self.segments if s.kind not in _ALLOWED[self.role]]
        if wrong:
            raise SophroError(f"a {self.role} turn cannot hold a segment of kind {wrong[0]!r}")

    @property
    def text(self) -> str:
        """All segments joined, without tags."""
        return "".join(s.text for s in self.segments)


@dataclass(frozen=True)
class Transcript:
    """An ordered conversation.

    A transcript that ends with a user turn asks for an answer. One that ends with an assistant turn whose
    last segment is a ``prefill`` (or an unfinished ``trace``) asks the model to go on from there.
    """

    turns: tuple[Turn, ...]

    @staticmethod
    def of(prompt: str, *, system: str | None = None, answer: str | None = None) -> Transcript:
        """Build the common case: optional system text, one user prompt, optional answer."""
        turns: list[Turn] = []
        if system is not None:
            turns.append(Turn("system", (Segment("system", system),)))
        turns.append(Turn("user", (Segment("user", prompt),)))
        if answer is not None:
            turns.append(Turn("assistant", (Segment("answer", answer),)))
        return Transcript(tuple(turns))

    @staticmethod
    def from_messages(messages: Sequence[Mapping[str, Any]], where: str = "messages") -> Transcript:
        """Build a transcript from OpenAI-style messages.

        Args:
            messages: Objects with ``role`` and ``content``; an assistant message may carry
                ``reasoning_content``.
            where: How errors name the source.

        Raises:
            SophroError: Naming the message and the field that is wrong.
        """
        turns: list[Turn] = []
        for index, message in enumerate(messages):
            role, content = message.get("role"), message.get("content")
            if role not in ROLES:
                raise SophroError(f"{where}[{index}].role: {role!r} is none of {', '.join(ROLES)}")
            if not isinstance(content, str):
                raise SophroError(
                    f"{where}[{index}].content: text is needed, this is {type(content).__name__}"
                )
            if role == "assistant":
                thought = message.get("reasoning_content")
                segments = (Segment("trace", str(thought)),) if thought else ()
                turns.append(Turn("assistant", (*segments, Segment("answer", content))))
            elif role == "system":
                turns.append(Turn("system", (Segment("system", content),)))
            else:
                turns.append(Turn("user", (Segment("user", content),)))
        if not turns:
            raise SophroError(f"{where}: empty conversation")
        return Transcript(tuple(turns))

    @property
    def prompt(self) -> str:
        """Text of the last user turn, or the empty string."""
        return next((t.text for t in reversed(self.turns) if t.role == "user"), "")

    @property
    def forced(self) -> tuple[Segment, ...]:
        """Segments of a final assistant turn, which generation goes on from."""
        return self.turns[-1].segments if self.turns and self.turns[-1].role == "assistant" else ()

    def with_assistant(self, *segments: Segment) -> Transcript:
        """Return the transcript with ``segments`` appended to the (possibly new) final assistant turn."""
        if self.turns and self.turns[-1].role == "assistant":
            last = replace(self.turns[-1], segments=self.turns[-1].segments + segments)
            return Transcript((*self.turns[:-1], last))
        return Transcript((*self.turns, Turn("assistant", segments)))
