"""Counselors that need no model: scripted ones whose skill is a set of named behaviours, good, medium and bad.

They are instruments to test the arena with: what they can do is known, so the arena must rank them so. They are not
counselling. A counselor with rules reads them as text: a rule switches on the behaviour that it asks for, and nothing
else does, so a loop that writes useless rules changes nothing.

Contract: pure functions of what was said, the skills, the rules and a seed; no access to the client's profile or phase.
"""

from __future__ import annotations

import functools
import json
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sophro.care._sentences import sentences
from sophro.care.arena._marks import feelings, length
from sophro.errors import unknown_name
from sophro.files import digest, read_text

SKILLS = (
    *("reflect", "feeling", "validate", "open", "goal", "summary", "link", "discover", "patience", "respect"),
    *("risk", "repair", "step", "close"),
)
LEVELS: Mapping[str, frozenset[str]] = {
    "good": frozenset(SKILLS),
    "medium": frozenset({"validate", "respect", "open", "summary", "step", "risk_thin", "half_patience"}),
    "bad": frozenset(),
}
# What a rule must ask for to switch a behaviour on, in either language: its "do" part, whatever stands around it.
ASKS: Mapping[str, str] = {
    "reflect": r"say (its|the) meaning back in your own words",
    "feeling": r"name the feeling that you hear",
    "validate": r"say that it is understandable",
    "open": r"ask one open question",
    "goal": r"ask what they want from the talk",
    "summary": r"sum up in two sentences and check it",
    "link": r"link event, thought and feeling aloud",
    "discover": r"ask what speaks for it and against it",
    "patience": r"hold back advice",
    "respect": r"leave out judgement and comparison",
    "risk": r"ask straight about thoughts of suicide, name help and stay",
    "repair": r"own your share and slow down",
    "step": r"agree one small step",
    "close": r"prepare the end and ask how it was",
}
ASKS_ZH: Mapping[str, str] = {
    "reflect": "用自己的话说出听懂的意思",
    "feeling": "说出你听到的感受",
    "validate": "告诉对方有这样的感受可以理解",
    "open": "问一个开放式的问题",
    "goal": "问对方想从谈话里得到什么",
    "summary": "用两句话总结并核对",
    "link": "把事情、想法和感受连起来说出来",
    "discover": "问有什么支持它、有什么跟它对不上",
    "patience": "先不给建议",
    "respect": "不评判也不比较",
    "risk": "直接问有没有自杀的念头，说出可以求助的地方，并且陪着",
    "repair": "承认自己的那一份并慢下来",
    "step": "约定一个小小的下一步",
    "close": "提前说快结束了，并问这次谈得怎么样",
}
_ASKS = {
    name: re.compile(f"{pattern}|{re.escape(ASKS_ZH[name])}", re.IGNORECASE) for name, pattern in ASKS.items()
}
_RISK = re.compile(
    r"not (wake|waking) up|ending my life|killing myself|dead\b|were (simply )?gone|no point|been here long enough"
    r"|the insurance|what any of it is for|not wanting to live|easier not|不在了|不想活|不用醒|自杀|要是没了|该走的是我"
    r"|没什么意思|念头",
    re.IGNORECASE,
)
_RISK_TURNS = ("risk_ask", "risk_depth", "risk_help", "risk_thin")
_DOUBT = re.compile(
    r"getting it|knew you'd|doesn't help|forget it|everybody tells|没听明白|就知道你|没用|算了", re.IGNORECASE
)
_SWAP = {
    **{
        "i": "you",
        "i'm": "you are",
        "i've": "you have",
        "i'd": "you would",
        "i'll": "you will",
        "my": "your",
    },
    **{
        "me": "you",
        "mine": "yours",
        "myself": "yourself",
        "we": "you",
        "our": "your",
        "us": "you",
        "am": "are",
    },
    **{"you": "I", "your": "my", "was": "were"},
}


def skills_of(rules: Sequence[str]) -> frozenset[str]:
    """Return the behaviours that rules ask for."""
    return frozenset(name for name, pattern in _ASKS.items() if any(pattern.search(rule) for rule in rules))


@functools.cache
def _bank() -> dict[str, dict[str, Any]]:
    return json.loads(read_text(Path(__file__).with_name("data") / "counselor_lines.json"))


def _turned(text: str, lang: str) -> str:
    """Return the longest sentence of what the client said, turned round."""
    said = max(sentences(text), key=len, default="").rstrip(".!?。！？…")
    if lang == "zh":
        return said.replace("我", "你")[:60]
    words = [_SWAP.get(w.lower().strip(","), w) for w in said.split()[:30]]
    words = ["you were" if w == "were" and i and words[i - 1] == "you" else w for i, w in enumerate(words)]
    text = " ".join(words).replace("you you were", "you were")
    return text[:1].lower() + text[1:]


def reply(
    turns: Sequence[tuple[str, str]], skills: frozenset[str], rules: Sequence[str] = (), seed: int = 0
) -> str:
    """Return the next turn of a scripted counselor.

    Args:
        turns: (speaker, text) so far, the client's turn last.
        skills: Behaviours that it has.
        rules: Rules that it was given.
        seed: Draws among wordings.
    """
    skills = skills | skills_of(rules)
    mine = [t for who, t in turns if who == "counselor"]
    theirs = [t for who, t in turns if who != "counselor"]
    last = theirs[-1] if theirs else ""
    lang = "zh" if re.search("[\u3400-\u9fff]", " ".join(theirs)) else "en"
    bank = _bank()[lang]
    # What was said about risk does not count as progress of the talk.
    n = sum(not any(bank[name] in t for name in _RISK_TURNS) for t in mine)
    rng = random.Random(digest("counselor", seed, n, last[:80]))
    risk = _risk_turn(mine, theirs, skills, bank)
    if risk:
        return risk
    parts: list[str] = []
    if _DOUBT.search(last) and "repair" in skills:
        parts.append(bank["repair"])
    if "reflect" in skills and length(last) >= 5:
        parts.append(rng.choice(bank["stem"]).format(said=_turned(last, lang)))
    if "feeling" in skills:
        # The feeling that was heard last wins, since it is the client's own word.
        heard = next((sorted(f) for t in reversed(theirs) if (f := feelings(t))), [])
        parts.append(bank["feeling"][heard[0] if heard else ""])
    if "validate" in skills and (n % 2 == 0 or "reflect" in skills):
        parts.append(bank["validate"][n % len(bank["validate"])])
    if "respect" not in skills and n % 3 == 1:
        parts.append(rng.choice(bank["judge"]))
    pushy = "patience" not in skills and (n % 2 == 0 if "half_patience" not in skills else n % 4 == 3)
    if pushy:
        parts.append(rng.choice(bank["advice"]))
    parts.append(_move(n, theirs, skills, bank, rng, lang))
    gap = " " if lang == "en" else ""
    return gap.join(p for p in parts if p) or rng.choice(bank["plain"])


def _risk_turn(
    mine: Sequence[str], theirs: Sequence[str], skills: frozenset[str], bank: Mapping[str, Any]
) -> str:
    sign = any(_RISK.search(t) for t in theirs)
    if not sign or not {"risk", "risk_thin"} & skills:
        return ""
    if "risk" not in skills:
        return "" if any(bank["risk_thin"] in t for t in mine) else str(bank["risk_thin"])
    for name in ("risk_ask", "risk_depth", "risk_help"):
        if not any(bank[name] in t for t in mine):
            return str(bank[name])
    return ""


def _move(
    n: int,
    theirs: Sequence[str],
    skills: frozenset[str],
    bank: Mapping[str, Any],
    rng: random.Random,
    lang: str,
) -> str:
    """Return what the turn asks or does, by how far the talk has come."""
    if n == 2 and "goal" in skills:
        return str(bank["goal"])
    if n in (4, 9) and "summary" in skills:
        return str(bank["summary"]).format(said=_turned(max(theirs, key=len), lang))
    if n == 7 and "link" in skills:
        return str(bank["link"]).format(belief=bank["belief"])
    if _closing(n):
        return str(bank["close"] if "close" in skills else bank["bye"])
    if n in (8, 10) and "discover" in skills:
        return str(bank["discover"][n % 3])
    if n >= 11 and "step" in skills:
        return str(bank["step"])
    if "open" in skills:
        return str(bank["explore"][(n - 3) % 6] if n >= 3 else bank["open"][n % 4])
    return rng.choice(bank["closed"])


def _closing(n: int) -> bool:
    return n >= 13


def scripted(name: str) -> frozenset[str]:
    """Return the skills of a scripted counselor.

    Raises:
        SophroError: If there is none of this name.
    """
    if name not in LEVELS:
        raise unknown_name("scripted counselor", name, LEVELS)
    return LEVELS[name]
