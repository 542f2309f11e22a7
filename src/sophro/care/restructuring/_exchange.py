"""One question and its answer: what the helper may say, what counts as an answer, and what the reader found in it.

Contract: every turn of the helper is sentences with one allowed strategy each; a turn that fails twice is replaced by a
fixed one and the event is recorded. The crisis layer reads every message first; from ideation on ``Stop`` leaves the
court. What a reader quotes counts only if it occurs in the person's words. What is no answer (see ``no_answer``) is
asked for once more, in fixed lines, and then ends the dialogue; a helper model never sees it, so an order in it has no
force. Of a very long message the beginning is read, and the person is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sophro.care.dialogue import Agent, Session
from sophro.care.distortions import DISTORTIONS
from sophro.care.restructuring._case import IDEATION, UNANSWERED, Case, Channel, Limits, Stop
from sophro.care.restructuring._helper import LINES, fixed_turn
from sophro.care.restructuring._prompts import PROMPTS
from sophro.care.restructuring._reader import (
    LONGEST,
    Why,
    no_answer,
    real_harm,
    said,
)
from sophro.care.restructuring._strategies import ALLOWED, MOST_SENTENCES, STAGES, Sentence, faults

_STAGE_OF = {step: stage for stage, steps in STAGES.items() for step in steps}
# Lines that belong to a step of another name.
_STEP_OF = {"close_none": "close", "support_close": "support"}
# Lines in which a question is asked again, by what came instead of an answer.
_AGAIN: Mapping[Why | None, str] = {
    "empty": "again",
    "too_long": "again",
    "tricks": "stay",
    "off_topic": "stay",
    "abusive": "upset",
    "other_language": "language",
}


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
        why: Why | None = None
        missed = False
        for attempt in range(1 + self.limits.again):
            name = _AGAIN.get(why, "again") if attempt else step
            await self.say(name, self.case.words(self.lang), step, attempt, fixed=why in _AGAIN)
            text, why = await self.hear(step)
            missed = why is None
            if why is not None:
                continue
            self.case.heard.append(text)
            found = {"quote": text} if ask is None else await self.read(ask, text)
            quote = str(found.get("quote", ""))
            if said(quote, text):
                self.case.unanswered = 0
                return quote
            # A reader whose answer could not be used says nothing about the person's.
            why = "off_topic" if found else "unread"
        self.session.record("unanswered", step=step, why=why)
        self.case.unanswered += 1
        # Somebody who cannot say what is asked is no reason to end, unless it happens again.
        if not missed or self.case.unanswered >= UNANSWERED:
            raise Stop("unanswered", why)
        return None

    async def open(self) -> str:
        """Return what the person says to the greeting, asked for again if need be.

        Raises:
            Stop: If the court must be left.
        """
        why: Why | None = None
        question = {"question": str(LINES[self.lang]["questions"]["situation"])}
        for attempt in range(1 + self.limits.again):
            if attempt:
                name = _AGAIN.get(why, "again")
                await self.say(name, question, "automatic", attempt, "situation", why in _AGAIN)
            text, why = await self.hear("automatic")
            if why is None:
                self.case.heard.append(text)
                return text
        self.session.record("unanswered", step="automatic", why=why)
        raise Stop("unanswered", why)

    async def hear(self, step: str) -> tuple[str, Why | None]:
        """Return what is read of one message, and why it is no answer; risk comes before everything.

        Raises:
            Stop: If the court must be left.
        """
        session, case = self.session, self.case
        text = await self._message({"step": step, "channel": case.active})
        place = len(session.turns) - 1
        # The log keeps the length of what was longer than a turn may be.
        length = int(session.turns[place].meta.get("cut", len(text)))
        if session.crisis.reply:
            session.say(session.crisis.reply, strategy="crisis")
            await self._message({"step": "safety"})
        harm = real_harm(text)
        # The crisis layer has patterns of its own for it; what either sees is no matter of thinking.
        if (harm == "abuse" or "abuse" in session.crisis.flags) and session.phase != "support":
            raise Stop("support")
        case.loss = case.loss or harm == "loss"
        if length > LONGEST:
            session.record("cut", turn=place, characters=length, read=LONGEST)
            case.cut += length - LONGEST
            case.untold = True
        why = no_answer(text)
        if why is not None:
            session.record("no_answer", turn=place, step=step, why=why)
        if why in _AGAIN:
            case.ignored.add(place)
        if why == "refused":
            case.refusals += 1
            if case.refusals > 1:
                raise Stop("refused")
        return text[:LONGEST], why

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
            task={"ask": ask, "text": text, "heard": list(heard), "old": old, "lang": self.lang},
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

    async def say(
        self,
        name: str,
        words: Mapping[str, str],
        step: str = "",
        attempt: int = 0,
        aim: str = "",
        fixed: bool = False,
    ) -> None:
        """Let the helper say one turn; twice unfit, the fixed lines stand in.

        A message that was cut is owned up to first, whoever words the rest.

        Args:
            name: Fixed lines that fit.
            words: The person's words and the names of labels.
            step: Step of the process, by default that of the lines.
            attempt: How often it was asked before.
            aim: What a helper model is told to do, by default that of the step.
            fixed: Take the fixed lines, whoever words the others.
        """
        step = step or _STEP_OF.get(name, name)
        first = fixed_turn(self.lang, "cut", 0, {"most": f"{LONGEST:,}"}) if self.case.untold else []
        self.case.untold = False
        task = {"step": step, "lines": name, "words": dict(words), "attempt": attempt, "aim": aim or step}
        chosen = None if fixed else await self._worded(task, first)
        if chosen is None:
            chosen = [*first, *fixed_turn(self.lang, name, len(self.session.turns), words, step)]
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
                **({"fixed": True} if fixed else {}),
            },
        )

    async def _worded(self, task: Mapping[str, Any], first: Sequence[Sentence]) -> list[Sentence] | None:
        """Return the helper's own turn behind ``first``; None without a helper or where it is unfit twice."""
        if self.helper is None:
            return None
        step, words = str(task["step"]), cast("Mapping[str, str]", task["words"])
        quoted = [w for key, w in words.items() if w and key != "labels"]
        labels = [n for d in DISTORTIONS.values() for n in (d.en, d.zh)]
        reason = problem = ""
        for _ in range(2):
            asked = {
                **task,
                "allowed": sorted(ALLOWED[step]),
                "facts": self.facts,
                "problem": problem,
                "lang": self.lang,
            }
            answer = await self.session.ask(
                self.helper,
                task=asked,
                spoken=False,
                on_error="record",
                see=lambda turn: turn.index not in self.case.ignored,
            )
            made = [Sentence(str(s["strategy"]), str(s["text"])) for s in answer.fields.get("sentences", [])]
            wrong = faults(made, step, labels, quoted) if answer.scored else [answer.reason or "unreadable"]
            if not wrong and len(first) + len(made) > MOST_SENTENCES:
                made = made[len(first) + len(made) - MOST_SENTENCES :]
            if not wrong:
                return [*first, *made]
            # The log names faults in English, the helper hears of them in its own language.
            reason = "; ".join(wrong)[:300]
            unread = PROMPTS[self.lang].unreadable or reason
            told = faults(made, step, labels, quoted, self.lang) if answer.scored else [unread]
            problem = ("；" if self.lang == "zh" else "; ").join(told)[:300]
        self.session.record("fallback", step=step, reason=reason)
        return None


def spoken(sentences: Sequence[Sentence]) -> str:
    """Return the sentences of a turn as one text; Chinese ones stand without blanks."""
    wide = any("\u3400" <= c <= "\u9fff" for s in sentences for c in s.text)
    return ("" if wide else " ").join(s.text for s in sentences)
