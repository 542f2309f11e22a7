"""Makes training data: dialogues of controller, helper and simulated person, filtered, as records.

Paper: CRDial (arXiv 2504.17238) lets one large model play both sides and keeps what passes basic, safety and expert
filters. Deviations: people are own-worded situations with a manner; the expert filter is the process check, and what a
model thinks of it is left to the arena; ATOMIC is replaced by what each situation says of reaction and need.

Contract: a record is one turn of the helper: ``prompt`` the talk so far, ``answer`` the turn, with strategies as tokens
(``<strategy:question>``) or hidden; ``behaviour`` is the situation, so that a split never tears a situation apart.
Every dialogue that is left out is counted with its reason. With a folder for logs every dialogue has one, so a killed
run asks no model twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sophro.care.dialogue import Agent, Dialogue, run
from sophro.care.restructuring._case import IDEATION
from sophro.care.restructuring._checks import checks
from sophro.care.restructuring._controller import Restructuring
from sophro.care.restructuring._persona import MANNERS, Situation, persona, situations
from sophro.care.restructuring._strategies import STRATEGIES
from sophro.data._records import is_cjk
from sophro.errors import SophroError

TRAINING = ("plain", "doubtful", "short", "tricky")


@dataclass(frozen=True)
class Generated:
    """What was made.

    Attributes:
        dialogues: Dialogues that passed, in CRDial's shape.
        dropped: How many were left out, by reason.
    """

    dialogues: tuple[dict[str, Any], ...]
    dropped: Mapping[str, int]


def token(strategy: str) -> str:
    """Return the token that precedes a sentence."""
    return f"<strategy:{strategy}>"


def special_tokens() -> dict[str, list[str]]:
    """Return the tokens of the records as ``tokenizer.add_special_tokens`` of transformers takes them."""
    return {"additional_special_tokens": [token(name) for name in STRATEGIES]}


def as_dialogue(done: Dialogue, situation: Situation, name: str) -> dict[str, Any]:
    """Return a finished dialogue in CRDial's shape."""
    outcome = dict(done.outcome or {})
    turns = [
        {
            "speaker": t.speaker,
            "text": t.text,
            "stage": t.meta.get("stage", t.phase),
            "step": t.meta.get("step", ""),
            "channel": t.meta.get("channel", -1),
            "sentences": list(t.meta.get("sentences", [])),
            "level": int(t.meta["crisis"]["level"]) if "crisis" in t.meta else 0,
        }
        for t in done.turns
    ]
    return {
        "id": name,
        "simulated": True,  # a script played the person
        "lang": situation.lang,
        "domain": situation.domain,
        "situation_id": situation.id,
        "situation": situation.situation,
        "end": outcome.get("end"),
        "why": outcome.get("why"),
        "cut": outcome.get("cut", 0),
        "channels": [
            {
                "distortion": c["distortion"],
                "thought": c["thought"],
                "verdict": "done" if c["done"] else "not_done",
                "new": c["new"],
            }
            for c in outcome.get("channels", [])
        ],
        "new_thoughts": [c["new"] for c in outcome.get("channels", []) if c["done"]],
        "turns": turns,
    }


def why_not(dialogue: Mapping[str, Any]) -> str | None:
    """Return why a dialogue is no training data, None if it is."""
    turns: Sequence[Mapping[str, Any]] = dialogue["turns"]
    if any(t["level"] >= IDEATION for t in turns):
        return "safety: the talk holds risk"
    if dialogue["end"] != "closed":
        return f"basic: it ended by {dialogue['end']}"
    if not dialogue["new_thoughts"]:
        return "basic: no thought changed"
    said = [t["text"] for t in turns if t["speaker"] == "person"]
    if len(said) < 6 or any(not s.strip() for s in said):
        return "basic: too short or empty"
    if len(set(said)) < 0.5 * len(said):
        return "basic: the person repeats itself"
    if any(is_cjk(t["text"]) != (dialogue["lang"] == "zh") for t in turns if len(t["text"]) > 6):
        return "basic: two languages"
    wrong = [name for name, holds in checks(dialogue).items() if not holds]
    return f"process: {wrong[0]}" if wrong else None


async def generate(
    number: int,
    *,
    lang: str | None = None,
    seed: int = 0,
    helper: Agent | None = None,
    reader: Agent | None = None,
    monitor: Callable[[str], Any] | None = None,
    manners: Sequence[str] = TRAINING,
    logs: Path | None = None,
    on_dialogue: Callable[[dict[str, Any] | None], None] | None = None,
) -> Generated:
    """Make dialogues until ``number`` passed the filters or all variants were tried.

    Args:
        number: How many are wanted.
        lang: ``en``, ``zh``, or both.
        seed: Seed of the people's wording.
        helper: Who words the helper's turns; fixed lines by default.
        reader: Who reads the answers.
        monitor: Makes the crisis monitor.
        manners: Ways of answering.
        logs: Folder for a log of each dialogue, from which a killed run goes on; None keeps nothing.
        on_dialogue: Called with every dialogue that passed, and with None for one that did not.

    Raises:
        SophroError: If nothing is wanted, a manner is unknown, or nothing passed.
    """
    if number < 1:
        raise SophroError(f"{number} dialogues are no data; ask for at least 1")
    unknown = sorted(set(manners) - set(MANNERS))
    if unknown or not manners:
        raise SophroError(f"manner {unknown[0] if unknown else ''!r} is unknown; known: {', '.join(MANNERS)}")
    made: list[dict[str, Any]] = []
    seen: set[str] = set()
    dropped: Counter[str] = Counter()
    for situation, manner, turn in _variants(lang, manners, number):
        if len(made) >= number:
            break
        name = f"cr-{situation.id}-{manner}-{turn}"
        person = persona(situation, manner, seed * 1000 + turn)
        controller = Restructuring(
            person, helper, reader, situation.lang, monitor=monitor, facts=situation.facts
        )
        log = None if logs is None else logs / f"{name}-{seed}.jsonl"
        dialogue = as_dialogue(await run(controller, log=log, seed=seed, name=name), situation, name)
        why = why_not(dialogue)
        words = "\n".join(t["text"] for t in dialogue["turns"])
        if why is None and words in seen:
            why = "basic: the same dialogue twice"
        seen.add(words)
        if why is None:
            made.append(dialogue)
        else:
            dropped[why] += 1
        if on_dialogue is not None:
            on_dialogue(dialogue if why is None else None)
    if not made:
        raise SophroError(f"no dialogue passed the filters ({dict(dropped)})")
    return Generated(tuple(made), dict(dropped))


def _variants(lang: str | None, manners: Sequence[str], number: int) -> Iterator[tuple[Situation, str, int]]:
    chosen = [s for s in situations() if lang is None or s.lang == lang]
    if not chosen:
        raise SophroError(f"no situation in language {lang!r}; known: en, zh")
    for turn in range(1 + 2 * number // max(1, len(chosen) * len(manners)) + 2):
        for manner in manners:
            for situation in chosen:
                yield situation, manner, turn


def records(dialogue: Mapping[str, Any], tokens: bool = True) -> list[dict[str, Any]]:
    """Return one record for each turn of the helper that answers a person.

    Args:
        dialogue: What ``as_dialogue`` gives.
        tokens: Put each sentence's strategy before it, in the history too.
    """
    history: list[str] = []
    rows: list[dict[str, Any]] = []
    for i, turn in enumerate(dialogue["turns"]):
        sentences: list[Mapping[str, str]] = turn["sentences"]
        text = turn["text"]
        if tokens and sentences:
            text = " ".join(f"{token(s['strategy'])} {s['text']}" for s in sentences)
        if turn["speaker"] == "helper" and sentences and history:
            rows.append(
                {
                    "id": f"{dialogue['id']}-{i}",
                    "prompt": "\n".join(history),
                    "answer": text,
                    "category": dialogue["domain"],
                    "harmful": False,
                    "lang": dialogue["lang"],
                    "behaviour": f"restructuring:{dialogue['situation_id']}",
                    "meta": {
                        "dialogue": dialogue["id"],
                        "simulated": True,
                        "turn": i,
                        "stage": turn["stage"],
                        "step": turn["step"],
                        "channel": turn["channel"],
                        "strategies": [s["strategy"] for s in sentences],
                        "channels": [c["distortion"] for c in dialogue["channels"]],
                    },
                }
            )
        history.append(f"{turn['speaker']}: {text}")
    return rows
