"""Who words the helper's turns: fixed lines, or a model held to sentences with strategies.

Contract: the helper gets a step, the allowed strategies and the person's own words; it neither leads nor judges. What
it says is checked by the controller before anybody hears it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sophro.care.dialogue import Message, ModelAgent, View, chat
from sophro.care.distortions import DISTORTIONS
from sophro.care.restructuring._prompts import PROMPTS, helper_system
from sophro.care.restructuring._strategies import Sentence
from sophro.files import read_text

LINES: Mapping[str, dict[str, Any]] = json.loads(read_text(Path(__file__).with_name("data") / "lines.json"))
_LONGEST = 240


class Spoken(BaseModel):
    """One sentence."""

    strategy: str
    text: str


class HelperTurn(BaseModel):
    """What a helper model answers."""

    sentences: list[Spoken]


def label_names(ids: Sequence[str], lang: str) -> str:
    """Return the names of distortions for a sentence."""
    names = [getattr(DISTORTIONS[i], lang) for i in dict.fromkeys(ids) if i in DISTORTIONS]
    if not names:
        return "偏向一边的看法" if lang == "zh" else "a one-sided view"
    return ("、" if lang == "zh" else ", ").join(names)


def brief(text: str) -> str:
    """Return somebody's words as far as a helper repeats them: whole up to 240 characters, else the beginning."""
    text = text.strip()
    if len(text) <= _LONGEST:
        return text
    start = text[:_LONGEST]
    return (start.rpartition(" ")[0] or start).rstrip(" ,;:.!?，；：。！？") + " …"


def _fill(text: str, words: Mapping[str, str]) -> str | None:
    """Return a line with its words, None if one of them is not known yet."""
    needed = re.findall(r"\{(\w+)\}", text)
    if any(not words.get(n) for n in needed):
        return None
    filled = text
    for n in needed:
        filled = filled.replace("{" + n + "}", words[n].strip())
    # A sentence ends once: the person's own full stop is kept.
    if text.endswith("}") and not re.search(r"[.!?。！？…][\"'”’）)]*$", filled):
        filled += "。" if re.search("[\u3400-\u9fff]", text) else "."
    return filled


def fixed_turn(lang: str, name: str, number: int, words: Mapping[str, str], step: str = "") -> list[Sentence]:
    """Return a turn of fixed lines; which of several depends on the place in the dialogue alone.

    Args:
        lang: Language.
        name: Lines (a step, ``again``, ``stay``, ``cut``, ``close_none``, ``support_close``).
        number: Place in the dialogue.
        words: The person's words and the names of labels; ``question`` where it is not the step's.
        step: Step that a repeated question belongs to.
    """
    bank = LINES[lang]
    all_words = {"question": bank["questions"].get(step, ""), **words}
    variants = bank[name]
    chosen = variants[(number // 2) % len(variants)]
    filled = [(strategy, _fill(text, all_words)) for strategy, text in chosen]
    return [Sentence(strategy, text) for strategy, text in filled if text]


def model_helper(model: Any, max_tokens: int = 320) -> ModelAgent:
    """Return a helper on any model; it is told its task in the language of the talk."""

    def build(view: View) -> list[Message]:
        task = view.task
        lang = str(task["lang"])
        said = PROMPTS[lang]
        now = said.now.format(aim=said.aims[str(task["aim"])], words=_shown(task["words"], said.names))
        if task.get("facts"):
            now += said.facts + _shown(task["facts"], said.names)
        if task.get("problem"):
            now += said.problem.format(problem=task["problem"])
        return [*chat(view, helper_system(lang, list(task["allowed"]))), Message("user", now)]

    def again(view: View) -> str | None:
        return PROMPTS[str(view.task["lang"])].reread

    return ModelAgent("helper", model, build, schema=HelperTurn, max_tokens=max_tokens, again=again)


def _shown(words: Mapping[str, str], names: Mapping[str, str]) -> str:
    return json.dumps({names.get(k, k): v for k, v in words.items()}, ensure_ascii=False)
