"""ReNeLLM: reword the request with a few random operations, then nest it in an ordinary-looking task.

Paper: Ding et al., A Wolf in Sheep's Clothing, arXiv 2311.08268.

Contract: each try draws one to six of six operations in random order, applies them one after the other with the
attacker model, checks that the request is still asked for, puts it into one of three scenes and asks the target.
Tries start from the plain request and do not build on each other.

Deviations: prompts and scenes are ours.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sophro.attack._types import Budget
from sophro.attack.search._core import Meter, Node, Problem
from sophro.attack.search._dialog import DialogAttack, DialogProblem
from sophro.attack.search._replies import json_object
from sophro.attack.search._texts import OPERATIONS, REQUEST, REWRITE, SCENES
from sophro.data import Record
from sophro.judge.llm import fence, tag_of


class ReNeProblem(DialogProblem):
    """One try per step."""

    def start(self, rng: random.Random, meter: Meter) -> Sequence[Node]:
        """See ``Problem.start``."""
        return [self._try(rng, meter)]

    def expand(self, frontier: Sequence[Node], rng: random.Random, meter: Meter) -> Sequence[Node]:
        """See ``Problem.expand``: another try, whatever came of the last one."""
        return [self._try(rng, meter)]

    def _try(self, rng: random.Random, meter: Meter) -> Node:
        operations = rng.sample(sorted(OPERATIONS), rng.randint(1, len(OPERATIONS)))
        scene = rng.choice(sorted(SCENES))
        facts = {"operations": ", ".join(operations), "scene": scene}
        text = self.record.prompt
        for name in operations:
            chat = [
                {"role": "system", "content": REWRITE.format(operation=OPERATIONS[name])},
                {"role": "user", "content": fence("request", text, tag_of(text))},
            ]
            ((value, failed),) = self.propose([chat], lambda t: json_object(t, "prompt"), rng, meter)
            if value is None:
                return Node(facts).failed(failed.status, f"{name}: {failed.note}")
            text = value["prompt"]
        return Node({**facts, "reworded": text, "prompt": SCENES[scene].replace(REQUEST, text)})

    def prune(self, nodes: Sequence[Node], meter: Meter) -> Sequence[Node]:
        """See ``Problem.prune``."""
        return self.check_topic(nodes, meter)

    def keep(self, frontier: Sequence[Node], fresh: Sequence[Node], rng: random.Random) -> Sequence[Node]:
        """See ``Problem.keep``: only that there is a next try."""
        return list(fresh)


@dataclass(frozen=True)
class ReNeLLM(DialogAttack):
    """Rewriting and nesting.

    Attributes:
        tries: Tries for one behaviour.
    """

    tries: int = 10
    name: ClassVar[str] = "renellm"
    counts: ClassVar[tuple[str, ...]] = ("tries",)

    @property
    def budget(self) -> Budget:
        """See ``SearchAttack.budget``; every question may be asked twice."""
        return Budget(queries=self.tries + 1, attacker=2 * len(OPERATIONS) * self.tries, judge=4 * self.tries)

    @property
    def max_steps(self) -> int:
        """See ``SearchAttack.max_steps``."""
        return self.tries - 1

    def problem(self, record: Record, target: object) -> Problem:
        """See ``SearchAttack.problem``."""
        return ReNeProblem(record, target, self.role(), self.guide(), self.answer_tokens)
