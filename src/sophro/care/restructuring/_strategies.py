"""The eight supportive strategies of CRDial, and which of them a sentence may carry at which step.

Paper: CRDial (arXiv 2504.17238): five groups, eight strategies, one for each sentence. Which step allows which is
inferred from the aims of the steps. Self-disclosure by a program can only be a general remark ("many people ..."),
never a life of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sophro.care.crisis import Level, forbidden

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


# What can be wrong with a turn, as a model is told it in the language of the talk.
_FAULTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "none": "it has no sentence",
        "many": "it has more than {most} sentences",
        "empty": "sentence {n} is empty",
        "unknown": "sentence {n}: {name!r} is no strategy",
        "place": "sentence {n}: {name} has no place in {step}",
        "two": "sentence {n} holds more than one sentence",
        "asks": "sentence {n}: only questions ask",
        "argues": "sentence {n} argues or talks away",
        "life": "sentence {n} invents a life of its own",
        "diagnoses": "sentence {n} diagnoses",
        "label": "sentence {n} names a label too early",
        "banned": "sentence {n} may not be said: {name}",
    },
    "zh": {
        "none": "一句话也没有",
        "many": "超过了{most}句",
        "empty": "第{n}句是空的",
        "unknown": "第{n}句的{name!r}不是可用的策略",
        "place": "第{n}句的{name}不能用在这一步",
        "two": "第{n}句里不止一句话",
        "asks": "第{n}句：question要提问，别的策略不能提问",
        "argues": "第{n}句在争辩，或者把难处轻轻带过",
        "life": "第{n}句编造了自己的经历",
        "diagnoses": "第{n}句在下诊断",
        "label": "第{n}句过早地说出了思维习惯的名字",
        "banned": "第{n}句的话不能说（{name}）",
    },
}


class Sentence(NamedTuple):
    """One sentence of the helper with the strategy that it carries."""

    strategy: str
    text: str


def faults(
    said: Sequence[Sentence],
    step: str,
    labels: Sequence[str] = (),
    quoted: Sequence[str] = (),
    lang: str = "en",
) -> list[str]:
    """Return what is wrong with a turn of the helper; empty if it may be said.

    Args:
        said: The sentences.
        step: Step of the controller.
        labels: Names of distortions, which may not be said before the core step.
        quoted: The person's own words, which the helper may repeat whatever they are.
        lang: Language in which the faults are named.
    """
    found: list[str] = []

    def note(fault: str, **facts: object) -> None:
        found.append(_FAULTS[lang][fault].format(**facts))

    if not said:
        note("none")
    if len(said) > MOST_SENTENCES:
        note("many", most=MOST_SENTENCES)
    for number, sentence in enumerate(said, start=1):
        text = sentence.text.strip()
        bare = text
        for words in sorted(quoted, key=len, reverse=True):
            bare = bare.replace(words, "")
        if not text:
            note("empty", n=number)
            continue
        if sentence.strategy not in STRATEGIES:
            note("unknown", n=number, name=sentence.strategy[:30])
        elif sentence.strategy not in ALLOWED[step]:
            note("place", n=number, name=sentence.strategy, step=step)
        if len(_END.findall(bare)) > 1:
            note("two", n=number)
        if (sentence.strategy == "question") != bool(re.search("[?？]", bare)):
            note("asks", n=number)
        if _ARGUES.search(bare):
            note("argues", n=number)
        if _LIFE.search(bare):
            note("life", n=number)
        if _DIAGNOSES.search(bare):
            note("diagnoses", n=number)
        if step in ("automatic", "intermediate") and any(x.lower() in bare.lower() for x in labels):
            note("label", n=number)
        for name in forbidden(bare, Level.CONCERN):
            note("banned", n=number, name=name)
    return found
