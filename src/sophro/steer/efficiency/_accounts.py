"""What a reasoning model spends and what it gets for it: right results and tokens, thought and answer apart.

Contract: tokens are counted by the model's own tokenizer, prompt and padding left out. A result is right if the exact
verifier reads it and it is right; ``unread`` says how many answers were cut or could not be read, and these count as
not right. Tokens of the whole reply are kept beside those of the thought, because a thought may move into the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from sophro.chat import Template, Transcript, think
from sophro.chat._thinking import count_tokens
from sophro.data import Record
from sophro.errors import SophroError
from sophro.judge.verify import verify_maths
from sophro.models import Completion, GenerationConfig
from sophro.models._patches import Patch, Scale


@dataclass(frozen=True)
class Account:
    """One reply.

    Attributes:
        id: Problem.
        right: Whether the result is right; None where the reply was cut or its result cannot be read.
        thought: The thought.
        thought_tokens: Its tokens.
        tokens: Tokens of the whole reply.
        ended: Whether the reply came to its own end.
    """

    id: str
    right: bool | None
    thought: str
    thought_tokens: int
    tokens: int
    ended: bool


@dataclass(frozen=True)
class Totals:
    """Replies together.

    Attributes:
        n: Replies.
        right: Right results.
        unread: Replies that were cut or whose result cannot be read.
        empty: Replies without a thought.
        thought_tokens: Mean tokens of the thoughts.
        thought_median: Their median.
        tokens: Mean tokens of whole replies.
    """

    n: int
    right: int
    unread: int
    empty: int
    thought_tokens: float
    thought_median: float
    tokens: float

    @property
    def accuracy(self) -> float:
        """Share of right results among all replies."""
        return self.right / self.n


def account(record: Record, completion: Completion, template: Template) -> Account:
    """Read one reply."""
    said = {k: "".join(s.text for s in completion.segments if s.kind == k) for k in ("trace", "answer")}
    ended = completion.finish_reason == "stop" and completion.state != "unclosed_trace"
    outcome = verify_maths(said["answer"], record.accept).outcome if ended else "unparsed"
    right = None if outcome == "unparsed" else outcome == "right"
    length = count_tokens(said["trace"], template)
    return Account(record.id, right, said["trace"], length, completion.new_tokens, ended)


def accounts(
    model: Any,
    records: Sequence[Record],
    config: GenerationConfig,
    patches: Sequence[tuple[Patch, Scale]] = (),
    *,
    samples: int = 1,
) -> list[list[Account]]:
    """Have a model think about problems (mode ``full``).

    Args:
        model: A local chat model with trace tags.
        records: Problems with their results in ``accept``.
        config: Decoding settings.
        patches: Patches with their scale.
        samples: Replies to each problem.

    Returns:
        The replies to every problem, in order.

    Raises:
        SophroError: If a problem has no result to check.
    """
    bare = [r.id for r in records if not r.accept]
    if bare:
        raise SophroError(f"problem {bare[0]!r} has no result to check; add the field accept")
    asked = [think(Transcript.of(r.prompt), "full", model.template).transcript for r in records]
    many = [t for t in asked for _ in range(samples)]
    replies = model.generate(many, config, patches)
    read = [account(records[i // samples], c, model.template) for i, c in enumerate(replies)]
    return [read[i : i + samples] for i in range(0, len(read), samples)]


def totals(found: Sequence[Account]) -> Totals:
    """Add up replies.

    Raises:
        SophroError: If there are none.
    """
    if not found:
        raise SophroError("no replies to add up")
    return Totals(
        n=len(found),
        right=sum(a.right is True for a in found),
        unread=sum(a.right is None for a in found),
        empty=sum(not a.thought.strip() for a in found),
        thought_tokens=fmean(a.thought_tokens for a in found),
        thought_median=median(a.thought_tokens for a in found),
        tokens=fmean(a.tokens for a in found),
    )
