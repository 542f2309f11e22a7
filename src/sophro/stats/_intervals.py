"""Closed-form intervals for a share of yes answers.

Contract: pure functions of counts; shares are in [0, 1]. A share of nothing is not a number but ``None``
bounds. Wilson's score interval (Wilson 1927) is used because it holds at 0 and at n, where the textbook
interval collapses to a point.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Literal

from sophro.errors import SophroError

Method = Literal["wilson", "wilson_clusters", "bootstrap", "delong", "bound", "constant", "none"]


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval.

    Attributes:
        value: The estimate, or None where the data cannot give one.
        low: Lower end, or None where there is no interval.
        high: Upper end, or None where there is no interval.
        units: Number of independent units (clusters) behind it.
        method: ``bootstrap``; ``delong``; ``constant`` when every unit says the same, so that resampling shows no
            spread and the ends repeat the value; ``bound`` when such a case was replaced by a worst-case
            bound; ``none`` without data.
    """

    value: float | None
    low: float | None
    high: float | None
    units: int
    method: Method

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-able values."""
        return asdict(self)


def check_confidence(confidence: float) -> None:
    """Refuse a confidence level outside (0, 1), such as 95 for 95 %."""
    if not 0.0 < confidence < 1.0:
        raise SophroError(f"confidence {confidence!r} must lie between 0 and 1 (0.95 for 95 %)")


def wilson(k: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval for ``k`` successes in ``n`` trials.

    Args:
        k: Successes; may be fractional when ``n`` is an effective sample size.
        n: Trials; 0 gives (0, 1): nothing is known.
        confidence: Two-sided level.

    Raises:
        SophroError: If not 0 <= k <= n.
    """
    check_confidence(confidence)
    if not 0 <= k <= n:
        raise SophroError(f"{k} successes in {n} trials is impossible")
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = k / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # Rounding may put an end 1e-17 beyond the value; at 0 and n the exact ends are known.
    low = 0.0 if k == 0 else min(max(0.0, centre - half), p)
    high = 1.0 if k == n else max(min(1.0, centre + half), p)
    return low, high


def rule_of_three(n: int, confidence: float = 0.95) -> float:
    """Return the largest share that still gives no event in ``n`` trials with chance ``1 - confidence``.

    One-sided and exact; close to 3/n at 95 %. With n = 0 it is 1: nothing is excluded.
    """
    check_confidence(confidence)
    if n < 0:
        raise SophroError(f"{n} trials is impossible")
    return 1.0 if n == 0 else -math.expm1(math.log1p(-confidence) / n)
