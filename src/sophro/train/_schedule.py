"""The learning rate as a function of the step."""

from __future__ import annotations

import math
from typing import Literal


def rate(step: int, steps: int, warmup: float, kind: Literal["cosine", "linear", "constant"]) -> float:
    """Return the factor of the peak learning rate.

    Args:
        step: Optimiser steps already done, from 0.
        steps: Optimiser steps of the whole run.
        warmup: Share of ``steps`` that rises linearly; the first step already moves.
        kind: What follows: half a cosine to 0, a line to 0, or no change.
    """
    rising = math.ceil(warmup * steps)
    if step < rising:
        return (step + 1) / (rising + 1)
    if kind == "constant":
        return 1.0
    done = min(1.0, (step - rising) / max(1, steps - rising))
    return 1.0 - done if kind == "linear" else 0.5 * (1.0 + math.cos(math.pi * done))
