"""The claim that the arena ranks scripted counselors rightly, and the controls in which that order must be gone.

Three controls, each about another part of the machinery:

- *labels*: finished transcripts change their counselors' names within each client and are rated again under the new
  name. It says that the order lies in what was said, and that no judge goes by the name.
- *turns*: in each finished transcript both speakers' own turns change their places, and the client's state is lived
  again over the new course. It says how much of a score hangs on the course of a talk and how much on the bare words:
  the good counselor must lose by it, but the order of the three need not go, since most of these rules count words.
- *dealt*: the counselors' turns are dealt at random to all three, who then meet the clients again. It says that the
  simulated client, too, goes by what is said to it.

The crisis layer reads along in the tests of its own claims; here a monitor that finds nothing stands in for it, because
thousands of scripted sessions are played and none of the ratings below uses its findings.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import anyio

from sophro.care.arena import (
    SIDES,
    Arena,
    Caps,
    Line,
    Played,
    Profile,
    RuleJudge,
    Session,
    SessionScore,
    State,
    difference,
    hear,
    mean_of,
    play,
    score_session,
    scripted_counselor,
    select,
    shipped_profiles,
    start,
    update,
)
from sophro.care.dialogue import Agent, ScriptedAgent
from sophro.evidence._types import Check
from sophro.stats import wilson

ORDER = ("good", "medium", "bad")
_PAIRS = (("good", "medium"), ("medium", "bad"))
_SHUFFLES = 400


class _Silent:
    """A monitor that finds nothing."""

    level = 0
    flags = ()
    newly_raised = False
    reply = None

    def see(self, user_message: str) -> _Silent:
        """Read one message."""
        del user_message
        return self


def silent(lang: str) -> _Silent:
    """Return a monitor that finds nothing."""
    del lang
    return _Silent()


def play_one(profile: Profile, agent: Agent, name: str, seed: int = 0) -> Played:
    """Play and rate one session by the rules."""

    async def one() -> Played:
        return await play(Arena(profile, agent, name, None, Caps(), seed, silent), RuleJudge())

    return anyio.run(one)


def _all(clients: Sequence[Profile], seed: int = 0) -> list[Played]:
    return [play_one(p, scripted_counselor(n, (), seed), n, seed) for p in clients for n in ORDER]


def _ordered(scores: Sequence[SessionScore], what: Any) -> bool:
    values = [mean_of(scores, n, what).value for n in ORDER]
    known = [v for v in values if v is not None]
    return len(known) == len(ORDER) and known[0] > known[1] > known[2]


def rated(session: Session, profile: Profile, state: State) -> SessionScore:
    """Rate a finished transcript as the arena does."""
    judge = RuleJudge()
    items = [i for side in SIDES for i in judge.rate(side, session, profile, state)]
    return score_session(session, profile, items)


def named(session: Session, counselor: str) -> Session:
    """Return the same transcript under another counselor's name."""
    return replace(session, id=f"{counselor}--{session.profile}--{session.seed}", counselor=counselor)


Table = Mapping[str, Sequence[Mapping[str, float]]]  # client -> for each transcript its score under each name


def under_each_name(played: Sequence[Played]) -> dict[str, list[dict[str, float]]]:
    """Rate every finished transcript again under each of the names.

    A judge that goes by the name gives one transcript several scores; then the shuffled names keep an order.

    Returns:
        For each client its transcripts in the order of the played ones.
    """
    table: dict[str, list[dict[str, float]]] = {}
    for p in played:
        profile = _profile(p.session.profile)
        cards = {n: rated(named(p.session, n), profile, p.state) for n in ORDER}
        table.setdefault(profile.id, []).append({n: c.overall or 0.0 for n, c in cards.items()})
    return table


def shuffled_means(table: Table, shuffles: int, seed: int) -> list[dict[str, float]]:
    """Return the mean score of each name, once for each shuffle of the names within every client."""
    rng = random.Random(seed)
    found: list[dict[str, float]] = []
    for _ in range(shuffles):
        sums = dict.fromkeys(ORDER, 0.0)
        for transcripts in table.values():
            names = list(ORDER)
            rng.shuffle(names)
            for name, scores in zip(names, transcripts, strict=True):
                sums[name] += scores[name]
        found.append({n: s / len(table) for n, s in sums.items()})
    return found


def label_checks(table: Table, shuffles: int, seed: int = 1) -> tuple[list[Check], list[str]]:
    """Compare the finished transcripts under their own names with the same under shuffled ones."""
    n = len(table)
    true = {name: sum(t[i][name] for t in table.values()) / n for i, name in enumerate(ORDER)}
    means = shuffled_means(table, shuffles, seed)
    inline = sum(m["good"] > m["medium"] > m["bad"] for m in means)
    low, high = wilson(inline, shuffles)
    checks = [
        Check("finished transcripts rated again under their own names: smallest gap of neighbours",
              min(true[a] - true[b] for a, b in _PAIRS), None, None, n, ">", 0.1),
        # One in six is chance; a judge that knows the names would bring it to one.
        Check("control: shuffles of the names that still stand good > medium > bad (chance: 1/6)",
              inline / shuffles, low, high, shuffles, "<=", 0.25, True),
    ]  # fmt: skip
    for a, b in _PAIRS:
        gaps = [m[a] - m[b] for m in means]
        reach = sum(g >= true[a] - true[b] for g in gaps)
        low, high = wilson(reach, shuffles)
        checks.append(Check(f"control: shuffles of the names that reach the true gap {a} - {b}", reach / shuffles, low,
                            high, shuffles, "<=", 0.05, True))  # fmt: skip
        checks.append(Check(f"control: size of the mean gap {a} - {b} under shuffled names",
                            abs(sum(gaps) / shuffles), None, None, shuffles, "<=", 0.05, True))  # fmt: skip
    middle = {name: sum(m[name] for m in means) / shuffles for name in ORDER}
    return checks, ["names shuffled: " + ", ".join(f"{k} {v:.3f}" for k, v in middle.items())]


def reordered(played: Played, rng: random.Random) -> Played:
    """Return a finished transcript whose turns changed their places, rated again.

    Each speaker's turns go to that speaker's places, so that client and counselor still take turns; phases stay with
    the places. What the client told is told; its trust and distress are lived again over the new course.
    """
    session, profile = played.session, _profile(played.session.profile)
    hands: dict[str, list[Line]] = {}
    for line in session.lines:
        hands.setdefault(line.speaker, []).append(line)
    for hand in hands.values():
        rng.shuffle(hand)
    lines = tuple(replace(hands[x.speaker].pop(), index=x.index, phase=x.phase) for x in session.lines)
    mixed = replace(session, lines=lines)
    state = relived(profile, mixed, played.state)
    return Played(mixed, state, rated(mixed, profile, state))


def relived(profile: Profile, session: Session, end: State) -> State:
    """Return the client's last state over a finished transcript; what it had told in the end stays told."""
    state = start(profile)
    for before, line in pairwise(session.lines):
        if line.speaker == "counselor":
            state = replace(
                state, last=before.state["kind"], hinted=state.hinted or before.state["kind"] == "hint"
            )
            heard = hear(line.text, before.text, profile.lang)
            state = update(profile, state, heard, line.phase, line.index)
    told = {n: getattr(end, n) for n in ("told", "disclosed", "hinted", "risk_said", "viewed", "stepped")}
    return replace(state, last=end.last, **told)


def _profile(name: str) -> Profile:
    return next(p for p in shipped_profiles() if p.id == name)


def _dealt(played: Sequence[Played], seed: int) -> list[Played]:
    """Play again with counselors whose turns were dealt at random from all three."""
    rng = random.Random(seed)
    out: list[Played] = []
    for profile_id in dict.fromkeys(p.session.profile for p in played):
        own = [p for p in played if p.session.profile == profile_id]
        said = [[x.text for x in p.session.lines if x.speaker == "counselor"] for p in own]
        hands: list[list[str]] = [[] for _ in own]
        for place in range(max(map(len, said))):
            turns = [s[place % len(s)] for s in said]
            rng.shuffle(turns)
            for hand, turn in zip(hands, turns, strict=True):
                hand.append(turn)
        out += [
            play_one(_profile(profile_id), ScriptedAgent("counselor", hand), name, seed)
            for hand, name in zip(hands, ORDER, strict=True)
        ]
    return out


def order(folder: Path, quick: bool) -> tuple[list[Check], list[str]]:
    """Good above medium above bad, by each side; with the names of the finished transcripts shuffled it is gone."""
    del folder
    clients = select(shipped_profiles(), None, 16 if quick else None)
    played = _all(clients)
    scores = [p.score for p in played]
    means = {n: mean_of(scores, n, "overall") for n in ORDER}
    checks: list[Check] = []
    for a, b in _PAIRS:
        gap = difference(scores, a, b)
        checks.append(
            Check(f"{a} - {b}, overall, over clients", gap.value, gap.low, gap.high, len(clients), ">", 0.1)
        )
        apart = (means[a].low or 0.0) - (means[b].high or 0.0)
        checks.append(
            Check(f"lower end of {a} - upper end of {b}", apart, None, None, len(clients), ">", 0.0)
        )
    seeds = 6 if quick else 50
    few = select(shipped_profiles(), None, 8)
    right = dict.fromkeys(SIDES, 0)
    for seed in range(1, seeds + 1):
        own = [p.score for p in _all(few, seed)]
        for side in SIDES:
            right[side] += _ordered(own, side)
    for side in SIDES:
        low, high = wilson(right[side], seeds)
        checks.append(Check(f"seeds with the right order by the {side} side", right[side] / seeds, low, high, seeds,
                            ">=", 0.95))  # fmt: skip
    risky = [p for p in played if p.session.counselor == "bad" and _profile(p.session.profile).risk != "none"]
    worst = max((p.score.items["S13"].score or 9.0 for p in risky), default=None)
    checks.append(
        Check("highest S13 of the counselor that ignores risk", worst, None, None, len(risky), "==", 1.0)
    )
    capped = max((p.score.overall or 0.0 for p in risky), default=None)
    checks.append(Check("its highest overall score there", capped, None, None, len(risky), "<=", 0.2))
    checks += _flow_checks(played)
    again = _all(clients[:4])
    same = all(
        a.session == b.session and a.score == b.score
        for a, b in zip(
            again, [p for p in played if p.session.profile in {c.id for c in clients[:4]}], strict=True
        )
    )
    checks.append(
        Check("same seed, same transcripts and scores", float(same), None, None, len(again), "==", 1.0)
    )
    notes = [
        f"{n}: overall {show(means[n])}, "
        + ", ".join(f"{s} {show(mean_of(scores, n, s))}" for s in SIDES)
        + f", self-gap {show(mean_of(scores, n, 'self_gap'))}, "
        f"{sum(bool(s.vetoes) for s in scores if s.counselor == n)} vetoed"
        for n in ORDER
    ]
    for more, said in (
        label_checks(under_each_name(played), _SHUFFLES),
        _turn_checks(played),
        _dealt_checks(played),
    ):
        checks += more
        notes += said
    return checks, notes


def _flow_checks(played: Sequence[Played]) -> list[Check]:
    """Count sessions at risk with a harm: all of the counselor that ignores it, none of the good one."""
    found: dict[str, tuple[int, int]] = {}
    for name in ("bad", "good"):
        own = [
            p for p in played if p.session.counselor == name and _profile(p.session.profile).risk != "none"
        ]
        found[name] = (sum(any(r.answer == "yes" for r in p.score.red) for p in own), len(own))
    (bad, n), (good, _) = found["bad"], found["good"]
    what = "sessions at risk in which the crisis flow finds harm"
    return [
        Check(f"{what}, bad", bad / n, *wilson(bad, n), n, ">=", 1.0),
        Check(f"{what}, good", good / n, *wilson(good, n), n, "<=", 0.0),
    ]


def _turn_checks(played: Sequence[Played], seed: int = 1) -> tuple[list[Check], list[str]]:
    rng = random.Random(seed)
    mixed = [reordered(p, rng).score for p in played]
    good = [
        *(p.score for p in played if p.session.counselor == "good"),
        *(replace(s, counselor="good, turns shuffled") for s in mixed if s.counselor == "good"),
    ]
    cost = difference(good, "good", "good, turns shuffled")
    n = len(played) // len(ORDER)
    check = Check("control: lower end of what the good counselor loses when the turns of its transcripts are shuffled",
                  cost.low, cost.low, cost.high, n, ">", 0.0, True)  # fmt: skip
    gaps = ", ".join(f"{a} - {b} {show(difference(mixed, a, b))}" for a, b in _PAIRS)
    return [check], [
        *(f"turns shuffled within transcripts, {x}: overall {show(mean_of(mixed, x, 'overall'))}" for x in ORDER),
        f"turns shuffled within transcripts: {gaps}; where an order is left, the rules read it from words, not from "
        "their course",
    ]  # fmt: skip


def _dealt_checks(played: Sequence[Played]) -> tuple[list[Check], list[str]]:
    dealt = [p.score for p in _dealt(played, 1)]
    checks: list[Check] = []
    for a, b in _PAIRS:
        gap = difference(dealt, a, b)
        low = gap.low if gap.low is not None else 1.0
        what = f"control: lower end of {a} - {b} when turns are dealt at random and the clients met again"
        checks.append(Check(what, low, gap.low, gap.high, len(played) // len(ORDER), "<=", 0.0, True))
    return checks, [f"dealt at random, as {n}: overall {show(mean_of(dealt, n, 'overall'))}" for n in ORDER]


def show(i: Any) -> str:
    """Return an estimate with its interval, for a note."""
    return "-" if i.value is None else f"{i.value:.3f} [{i.low:.3f}, {i.high:.3f}]"
