"""One search for every attack that looks for a prompt: start, expand, prune, score, keep; within a budget.

Papers: the loop that GCG (arXiv 2307.15043), AutoDAN (2310.04451), PAIR (2310.08419), TAP (2312.02119), ReNeLLM
(2311.08268), random search (2404.02151) and GPTFuzzer (2309.10253) have in common; each of them is a ``Problem``.

Contract: pure Python, no model in here. The same problem, budget and seed give the same result, also after a
kill: every step is one line of a JSONL file, appended whole and flushed before the next step starts, and a step
draws its random numbers from (seed, step) alone. What is spent never exceeds the budget. Higher scores are better;
a node that errored, was unparsed or was pruned has no score and can never be the result.
"""

from __future__ import annotations

import json
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from sophro.attack._types import Budget
from sophro.attack.search._steps import StepFile
from sophro.errors import SophroError

Status = Literal["new", "scored", "unparsed", "error", "pruned", "unaffordable"]
STATUSES: tuple[str, ...] = get_args(Status)
COSTS = ("queries", "attacker", "judge", "gradients")


@dataclass(frozen=True)
class Node:
    """One candidate.

    Attributes:
        state: What the problem knows about it; JSON values only.
        parent: Id of the node it was made from, None for a start.
        score: Higher is better; None unless ``status`` is ``scored``.
        status: What became of it: ``new`` until the search has dealt with it.
        note: Why it has no score, in one sentence.
        id: Set by the search; unique in it.
        step: Step in which it was made; 0 for a start.
    """

    state: Mapping[str, Any]
    parent: int | None = None
    score: float | None = None
    status: Status = "new"
    note: str = ""
    id: int = -1
    step: int = 0

    def scored(self, score: float, **more: Any) -> Node:
        """Return the node with its score, and ``more`` in its state."""
        return replace(self, state={**self.state, **more}, score=float(score), status="scored")

    def failed(self, status: Status, note: str, **more: Any) -> Node:
        """Return the node without a score: ``unparsed``, ``error``, ``pruned`` or ``unaffordable``."""
        return replace(self, state={**self.state, **more}, score=None, status=status, note=note)


class Meter:
    """What may still be spent; every query and gradient is booked here before it happens."""

    def __init__(self, budget: Budget, spent: Mapping[str, int] | None = None) -> None:
        self._limits = {name: int(getattr(budget, name)) for name in COSTS}
        self._spent = {name: int((spent or {}).get(name, 0)) for name in COSTS}
        self.refused = False

    @property
    def spent(self) -> dict[str, int]:
        """What was booked so far, by kind."""
        return dict(self._spent)

    def left(self, cost: str) -> int:
        """Return how much of one kind may still be booked."""
        return self._limits[cost] - self._spent[cost]

    def book(self, wanted: int, **each: int) -> int:
        """Book up to ``wanted`` units and return how many fit.

        Args:
            wanted: Units asked for.
            each: What one unit costs (``queries=1, judge=1``); a unit is booked whole or not at all.
        """
        unknown = set(each) - set(COSTS)
        if unknown or wanted < 0 or any(n < 0 for n in each.values()):
            raise ValueError(f"cannot book {wanted} x {each}")
        fits = min([wanted, *(self.left(name) // n for name, n in each.items() if n)])
        for name, n in each.items():
            self._spent[name] += fits * n
        self.refused = self.refused or fits < wanted
        return fits

    def give_back(self, **each: int) -> None:
        """Return what was booked and then not used (no answer came, so there was nothing to judge)."""
        for name, n in each.items():
            if not 0 <= n <= self._spent[name]:
                raise ValueError(f"cannot give back {n} {name} of {self._spent[name]}")
            self._spent[name] -= n


class Problem(ABC):
    """What one attack brings to the search; the methods it does not need keep their defaults.

    Attributes:
        records_all: Whether every node goes to the step file, or only those that are kept (and the counts).
        memory: JSON values that outlive a step (visits of a tree, scores of words); saved with every step.
    """

    records_all: ClassVar[bool] = True

    def __init__(self) -> None:
        self.memory: dict[str, Any] = {}

    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """Return what makes this search another one: settings, behaviour, models (JSON values)."""

    @abstractmethod
    def start(self, rng: random.Random, meter: Meter) -> Sequence[Node]:
        """Return the first candidates."""

    @abstractmethod
    def expand(self, frontier: Sequence[Node], rng: random.Random, meter: Meter) -> Sequence[Node]:
        """Return new candidates made from the frontier; none ends the search."""

    def prune(self, nodes: Sequence[Node], meter: Meter) -> Sequence[Node]:
        """Return the candidates in the same order, hopeless ones marked ``pruned`` before they cost a query."""
        return nodes

    @abstractmethod
    def score(self, nodes: Sequence[Node], meter: Meter) -> Sequence[Node]:
        """Return the candidates in the same order, each ``scored`` or failed for a stated reason."""

    def keep(self, frontier: Sequence[Node], fresh: Sequence[Node], rng: random.Random) -> Sequence[Node]:
        """Return the next frontier; by default the best of old and new."""
        return best_of([*frontier, *fresh], 1)

    def solved(self, node: Node) -> bool:
        """Tell whether a scored node is good enough to stop."""
        return False


@dataclass(frozen=True)
class Found:
    """Result of a search.

    Attributes:
        best: The scored node with the highest score (the earliest of equals), or None if there was none.
        ended: ``solved``, ``budget``, ``steps`` or ``no candidates``.
        steps: Steps done, the start not counted.
        spent: What was booked, by kind.
        counts: Nodes by status.
    """

    best: Node | None
    ended: str
    steps: int
    spent: Mapping[str, int]
    counts: Mapping[str, int]


@dataclass
class _State:
    step: int = -1
    nodes: dict[int, Node] = field(default_factory=lambda: {})
    frontier: list[Node] = field(default_factory=lambda: [])
    best: Node | None = None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES[1:], 0))
    next_id: int = 0
    ended: str = ""


Progress = Callable[[int, float | None, Mapping[str, int]], None]
"""Called after every step with its number, the best score so far and what was spent."""


def best_of(nodes: Sequence[Node], count: int) -> list[Node]:
    """Return the ``count`` best scored nodes, best first; of equals the earliest."""
    ranked = sorted((n for n in nodes if n.score is not None), key=lambda n: (-(n.score or 0.0), n.id))
    return ranked[:count]


def search(
    problem: Problem,
    budget: Budget,
    *,
    seed: int = 0,
    max_steps: int,
    file: Path | None = None,
    progress: Progress | None = None,
) -> Found:
    """Run (or resume) a search.

    Args:
        problem: The attack on one behaviour.
        budget: What may be spent; never exceeded.
        seed: Source of all randomness.
        max_steps: Most expansions.
        file: JSONL of the steps. If it exists, the search goes on behind its last whole line; a step that was
            cut off is done again, and what it had spent by then is not in the count.
        progress: Called after every step.

    Raises:
        SophroError: If the file belongs to another search or is damaged.
    """
    meter, state = Meter(budget), _State()
    steps: StepFile | None = None
    if file is not None:
        limits = {name: int(getattr(budget, name)) for name in COSTS}
        header = {"search": dict(problem.identity()), "seed": seed, "budget": limits, "max_steps": max_steps}
        steps = StepFile(file, header)
    try:
        for row in steps.rows if steps is not None else ():
            meter = _restore(problem, state, row, budget, steps.path if steps else None)
        while not state.ended:
            _advance(problem, state, meter, seed, max_steps)
            if steps is not None:
                steps.append(_row(problem, state, meter))
            if progress is not None:
                progress(state.step, state.best.score if state.best else None, meter.spent)
    finally:
        if steps is not None:
            steps.close()
    return Found(state.best, state.ended, state.step, meter.spent, dict(state.counts))


def _advance(problem: Problem, state: _State, meter: Meter, seed: int, max_steps: int) -> None:
    """Do one step: make candidates, prune, score, keep."""
    state.step += 1
    rng = random.Random(f"{seed}:{state.step}")
    made = problem.start(rng, meter) if state.step == 0 else problem.expand(state.frontier, rng, meter)
    fresh = [replace(n, id=state.next_id + i, step=state.step) for i, n in enumerate(made)]
    state.next_id += len(fresh)
    fresh = _checked(fresh, problem.prune(fresh, meter))
    waiting = [n for n in fresh if n.status == "new"]
    done = iter(_checked(waiting, problem.score(waiting, meter) if waiting else []))
    fresh = [next(done) if n.status == "new" else n for n in fresh]
    for node in fresh:
        if node.status == "new":
            raise ValueError("score() left a node without a status")
        state.counts[node.status] += 1
    known = {n.id for n in (*state.frontier, *fresh)}
    kept = list(problem.keep(state.frontier, fresh, rng))
    if not {n.id for n in kept} <= known:
        raise ValueError("keep() returned a node that it was not given")
    before = state.best.id if state.best else None
    state.best = next(iter(best_of([*([state.best] if state.best else []), *fresh], 1)), None)
    # What goes on is what a resumed search would read, so that both take the same way.
    recorded = {n.id: _clean(n) for n in (fresh if problem.records_all else kept) if n.step == state.step}
    if state.best is not None and state.best.id != before:
        state.best = recorded.setdefault(state.best.id, _clean(state.best))
    live = {n.id for n in kept} | ({state.best.id} if state.best else set())
    state.nodes = {i: n for i, n in state.nodes.items() if i in live} | recorded
    state.frontier = [state.nodes[n.id] for n in kept]
    problem.memory = json.loads(json.dumps(problem.memory))
    if state.best is not None and problem.solved(state.best):
        state.ended = "solved"
    elif meter.refused:
        state.ended = "budget"
    elif state.step >= max_steps:
        state.ended = "steps"
    elif not state.frontier or (state.step > 0 and not fresh):
        state.ended = "no candidates"


def _checked(given: Sequence[Node], returned: Sequence[Node]) -> list[Node]:
    if [n.id for n in given] != [n.id for n in returned]:
        raise ValueError("a problem must return the nodes it was given, in the same order")
    return list(returned)


def _clean(node: Node) -> Node:
    return replace(node, state=json.loads(json.dumps(dict(node.state))))


def _row(problem: Problem, state: _State, meter: Meter) -> dict[str, Any]:
    fresh = [vars(n) | {"state": dict(n.state)} for n in state.nodes.values() if n.step == state.step]
    return {
        "step": state.step,
        "nodes": fresh,
        "frontier": [n.id for n in state.frontier],
        "best": state.best.id if state.best else None,
        "spent": meter.spent,
        "counts": state.counts,
        "next_id": state.next_id,
        "memory": problem.memory,
        "ended": state.ended,
    }


def _restore(
    problem: Problem, state: _State, row: Mapping[str, Any], budget: Budget, file: Path | None
) -> Meter:
    try:
        state.nodes |= {n["id"]: Node(**n) for n in row["nodes"]}
        state.frontier = [state.nodes[i] for i in row["frontier"]]
        state.best = None if row["best"] is None else state.nodes[row["best"]]
        state.step, state.next_id = int(row["step"]), int(row["next_id"])
        state.counts, state.ended = dict(row["counts"]), str(row["ended"])
        problem.memory = dict(row["memory"])
        return Meter(budget, row["spent"])
    except (KeyError, TypeError, ValueError) as error:
        raise SophroError(
            f"{file}: the row of step {row.get('step')!r} is damaged ({error!r}); remove the file to start again"
        ) from None
