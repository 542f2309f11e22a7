"""Two arms on the same prompts: paired difference, exact McNemar test, Holm's correction.

Contract: the unit is the behaviour. Several samples of one behaviour (seeds, attacks, paraphrases) are
averaged per behaviour first; the test then asks of each behaviour which side has the higher share and is
the exact sign test over behaviours that differ. With one sample per behaviour it is McNemar's exact test
(McNemar 1947).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sophro.errors import SophroError
from sophro.stats._bootstrap import RESAMPLES, cluster_ids, interval_of_differences, paired_means
from sophro.stats._intervals import check_confidence, wilson


@dataclass(frozen=True)
class Comparison:
    """Difference of two arms on the same prompts.

    Attributes:
        difference: Mean over behaviours of (share of yes in a) - (share of yes in b), in [-1, 1]; None
            without a scored pair. With unequal numbers of samples per behaviour it differs from the
            difference of the two pooled rates, which weigh by sample.
        low: Lower end of its interval, None without a scored pair.
        high: Upper end.
        p: Two-sided exact p-value, None without a scored pair.
        n_pairs: Sample pairs scored on both sides.
        n_behaviours: Behaviours among them.
        only_a: Behaviours with the higher share in a.
        only_b: Behaviours with the higher share in b.
        dropped: Sample pairs left out because a side was unscored.
        method: ``bootstrap``; ``bound`` when all behaviours differ equally (for instance not at all), where
            the ends say how far unseen behaviours could move the mean; ``none``.
    """

    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    n_pairs: int
    n_behaviours: int
    only_a: int
    only_b: int
    dropped: int
    method: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-able values."""
        return asdict(self)


def mcnemar_exact(b: int, c: int) -> float:
    """Return the two-sided exact p-value for ``b`` and ``c`` discordant pairs; 1 when there are none.

    Computed with logarithms: exact to about 1e-10 relative for 1e5 pairs, where powers of 1/2 underflow. A
    p-value below 1e-323 comes out as 0.

    Raises:
        SophroError: If a count is negative.
    """
    if b < 0 or c < 0:
        raise SophroError(f"discordant pairs cannot be negative: {b}, {c}")
    if b == c:
        return 1.0
    n, low = b + c, min(b, c)
    i = np.arange(1, low + 1, dtype=np.float64)
    logs = np.concatenate([[0.0], np.cumsum(np.log(n - i + 1) - np.log(i))])
    peak = float(logs.max())
    tail = peak + math.log(float(np.exp(logs - peak).sum())) + (1 - n) * math.log(2)
    return min(1.0, math.exp(tail))


def compare(
    a: Sequence[bool | None],
    b: Sequence[bool | None],
    clusters: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Compare two arms on the same samples.

    Args:
        a: One answer per sample for the first arm; None where unscored.
        b: The same samples for the second arm.
        clusters: Behaviour of each sample; None when each sample is its own behaviour.
        confidence: Two-sided level of the interval.
        resamples: Bootstrap draws over behaviours.
        seed: Seed of the bootstrap.

    Raises:
        SophroError: If the lengths differ.
    """
    check_confidence(confidence)
    if len(a) != len(b):
        raise SophroError(f"paired answers are needed, but there are {len(a)} and {len(b)}")
    cluster_ids(clusters, len(a))
    pairs = [(i, bool(x), bool(y)) for i, (x, y) in enumerate(zip(a, b, strict=True)) if None not in (x, y)]
    dropped = len(a) - len(pairs)
    if not pairs:
        return Comparison(None, None, None, None, 0, 0, 0, 0, dropped, "none")
    names = [clusters[i] for i, _, _ in pairs] if clusters is not None else None
    means = paired_means([x for _, x, _ in pairs], [y for _, _, y in pairs], names)
    only_a, only_b = int((means > 0).sum()), int((means < 0).sum())
    result = interval_of_differences(means, resamples, seed, confidence)
    assert result.value is not None
    low, high, method = result.low, result.high, result.method
    if method == "constant":
        # No behaviour out of C deviates, so at most a share u of unseen ones does; each lies in [-1, 1].
        u = wilson(0, result.units, confidence)[1]
        low, high = result.value - u * (1 + result.value), result.value + u * (1 - result.value)
        method = "bound"
    p = mcnemar_exact(only_a, only_b)
    units = result.units
    return Comparison(result.value, low, high, p, len(pairs), units, only_a, only_b, dropped, method)


def holm(ps: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p-values (Holm 1979) in the order given; they hold under any dependence.

    Raises:
        SophroError: If a value is not in [0, 1].
    """
    for i, p in enumerate(ps):
        if not 0.0 <= p <= 1.0:
            raise SophroError(f"ps[{i}] = {p!r} is not a p-value")
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    adjusted, running = [0.0] * len(ps), 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (len(ps) - rank) * ps[i]))
        adjusted[i] = running
    return adjusted
