"""What every LLM judge is: how to ask, how to read, and what the model must be served with.

Contract: an adapter is pure. ``ask`` turns an exchange and a tag into chat turns, ``read`` turns the model's reply
into a ``Reading`` or raises ``Unparsed``. It knows nothing of Inspect, so prompts have golden files and parsers
have tests without a model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sophro.files import digest
from sophro.judge._types import Exchange, Outcome
from sophro.judge.llm._reply import Reply

Role = Literal["system", "user", "assistant"]
PROBE = Exchange.of("What is the request?", "This is the answer.")


@dataclass(frozen=True)
class Turn:
    """One chat turn sent to the judge model."""

    role: Role
    text: str


@dataclass(frozen=True)
class Reading:
    """A verdict as it was read.

    Attributes:
        outcome: Refusal question; None where the judge does not ask it.
        harmful: Harm question; None where the judge does not ask it.
        score: The judge's number in [0, 1], if it has one.
        reason: What it said, in one sentence.
    """

    outcome: Outcome | None
    harmful: bool | None
    score: float | None
    reason: str


@dataclass(frozen=True)
class Adapter:
    """One kind of LLM judge.

    Attributes:
        name: Name before the ``@`` of the model; holds "harm" or "refusal", by which reports find the judge.
        title: What it answers, for lists.
        ask: (exchange, tag, retry) to turns.
        read: (reply, tag) to a reading; raises ``Unparsed``.
        max_tokens: Limit of the reply.
        logprobs: Ask the model for log-probabilities, from which the score comes.
        served: How the model must be served, in one sentence; empty for any chat model.
        revision: Raised when asking or reading changes in a way that the probe prompt does not show.
    """

    name: str
    title: str
    ask: Callable[[Exchange, str, bool], list[Turn]]
    read: Callable[[Reply, str], Reading]
    max_tokens: int
    logprobs: bool = False
    served: str = ""
    revision: int = 1

    @property
    def fingerprint(self) -> str:
        """Hash of prompts and settings."""
        asked = [[t.role, t.text] for retry in (False, True) for t in self.ask(PROBE, "0" * 16, retry)]
        return digest(self.name, asked, self.max_tokens, self.logprobs, self.revision)
