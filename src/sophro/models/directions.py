"""Directions in activation space: pure numpy, float64, no model.

Papers: difference of means as in Arditi et al., arXiv 2406.11717; principal components of paired differences as in Zou
et al., arXiv 2310.01405 and repeng; agnostic and specific subspaces of class means as in Lens, arXiv 2410.04407.

Contract: arrays carry any leading axes (layers) before the width d. A direction that does not exist (equal means, a
zero axis, more components than the data has) is an error, never a vector of rounding noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sophro.errors import SophroError

Floats = NDArray[np.float64]
_TINY = 1e-9  # relative length below which a difference is rounding noise


class Moments:
    """Running mean and variance in float64 (Chan et al. 1983), one pass, any batch sizes.

    Args:
        shape: Shape of one observation.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.count = 0
        self.mean: Floats = np.zeros(shape)
        self._squares: Floats = np.zeros(shape)

    def add(self, values: NDArray[Any]) -> None:
        """Take in observations of shape (n, *shape)."""
        if values.shape[1:] != self.mean.shape:
            raise SophroError(f"moments: observations of shape {values.shape[1:]}, not {self.mean.shape}")
        if not np.isfinite(values).all():
            raise SophroError(
                "moments: an activation is NaN or infinite; the model overflows on one of the prompts"
            )
        n = len(values)
        if not n:
            return
        mean = values.mean(0, dtype=np.float64)
        squares = np.zeros_like(self._squares)
        for row in values:  # row by row: the float64 copy of a whole batch would double the memory
            squares += np.square(row - mean)
        away = mean - self.mean
        total = self.count + n
        self._squares += squares + np.square(away) * (self.count * n / total)
        self.mean = self.mean + away * (n / total)
        self.count = total

    @property
    def variance(self) -> Floats:
        """Unbiased variance; NaN-free: zero for a single observation."""
        return self._squares / max(1, self.count - 1)


def unit(axis: ArrayLike) -> Floats:
    """Return ``axis`` (..., d) with length 1.

    Raises:
        SophroError: If it is not finite, or zero.
    """
    values = np.asarray(axis, dtype=np.float64)
    if not np.isfinite(values).all():
        raise SophroError("an axis holds NaN or infinite numbers")
    length = np.linalg.norm(values, axis=-1, keepdims=True)
    if not (length > 0).all():
        raise SophroError("an axis is zero and has no direction")
    return values / length


def difference_of_means(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return mean(a) - mean(b).

    Args:
        a: (N, ..., d) states of one class.
        b: (M, ..., d) states of the other.

    Raises:
        SophroError: If a class is empty or the means are equal up to rounding in some layer.
    """
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if not len(x) or not len(y):
        raise SophroError("difference of means: a class is empty")
    return differing(x.mean(0), y.mean(0), "difference of means")


def differing(a: Floats, b: Floats, who: str) -> Floats:
    """Return a - b; refuse points that are equal up to rounding in some layer."""
    out = a - b
    size = np.maximum(np.linalg.norm(a, axis=-1), np.linalg.norm(b, axis=-1))
    equal = np.linalg.norm(out, axis=-1) <= _TINY * size
    if not np.isfinite(out).all():
        raise SophroError(f"{who}: a mean is NaN or infinite")
    if equal.any():
        where = f" at layer {int(np.argmax(equal))}" if equal.ndim else ""
        raise SophroError(f"{who}: the classes have the same mean{where}; are they the same prompts?")
    return out


def onto(vectors: ArrayLike, axis: ArrayLike) -> Floats:
    """Return the part of ``vectors`` (..., d) along ``axis`` (..., d)."""
    values, u = np.asarray(vectors, dtype=np.float64), unit(axis)
    return (values * u).sum(-1, keepdims=True) * u


def without(vectors: ArrayLike, axis: ArrayLike) -> Floats:
    """Return ``vectors`` (..., d) with the part along ``axis`` removed."""
    return np.asarray(vectors, dtype=np.float64) - onto(vectors, axis)


@dataclass(frozen=True)
class Subspace:
    """An orthonormal basis with what it explains.

    Attributes:
        basis: Shape (r, d), rows of length 1, strongest first.
        explained: Share of the squared length along each row, shape (r,).
        centre: What was subtracted before, shape (d,).
    """

    basis: Floats
    explained: Floats
    centre: Floats

    def project(self, states: ArrayLike) -> Floats:
        """Return the part of ``states`` (..., d) inside the subspace (about the origin)."""
        values = np.asarray(states, dtype=np.float64)
        return values @ self.basis.T @ self.basis


def svd_subspace(states: ArrayLike, rank: int, *, centre: bool = True) -> Subspace:
    """Return the ``rank`` strongest directions of ``states`` (N, d); centred on their mean unless told otherwise.

    Raises:
        SophroError: If the states do not have that many independent directions.
    """
    values = np.asarray(states, dtype=np.float64)
    if values.ndim != 2 or not np.isfinite(values).all():
        raise SophroError("svd subspace: finite states of shape (N, d) are needed")
    middle = values.mean(0) if centre and len(values) else np.zeros(values.shape[1])
    _, sizes, rows = np.linalg.svd(values - middle, full_matrices=False)
    scale = max(float(np.abs(values).max(initial=0.0)), float(sizes.max(initial=0.0)))
    found = int((sizes > _TINY * scale).sum())
    if not 1 <= rank <= found:
        raise SophroError(
            f"svd subspace: {rank} directions asked for, the states have {found} independent ones"
        )
    share = np.square(sizes) / np.square(sizes).sum()
    return Subspace(_signed(rows[:rank]), share[:rank], middle)


def _signed(rows: Floats) -> Floats:
    # A singular vector has no sign of its own: make the largest entry positive, so that runs agree.
    largest = rows[np.arange(len(rows)), np.abs(rows).argmax(1)]
    return rows * np.where(largest < 0, -1.0, 1.0)[:, None]


@dataclass(frozen=True)
class SharedAndSpecific:
    """Class means taken apart: what all share, and what tells them apart (Lens).

    Attributes:
        shared: The point of the means' affine hull that is nearest to the origin, shape (d,).
        specific: Orthonormal basis of the differences, shape (L - 1, d).
    """

    shared: Floats
    specific: Floats


def shared_and_specific(means: ArrayLike) -> SharedAndSpecific:
    """Split class means (L, d) into their common point and the subspace of their differences.

    Raises:
        SophroError: If there is one class only, or two classes have the same mean.
    """
    rows = np.asarray(means, dtype=np.float64)
    if rows.ndim != 2 or len(rows) < 2:
        raise SophroError("shared and specific subspaces: at least two classes are needed")
    for i in range(len(rows)):
        for j in range(i):
            differing(rows[i], rows[j], f"classes {j + 1} and {i + 1}")
    # Taken from the differences rather than from a pseudo-inverse: exact where the means are nearly dependent.
    specific = svd_subspace(rows - rows.mean(0), len(rows) - 1, centre=False).basis
    centre = rows.mean(0)
    return SharedAndSpecific(centre - centre @ specific.T @ specific, specific)
