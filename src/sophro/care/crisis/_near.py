"""How near it is: an attempt under way, means at hand, a place, an hour; what makes a level IMMINENT.

Card: crisis_safety.md, section 1. Contract: called once the words and the frames are weighed; it only raises.
``danger`` is what the message or, from IDEATION on, the conversation has come to; a frame makes it nothing.
"""

from __future__ import annotations

from sophro.care.crisis import _circumstances as around
from sophro.care.crisis._case import RISKY, Case
from sophro.care.crisis._types import Level

_BRIEF = 120  # characters; a longer message says more than that help is there


def near(case: Case) -> None:
    """Raise the level by what is under way, at hand, or due within about a day."""
    danger = Level.NONE
    if not case.framed and (case.result or case.before >= Level.IDEATION):
        danger = max(case.result, case.before)
    _under_way(case, danger)
    _place(case, danger)
    at_hand = case.shows("means_here") and not case.harmless_tools and not case.harmless_pills
    _means(case, danger, at_hand)
    if case.shows("time_now") and not case.framed:
        _hour(case, at_hand)


def _under_way(case: Case, danger: Level) -> None:
    """An attempt, what sounds like the first step of one, or a way to die with its hour."""
    if case.shows("attempt_now") and not case.framed and not case.long_ago:
        case.raise_to(Level.IMMINENT)
    if case.shows("past_attempt") and case.says(around.HOURS_AGO) and not case.framed and not case.long_ago:
        case.raise_to(Level.IMMINENT)
    hint = case.shows("attempt_hint") and not case.harmless_pills
    if hint and not case.framed:
        if danger >= Level.CONCERN:
            case.raise_to(Level.IMMINENT if danger >= Level.IDEATION else Level.ACTIVE)
        if case.says(around.SERIOUS_INTAKE) and not case.harmless_tools:
            case.raise_to(Level.IMMINENT)
    if (
        case.result >= Level.ACTIVE
        and case.shows("method_self")
        and case.soon
        and case.says(around.NAMED_WAY)
    ):
        case.raise_to(Level.IMMINENT)
    if hint and not case.result and "distress" in (case.kinds | case.context) and not case.harmless_tools:
        case.raise_to(Level.ACTIVE)


def _place(case: Case, danger: Level) -> None:
    """On a bridge, a roof, at the tracks; the words "jump" and "goodbye" there."""
    if case.framed:
        return
    if case.shows("place_strong") and not case.leisure:
        case.raise_to(Level.IMMINENT)
    if case.shows("jump") and case.shows("place_here", "place_strong", "goodbye"):
        case.raise_to(Level.IMMINENT)
    if case.shows("place_here") and not case.leisure:
        if danger >= Level.IDEATION or case.shows("goodbye", "hopeless"):
            case.raise_to(Level.IMMINENT)
        elif case.troubled:
            case.raise_to(Level.ACTIVE)


def _means(case: Case, danger: Level, at_hand: bool) -> None:
    """Something dangerous within reach."""
    if case.shows("means_here") and not case.framed and not case.harmless_tools:
        pointed = at_hand and case.says(around.BODY) and not case.game and not case.fiction
        if pointed or case.shows("over", "goodbye"):
            case.raise_to(Level.IMMINENT)
    if at_hand and danger >= Level.IDEATION:
        sure = max(danger, case.result) >= Level.ACTIVE or case.shows("time_now")
        case.raise_to(Level.IMMINENT if sure else Level.ACTIVE)
    elif at_hand and (danger == Level.CONCERN or (case.shows("distress") and case.shows("intent"))):
        case.raise_to(Level.ACTIVE)


def _hour(case: Case, at_hand: bool) -> None:
    """An hour is named: with intent, or with means that are at hand or were named before, it is imminent."""
    meant = case.result >= Level.IDEATION and case.says(around.INTENT)
    if case.result >= Level.ACTIVE and (meant or (case.soon and case.shows("intent", "goodbye"))):
        case.raise_to(Level.IMMINENT)
    if case.result == Level.IDEATION and case.soon and meant:
        case.raise_to(Level.IMMINENT)
    named_before = case.before >= Level.CONCERN and "means_here" in case.context
    if named_before and case.shows("do_ref", "means_here"):
        case.raise_to(Level.IMMINENT)
    brief = len(case.folded) < 60 or case.shows("do_ref") or at_hand
    if case.before >= Level.ACTIVE and brief and not case.found.denied and not _helped(case):
        case.raise_to(Level.IMMINENT)


def _helped(case: Case) -> bool:
    """Whether the hour is that of help or company, and nothing else is said: the answer to "are you safe?"."""
    return (
        len(case.folded) <= _BRIEF
        and not case.shows(*RISKY, "means_here", "do_ref", "hopeless", "burden")
        and case.says(around.HELPED)
        and around.ONLY_HELPED.fullmatch(case.folded) is not None
    )
