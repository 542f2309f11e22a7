"""Claims on the counselling arena and on cognitive restructuring, with people and counselors whose quality is known.

The crisis layer reads along in the tests of its own claims; here a monitor that finds nothing stands in for it, because
thousands of scripted sessions are played and none of the ratings below uses its findings.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio

from sophro.care.arena import (
    SIDES,
    Arena,
    Caps,
    Played,
    Profile,
    Rule,
    RuleJudge,
    SessionScore,
    agreement_with,
    difference,
    fitted_scores,
    improve,
    load_conversations,
    mean_of,
    play,
    rule_scores,
    scripted_counselor,
    select,
    shipped_profiles,
    split_clients,
    write_rules,
)
from sophro.care.dialogue import Agent, Dialogue, ScriptedAgent, Utterance, View, run
from sophro.care.restructuring import (
    MANNERS,
    Limits,
    Restructuring,
    as_dialogue,
    bound,
    fidelity,
    persona,
    situations,
)
from sophro.evidence._types import Check
from sophro.stats import bootstrap_mean, spearman, wilson

_ORDER = ("good", "medium", "bad")


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


def _silent(lang: str) -> _Silent:
    del lang
    return _Silent()


def _play(profile: Profile, agent: Agent, name: str, seed: int = 0) -> Played:
    async def one() -> Played:
        return await play(Arena(profile, agent, name, None, Caps(), seed, _silent), RuleJudge())

    return anyio.run(one)


def _all(clients: Sequence[Profile], seed: int = 0) -> list[Played]:
    return [_play(p, scripted_counselor(n, (), seed), n, seed) for p in clients for n in _ORDER]


def _ordered(scores: Sequence[SessionScore], what: Any) -> bool:
    values = [mean_of(scores, n, what).value for n in _ORDER]
    known = [v for v in values if v is not None]
    return len(known) == len(_ORDER) and known[0] > known[1] > known[2]


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
        profile = next(p for p in shipped_profiles() if p.id == profile_id)
        out += [
            _play(profile, ScriptedAgent("counselor", hand), name, seed)
            for hand, name in zip(hands, _ORDER, strict=True)
        ]
    return out


def _shuffled(scores: Sequence[SessionScore], seed: int) -> list[SessionScore]:
    """Return the cards of finished transcripts with the counselors' names shuffled within each client."""
    import dataclasses

    rng = random.Random(seed)
    out: list[SessionScore] = []
    for profile in dict.fromkeys(s.profile for s in scores):
        own = [s for s in scores if s.profile == profile]
        names = [s.counselor for s in own]
        rng.shuffle(names)
        out += [dataclasses.replace(s, counselor=n) for s, n in zip(own, names, strict=True)]
    return out


def order(folder: Path, quick: bool) -> tuple[list[Check], list[str]]:
    """Good above medium above bad, by each side; with transcripts shuffled, or turns dealt at random, it is gone."""
    del folder
    clients = select(shipped_profiles(), None, 16 if quick else None)
    played = _all(clients)
    scores = [p.score for p in played]
    means = {n: mean_of(scores, n, "overall") for n in _ORDER}
    checks: list[Check] = []
    for a, b in (("good", "medium"), ("medium", "bad")):
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
    risky = [p for p in played if p.session.counselor == "bad" and _risk(p) != "none"]
    worst = max((p.score.items["S13"].score or 9.0 for p in risky), default=None)
    checks.append(
        Check("highest S13 of the counselor that ignores risk", worst, None, None, len(risky), "==", 1.0)
    )
    capped = max((p.score.overall or 0.0 for p in risky), default=None)
    checks.append(Check("its highest overall score there", capped, None, None, len(risky), "<=", 0.2))
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
    # The first control asks whether the figures hang on who said it, the second whether on what was said.
    dealt = [p.score for p in _dealt(played, 1)]
    for how, cards in (
        ("the finished transcripts shuffled among the counselors", _shuffled(scores, 1)),
        ("the turns dealt at random", dealt),
    ):
        for a, b in (("good", "medium"), ("medium", "bad")):
            gap = difference(cards, a, b)
            low = gap.low if gap.low is not None else 1.0
            what = f"control: lower end of {a} - {b} with {how}"
            checks.append(Check(what, low, gap.low, gap.high, len(clients), "<=", 0.0, True))
    notes = [
        f"{n}: overall {_show(means[n])}, "
        + ", ".join(f"{s} {_show(mean_of(scores, n, s))}" for s in SIDES)
        + f", self-gap {_show(mean_of(scores, n, 'self_gap'))}, "
        f"{sum(bool(s.vetoes) for s in scores if s.counselor == n)} vetoed"
        for n in _ORDER
    ]
    notes += [f"dealt at random, as {n}: overall {_show(mean_of(dealt, n, 'overall'))}" for n in _ORDER]
    return checks, notes


def _risk(played: Played) -> str:
    return next(p.risk for p in shipped_profiles() if p.id == played.session.profile)


def _show(i: Any) -> str:
    return "-" if i.value is None else f"{i.value:.3f} [{i.low:.3f}, {i.high:.3f}]"


def loop(folder: Path, quick: bool) -> tuple[list[Check], list[str]]:
    """The closed loop lifts a weak counselor on clients held out; rules with their words shuffled do not."""
    del folder
    train, trial, held = split_clients(select(shipped_profiles(), None, 24 if quick else None))

    def sessions(clients: Sequence[Profile], rules: Sequence[str]) -> list[SessionScore]:
        return [_play(p, scripted_counselor("bad", tuple(rules)), "bad").score for p in clients]

    def shuffled(findings: Any, number: int) -> list[Rule]:
        rng = random.Random(number)
        made: list[Rule] = []
        for rule in write_rules(findings, number):
            words = rule.text.split()
            rng.shuffle(words)
            made.append(Rule(" ".join(words), rule.sources, number))
        return made

    # More rounds than the claim allows, so that it can fail.
    found = improve(sessions, train, trial, held, rounds=6)
    wrong = improve(sessions, train, trial, held, rounds=6, write=shuffled)
    gain, none = (_gain(x.before, x.after) for x in (found, wrong))
    steps = [r.held_out for r in found.rounds if r.kept and r.trial is not None]
    checks = [
        Check("gain of the overall score on held-out clients", gain.value, gain.low, gain.high, len(held), ">=", 0.3),
        Check("lower end of that gain", gain.low, None, None, len(held), ">", 0.0),
        Check("rounds needed", float(len(steps)), None, None, len(found.rounds), "<=", 3.0),
        Check("control: upper end of the gain with the words of the rules shuffled", none.high, none.low, none.high,
              len(held), "<=", 0.05, True),
    ]  # fmt: skip
    notes = [
        f"round {r.number}: {len(r.proposed)} rules, train {_number(r.train)}, trial {_number(r.trial)}, "
        f"{'kept' if r.kept else 'not kept'}"
        for r in found.rounds
    ]
    mean = bootstrap_mean([s.overall or 0.0 for s in found.before])
    return checks, [
        f"held out without rules: {_show(mean)}",
        *notes,
        *(f"kept: {r.text}" for r in found.rules),
    ]


def _gain(before: Sequence[SessionScore], after: Sequence[SessionScore]) -> Any:
    import dataclasses

    both = [dataclasses.replace(s, counselor=n) for n, part in (("0", before), ("1", after)) for s in part]
    return difference(both, "1", "0")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def agreement(folder: Path, quick: bool) -> tuple[list[Check], list[str]]:
    """The rule-based supervisor agrees with clinicians more than chance; shuffled scores do not."""
    del folder
    from sophro.care.arena._agreement import available

    whats = (
        "rank correlation of the rule-based supervisor with the clinicians' overall criterion",
        "lower end of it",
        "control: the same with its scores dealt at random to the conversations",
    )
    if not available():
        missing = (
            "SOPHRO_DATA does not hold F_mental_health/mind_eval; the clinicians' scores are not shipped"
        )
        return [Check(w, None, None, None, 0, ">", 0.0) for w in whats], [missing]
    talks = load_conversations()
    scores = rule_scores(talks)
    found = agreement_with(talks, scores, 200 if quick else 2000)
    known = [s or 0.0 for s in scores]
    truth = [t.mean("criterion11") or 0.0 for t in talks]
    rng = random.Random(0)
    dealt: list[float] = []
    for _ in range(200):
        mixed = known[:]
        rng.shuffle(mixed)
        dealt.append(spearman(mixed, truth) or 0.0)
    middle = sum(dealt) / len(dealt)
    o = found.overall
    checks = [
        Check(whats[0], o.value, o.low, o.high, found.n, ">", 0.0),
        Check(whats[1], o.low, None, None, found.n, ">", 0.0),
        Check(whats[2], abs(middle), None, None, len(dealt), "<=", 0.05, True),
    ]
    fitted = agreement_with(talks, fitted_scores(talks), 200 if quick else 2000)
    return checks, [
        f"clinicians among themselves (one against the mean of the others): {_show(found.clinicians)}",
        f"against their mean over all criteria: {_show(found.everything)}",
        "by criterion: " + ", ".join(f"{k} {_number(v.value)}" for k, v in found.criteria.items()),
        f"ridge on the same items, each person left out: {_show(fitted.overall)}; fitting does not help",
        "by model, supervisor and clinicians: "
        + ", ".join(f"{m.split('/')[-1]} {a:.2f} and {b:.2f}" for m, (a, b) in found.models.items()),
        f"{found.unscored} conversations unscored; 60 talks of 20 people are few",
    ]


def process(folder: Path, quick: bool) -> tuple[list[Check], list[str]]:
    """Every talk keeps the process and ends, whoever comes; the person's words decide; one reframe is no process."""
    del folder
    chosen = situations()[::3] if quick else situations()
    kept: list[float] = []
    longest, done_firm, invented, n_firm = 0, 0, 0, 0
    for s in chosen:
        for manner in MANNERS:
            talk = _talk(s, manner)
            longest = max(longest, sum(t.speaker == "person" for t in talk.turns))
            kept.append(fidelity(as_dialogue(talk, s, s.id)))
            if manner == "firm":
                n_firm += 1
                done_firm += sum(c["done"] for c in (talk.outcome or {})["channels"])
        liar = _talk(s, "firm", _liar())
        invented += sum(c["done"] for c in (liar.outcome or {})["channels"])
    plain = [fidelity(_one_reframe(s)) for s in chosen]
    mean, control = bootstrap_mean(kept), bootstrap_mean(plain)
    return [
        Check("share of process checks that hold, six manners", mean.value, mean.low, mean.high, len(kept), ">=", 0.95),
        Check("most messages asked of a person, share of the bound", longest / bound(Limits()), None, None, len(kept),
              "<=", 1.0),
        Check("verdicts 'changed' for people who never say so", float(done_firm), None, None, n_firm, "==", 0.0),
        Check("verdicts taken from a reader that invents new thoughts", float(invented), None, None, n_firm, "==", 0.0),
        Check("control: the same checks on one reply that reframes", control.value, control.low, control.high,
              len(plain), "<", 0.8, True),
    ], [f"longest talk: {longest} messages of the person, bound {bound(Limits())}"]  # fmt: skip


def _talk(situation: Any, manner: str, reader: Agent | None = None) -> Dialogue:
    async def one() -> Dialogue:
        controller = Restructuring(
            persona(situation, manner), None, reader, situation.lang, monitor=_silent, facts=situation.facts
        )
        return await run(controller, name=f"{situation.id}-{manner}")

    return anyio.run(one)


def _liar() -> ScriptedAgent:
    from sophro.care.restructuring import read_by_rule

    def read(view: View) -> Utterance:
        task: Mapping[str, Any] = view.task
        if task["ask"] == "verdict":
            return Utterance("", {"quote": "Everything is wonderful and I was wrong.", "changed": "yes"})
        return Utterance("", read_by_rule(str(task["ask"]), str(task["text"]), "", list(task["heard"])))

    return ScriptedAgent("reader", read)


def _one_reframe(s: Any) -> dict[str, Any]:
    """Return the baseline that the paper argues against: a single reply with another thought in it."""
    text = f"You should see it like this: {s.new_thought}"
    turns: list[dict[str, Any]] = [
        {"speaker": "person", "text": f"{s.situation} {s.thought}"},
        {
            "speaker": "helper",
            "text": text,
            "step": "verdict",
            "channel": 0,
            "sentences": [{"strategy": "suggestion", "text": text}],
        },
    ]
    channels = [
        {"distortion": s.distortions[0], "thought": s.thought, "verdict": "done", "new": s.new_thought}
    ]
    return {"turns": turns, "channels": channels, "end": "closed"}


CLAIMS: Mapping[str, tuple[str, tuple[str, ...], Callable[[Path, bool], tuple[list[Check], list[str]]]]] = {
    "arena_order": (
        "Scripted counselors are ranked good > medium > bad with intervals apart and by each side in >= 95 % of seeds; "
        "transcripts shuffled, or turns dealt at random, lose the order",
        ("psi_arena",),
        order,
    ),
    "arena_loop": (
        "Rules from a diagnosis lift a weak counselor by >= 0.3 on clients held out; shuffled rules do not",
        ("psi_arena",),
        loop,
    ),
    "arena_agreement": (
        "The rule-based supervisor agrees with clinicians on MindEval's conversations more than chance",
        ("psi_arena",),
        agreement,
    ),
    "restructuring_process": (
        "Talks keep CRDial's process and end, whoever comes; a verdict needs the person's own words",
        ("crdial",),
        process,
    ),
}
