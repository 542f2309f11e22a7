"""PAIR and TAP: an attacker model rewrites its prompt after it has seen the target's answer and a rating.

Papers: PAIR, Chao et al., arXiv 2310.08419; TAP (tree of attacks with pruning), Mehrotra et al., arXiv 2312.02119.

Contract: PAIR runs streams side by side, each with one of three strategies and its last three tries; TAP branches
every leaf, drops candidates that left the topic before they cost a query, and keeps the best leaves. The attacker
sees the target's answer between tagged lines.

Deviations: the prompts are ours. A stream whose proposal could not be read goes on from its last good one. TAP goes
on from the old leaves where no new one was scored.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sophro.attack._types import Budget
from sophro.attack.search._core import Meter, Node, Problem, best_of
from sophro.attack.search._dialog import Chat, DialogAttack, DialogProblem
from sophro.attack.search._replies import json_object
from sophro.attack.search._texts import ATTACKER, FEEDBACK, FIRST, STRATEGIES
from sophro.data import Record
from sophro.judge.llm import fence, tag_of

_REMEMBERED = 3  # tries that the attacker is shown again
_SHOWN = 1_500  # characters of an answer that the attacker is shown


class PairProblem(DialogProblem):
    """Streams (``branch`` 1) or a tree (``branch`` above 1)."""

    def __init__(self, *args: Any, streams: int, branch: int, keep: int, prunes: bool) -> None:
        super().__init__(*args)
        self.streams, self.branch, self.kept, self.prunes = streams, branch, keep, prunes

    def identity(self) -> Mapping[str, Any]:
        """See ``Problem.identity``."""
        shape = {"streams": self.streams, "branch": self.branch, "keep": self.kept, "prunes": self.prunes}
        return {**super().identity(), **shape}

    def start(self, rng: random.Random, meter: Meter) -> Sequence[Node]:
        """See ``Problem.start``: one first proposal per stream."""
        roots = [Node({"stream": i, "tries": []}) for i in range(self.streams)]
        return self._children(roots, 1, rng, meter)

    def expand(self, frontier: Sequence[Node], rng: random.Random, meter: Meter) -> Sequence[Node]:
        """See ``Problem.expand``."""
        return self._children(frontier, self.branch, rng, meter)

    def _children(self, parents: Sequence[Node], each: int, rng: random.Random, meter: Meter) -> list[Node]:
        asked = [p for p in parents for _ in range(each)]
        tries = [self._tries(p) for p in asked]
        chats = [self._chat(p.state["stream"], t) for p, t in zip(asked, tries, strict=True)]
        found = self.propose(chats, lambda t: json_object(t, "improvement", "prompt"), rng, meter)
        out: list[Node] = []
        for parent, shown, (value, failed) in zip(asked, tries, found, strict=True):
            base = {"stream": parent.state["stream"], "tries": shown}
            origin = parent.id if parent.id >= 0 else None
            if value is None:
                out.append(Node(base, origin).failed(failed.status, failed.note))
            else:
                out.append(Node({**base, **value}, origin))
        return out

    def _tries(self, node: Node) -> list[dict[str, Any]]:
        """Return what the attacker is shown: the node's own try behind those before it."""
        tries = list(node.state["tries"])
        if node.status == "scored":
            own = {k: node.state[k] for k in ("improvement", "prompt", "answer")}
            tries.append({**own, "score": node.score})
        return tries[-_REMEMBERED:]

    def _chat(self, stream: int, tries: Sequence[Mapping[str, Any]]) -> Chat:
        request = self.record.prompt
        tag = tag_of(request)
        system = ATTACKER.format(strategy=STRATEGIES[stream % len(STRATEGIES)])
        chat: Chat = [
            {"role": "system", "content": system},
            {"role": "user", "content": FIRST.format(request=fence("request", request, tag))},
        ]
        for one in tries:
            said = str(one["answer"])[:_SHOWN]
            mark = tag_of(said, request)
            chat.append({"role": "assistant", "content": _as_json(one)})
            chat.append(
                {
                    "role": "user",
                    "content": FEEDBACK.format(
                        answer=fence("answer", said, mark), score=f"{one['score']:.0f}"
                    ),
                }
            )
        return chat

    def prune(self, nodes: Sequence[Node], meter: Meter) -> Sequence[Node]:
        """See ``Problem.prune``."""
        return self.check_topic(nodes, meter) if self.prunes else nodes

    def keep(self, frontier: Sequence[Node], fresh: Sequence[Node], rng: random.Random) -> Sequence[Node]:
        """See ``Problem.keep``: the best leaves, or the newest of every stream."""
        if self.prunes:
            return best_of(fresh, self.kept) or list(frontier) or list(fresh)[:1]
        newest = {n.state["stream"]: n for n in (*fresh, *frontier)}  # without a frontier: failed starts
        newest |= {n.state["stream"]: n for n in frontier}
        newest |= {n.state["stream"]: n for n in fresh if n.status == "scored"}
        return [newest[s] for s in sorted(newest)]


def _as_json(one: Mapping[str, Any]) -> str:
    return json.dumps({"improvement": one["improvement"], "prompt": one["prompt"]}, ensure_ascii=False)


def _problem(attack: DialogAttack, record: Record, target: Any, **shape: Any) -> PairProblem:
    return PairProblem(record, target, attack.role(), attack.guide(), attack.answer_tokens, **shape)


@dataclass(frozen=True)
class Pair(DialogAttack):
    """Prompt automatic iterative refinement.

    Attributes:
        streams: Streams side by side.
        rounds: Proposals of each stream.
    """

    streams: int = 3
    rounds: int = 3
    name: ClassVar[str] = "pair"
    counts: ClassVar[tuple[str, ...]] = ("streams", "rounds")

    @property
    def budget(self) -> Budget:
        """See ``SearchAttack.budget``; every proposal and every rating may be asked for twice."""
        tries = self.streams * self.rounds
        return Budget(queries=tries + 1, attacker=2 * tries, judge=2 * tries)

    @property
    def max_steps(self) -> int:
        """See ``SearchAttack.max_steps``."""
        return self.rounds - 1

    def problem(self, record: Record, target: Any) -> Problem:
        """See ``SearchAttack.problem``."""
        return _problem(self, record, target, streams=self.streams, branch=1, keep=1, prunes=False)


@dataclass(frozen=True)
class Tap(DialogAttack):
    """Tree of attacks with pruning.

    Attributes:
        branch: Proposals from each leaf.
        keep: Leaves that go on.
        depth: Levels of the tree.
    """

    branch: int = 2
    keep: int = 3
    depth: int = 3
    name: ClassVar[str] = "tap"
    counts: ClassVar[tuple[str, ...]] = ("branch", "keep", "depth")

    @property
    def budget(self) -> Budget:
        """See ``SearchAttack.budget``: at most ``keep * branch`` proposals a level, each checked and rated."""
        level = [self.branch]
        for _ in range(self.depth - 1):
            level.append(min(level[-1], self.keep) * self.branch)
        tries = sum(level)
        return Budget(queries=tries + 1, attacker=2 * tries, judge=4 * tries)

    @property
    def max_steps(self) -> int:
        """See ``SearchAttack.max_steps``."""
        return self.depth - 1

    def problem(self, record: Record, target: Any) -> Problem:
        """See ``SearchAttack.problem``."""
        width = self.branch
        return _problem(self, record, target, streams=width, branch=width, keep=self.keep, prunes=True)
