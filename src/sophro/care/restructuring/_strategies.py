"""The eight supportive strategies of CRDial, and which of them a sentence may carry at which step.

Paper: CRDial (arXiv 2504.17238): five groups, eight strategies, one for each sentence. Which step allows which is
inferred from the aims of the steps. Self-disclosure by a program can only be a general remark ("many people ..."),
never a life of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

STRATEGIES: Mapping[str, str] = {
    "question": "description",
    "restatement": "description",
    "reflection": "expression",
    "self_disclosure": "expression",
    "suggestion": "assertion",
    "information": "assertion",
    "affirmation": "reinforcement",
    "negotiate": "negotiation",
}
"""Strategy to its group."""

STAGES: Mapping[str, tuple[str, ...]] = {
    "identify": ("automatic", "intermediate", "core"),
    "restructure": ("defense", "prosecution", "verdict"),
    "close": ("close",),
    "support": ("support",),
}
"""Stage to its steps, in order."""

_ASKING = frozenset({"question", "restatement", "reflection", "affirmation", "negotiate"})
ALLOWED: Mapping[str, frozenset[str]] = {
    "automatic": _ASKING | {"self_disclosure"},
    "intermediate": _ASKING,
    "core": _ASKING | {"information"},
    "defense": _ASKING | {"information"},
    "prosecution": _ASKING | {"information"},
    "verdict": _ASKING,
    "close": frozenset(
        {"affirmation", "restatement", "reflection", "suggestion", "information", "negotiate"}
    ),
    "support": frozenset(STRATEGIES) - {"restatement"},
}
MOST_SENTENCES = 5
_END = re.compile(r"[.!?。！？…]+[\"'”’）)]*")
_ARGUES = re.compile(
    r"\byou('re| are) (just )?(wrong|irrational|being (silly|dramatic))|\bthat('s| is) (nonsense|ridiculous|not true)\b"
    r"|\bjust (be|think) positive|\blook on the bright side|\beverything happens for a reason"
    r"|你错了|胡说|别胡思乱想|往好处想|想开点",
    re.IGNORECASE,
)
_LIFE = re.compile(
    r"\b(when|after|since) i (was|lost|had|grew|divorced|worked)"
    r"|\bi('ve| have) (been there|gone through|felt the same)"
    r"|\bmy (own )?(mother|father|wife|husband|child|depression|divorce)\b"
    r"|我(以前|当年|也)(经历|失去|离过|得过|有过)|我(的)?(妈妈|爸爸|老公|孩子)",
    re.IGNORECASE,
)
_DIAGNOSES = re.compile(
    r"\byou (have|suffer from) (a |an )?(\w+ )?(depression|disorder|ptsd|ocd|adhd)|你(得|患)了|你有(抑郁|焦虑)症",
    re.IGNORECASE,
)


class Sentence(NamedTuple):
    """One sentence of the helper with the strategy that it carries."""

    strategy: str
    text: str


def faults(
    said: Sequence[Sentence], step: str, labels: Sequence[str] = (), quoted: Sequence[str] = ()
) -> list[str]:
    """Return what is wrong with a turn of the helper; empty if it may be said.

    Args:
        said: The sentences.
        step: Step of the controller.
        labels: Names of distortions, which may not be said before the core step.
        quoted: The person's own words, which the helper may repeat whatever they are.
    """
    found: list[str] = []
    if not said:
        found.append("it has no sentence")
    if len(said) > MOST_SENTENCES:
        found.append(f"it has more than {MOST_SENTENCES} sentences")
    for number, sentence in enumerate(said, start=1):
        text = sentence.text.strip()
        bare = text
        for words in sorted(quoted, key=len, reverse=True):
            bare = bare.replace(words, "")
        where = f"sentence {number}"
        if not text:
            found.append(f"{where} is empty")
            continue
        if sentence.strategy not in STRATEGIES:
            found.append(f"{where}: {sentence.strategy[:30]!r} is no strategy")
        elif sentence.strategy not in ALLOWED[step]:
            found.append(f"{where}: {sentence.strategy} has no place in {step}")
        if len(_END.findall(bare)) > 1:
            found.append(f"{where} holds more than one sentence")
        if (sentence.strategy == "question") != bool(re.search("[?？]", bare)):
            found.append(f"{where}: only questions ask")
        if _ARGUES.search(bare):
            found.append(f"{where} argues or talks away")
        if _LIFE.search(bare):
            found.append(f"{where} invents a life of its own")
        if _DIAGNOSES.search(bare):
            found.append(f"{where} diagnoses")
        if step in ("automatic", "intermediate") and any(x.lower() in bare.lower() for x in labels):
            found.append(f"{where} names a label too early")
    return found
