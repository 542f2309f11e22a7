"""What the server needs of a guard; ``sophro.guard.Guard`` fulfils it, tests bring scripted ones.

Contract: ``check`` and ``push`` may be slow and are called in worker threads; they never see two calls of one stream
at once. A decision that could not be made is never an allow: ``not_evaluated`` says what did not judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Message = Mapping[str, str]
"""``{"role": ..., "content": ...}``."""


class Reason(Protocol):
    """Why one detector acted."""

    @property
    def detector(self) -> str:
        """Name of the detector."""
        ...

    @property
    def label(self) -> str:
        """What it found."""
        ...

    @property
    def score(self) -> float:
        """Its score in [0, 1]."""
        ...

    @property
    def threshold(self) -> float:
        """From which score on it acts."""
        ...

    @property
    def where(self) -> str:
        """``input``, ``trace``, ``output`` or ``stream``."""
        ...

    @property
    def window(self) -> tuple[int, int]:
        """Code points of the text that the score belongs to."""
        ...

    @property
    def action(self) -> str:
        """What the policy does about it."""
        ...


class Decision(Protocol):
    """What a policy decided about one text."""

    @property
    def action(self) -> str:
        """What would be done."""
        ...

    @property
    def enforced(self) -> str:
        """What is done; ``allow`` in a dry run."""
        ...

    @property
    def scores(self) -> Mapping[str, float]:
        """``detector.label`` -> score."""
        ...

    @property
    def reasons(self) -> Sequence[Reason]:
        """What led to the action."""
        ...

    @property
    def reply(self) -> str:
        """Text to send instead, or the empty string."""
        ...

    @property
    def not_evaluated(self) -> Sequence[str]:
        """Detectors that could not judge, with why."""
        ...

    @property
    def dry_run(self) -> bool:
        """Whether the policy only logs."""
        ...


@dataclass(frozen=True)
class Allowed:
    """The decision about a text in which nothing was found."""

    scores: Mapping[str, float] = field(default_factory=lambda: {})
    action: str = "allow"
    enforced: str = "allow"
    reasons: tuple[Reason, ...] = ()
    reply: str = ""
    not_evaluated: tuple[str, ...] = ()
    dry_run: bool = False


class StreamCheck(Protocol):
    """Judges one answer while it is being written."""

    @property
    def decision(self) -> Decision | None:
        """Set once something was found."""
        ...

    @property
    def stopped(self) -> bool:
        """Whether nothing more will leave."""
        ...

    def push(self, text: str) -> str:
        """Take more text; return what may leave now."""
        ...

    def poll(self) -> str:
        """Return what may leave because it waited long enough."""
        ...

    def finish(self) -> str:
        """Return what may leave of the rest."""
        ...


class Judge(Protocol):
    """Detectors under one policy."""

    def check(
        self, conversations: Sequence[Sequence[Message]], where: Literal["input", "output"] = "input"
    ) -> Sequence[Decision]:
        """Judge whole conversations; one that ends with a reply is judged as output, its trace apart."""
        ...

    def stream(self, conversation: Sequence[Message]) -> StreamCheck:
        """Start judging an answer to ``conversation``."""
        ...
