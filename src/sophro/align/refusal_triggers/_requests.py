"""From a trigger to benign requests: the bare trigger, and the trigger made specific.

Paper: arXiv 2603.11388 turns triggers into benign supervision; how they are completed is ours.

Contract: deterministic. What is added names an everyday purpose or task and nothing that could be misused.
"""

from __future__ import annotations

import hashlib
import re

from sophro.align.refusal_triggers._extract import Trigger
from sophro.align.refusal_triggers._words import is_chinese

_PURPOSES = (
    "for my sister's birthday party", "for a school science fair", "for our family holiday", "for a small bakery",
    "for the neighbourhood library", "for my garden", "for a weekend trip", "for our book club", "for a charity run",
    "for my first day at work", "for a class of ten-year-olds", "for my grandparents' anniversary",
    "for a cooking course",
    "for the local football team", "for a museum visit", "for our new flat", "for my dog", "for a choir concert",
    "for a rainy afternoon", "for my resume", "for a picnic with friends", "for the parents' evening",
    "for a language course", "for my bicycle tour",
)  # fmt: skip
_TASKS = (
    "plan a picnic for ten people", "write a thank-you note to a teacher", "learn the names of the planets",
    "choose a book for a long train ride", "bake bread without a machine", "prepare for a job interview",
    "sort my old photos", "grow tomatoes on a balcony", "explain fractions to a child", "find a name for my cat",
    "write a short poem about autumn", "set a small budget for the month", "get rid of a coffee stain",
    "learn ten words of Italian", "plan a week of vegetarian dinners", "tidy up my inbox", "fix a squeaky door",
    "start running twice a week", "write an invitation to a dinner", "understand how rain forms",
    "pack for a week at the sea", "tune a guitar", "make a paper crane", "thank my neighbours for their help",
    "make a lantern out of paper", "mix a bowl of pancake batter", "build a bird house", "get to the museum early",
    "keep a houseplant alive", "find a quiet place to read", "start a vegetable bed", "make my handwriting clearer",
    "write a song for a birthday", "buy a used bicycle", "teach my dog to sit", "turn old jars into lamps",
    "draw a horse", "set the table for guests", "cook rice without burning it", "get two cats to like each other",
    "take a sharp picture of the moon", "clean a wool coat", "hang a heavy picture", "remember new names",
    "talk to my teenager about chores", "win at draughts", "sleep better in summer", "make a room look larger",
)  # fmt: skip
_ZH_PURPOSES = (
    "用于妹妹的生日聚会",
    "用于学校的科学展览",
    "用于周末的家庭旅行",
    "用于小区的读书会",
    "用于我的阳台花园",
    "用于公司的团建",
)
_ZH_TASKS = ("写一张感谢卡", "安排一次野餐", "学做番茄炒蛋", "给猫起个名字", "准备一次面试", "整理旧照片")


def requests(trigger: Trigger, opener: str, count: int, salt: str) -> list[str]:
    """Return the bare trigger (for tasks) and ``count`` specific requests.

    Args:
        trigger: The trigger.
        opener: The words of the opener as they stand in the request (for opener triggers).
        count: Specific requests to make.
        salt: Makes the choice differ between records.
    """
    chinese = is_chinese(trigger.text)
    out = [trigger.text] if trigger.kind == "task" else []
    for number in range(count):
        if trigger.kind == "opener":
            task = _pick(_ZH_TASKS if chinese else _TASKS, f"{salt}{number}")
            out.append(_join(opener, task, chinese))
        else:
            purpose = _pick(_ZH_PURPOSES if chinese else _PURPOSES, f"{salt}{number}")
            out.append(_insert(trigger.text, purpose, chinese))
    return list(dict.fromkeys(out))


def _pick(options: tuple[str, ...], salt: str) -> str:
    return options[int(hashlib.sha256(salt.encode("utf-8")).hexdigest()[:12], 16) % len(options)]


def _join(opener: str, task: str, chinese: bool) -> str:
    words = opener.strip(" ,，")
    if chinese:
        return f"{words}{task}。"
    first = words.split()[0].lower() if words else ""
    mark = (
        "?"
        if first in {"how", "can", "could", "would", "will", "what", "what's", "which", "is", "may", "where"}
        else "."
    )
    low = words.lower()
    if low.endswith(("give me", "give us", "i want", "i need", "looking for", "want", "need")):
        # Behind these a thing is named, not an action.
        task = f"tips on how to {task}"
    elif re.match(r"what\s+(?:do|can|should)\s+i$", low):
        task = f"{'need' if low.split()[1] == 'do' else 'do'} to {task}"
    elif re.search(r"\b(?:tell|show|teach)\s+(?:me|us)$", low):
        task = f"how to {task}"
    elif low.endswith(("way", "trick", "steps", "how", "like", "help me", "best")):
        task = f"to {task}"
    return f"{words[:1].upper()}{words[1:]} {task}{mark}"


def _insert(text: str, purpose: str, chinese: bool) -> str:
    if chinese:
        return f"{text.rstrip('。？?！')}，{purpose}。"
    mark = text[-1] if text[-1] in ".?!" else "."
    return f"{text.rstrip('.?! ')} {purpose}{mark}"
