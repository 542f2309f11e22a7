"""Scripted participants with known node states.

Contract: deterministic by module, language, policy and seed. The gold state of a node is what the person means; a
policy decides how they come to say it. Only a script is told which node is asked; a model in this role sees the
dialogue alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sophro.care.dialogue import ScriptedAgent, View
from sophro.care.interview import _phrases as phrases
from sophro.care.interview._rules import LONGEST
from sophro.care.interview._tree import LANGUAGES, LARGEST, Node, load_module
from sophro.errors import SophroError, unknown_name

PARTICIPANT = "participant"
SAFETY = "safety"  # the question of the crisis layer
_WEIGHTS: Mapping[str, tuple[int, ...]] = {
    "frequency": (3, 2, 2, 3),
    "yes_no": (1, 1),
    "recency": (3, 1, 1, 1),
}


@dataclass(frozen=True)
class Gold:
    """What a participant means at one node: a value, or refused or unclear."""

    verdict: str
    value: int | None


@dataclass(frozen=True)
class Participant:
    """A scripted participant.

    Attributes:
        pid: Its name.
        module: Module it was made for.
        lang: Language of the interview.
        policy: How it answers.
        answers: Texts by ``module.node``, the first for the first question and so on; the last is repeated. Those to
            the crisis layer stand by ``.safety``; without them it says something about being safe.
        gold: What it means, by the same keys.
    """

    pid: str
    module: str
    lang: str
    policy: str
    answers: Mapping[str, tuple[str, ...]]
    gold: Mapping[str, Gold]

    def agent(self) -> ScriptedAgent:
        """Return the agent that plays it."""

        def speak(view: View) -> str:
            node = view.task.get("node")
            said = self.answers.get(f"{view.task.get('module')}.{node}")
            if said is None and node == SAFETY:
                said = phrases.SAFE[self.lang]
            if said is None:
                return phrases.STAYING[self.lang]
            return said[min(int(view.task["attempt"]), len(said) - 1)]

        return ScriptedAgent(PARTICIPANT, speak)

    def to_json(self) -> dict[str, Any]:
        """Return JSON values, in the format of the card."""
        return {
            "pid": self.pid,
            "module": self.module,
            "lang": self.lang,
            "policy": self.policy,
            "answers": {k: list(v) for k, v in self.answers.items()},
            "gold": {k: {"verdict": g.verdict, "value": g.value} for k, g in self.gold.items()},
        }


Say = Callable[[random.Random, str, str, str], tuple[str, ...]]


def _pick(rng: random.Random, texts: Any) -> str:
    return rng.choice(list(texts))


def _before(table: Mapping[str, tuple[str, ...]]) -> Say:
    return lambda rng, lang, plain, kind: (_pick(rng, table[lang]), plain)


# policy -> what is said at a node whose meaning is ``plain``
POLICIES: Mapping[str, Say] = {
    "clear": lambda rng, lang, plain, kind: (plain,),
    "vague": _before(phrases.VAGUE),
    "confused": _before(phrases.CONFUSED),
    "others": _before(phrases.OTHERS),
    "off_topic": _before(phrases.OFF_TOPIC),
    "hostile": _before(phrases.HOSTILE),
    "probing": _before(phrases.PROBING),
    "foreign": lambda rng, lang, plain, kind: (_pick(rng, phrases.FOREIGN), plain),
    "silent": lambda rng, lang, plain, kind: (_pick(rng, phrases.EMPTY), plain),
    "long": lambda rng, lang, plain, kind: (plain + "." * (2 * LONGEST),),  # more than the rules read
    "turned": lambda rng, lang, plain, kind: (phrases.TURNED[lang].format(answer=plain),),
    "switching": lambda rng, lang, plain, kind: (plain,),  # answers in the other language, see ``make``
    "refusing": lambda rng, lang, plain, kind: (plain,),  # leaves nodes out
    "undecided": lambda rng, lang, plain, kind: (plain,),  # never settles some nodes
    "past": lambda rng, lang, plain, kind: (plain,),  # says of a no that it was once so
}


def make(module: str, lang: str, policy: str, seed: int) -> Participant:
    """Return one participant.

    Raises:
        SophroError: If module, language or policy is unknown.
    """
    if policy not in POLICIES:
        raise unknown_name("policy of a scripted participant", policy, POLICIES)
    if lang not in LANGUAGES:
        raise SophroError(f"language {lang!r}: participants speak {' or '.join(LANGUAGES)}")
    rng = random.Random(f"{module}/{lang}/{policy}/{seed}")
    spoken = lang if policy != "switching" else {"en": "zh", "zh": "en"}[lang]
    main = load_module(module)
    answers: dict[str, tuple[str, ...]] = {}
    gold: dict[str, Gold] = {}
    for part in [main] + ([load_module(main.calls)] if main.calls else []):
        for node in part.nodes.values():
            key = f"{part.id}.{node.id}"
            gold[key], answers[key] = _node(rng, node, policy, spoken)
    return Participant(f"{module}-{lang}-{policy}-{seed}", module, lang, policy, answers, gold)


def _node(rng: random.Random, node: Node, policy: str, lang: str) -> tuple[Gold, tuple[str, ...]]:
    value = rng.choices(range(LARGEST[node.value] + 1), _WEIGHTS[node.value])[0]
    plain = _pick(rng, phrases.PLAIN[node.value][lang][value])
    unusual = rng.random() < 0.3
    if policy == "refusing" and unusual:
        return Gold("refused", None), (_pick(rng, phrases.REFUSED[lang]),)
    if policy == "undecided" and unusual:
        return Gold("unclear", None), (_pick(rng, phrases.VAGUE[lang]),)
    if policy == "past" and value == 0 and node.value != "recency":
        plain = _pick(rng, phrases.PAST[lang])
    return Gold("decided", value), POLICIES[policy](rng, lang, plain, node.value)


def everyone(modules: tuple[str, ...], seeds: int) -> Iterator[Participant]:
    """Yield participants of all modules, languages and policies."""
    for module in modules:
        for lang in LANGUAGES:
            for policy in POLICIES:
                for seed in range(seeds):
                    yield make(module, lang, policy, seed)


def node_answers(people: Iterable[Participant], seed: int = 0) -> list[tuple[str, str, str, str, int]]:
    """Return one answer of each participant with what it means: language, module, node, text, value.

    The node is drawn among those that the participant settles, and the text is the one that settles it. One a person,
    so that the answers are independent of each other; in an order drawn with the same seed.
    """
    found: list[tuple[str, str, str, str, int]] = []
    for person in people:
        rng = random.Random(f"{person.pid}/{seed}")
        settled = [(key, gold.value) for key, gold in person.gold.items() if gold.value is not None]
        if settled:
            key, value = rng.choice(settled)
            module, node = key.split(".")
            found.append((person.lang, module, node, person.answers[key][-1], value))
    random.Random(seed).shuffle(found)
    return found


def free_answers() -> list[tuple[str, str, str, int]]:
    """Return the free answers: language, kind of value, text, value; for judges."""
    return [
        (lang, kind, text, value)
        for kind, table in phrases.FREE.items()
        for lang, by_value in table.items()
        for value, texts in by_value.items()
        for text in texts
    ]
