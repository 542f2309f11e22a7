"""How well a judge agrees with labels: Cohen's kappa, sensitivity, specificity.

Contract: kappa is taken over the labels as they are (Cohen 1960); sensitivity and specificity are one
label against the rest. A judge's ``None`` is unscored: it is counted and left out of the three numbers,
because it is not a verdict. Undefined values are None, never NaN.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sophro.errors import SophroError
from sophro.stats._bootstrap import (
    RESAMPLES,
    Floats,
    cluster_ids,
    cluster_totals,
    percentile_ends,
    resample_totals,
)
from sophro.stats._intervals import Interval, check_confidence, wilson
from sophro.stats._rates import Rate, rate


@dataclass(frozen=True)
class Agreement:
    """Agreement of a judge with labelled responses.

    Attributes:
        n: Labelled responses that the judge scored.
        unscored: Labelled responses that it did not score.
        kappa: Cohen's kappa over all labels.
        accuracy: Share of equal labels.
        sensitivity: Share of the truly positive that the judge calls positive; n = 0 if there are none.
        specificity: Share of the truly negative that the judge calls negative; n = 0 if there are none.
    """

    n: int
    unscored: int
    kappa: Interval
    accuracy: Rate
    sensitivity: Rate
    specificity: Rate

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as JSON-able values."""
        return {
            "n": self.n,
            "unscored": self.unscored,
            **{
                name: getattr(self, name).to_dict()
                for name in ("kappa", "accuracy", "sensitivity", "specificity")
            },
        }


def _cells(a: Sequence[Hashable], b: Sequence[Hashable]) -> tuple[Floats, int]:
    """Return one row per item with a 1 in its cell of the L x L table, and L."""
    if len(a) != len(b):
        raise SophroError(f"labels in pairs are needed, but there are {len(a)} and {len(b)}")
    # Sorted by name, not by appearance: the order of items must not change the resamples.
    names = sorted(set(a) | set(b), key=lambda label: (type(label).__name__, str(label)))
    index = {name: i for i, name in enumerate(names)}
    table = np.zeros((len(a), len(names) ** 2))
    table[np.arange(len(a)), [index[x] * len(names) + index[y] for x, y in zip(a, b, strict=True)]] = 1.0
    return table, len(names)


def _kappas(tables: Floats, labels: int) -> Floats:
    """Kappa of each flattened table (R, L*L): (R,), NaN where both sides always say the same label."""
    square = tables.reshape(-1, labels, labels)
    n = square.sum(axis=(1, 2))
    observed = np.trace(square, axis1=1, axis2=2) / n
    chance = (square.sum(axis=1) * square.sum(axis=2)).sum(axis=1) / n**2
    defined = chance < 1.0 - 1e-12
    return np.where(defined, (observed - chance) / np.where(defined, 1.0 - chance, 1.0), np.nan)


def kappa(labels_a: Sequence[Hashable], labels_b: Sequence[Hashable]) -> float | None:
    """Return Cohen's kappa; None without items or when both sides give everything the same single label.

    Raises:
        SophroError: If the lengths differ.
    """
    return kappa_interval(labels_a, labels_b, resamples=1).value


def kappa_interval(
    labels_a: Sequence[Hashable],
    labels_b: Sequence[Hashable],
    clusters: Sequence[Hashable] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Cohen's kappa with a cluster-bootstrap interval.

    Resamples in which kappa is undefined (a single label drawn) are left out. Where there is no spread, as
    in perfect agreement, the lower end is the kappa that would result if the share of disagreeing
    clusters were at its Wilson upper end, chance agreement unchanged (``method="bound"``).

    Raises:
        SophroError: If the lengths differ.
    """
    check_confidence(confidence)
    table, labels = _cells(labels_a, labels_b)
    ids, units = cluster_ids(clusters, len(table))
    if not len(table):
        return Interval(None, None, None, 0, "none")
    totals = cluster_totals(table, ids, units)
    value = float(_kappas(totals.sum(axis=0, keepdims=True), labels)[0])
    if np.isnan(value):
        return Interval(None, None, None, units, "none")
    draws = _kappas(resample_totals(totals, resamples, seed), labels)
    draws = draws[~np.isnan(draws)]
    if len(draws) and np.ptp(draws) > 1e-12:
        return Interval(value, *percentile_ends(draws, value, confidence), units, "bootstrap")
    square = totals.sum(axis=0).reshape(labels, labels)
    chance = float((square.sum(axis=0) @ square.sum(axis=1)) / square.sum() ** 2)
    reach = wilson(0, units, confidence)[1] / (1 - chance)
    return Interval(value, max(-1.0, value - reach), min(1.0, value + reach), units, "bound")


def agreement(
    truth: Sequence[Hashable],
    predicted: Sequence[Hashable | None],
    positive: Hashable,
    clusters: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Agreement:
    """Compare a judge's labels with the truth.

    Args:
        truth: The label of each response.
        predicted: The judge's label, None where it could not decide.
        positive: The label that counts as positive for sensitivity and specificity.
        clusters: Question of each response, when several responses answer one question.
        confidence: Two-sided level of all intervals.
        seed: Seed of the bootstraps.

    Raises:
        SophroError: If the lengths differ or a true label is None.
    """
    if len(truth) != len(predicted):
        raise SophroError(f"labels in pairs are needed, but there are {len(truth)} and {len(predicted)}")
    if None in truth:
        raise SophroError(f"truth[{list(truth).index(None)}] is None; label every response or leave it out")
    cluster_ids(clusters, len(truth))
    scored = [i for i, label in enumerate(predicted) if label is not None]

    def share(keep: Sequence[int], right: Sequence[bool | None]) -> Rate:
        names = [clusters[i] for i in keep] if clusters is not None else None
        return rate([right[i] for i in keep], names, confidence=confidence, seed=seed)

    every = range(len(truth))
    same: list[bool | None] = [None if p is None else t == p for t, p in zip(truth, predicted, strict=True)]
    called: list[bool | None] = [None if p is None else p == positive for p in predicted]
    cleared = [None if flag is None else not flag for flag in called]
    return Agreement(
        n=len(scored),
        unscored=len(truth) - len(scored),
        kappa=kappa_interval(
            [truth[i] for i in scored],
            [predicted[i] for i in scored],
            [clusters[i] for i in scored] if clusters is not None else None,
            seed=seed,
            confidence=confidence,
        ),
        accuracy=share(every, same),
        sensitivity=share([i for i in every if truth[i] == positive], called),
        specificity=share([i for i in every if truth[i] != positive], cleared),
    )
