"""Logistic regression with a small ridge and bootstrap intervals.

Contract: pure numpy and deterministic. Too few prompts of a class or a constant column give a reason and no
number.

Deviations: intervals resample prompts as if independent; paraphrases of one behaviour make them too narrow,
so give one prompt per behaviour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sophro.errors import SophroError
from sophro.stats import Interval, newton

Floats = NDArray[np.float64]
MIN_CLASS = 10  # refused and accepted prompts each, for a regression with three predictors
RESAMPLES = 1000
RIDGE = 1.0
_CHUNK = 2_000_000  # numbers of one product held at once


def numbers(values: ArrayLike, name: str, dimensions: int = 1) -> Floats:
    """Return ``values`` as an array; refuse NaN, infinities and another number of dimensions."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != dimensions:
        raise SophroError(f"{name} has {array.ndim} dimensions; {dimensions} needed")
    if not np.isfinite(array).all():
        raise SophroError(f"{name} holds a value that is not a finite number")
    return array


def same_length(**columns: Sequence[Any] | Floats) -> None:
    """Refuse columns of different length."""
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise SophroError(f"one value per prompt is needed, but there are {lengths}")


@dataclass(frozen=True)
class Logistic:
    """A logistic regression.

    Attributes:
        intercept: Its intercept, or None where there is no fit.
        coefficients: One per column, with percentile intervals; empty where there is no fit.
        reason: Why there is no fit; empty otherwise.
        resamples: Bootstrap samples used; those that drew one class alone are left out.
    """

    intercept: float | None
    coefficients: tuple[Interval, ...]
    reason: str
    resamples: int


def logistic(
    x: ArrayLike,
    y: Sequence[bool],
    bootstrap: int = RESAMPLES,
    seed: int = 0,
    ridge: float = RIDGE,
    confidence: float = 0.95,
) -> Logistic:
    """Fit by Newton's method: sum of log losses + ridge/2 * |coefficients|^2, intercept not penalised.

    The ridge keeps coefficients finite where a predictor separates the classes; 1.0 (scikit-learn's ``C`` = 1)
    is one weak pseudo-observation per coefficient. Rows are resampled, columns are not standardised again.

    Args:
        x: (N, p) predictors, standardised by the caller.
        y: N flags.
        bootstrap: Number of resamples, at least 1.
        seed: Seed of the resampling.
        ridge: Weight of the penalty, greater than 0.
        confidence: Two-sided level.

    Returns:
        A fit, or a reason: fewer than ``MIN_CLASS`` of a class, or a constant column.

    Raises:
        SophroError: If shapes differ, a value is not finite, or a setting is out of range.
    """
    rows = numbers(x, "x", 2)
    same_length(x=rows, y=y)
    if bootstrap < 1 or ridge <= 0 or not 0 < confidence < 1:
        raise SophroError("logistic: bootstrap >= 1, ridge > 0 and a confidence between 0 and 1 are needed")
    truth = np.asarray(y, dtype=bool).astype(np.float64)
    if reason := few(int(truth.sum()), len(truth)):
        return Logistic(None, (), reason, 0)
    if (flat := np.ptp(rows, axis=0) == 0).any():
        return Logistic(None, (), f"column {int(np.argmax(flat))} is constant", 0)
    design = np.column_stack([np.ones(len(rows)), rows])
    estimate = newton(design, truth, np.ones((1, len(rows))), ridge)[0]
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=bootstrap).astype(np.float64)
    drawn = counts @ truth
    counts = counts[(drawn > 0) & (drawn < len(rows))]
    step = max(1, _CHUNK // design.size)
    draws = np.concatenate(
        [newton(design, truth, counts[i : i + step], ridge) for i in range(0, len(counts), step)]
        or [np.zeros((0, design.shape[1]))]
    )
    if not len(draws):
        return Logistic(None, (), "every resample drew one class alone", 0)
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    found = tuple(
        Interval(
            float(estimate[j]),
            float(min(low[j], estimate[j])),
            float(max(high[j], estimate[j])),
            len(rows),
            "bootstrap",
        )
        for j in range(1, design.shape[1])
    )
    return Logistic(float(estimate[0]), found, "", len(draws))


def few(k: int, n: int) -> str:
    """Say why ``k`` refused among ``n`` scored prompts are too few of a class; empty if they are not."""
    if k in (0, n):
        return (
            f"all {n} scored prompts were {'refused' if k and n else 'accepted'}"
            if n
            else "nothing was scored"
        )
    if min(k, n - k) < MIN_CLASS:
        return f"{k} refused and {n - k} accepted prompts; {MIN_CLASS} of each are needed"
    return ""
