"""How well a judge reads answers, in numbers: against what the scripts and the free answers mean.

Contract: per language and set of answers. ``scripts`` are the plain sentences of the scripted participants,
``participants`` one settled node of each of 240 scripted participants with its known state (four modules, 15 ways of
answering), ``free answers`` are sentences as people talk (our own), ``open`` are answers that must not be decided
(vague, confused, about somebody else, off topic, hostile, probing, foreign, empty). Kappa, sensitivity and specificity
are of met against not met among what the judge decided; what it left open or could not be used is counted beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sophro.care.dialogue import Agent
from sophro.care.interview import _phrases as phrases
from sophro.care.interview._expressions import Facts
from sophro.care.interview._participants import everyone, free_answers, node_answers
from sophro.care.interview._tree import LANGUAGES, SHIPPED, load_module
from sophro.care.interview._vet import judge_all
from sophro.stats import Agreement, Rate, agreement, rate

# Kind of value -> the node at which it is asked for.
NODE: Mapping[str, tuple[str, str]] = {
    "frequency": ("low_mood", "mood"),
    "yes_no": ("low_mood", "impairment"),
    "recency": ("suicide_risk", "prepared"),
}
_OPEN = (phrases.VAGUE, phrases.CONFUSED, phrases.OTHERS, phrases.OFF_TOPIC, phrases.HOSTILE, phrases.PROBING)
SEEDS = 2  # of participants for each module, language and way of answering


@dataclass(frozen=True)
class Item:
    """An answer to one node, and what it means; None where it must stay open."""

    lang: str
    module: str
    node: str
    text: str
    value: int | None

    def met(self, value: int) -> str:
        """Return ``met`` or ``not met`` for a value of the node, by the node's own condition."""
        node = load_module(self.module).nodes[self.node]
        return "met" if node.met_if(Facts({}, {}, 0, value)) else "not met"


@dataclass(frozen=True)
class Measured:
    """What a judge made of one set of answers in one language.

    Attributes:
        lang: ``en`` or ``zh``.
        answers: ``scripts``, ``participants``, ``free answers`` or ``open``.
        n: How many.
        decided: On how many it named a value.
        unusable: How many judgments could not be used.
        met: Agreement on met and not met among the decided; None for the open ones.
        exact: Share of the decided with exactly the value that is meant; None for the open ones.
        left_open: Share that it did not decide.
    """

    lang: str
    answers: str
    n: int
    decided: int
    unusable: int
    met: Agreement | None
    exact: Rate | None
    left_open: Rate

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "lang": self.lang,
            "answers": self.answers,
            "n": self.n,
            "decided": self.decided,
            "unusable": self.unusable,
            "met": None if self.met is None else self.met.to_dict(),
            "exact": None if self.exact is None else self.exact.to_dict(),
            "left_open": self.left_open.to_dict(),
        }


def sets(lang: str) -> dict[str, list[Item]]:
    """Return the answers of a language by set."""
    scripts = [
        Item(lang, *NODE[kind], text, value)
        for kind, table in phrases.PLAIN.items()
        for value, texts in table[lang].items()
        for text in texts
    ]
    free = [
        Item(lang, *NODE[kind], text, value) for said, kind, text, value in free_answers() if said == lang
    ]
    unsettled = [t for table in _OPEN for t in table[lang]]
    unsettled += [*phrases.FOREIGN, *phrases.EMPTY]
    return {
        "scripts": scripts,
        "participants": [item for item in participants() if item.lang == lang],
        "free answers": free,
        "open": [Item(lang, *NODE["frequency"], t, None) for t in unsettled],
    }


def participants(seed: int = 0) -> list[Item]:
    """Return one settled node of each scripted participant of both languages, in a drawn order."""
    return [Item(*answer) for answer in node_answers(everyone(SHIPPED, SEEDS), seed)]


async def measure(judge: Agent, every: int = 1) -> list[Measured]:
    """Return what a judge makes of all sets.

    Args:
        judge: The judge.
        every: Take every so many answers of each set.
    """
    found: list[Measured] = []
    for lang in LANGUAGES:
        for name, items in sets(lang).items():
            found.append(await measure_one(judge, lang, name, items[::every]))
    return found


async def measure_one(judge: Agent, lang: str, name: str, items: Sequence[Item]) -> Measured:
    """Return what a judge makes of one set of answers.

    Args:
        judge: The judge.
        lang: How the result calls the language.
        name: How the result calls the set.
        items: The answers; all with a meaning, or all without.
    """
    said = await judge_all(judge, [(i.lang, i.module, i.node, i.text) for i in items])
    met = exact = None
    meant = [i.value for i in items if i.value is not None]
    if meant:
        read = [None if j.value is None else i.met(j.value) for j, i in zip(said, items, strict=True)]
        met = agreement([i.met(value) for i, value in zip(items, meant, strict=True)], read, "met")
        exact = rate(
            [None if j.value is None else j.value == i.value for j, i in zip(said, items, strict=True)]
        )
    return Measured(
        lang,
        name,
        len(items),
        sum(j.verdict == "decided" for j in said),
        sum(j.verdict == "unscored" for j in said),
        met,
        exact,
        rate([j.verdict != "decided" for j in said]),
    )


def met_of(kind: str, value: int | None) -> str:
    """Return ``met`` or ``not met`` for a value of a kind."""
    assert value is not None
    return "met" if value >= (2 if kind == "frequency" else 1) else "not met"
