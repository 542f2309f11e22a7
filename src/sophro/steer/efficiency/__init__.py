"""Efficiency steering: think as shortly as the model's own shortest correct thoughts.

Paper: Exploring and Exploiting the Inherent Efficiency within Large Reasoning Models for Self-Guided Efficiency
Enhancement, arXiv 2506.15647 (its training-free part).

Contract: for every problem several thoughts are sampled; of those that ended with the right result (by the exact
verifier) the shortest and the longest make a pair, if they differ enough. The direction is the mean over pairs of
short minus long, at one block, and is added while the model generates, at every step. Strength and block are chosen on
problems that made no pair: the largest cut of thought tokens at which accuracy falls by at most ``tolerance``. Thoughts
that were cut, and results that cannot be read, are never pairs and count as not right. ``coefficient`` < 0 lengthens.

Deviations: only the abstract and secondary texts were readable, so pooling, block choice and strength are inferred.
States are averaged over the first tokens that both thoughts of a pair have (at most ``window``), so that the direction
cannot be "late in the text"; the reinforcement part of the paper is not here.
"""

from __future__ import annotations

from typing import Any

from sophro.steer._method import FitJob, Fitted, SteerMethod

OPTIONS: dict[str, Any] = {
    "samples": 6,
    "temperature": 0.7,
    "top_p": 0.95,
    "max_new_tokens": 256,
    "ratio": 1.5,
    "least_pairs": 20,
    "window": 32,
    "layer": -1,
    "least_auroc": 0.7,
    "coefficients": (0.5, 1.0, 2.0, 3.0),
    "tolerance": 0.01,
}


def _fit(job: FitJob) -> Fitted:
    # What follows needs torch and waits until it is called.
    from sophro.steer.efficiency._fit import fit

    return fit(job)


METHOD = SteerMethod("efficiency_steering", _fit, OPTIONS, roles=("problems",), optional=("dev",))
