"""Resampling of whole clusters (behaviours), vectorised.

Contract: observations of one cluster stay together. Every statistic here is a function of *totals* over
clusters, so the data is a matrix with one row of sums per cluster, and one bootstrap resample is one row
of totals. Results do not depend on the order of the data (rows are sorted first) and are the same for the
same seed. Percentile intervals (Efron 1979).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sophro.errors import SophroError
from sophro.stats._intervals import Interval, check_confidence

Floats = NDArray[np.float64]
RESAMPLES = 10_000
_CHUNK = 4_000_000  # resampled cluster numbers held at once: 32 MB
_FEW = 64  # up to so many different rows, drawing how often each occurs is cheaper than drawing rows


def as_numbers(values: ArrayLike, name: str) -> Floats:
    """Return ``values`` as floats; refuse NaN and infinities, which would spread silently."""
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1:
        raise SophroError(f"{name} must be a flat list of numbers")
    if not np.isfinite(numbers).all():
        raise SophroError(f"{name}[{int(np.argmin(np.isfinite(numbers)))}] is not a finite number")
    return numbers


def cluster_ids(clusters: Sequence[Hashable] | None, n: int) -> tuple[NDArray[np.intp], int]:
    """Number the clusters 0..C-1 by first appearance; ``None`` makes every observation its own cluster.

    Raises:
        SophroError: If there is not one cluster name per observation.
    """
    if clusters is None:
        return np.arange(n, dtype=np.intp), n
    if len(clusters) != n:
        raise SophroError(f"{len(clusters)} cluster names for {n} observations; one each is needed")
    numbers: dict[Hashable, int] = {}
    ids = np.fromiter((numbers.setdefault(c, len(numbers)) for c in clusters), dtype=np.intp, count=n)
    return ids, len(numbers)


def cluster_totals(rows: Floats, ids: NDArray[np.intp], count: int) -> Floats:
    """Sum the rows (N, d) of each cluster: (C, d)."""
    # Sorted within the cluster, so that rounding does not depend on the order of the data.
    order = np.lexsort((*rows.T, ids))
    totals = np.zeros((count, rows.shape[1]))
    np.add.at(totals, ids[order], rows[order])
    return totals


def resample_totals(totals: Floats, resamples: int, seed: int) -> Floats:
    """Draw C clusters with replacement, ``resamples`` times, and sum them.

    Args:
        totals: (C, d) sums per cluster, C >= 1.
        resamples: Number of draws R.
        seed: Seed of the generator.

    Returns:
        (R, d) totals.
    """
    if resamples < 1:
        raise SophroError(f"resamples {resamples} must be at least 1")
    rng = np.random.default_rng(seed)
    units = len(totals)
    kinds, counts = np.unique(totals, axis=0, return_counts=True)
    if len(kinds) <= _FEW:
        return rng.multinomial(units, counts / units, size=resamples) @ kinds
    rows = np.repeat(kinds, counts, axis=0)
    step = max(1, _CHUNK // (units * totals.shape[1]))
    parts = [
        rows[rng.integers(0, units, size=(min(step, resamples - start), units))].sum(axis=1)
        for start in range(0, resamples, step)
    ]
    return np.concatenate(parts)


def percentile_ends(draws: Floats, value: float, confidence: float) -> tuple[float, float]:
    """Return the percentile interval of ``draws``, widened where needed to contain ``value``."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return min(float(low), value), max(float(high), value)


def interval_of_means(totals: Floats, resamples: int, seed: int, confidence: float) -> Interval:
    """Interval of sum / count, for ``totals`` (C, 2) holding sum and count per cluster."""
    check_confidence(confidence)
    units = len(totals)
    if units == 0:
        return Interval(None, None, None, 0, "none")
    value = float(totals[:, 0].sum() / totals[:, 1].sum())
    draws = resample_totals(totals, resamples, seed)
    means = draws[:, 0] / draws[:, 1]
    if np.ptp(means) <= 1e-12 * max(1.0, abs(value)):
        return Interval(value, value, value, units, "constant")
    return Interval(value, *percentile_ends(means, value, confidence), units, "bootstrap")


def bootstrap_mean(
    values: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Mean of ``values`` with a cluster-bootstrap interval.

    The mean is over observations, so a cluster weighs by its size; clusters are what is resampled.

    Returns:
        ``method`` is ``none`` without values and ``constant`` (ends equal to the value) when resampling
        shows no spread, for instance with a single cluster.

    Raises:
        SophroError: If a value is not finite or the cluster names do not match.
    """
    numbers = as_numbers(values, "values")
    ids, count = cluster_ids(clusters, len(numbers))
    rows = np.column_stack([numbers, np.ones_like(numbers)])
    return interval_of_means(cluster_totals(rows, ids, count), resamples, seed, confidence)


def paired_means(
    a: Sequence[float | bool], b: Sequence[float | bool], clusters: Sequence[Hashable] | None
) -> Floats:
    """Return mean(a) - mean(b) per cluster: (C,)."""
    if len(a) != len(b):
        raise SophroError(f"paired values are needed, but there are {len(a)} and {len(b)}")
    difference = as_numbers(a, "a") - as_numbers(b, "b")
    ids, count = cluster_ids(clusters, len(difference))
    totals = cluster_totals(np.column_stack([difference, np.ones_like(difference)]), ids, count)
    return totals[:, 0] / totals[:, 1]


def interval_of_differences(means: Floats, resamples: int, seed: int, confidence: float) -> Interval:
    """Interval of the mean of per-cluster differences (C,); exchanging the sides mirrors it exactly."""
    ordered = np.sort(means)
    mirrored = -ordered[::-1]
    # Both orders of the two sides must see the same draws, so one of them is computed and mirrored.
    flip = bool((ordered - mirrored)[np.flatnonzero(ordered - mirrored)[:1]].sum() < 0)
    chosen = mirrored if flip else ordered
    result = interval_of_means(np.column_stack([chosen, np.ones_like(chosen)]), resamples, seed, confidence)
    if result.value is None or result.low is None or result.high is None:
        return result
    if not (ordered - mirrored).any():  # its own mirror image, so the interval has to be one too
        reach = max(-result.low, result.high)
        return Interval(0.0, -reach, reach, result.units, result.method)
    if not flip:
        return result
    return Interval(-result.value, -result.high, -result.low, result.units, result.method)


def paired_bootstrap(
    a: Sequence[float | bool],
    b: Sequence[float | bool],
    clusters: Sequence[Hashable] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Mean of ``a - b`` with a bootstrap interval over behaviours.

    Several samples of one behaviour are averaged first, so every behaviour weighs the same.

    Args:
        a: One value per sample for the first side.
        b: The same samples for the second side.
        clusters: Behaviour of each sample; None when each sample is its own behaviour.
        resamples: Number of draws.
        seed: Seed of the generator.
        confidence: Two-sided level.

    Raises:
        SophroError: If the lengths differ or a value is not finite.
    """
    return interval_of_differences(paired_means(a, b, clusters), resamples, seed, confidence)


def bootstrap_statistic(
    statistic: Callable[[NDArray[np.intp]], float | None],
    clusters: Sequence[Hashable],
    resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Interval of any statistic of rows, resampling whole clusters.

    Args:
        statistic: From row numbers (repeated as drawn) to a value; None where they do not give one. Such draws are
            left out.
        clusters: Cluster of each row.
        resamples: Number of draws.
        seed: Seed of the generator.
        confidence: Two-sided level.
    """
    check_confidence(confidence)
    ids, count = cluster_ids(clusters, len(clusters))
    value = statistic(np.arange(len(ids), dtype=np.intp)) if count else None
    if value is None:
        return Interval(None, None, None, count, "none")
    rows = [np.flatnonzero(ids == i) for i in range(count)]
    rng = np.random.default_rng(seed)
    drawn = (
        statistic(np.concatenate([rows[i] for i in rng.integers(0, count, count)])) for _ in range(resamples)
    )
    draws = np.array([d for d in drawn if d is not None], dtype=np.float64)
    if not len(draws) or np.ptp(draws) <= 1e-12 * max(1.0, abs(value)):
        return Interval(value, value, value, count, "constant")
    return Interval(value, *percentile_ends(draws, value, confidence), count, "bootstrap")
