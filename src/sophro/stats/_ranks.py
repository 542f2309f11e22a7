"""Ranks and their correlation."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sophro.errors import SophroError
from sophro.stats._bootstrap import as_numbers, bootstrap_statistic
from sophro.stats._intervals import Interval

Floats = NDArray[np.float64]


def midranks(values: Floats) -> Floats:
    """Return ranks from 1, equal values sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2.0)[inverse]


def correlation(x: Floats, y: Floats) -> float | None:
    """Pearson correlation; None if a side is constant or has fewer than two values."""
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    dx, dy = x - x.mean(), y - y.mean()
    return float(np.clip(dx @ dy / math.sqrt((dx @ dx) * (dy @ dy)), -1, 1))


def spearman(a: ArrayLike, b: ArrayLike) -> float | None:
    """Rank correlation with mean ranks for ties; None if a side is constant or empty."""
    x, y = as_numbers(a, "a"), as_numbers(b, "b")
    if len(x) != len(y):
        raise SophroError(
            f"one value per prompt is needed on both sides, but there are {len(x)} and {len(y)}"
        )
    return correlation(midranks(x), midranks(y))


def spearman_interval(
    a: ArrayLike,
    b: ArrayLike,
    clusters: Sequence[Hashable] | None = None,
    resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Rank correlation with a cluster-bootstrap interval; resamples in which a side is constant are left out.

    Raises:
        SophroError: If the lengths differ or a value is not finite.
    """
    x, y = as_numbers(a, "a"), as_numbers(b, "b")
    if len(x) != len(y):
        raise SophroError(f"values in pairs are needed, but there are {len(x)} and {len(y)}")
    names = list(range(len(x))) if clusters is None else clusters
    return bootstrap_statistic(
        lambda rows: correlation(midranks(x[rows]), midranks(y[rows])), names, resamples, seed, confidence
    )
