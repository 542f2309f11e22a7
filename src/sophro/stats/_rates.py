"""A rate as it is reported: counts, what was not scored, interval, correction.

Contract: ``None`` flags are unscored; they never enter ``n`` and are always counted. The interval is
Wilson's when every cluster has one scored observation, and a cluster bootstrap when clusters repeat. Where
the bootstrap has no spread (no success, only successes, one cluster, equal clusters) it is Wilson's
interval on the number of clusters, which is wider than the truth rather than narrower. Measured coverage of
the 95 % bootstrap interval at a rate of 0.3 and 5 samples a cluster: 94.5 % with 30 clusters, 92 % with 12.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sophro.stats._bootstrap import (
    RESAMPLES,
    cluster_ids,
    cluster_totals,
    percentile_ends,
    resample_totals,
)
from sophro.stats._corrected import Corrected, correct, corrected_rate
from sophro.stats._intervals import Method, check_confidence, wilson

if TYPE_CHECKING:
    from sophro.stats._agreement import Agreement


@dataclass(frozen=True)
class Rate:
    """A share of yes answers among the scored ones.

    Attributes:
        k: Yes answers.
        n: Scored observations.
        unscored: Observations without a verdict.
        low: Lower end of the interval, None when n = 0.
        high: Upper end, None when n = 0.
        clusters: Number of clusters with a scored observation.
        method: How the interval was made.
        confidence: Two-sided level of the interval.
        corrected: The rate corrected for the judge's error, if its agreement was given.
    """

    k: int
    n: int
    unscored: int
    low: float | None
    high: float | None
    clusters: int
    method: Method
    confidence: float = 0.95
    corrected: Corrected | None = None

    @property
    def value(self) -> float | None:
        """Share of yes answers, or None when nothing was scored."""
        return self.k / self.n if self.n else None

    @property
    def coverage(self) -> float | None:
        """Share of observations that were scored, or None when there were none."""
        total = self.n + self.unscored
        return self.n / total if total else None

    def to_dict(self) -> dict[str, Any]:
        """Return counts, value, interval and correction as JSON-able values."""
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "k": self.k,
            "n": self.n,
            "unscored": self.unscored,
            "coverage": self.coverage,
            "clusters": self.clusters,
            "method": self.method,
            "confidence": self.confidence,
            "corrected": self.corrected.to_dict() if self.corrected else None,
        }


def rate(
    flags: Sequence[bool | None],
    clusters: Sequence[Hashable] | None = None,
    judge: Agreement | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Rate:
    """Count yes answers and give the interval of their share.

    Args:
        flags: One answer per observation; None where it was not scored.
        clusters: Behaviour of each observation, when several observations share one.
        judge: Agreement of the judge with labelled responses; adds the corrected rate. The judge's
            positive label must be what True means in ``flags``.
        confidence: Two-sided level.
        seed: Seed of the bootstrap.

    Raises:
        SophroError: If the cluster names do not match the flags.
    """
    check_confidence(confidence)
    cluster_ids(clusters, len(flags))  # a wrong length is an error even where all flags are unscored
    kept = [i for i, flag in enumerate(flags) if flag is not None]
    hits = np.array([bool(flags[i]) for i in kept], dtype=np.float64)
    ids, count = cluster_ids([clusters[i] for i in kept] if clusters is not None else None, len(kept))
    k, n = int(hits.sum()), len(kept)
    unscored = len(flags) - n
    sens = (judge.sensitivity.k, judge.sensitivity.n) if judge else (0, 0)
    spec = (judge.specificity.k, judge.specificity.n) if judge else (0, 0)

    def plain() -> Corrected | None:
        if not judge:
            return None
        # Observations of one cluster are not independent, so the cluster count stands for n.
        size = count if count < n else n
        return corrected_rate(round(k * size / n) if n else 0, size, *sens, *spec, confidence=confidence)

    if n == 0:
        return Rate(0, 0, unscored, None, None, 0, "none", confidence, plain())
    if count == n:
        low, high = wilson(k, n, confidence)
        return Rate(k, n, unscored, low, high, count, "wilson", confidence, plain())
    totals = cluster_totals(np.column_stack([hits, np.ones(n)]), ids, count)
    drawn = resample_totals(totals, RESAMPLES, seed)
    shares = drawn[:, 0] / drawn[:, 1]
    if np.ptp(shares) <= 1e-12:
        low, high = wilson(k / n * count, count, confidence)
        return Rate(k, n, unscored, low, high, count, "wilson_clusters", confidence, plain())
    low, high = percentile_ends(shares, k / n, confidence)
    fixed = correct(k / n, shares, sens, spec, np.random.default_rng(seed + 1), confidence) if judge else None
    return Rate(k, n, unscored, low, high, count, "bootstrap", confidence, fixed)
