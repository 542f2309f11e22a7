"""Reads what the person said: the thought, the rule behind it, evidence, and whether the thought has changed.

Contract: a reader only points at the person's words. Whatever it returns is checked by the controller against the
answer itself: a quote that does not occur there counts for nothing, so neither a rule nor a model can put words into a
mouth. The verdict needs both: the reader's "changed" and a new sentence that the person really said and that is not the
old one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from sophro.care._sentences import sentences
from sophro.care.crisis._hardship import abuse, loss
from sophro.care.crisis._unread import look
from sophro.care.dialogue import Message, ModelAgent, ScriptedAgent, Utterance, View
from sophro.care.distortions import detect
from sophro.care.restructuring._prompts import PROMPTS, reader_system
from sophro.files import read_text
from sophro.judge.llm import fence, tag_of

Ask = Literal["thought", "belief", "channels", "evidence", "verdict", "support"]
MOST_CHANNELS = 3
# Why a message is no answer. ``unread``: the reader's own answer could not be used; it is no fault of the person's.
Why = Literal["empty", "too_long", "other_language", "abusive", "tricks", "off_topic", "refused", "unread"]


def _patterns() -> dict[str, re.Pattern[str]]:
    # One line each: name, tab, pattern; English first, then Chinese.
    file = Path(__file__).with_name("data") / "patterns.tsv"
    rows = (line.split("\t", 1) for line in read_text(file).splitlines())
    return {name: re.compile(pattern, re.IGNORECASE) for name, pattern in rows}


_PATTERNS = _patterns()
LONGEST = 4_000  # characters that are read; the crisis layer reads all
_READABLE = re.compile(
    r"[\u3400-\u9fff].*?[\u3400-\u9fff]|(?<![^\W\d_])(?!([^\W\d_])\1+\b)[^\W\d_]{2,30}(?![^\W\d_])", re.DOTALL
)

_MARKUP = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>|<[^<>]*>", re.IGNORECASE | re.DOTALL)


def _weight(text: str) -> float:
    """Return the length in words; two Chinese characters count as one."""
    return len(re.findall("[\u3400-\u9fff]", text)) / 2 + len(re.findall(r"[A-Za-z']+", text))


def refuses(text: str) -> bool:
    """Whether the person does not want to."""
    return bool(_PATTERNS["refuses"].search(text))


def tricks(text: str) -> bool:
    """Whether the text tries to take over the program or asks for its inside."""
    return bool(_PATTERNS["tricks"].search(text))


def hostile(text: str) -> bool:
    """Whether the text abuses the program."""
    return bool(_PATTERNS["hostile"].search(text))


def foreign(text: str) -> bool:
    """Whether the text is in a language that nothing here reads."""
    return look(text).unread


def readable(text: str) -> bool:
    """Whether the text holds words at all: two Chinese characters, or two letters that are no endless row."""
    return bool(_READABLE.search(text))


def off_topic(text: str) -> bool:
    """Whether the text is markup without a word beside it, or an order for something else than this talk."""
    bare = _MARKUP.sub(" ", text)
    return not readable(bare) or bool(_PATTERNS["other_work"].search(bare))


def no_answer(text: str) -> Why | None:
    """Return why a message is no answer to any question, None if it may be one."""
    read = text[:LONGEST]
    if refuses(read):
        return "refused"
    if tricks(read):
        return "tricks"
    if hostile(read):
        return "abusive"
    if not readable(read):
        return "empty" if len(text) <= LONGEST else "too_long"
    if foreign(text):
        return "other_language"
    return "off_topic" if off_topic(read) else None


def real_harm(text: str) -> str | None:
    """Return ``abuse`` or ``loss`` where something is told that is no matter of thinking, else None."""
    return "abuse" if abuse(text) else "loss" if loss(text) else None


def said(quote: str, text: str) -> bool:
    """Whether a quote occurs in the text, apart from case and blanks."""
    plain = re.sub(r"\s+", " ", quote).strip().casefold()
    return bool(plain) and plain in re.sub(r"\s+", " ", text).casefold()


def read_by_rule(ask: str, text: str, old: str = "", heard: Sequence[str] = ()) -> dict[str, Any]:
    """Return what patterns see in an answer.

    Args:
        ask: What is wanted.
        text: The person's answer.
        old: The thought on trial, for verdicts.
        heard: Thought and rule so far, for channels.

    Returns:
        ``quote`` and, by question, ``changed`` (yes, no, unclear) or ``channels``.
    """
    parts = sentences(text)
    if ask == "channels":
        found = [f for said_ in heard for f in detect(said_)]
        unique = {f.distortion: f for f in reversed(found)}
        # In the order of what was said, each label once.
        ordered = [f for f in found if unique.get(f.distortion) is f]
        rows = [{"distortion": f.distortion, "quote": f.quote} for f in ordered[:MOST_CHANNELS]]
        return {"quote": "", "channels": rows}
    if ask == "verdict":
        if _PATTERNS["no"].search(text):
            return {"quote": "", "changed": "no"}
        new = [s for s in parts if _weight(s) >= 5 and not said(s, old) and not said(old, s)]
        if not new:
            return {"quote": "", "changed": "unclear"}
        return {"quote": max(new, key=len), "changed": "yes"}
    return {"quote": text.strip() if parts else ""}


class Channel(BaseModel):
    """A distortion and the words that it colours."""

    distortion: str
    quote: str


class Reading(BaseModel):
    """What a reader answers; what does not apply is empty."""

    quote: str = ""
    changed: Literal["yes", "no", "unclear"] = "unclear"
    channels: list[Channel] = []


def rule_reader() -> ScriptedAgent:
    """Return the reader that needs no model."""

    def read(view: View) -> Utterance:
        task = view.task
        found = read_by_rule(
            str(task["ask"]), str(task["text"]), str(task.get("old", "")), list(task.get("heard", []))
        )
        return Utterance("", found)

    return ScriptedAgent("reader", read)


def model_reader(model: Any) -> ModelAgent:
    """Return a reader on any model, asked in the language of the talk; what it did not copy is not used."""

    def build(view: View) -> list[Message]:
        lang = _lang(view)
        text = "\n".join([*map(str, view.task.get("heard", [])), str(view.task["text"])])
        tag = tag_of("reader", text)
        return [
            Message("system", reader_system(lang, tag, str(view.task["ask"]))),
            Message("user", fence(PROMPTS[lang].answer, text, tag, lang)),
        ]

    return ModelAgent(
        "reader", model, build, schema=Reading, max_tokens=400, again=lambda v: PROMPTS[_lang(v)].reread
    )


def _lang(view: View) -> str:
    return str(view.task.get("lang", "en"))
