"""Inspect metrics that say how much of a rate was measured."""

from __future__ import annotations

import math

from inspect_ai.scorer import Metric, SampleScore, metric


@metric
def scored() -> Metric:
    """Number of samples behind the mean."""

    def count(scores: list[SampleScore]) -> float:
        return float(len(scores))

    return count


@metric
def unscored() -> Metric:
    """Number of samples that the judge could not decide (Inspect passes them to nobody; see coverage)."""

    def count(scores: list[SampleScore]) -> float:
        return float(sum(1 for s in scores if isinstance(s.score.value, float) and math.isnan(s.score.value)))

    return count
