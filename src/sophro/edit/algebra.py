"""Algebra of weight edits, one matrix at a time, as pure functions of tensors.

Papers: random retention and rescaling, Yu et al., DARE, arXiv 2311.03099; importance |W * dL/dW|, Lee et al.,
SNIP, arXiv 1810.02340; task arithmetic, Ilharco et al., arXiv 2212.04089; sign election, Yadav et al., TIES-Merging,
arXiv 2306.01708.

Contract: every function reads and returns float32 tensors (or boolean masks) of one matrix and changes nothing that it
was given. Counts are exact: ``top_mask`` selects round(share * n) entries whatever ties there are. Whoever holds a
whole model calls these matrix by matrix, so that memory stays at a few matrices.

Deviations: TIES trims by matrix (as most code does) where the paper trims the flattened model, because scales differ
between layers and a stream sees one matrix at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from sophro.errors import SophroError, unknown_name

MERGES = ("task_arithmetic", "ties")


def share_of(name: str, value: float) -> float:
    """Return ``value`` if it is a share.

    Raises:
        SophroError: Naming the option, if it does not lie in [0, 1].
    """
    if not 0.0 <= value <= 1.0:
        raise SophroError(f"option {name}: {value} is no share; give a number from 0 to 1")
    return value


def difference(tuned: Tensor, base: Tensor) -> Tensor:
    """Return ``tuned - base`` in float32.

    Raises:
        SophroError: If the shapes differ.
    """
    if tuned.shape != base.shape:
        raise SophroError(
            f"a matrix of shape {tuple(tuned.shape)} cannot be compared with one of shape {tuple(base.shape)}; "
            "take two checkpoints of one model"
        )
    return tuned.float() - base.float()


def stream(seed: int, *names: str) -> torch.Generator:
    """Return a random stream that belongs to ``seed`` and ``names`` alone, in whatever order streams are made."""
    key = hashlib.sha256("\0".join((str(seed), *names)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(key[:8], "big") >> 1)


def retention_mask(shape: Sequence[int], share: float, generator: torch.Generator) -> Tensor:
    """Return a mask whose entries are independently True with probability ``share``."""
    share_of("retention", share)
    return torch.rand(tuple(shape), generator=generator) < share


def retain(delta: Tensor, mask: Tensor, *, rescale: float | None = None) -> Tensor:
    """Keep the entries of ``delta`` under ``mask``.

    Args:
        delta: Any shape.
        mask: Boolean, the same shape.
        rescale: The probability with which entries were kept, to divide by it (DARE: the expected edit stays as it
            was); None leaves the kept entries as they are.
    """
    kept = torch.where(mask, delta, 0.0)
    return kept if rescale is None else kept / rescale


def top_mask(score: Tensor, share: float) -> Tensor:
    """Return a mask of the round(share * n) largest scores; among equal scores the first positions win.

    Raises:
        SophroError: If a score is NaN, because then nothing is largest.
    """
    share_of("top", share)
    flat = score.detach().reshape(-1)
    if bool(torch.isnan(flat).any()):
        raise SophroError("an importance is NaN; lower the learning rate or the number of steps")
    count = round(share * len(flat))
    mask = torch.zeros(len(flat), dtype=torch.bool)
    if count:
        # torch.topk leaves open which of equal scores it takes, and most scores may be 0.
        threshold = torch.topk(flat, count, sorted=True).values[-1]
        above = flat > threshold
        mask |= above
        equal = (flat == threshold).nonzero().squeeze(-1)
        mask[equal[: count - int(above.sum())]] = True
    return mask.reshape(score.shape)


def task_arithmetic(deltas: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Return the weighted sum of deltas."""
    total = torch.zeros_like(deltas[0], dtype=torch.float32)
    for delta, weight in zip(deltas, weights, strict=True):
        total.add_(delta.float(), alpha=weight)
    return total


def ties(deltas: Sequence[Tensor], weights: Sequence[float], density: float) -> Tensor:
    """Merge deltas by trimming, electing a sign and averaging those that agree.

    Args:
        deltas: Deltas of one matrix.
        weights: Weight of each delta, before the sign is elected.
        density: Share of the entries with the largest magnitude that a delta keeps.

    Returns:
        Per entry the mean of the weighted deltas whose sign is the elected one, that of the sum of all; 0 where none
        is left.
    """
    trimmed = [
        torch.where(top_mask(d.abs(), density), d.float() * w, 0.0)
        for d, w in zip(deltas, weights, strict=True)
    ]
    sign = torch.sign(torch.stack(trimmed).sum(0))
    total, count = torch.zeros_like(sign), torch.zeros_like(sign)
    for delta in trimmed:
        agrees = (torch.sign(delta) == sign) & (delta != 0)
        total += torch.where(agrees, delta, 0.0)
        count += agrees
    return total / count.clamp(min=1)


def merge(deltas: Sequence[Tensor], weights: Sequence[float], how: str, density: float) -> Tensor:
    """Merge the deltas of one matrix by ``task_arithmetic`` or ``ties``.

    Raises:
        SophroError: If ``how`` is neither.
    """
    if how == "ties":
        return ties(deltas, weights, density)
    if how not in MERGES:
        raise unknown_name("way to merge", how, MERGES)
    return task_arithmetic(deltas, weights)


class Agreement(NamedTuple):
    """How two edits of one matrix lie to each other.

    Attributes:
        n: Entries of the matrix.
        first: Entries that the first edit changes.
        second: Entries that the second edit changes.
        both: Entries that both change.
        same_sign: Those of them that both move in the same direction.
        cosine: Cosine of the edits as vectors; None if one is zero.
        first_norm: Euclidean norm of the first.
        second_norm: Euclidean norm of the second.
    """

    n: int
    first: int
    second: int
    both: int
    same_sign: int
    cosine: float | None
    first_norm: float
    second_norm: float

    @property
    def jaccard(self) -> float | None:
        """Shared entries over all entries that either changes; None if neither changes any."""
        union = self.first + self.second - self.both
        return self.both / union if union else None


def agreement(first: Tensor, second: Tensor) -> Agreement:
    """Compare two edits of one matrix; sums are made in float64."""
    a, b = first.double().reshape(-1), second.double().reshape(-1)
    in_a, in_b = a != 0, b != 0
    norms = float(a.norm()), float(b.norm())
    cosine = float(a @ b) / (norms[0] * norms[1]) if all(norms) else None
    return Agreement(
        n=len(a),
        first=int(in_a.sum()),
        second=int(in_b.sum()),
        both=int((in_a & in_b).sum()),
        same_sign=int((in_a & in_b & (torch.sign(a) == torch.sign(b))).sum()),
        cosine=cosine,
        first_norm=norms[0],
        second_norm=norms[1],
    )


def low_rank(delta: Tensor, rank: int, tolerance: float = 1e-4) -> tuple[Tensor, Tensor] | None:
    """Return ``(A, B)`` with ``B @ A`` equal to ``delta`` up to ``tolerance`` (relative, Frobenius norm).

    Args:
        delta: (out, in).
        rank: Largest rank allowed.
        tolerance: Share of the norm that may be lost.

    Returns:
        A of shape (rank, in) and B of shape (out, rank), padded with zeros below ``rank``; None if the rank is larger.
    """
    r = min(rank, *delta.shape)
    u, s, vh = torch.linalg.svd(delta.float(), full_matrices=False)
    lost = float(s[r:].double().norm())
    if lost > tolerance * float(s.double().norm()):
        return None
    root = s[:r].sqrt()
    a, b = root[:, None] * vh[:r], u[:, :r] * root
    if r < rank:
        a = torch.cat([a, a.new_zeros(rank - r, a.shape[1])])
        b = torch.cat([b, b.new_zeros(b.shape[0], rank - r)], dim=1)
    return a.contiguous(), b.contiguous()
