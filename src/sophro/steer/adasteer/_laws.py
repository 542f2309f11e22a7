"""The two laws: how much push a prompt gets for where it lies.

Paper: AdaSteer, arXiv 2504.09466: coefficient = clip(slope * position + intercept), fitted on development prompts with
the smallest strength that changes the behaviour as target.

Contract: numpy. The sign of a law is asserted, never assumed: development prompts on which the needed strength does not
grow in the direction that the paper states make the fit fail.

Deviations: the paper says "logistic regression" without saying of what. Here (inferred) it is least squares of the
smallest strength that flips a prompt on its position; the intercept of the rejection law is then moved so that
``cover`` of the prompts get at least what they need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sophro.errors import SophroError
from sophro.steer._outcomes import Outcome


@dataclass(frozen=True)
class Law:
    """coefficient = clip(slope * position + intercept, low, high)."""

    slope: float
    intercept: float
    low: float
    high: float

    def __call__(self, position: ArrayLike) -> np.ndarray:
        """Return the coefficients of positions."""
        return np.clip(
            self.slope * np.asarray(position, dtype=np.float64) + self.intercept, self.low, self.high
        )

    def clipped(self, position: ArrayLike) -> float:
        """Return the share of positions whose coefficient is one of the ends."""
        found = self(position)
        return float(np.mean((found == self.low) | (found == self.high)))


NO_LAW = Law(0.0, 0.0, 0.0, 0.0)


def needed(outcomes: Sequence[Sequence[Outcome]], strengths: Sequence[float], wanted: Outcome) -> np.ndarray:
    """Return the smallest strength at which each prompt behaves as wanted, NaN where none does.

    Args:
        outcomes: One list over prompts for each strength.
        strengths: Strengths >= 0 in increasing order.
        wanted: The behaviour.
    """
    hit = np.array([[o == wanted for o in row] for row in outcomes])
    return np.where(hit.any(0), np.asarray(strengths, dtype=np.float64)[hit.argmax(0)], np.nan)


def _slope(position: np.ndarray, target: np.ndarray) -> float:
    away = position - position.mean()
    spread = float(away @ away)
    return float(away @ (target - target.mean())) / spread if spread > 0 else 0.0


def rejection_law(position: ArrayLike, strength: ArrayLike, cover: float) -> Law:
    """Fit the R-Law: the further a prompt lies before the refused anchor, the stronger the (negative) push.

    Args:
        position: (N,) positions of development prompts, 0 complied to 100 refused.
        strength: (N,) smallest strength >= 0 at which each is refused; 0 for those refused without steering.
        cover: Share of the prompts that need a push which shall get at least the push they need.

    Raises:
        SophroError: If needed strength does not fall with the position.
    """
    where, push = np.asarray(position, dtype=np.float64), -np.asarray(strength, dtype=np.float64)
    slope = _slope(where, push)
    if not slope > 0:
        raise SophroError(
            f"adasteer: the rejection law does not hold on the development prompts (needed strength changes by "
            f"{-slope:.2g} per unit of position, it should fall); adaptive steering is not enabled"
        )
    short = push < 0
    intercept = float(np.quantile((push - slope * where)[short], 1.0 - cover))
    return Law(slope, intercept, float(push.min()), 0.0)


def harmfulness_law(position: ArrayLike, back: ArrayLike, sign: float) -> Law:
    """Fit the H-Law: the further a prompt lies on the benign side, the more of the push is given back.

    Args:
        position: (N,) positions of development prompts, 0 harmful and complied to 100 benign.
        back: (N,) smallest magnitude at which a benign prompt that lost its answer gets it back; 0 for harmful
            prompts.
        sign: +1 or -1, which sign of the coefficient pushes to compliance in this model.

    Raises:
        SophroError: If the magnitude does not grow with the position.
    """
    where, size = np.asarray(position, dtype=np.float64), np.asarray(back, dtype=np.float64)
    slope = _slope(where, size)
    if not slope > 0:
        raise SophroError(
            f"adasteer: the harmfulness law does not hold on the development prompts (what must be given back changes "
            f"by {slope:.2g} per unit of position, it should grow); use option harmfulness: false"
        )
    intercept = float(size.mean() - slope * where.mean())
    ends = sorted((0.0, sign * float(size.max())))
    return Law(sign * slope, sign * intercept, *ends)
