"""Logistic regression on hashed n-grams: fitting, and a small fine-tune from given weights.

Contract: numpy only and deterministic. ``fit`` minimises C * sum of log-losses + ||w||^2 / 2 with a free
intercept, the objective of scikit-learn's ``LogisticRegression``, by Newton steps solved with conjugate
gradients (Lin, Weng and Keerthi 2008); the objective is strictly convex, so the answer does not depend on the
way. ``tune`` is the linear counterpart of a small supervised fine-tune: plain gradient steps from the detector's own
weights until the new texts are learned; nothing holds the old ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sophro.errors import SophroError
from sophro.guard._ngrams import Features

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """A linear model: ``cells @ w + bias``.

    Attributes:
        w: (cells,) weights.
        bias: Intercept.
    """

    w: Floats
    bias: float

    def __call__(self, rows: Features) -> Floats:
        """Return (N,) log-odds."""
        return rows.dot(self.w) + self.bias


def sigmoid(x: Floats) -> Floats:
    """Return 1 / (1 + exp(-x)) without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def fit(rows: Features, labels: NDArray[np.bool_], c: float, bits: int, tolerance: float = 1e-6) -> Weights:
    """Fit a logistic regression.

    Args:
        rows: N texts.
        labels: (N,) True for toxic.
        c: Inverse strength of the penalty.
        bits: Binary logarithm of the number of cells.
        tolerance: Stop when the gradient is this small a part of the first one.

    Raises:
        SophroError: If only one label occurs, or Newton's method does not arrive.
    """
    if labels.all() or not labels.any():
        raise SophroError("training needs texts of both labels")
    size = 1 << bits
    y = labels.astype(np.float64)
    point = np.zeros(size + 1)

    def forward(v: Floats) -> Floats:
        return rows.dot(v[:-1]) + v[-1]

    def backward(values: Floats) -> Floats:
        return np.append(rows.back(values, size), values.sum())

    def loss(v: Floats) -> float:
        x = forward(v)
        return float(c * (np.logaddexp(0.0, x) - y * x).sum() + 0.5 * (v[:-1] @ v[:-1]))

    first = 0.0
    value = loss(point)
    for _ in range(100):
        p = sigmoid(forward(point))
        gradient = c * backward(p - y)
        gradient[:-1] += point[:-1]
        norm = float(np.linalg.norm(gradient))
        first = first or norm
        if norm <= tolerance * first:
            return Weights(point[:-1], float(point[-1]))
        curve = c * p * (1 - p)

        def hessian(v: Floats, curve: Floats = curve) -> Floats:
            out = backward(curve * forward(v))
            out[:-1] += v[:-1]
            return out

        step = _conjugate(hessian, -gradient, 0.1)
        scale, slope = 1.0, float(gradient @ step)
        while (new := loss(point + scale * step)) > value + 1e-4 * scale * slope and scale > 1e-6:
            scale /= 2
        point, value = point + scale * step, new
    raise SophroError("training did not converge in 100 Newton steps; use a smaller C")


def _conjugate(matrix: Callable[[Floats], Floats], target: Floats, accuracy: float) -> Floats:
    """Solve ``matrix(x) = target`` to a relative ``accuracy``."""
    x = np.zeros_like(target)
    rest = target.copy()
    way = rest.copy()
    square = float(rest @ rest)
    stop = accuracy**2 * square
    for _ in range(200):
        image = matrix(way)
        pace = square / float(way @ image)
        x += pace * way
        rest -= pace * image
        new = float(rest @ rest)
        if new <= stop:
            break
        way = rest + (new / square) * way
        square = new
    return x


def tune(
    start: Weights,
    rows: Features,
    labels: NDArray[np.bool_],
    cut: float,
    *,
    right: float = 0.95,
    steps: int = 500,
) -> Weights:
    """Fine-tune by gradient steps on the mean log-loss until the given texts are learned.

    Args:
        start: Weights to begin from; left as they are.
        rows: N texts; a row has length 1, so a step of size 1 moves no log-odds by more than 2.
        labels: (N,) True for toxic.
        cut: Log-odds from which on a text is flagged.
        right: Share of the texts on their side of the cut at which to stop.
        steps: Stop at the latest after so many.
    """
    used, places = np.unique(rows.cells, return_inverse=True)
    near = Features(places.astype(np.int64), rows.starts)  # the same rows over the cells that occur in them
    w, bias = start.w[used], start.bias
    for _ in range(steps):
        x = near.dot(w) + bias
        if float(((x >= cut) == labels).mean()) >= right:
            break
        error = (labels - sigmoid(x)) / len(rows)
        w += near.back(error, len(used))
        bias += float(error.sum())
    whole = start.w.copy()
    whole[used] = w
    return Weights(whole, bias)
