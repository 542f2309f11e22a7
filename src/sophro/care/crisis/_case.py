"""One message while it is weighed: its signals, what surrounds them, and what the steps of ``_weigh`` have made of it.

Contract: circumstances are looked for on demand and once; most messages need none of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from sophro.care.crisis import _circumstances as around
from sophro.care.crisis import _frames, _frames_zh
from sophro.care.crisis._types import Level, Signal

# Kinds that are risk by themselves.
STRONG = frozenset(("self_kill", "method_self", "plan", "prep", "goodbye"))
# Kinds that may be said of others: with ``third_risk`` they count only where the words name the speaker.
RISKY = STRONG | {
    "die_wish", "suicide_net", "die_net", "self_injury", "past_attempt", "attempt_now", "attempt_hint", "jump", "over",
    "place_here", "place_strong",
}  # fmt: skip
# Kinds that are about the person who speaks, or say nothing of a person.
PERSONAL = RISKY | {
    "hopeless", "burden", "escape", "means_here", "plan_hint", "minor", "drunk", "voices", "settled",
}  # fmt: skip
# What counts as said of oneself once the mask comes off: said of another, inside a frame, or asked "for a friend".
MASKED = frozenset(("of_other", "method_query", "place_query"))
_TROUBLE = frozenset(("distress", "hopeless", "burden", "die_wish", "escape", "self_kill"))


@dataclass
class Found:
    """Signals of one message: of the person, of others, and denied ones."""

    signals: list[Signal] = field(default_factory=list[Signal])
    third: list[Signal] = field(default_factory=list[Signal])
    denied: list[Signal] = field(default_factory=list[Signal])


@dataclass
class Case:
    """A message and what has been made of it so far.

    Attributes:
        folded: The message as patterns read it.
        cleaned: The message without hidden characters.
        found: Its signals.
        context: Kinds of signals that the conversation has shown before.
        before: Level of the conversation so far.
        kinds: Kinds of the person's own signals; steps strike out what is explained.
        own: Whether one of them is about the person.
        flags: Flags set so far.
        result: Level so far.
        strong: Kinds of ``STRONG`` that nothing explains.
        framed: Whether it is said inside fiction, a game, a translation.
    """

    folded: str
    cleaned: str
    found: Found
    context: frozenset[str]
    before: Level
    kinds: set[str] = field(init=False)
    own: bool = field(init=False)
    flags: set[str] = field(default_factory=set[str])
    result: Level = Level.NONE
    strong: set[str] = field(default_factory=set[str])
    framed: bool = False

    def __post_init__(self) -> None:
        """Give to others what is said of them."""
        found = self.found
        self.kinds = {s.kind for s in found.signals}
        risky = [s for s in found.signals if s.kind in RISKY]
        if "third_risk" in self.kinds and not any(around.OWN_WORDS.search(s.text) for s in risky):
            found.third += risky
            found.signals = [s for s in found.signals if s.kind not in RISKY]
            self.kinds = {s.kind for s in found.signals}
        self.own = not self.kinds.isdisjoint(PERSONAL)

    def says(self, pattern: re.Pattern[str]) -> bool:
        """Whether a pattern occurs in the folded message."""
        return bool(pattern.search(self.folded))

    def shows(self, *kinds: str) -> bool:
        """Whether there is a signal of one of these kinds."""
        return not self.kinds.isdisjoint(kinds)

    def raise_to(self, level: Level) -> None:
        """Raise the level to at least ``level``."""
        self.result = max(self.result, level)

    @cached_property
    def troubled(self) -> bool:
        """Whether the person has shown distress, here or before."""
        return self.before >= Level.CONCERN or bool(_TROUBLE & (self.kinds | self.context))

    @cached_property
    def long_ago(self) -> bool:
        """Whether it is told of the past and of nothing recent."""
        return self.says(around.PAST) and not self.recent and all(around.PAST.search(s) for s in self._wishes)

    @cached_property
    def outright(self) -> bool:
        """Whether the person states a present wish to die or will to kill themselves, outside quotation marks."""
        return bool(self._wishes)

    @cached_property
    def _wishes(self) -> tuple[str, ...]:
        """Sentences that state a wish to die, outside quotation marks."""
        spoken = around.QUOTATION.sub(" ", self.folded)
        if not around.OUTRIGHT.search(spoken):
            return ()
        return tuple(s for s in around.SENTENCE.findall(spoken) if self._own_wish(s))

    @staticmethod
    def _own_wish(sentence: str) -> bool:
        """Whether a sentence states a wish that nobody else is said to have."""
        found = around.OUTRIGHT.finditer(sentence)
        return any(not around.TOLD_BY.search(sentence[: m.start()]) for m in found)

    @cached_property
    def recent(self) -> bool:
        """Whether something recent is named."""
        return self.says(around.RECENT)

    @cached_property
    def soon(self) -> bool:
        """Whether an hour within about a day is named, and not in passing."""
        return any(s.kind == "time_now" and not around.WEAK_TIME.match(s.text) for s in self.found.signals)

    @cached_property
    def leisure(self) -> bool:
        """Whether sport, travel or an accident explains heights and water."""
        return self.says(around.LEISURE)

    @cached_property
    def harmless_pills(self) -> bool:
        """Whether an illness or a doctor explains pills."""
        return self.says(around.BENIGN_PILLS)

    @cached_property
    def harmless_tools(self) -> bool:
        """Whether cooking, sport or a toy explains blades, ropes and guns."""
        return self.says(around.COOKING)

    @cached_property
    def game(self) -> bool:
        """Whether a game is named."""
        return self.says(_frames.GAME)

    @cached_property
    def fiction(self) -> bool:
        """Whether a story, a song or a film is named."""
        return self.says(_frames.FICTION)

    @cached_property
    def told(self) -> bool:
        """Whether fiction, news or study is named."""
        return self.fiction or self.says(_frames.NEWS)

    @cached_property
    def code(self) -> bool:
        """Whether computing or biology is named."""
        return self.says(_frames.CODE)

    @cached_property
    def leak(self) -> bool:
        """Whether something breaks out of every frame ("that is me")."""
        return self.says(_frames.LEAK)

    @cached_property
    def joke(self) -> bool:
        """Whether the message laughs."""
        return bool(_frames.JOKE_EN.search(self.cleaned)) or self.says(_frames_zh.JOKE_ZH)

    @cached_property
    def trivial(self) -> bool:
        """Whether everyday things are named."""
        return self.says(_frames.TRIVIAL_EN) or self.says(_frames_zh.TRIVIAL_ZH)

    @cached_property
    def hyperbole(self) -> bool:
        """Whether the form is that of exaggeration ("makes me", "one more")."""
        return self.says(_frames.HYPER_EN) or self.says(_frames_zh.HYPER_ZH)

    @cached_property
    def retraction(self) -> bool:
        """Whether something is taken back."""
        return self.says(_frames.RETRACT)
