"""Logistic regression by Newton's method, and a ridge-penalised probe for wide data.

Contract: pure numpy and deterministic. The penalty is scikit-learn's: sum of log losses + ridge/2 |w|^2 with the
intercept left free, so ``ridge`` is its 1/C.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sophro.errors import SophroError

Floats = NDArray[np.float64]


def newton(design: Floats, truth: Floats, counts: Floats, ridge: float) -> Floats:
    """Fit one regression per row of case weights.

    Args:
        design: (N, p + 1) predictors, the first column all ones.
        truth: (N,) 0 or 1.
        counts: (B, N) case weights.
        ridge: Weight of the penalty on all but the intercept.

    Returns:
        (B, p + 1) intercepts and coefficients.
    """
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 0.0
    signs = 2 * truth - 1

    def loss(beta: Floats) -> Floats:
        margins = (beta @ design.T) * signs
        return (counts * np.logaddexp(0.0, -margins)).sum(axis=1) + 0.5 * (beta**2) @ penalty

    beta = np.zeros((len(counts), design.shape[1]))
    value = loss(beta)
    for _ in range(100):
        share = 0.5 * (1.0 + np.tanh(0.5 * (beta @ design.T)))  # the logistic function without overflow
        gradient = (counts * (share - truth)) @ design + beta * penalty
        curvature = np.einsum("bn,ni,nj->bij", counts * share * (1 - share), design, design, optimize=True)
        # A trace of curvature everywhere keeps the intercept's equation solvable far from the optimum.
        curvature += np.diag(penalty + 1e-10)
        step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        length, tried, worse = np.ones(len(counts)), beta, np.zeros(len(counts), dtype=bool)
        for _ in range(30):
            tried = beta - length[:, None] * step
            worse = loss(tried) > value + 1e-12 * np.abs(value)
            if not worse.any():
                break
            length[worse] *= 0.5
        else:
            tried = np.where(worse[:, None], beta, tried)
        beta, value = tried, loss(tried)
        if np.abs(gradient).max() < 1e-9 * len(truth):
            break
    return beta


@dataclass(frozen=True)
class Probe:
    """A linear probe: log-odds = states @ weights + bias.

    Attributes:
        weights: Shape (d,).
        bias: Intercept.
    """

    weights: Floats
    bias: float

    def __call__(self, states: ArrayLike) -> Floats:
        """Return the log-odds of states (..., d)."""
        return np.asarray(states, dtype=np.float64) @ self.weights + self.bias


def logistic_probe(states: ArrayLike, labels: Sequence[bool], ridge: float = 1.0) -> Probe:
    """Fit a probe on states (N, d); d may be far larger than N.

    The optimum lies in the span of the states, so the fit is done there (at most N coefficients).

    Raises:
        SophroError: If shapes differ, a state is not finite, a class is missing, or ``ridge`` is not positive.
    """
    rows, truth = np.asarray(states, dtype=np.float64), np.asarray(labels, dtype=bool)
    if rows.ndim != 2 or len(rows) != len(truth) or not np.isfinite(rows).all():
        raise SophroError("logistic probe: finite states of shape (N, d) and N labels are needed")
    if truth.all() or not truth.any():
        raise SophroError("logistic probe: both classes are needed")
    if ridge <= 0:
        raise SophroError("logistic probe: ridge must be greater than 0")
    _, sizes, basis = np.linalg.svd(rows, full_matrices=False)
    basis = basis[sizes > 1e-12 * max(float(sizes.max(initial=0.0)), 1e-300)]
    design = np.column_stack([np.ones(len(rows)), rows @ basis.T])
    beta = newton(design, truth.astype(np.float64), np.ones((1, len(rows))), ridge)[0]
    return Probe(beta[1:] @ basis, float(beta[0]))
