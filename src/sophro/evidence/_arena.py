"""Claims on the counselling arena and on cognitive restructuring, with people and counselors whose quality is known.

The claim on the order of the counselors has its own module.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio

from sophro.care.arena import (
    Profile,
    Rule,
    SessionScore,
    agreement_with,
    difference,
    fitted_scores,
    improve,
    load_conversations,
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
from sophro.evidence._arena_order import order, play_one, show, silent
from sophro.evidence._types import Check
from sophro.stats import bootstrap_mean, spearman


def loop(folder: Path, quick: bool) -> tuple[list[Check], list[str]]:
    """The closed loop lifts a weak counselor on clients that nothing met before; shuffled rules do not."""
    del folder
    parts = split_clients(select(shipped_profiles(), None, 20 if quick else None))
    met: list[str] = []

    def sessions(clients: Sequence[Profile], rules: Sequence[str]) -> list[SessionScore]:
        met.extend(p.id for p in clients)
        return [play_one(p, scripted_counselor("bad", tuple(rules)), "bad").score for p in clients]

    def shuffled(findings: Any, number: int) -> list[Rule]:
        rng = random.Random(number)
        made: list[Rule] = []
        for rule in write_rules(findings, number):
            words = rule.text.split()
            rng.shuffle(words)
            made.append(Rule(" ".join(words), rule.sources, number))
        return made

    # More rounds than the claim allows, so that it can fail.
    found = improve(sessions, parts, rounds=6)
    own = [p.id for p in parts.report]
    first = next(i for i, name in enumerate(met) if name in own)
    others = [name for name in met[first:] if name not in own]
    wrong = improve(sessions, parts, rounds=6, write=shuffled)
    gain, none = (_gain(x.before, x.after) for x in (found, wrong))
    steps = [r.acceptance for r in found.rounds if r.kept and r.acceptance is not None]
    checks = [
        Check("gain of the overall score on the clients of the report", gain.value, gain.low, gain.high, len(own), ">=",
              0.3),
        Check("lower end of that gain", gain.low, None, None, len(own), ">", 0.0),
        Check("sessions of diagnosis or acceptance after the first of the report", float(len(others)), None, None,
              len(own), "==", 0.0),
        Check("rounds needed", float(len(steps)), None, None, len(found.rounds), "<=", 3.0),
        Check("control: upper end of the gain with the words of the rules shuffled", none.high, none.low, none.high,
              len(own), "<=", 0.05, True),
    ]  # fmt: skip
    notes = [
        f"round {r.number}: {len(r.proposed)} rules, diagnosis {_number(r.diagnosis)}, "
        f"acceptance {_number(r.acceptance)}, {'kept' if r.kept else 'not kept'}"
        for r in found.rounds
    ]
    mean = bootstrap_mean([s.overall or 0.0 for s in found.before])
    return checks, [
        f"clients: {', '.join(f'{len(part)} for {name}' for name, part in parts._asdict().items())}",
        f"report without rules: {show(mean)}",
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
        f"clinicians among themselves (one against the mean of the others): {show(found.clinicians)}",
        f"against their mean over all criteria: {show(found.everything)}",
        "by criterion: " + ", ".join(f"{k} {_number(v.value)}" for k, v in found.criteria.items()),
        f"ridge on the same items, each person left out: {show(fitted.overall)}; fitting does not help",
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
            persona(situation, manner), None, reader, situation.lang, monitor=silent, facts=situation.facts
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
        "finished transcripts with shuffled names lose the order",
        ("psi_arena",),
        order,
    ),
    "arena_loop": (
        "Rules from a diagnosis lift a weak counselor by >= 0.3 on clients that neither diagnosis nor choice met; "
        "shuffled rules do not",
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
