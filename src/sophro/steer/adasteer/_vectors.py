"""The two vectors of AdaSteer and the positions that are read along them.

Paper: AdaSteer, arXiv 2504.09466; sign conventions of the released code.

Contract: numpy, float64. A = harmful and complied, B = harmful and refused, C = benign and complied. What is ADDED
points from B to A (a negative coefficient pushes to refusal); what POSITIONS are read along points the other way. The
harmfulness vector is projected ONTO the rejection axis, not orthogonalised against it: both terms act along one axis,
and the second decides how much of the first is given back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sophro.models.directions import differing, onto

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Vectors:
    """Anchor means and what follows from them; every array has shape (L, d).

    Attributes:
        complied: Mean state of anchors A.
        refused: Mean state of anchors B.
        benign: Mean state of anchors C.
        rejection: A - B, added with a coefficient <= 0 to refuse more.
        harmfulness: Projection of A - C onto the rejection axis.
    """

    complied: Floats
    refused: Floats
    benign: Floats
    rejection: Floats
    harmfulness: Floats

    @property
    def give_back(self) -> float:
        """Push along the rejection axis of one unit of harmfulness, in units of one of rejection, over all layers.

        Positive: a positive coefficient of the harmfulness term pushes to compliance. The sign differs between
        models, which is why no constant carries over.
        """
        return float((self.harmfulness * self.rejection).sum() / np.square(self.rejection).sum())


def vectors(complied: Floats, refused: Floats, benign: Floats) -> Vectors:
    """Build the vectors from anchor means.

    Raises:
        SophroError: If two anchor classes have the same mean in some layer.
    """
    rejection = differing(complied, refused, "anchors complied and refused")
    away = differing(complied, benign, "anchors complied and benign")
    return Vectors(complied, refused, benign, rejection, onto(away, rejection))


def positions(states: NDArray[np.floating], zero: Floats, hundred: Floats) -> Floats:
    """Return positions of states (..., L, d): 0 at ``zero``, 100 at ``hundred``, both (L, d)."""
    axis = hundred - zero
    along = ((np.asarray(states, dtype=np.float64) - zero) * axis).sum(-1)
    return 100.0 * along / np.square(axis).sum(-1)
