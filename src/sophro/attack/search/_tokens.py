"""Suffix searches on a model's own numbers: GCG, GCG against the reflection token, and random search.

Papers: GCG, Zou et al., arXiv 2307.15043; random search on log-probabilities, Andriushchenko et al., arXiv
2404.02151; the joint objective against a recovery token follows the idea of the adaptive attack in Backtracking
Improves Generation Safety, arXiv 2409.14586 (its pseudo-code was not at hand, so the form here is inferred).

Contract: the score of a suffix is minus the mean negative log-likelihood (nats) of the target text, plus the weighted
log-odds of the token to be avoided; the kept loss never rises. Every candidate survives decoding and encoding inside
the rendered prompt before it costs a forward pass. One query of the budget is one forward pass of one candidate.

Deviations: candidates that do not survive are replaced by new draws, so that a step has its full width; a step that
finds nothing better keeps the suffix it had (the released GCG moves to the best candidate in any case). Random search
scores ``width`` mutations of one parent at once (the paper: one), raises the whole target (the paper: its first
token), and brings no hand-written prompt around the request. The joint attack does not restart with a longer target.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

import numpy as np

from sophro.attack._types import Budget
from sophro.attack.search._attack import SearchAttack
from sophro.attack.search._core import Meter, Node, Problem
from sophro.attack.search._suffix import SuffixPlace, allowed_ids, target_text
from sophro.chat import Transcript
from sophro.data import Record
from sophro.errors import SophroError

_TRIES = 8  # draws per wanted candidate before a step makes do with fewer


class SuffixProblem(Problem):
    """A suffix of fixed length; children differ from their parent in a few ids.

    Args:
        place: Where the suffix stands.
        avoid: Token whose log-odds join the loss, if any (``sophro.models.Avoid``).
        width: Candidates per step.
        topk: Replacements per position by gradient; 0 draws from the whole alphabet.
        block: Most neighbouring ids that one candidate changes.
    """

    records_all: ClassVar[bool] = False

    def __init__(self, place: SuffixPlace, avoid: Any, width: int, topk: int, block: int) -> None:
        super().__init__()
        from sophro.models import SpanReader

        self.place, self.width, self.topk, self.block = place, width, topk, block
        network = place.model.network
        self.reader = SpanReader(network, place.before, place.after, place.target, avoid=avoid)
        self.allowed = allowed_ids(place.model)
        self._avoid = avoid

    def identity(self) -> Mapping[str, Any]:
        """See ``Problem.identity``."""
        place = self.place
        return {
            "kind": "suffix",
            "model": place.model.name,
            "ids": [list(place.before), list(place.start), list(place.after), list(place.target)],
            "width": self.width,
            "topk": self.topk,
            "block": self.block,
            "avoid": None if self._avoid is None else vars(self._avoid),
        }

    def start(self, rng: random.Random, meter: Meter) -> Sequence[Node]:
        """See ``Problem.start``."""
        return [Node({"ids": list(self.place.start)})]

    def expand(self, frontier: Sequence[Node], rng: random.Random, meter: Meter) -> Sequence[Node]:
        """See ``Problem.expand``."""
        (parent,) = frontier
        ids = tuple(parent.state["ids"])
        choices: np.ndarray | None = None
        if self.topk:
            if not meter.book(1, gradients=1):
                return []
            choices = self.replacements(self.reader.gradient(ids).numpy())
        drawn = islice(self._mutants(ids, choices, rng), self.width * _TRIES)
        fresh: dict[tuple[int, ...], None] = {}
        lost = 0
        for candidate in drawn:
            if candidate == ids or candidate in fresh:
                continue
            if not self.place.survives(candidate):
                lost += 1
                continue
            fresh[candidate] = None
            if len(fresh) == self.width:
                break
        self.memory["changed_by_tokenizer"] = self.memory.get("changed_by_tokenizer", 0) + lost
        return [Node({"ids": list(c)}, parent.id) for c in fresh]

    def replacements(self, slope: np.ndarray) -> np.ndarray:
        """Return the ids that promise most at each position: shape (positions, topk).

        Args:
            slope: d loss / d one-hot, shape (positions, vocabulary).
        """
        allowed = np.asarray(self.allowed)
        order = np.argsort(slope[:, allowed], axis=1, kind="stable")[:, : self.topk]
        return allowed[order]

    def _mutants(
        self, ids: tuple[int, ...], choices: np.ndarray | None, rng: random.Random
    ) -> Iterable[tuple[int, ...]]:
        while True:
            span = rng.randint(1, min(self.block, len(ids)))
            first = rng.randrange(len(ids) - span + 1)
            changed = list(ids)
            for at in range(first, first + span):
                options: Sequence[Any] = self.allowed if choices is None else choices[at]
                changed[at] = int(options[rng.randrange(len(options))])
            yield tuple(changed)

    def score(self, nodes: Sequence[Node], meter: Meter) -> Sequence[Node]:
        """See ``Problem.score``."""
        count = meter.book(len(nodes), queries=1)
        late = [n.failed("unaffordable", "the budget of forward passes is spent") for n in nodes[count:]]
        if not count:
            return late
        found = self.reader.losses([n.state["ids"] for n in nodes[:count]])
        done = [
            node.scored(
                -float(found.total[i]),
                loss=float(found.target[i]),
                avoided=float(found.avoided[i]),
                greedy=bool(found.greedy[i]),
            )
            if np.isfinite(float(found.total[i]))
            else node.failed("error", "the loss is not a finite number")
            for i, node in enumerate(nodes[:count])
        ]
        return [*done, *late]

    def solved(self, node: Node) -> bool:
        """Greedy decoding writes the target: nothing is left to gain at the opening."""
        return bool(node.state["greedy"])


@dataclass(frozen=True)
class _Suffix(SearchAttack):
    """Settings of a suffix search.

    Attributes:
        steps: Steps of one search.
        width: Candidates per step, one forward pass each.
        length: Ids of the suffix (the first suffix is this many exclamation marks).
        target_tokens: Tokens of the record's opening whose likelihood is raised.
    """

    steps: int = 60
    width: int = 32
    length: int = 20
    target_tokens: int = 16
    needs: ClassVar[tuple[str, ...]] = ("logprobs",)
    gradients_per_step: ClassVar[int] = 0

    def __post_init__(self) -> None:
        for key in ("steps", "width", "length", "target_tokens"):
            if getattr(self, key) < 1:
                raise SophroError(f"attack {self.name}: {key} is {getattr(self, key)}; at least 1 is needed")

    @property
    def budget(self) -> Budget:
        """See ``SearchAttack.budget``: the start, every candidate, and the attempt."""
        return Budget(queries=2 + self.steps * self.width, gradients=self.steps * self.gradients_per_step)

    @property
    def max_steps(self) -> int:
        """See ``SearchAttack.max_steps``."""
        return self.steps

    def place(self, record: Record, target: Any) -> SuffixPlace:
        """Return where the suffix stands for this behaviour."""
        answer = target_text(record, target.tokenizer, self.target_tokens)
        return SuffixPlace.find(target, record.prompt, answer, " !" * self.length)

    def transcript(self, problem: Problem, node: Node) -> Transcript:
        """See ``SearchAttack.transcript``."""
        assert isinstance(problem, SuffixProblem)
        return problem.place.transcript(node.state["ids"])


@dataclass(frozen=True)
class GCG(_Suffix):
    """Greedy coordinate gradient.

    Attributes:
        topk: Replacements per position that the gradient proposes.
    """

    topk: int = 64
    name: ClassVar[str] = "gcg"
    needs: ClassVar[tuple[str, ...]] = ("logprobs", "gradients")
    gradients_per_step: ClassVar[int] = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.topk < 1:
            raise SophroError(f"attack {self.name}: topk is {self.topk}; at least 1 is needed")

    def problem(self, record: Record, target: Any) -> Problem:
        """See ``SearchAttack.problem``."""
        return SuffixProblem(self.place(record, target), None, self.width, self.topk, 1)


@dataclass(frozen=True)
class GCGReflection(GCG):
    """GCG whose loss also lowers the probability of the reflection token.

    Attributes:
        weight: Weight of the token's mean log-odds (nats) beside the target's loss (nats).
        positions: Target positions at which the token is held down, from the first.
    """

    weight: float = 0.1
    positions: int = 16
    name: ClassVar[str] = "gcg_reflection"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weight <= 0 or self.positions < 1:
            raise SophroError(f"attack {self.name}: weight must be above 0 and positions at least 1")

    def problem(self, record: Record, target: Any) -> Problem:
        """See ``SearchAttack.problem``."""
        from sophro.models import Avoid

        if not getattr(target, "reflects", False):
            raise SophroError(
                f"attack {self.name}: model {target.name!r} has no reflection token to work against; use gcg, or put "
                "the adapter that was trained with the token on the model"
            )
        avoid = Avoid(target.reflection_id, self.weight, self.positions)
        return SuffixProblem(self.place(record, target), avoid, self.width, self.topk, 1)


@dataclass(frozen=True)
class RandomSearch(_Suffix):
    """Random search on log-probabilities: no gradient, the best of a few random changes is kept.

    Attributes:
        block: Most neighbouring ids that one candidate changes.
    """

    block: int = 2
    name: ClassVar[str] = "random_search"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.block < 1:
            raise SophroError(f"attack {self.name}: block is {self.block}; at least 1 is needed")

    def problem(self, record: Record, target: Any) -> Problem:
        """See ``SearchAttack.problem``."""
        return SuffixProblem(self.place(record, target), None, self.width, 0, self.block)
