"""Pairs of thoughts, the direction between them, and the choice of a strength: numbers in, numbers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sophro.errors import SophroError
from sophro.models.directions import differing
from sophro.steer.efficiency._accounts import Account, Totals


@dataclass(frozen=True)
class Pair:
    """The shortest and the longest correct thought about one problem."""

    problem: int
    short: Account
    long: Account


@dataclass(frozen=True)
class Pairs:
    """What sampling gave.

    Attributes:
        pairs: Usable pairs.
        problems: Problems asked.
        several: Problems with at least two correct replies.
        ratios: Longest over shortest correct thought, for each of these.
    """

    pairs: tuple[Pair, ...]
    problems: int
    several: int
    ratios: tuple[float, ...]


def make_pairs(replies: Sequence[Sequence[Account]], ratio: float) -> Pairs:
    """Pair the shortest with the longest correct thought of every problem.

    Args:
        replies: Replies by problem.
        ratio: Smallest ratio of their lengths.
    """
    pairs: list[Pair] = []
    ratios: list[float] = []
    for number, group in enumerate(replies):
        correct = [a for a in group if a.right and a.ended and a.thought_tokens > 0]
        if len(correct) < 2:
            continue
        short = min(correct, key=lambda a: a.thought_tokens)
        long = max(correct, key=lambda a: a.thought_tokens)
        ratios.append(long.thought_tokens / short.thought_tokens)
        if ratios[-1] >= ratio and short.thought != long.thought:
            pairs.append(Pair(number, short, long))
    return Pairs(tuple(pairs), len(replies), len(ratios), tuple(ratios))


def paired_direction(short: ArrayLike, long: ArrayLike) -> np.ndarray:
    """Return the mean over pairs of short minus long, float64; swapping the two negates it exactly.

    Args:
        short: (P, ..., d) states on the short thoughts.
        long: (P, ..., d) states on the long ones, in the same order.

    Raises:
        SophroError: If there are no pairs, or both sides are the same.
    """
    a, b = np.asarray(short, dtype=np.float64), np.asarray(long, dtype=np.float64)
    if not len(a) or a.shape != b.shape:
        raise SophroError("efficiency steering: pairs of states of one shape are needed")
    return differing(a.mean(0), b.mean(0), "efficiency steering")


def choose_strength(base: Totals, curve: Mapping[float, Totals], tolerance: float) -> float | None:
    """Return the coefficient with the largest cut of thought tokens that costs no more than ``tolerance`` accuracy.

    None if no coefficient shortens the thoughts at that price.
    """
    fits = {
        coefficient: found.thought_tokens
        for coefficient, found in curve.items()
        if base.accuracy - found.accuracy <= tolerance + 1e-9 and found.thought_tokens < base.thought_tokens
    }
    return min(fits, key=lambda c: (fits[c], abs(c))) if fits else None
