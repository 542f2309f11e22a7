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
    # served and intent both even: harm 1/4.
    assert harm_loss(np.zeros((1, 2)), np.array([1]), 1.0) == pytest.approx(math.log(4.0), abs=1e-4)
    assert harm_loss(np.zeros((1, 2)), np.array([0]), 1.0) == pytest.approx(-math.log(0.75), abs=1e-4)


def test_a_judge_that_is_twice_as_sure_as_it_should_be_is_cooled_down():
    rng = np.random.default_rng(0)
    true = rng.normal(size=(6000, 3))
    p = np.exp(true) / np.exp(true).sum(1, keepdims=True)
    truth = np.array([rng.choice(3, p=row) for row in p])
    best = min(GRID, key=lambda t: refusal_loss(2 * true, truth, t))
    assert 1.7 < best < 2.3


def test_the_shipped_card_says_on_what_it_was_calibrated():
    card = _weights.card()
    facts = card["calibration"]
    assert facts["set"] == "starter/judge_check" and facts["refusal"]["n"] > 250
    assert card["temperatures"]["refusal"] == facts["refusal"]["temperature"]
    assert card["temperatures"]["served"] == card["temperatures"]["intent"] == facts["harm"]["temperature"]
    for name in ("refusal", "harm"):
        # Held-out loss may be a little worse than none; much worse would mean that the fit is noise.
        assert facts[name]["log_loss_held_out"] < facts[name]["log_loss_before"] + 0.01
