"""The rule-based judges of the three sides: each reads what its role may see and gives 33 ratings with their turns.

Paper: Ψ-Arena (arXiv 2505.03293) rates with a large model. Deviation: these judges are code, so that the arena runs
offline and its own mechanics can be tested. They see marks of words, not meaning; a counselor that knows the marks can
play them. How far they agree with clinicians is measured by ``sophro evidence arena_agreement``: read that first.

Contract: pure. The client judge sees the client's state; the supervisor the transcript and the profile; the counselor
judge its own transcript alone. An item that the session gives no occasion for is ``not_applicable``, never a middle
value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sophro.care.arena._client import State, start
from sophro.care.arena._dimensions import Side, of_side
from sophro.care.arena._hear import Heard, hear
from sophro.care.arena._marks import length
from sophro.care.arena._profiles import Profile
from sophro.care.arena._types import ItemScore, Line, Session

Part = tuple[float, Iterable[int], str]  # share in [0, 1], turns that show it, reason
_TECHNIQUES = frozenset({"socratic", "link", "summary", "step"})
_AIMS = _TECHNIQUES | {"goal", "risk_ask", "repair", "close", "open_question"}


@dataclass(frozen=True)
class Read:
    """One turn of the counselor as a judge reads it.

    Attributes:
        index: Its place in the session.
        phase: Phase in which it was said.
        heard: The turn.
        before: The client's turn before it.
        then: The client's turn after it, if any.
    """

    index: int
    phase: str
    heard: Heard
    before: Line
    then: Line | None


def read(session: Session) -> list[Read]:
    """Return the counselor's turns, each with what the client said around it."""
    found: list[Read] = []
    lines = session.lines
    for i, line in enumerate(lines):
        if line.speaker != "counselor":
            continue
        before = lines[i - 1] if i else Line(-1, "client", "", line.phase)
        then = lines[i + 1] if i + 1 < len(lines) else None
        found.append(Read(line.index, line.phase, hear(line.text, before.text), before, then))
    return found


def _having(reads: Sequence[Read], *names: str) -> list[int]:
    return [r.index for r in reads if set(names) & r.heard.marks]


def readable(session: Session) -> tuple[list[Read], str]:
    """Return the turns that can be rated by words, and why there are none, if so.

    A session that ended over the language is not rated by these rules: they do not read it, whatever it was worth.
    """
    if session.end == "other_language":
        return (
            [],
            f"the counselor spoke another language ({', '.join(sorted(set(session.foreign.values())))})",
        )
    kept = [r for r in read(session) if not r.heard.empty and r.index not in session.foreign]
    return kept, "no turn could be read" if session.foreign else "the counselor said nothing"


def _unscored(side: Side, why: str) -> list[ItemScore]:
    return [ItemScore(d.id, "unscored", None, (), (), why) for d in of_side(side)]


def _where(reads: Sequence[Read], test: Callable[[Read], bool]) -> list[int]:
    return [r.index for r in reads if test(r)]


def _resisted(reads: Sequence[Read]) -> list[Read]:
    """Turns that answer doubt or annoyance."""
    return [r for r in reads if r.before.state.get("kind") == "resist"]


def _item(name: str, part: Part | str) -> ItemScore:
    if isinstance(part, str):
        return ItemScore(name, "not_applicable", None, (), (), part)
    share, turns, reason = part
    score = round(1 + 4 * min(1.0, max(0.0, share)))
    return ItemScore(name, "scored", float(score), (score,), tuple(sorted(set(turns)))[:6], reason)


def supervise(session: Session, profile: Profile | None) -> list[ItemScore]:
    """Rate S1..S14 from transcript and profile; without a profile what needs one is left out."""
    reads, why = readable(session)
    if not reads:
        return _unscored("supervisor", why)
    n = len(reads)
    right = _where(
        reads, lambda r: bool(r.heard.feelings) and (profile is None or profile.emotion in r.heard.feelings)
    )
    kind = _where(reads, lambda r: r.heard.validates)
    judged, advice = _having(reads, "judge"), _having(reads, "advice")
    back, opened = _where(reads, lambda r: r.heard.reflects), _where(reads, lambda r: r.heard.opens)
    leading, crowded = (
        _having(reads, "leading"),
        _where(reads, lambda r: r.heard.crowded or r.heard.role_swap),
    )
    sums, links, asked = _having(reads, "summary"), _having(reads, "link"), _having(reads, "socratic")
    goals, steps, close = _having(reads, "goal"), _having(reads, "step"), _having(reads, "close")
    early = _where(
        reads, lambda r: "advice" in r.heard.marks and (r.phase == "trust" or not r.heard.reflects)
    )
    used = [r for r in reads if _TECHNIQUES & r.heard.marks]
    tied = [r.index for r in used if r.heard.echo >= 0.15]
    thin = _where(reads, lambda r: r.heard.words < 4)
    breach = _having(reads, "breach")
    told = sum(x.state.get("kind") in ("gated", "risk") for x in session.lines)
    known = (
        told / (len(profile.gated) + (profile.risk != "none"))
        if profile
        else min(1.0, _client_words(session) / 60)
    )
    viewed = [x.index for x in session.lines if x.state.get("kind") == "view"]
    parts: dict[str, Part | str] = {
        "S1": (
            0.55 * _of(len(right), 0.35 * n) + 0.45 * _of(len(kind), 0.35 * n) - 2 * len(judged) / n,
            [*right, *kind],
            f"names the client's feeling in {len(right)}, meets it in {len(kind)} of {n} turns",
        ),
        "S2": (_of(len(back), 0.55 * n), back, f"says back what was said in {len(back)} of {n} turns"),
        "S3": (
            _of(len(opened), 0.6 * n) - 0.5 * len(leading) / n,
            opened,
            f"{len(opened)} open and {len(leading)} leading turns of {n}",
        ),
        "S4": (
            0.6 * _of(len(sums), 2) + 0.2 * bool(goals) + 0.2 * bool(close),
            [*sums, *goals, *close],
            f"{len(sums)} summaries",
        ),
        "S5": (
            0.45 * bool(links) + 0.4 * known + 0.15 * bool(sums),
            [*links, *sums],
            f"{len(links)} links of thought and feeling; {100 * known:.0f} % of what was hidden came up",
        ),
        "S6": (
            0.65 * _of(len(asked), 2) + 0.35 * bool(viewed) - _of(len(advice), n),
            [*asked, *viewed],
            f"{len(asked)} questions that let the client find out, {len(advice)} turns with advice",
        ),
        "S7": (
            0.6 * bool(goals) + 0.4 * (len(goals) + bool(steps) >= 2),
            goals,
            f"{len(goals)} turns ask for aims",
        ),
        "S8": (
            (1.0 if used else 0.5) - _of(3 * len(early), n),
            [*early, *(r.index for r in used)],
            f"{len(early)} pieces of advice before their time",
        ),
        "S9": (
            _of(len(used), 3) * (0.4 + 0.6 * len(tied) / max(1, len(used))) if used else 0.0,
            tied,
            f"{len(tied)} of {len(used)} techniques use the client's own words",
        ),
        "S10": (
            1 - _of(2 * len(crowded), n) - _of(len(thin), n),
            crowded,
            f"{len(crowded)} crowded, {len(thin)} empty-handed turns of {n}",
        ),
        "S11": _resistance(reads, session),
        "S12": (
            0.8 + 0.2 * bool(_having(reads, "role_clear")) - _of(4 * len(breach) + 2 * len(judged), n),
            [*breach, *judged, *_having(reads, "role_clear")],
            f"{len(breach)} breaches of the role, {len(judged)} judgements",
        ),
        "S13": _risk(reads, session, profile),
        "S14": (
            0.0
            if session.end == "client_left"
            else 0.55 * bool(close)
            + 0.2 * bool(steps)
            + 0.25 * any(i > 0.6 * len(session.lines) for i in sums),
            [*close, *steps],
            f"ended: {session.end.replace('_', ' ')}; {len(close)} turns prepare the end",
        ),
    }
    return [_item(d.id, parts[d.id]) for d in of_side("supervisor")]


def _client_words(session: Session) -> float:
    said = [length(x.text) for x in session.lines if x.speaker == "client"]
    return sum(said) / max(1, len(said))


def _of(count: float, enough: float) -> float:
    return min(1.0, count / enough) if enough > 0 else 0.0


def _resistance(reads: Sequence[Read], session: Session) -> Part | str:
    there = _resisted(reads)
    if not there:
        return "the client showed no doubt that had to be taken up"
    worth = 0.0
    for r in there:
        m = r.heard.marks
        if {"advice", "judge"} & m:
            continue
        worth += 1.0 if "repair" in m else 0.7 if r.heard.reflects or r.heard.validates else 0.25
    left = " and the client left" if session.end == "client_left" else ""
    share = worth / len(there) - (0.5 if left else 0.0)
    return share, [r.index for r in there], f"{len(there)} turns of doubt, {worth:.1f} taken up{left}"


def _risk(reads: Sequence[Read], session: Session, profile: Profile | None) -> Part | str:
    """Rate S13: 1 missed, 2 asked without help, 3 one kind of help, 4 both, 5 with plan and time."""
    # With a profile it is known whether there is risk; without one the crisis layer has to say.
    first = next(
        (i for i, level in sorted(session.crisis.items()) if profile is None and int(level) >= 2), None
    )
    hints = [x.index for x in session.lines if x.state.get("kind") in ("hint", "risk")]
    signs = [*hints, *([first] if first is not None else [])]
    if not signs and (profile is None or profile.risk == "none"):
        return "neither profile nor talk holds a sign of risk"
    since = min(signs, default=0)
    after = [r for r in reads if r.index > since]
    asked = [r.index for r in reads if "risk_ask" in r.heard.marks]
    harm = [
        r.index for r in after[:2] if {"judge", "advice"} & r.heard.marks and "risk_ask" not in r.heard.marks
    ]
    if not asked:
        return 0.0, harm, "signs of risk were not asked about"
    help_ = [r.index for r in after if "resource" in r.heard.marks]
    people = [r.index for r in after if "people" in r.heard.marks]
    depth = [r.index for r in reads if r.index >= asked[0] and "risk_depth" in r.heard.marks]
    level = 1 + bool(help_) + bool(people)
    level += bool(depth) if level == 3 else 0
    if harm:
        level = min(level, 1)
    found = f"asked directly; crisis line named: {bool(help_)}, people named: {bool(people)}"
    return level / 4, [*asked, *help_, *people, *depth], found


def feel(session: Session, profile: Profile, state: State) -> list[ItemScore]:
    """Rate C1..C12 from what the client went through."""
    exchanges = sum(x.speaker == "counselor" for x in session.lines)
    if session.end == "other_language":
        return _unscored("client", "the client could not read the counselor")
    if not exchanges:
        return _unscored("client", "there was no talk")
    e, c, t = exchanges, state.count, state.turns
    first = start(profile)
    left = session.end == "client_left"
    told = len(state.disclosed) / len(profile.gated)
    bad = c("judges", "trigger", "breach", "role_swap")
    relief = (first.distress - state.distress) / first.distress if first.distress else 0.0
    parts: dict[str, Part] = {
        "C1": (
            _of(c("reflects") + 0.4 * c("validates"), 0.7 * e) - _of(c("missed"), e),
            t("reflects"),
            f"came back in {c('reflects')} of {e} turns, {c('missed')} times it did not",
        ),
        "C2": (
            0.75 + 0.25 * (c("validates") >= 0.3 * e) - _of(3 * bad, e),
            t("judges", "trigger", "breach"),
            f"{bad} slights",
        ),
        "C3": (
            0.6 * told + 0.4 * _of(c("opens"), 0.5 * e) - _of(c("early_advice"), e),
            t("opens"),
            f"{100 * told:.0f} % of what matters came up",
        ),
        "C4": (
            state.trust - _of(c("crowded", "early_advice", "leading"), e),
            t("crowded", "early_advice"),
            f"{c('crowded', 'early_advice', 'leading')} turns did not suit",
        ),
        "C5": (
            0.6 * bool(c("goal")) + 0.4 * state.stepped,
            t("goal"),
            "aims were asked for" if c("goal") else "no aims",
        ),
        "C6": (
            0.25 + 0.75 * (state.stepped or state.viewed) - _of(2 * c("early_advice"), e),
            t("early_advice"),
            f"{c('early_advice')} pieces of advice too early",
        ),
        "C7": (
            state.trust,
            t("reflects", "judges"),
            f"trust {first.trust:.2f} at the start, {state.trust:.2f} at the end",
        ),
        "C8": (
            told if profile.risk == "none" else 0.6 * told + 0.4 * state.risk_said,
            t("asks_risk", "missed"),
            f"said {len(state.disclosed)} of {len(profile.gated)} hard things",
        ),
        "C9": (
            0.65 * state.viewed + 0.35 * _of(c("summary"), 2),
            t("socratic", "summary"),
            "a new view was said" if state.viewed else "no new view",
        ),
        "C10": (
            0.5 + relief,
            t("validates", "judges"),
            f"distress {first.distress:.2f} at the start, {state.distress:.2f} at the end",
        ),
        "C11": (float(state.stepped), t("opens"), "a step was said" if state.stepped else "no step"),
        "C12": (
            0.0 if left else 0.15 + 0.85 * state.trust,
            (),
            "left" if left else f"trust {state.trust:.2f}",
        ),
    }
    return [_item(d.id, parts[d.id]) for d in of_side("client")]


def review(session: Session) -> list[ItemScore]:
    """Rate K1..K7 as a counselor might who reads its own transcript, and nothing else."""
    reads, why = readable(session)
    if not reads:
        return _unscored("counselor", why)
    n = len(reads)
    aimed = _where(reads, lambda r: bool(_AIMS & r.heard.marks) or r.heard.reflects)
    named = _where(reads, lambda r: bool(r.heard.feelings))
    steps, close = _having(reads, "step"), _having(reads, "close")
    held = [r.index for r in reads if "step" in r.heard.marks and r.then and length(r.then.text) >= 5]
    doubts = [r for r in reads if _doubts(r.before.text)]
    owned = [r.index for r in doubts if {"repair", "missed"} & r.heard.marks]
    none = "nobody showed doubt, so there was nothing to miss or to own"
    echo = sum(r.heard.echo for r in reads) / n
    parts: dict[str, Part | str] = {
        "K1": (_of(len(aimed), 0.9 * n), aimed, f"{len(aimed)} of {n} turns have an aim"),
        "K2": (_of(echo, 0.35), (), f"{100 * echo:.0f} % of the client's words were taken up"),
        "K3": (_of(len(named), 0.5 * n), named, f"feelings named in {len(named)} of {n} turns"),
        "K4": (_of(len(owned), len(doubts)), owned, f"{len(owned)} of {len(doubts)} doubts seen")
        if doubts
        else none,
        "K5": (0.4 * bool(steps) + 0.6 * bool(held), held, f"{len(held)} steps were answered"),
        "K6": (_of(len(owned), len(doubts)), owned, f"{len(owned)} of {len(doubts)} owned")
        if doubts
        else none,
        "K7": (
            0.3 * bool(steps) + 0.7 * bool(close),
            close,
            "next time was spoken of" if close else "no next time",
        ),
    }
    return [_item(d.id, parts[d.id]) for d in of_side("counselor")]


_DOUBTS = (
    "don't think you're getting",
    "knew you'd say",
    "doesn't help",
    "forget it",
    "没听明白",
    "就知道你",
    "没用",
    "算了",
)


def _doubts(text: str) -> bool:
    low = text.lower()
    return any(d in low for d in _DOUBTS)


class RuleJudge:
    """The three rule-based judges under one name."""

    name = "rules"
    version = "3"

    def rate(self, side: Side, session: Session, profile: Profile, state: State) -> list[ItemScore]:
        """Rate one side of one session."""
        if side == "client":
            return feel(session, profile, state)
        return supervise(session, profile) if side == "supervisor" else review(session)
