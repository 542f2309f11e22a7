"""The controller of cognitive restructuring: identification, a court for each thought, verdict, close. Code leads.

Paper: CRDial (arXiv 2504.17238): Beck's levels (automatic thought, rule, distortions as up to three channels), then for
each channel the defence attorney technique (de Oliveira 2011) in the paper's roles: *defense* gathers facts for the
negative thought, *prosecution* tests it, the *verdict* asks whether it still stands. Deviations: the caps on loops are
ours (inferred); the paper's single prompted model is split into helper, reader and this code; what is true and hard
(abuse, a death, an illness) leaves the court for support.

Contract: on ``sophro.care.dialogue``; how one question is put and answered stands in ``_exchange``. A verdict is done
only if the person said the new sentence. From ideation on the court is left for good. A message that is no answer is
asked for once more; then the dialogue ends ``unanswered``, with ``why``. Every loop is bounded, see ``bound``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from sophro.care.dialogue import Agent, Controller, Session, crisis_monitor
from sophro.care.restructuring._case import Case, Channel, End, Limits, Stop
from sophro.care.restructuring._exchange import Exchange, spoken
from sophro.care.restructuring._helper import LINES, brief, fixed_turn
from sophro.care.restructuring._reader import Why, rule_reader, said
from sophro.care.restructuring._worse import as_harsh
from sophro.errors import SophroError

_DENIES = re.compile(r"^\W*((no|nope|not really|that doesn'?t fit)\b|不像|不是|没有|不对)", re.IGNORECASE)


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
        case = Case()
        talk = Exchange(
            session, case, self.person, self.helper, self.reader, self.lang, self.limits, self.facts
        )
        end: End
        why: Why | None = None
        try:
            await self._identify(talk)
            await self._restructure(talk)
            await self._close(talk)
            end = "closed"
        except Stop as stop:
            end = await self._leave(talk, stop.end)
            why = stop.why if end == "unanswered" else None
        return {
            "end": end,
            "why": why,
            "cut": case.cut,
            "situation": case.situation,
            "thought": case.thought,
            "belief": case.belief,
            "channels": [c.to_dict() for c in case.channels],
            "fallbacks": sum(e["event"] == "fallback" for e in session.events),
        }

    async def _identify(self, talk: Exchange) -> None:
        session, case = talk.session, talk.case
        session.enter("identify")
        session.say(str(LINES[self.lang]["greeting"]), speaker="helper", strategy="information")
        case.situation = await talk.open()
        case.thought = await talk.step("automatic", "thought") or case.situation
        case.belief = await talk.step("intermediate", "belief") or ""
        case.channels = await talk.channels(case.thought, [case.thought, case.belief])
        if case.loss and not any(c.distortion in ("personalization", "blaming") for c in case.channels):
            raise Stop("support")
        if case.channels:
            answer = await talk.step("core", None)
            if answer and _DENIES.search(answer):
                # The label was the program's word, not the person's; the thought stays, the label goes.
                session.record("label_denied")
                for channel in case.channels:
                    channel.distortion = "unclear"
        else:
            case.channels = [Channel("unclear", case.thought)]

    async def _restructure(self, talk: Exchange) -> None:
        session, case = talk.session, talk.case
        session.enter("restructure")
        at = 0
        while at < len(case.channels):
            case.active, channel = at, case.channels[at]
            session.record("channel", number=at, distortion=channel.distortion)
            case.evidence = await talk.step("defense", "evidence") or ""
            case.counter = ""
            for number in range(1, self.limits.prosecution + 1):
                channel.rounds = number
                case.counter = await talk.step("prosecution", "evidence") or case.counter
                if await self._verdict(talk, channel):
                    break
            session.record("verdict", number=at, done=channel.done, new=channel.new)
            at += 1
            await self._look_around(talk)

    async def _verdict(self, talk: Exchange, channel: Channel) -> bool:
        text = await talk.step("verdict", None)
        if not text:
            return False
        found = await talk.read("verdict", text, old=channel.thought)
        new = str(found.get("quote", ""))
        # Both are needed: the reader says that it changed, and the new sentence stands in the person's answer.
        own = said(new, text) and not said(new, channel.thought) and not said(channel.thought, new)
        if found.get("changed") == "yes" and own and as_harsh(new, channel.thought):
            talk.session.record("verdict_refused", reason="the new sentence is as harsh as the old one")
        elif found.get("changed") == "yes" and own:
            channel.done, channel.new = True, new
        elif found.get("changed") == "yes":
            talk.session.record("verdict_refused", reason="the new sentence is not in the person's words")
        return channel.done

    async def _look_around(self, talk: Exchange) -> None:
        """Take up a distortion that was heard on the way, as long as there is room."""
        case = talk.case
        if len(case.channels) >= self.limits.channels:
            return
        treated = {c.distortion for c in case.channels}
        found = await talk.channels("", [h for h in case.heard[-3:] if h])
        case.channels += [c for c in found if c.distortion not in treated]
        del case.channels[self.limits.channels :]

    async def _close(self, talk: Exchange) -> None:
        talk.session.enter("close")
        new = [c.new for c in talk.case.channels if c.done]
        await talk.say("close" if new else "close_none", {"new": brief(new[-1]) if new else ""})

    async def _leave(self, talk: Exchange, end: End) -> End:
        session = talk.session
        if end == "support":
            session.enter("support")
            talk.case.unanswered = 0
            try:
                await talk.step("support", "support")
            except Stop as stop:
                # What is real stays real when the next answer cannot be read.
                if stop.end not in ("support", "unanswered"):
                    return await self._leave(talk, stop.end)
            await talk.say("support_close", {})
        elif end == "crisis":
            session.enter("crisis")
            session.say(session.crisis.reply or str(LINES[self.lang]["goodbye"]), strategy="crisis")
            for _ in range(self.limits.crisis_turns):
                answer = await session.ask(self.person, task={"step": "crisis"})
                if answer.outcome == "left":
                    break
                # Never back into the court; without a new reply the offer to stay is repeated.
                session.say(
                    session.crisis.reply or spoken(fixed_turn(self.lang, "support", 0, {})), strategy="crisis"
                )
        else:
            session.enter("end")
            words = LINES[self.lang]
            last = str(words["unread"]) + " " * (self.lang == "en") if end == "unanswered" else ""
            session.say(last + str(words["goodbye"]), speaker="helper", strategy="affirmation")
        return end
