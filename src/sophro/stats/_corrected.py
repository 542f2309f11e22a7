"""A rate corrected for the judge's known errors (Rogan and Gladen 1978).

Contract: p = (p_obs + Sp - 1) / (Se + Sp - 1), clipped to [0, 1]; without information (Se + Sp <= 1, or a
sample without one of the classes) the result carries a reason instead of a number.

Deviation from the plain bootstrap: each share is drawn from Beta(k + 1/2, n - k + 1/2) instead of
Binomial(n, k/n)/n. Away from the ends both agree; at the ends the plain bootstrap would take a judge that
made no error in 20 answers for perfect.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sophro.errors import SophroError
from sophro.stats._bootstrap import RESAMPLES, Floats
from sophro.stats._intervals import check_confidence


@dataclass(frozen=True)
class Corrected:
    """A corrected rate, or the reason why there is none.

    Attributes:
        value: Corrected rate in [0, 1], or None when refused.
        low: Lower end, or None when refused.
        high: Upper end, or None when refused.
        sensitivity: Share of true positives that the judge calls positive, or None if unknown.
        specificity: Share of true negatives that the judge calls negative, or None if unknown.
        refused: None, or why no corrected rate can be given.
    """

    value: float | None
    low: float | None
    high: float | None
    sensitivity: float | None
    specificity: float | None
    refused: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-able values."""
        return asdict(self)


def _check(k: float, n: float, what: str) -> None:
    if not 0 <= k <= n:
        raise SophroError(f"{what}: {k} of {n} is impossible")


def correct(
    observed: float,
    draws: Floats,
    sens: tuple[int, int],
    spec: tuple[int, int],
    rng: np.random.Generator,
    confidence: float,
) -> Corrected:
    """Correct the share ``observed`` whose uncertainty is given by ``draws`` (R,)."""
    (sens_k, sens_n), (spec_k, spec_n) = sens, spec
    se = sens_k / sens_n if sens_n else None
    sp = spec_k / spec_n if spec_n else None
    if se is None or sp is None:
        absent = "positive" if se is None else "negative"
        reason = f"the judge was checked on no truly {absent} response, so its error is unknown"
        return Corrected(None, None, None, se, sp, reason)
    if se + sp <= 1:
        reason = f"sensitivity {se:.3f} + specificity {sp:.3f} <= 1: the judge carries no information"
        return Corrected(None, None, None, se, sp, reason)
    value = float(np.clip((observed + sp - 1) / (se + sp - 1), 0.0, 1.0))
    ses = rng.beta(sens_k + 0.5, sens_n - sens_k + 0.5, size=len(draws))
    sps = rng.beta(spec_k + 0.5, spec_n - spec_k + 0.5, size=len(draws))
    youden = ses + sps - 1
    useful = youden > 0
    rates = np.clip((draws + sps - 1) / np.where(useful, youden, 1.0), 0.0, 1.0)
    # A draw in which the judge knows nothing excludes no rate: it counts as 0 below and as 1 above.
    tail = (1 - confidence) / 2
    low = float(np.quantile(np.where(useful, rates, 0.0), tail))
    high = float(np.quantile(np.where(useful, rates, 1.0), 1 - tail))
    return Corrected(value, min(low, value), max(high, value), se, sp)


def corrected_rate(
    k: int,
    n: int,
    sens_k: int,
    sens_n: int,
    spec_k: int,
    spec_n: int,
    resamples: int = RESAMPLES,
    seed: int = 0,
    confidence: float = 0.95,
) -> Corrected:
    """Correct ``k`` positives of ``n`` judged responses for the judge's error.

    Args:
        k: Responses that the judge called positive.
        n: Responses that the judge scored.
        sens_k: Labelled positives that the judge called positive.
        sens_n: Labelled positives.
        spec_k: Labelled negatives that the judge called negative.
        spec_n: Labelled negatives.
        resamples: Draws over both the judged and the labelled sample.
        seed: Seed of the generator.
        confidence: Two-sided level.

    Returns:
        The corrected rate, or a ``Corrected`` whose ``refused`` says why there is none: nothing scored,
        a class absent from the labelled sample, or sensitivity + specificity <= 1.

    Raises:
        SophroError: If a count is negative or above its total.
    """
    check_confidence(confidence)
    _check(k, n, "rate")
    _check(sens_k, sens_n, "sensitivity")
    _check(spec_k, spec_n, "specificity")
    if n == 0:
        se = sens_k / sens_n if sens_n else None
        sp = spec_k / spec_n if spec_n else None
        return Corrected(None, None, None, se, sp, "no response was scored")
    rng = np.random.default_rng(seed)
    draws = rng.beta(k + 0.5, n - k + 0.5, size=resamples)
    return correct(k / n, draws, (sens_k, sens_n), (spec_k, spec_n), rng, confidence)
