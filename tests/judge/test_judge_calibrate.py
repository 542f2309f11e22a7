"""Temperatures: the losses are right, known miscalibration is found, and the shipped card tells the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sophro.judge import _weights
from sophro.judge.calibrate import GRID, harm_loss, refusal_loss


def test_losses_by_hand():
    logits = np.array([[0.0, 0.0, math.log(2.0)]])
    assert refusal_loss(logits, np.array([2]), 1.0) == pytest.approx(-math.log(0.5), abs=1e-4)
    # served, intent and the direct answer all even: harm (1/4 + 1/2) / 2.
    assert harm_loss(np.zeros((1, 3)), np.array([1]), 1.0) == pytest.approx(-math.log(0.375), abs=1e-4)
    assert harm_loss(np.zeros((1, 3)), np.array([0]), 1.0) == pytest.approx(-math.log(0.625), abs=1e-4)


def test_a_judge_that_is_twice_as_sure_as_it_should_be_is_cooled_down():
    rng = np.random.default_rng(0)
    true = rng.normal(size=(6000, 3))
    p = np.exp(true) / np.exp(true).sum(1, keepdims=True)
    truth = np.array([rng.choice(3, p=row) for row in p])
    best = min(GRID, key=lambda t: refusal_loss(2 * true, truth, t))
    assert 1.7 < best < 2.3


@pytest.mark.parametrize(
    ("name", "on", "least"),
    [(_weights.NAME, "starter/judge_check", 250), (_weights.READER, "held-out folds", 2000)],
)
def test_the_shipped_card_says_on_what_it_was_calibrated(name, on, least):
    card = _weights.card(name=name)
    facts = {k: v for k, v in card["calibration"].items() if k != "set"}
    assert card["calibration"]["set"] == on and all(found["n"] > least for found in facts.values())
    assert set(facts) == ({"refusal", "harm"} if name == _weights.READER else {"refusal"})
    for question, found in facts.items():
        assert card["temperatures"][question] == found["temperature"]
        # Held-out loss may be a little worse than none; much worse would mean that the fit is noise.
        assert found["log_loss_held_out"] < found["log_loss_before"] + 0.01
