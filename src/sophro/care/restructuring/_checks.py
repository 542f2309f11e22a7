"""Whether a dialogue kept to the process: read from what was said, not from what the controller believes.

Contract: pure, on the JSON form that the generator writes, so that a dialogue of any origin can be checked. Each check
is yes or no; ``fidelity`` is the share of them that hold. A dialogue that left the court (crisis, support, refusal)
need not have tried its channels in full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, cast

from sophro.care._sentences import sentences
from sophro.care.distortions import DISTORTIONS
from sophro.care.restructuring._helper import brief
from sophro.care.restructuring._reader import MOST_CHANNELS, said
from sophro.care.restructuring._strategies import STAGES, Sentence, faults
from sophro.care.restructuring._worse import as_harsh

_ORDER = [step for steps in STAGES.values() for step in steps]


def checks(dialogue: Mapping[str, Any]) -> dict[str, bool]:
    """Return the checks of one dialogue by name.

    Args:
        dialogue: ``turns`` with ``speaker``, ``text`` and for the helper ``step``, ``channel`` and ``sentences``;
            ``channels`` with ``thought``, ``verdict`` and ``new``; ``end``.
    """
    turns = cast("Sequence[Mapping[str, Any]]", dialogue["turns"])
    helper = [t for t in turns if t["speaker"] == "helper" and t.get("step")]
    person = [str(t["text"]) for t in turns if t["speaker"] == "person"]
    channels = cast("Sequence[Mapping[str, Any]]", dialogue.get("channels", []))
    steps = [str(t["step"]) for t in helper]
    identify = [s for s in steps if s in STAGES["identify"]]
    numbers = [_ORDER.index(s) if s in _ORDER else -1 for s in identify]
    court = {
        i: [str(t["step"]) for t in helper if t.get("channel") == i and t["step"] in STAGES["restructure"]]
        for i in range(len(channels))
    }
    first_court = next((i for i, s in enumerate(steps) if s in STAGES["restructure"]), len(steps))
    told = [f for t in helper for f in _faults(t, person)]
    labels = [n for d in DISTORTIONS.values() for n in (d.en, d.zh)]
    early = [
        t
        for t in helper
        if t["step"] in ("automatic", "intermediate") and any(n in _bare(t, person) for n in labels)
    ]
    closed = dialogue.get("end") == "closed"
    return {
        "levels in order": bool(identify)
        and identify[0] == "automatic"
        and all(0 <= a <= b for a, b in pairwise(numbers)),
        "no level skipped": not closed or {"automatic", "intermediate"} <= set(identify),
        "identified before tried": all(s not in STAGES["identify"] for s in steps[first_court:]),
        "at most three channels": len(channels) <= MOST_CHANNELS and (bool(channels) or not closed),
        "each tried in full": all(_tried(c) for c in court.values()) if closed else True,
        "one allowed strategy a sentence": bool(helper) and not told,
        "no label too early": not early,
        "verdicts in the person's words": all(
            any(said(str(c["new"]), p) for p in person) and not as_harsh(str(c["new"]), str(c["thought"]))
            for c in channels
            if c.get("verdict") == "done"
        ),
        "ended": bool(steps) and (not closed or steps[-1] == "close") and dialogue.get("end") is not None,
    }


def fidelity(dialogue: Mapping[str, Any]) -> float:
    """Return the share of checks that hold."""
    found = checks(dialogue)
    return sum(found.values()) / len(found)


def _tried(steps: Sequence[str]) -> bool:
    """Defense first, then prosecution before every verdict, and a verdict at the end."""
    plain = [s for i, s in enumerate(steps) if not i or steps[i - 1] != s]  # repeated questions count once
    return (
        plain[:1] == ["defense"]
        and len(plain) >= 3
        and plain[-1] == "verdict"
        and all(s == ("prosecution", "verdict")[i % 2] for i, s in enumerate(plain[1:]))
    )


def _faults(turn: Mapping[str, Any], person: Sequence[str]) -> list[str]:
    rows = cast("Sequence[Mapping[str, str]]", turn.get("sentences", []))
    made = [Sentence(s.get("strategy", ""), s["text"]) for s in rows]
    step = str(turn["step"])
    if step not in _ORDER:
        return [f"{step!r} is no step"]
    return faults(made, step, (), _quoted(person))


def _quoted(person: Sequence[str]) -> list[str]:
    """Return what the helper may repeat: whole answers, their beginnings, and their sentences."""
    return [
        *person,
        *map(brief, person),
        *(s for p in person for s in (*sentences(p), *map(brief, sentences(p)))),
    ]


def _bare(turn: Mapping[str, Any], person: Sequence[str]) -> str:
    text = str(turn["text"])
    for words in sorted(_quoted(person), key=len, reverse=True):
        text = text.replace(words, "")
    return text
