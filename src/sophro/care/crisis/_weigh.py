"""What the signals of a message add up to: its level and flags.

Card: crisis_safety.md, sections 1 and 2. Contract: a pure function of the evidence and of what the conversation has
shown so far. Steps in order: what the words say, jokes and frames that lower it, how near it is, whether others are
meant. What lowers must be found in words; what is not explained counts.
"""

from __future__ import annotations

from sophro.care.crisis import _circumstances as around
from sophro.care.crisis import _frames
from sophro.care.crisis._case import MASKED, RISKY, STRONG, Case, Found
from sophro.care.crisis._hardship import abuse
from sophro.care.crisis._near import near
from sophro.care.crisis._types import Level, Reading, Signal

_FLAG_OF = {
    "self_injury": "self_injury", "harm_others": "violence_to_others", "voices": "psychosis_voices", "abuse": "abuse",
    "told_to": "abuse", "minor": "minor", "drunk": "intoxication", "past_attempt": "past_attempt",
}  # fmt: skip
# Signs of something prepared or long carried; no joke and no frame explains them.
_SERIOUS = ("plan", "prep", "goodbye", "means_here", "hopeless", "burden", "method_query", "attempt_now", "self_injury",
            "past_attempt")  # fmt: skip
# What may stand beside "they told me to kill myself" without being the person's own thought.
_TOLD_TO = frozenset(
    ("told_to", "distress", "self_kill", "die_wish", "abuse", "intent", "method_self", "time_now")
)
_OF_OTHERS = RISKY - {"die_net", "jump", "over", "place_strong"}
_LEAKS_ACTIVE = frozenset(("self_kill", "method_self", "attempt_now", "plan", "suicide_net"))
_LEAKS = _LEAKS_ACTIVE | {"die_wish", "prep"}


def weigh(folded: str, cleaned: str, found: Found, context: frozenset[str], level: Level) -> Reading:
    """Return the reading of a message.

    Args:
        folded: The message as patterns read it.
        cleaned: The message without hidden characters.
        found: Its signals: of the person, of others, and denied ones.
        context: Kinds of signals that the conversation has shown before.
        level: Level of the conversation so far.
    """
    case = Case(folded, cleaned, found, context, level)
    case.flags = {_FLAG_OF[k] for k in case.kinds if k in _FLAG_OF}
    _plain_words(case)
    _wide_nets(case)
    _hints(case)
    _words_of_others(case)
    _past(case)
    _questions(case)
    if _only_a_joke(case):
        return Reading(Level.NONE, frozenset(), tuple(found.signals), bool(found.denied), case.retraction)
    _frame(case)
    near(case)
    _others(case)
    if case.framed:
        case.flags.add("framed")
    if (level or case.result) and case.retraction:
        case.flags.add("retraction")
    denial = bool(found.denied) or case.says(_frames.DENY)
    flags, signals = frozenset(case.flags), tuple(found.signals)
    if case.framed or any(s.kind in RISKY for s in found.third):
        signals += (Signal("of_other", "said of another", ""),)
    if case.outright and not (case.trivial or case.joke or case.hyperbole):
        signals += (Signal("outright", "said outright", ""),)
    return Reading(case.result, flags, signals, denial and not case.result, case.retraction)


def _plain_words(case: Case) -> None:
    """Levels of what is said in so many words."""
    if case.shows("hopeless", "burden", "escape"):
        case.raise_to(Level.CONCERN)
    if case.shows("die_wish"):
        case.raise_to(Level.IDEATION)
    if case.shows("self_injury"):
        case.raise_to(Level.CONCERN if case.says(around.PAST) else Level.IDEATION)
    case.strong = case.kinds & STRONG
    if "method_self" in case.strong and not case.shows("die_wish", "self_kill", "goodbye", "plan", "prep"):
        _method_alone(case)
    if (
        case.strong & {"prep", "goodbye", "plan"}
        and case.before < Level.CONCERN
        and not case.shows("die_wish", "self_kill", "hopeless", "burden")
        and case.says(around.MOVING)
    ):
        case.strong -= {"prep", "goodbye", "plan"}
    if case.strong:
        case.raise_to(Level.ACTIVE)


def _method_alone(case: Case) -> None:
    """A way to die and nothing else: without trouble, leisure explains it, and without a wish it is a concern."""
    if not case.troubled and case.leisure:
        case.strong.discard("method_self")
    elif not case.troubled and not case.says(around.WISH) and not _set_up(case):
        case.strong.discard("method_self")
        case.raise_to(Level.CONCERN)


def _set_up(case: Case) -> bool:
    """Whether means are ready and an hour is named."""
    return case.shows("means_here", "attempt_hint") and case.shows("time_now") and not case.harmless_tools


def _wide_nets(case: Case) -> None:
    """The words suicide and death near the speaker, where no denial, news, code or figure of speech explains them."""
    denied = " ".join(s.text for s in case.found.denied)
    if "suicid" in denied and case.folded.count("suicid") <= denied.count("suicid"):
        case.kinds.discard("suicide_net")
    if case.shows("die_net") and not case.troubled and case.says(around.EXAGGERATED):
        case.kinds.discard("die_net")
    if not case.shows("suicide_net", "die_net") or (case.told and not case.leak):
        return
    if case.shows("suicide_net") and not case.code:
        if case.shows("intent") or case.says(around.SPEAKER):
            case.raise_to(Level.ACTIVE)
        elif not case.says(around.SUICIDE_OF_OTHERS):
            case.raise_to(Level.ACTIVE if len(case.folded) < 60 and "?" not in case.folded else Level.CONCERN)
    if case.shows("die_net") and not case.says(around.FEAR):
        case.raise_to(Level.IDEATION)


def _hints(case: Case) -> None:
    """What says little alone and much beside something else."""
    if case.shows("over", "jump") and (
        case.troubled
        or case.result >= Level.CONCERN
        or case.shows("means_here", "attempt_hint", "place_here", "place_strong")
    ):
        case.raise_to(Level.ACTIVE)
    if case.shows("over") and (
        case.shows("jump")
        or (case.says(around.DECIDED) and case.says(around.INTENT))
        or len(around.CALM.findall(case.folded)) >= 2
    ):
        case.raise_to(Level.ACTIVE)
    if case.shows("agree") and case.shows("told_to"):
        case.raise_to(Level.ACTIVE)
    if case.shows("die_wish") and case.says(around.CARRIES_OUT):
        case.raise_to(Level.ACTIVE)
    if case.found.denied and case.says(around.BUT) and case.says(around.LOSES_CONTROL):
        case.raise_to(Level.ACTIVE)
    if case.shows("plan_hint") and max(case.before, case.result) >= Level.CONCERN:
        case.raise_to(Level.ACTIVE)
    if case.shows("unmask") and MASKED & (case.context | case.kinds):
        case.raise_to(Level.ACTIVE)
    if case.says(around.HOTLINE) and case.says(around.OWN_USE):
        case.raise_to(Level.ACTIVE if case.shows("hopeless", "distress") else Level.CONCERN)
    done = {s.rule for s in case.found.signals if s.kind == "settled"}
    if (
        len(done) >= (2 if case.troubled else 3)
        and not case.says(around.MOVING)
        and not case.says(around.OCCASION)
    ):
        case.raise_to(Level.ACTIVE)
    if case.shows("voices"):
        case.raise_to(Level.ACTIVE if case.says(around.HARM_COMMANDED) else Level.CONCERN)


def _words_of_others(case: Case) -> None:
    """That somebody tells the person to die is no thought of the person's own, if nothing else is said."""
    heard = " ".join(s.text for s in case.found.signals if s.kind == "told_to")
    own = [s.text for s in case.found.signals if s.kind in ("self_kill", "die_wish")]
    if case.shows("told_to") and case.kinds <= _TOLD_TO and len(own) <= 1 and all(o in heard for o in own):
        case.result = Level.CONCERN
    told = not (case.told or case.game or case.code) and abuse(case.folded)
    if told:
        case.flags.add("abuse")
    if told or case.shows("abuse"):
        case.raise_to(Level.CONCERN)


def _past(case: Case) -> None:
    """What is long past is a concern; an attempt that is not long past counts in full."""
    if case.shows("past_attempt") and case.says(around.ANOTHER):
        case.flags.add("past_attempt")
        case.raise_to(Level.ACTIVE)
    elif (
        case.result in (Level.IDEATION, Level.ACTIVE)
        and not case.shows("plan", "prep", "goodbye", "means_here")
        and case.long_ago
    ):
        case.flags.add("past_attempt")
        case.result = Level.CONCERN
    elif case.shows("past_attempt"):
        case.raise_to(Level.ACTIVE if case.recent else Level.CONCERN)


def _questions(case: Case) -> None:
    """Questions about means and places; the latter count after distress."""
    if case.shows("method_query") and (case.troubled or not case.says(around.NONHUMAN)):
        case.flags.add("method_query")
        study = (case.told or case.code) and not case.leak
        case.raise_to(Level.CONCERN if study and not case.troubled else Level.ACTIVE)
    if case.shows("projection") and case.says(around.KILLING_ONESELF) and case.says(around.ASKS):
        case.flags.add("method_query")
        case.raise_to(Level.ACTIVE)
    if case.shows("place_query") and case.troubled and not (case.before < Level.CONCERN and case.leisure):
        case.flags.add("method_query")
        case.raise_to(Level.ACTIVE)


def _only_a_joke(case: Case) -> bool:
    """Whether everyday things are blamed, so that nothing is left; without laughter, strong words stay a concern."""
    calm = (
        case.result >= Level.CONCERN
        and case.before == Level.NONE
        and not case.shows(*_SERIOUS)
        and case.trivial
        and not case.leak
    )
    if not calm:
        return False
    if case.joke or (case.hyperbole and not case.strong):
        return True
    if case.hyperbole:
        case.result = Level.CONCERN
    return False


def _frame(case: Case) -> None:
    """Fiction, news, code, games and translations: what is said inside them is lowered, unless it leaks."""
    if not case.result or case.before >= Level.IDEATION or case.leak or case.outright:
        return
    quiet = case.before < Level.CONCERN
    fiction = case.told or case.code
    quoted = bool(around.QUOTED.search(case.cleaned))
    in_game = case.game and not case.shows("goodbye", "prep", "hopeless", "burden", "plan")
    of_nobody = quoted or not (case.own and case.says(around.SPEAKER_IN_FRAME))
    in_fiction = fiction and of_nobody and not case.shows("means_here", "hopeless", "burden")
    if quiet and (in_game or in_fiction):
        case.framed, case.result = True, Level.NONE
    elif fiction and not case.shows("distress", "hopeless", "burden", "means_here", "place_here"):
        case.framed, case.result = True, min(case.result, Level.CONCERN)
    elif (
        quiet
        and quoted
        and case.result == Level.IDEATION
        and not case.shows("time_now", "goodbye")
        and case.says(_frames.TRANSLATE)
    ):
        case.framed, case.result = True, Level.CONCERN


def _others(case: Case) -> None:
    """Danger of somebody else; where it leaks ("just like me"), it is the person's own."""
    third = {s.kind for s in case.found.third}
    if case.shows("third_risk") and not case.result:
        third.add("self_kill")
    if third & _OF_OTHERS and not case.leak and not case.told and not case.game:
        case.flags.add("third_party")
    if third & _LEAKS and not case.result and case.leak:
        case.raise_to(Level.ACTIVE if third & _LEAKS_ACTIVE else Level.IDEATION)
