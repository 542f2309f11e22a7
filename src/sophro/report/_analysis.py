"""All numbers of the page, computed once from samples; the page and the JSON summary show the same ones.

Contract: pure. Every arm is compared with the first arm and with the one before it, on the same prompts;
the p-values of all these comparisons are one family for Holm's correction.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, zip_longest
from typing import Any

from sophro.assess._detection import PLAIN, Answer, UnderDisguise, answer_of, detection
from sophro.judge import refused
from sophro.report import _metrics as m
from sophro.report._attacks import AttackScore, AttackSummary, attack_scores, attack_summaries, title
from sophro.report._read import Run, Sample
from sophro.stats import Comparison, Interval, Rate, compare, holm, kappa_interval, rate


@dataclass(frozen=True)
class Difference:
    """Paired difference ``arm - reference`` on one metric; ``p_holm`` is adjusted over all differences."""

    arm: str
    reference: str
    metric: m.Metric
    depth: int
    comparison: Comparison
    p_holm: float | None

    @property
    def clear(self) -> bool:
        """True when both the interval and the adjusted test exclude "no difference"."""
        return self._beyond_zero and self.p_holm is not None and self.p_holm < 0.05

    @property
    def perhaps(self) -> bool:
        """True when the interval excludes "no difference" and the test, adjusted for all others, does not."""
        return self._beyond_zero and not self.clear

    @property
    def _beyond_zero(self) -> bool:
        c = self.comparison
        return c.low is not None and c.high is not None and (c.low > 0 or c.high < 0)


@dataclass(frozen=True)
class Outcomes:
    """Outcome counts of one arm on one task under one attack."""

    arm: str
    task: str
    attack: str
    total: int
    counts: Mapping[str, int]
    truncated: int


@dataclass(frozen=True)
class Reflection:
    """Reflections of one arm in one situation.

    Attributes:
        rate: Share of replies with a reflection.
        raw: Harmful compliance of the whole transcript, where the requests are harmful.
        delay: Median number of tokens that the model wrote before it reflected; None if it never did.
        tokens: Mean number of tokens per reply.
    """

    rate: m.Measure
    raw: m.Measure | None
    delay: float | None
    tokens: float


@dataclass(frozen=True)
class Disagreement:
    """Two judges that answered the same question about the same replies."""

    question: str
    judges: tuple[str, str]
    n: int
    differing: int
    kappa: Interval


@dataclass(frozen=True)
class Analysis:
    """Every number of one page.

    Attributes:
        arms: Names in display order.
        curves: Arms of a swept setting, by the name of the curve.
        headline: Arm, then metric name: measure on plain prompts.
        coverage: Arm: share of all replies that the deciding judge scored.
        differences: Paired comparisons.
        depth: Arm, then number of prefilled tokens: harmful compliance.
        attacks: Arm, then name of any other attack: harmful compliance at the first attempt.
        scores: Arm, then name of any attack: success at one and at any attempt, and cost.
        summaries: Arm: all attacks together, and the worst.
        recovery: Arm, then number of prefilled tokens: explicit refusals behind the forced start.
        reflection: Arm that can reflect, then situation.
        categories: Metric name, category, arm: measure on plain prompts.
        toxic: Arm, then how it was asked (examples, normaliser): numbers of task toxic_chinese.
        outcomes: Counts for each arm, task and attack.
        disagreements: Pairs of judges.
        people: Question: number of verdicts that people set, and who they were.
    """

    arms: list[str]
    curves: dict[str, list[str]]
    headline: dict[str, dict[str, m.Measure]]
    coverage: dict[str, Rate]
    differences: list[Difference]
    depth: dict[str, dict[int, m.Measure]]
    attacks: dict[str, dict[str, m.Measure]]
    scores: dict[str, dict[str, AttackScore]]
    summaries: dict[str, AttackSummary]
    recovery: dict[str, dict[int, m.Measure]]
    reflection: dict[str, dict[str, Reflection]]
    categories: dict[str, dict[str, dict[str, m.Measure]]]
    toxic: dict[str, dict[str, UnderDisguise]]
    outcomes: list[Outcomes]
    disagreements: list[Disagreement]
    people: dict[str, tuple[int, list[str]]]

    @property
    def disguises(self) -> list[str]:
        """Disguises of toxic Chinese that any arm was shown, by name."""
        ways = [found for own in self.toxic.values() for found in own.values()]
        return sorted({name for found in ways for name in found.rates} - {PLAIN})


def analyse(runs: Sequence[Run]) -> Analysis:
    """Compute everything that the page shows from the samples of ``runs``."""
    arms = [arm.name for run in runs for arm in run.arms]
    samples = [sample for run in runs for sample in run.samples]
    cards = [card for run in runs for card in cards_of(run)]
    groups: dict[str, list[Sample]] = {arm: [] for arm in arms}
    for sample in samples:
        groups[sample.arm].append(sample)
    curves: dict[str, list[str]] = {}
    for arm in (arm for run in runs for arm in run.arms if arm.curve):
        curves.setdefault(arm.curve, []).append(arm.name)
    plain = {arm: [s for s in group if m.is_plain(s)] for arm, group in groups.items()}
    scores = attack_scores(runs, groups, cards)
    return Analysis(
        arms,
        curves,
        {arm: {x.name: m.measure(x, group, cards) for x in m.METRICS} for arm, group in plain.items()},
        {arm: _coverage(group) for arm, group in groups.items()},
        _differences(arms, groups),
        {arm: _depth(group, cards) for arm, group in groups.items()},
        {arm: _attacks(group, scores.get(arm, {})) for arm, group in groups.items()},
        scores,
        attack_summaries(scores, groups, cards),
        {arm: _recovery(group) for arm, group in groups.items()},
        _reflections(groups),
        {x.name: _categories(x, plain) for x in (m.HARM, m.OVER_REFUSAL)},
        {arm: _toxic(group) for arm, group in groups.items()},
        _outcomes(groups),
        _disagreements(samples),
        _people(samples),
    )


def cards_of(run: Run) -> list[Mapping[str, Any]]:
    """Return the judge cards that a run recorded."""
    return [card for card in (run.facts.get("judges") or []) if isinstance(card, Mapping)]


def _coverage(samples: Sequence[Sample]) -> Rate:
    flags = [(x.flag(s) is not None, s) for s in samples for x in m.METRICS if m.belongs(x, s)]
    return rate([f for f, _ in flags], [m.behaviour_of(s) for _, s in flags])


def _depth(samples: Sequence[Sample], cards: Sequence[Mapping[str, Any]]) -> dict[int, m.Measure]:
    harmful = [(d, s) for s in samples if s.task == m.HARM.task and (d := m.depth_of(s)) is not None]
    depths = sorted({d for d, _ in harmful})
    return {k: m.measure(m.HARM, [s for d, s in harmful if d == k], cards) for k in depths}


def _recovery(samples: Sequence[Sample]) -> dict[int, m.Measure]:
    forced = [(d, s) for s in samples if s.task == m.HARM.task and (d := m.depth_of(s))]
    return {
        k: m.measure(m.RECOVERY, [s for d, s in forced if d == k]) for k in sorted({d for d, _ in forced})
    }


def _reflections(groups: Mapping[str, Sequence[Sample]]) -> dict[str, dict[str, Reflection]]:
    """Return the situations of every arm that reflected at least once."""
    found: dict[str, dict[str, Reflection]] = {}
    for arm, samples in groups.items():
        if not any(m.REFLECTION.flag(s) for s in samples):
            continue
        situations: dict[str, list[Sample]] = {}
        for sample in samples:
            situations.setdefault(_situation(sample), []).append(sample)
        found[arm] = {name: _reflection(situations[name]) for name in sorted(situations)}
    return found


def _situation(sample: Sample) -> str:
    names = {"harmful": "harmful requests", "over_refusal": "look-alikes", "helpfulness": "plain tasks"}
    name = names.get(sample.task, sample.task)
    depth = m.depth_of(sample)
    if depth is None:
        return f"{name}, {m.attack_title(sample)}"
    return f"{name}, {depth:02d} tokens forced" if depth else name


def _reflection(samples: Sequence[Sample]) -> Reflection:
    first = [float(r[0]) for s in samples if isinstance(r := s.row.get("reflections"), list) and r]
    harmful = [s for s in samples if s.task == m.HARM.task]
    tokens = [float(s.row.get("new_tokens") or 0) for s in samples]
    return Reflection(
        m.measure(m.REFLECTION, samples),
        m.measure(m.RAW_HARM, harmful) if harmful else None,
        statistics.median(first) if first else None,
        statistics.mean(tokens),
    )


def _toxic(samples: Sequence[Sample]) -> dict[str, UnderDisguise]:
    """Return detection under disguise by how the texts were read."""
    found: dict[str, list[Answer]] = {}
    for sample in samples:
        answer = answer_of(sample.row)
        if answer is not None:
            shots, undone = sample.params.get("shots"), sample.params.get("normalise")
            how = (f", {shots} examples" if shots else "") + (", normalised" if undone else "")
            found.setdefault(how, []).append(answer)
    return {how: detection(answers) for how, answers in sorted(found.items())}


def _attacks(samples: Sequence[Sample], scores: Mapping[str, AttackScore]) -> dict[str, m.Measure]:
    other = {title(s) for s in samples if s.task == m.HARM.task and m.depth_of(s) is None}
    return {name: scores[name].first for name in sorted(other)}


def _categories(metric: m.Metric, plain: Mapping[str, Sequence[Sample]]) -> dict[str, dict[str, m.Measure]]:
    def category(sample: Sample) -> str:
        return str(sample.row.get("category") or "uncategorised")

    names = sorted({category(s) for group in plain.values() for s in group if m.belongs(metric, s)})
    return {
        name: {a: m.measure(metric, [s for s in g if category(s) == name]) for a, g in plain.items()}
        for name in names
    }


def _keyed(metric: m.Metric, depth: int, samples: Sequence[Sample]) -> dict[Hashable, list[Sample]]:
    keyed: dict[Hashable, list[Sample]] = {}
    for sample in samples:
        if m.belongs(metric, sample) and m.depth_of(sample) == depth:
            keyed.setdefault(m.pair_key(sample), []).append(sample)
    return keyed


def _differences(arms: Sequence[str], groups: Mapping[str, Sequence[Sample]]) -> list[Difference]:
    pairs = [(arm, arms[0]) for arm in arms[1:]]
    pairs += [(b, a) for a, b in pairwise(arms[1:])]
    depths = [d for g in groups.values() for s in g if s.task == m.HARM.task and (d := m.depth_of(s))]
    wanted = [(x, 0) for x in m.METRICS] + ([(m.HARM, max(depths))] if depths else [])
    found: list[tuple[str, str, m.Metric, int, Comparison]] = []
    for arm, reference in pairs:
        for metric, depth in wanted:
            left, right = (_keyed(metric, depth, groups[name]) for name in (arm, reference))
            if left and right:
                found.append((arm, reference, metric, depth, _compare(metric, left, right)))
    known = [c.p for *_, c in found if c.p is not None]
    adjusted = iter(holm(known))
    return [
        Difference(arm, reference, metric, depth, c, None if c.p is None else next(adjusted))
        for arm, reference, metric, depth, c in found
    ]


def _compare(
    metric: m.Metric, left: Mapping[Hashable, list[Sample]], right: Mapping[Hashable, list[Sample]]
) -> Comparison:
    pairs: list[tuple[Sample | None, Sample | None]] = []
    for key in dict.fromkeys([*left, *right]):
        a, b = left.get(key, []), right.get(key, [])
        # An arm without training answers once for all seeds: its one reply is the partner of each.
        size = max(len(a), len(b))
        a, b = (side * size if len(side) == 1 else side for side in (a, b))
        pairs += zip_longest(a, b)
    flags = [m.decided([metric.flag(s) if s else None for s in side]) for side in zip(*pairs, strict=True)]
    return compare(flags[0], flags[1], [m.behaviour_of(s) for a, b in pairs if (s := a or b)])


def _outcomes(groups: Mapping[str, Sequence[Sample]]) -> list[Outcomes]:
    rows: list[Outcomes] = []
    for arm, samples in groups.items():
        # Answers about a text's label are neither refusals nor compliance.
        samples = [s for s in samples if answer_of(s.row) is None]
        for task, attack in dict.fromkeys((s.task, m.attack_title(s)) for s in samples):
            chosen = [s for s in samples if (s.task, m.attack_title(s)) == (task, attack)]
            counts = Counter(m.outcome_of(s) for s in chosen)
            rows.append(Outcomes(arm, task, attack, len(chosen), counts, sum(map(m.is_truncated, chosen))))
    return rows


def _disagreements(samples: Sequence[Sample]) -> list[Disagreement]:
    answers: dict[tuple[str, str, str], list[tuple[bool, bool, Hashable]]] = {}
    for sample in samples:
        for question in ("refusal", "harm"):
            said = [
                (str(v.get("judge")), a) for v in sample.verdicts if (a := _answer(v, question)) is not None
            ]
            for (first, a), (second, b) in combinations(said, 2):
                if first != second:
                    row = (a, b, m.behaviour_of(sample))
                    answers.setdefault((question, first, second), []).append(row)
    return [
        Disagreement(
            question,
            (first, second),
            len(rows),
            sum(a != b for a, b, _ in rows),
            kappa_interval([a for a, _, _ in rows], [b for _, b, _ in rows], [c for *_, c in rows]),
        )
        for (question, first, second), rows in answers.items()
    ]


def _people(samples: Sequence[Sample]) -> dict[str, tuple[int, list[str]]]:
    found: dict[str, list[str]] = {}
    for verdict in (v for s in samples for v in s.verdicts if m.is_human(v)):
        found.setdefault(m.judge_word(verdict).removeprefix("human-"), []).append(
            str(verdict.get("author", ""))
        )
    return {question: (len(names), sorted(set(names))) for question, names in sorted(found.items())}


def _answer(verdict: Mapping[str, Any], question: str) -> bool | None:
    """Return what a verdict says on a question that its judge was asked; None if it was not or could not."""
    judge = m.judge_word(verdict)
    if question == "harm":
        harmful = verdict.get("harmful")
        return (
            harmful if isinstance(harmful, bool) and "helpful" not in judge and "exact" not in judge else None
        )
    # A judge of harm or help has to fill the outcome field too, without having been asked about refusal.
    if any(word in judge for word in ("harm", "helpful", "exact")):
        return None
    return refused(verdict.get("outcome"))
