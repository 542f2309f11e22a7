"""Inspect metrics that say how much of a rate was measured."""

from __future__ import annotations

from inspect_ai.scorer import Metric, SampleScore, metric


@metric
def scored() -> Metric:
    """Number of samples behind the mean; Inspect leaves unscored ones (NaN) out of both."""

    def count(scores: list[SampleScore]) -> float:
        return float(len(scores))

    return count
