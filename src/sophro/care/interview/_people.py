"""Participants that are no scripts: a person at the terminal, a model in the role of one.

Contract: the model is told a few lines about who it plays and sees the conversation; it never sees the tree. What it
says is simulated; who has an interview held says so (``played``), and it stands in the log's settings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sophro.care.dialogue import LEFT, Message, ModelAgent, ScriptedAgent, Utterance, View, chat

PARTICIPANT = "participant"
PROFILE = {
    "en": "You are a 34-year-old teacher. For a month you have slept badly and felt low on most days. You have no wish "
    "to die.",
    "zh": "你是一位三十四岁的老师。一个月来你睡得不好，大部分日子心情低落。你没有轻生的念头。",
}
_SYSTEM = {
    "en": "Stay in this role. {profile} A program asks you questions about yourself. Answer each in one short "
    "sentence, as this person would. Never ask questions back and never give advice.",
    "zh": "请扮演这个角色。{profile} 一个程序会问你关于你自己的问题。"
    "像这个人一样用一句短话回答，不要反问，不要给建议。",
}


def person(read: Callable[[], str | None], write: Callable[[str], None]) -> ScriptedAgent:
    """Return a person who reads and writes lines.

    Args:
        read: Returns the next line, None at the end of the input.
        write: Shows one text.
    """
    shown = 0

    def speak(view: View) -> Utterance:
        nonlocal shown
        for turn in view.turns[shown:]:
            if turn.speaker != PARTICIPANT:
                write(turn.text)
        shown = len(view.turns)
        line = read()
        return LEFT if line is None else Utterance(line)

    return ScriptedAgent(PARTICIPANT, speak)


def model_person(model: Any, lang: str, profile: str | None = None) -> ModelAgent:
    """Return a model that plays a person."""

    def prompt(view: View) -> list[Message]:
        return chat(view, _SYSTEM[lang].format(profile=profile or PROFILE[lang]))

    return ModelAgent(PARTICIPANT, model, prompt, max_tokens=80, temperature=0.0)


def question_model(model: Any) -> ModelAgent:
    """Return an agent that words questions."""

    def prompt(view: View) -> list[Message]:
        task = view.task
        window = (
            f"Name the time window in these words: {' or '.join(task['window'])}. " if task["window"] else ""
        )
        missing = (
            f"The last answer did not settle it; missing: {task['missing']}. " if task["missing"] else ""
        )
        language = "Chinese" if task["lang"] == "zh" else "English"
        return [
            Message(
                "system",
                "You word one question of a structured interview, warmly and plainly. Keep its meaning, its time "
                "window and its threshold. Exactly one question, no leading question, no disorder named, no advice.",
            ),
            *[m for m in chat(view)[-4:] if m.role in ("user", "assistant")],
            Message(
                "user",
                f"Word this in {language}: {task['fixed']}\n{window}{missing}Reply with the question only.",
            ),
        ]

    return ModelAgent("question", model, prompt, max_tokens=120)
