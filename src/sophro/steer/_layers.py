"""Which block to read: the one whose projection separates two classes best.

Contract: numpy. Ties of the area under the ROC curve are common on few prompts; the larger standardised gap decides,
then the earlier block (a reading pass ends there).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sophro.errors import SophroError
from sophro.stats import auroc


@dataclass(frozen=True)
class LayerChoice:
    """The chosen block and what all of them showed.

    Attributes:
        layer: The chosen block.
        areas: Area under the ROC curve of every block that was looked at, None for the others.
    """

    layer: int
    areas: tuple[float | None, ...]

    @property
    def best(self) -> float:
        """The area of the chosen block."""
        found = self.areas[self.layer]
        assert found is not None
        return found


def best_layer(
    scores: ArrayLike, labels: Sequence[bool], layers: Sequence[int] | None = None, *, least: float, who: str
) -> LayerChoice:
    """Choose the block whose scores separate the classes best.

    Args:
        scores: (N, L) scores, higher for the class labelled True.
        labels: N flags.
        layers: Blocks that may be chosen; all by default.
        least: Smallest area at which a block counts as separating.
        who: How errors name what does not separate.

    Raises:
        SophroError: If there is one class only, or no block separates.
    """
    values, flags = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=bool)
    if flags.all() or not flags.any():
        raise SophroError(
            f"{who}: all {len(flags)} development prompts are of one class ({'' if flags.any() else 'not '}the "
            "one sought); give prompts of both"
        )
    allowed = list(range(values.shape[1])) if layers is None else list(layers)
    areas: list[float | None] = [None] * values.shape[1]
    ranked: list[tuple[float, float, int]] = []
    for layer in allowed:
        column = values[:, layer]
        area = auroc(flags.tolist(), column.tolist()).value
        assert area is not None
        areas[layer] = area
        yes, no = column[flags], column[~flags]
        spread = float(np.sqrt((yes.var() + no.var()) / 2)) or 1e-300
        ranked.append((round(area, 9), (yes.mean() - no.mean()) / spread, -layer))
    best = max(ranked)
    if best[0] < least:
        raise SophroError(
            f"{who}: the best layer ({-best[2]}) separates the classes with AUROC {best[0]:.2f}, at least {least:g} is "
            "needed; steering is not enabled, use other or more prompts"
        )
    return LayerChoice(-best[2], tuple(areas))
