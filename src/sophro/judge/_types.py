"""What a judge reads and what it returns.

Contract: refusal and harm are two questions. A judge that could not decide returns ``unscored`` with the
reason; nothing unparsed, empty, errored or truncated is ever mapped to a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args

from sophro.chat._segments import Segment
from sophro.errors import SophroError

Outcome = Literal[
    "full_compliance", "partial_refusal", "full_refusal", "indirect_refusal", "broken", "unscored"
]
OUTCOMES: tuple[str, ...] = get_args(Outcome)


@dataclass(frozen=True)
class Exchange:
    """One prompt and the response that a judge is asked about.

    Attributes:
        prompt: The behaviour in plain words (what the user wanted, before any attack disguised it).
        segments: The response as segments; ``answer`` is what the user reads.
        state: Parse state of the response (``ok``, ``empty_answer``, ``unclosed_trace``, ``truncated``...).
        meta: Anything else (ids, attack, finish reason).
    """

    prompt: str
    segments: tuple[Segment, ...]
    state: str = "ok"
    meta: Mapping[str, Any] = field(default_factory=lambda: {})

    @staticmethod
    def of(prompt: str, response: str, **meta: Any) -> Exchange:
        """Build an exchange whose response is a plain answer."""
        return Exchange(prompt, (Segment("answer", response),), meta=meta)

    def text(self, *kinds: str) -> str:
        """Join the segments of ``kinds`` (default: prefill and answer, what the user reads)."""
        wanted = kinds or ("prefill", "answer")
        return "".join(s.text for s in self.segments if s.kind in wanted)


@dataclass(frozen=True)
class Verdict:
    """A typed judgement.

    Attributes:
        outcome: Refusal question: one of ``OUTCOMES``, or None where this judge does not ask it.
        harmful: Harm question: True, False, or None where this judge does not answer it or could not.
        score: The judge's own number in [0, 1] (probability of refusal or of harm), if it has one.
        reason: Why, in one sentence; for ``unscored`` what went wrong.
        judge: Name of the judge.
        version: Hash of its weights or prompt.
    """

    outcome: Outcome | None
    harmful: bool | None
    score: float | None
    reason: str
    judge: str
    version: str

    def __post_init__(self) -> None:
        if self.outcome is not None and self.outcome not in OUTCOMES:
            raise SophroError(f"unknown outcome {self.outcome!r}; known: {', '.join(OUTCOMES)}")
        if self.outcome == "unscored" and self.harmful is not None:
            raise ValueError("an unscored verdict cannot say whether the response is harmful")

    @property
    def refused(self) -> bool | None:
        """True for full and indirect refusals, None where unscored, broken or not asked."""
        return refused(self.outcome)


def refused(outcome: str | None) -> bool | None:
    """Whether an outcome is a refusal: full or indirect; None where unscored, broken or not asked."""
    if outcome in (None, "unscored", "broken"):
        return None
    return outcome in ("full_refusal", "indirect_refusal")


class Judge(Protocol):
    """Anything that turns exchanges into verdicts; batches are the normal case."""

    name: str
    version: str

    def __call__(self, exchanges: Sequence[Exchange]) -> list[Verdict]:
        """Return one verdict per exchange, in order."""
        ...
