"""The controller of cognitive restructuring: identification, a court for each thought, verdict, close. Code leads.

Paper: CRDial (arXiv 2504.17238): Beck's levels (automatic thought, rule, distortions as up to three channels), then for
each channel the defence attorney technique (de Oliveira 2011) in the paper's roles: *defense* gathers facts for the
negative thought, *prosecution* tests it, the *verdict* asks whether it still stands. Deviations: the caps on loops are
ours (inferred); the paper's single prompted model is split into helper, reader and this code; what is true and hard
(abuse, a death, an illness) leaves the court for support.

Contract: on ``sophro.care.dialogue``. Every turn of the helper is sentences with one allowed strategy each; a turn that
fails twice is replaced by a fixed one and the event is recorded. A verdict is done only if the person said the new
sentence. The crisis layer reads every message first; from ideation on the court is left for good. Every loop is
bounded, see ``bound``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, cast

from sophro.care.dialogue import Agent, Controller, Session
from sophro.care.distortions import DISTORTIONS
from sophro.care.restructuring._helper import LINES, fixed_turn, label_names
from sophro.care.restructuring._reader import MOST_CHANNELS, real_harm, refuses, rule_reader, said, tricks
from sophro.care.restructuring._strategies import ALLOWED, STAGES, Sentence, faults
from sophro.errors import SophroError

End = Literal["closed", "support", "crisis", "refused", "left"]
_STAGE_OF = {step: stage for stage, steps in STAGES.items() for step in steps}
_DENIES = re.compile(r"^\W*((no|nope|not really|that doesn'?t fit)\b|不像|不是|没有|不对)", re.IGNORECASE)
_IDEATION = 2


@dataclass(frozen=True)
class Limits:
    """Bounds of a dialogue.

    Attributes:
        again: How often a question is asked once more.
        prosecution: Rounds of prosecution and verdict for one channel.
        channels: Channels in all, also those heard on the way.
        crisis_turns: Messages that are answered after the court was left for a crisis; many, for whoever is in danger
            must not be left by a program that counts.
    """

    again: int = 2
    prosecution: int = 3
    channels: int = MOST_CHANNELS
    crisis_turns: int = 200

    def __post_init__(self) -> None:
        """Refuse limits without an end or without a start."""
        if not (0 <= self.again <= 5 and 1 <= self.prosecution <= 6 and 1 <= self.channels <= MOST_CHANNELS):
            raise SophroError(
                f"limits of {self.again} repetitions, {self.prosecution} rounds and {self.channels} channels are "
                f"impossible; at most 5, 6 and {MOST_CHANNELS}"
            )


def bound(limits: Limits) -> int:
    """Return the largest number of messages that a person can be asked for."""
    questions = 1 + 3 + limits.channels * (1 + 2 * limits.prosecution) + 1
    # Each question may be repeated, and once be interrupted by a question about safety.
    return questions * (1 + limits.again) * 2 + limits.crisis_turns


@dataclass
class _Channel:
    distortion: str
    thought: str
    done: bool = False
    new: str = ""
    rounds: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self)}


@dataclass
class _Case:
    """What is known so far; all of it in the person's words."""

    situation: str = ""
    thought: str = ""
    belief: str = ""
    evidence: str = ""
    counter: str = ""
    loss: bool = False
    refusals: int = 0
    heard: list[str] = field(default_factory=lambda: [])
    channels: list[_Channel] = field(default_factory=lambda: [])
    active: int = -1


class _Stop(Exception):
    """The court is left."""

    def __init__(self, end: End) -> None:
        super().__init__(end)
        self.end: End = end


class Restructuring(Controller):
    """Conducts one dialogue.

    Args:
        person: Who comes.
        helper: Who words the turns; by default fixed lines.
        reader: Who reads the answers; by default patterns.
        lang: ``en`` or ``zh``.
        limits: Bounds.
        monitor: Makes the crisis monitor; None: the one of ``sophro.care.crisis``.
        facts: What a generator may use to be concrete (relations of ATOMIC: intent, desire, reaction, need).

    Raises:
        SophroError: If the language is unknown.
    """

    kind: ClassVar[str] = "restructuring"

    def __init__(
        self,
        person: Agent,
        helper: Agent | None = None,
        reader: Agent | None = None,
        lang: str = "en",
        limits: Limits | None = None,
        monitor: Callable[[str], Any] | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        if lang not in LINES:
            raise SophroError(f"language {lang!r} is unknown; known: {', '.join(LINES)}")
        self.person = person
        self.helper = helper
        self.reader = reader or rule_reader()
        self.lang = lang
        self.limits = limits or Limits()
        self.monitor = monitor or crisis_monitor
        self.facts = dict(facts or {})

    @property
    def settings(self) -> Mapping[str, Any]:
        """What decides how the dialogue runs."""
        return {
            "lang": self.lang,
            "limits": [
                self.limits.again,
                self.limits.prosecution,
                self.limits.channels,
                self.limits.crisis_turns,
            ],
            "helper": getattr(self.helper, "name", "fixed" if self.helper is None else "scripted"),
            "reader": getattr(self.reader, "name", "rules"),
            "facts": self.facts,
        }

    async def conduct(self, session: Session) -> Mapping[str, Any]:
        """Lead the dialogue to its end."""
        session.watch("person", self.monitor(self.lang))
        case = _Case()
        end: End
        try:
            await self._identify(session, case)
            await self._restructure(session, case)
            await self._close(session, case)
            end = "closed"
        except _Stop as stop:
            end = await self._leave(session, case, stop.end)
        return {
            "end": end,
            "situation": case.situation,
            "thought": case.thought,
            "belief": case.belief,
            "channels": [c.to_dict() for c in case.channels],
            "fallbacks": sum(e["event"] == "fallback" for e in session.events),
        }

    # ---- stages ----------------------------------------------------------------------------------------------

    async def _identify(self, session: Session, case: _Case) -> None:
        session.enter("identify")
        session.say(str(LINES[self.lang]["greeting"]), speaker="helper", strategy="information")
        case.situation = await self._hear(session, case, "automatic", None) or ""
        case.heard.append(case.situation)
        case.thought = await self._step(session, case, "automatic", "thought") or case.situation
        case.belief = await self._step(session, case, "intermediate", "belief") or ""
        found = await self._read(session, case, "channels", case.thought, [case.thought, case.belief])
        case.channels = self._channels(found, case, self.limits.channels)
        if case.loss and not any(c.distortion in ("personalization", "blaming") for c in case.channels):
            raise _Stop("support")
        if case.channels:
            answer = await self._step(session, case, "core", None)
            if answer and _DENIES.search(answer):
                # The label was the program's word, not the person's; the thought stays, the label goes.
                session.record("label_denied")
                for channel in case.channels:
                    channel.distortion = "unclear"
        else:
            case.channels = [_Channel("unclear", case.thought)]

    async def _restructure(self, session: Session, case: _Case) -> None:
        session.enter("restructure")
        at = 0
        while at < len(case.channels):
            case.active, channel = at, case.channels[at]
            session.record("channel", number=at, distortion=channel.distortion)
            case.evidence = await self._step(session, case, "defense", "evidence") or ""
            case.counter = ""
            for number in range(1, self.limits.prosecution + 1):
                channel.rounds = number
                case.counter = await self._step(session, case, "prosecution", "evidence") or case.counter
                if await self._verdict(session, case, channel):
                    break
            session.record("verdict", number=at, done=channel.done, new=channel.new)
            at += 1
            await self._look_around(session, case)

    async def _verdict(self, session: Session, case: _Case, channel: _Channel) -> bool:
        text = await self._step(session, case, "verdict", None)
        if not text:
            return False
        found = await self._read(session, case, "verdict", text, [], channel.thought)
        new = str(found.get("quote", ""))
        # Both are needed: the reader says that it changed, and the new sentence stands in the person's answer.
        own = said(new, text) and not said(new, channel.thought) and not said(channel.thought, new)
        if found.get("changed") == "yes" and own:
            channel.done, channel.new = True, new
        elif found.get("changed") == "yes":
            session.record("verdict_refused", reason="the new sentence is not in the person's words")
        return channel.done

    async def _look_around(self, session: Session, case: _Case) -> None:
        """Take up a distortion that was heard on the way, as long as there is room."""
        room = self.limits.channels - len(case.channels)
        if room <= 0:
            return
        treated = {c.distortion for c in case.channels}
        words = [h for h in case.heard[-3:] if h]
        found = await self._read(session, case, "channels", "", words)
        for channel in self._channels(found, case, self.limits.channels, words):
            if channel.distortion not in treated and room > 0:
                case.channels.append(channel)
                treated.add(channel.distortion)
                room -= 1

    async def _close(self, session: Session, case: _Case) -> None:
        session.enter("close")
        new = [c.new for c in case.channels if c.done]
        await self._say(session, case, "close" if new else "close_none", {"new": new[-1] if new else ""})

    async def _leave(self, session: Session, case: _Case, end: End) -> End:
        if end == "support":
            session.enter("support")
            try:
                await self._step(session, case, "support", "support")
            except _Stop as stop:
                if stop.end != "support":
                    return await self._leave(session, case, stop.end)
            await self._say(session, case, "support_close", {})
        elif end == "crisis":
            session.enter("crisis")
            session.say(session.crisis.reply or str(LINES[self.lang]["goodbye"]), strategy="crisis")
            for _ in range(self.limits.crisis_turns):
                answer = await session.ask(self.person, task={"step": "crisis"})
                if answer.outcome == "left":
                    break
                # Never back into the court; without a new reply the offer to stay is repeated.
                session.say(
                    session.crisis.reply or _text(fixed_turn(self.lang, "support", 0, {})), strategy="crisis"
                )
        else:
            session.enter("end")
            session.say(str(LINES[self.lang]["goodbye"]), speaker="helper", strategy="affirmation")
        return end

    # ---- one question and its answer -------------------------------------------------------------------------

    async def _step(self, session: Session, case: _Case, step: str, ask: str | None) -> str | None:
        """Ask for one thing, again if need be; return the person's words for it, None without any."""
        for attempt in range(1 + self.limits.again):
            name = step if not attempt else "stay" if tricks(session.turns[-1].text) else "again"
            await self._say(session, case, name, self._words(case), step, attempt)
            text = await self._hear(session, case, step, name)
            if text is None:
                continue
            case.heard.append(text)
            if ask is None:
                return text
            found = await self._read(session, case, ask, text, [])
            quote = str(found.get("quote", ""))
            if said(quote, text):
                return quote
        session.record("unanswered", step=step)
        return None

    async def _hear(self, session: Session, case: _Case, step: str, name: str | None) -> str | None:
        """Return one message, None if it is no answer to the question; risk comes before everything."""
        del name
        answer = await session.ask(self.person, task={"step": step, "channel": case.active})
        if answer.outcome == "left":
            raise _Stop("left")
        if session.crisis.level >= _IDEATION:
            raise _Stop("crisis")
        if session.crisis.reply:
            session.say(session.crisis.reply, strategy="crisis")
            after = await session.ask(self.person, task={"step": "safety"})
            if after.outcome == "left":
                raise _Stop("left")
            if session.crisis.level >= _IDEATION:
                raise _Stop("crisis")
        text = answer.text.strip()
        harm = real_harm(text)
        if harm == "abuse" and session.phase != "support":
            raise _Stop("support")
        case.loss = case.loss or harm == "loss"
        if refuses(text):
            case.refusals += 1
            if case.refusals > 1:
                raise _Stop("refused")
            return None
        if tricks(text):
            session.record("trick", turn=len(session.turns) - 1)
            return None
        return text if len(text) >= 2 else None

    async def _read(
        self, session: Session, case: _Case, ask: str, text: str, heard: list[str], old: str = ""
    ) -> Mapping[str, Any]:
        answer = await session.ask(
            self.reader,
            task={"ask": ask, "text": text, "heard": heard, "old": old},
            spoken=False,
            on_error="record",
        )
        if not answer.scored:
            session.record("unread", ask=ask, reason=answer.reason)
            return {}
        return answer.fields

    def _channels(
        self, found: Mapping[str, Any], case: _Case, most: int, words: list[str] | None = None
    ) -> list[_Channel]:
        """Return the channels whose words the person really said."""
        texts = [case.thought, case.belief] if words is None else words
        made: dict[str, _Channel] = {}
        for row in cast("list[Mapping[str, str]]", found.get("channels", [])):
            name, quote = row["distortion"], row["quote"]
            if name in DISTORTIONS and name not in made and any(said(quote, t) for t in texts):
                made[name] = _Channel(name, quote.strip())
        return list(made.values())[:most]

    # ---- the helper ------------------------------------------------------------------------------------------

    def _words(self, case: _Case) -> dict[str, str]:
        channel = case.channels[case.active] if 0 <= case.active < len(case.channels) else None
        labels = label_names([c.distortion for c in case.channels], self.lang)
        return {
            "thought": channel.thought if channel else case.thought,
            "belief": case.belief or case.thought,
            "labels": labels,
            "evidence": case.evidence,
            "counter": case.counter,
        }

    async def _say(
        self,
        session: Session,
        case: _Case,
        name: str,
        words: Mapping[str, str],
        step: str = "",
        attempt: int = 0,
    ) -> None:
        """Let the helper say one turn; twice unfit, the fixed lines stand in."""
        step = step or {"close_none": "close", "support_close": "support"}.get(name, name)
        turn = len(session.turns)
        quoted = [w for key, w in words.items() if w and key != "labels"]
        labels = [n for d in DISTORTIONS.values() for n in (d.en, d.zh)]
        chosen = fixed_turn(self.lang, name, turn, words, step)
        if self.helper is not None:
            problem = ""
            for number in range(2):
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
                answer = await session.ask(self.helper, task=task, spoken=False, on_error="record")
                made = [
                    Sentence(str(s["strategy"]), str(s["text"])) for s in answer.fields.get("sentences", [])
                ]
                wrong = (
                    [answer.reason or "unreadable"]
                    if not answer.scored
                    else faults(made, step, labels, quoted)
                )
                if not wrong:
                    chosen = made
                    break
                problem = "; ".join(wrong)[:300]
                if number:
                    session.record("fallback", step=step, reason=problem)
        session.say(
            _text(chosen),
            speaker="helper",
            strategy="+".join(s.strategy for s in chosen),
            meta={
                "stage": _STAGE_OF[step],
                "step": step,
                "lines": name,
                "channel": case.active,
                "sentences": [{"strategy": s.strategy, "text": s.text} for s in chosen],
            },
        )


def _text(said_: list[Sentence]) -> str:
    wide = any("\u3400" <= c <= "\u9fff" for s in said_ for c in s.text)
    return ("" if wide else " ").join(s.text for s in said_)


def crisis_monitor(lang: str) -> Any:
    """Return the crisis layer for one dialogue."""
    from sophro.care.crisis import CrisisMonitor

    return CrisisMonitor(lang=lang)
