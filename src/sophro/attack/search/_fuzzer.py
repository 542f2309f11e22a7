"""GPTFuzzer: fuzz templates; a tree search chooses which template is mutated next.

Paper: Yu et al., GPTFuzzer, arXiv 2309.10253: selection by MCTS-Explore, five mutators, reward by the judge.

Contract: templates hold the placeholder once; a mutant that does not is unparsed. Selection walks down the tree of
templates by upper confidence bounds, may stop on the way with a small chance, and a reward falls with depth.

Deviations: prompts and starting templates are ours. A search attacks one behaviour, so a mutant joins the pool when
it is rated above its parent (the paper: when it succeeds on any question, which would end our search).
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sophro.attack._types import Budget
from sophro.attack.search._core import Meter, Node, Problem
from sophro.attack.search._dialog import DialogAttack, DialogProblem
from sophro.attack.search._guide import BEST, WORST
from sophro.attack.search._replies import json_object
from sophro.attack.search._texts import MUTATE, MUTATIONS, REQUEST, TEMPLATES
from sophro.data import Record
from sophro.judge.llm import fence, tag_of

_EXPLORE = 0.5  # weight of the bound's exploration term
_STOP = 0.1  # chance to mutate a node although it has children
_PENALTY, _FLOOR = 0.1, 0.2  # what a level costs of the reward, and what is left at least


class FuzzProblem(DialogProblem):
    """The frontier is the pool of templates; ``memory`` holds visits and rewards by node id."""

    def start(self, rng: random.Random, meter: Meter) -> Sequence[Node]:
        """See ``Problem.start``."""
        return [Node(self._filled(t, "start")) for t in TEMPLATES]

    def expand(self, frontier: Sequence[Node], rng: random.Random, meter: Meter) -> Sequence[Node]:
        """See ``Problem.expand``: one mutant of the selected template."""
        path = self.select(frontier, rng)
        parent = path[-1]
        self.memory["path"] = [n.id for n in path]
        operation = rng.choice(sorted(MUTATIONS))
        shown = [str(parent.state["template"])]
        if operation == "crossover":
            shown.append(str(rng.choice(list(frontier)).state["template"]))
        tag = tag_of(*shown)
        chat = [
            {"role": "system", "content": MUTATE.format(operation=MUTATIONS[operation])},
            {"role": "user", "content": "\n\n".join(fence("template", t, tag) for t in shown)},
        ]
        ((value, failed),) = self.propose([chat], _template, rng, meter)
        if value is None:
            fresh = Node({"operation": operation}, parent.id).failed(failed.status, failed.note)
            return [fresh]
        return [Node(self._filled(value["template"], operation), parent.id)]

    def _filled(self, template: str, operation: str) -> dict[str, Any]:
        filled = template.replace(REQUEST, self.record.prompt)
        return {"template": template, "operation": operation, "prompt": filled}

    def select(self, pool: Sequence[Node], rng: random.Random) -> list[Node]:
        """Return the path from a starting template to the one that is mutated."""
        visits, rewards = self.memory.get("visits", {}), self.memory.get("rewards", {})
        ids = {n.id for n in pool}
        total = 1 + sum(visits.values())

        def bound(node: Node) -> tuple[float, int]:
            seen = visits.get(str(node.id), 0)
            mean = rewards.get(str(node.id), 0.0) / (seen + 1)
            return mean + _EXPLORE * math.sqrt(2 * math.log(total) / (seen + 0.01)), -node.id

        path = [max((n for n in pool if n.parent not in ids), key=bound)]
        while children := [n for n in pool if n.parent == path[-1].id]:
            if rng.random() < _STOP:
                break
            path.append(max(children, key=bound))
        return path

    def keep(self, frontier: Sequence[Node], fresh: Sequence[Node], rng: random.Random) -> Sequence[Node]:
        """See ``Problem.keep``: book visits and reward, and let a better mutant join."""
        if not frontier:
            return [n for n in fresh if "template" in n.state]
        visits, rewards = self.memory.setdefault("visits", {}), self.memory.setdefault("rewards", {})
        path: list[int] = self.memory.get("path", [])
        (mutant,) = fresh
        reward = 0.0 if mutant.score is None else (mutant.score - WORST) / (BEST - WORST)
        reward *= max(_FLOOR, 1 - _PENALTY * (len(path) - 1))
        for id_ in path:
            visits[str(id_)] = visits.get(str(id_), 0) + 1
            rewards[str(id_)] = rewards.get(str(id_), 0.0) + reward
        parent = next(n for n in frontier if n.id == mutant.parent)
        better = mutant.score is not None and mutant.score > (parent.score or WORST)
        return [*frontier, mutant] if better else list(frontier)


def _template(text: str) -> dict[str, str] | None:
    found = json_object(text, "template")
    return found if found is not None and found["template"].count(REQUEST) == 1 else None


@dataclass(frozen=True)
class GPTFuzzer(DialogAttack):
    """Template fuzzing.

    Attributes:
        mutants: Mutants for one behaviour, besides the starting templates.
    """

    mutants: int = 20
    name: ClassVar[str] = "gptfuzzer"
    counts: ClassVar[tuple[str, ...]] = ("mutants",)

    @property
    def budget(self) -> Budget:
        """See ``SearchAttack.budget``; every question may be asked twice."""
        tries = self.mutants + len(TEMPLATES)
        return Budget(queries=tries + 1, attacker=2 * self.mutants, judge=2 * tries)

    @property
    def max_steps(self) -> int:
        """See ``SearchAttack.max_steps``."""
        return self.mutants

    def problem(self, record: Record, target: object) -> Problem:
        """See ``SearchAttack.problem``."""
        return FuzzProblem(record, target, self.role(), self.guide(), self.answer_tokens)
