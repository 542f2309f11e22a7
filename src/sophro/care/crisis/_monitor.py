"""The sticky risk state of one conversation.

Card: crisis_safety.md, sections 1-3. Contract: ``see`` is called with every message of the person, in every mode. The
level rises at once and falls by one step only after an explicit clarification that follows a direct question; never
by silence, a change of topic or "just joking", and never below CONCERN. A layer that fails counts as CONCERN and the
others go on; the LLM may raise the level, never lower it. The classifier may take back an alarm of the patterns below
ACTIVE where nothing came before it, and say that somebody else is in danger. A bare yes to the layer's own question
raises; a denial silences the classifier for its own clause only. A message in a language that the layers do not read
sets the flag ``not_evaluated``, and is a CONCERN where it holds a stem that means suicide.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from sophro.care.crisis._answers import affirms, affirms_all, clauses, unsafe
from sophro.care.crisis._country import named_country
from sophro.care.crisis._grammar import read
from sophro.care.crisis._replies import beside, reply, unread
from sophro.care.crisis._resources import Resource, shipped
from sophro.care.crisis._types import CrisisState, Level, Reading, Said
from sophro.care.crisis._unread import Unread, look
from sophro.care.crisis._windows import windows

#: Called when the level reaches ACTIVE or IMMINENT: level, hash of the session, reason. True: a person was notified.
Hook = Callable[[Level, str, str], bool | None]
_WINDOW = 6  # messages that the classifier and the model see
_HAN = re.compile("[\u4e00-\u9fff]")


def read_ahead(messages: Iterable[str]) -> None:
    """Have the shipped classifier read messages in batches before monitors ask about them one by one.

    For many dialogues at once it is a little faster; it changes no answer, and may be left out.
    """
    from sophro.care.crisis._classifier import shipped as classifier

    classifier().read_ahead(messages)


class Layer(Protocol):
    """A further layer of detection: what it finds can only raise."""

    def __call__(self, messages: Sequence[str], context: frozenset[str]) -> Level | None:
        """Return the level of the last message, None where it cannot be evaluated."""
        ...


class CrisisMonitor:
    """Watches one conversation.

    Args:
        lang: ``en`` or ``zh`` for replies; by default the language of the last message.
        region: Country code of two letters; None asks for it. A country that the person names takes its place.
        model: Name of an Inspect model, or the model, for the third layer; None leaves it out.
        hook: Called at escalation; what it returns says whether a person was notified.
        table: Resource table; by default the shipped one.
        classifier: Second layer; by default the shipped one, ``False`` leaves it out.
        session: Any name of the conversation; only its hash leaves the monitor.
    """

    def __init__(
        self,
        lang: str | None = None,
        region: str | None = None,
        model: Any = None,
        hook: Hook | None = None,
        *,
        table: Sequence[Resource] | None = None,
        classifier: Layer | bool = True,
        session: str = "",
    ) -> None:
        self.lang = lang
        self.region = region
        self.hook = hook
        self.table = tuple(table) if table is not None else shipped()
        self.session = hashlib.sha256(session.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self._level = Level.NONE
        self._flags: set[str] = set()
        self._context: set[str] = set()
        self._recent: deque[str] = deque(maxlen=_WINDOW)
        self._answered = 0  # replies at this level
        self._asked = False  # whether a direct safety question stands open
        self._put: Level | None = None  # level of the reply that the next message answers
        self._thoughts = False  # whether that reply, at CONCERN, asks after thoughts of not being here
        self._quiet = 0  # messages without a sign since the last one
        self._added: set[str] = set()  # flags whose sentence was said at this level
        self._told = False
        self._speaks = lang or "en"
        self._foreign = Unread()  # of the last message
        self._tongue = ""  # language of the last message in another one, if it is known
        self._classifier = classifier
        self.failures: list[str] = []
        self._model = model

    @property
    def level(self) -> Level:
        """Level of the conversation."""
        return self._level

    @property
    def flags(self) -> tuple[str, ...]:
        """Flags of the conversation, sorted."""
        return tuple(sorted(self._flags))

    @property
    def unread(self) -> bool:
        """Whether the last message is in a language that the layers do not read."""
        return self._foreign.unread

    def see(self, user_message: str) -> CrisisState:
        """Take in a message and return the state after it."""
        before = self._level
        # What the person says now is nearer to them than what a deployment was set to.
        self.region = named_country(user_message) or self.region
        found, level, layer = self._whole(windows(user_message))
        level, layer = self._answer(user_message, level, layer)
        level, layer = self._in_other_words(level, layer)
        self._flags |= found.flags
        self._context |= found.kinds()
        if self.lang is None and self._foreign.unread:
            self._speaks = "en"  # Japanese holds Han characters too
        elif self.lang is None:
            self._speaks = (
                "zh"
                if _HAN.search(user_message)
                else ("en" if re.search("[A-Za-z]{2}", user_message) else self._speaks)
            )
        if level > self._level:
            self._level = level
            self._answered = 0
            self._added.clear()
        elif self._clarified(found, level):
            self._level = Level(max(self._level - 1, Level.CONCERN))
            self._flags.add("clarified")
            self._answered = 0
        if found.retraction:
            self._added.discard("retraction")
        self._quiet = 0 if level or found.retraction or "third_party" in found.flags else self._quiet + 1
        raised = self._level > before
        if raised and self._level >= Level.ACTIVE:
            self._escalate(layer)
        third = "third_party" in found.flags and self._level < Level.IDEATION
        return CrisisState(self._level, self.flags, raised, self._say(third), level, layer, third)

    def _whole(self, parts: Sequence[str]) -> tuple[Reading, Level, str]:
        """Read every part of a message; return what its worst part shows, with the flags of all."""
        self._recent.append("")
        readings: list[tuple[Reading, Level, str]] = []
        for part in parts:
            self._recent[-1] = part
            readings.append(self._part(part))
        worst = max(range(len(parts)), key=lambda i: readings[i][1])
        self._recent[-1] = parts[worst]
        seen = [look(part) for part in parts]
        self._foreign = max(seen, key=lambda u: (u.danger, u.unread))
        found, level, layer = readings[worst]
        others = [r for r, _, _ in readings]
        # A frame, or somebody else's danger, explains its own part only.
        flags = frozenset[str]().union(*(r.flags - {"framed", "third_party"} for r in others)) | found.flags
        signals = found.signals if len(parts) == 1 else tuple(s for r in others for s in r.signals)
        denial = found.denial or (not level and any(r.denial for r in others))
        retraction = found.retraction or any(r.retraction for r in others)
        return (
            replace(found, flags=flags, signals=signals, denial=denial, retraction=retraction),
            level,
            layer,
        )

    def _part(self, text: str) -> tuple[Reading, Level, str]:
        """Read one part by all layers; return the reading, its level and the layer that decided it."""
        found = self._lexicon(text)
        layers = self._layers(found)
        if any(said.third for _, said in layers):
            least = min(found.level, Level.CONCERN)
            found = replace(found, level=least, flags=found.flags | {"third_party"})
        # The classifier knows despair; of violence it says nothing.
        if any(said.calm for _, said in layers) and "abuse" not in found.flags:
            found = replace(found, level=Level.NONE)
        level, layer = found.level, "lexicon" if found.level else ""
        for name, said in layers:
            if said.level is not None and said.level > level:
                level, layer = said.level, name
        return found, level, layer

    def moved_on(self) -> None:
        """Say that the next message does not answer the layer's reply: something else was asked after or instead."""
        self._put = None

    def _answer(self, text: str, level: Level, layer: str) -> tuple[Level, str]:
        """Take a bare yes for what was asked; return the level of the message and the layer that decided it."""
        put, self._put = self._put, None
        meant = Level.NONE
        if put == Level.ACTIVE and affirms_all(text):
            meant = Level.IMMINENT
        elif put in (Level.IDEATION, Level.ACTIVE) and affirms(text):
            meant = Level.ACTIVE
        elif put == Level.CONCERN and (affirms(text) if self._thoughts else unsafe(text)):
            meant = Level.IDEATION
        return (meant, "lexicon") if meant > level else (level, layer)

    def check_in(self) -> str | None:
        """Return what to say at this level even when the conversation may go on; None at NONE without a flag."""
        if self._level >= Level.CONCERN:
            return self._write(self._level)
        return None

    def _lexicon(self, text: str) -> Reading:
        return read(text, frozenset(self._context), self._level)

    def _in_other_words(self, level: Level, layer: str) -> tuple[Level, str]:
        """Note whether a message could be read at all; return its level and the layer that decided it."""
        if self._foreign.unread:
            self._flags.add("not_evaluated")
            self._tongue = self._foreign.lang or self._tongue
        if self._foreign.danger and level < Level.CONCERN:
            return Level.CONCERN, "lexicon"
        return level, layer

    def _layers(self, found: Reading) -> list[tuple[str, Said]]:
        """Return what the other layers say; one that fails counts as CONCERN and is flagged."""
        results: list[tuple[str, Said]] = []
        for name, layer in (("classifier", self._second), ("llm", self._third)):
            try:
                results.append((name, layer(found)))
            except Exception as error:
                # Whatever breaks in a layer, the person must still be answered; the flag keeps it visible.
                self._flags.add("layer_failed")
                self.failures.append(f"{name}: {type(error).__name__}: {error}")
                results.append((name, Said(Level.CONCERN)))
        return results

    def _second(self, found: Reading) -> Said:
        if self._classifier is False or "framed" in found.flags or "third_party" in found.flags:
            return Said(None)
        if found.denial:
            return self._beside_denial()
        if self._classifier is True:
            from sophro.care.crisis._classifier import shipped as classifier

            fresh = self._level == Level.NONE and not self._context
            return classifier().judge(self._recent[-1], found, fresh)
        return Said(self._classifier(list(self._recent), frozenset(self._context)))

    def _beside_denial(self) -> Said:
        """Read what a message says beside its denial; only what announces the act counts against it."""
        rest = ". ".join(c for c in clauses(self._recent[-1]) if not self._lexicon(c).denial)
        found = self._lexicon(rest)
        if not rest or found.denial or not {"framed", "third_party"}.isdisjoint(found.flags):
            return Said(None)
        if self._classifier is True:
            from sophro.care.crisis._classifier import shipped as classifier

            level = classifier().judge(rest, found).level
        else:
            assert not isinstance(self._classifier, bool)
            level = self._classifier([*list(self._recent)[:-1], rest], frozenset(self._context))
        return Said(level if level is not None and level >= Level.ACTIVE else None)

    def _third(self, found: Reading) -> Said:
        if self._model is None:
            return Said(None)
        from sophro.care.crisis._llm import judge, wait

        level = wait(judge(self._model, list(self._recent)))
        if level is None:
            self._flags.add("not_evaluated")
        return Said(level)

    def _clarified(self, found: Reading, level: Level) -> bool:
        return (
            found.denial
            and not found.retraction
            and not level
            and self._asked
            and self._level > Level.CONCERN
        )

    def _escalate(self, layer: str) -> None:
        if self.hook is None:
            return
        try:
            told = bool(
                self.hook(self._level, self.session, f"level {self._level.name} by the {layer} layer")
            )
        except Exception as error:
            # Nobody may have been told, and the reply does not say so; the person must still be answered.
            self._flags.add("layer_failed")
            logging.getLogger(__name__).error(
                "crisis: the escalation hook failed: %s: %s", type(error).__name__, error
            )
            return
        self._told = told or self._told

    def _say(self, third: bool) -> str | None:
        if self._level >= Level.IDEATION:
            return self._write(self._level)
        if third:
            return reply(self._level, self._speaks, table=self.table, region=self.region, third=True)
        # At CONCERN the conversation goes on: asked when it was raised, and once more when the person moves on.
        if self._level == Level.CONCERN and self._quiet <= 1:
            return self._write(self._level)
        return None

    def _write(self, level: Level) -> str:
        if self._foreign.unread and level == Level.CONCERN:
            text = unread(self._tongue, table=self.table, region=self.region, turn=self._answered)
        else:
            text = reply(
                level,
                self._speaks,
                table=self.table,
                region=self.region,
                flags=self._flags - self._added,
                turn=self._answered,
                human=self._told,
            )
            # What a flag adds is said once at a level, not in every reply.
            self._added |= self._flags
            if self._foreign.unread:
                text = f"{text}\n\n{beside(self._tongue, table=self.table, region=self.region)}"
        # The third wording at CONCERN asks after thoughts; the others ask how safe the person feels.
        self._put, self._thoughts = level, self._answered % 3 == 2
        self._answered += 1
        self._asked = True
        return text
