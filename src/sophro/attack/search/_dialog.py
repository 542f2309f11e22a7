"""What the attacks on text share: a proposing model, the target, and the guide, all within one budget.

Contract: a proposal that cannot be read is asked for once more and is then ``unparsed``; it is never replaced by the
plain request. An answer that failed is an ``error``, one that the guide could not rate is ``unparsed``; neither has a
score.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar

from sophro.attack.search._attack import SearchAttack
from sophro.attack.search._core import Meter, Node, Problem
from sophro.attack.search._guide import Guide, guide_of
from sophro.attack.search._target import ask_target
from sophro.chat import Transcript
from sophro.data import Record
from sophro.errors import SophroError

Chat = list[dict[str, str]]
Read = Callable[[str], "dict[str, str] | None"]

_AGAIN = "That could not be read. Answer again with nothing but the JSON object that was asked for."
_SPENT = "the budget is spent"


class ProposingProblem(Problem):
    """A search whose candidates are prompts, which a model may propose.

    Args:
        record: The behaviour.
        target: The model under attack.
        attacker: ``sophro.attack._roles.Role`` that proposes, or None for attacks that need none.
    """

    def __init__(self, record: Record, target: Any, attacker: Any) -> None:
        super().__init__()
        self.record, self.target, self.attacker = record, target, attacker

    def identity(self) -> Mapping[str, Any]:
        """See ``Problem.identity``."""
        return {
            "kind": type(self).__name__,
            "behaviour": self.record.prompt,
            "target": self.target.name,
            "attacker": str(getattr(self.attacker, "model", "")),
        }

    def propose(
        self, chats: Sequence[Chat], read: Read, rng: random.Random, meter: Meter
    ) -> list[tuple[dict[str, str] | None, Node]]:
        """Ask the attacker; unread answers once more.

        Returns:
            For each chat what was read, or None with a node that says why (``unparsed``, ``error`` or
            ``unaffordable``; its state is empty).
        """
        fits = meter.book(len(chats), attacker=1)
        said = self._ask(chats[:fits], rng)
        found = [read(a.text) for a in said]
        missing = [i for i, value in enumerate(found) if value is None and not said[i].problem]
        missing = missing[: meter.book(len(missing), attacker=1)]
        again = [
            [*chats[i], {"role": "assistant", "content": said[i].text}, {"role": "user", "content": _AGAIN}]
            for i in missing
        ]
        for i, answer in zip(missing, self._ask(again, rng), strict=True):
            said[i], found[i] = answer, read(answer.text)
        out: list[tuple[dict[str, str] | None, Node]] = []
        for answer, value in zip(said, found, strict=True):
            if answer.problem:
                out.append((None, Node({}).failed("error", answer.problem)))
            else:
                out.append((value, Node({}).failed("unparsed", "the attacker's answer could not be read")))
        return out + [(None, Node({}).failed("unaffordable", _SPENT))] * (len(chats) - fits)

    def _ask(self, chats: Sequence[Chat], rng: random.Random) -> list[Any]:
        """Ask each chat with a seed of its own, so that equal chats get different answers."""
        seeds = [rng.getrandbits(31) for _ in chats]

        async def all_of_them() -> list[Any]:
            # One call each: what a chat gets must not depend on which others are asked beside it.
            asked = (self.attacker.ask_async([c], seed=s) for c, s in zip(chats, seeds, strict=True))
            return [answer for (answer,) in await asyncio.gather(*asked)]

        if not chats:
            return []
        with ThreadPoolExecutor(max_workers=1) as pool:
            return pool.submit(lambda: asyncio.run(all_of_them())).result()


class DialogProblem(ProposingProblem):
    """A search that asks the target and has a guide rate its answers; ``state["prompt"]`` is what is asked.

    Args:
        record: The behaviour.
        target: The model under attack.
        attacker: See ``ProposingProblem``.
        guide: Rates the target's answers.
        tokens: Length of an answer.
    """

    def __init__(self, record: Record, target: Any, attacker: Any, guide: Guide, tokens: int) -> None:
        super().__init__(record, target, attacker)
        self.guide, self.tokens = guide, tokens

    def identity(self) -> Mapping[str, Any]:
        """See ``Problem.identity``."""
        return {**super().identity(), "judge": self.guide.name, "tokens": self.tokens}

    def score(self, nodes: Sequence[Node], meter: Meter) -> Sequence[Node]:
        """See ``Problem.score``: ask the target, then the guide."""
        count = meter.book(len(nodes), queries=1, judge=1)
        asked = nodes[:count]
        replies = ask_target(self.target, [Transcript.of(n.state["prompt"]) for n in asked], self.tokens)
        told = [i for i, r in enumerate(replies) if not r.error]
        meter.give_back(judge=len(replies) - len(told))
        ratings = iter(self.guide.rate([replies[i].exchange(self.record.prompt) for i in told], meter))
        out: list[Node] = []
        for node, reply in zip(asked, replies, strict=True):
            if reply.error:
                out.append(node.failed("error", reply.error))
                continue
            rated, answer = next(ratings), "".join(s.text for s in reply.segments if s.kind != "trace")
            if rated.score is None:
                out.append(node.failed("unparsed", rated.note, answer=answer))
            else:
                out.append(node.scored(rated.score, answer=answer, success=rated.success))
        return [*out, *(n.failed("unaffordable", _SPENT) for n in nodes[count:])]

    def check_topic(self, nodes: Sequence[Node], meter: Meter) -> list[Node]:
        """Mark candidates ``pruned`` that no longer ask for the behaviour."""
        waiting = [n for n in nodes if n.status == "new"]
        verdicts = iter(
            self.guide.on_topic([(self.record.prompt, n.state["prompt"]) for n in waiting], meter)
        )
        out: list[Node] = []
        for node in nodes:
            verdict = next(verdicts) if node.status == "new" else True
            if verdict is None:
                node = node.failed("unparsed", "whether it is on topic could not be read")
            elif not verdict:
                node = node.failed("pruned", "it no longer asks for the behaviour")
            out.append(node)
        return out

    def solved(self, node: Node) -> bool:
        """The guide calls it a success."""
        return bool(node.state["success"])


@dataclass(frozen=True)
class DialogAttack(SearchAttack):
    """Settings of attacks on text.

    Attributes:
        attacker: Model that proposes: a local name or any Inspect model.
        judge: What guides the search: a judge, ``ADAPTER@MODEL``, or a model; never what scores the attack.
        answer_tokens: Length of the answers that the guide reads.
        attacker_tokens: Longest proposal.
    """

    attacker: str = "smollm2-135m"
    judge: str = "keyword-baseline"
    answer_tokens: int = 128
    attacker_tokens: int = 400
    needs: ClassVar[tuple[str, ...]] = ("chat",)
    temperature: ClassVar[float] = 1.0
    needs_attacker: ClassVar[bool] = True
    counts: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for key in ("answer_tokens", "attacker_tokens", *self.counts):
            if getattr(self, key) < 1:
                raise SophroError(f"attack {self.name}: {key} is {getattr(self, key)}; at least 1 is needed")
        if self.needs_attacker and not self.attacker:
            raise SophroError(
                f"attack {self.name} needs a model that proposes: set attacker to a model's name"
            )

    def session(self, target: Any) -> AbstractContextManager[Any]:
        """Nothing: attacker and judge may be the target's own network, so its patch is on only while it answers."""
        return contextlib.nullcontext()

    def role(self) -> Any:
        """Return the attacker, or None without one."""
        from sophro.attack._roles import Role

        if not self.attacker:
            return None
        return Role(self.attacker, "attacker", self.temperature, self.attacker_tokens)

    def guide(self) -> Guide:
        """Return the guiding judge."""
        return guide_of(self.judge)

    def transcript(self, problem: Problem, node: Node) -> Transcript:
        """See ``SearchAttack.transcript``."""
        return Transcript.of(str(node.state["prompt"]))
