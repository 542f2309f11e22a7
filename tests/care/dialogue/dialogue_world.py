"""A small dialogue for tests: two phases, a helper, a person, a judge and a monitor."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sophro.care.dialogue import Controller, ScriptedAgent, Session, Utterance, View


@dataclass
class State:
    level: int
    flags: frozenset[str] = frozenset()
    newly_raised: bool = False
    reply: str | None = None


@dataclass
class WordMonitor:
    """Raises its level by one for every message that holds the word; sticky."""

    word: str = "storm"
    level: int = 0
    seen: list[str] = field(default_factory=list)

    def see(self, user_message: str) -> State:
        self.seen.append(user_message)
        hit = self.word in user_message
        self.level += hit
        return State(self.level, frozenset({"weather"} if hit else ()), hit, "Take cover." if hit else None)


class Small(Controller):
    kind = "small"
    sees: ClassVar = {"judge": frozenset({"phase", "strategy", "meta"})}

    def __init__(self, helper, person, judge, rounds=3, monitor=None):
        self.helper, self.person, self.judge, self.rounds = helper, person, judge, rounds
        self.monitor = monitor

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"rounds": self.rounds}

    async def conduct(self, session: Session) -> Mapping[str, Any]:
        if self.monitor is not None:
            session.watch("person", self.monitor)
        session.private["person"] = {"secret": "the key is under the mat"}
        met = 0
        for phase in ("hello", "work"):
            session.enter(phase, cap=self.rounds)
            for _ in range(self.rounds):
                await session.ask(self.helper, strategy="question", task={"phase_goal": phase})
                said = await session.ask(self.person)
                if said.outcome == "left":
                    session.record("left")
                    return {"met": met, "left": True}
                if session.crisis.reply:
                    session.say(session.crisis.reply, strategy="crisis")
                judged = await session.ask(self.judge, spoken=False, task={"turn": session.turns[-1].index})
                met += judged.scored and judged.fields["met"]
        return {"met": met, "left": False}


def helper(view: View) -> str:
    return f"Question {view.asked}: how is it going?"


def person(view: View) -> str:
    return random.Random(view.seed).choice(["fine", "so so", "a storm is coming"])


def judge(view: View) -> Utterance:
    return Utterance("", {"met": "storm" in view.turns[-1].text or "cover" in view.turns[-1].text})


def small(rounds=3, monitor=None, person_script=person) -> Small:
    return Small(
        ScriptedAgent("helper", helper),
        ScriptedAgent("person", person_script),
        ScriptedAgent("judge", judge),
        rounds,
        monitor,
    )
