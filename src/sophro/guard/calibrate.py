"""Thresholds for a false-alarm target, chosen on labelled conversations of the user's own.

Contract: half of the conversations, drawn by a hash of their text, choose; the other half measures, and its rates are
those that are reported, so that a threshold is never praised by the texts that it was chosen on. The target holds for
the rules of a place together: of all harmless conversations at most that share meets any rule that does something
(``allow`` only records and is left alone). Equal texts fall into one half. A rule of which no score flags anything
keeps its threshold, and so do crisis rules and several rules of one detector, whose flags count all the same.

Method: thresholds are lowered in turn, the rule first that catches most for the room it takes, until the target leaves
no room; ties flag together, so that the target is an upper bound on the choosing half.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from sophro.errors import SophroError
from sophro.files import read_text, write_text
from sophro.guard.check import Guard
from sophro.guard.offline import batches, read_conversations
from sophro.guard.policy import Policy, Rule, default_path
from sophro.guard.scanners._turns import to_turns, views_of
from sophro.guard.scanners._types import Where
from sophro.stats import Rate, rate

_LABELS: Mapping[Any, bool] = {
    "harmful": True, "unsafe": True, "toxic": True, "1": True, "true": True,
    "benign": False, "harmless": False, "safe": False, "0": False, "false": False,
}  # fmt: skip
_STEP = 1e-4  # scores are rounded to four places


@dataclass(frozen=True)
class Chosen:
    """What was chosen for one place.

    Attributes:
        where: ``input`` or ``output``.
        thresholds: Rule to its new threshold.
        before: Rates of the measuring half with the policy as it was: ``false_alarms`` and ``recall``.
        after: The same with the new thresholds.
        chosen_on: Harmless and harmful conversations that chose.
    """

    where: Where
    thresholds: Mapping[str, float]
    before: Mapping[str, Rate]
    after: Mapping[str, Rate]
    chosen_on: tuple[int, int]


@dataclass(frozen=True)
class _Scored:
    key: str
    harmful: bool
    scores: tuple[float, ...]  # a rule's highest score among its labels, NaN where it judged nothing


def label_of(row: Mapping[str, Any], where: str) -> bool:
    """Return whether a labelled row is harmful.

    Raises:
        SophroError: Naming the place, if the label is missing or unknown.
    """
    value = row.get("label")
    found = _LABELS.get(str(value).lower()) if isinstance(value, str | int | bool) else None
    if found is None:
        raise SophroError(f"{where}, field 'label': {value!r} is none of {', '.join(_LABELS)}")
    return found


def choose_thresholds(policy: Policy, source: Path, false_alarms: float) -> list[Chosen]:
    """Choose thresholds.

    Args:
        policy: Policy whose rules get thresholds.
        source: JSONL of ``id``, ``messages``, ``label``.
        false_alarms: Share of harmless conversations that may be flagged, between 0 and 1.

    Raises:
        SophroError: If the file is wrong, the target is none, or a place has too few conversations of a label to
            choose and to measure on.
    """
    if not 0.0 < false_alarms < 1.0:
        raise SophroError(f"false-alarm target {false_alarms} must lie between 0 and 1 (0.02 for 2 %)")
    rows = _score(policy, source)
    found: list[Chosen] = []
    for where, scored in rows.items():
        if not scored:
            continue
        rules = _acting(policy, where)
        if not rules:
            raise SophroError(
                f"{policy.source}: no rule of {where} does anything, so there is nothing to choose"
            )
        choosing = [s for s in scored if _half(s.key)]
        measuring = [s for s in scored if not _half(s.key)]
        for name, part in (("choose", choosing), ("measure", measuring)):
            for harmful in (False, True):
                n = sum(s.harmful == harmful for s in part)
                least = max(10, int(np.ceil(1.0 / false_alarms))) if not harmful else 10
                if n < least:
                    kind = "harmful" if harmful else "harmless"
                    raise SophroError(
                        f"{source}: only {n} {kind} conversations of {where} to {name} on, {least} are needed "
                        f"for a target of {false_alarms:g} (half of the file chooses, half measures)"
                    )
        old = [_now(r, policy) for r in rules]
        keys = [r.key for r in rules]
        # Levels of danger are no scores to tune, and several rules of one detector are steps that somebody set.
        fixed = {i for i, r in enumerate(rules) if r.detector == "crisis" or keys.count(r.key) > 1}
        cuts = _choose(choosing, old, false_alarms, fixed)
        found.append(
            Chosen(
                where,
                {
                    r.key: round(c, 4)
                    for i, (r, c) in enumerate(zip(rules, cuts, strict=True))
                    if i not in fixed
                },
                _rates(measuring, old),
                _rates(measuring, cuts),
                (sum(not s.harmful for s in choosing), sum(s.harmful for s in choosing)),
            )
        )
    return found


def write_policy(policy: Policy, chosen: Sequence[Chosen], target: Path, note: str) -> None:
    """Write the policy with the chosen thresholds.

    Args:
        policy: The policy they were chosen for.
        chosen: What was chosen.
        target: File to write.
        note: Lines of comment at its beginning.
    """
    value: dict[str, Any] = yaml.safe_load(read_text(policy.source or default_path()))
    for item in chosen:
        for raw in value[item.where]:
            key = f"{raw['detector']}.{raw['label']}" if raw.get("label") else raw["detector"]
            if key in item.thresholds and raw["action"] != "allow":
                raw["threshold"] = item.thresholds[key]
    text = "".join(f"# {line}\n" for line in note.splitlines())
    text += yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110)
    Policy.parse(text, target)  # what is written must be readable
    write_text(target, text)


def _acting(policy: Policy, where: Where) -> list[Rule]:
    return [r for r in policy.rules[where] if r.action != "allow"]


def _now(rule: Rule, policy: Policy) -> float:
    """Return the threshold in force; where labels have several, scores are put on the scale of the first."""
    from sophro.guard.scanners import scanner

    if rule.threshold is not None:
        return rule.threshold
    own = scanner(rule.detector, policy.fields.options.get(rule.detector)).thresholds
    return own[rule.label] if rule.label else min(own.values())


def _score(policy: Policy, source: Path) -> dict[Where, list[_Scored]]:
    guard = Guard(policy)
    found: dict[Where, list[_Scored]] = {"input": [], "output": []}
    for batch in batches(read_conversations(source)):
        for row in batch:
            label_of(row, f"{source}, id {row['id']!r}")
        views = [views_of(to_turns(row["messages"]), "input")[0] for row in batch]
        for row, judged in zip(batch, guard.judge(views), strict=True):
            where = judged.view.where
            rules = set(_acting(policy, where))
            scores: list[float] = []
            for rule, detection in judged.found:
                if rule in rules:
                    own = [s for k, s in detection.scores.items() if rule.label in (None, k)]
                    scores.append(max(own) if own else float("nan"))
            key = hashlib.sha256(str(row["messages"]).encode("utf-8", "surrogatepass")).hexdigest()
            found[where].append(_Scored(key, label_of(row, str(source)), tuple(scores)))
    return found


def _half(key: str) -> bool:
    return int(key[:8], 16) % 2 == 0


def _flags(scored: Sequence[_Scored], cuts: Sequence[float]) -> np.ndarray:
    table = np.array([s.scores for s in scored]).reshape(len(scored), len(cuts))
    return np.asarray((table >= np.array(cuts)).any(axis=1))


def _rates(scored: Sequence[_Scored], cuts: Sequence[float]) -> dict[str, Rate]:
    flags = _flags(scored, cuts)
    return {
        name: rate([bool(f) for f, s in zip(flags, scored, strict=True) if s.harmful == harmful])
        for name, harmful in (("false_alarms", False), ("recall", True))
    }


def _choose(scored: Sequence[_Scored], old: Sequence[float], target: float, fixed: set[int]) -> list[float]:
    harmful = np.array([s.harmful for s in scored])
    table = np.array([s.scores for s in scored]).reshape(len(scored), len(old))
    # Start where nothing is flagged, and lower one threshold at a time to the next score of a harmful text.
    cuts = [o if i in fixed else 1.0 + _STEP for i, o in enumerate(old)]
    allowed = int(np.floor(target * int((~harmful).sum()) + 1e-9))
    flagged = _flags(scored, cuts)  # by the rules that keep their thresholds
    while True:
        best: tuple[float, int, float, np.ndarray] | None = None
        for rule in (i for i in range(len(old)) if i not in fixed):
            column = table[:, rule]
            steps = np.unique(column[harmful & ~flagged & (column < cuts[rule]) & (column > 0.0)])[::-1]
            for cut in steps[:200]:
                new = flagged | (column >= cut)
                alarms = int((new & ~harmful).sum())
                if alarms > allowed:
                    break
                gain = int((new & harmful).sum() - (flagged & harmful).sum())
                cost = alarms - int((flagged & ~harmful).sum())
                worth = gain / (cost + 0.1)
                if gain and (best is None or worth > best[0]):
                    best = (worth, rule, float(cut), new)
        if best is None:
            break
        cuts[best[1]], flagged = best[2], best[3]
    return [min(c, 1.0) if c <= 1.0 else o for c, o in zip(cuts, old, strict=True)]
