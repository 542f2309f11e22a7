"""Numbers about detectors: area under the ROC curve, F1, means over disguises, share regained by a remedy.

Contract: pure functions of labels, scores and flags. Where the data cannot give a value, it is None. The interval of
the area is DeLong's (DeLong et al. 1988, computed by midranks as Sun and Xu 2014), taken on the logit scale so that it
stays in (0, 1); the others are bootstraps over clusters.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from statistics import NormalDist

import numpy as np

from sophro.errors import SophroError
from sophro.stats._bootstrap import (
    RESAMPLES,
    Floats,
    as_numbers,
    cluster_ids,
    cluster_totals,
    percentile_ends,
    resample_totals,
)
from sophro.stats._intervals import Interval, check_confidence, wilson
from sophro.stats._ranks import midranks


def auroc(truth: Sequence[bool], scores: Sequence[float], confidence: float = 0.95) -> Interval:
    """Return the chance that a positive scores above a negative, ties counting half.

    Raises:
        SophroError: If the lengths differ or a score is not finite.
    """
    check_confidence(confidence)
    values = as_numbers(scores, "scores")
    positive = np.asarray(truth, dtype=bool)
    if len(positive) != len(values):
        raise SophroError(f"labels in pairs are needed, but there are {len(positive)} and {len(values)}")
    high, low = values[positive], values[~positive]
    m, n = len(high), len(low)
    if not m or not n:
        return Interval(None, None, None, m + n, "none")
    ranks, own_high, own_low = (midranks(x) for x in (np.concatenate([high, low]), high, low))
    wins = (ranks[:m] - own_high) / n  # of each positive: share of negatives below it
    losses = 1.0 - (ranks[m:] - own_low) / m
    area = float(wins.mean())
    spread = (float(wins.var(ddof=1)) / m if m > 1 else 0.0) + (
        float(losses.var(ddof=1)) / n if n > 1 else 0.0
    )
    if spread <= 0.0 or not 0.0 < area < 1.0:
        # No overlap was seen: what so many pairs of distinct texts can exclude at worst.
        few = min(m, n)
        ends = wilson(round(area * few), few, confidence)
        return Interval(area, min(ends[0], area), max(ends[1], area), m + n, "bound")
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * math.sqrt(spread) / (area * (1.0 - area))
    centre = math.log(area / (1.0 - area))
    ends = [1.0 / (1.0 + math.exp(-x)) for x in (centre - half, centre + half)]
    return Interval(area, ends[0], ends[1], m + n, "delong")


def f1_score(
    truth: Sequence[bool],
    flagged: Sequence[bool],
    clusters: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return F1 of the positive label, 2 TP / (2 TP + FP + FN), with a cluster-bootstrap interval.

    Raises:
        SophroError: If the lengths differ.
    """
    check_confidence(confidence)
    if len(truth) != len(flagged):
        raise SophroError(f"labels in pairs are needed, but there are {len(truth)} and {len(flagged)}")
    said, is_so = np.asarray(flagged, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    ids, count = cluster_ids(clusters, len(said))
    if not (said.any() or is_so.any()):
        return Interval(None, None, None, count, "none")
    totals = cluster_totals(np.column_stack([said * is_so, said + is_so]), ids, count)
    value = float(2.0 * totals[:, 0].sum() / totals[:, 1].sum())
    drawn = resample_totals(totals, RESAMPLES, seed)
    draws = 2.0 * drawn[:, 0] / np.maximum(drawn[:, 1], 1.0)
    return _interval(value, draws, count, confidence)


def mean_of_rates(
    flags: Sequence[bool],
    groups: Sequence[Hashable],
    clusters: Sequence[Hashable],
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return the mean over groups of the share of yes answers, each group weighing the same.

    Args:
        flags: One answer per observation.
        groups: Group of each observation (a disguise).
        clusters: What is resampled (a sentence, which may occur in every group).
        confidence: Two-sided level.
        seed: Seed of the bootstrap.

    Raises:
        SophroError: If the lengths differ.
    """
    check_confidence(confidence)
    ids, count = cluster_ids(clusters, len(flags))
    place, kinds = cluster_ids(groups, len(flags))
    if not len(flags):
        return Interval(None, None, None, 0, "none")
    rows = np.zeros((len(flags), 2 * kinds))
    rows[np.arange(len(flags)), place] = np.asarray(flags, dtype=np.float64)
    rows[np.arange(len(flags)), kinds + place] = 1.0
    totals = cluster_totals(rows, ids, count)

    def statistic(sums: Floats) -> Floats:
        # A draw without any observation of a group says nothing about it; the others carry the mean.
        sizes = sums[:, kinds:]
        shares = np.where(sizes > 0, sums[:, :kinds] / np.maximum(sizes, 1.0), np.nan)
        return np.nanmean(shares, axis=1)

    value = float(statistic(totals.sum(axis=0, keepdims=True))[0])
    return _interval(value, statistic(resample_totals(totals, RESAMPLES, seed)), count, confidence)


def share_regained(
    before: Sequence[bool],
    under: Sequence[bool],
    after: Sequence[bool],
    clusters: Sequence[Hashable],
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return which share of the yes answers that a change cost a remedy brings back.

    (after - under) / (before - under), sums over the same observations; 1 is all, 0 none, below 0 the remedy makes
    it worse. None where the change cost nothing.

    Raises:
        SophroError: If the lengths differ.
    """
    check_confidence(confidence)
    if not len(before) == len(under) == len(after):
        raise SophroError(
            f"answers in threes are needed, but there are {len(before)}, {len(under)}, {len(after)}"
        )
    ids, count = cluster_ids(clusters, len(before))
    a, b, c = (np.asarray(x, dtype=np.float64) for x in (before, under, after))
    totals = cluster_totals(np.column_stack([a - b, c - b]), ids, count)
    lost, won = totals.sum(axis=0) if count else (0.0, 0.0)
    if lost <= 0:
        return Interval(None, None, None, count, "none")
    drawn = resample_totals(totals, RESAMPLES, seed)
    drawn = drawn[drawn[:, 0] > 0]
    return _interval(float(won / lost), drawn[:, 1] / drawn[:, 0], count, confidence)


def _interval(value: float, draws: Floats, units: int, confidence: float) -> Interval:
    if not len(draws) or np.ptp(draws) <= 1e-12:
        return Interval(value, value, value, units, "constant")
    return Interval(value, *percentile_ends(draws, value, confidence), units, "bootstrap")
