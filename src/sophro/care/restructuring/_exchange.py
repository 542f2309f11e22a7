"""One question and its answer: what the helper may say, what counts as an answer, and what the reader found in it.

Contract: every turn of the helper is sentences with one allowed strategy each; a turn that fails twice is replaced by a
fixed one and the event is recorded. The crisis layer reads every message first; from ideation on ``Stop`` leaves the
court. What a reader quotes counts only if it occurs in the person's words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sophro.care.dialogue import Agent, Session
from sophro.care.distortions import DISTORTIONS
from sophro.care.restructuring._case import IDEATION, UNANSWERED, Case, Channel, Limits, Stop
from sophro.care.restructuring._helper import fixed_turn
from sophro.care.restructuring._reader import (
    LONGEST,
    foreign,
    hostile,
    readable,
    real_harm,
    refuses,
    said,
    tricks,
)
from sophro.care.restructuring._strategies import ALLOWED, STAGES, Sentence, faults

_STAGE_OF = {step: stage for stage, steps in STAGES.items() for step in steps}
# Lines that belong to a step of another name.
_STEP_OF = {"close_none": "close", "support_close": "support"}


@dataclass
class Exchange:
    """The talk between person, helper and reader in one dialogue.

    Attributes:
        session: The running dialogue.
        case: What is known so far.
        person: Who comes.
        helper: Who words the turns; None: fixed lines.
        reader: Who reads the answers.
        lang: ``en`` or ``zh``.
        limits: Bounds.
        facts: What a helper may use to be concrete.
    """

    session: Session
    case: Case
    person: Agent
    helper: Agent | None
    reader: Agent
    lang: str
    limits: Limits
    facts: Mapping[str, str]

    async def step(self, step: str, ask: str | None) -> str | None:
        """Ask for one thing, again if need be.

        Args:
            step: Step of the process.
            ask: What the reader looks for; None takes the whole answer.

        Returns:
            The person's words for it, None without any.

        Raises:
            Stop: If the court must be left.
        """
        for attempt in range(1 + self.limits.again):
            name = _manner(self.session.turns[-1].text) if attempt else step
            await self.say(name, self.case.words(self.lang), step, attempt)
            text = await self.hear(step)
            if text is None:
                continue
            self.case.heard.append(text)
            self.case.unanswered = 0
            if ask is None:
                return text
            quote = str((await self.read(ask, text)).get("quote", ""))
            if said(quote, text):
                return quote
        self.session.record("unanswered", step=step)
        self.case.unanswered += 1
        if self.case.unanswered >= UNANSWERED:
            raise Stop("unanswered")
        return None

    async def hear(self, step: str) -> str | None:
        """Return one message, None if it is no answer to the question; risk comes before everything.

        Raises:
            Stop: If the court must be left.
        """
        session, case = self.session, self.case
        text = await self._message({"step": step, "channel": case.active})
        if session.crisis.reply:
            session.say(session.crisis.reply, strategy="crisis")
            await self._message({"step": "safety"})
        harm = real_harm(text)
        if harm == "abuse" and session.phase != "support":
            raise Stop("support")
        case.loss = case.loss or harm == "loss"
        if refuses(text):
            case.refusals += 1
            if case.refusals > 1:
                raise Stop("refused")
            return None
        for kind, found in (("trick", tricks(text)), ("hostile", hostile(text))):
            if found:
                session.record(kind, turn=len(session.turns) - 1)
                return None
        if not readable(text):
            return None
        if foreign(text):
            session.record("foreign", turn=len(session.turns) - 1)
            return None
        if len(text) > LONGEST:
            session.record("cut", turn=len(session.turns) - 1, characters=len(text))
        return text[:LONGEST]

    async def _message(self, task: Mapping[str, Any]) -> str:
        answer = await self.session.ask(self.person, task=task)
        if answer.outcome == "left":
            raise Stop("left")
        if self.session.crisis.level >= IDEATION:
            raise Stop("crisis")
        return answer.text.strip()

    async def read(self, ask: str, text: str, heard: Sequence[str] = (), old: str = "") -> Mapping[str, Any]:
        """Return what the reader found; nothing where its answer cannot be used, which is recorded.

        Args:
            ask: What is wanted.
            text: The person's answer.
            heard: Thought and rule so far, for channels.
            old: The thought on trial, for verdicts.
        """
        answer = await self.session.ask(
            self.reader,
            task={"ask": ask, "text": text, "heard": list(heard), "old": old},
            spoken=False,
            on_error="record",
        )
        if not answer.scored:
            self.session.record("unread", ask=ask, reason=answer.reason)
            return {}
        return answer.fields

    async def channels(self, text: str, heard: Sequence[str]) -> list[Channel]:
        """Return the channels that the reader found in ``heard`` and whose words the person really said."""
        found = await self.read("channels", text, heard)
        made: dict[str, Channel] = {}
        for row in cast("list[Mapping[str, str]]", found.get("channels", [])):
            name, quote = row["distortion"], row["quote"]
            if name in DISTORTIONS and name not in made and any(said(quote, t) for t in heard):
                made[name] = Channel(name, quote.strip())
        return list(made.values())[: self.limits.channels]

    async def say(self, name: str, words: Mapping[str, str], step: str = "", attempt: int = 0) -> None:
        """Let the helper say one turn; twice unfit, the fixed lines stand in.

        Args:
            name: Fixed lines that fit.
            words: The person's words and the names of labels.
            step: Step of the process, by default that of the lines.
            attempt: How often it was asked before.
        """
        step = step or _STEP_OF.get(name, name)
        chosen = await self._worded(name, words, step, attempt)
        if chosen is None:
            chosen = fixed_turn(self.lang, name, len(self.session.turns), words, step)
        self.session.say(
            spoken(chosen),
            speaker="helper",
            strategy="+".join(s.strategy for s in chosen),
            meta={
                "stage": _STAGE_OF[step],
                "step": step,
                "lines": name,
                "channel": self.case.active,
                "sentences": [{"strategy": s.strategy, "text": s.text} for s in chosen],
            },
        )

    async def _worded(
        self, name: str, words: Mapping[str, str], step: str, attempt: int
    ) -> list[Sentence] | None:
        """Return the helper's own turn, None where there is no helper or what it says is unfit twice."""
        if self.helper is None:
            return None
        quoted = [w for key, w in words.items() if w and key != "labels"]
        labels = [n for d in DISTORTIONS.values() for n in (d.en, d.zh)]
        problem = ""
        for _ in range(2):
            task = {
                "step": step,
                "lines": name,
                "words": dict(words),
                "allowed": sorted(ALLOWED[step]),
                "attempt": attempt,
                "facts": self.facts,
                "problem": problem,
                "lang": self.lang,
            }
            answer = await self.session.ask(self.helper, task=task, spoken=False, on_error="record")
            made = [Sentence(str(s["strategy"]), str(s["text"])) for s in answer.fields.get("sentences", [])]
            wrong = faults(made, step, labels, quoted) if answer.scored else [answer.reason or "unreadable"]
            if not wrong:
                return made
            problem = "; ".join(wrong)[:300]
        self.session.record("fallback", step=step, reason=problem)
        return None


def _manner(last: str) -> str:
    """Return the lines in which a question is asked again after ``last``."""
    if tricks(last):
        return "stay"
    return "upset" if hostile(last) else "language" if foreign(last) else "again"


def spoken(sentences: Sequence[Sentence]) -> str:
    """Return the sentences of a turn as one text; Chinese ones stand without blanks."""
    wide = any("\u3400" <= c <= "\u9fff" for s in sentences for c in s.text)
    return ("" if wide else " ").join(s.text for s in sentences)
