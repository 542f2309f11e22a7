"""AutoDAN: a genetic search over readable prompts, guided by the likelihood of a target text.

Paper: Liu et al., AutoDAN, arXiv 2310.04451 (the hierarchical genetic one, not the gradient method of the same name,
2310.15140).

Contract: the score of a prompt is minus the mean negative log-likelihood (nats) of the target text. The best stay as
they are; parents are drawn by softmax of their scores; sentences are crossed over; every second step words are
swapped by the momentum of the scores of prompts that held them. Every prompt holds the request once.

Deviations: templates and groups of words that may stand for each other are ours (the paper: a published prompt and
WordNet). Without an attacker model mutation swaps words; with one it rewords the template, as in the paper.
"""

from __future__ import annotations

import contextlib
import math
import random
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar

from sophro.attack._types import Budget
from sophro.attack.search._attack import SearchAttack
from sophro.attack.search._core import Meter, Node, Problem, best_of
from sophro.attack.search._dialog import DialogAttack, ProposingProblem
from sophro.attack.search._replies import json_object
from sophro.attack.search._suffix import target_text
from sophro.attack.search._target import patched
from sophro.attack.search._texts import MUTATE, MUTATIONS, REQUEST, SYNONYMS, TEMPLATES
from sophro.chat import Segment, Transcript
from sophro.data import Record
from sophro.errors import SophroError
from sophro.judge.llm import fence, tag_of

_GROUP = {word: group for group in SYNONYMS for word in group}
_WORD = re.compile(r"[A-Za-z]+")
_SENTENCE = re.compile(r"(?<=[.!?:])\s+")
_MOMENTUM = 0.5  # share of a word's old score that stays


class AutoDanProblem(ProposingProblem):
    """The frontier is the population; ``memory["words"]`` holds the momentum scores of words.

    Args:
        record: The behaviour.
        target: The model under attack; its log-probabilities are read.
        attacker: Rewords templates, or None.
        population: Prompts per generation.
        elites: How many of the best stay as they are.
        crossover: Chance that two parents are crossed over.
        mutation: Chance that a child is mutated.
        answer: Text whose likelihood is raised.
    """

    def __init__(
        self,
        record: Record,
        target: Any,
        attacker: Any,
        *,
        population: int,
        elites: int,
        crossover: float,
        mutation: float,
        answer: str,
    ) -> None:
        super().__init__(record, target, attacker)
        self.population, self.elites, self.answer = population, elites, answer
        self.crossover, self.mutation = crossover, mutation

    def identity(self) -> Mapping[str, Any]:
        """See ``Problem.identity``."""
        shape = {"population": self.population, "elites": self.elites, "answer": self.answer}
        return {**super().identity(), **shape, "crossover": self.crossover, "mutation": self.mutation}

    def start(self, rng: random.Random, meter: Meter) -> Sequence[Node]:
        """See ``Problem.start``: our templates, filled up with versions in other words."""
        texts: list[str] = list(TEMPLATES[: self.population])
        while len(texts) < self.population:
            texts.append(swapped(TEMPLATES[len(texts) % len(TEMPLATES)], rng, 0.5))
        return [Node(self._filled(t)) for t in texts]

    def expand(self, frontier: Sequence[Node], rng: random.Random, meter: Meter) -> Sequence[Node]:
        """See ``Problem.expand``: sentences on odd steps, words on even ones."""
        scored = best_of(frontier, len(frontier))
        if not scored:
            return []
        self._learn(scored)
        step = self.memory["generation"] = self.memory.get("generation", 0) + 1
        wanted = self.population - min(self.elites, len(scored))
        top = max(n.score or 0.0 for n in scored)
        weights = [math.exp((n.score or 0.0) - top) for n in scored]
        children: list[Node] = []
        while len(children) < wanted:
            one, two = rng.choices(scored, weights, k=2)
            text = str(one.state["template"])
            if step % 2 == 0:
                text = self._momentum(text, rng)
            elif rng.random() < self.crossover:
                text = crossed(text, str(two.state["template"]), rng)
            if rng.random() < self.mutation:
                text = self._mutated(text, rng, meter)
            children.append(Node(self._filled(text), one.id))
        return children

    def _learn(self, scored: Sequence[Node]) -> None:
        """Move each word's score towards the mean score of the prompts that hold it."""
        words: dict[str, float] = self.memory.setdefault("words", {})
        held: dict[str, list[float]] = {}
        for node in scored:
            for word in {w.lower() for w in _WORD.findall(str(node.state["template"]))} & set(_GROUP):
                held.setdefault(word, []).append(node.score or 0.0)
        for word in sorted(held):
            mean = sum(held[word]) / len(held[word])
            words[word] = mean if word not in words else _MOMENTUM * words[word] + (1 - _MOMENTUM) * mean

    def _momentum(self, text: str, rng: random.Random) -> str:
        """Replace words by others of their group, the better known ones more often."""
        words: dict[str, float] = self.memory["words"]

        def other(match: re.Match[str]) -> str:
            group = _GROUP.get(match[0].lower())
            if group is None or rng.random() < 0.5:
                return match[0]
            known = [words[w] for w in group if w in words]
            usual = sum(known) / len(known) if known else 0.0
            weights = [math.exp(min(50.0, words.get(w, usual) - usual)) for w in group]
            return _cased(rng.choices(group, weights)[0], match[0])

        return _outside(text, other)

    def _mutated(self, text: str, rng: random.Random, meter: Meter) -> str:
        if self.attacker is None:
            return swapped(text, rng, 0.3)
        chat = [
            {"role": "system", "content": MUTATE.format(operation=MUTATIONS["rephrase"])},
            {"role": "user", "content": fence("template", text, tag_of(text))},
        ]
        ((value, _),) = self.propose([chat], lambda t: json_object(t, "template"), rng, meter)
        usable = value is not None and value["template"].count(REQUEST) == 1
        self.memory["unread_mutations"] = self.memory.get("unread_mutations", 0) + int(not usable)
        return value["template"] if value is not None and usable else text

    def _filled(self, template: str) -> dict[str, Any]:
        return {"template": template, "prompt": template.replace(REQUEST, self.record.prompt)}

    def score(self, nodes: Sequence[Node], meter: Meter) -> Sequence[Node]:
        """See ``Problem.score``: one forward pass per prompt."""
        count = meter.book(len(nodes), queries=1)
        out = list(nodes)
        rendered: list[tuple[int, Any]] = []
        for i, node in enumerate(nodes):
            if i >= count:
                out[i] = node.failed("unaffordable", "the budget is spent")
                continue
            asked = Transcript.of(str(node.state["prompt"])).with_assistant(Segment("answer", self.answer))
            tokens = self.target.render(asked)
            if len(tokens) > self.target.context:
                out[i] = node.failed("error", "the prompt does not fit the target's context")
            else:
                rendered.append((i, tokens))
        # Without an attacker the patch is on for the whole search; putting it on costs more than a pass.
        with patched(self.target) if self.attacker is not None else contextlib.nullcontext():
            found = self.target.log_probs([t for _, t in rendered]) if rendered else []
        for (i, tokens), values in zip(rendered, found, strict=True):
            at = [p - 1 for p in tokens.positions("answer")]
            mean = float(values[at].mean())
            out[i] = nodes[i].scored(mean, loss=-mean)
        return out

    def keep(self, frontier: Sequence[Node], fresh: Sequence[Node], rng: random.Random) -> Sequence[Node]:
        """See ``Problem.keep``: the elites of old, and all that is new."""
        return [*best_of(frontier, self.elites), *best_of(fresh, len(fresh))] or list(frontier)

    def solved(self, node: Node) -> bool:
        """A likelihood says nothing about success, so the search uses its steps."""
        return False


def swapped(text: str, rng: random.Random, share: float) -> str:
    """Return the template with about ``share`` of the words that have a group replaced by one of it."""

    def other(match: re.Match[str]) -> str:
        group = _GROUP.get(match[0].lower())
        return match[0] if group is None or rng.random() >= share else _cased(rng.choice(group), match[0])

    return _outside(text, other)


def crossed(one: str, two: str, rng: random.Random) -> str:
    """Return the first template with some of its sentences replaced by those at the same place in the second.

    Sentences that hold the request are never replaced and never taken.
    """
    mine, theirs = _SENTENCE.split(one), _SENTENCE.split(two)
    pairs = [
        (a, theirs[i]) if i < len(theirs) and REQUEST not in a + theirs[i] else (a, a)
        for i, a in enumerate(mine)
    ]
    return " ".join(b if rng.random() < 0.5 else a for a, b in pairs)


def _outside(text: str, change: Any) -> str:
    """Apply ``change`` to every word but the placeholder's."""
    return REQUEST.join(_WORD.sub(change, part) for part in text.split(REQUEST))


def _cased(word: str, like: str) -> str:
    return word.capitalize() if like[:1].isupper() else word


@dataclass(frozen=True)
class AutoDAN(SearchAttack):
    """Hierarchical genetic search.

    Attributes:
        attacker: Model that rewords templates as mutation; empty swaps words instead.
        population: Prompts per generation.
        generations: Generations after the first.
        elites: How many of the best stay as they are.
        crossover: Chance that two parents are crossed over.
        mutation: Chance that a child is mutated.
        target_tokens: Tokens of the record's opening whose likelihood is raised.
    """

    attacker: str = ""
    population: int = 16
    generations: int = 10
    elites: int = 2
    crossover: float = 0.5
    mutation: float = 0.1
    target_tokens: int = 16
    name: ClassVar[str] = "autodan"
    needs: ClassVar[tuple[str, ...]] = ("logprobs",)

    def __post_init__(self) -> None:
        for key in ("population", "generations", "elites", "target_tokens"):
            if getattr(self, key) < 1:
                raise SophroError(f"attack {self.name}: {key} is {getattr(self, key)}; at least 1 is needed")
        if self.elites >= self.population:
            raise SophroError(f"attack {self.name}: elites must be fewer than the population")
        if not (0 <= self.crossover <= 1 and 0 <= self.mutation <= 1):
            raise SophroError(f"attack {self.name}: crossover and mutation are chances between 0 and 1")

    @property
    def budget(self) -> Budget:
        """See ``SearchAttack.budget``: one forward pass per new prompt, and the attempt."""
        fresh = self.population - self.elites
        asked = 2 * fresh * self.generations if self.attacker else 0
        return Budget(queries=1 + self.population + self.generations * fresh, attacker=asked)

    @property
    def max_steps(self) -> int:
        """See ``SearchAttack.max_steps``."""
        return self.generations

    def session(self, target: Any) -> AbstractContextManager[Any]:
        """See ``SearchAttack.session``: an attacker may be the same network without the patch."""
        return contextlib.nullcontext() if self.attacker else patched(target)

    def problem(self, record: Record, target: Any) -> Problem:
        """See ``SearchAttack.problem``."""
        from sophro.attack._roles import Role

        return AutoDanProblem(
            record,
            target,
            Role(self.attacker, "attacker", DialogAttack.temperature, 400) if self.attacker else None,
            population=self.population,
            elites=self.elites,
            crossover=self.crossover,
            mutation=self.mutation,
            answer=target_text(record, target.tokenizer, self.target_tokens),
        )

    def transcript(self, problem: Problem, node: Node) -> Transcript:
        """See ``SearchAttack.transcript``."""
        return Transcript.of(str(node.state["prompt"]))
