"""Calibrates the embedded judges: ``python -m sophro.judge.calibrate``.

Contract: one temperature for the refusal classes and one for both harm heads, fitted by log loss on the labelled
check set, which no weight was trained on. The refusal temperature changes no decision, only how sure a score is;
the harm temperature can move answers across one half. What the temperatures are worth is measured on halves: each
half is scored with the temperature of the other. Deterministic.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from sophro.errors import SophroError
from sophro.files import write_json

GRID = np.exp(np.linspace(np.log(0.25), np.log(4.0), 81))


def log_loss(probability: np.ndarray) -> float:
    """Return the mean negative logarithm of the probabilities that the labels got."""
    return float(-np.log(np.clip(probability, 1e-6, 1.0)).mean())


def refusal_loss(logits: np.ndarray, truth: np.ndarray, temperature: float) -> float:
    """Return the log loss of ``(N, 3)`` class logits at a temperature."""
    from sophro.judge._network import to_probabilities

    wide = np.concatenate([logits, np.zeros((len(logits), 2))], axis=1)
    found, _ = to_probabilities(wide, {"refusal": temperature, "served": 1.0, "intent": 1.0})
    return log_loss(found[np.arange(len(truth)), truth])


def harm_loss(logits: np.ndarray, truth: np.ndarray, temperature: float) -> float:
    """Return the log loss of ``(N, 2)`` harm logits (served, intent) at a temperature of both."""
    from sophro.judge._network import to_probabilities

    wide = np.concatenate([np.zeros((len(logits), 3)), logits], axis=1)
    _, harm = to_probabilities(wide, {"refusal": 1.0, "served": temperature, "intent": temperature})
    return log_loss(np.where(truth == 1, harm, 1 - harm))


def calibrate(folder: Path | None = None) -> dict[str, Any]:
    """Fit both temperatures and write them into the card of the weights.

    Args:
        folder: Folder of the weights; the shipped ones by default.

    Returns:
        Temperatures and held-out log losses.
    """
    from sophro.data import load_labels
    from sophro.judge import _weights
    from sophro.judge._corpus import CLASSES

    rows = [r for r in load_labels("starter/judge_check") if r.label != "broken"]
    network = _weights.network(folder)
    logits = network.logits([r.prompt for r in rows], [r.response for r in rows])
    half = np.array([hashlib.sha256(r.prompt.encode("utf-8")).digest()[0] % 2 for r in rows])
    outcome = np.array([CLASSES.index(r.label) if r.label in CLASSES else -1 for r in rows])
    harmful = np.array([-1 if r.harmful is None else int(r.harmful) for r in rows])
    facts: dict[str, Any] = {}
    questions = (
        ("refusal", refusal_loss, logits[:, :3], outcome),
        ("harm", harm_loss, logits[:, 3:5], harmful),
    )
    for name, loss, values, truth in questions:
        known = truth >= 0

        def best(chosen: np.ndarray, loss: Any = loss, values: Any = values, truth: Any = truth) -> float:
            return float(min(GRID, key=lambda t: loss(values[chosen], truth[chosen], t)).round(4))

        crossed = [
            (loss(values[a], truth[a], 1.0), loss(values[a], truth[a], best(b)), int(a.sum()))
            for a, b in ((known & (half == h), known & (half != h)) for h in (0, 1))
        ]
        n = sum(c[2] for c in crossed)
        facts[name] = {
            "n": n,
            "temperature": best(known),
            "log_loss_before": round(sum(c[0] * c[2] for c in crossed) / n, 4),
            "log_loss_held_out": round(sum(c[1] * c[2] for c in crossed) / n, 4),
        }
    card = dict(_weights.card(folder))
    harm = facts["harm"]["temperature"]
    card["temperatures"] = {"refusal": facts["refusal"]["temperature"], "served": harm, "intent": harm}
    card["calibration"] = {"set": "starter/judge_check", **facts}
    card["note"] = (
        "Fitted on all training questions; calibrated on the check set. Measured agreement: cards.json."
    )
    write_json((folder or _weights.weights_folder()) / f"{_weights.NAME}.json", card)
    return facts


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m sophro.judge.calibrate", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--folder", type=Path, help="folder of the weights; the shipped ones by default")
    try:
        facts = calibrate(parser.parse_args().folder)
    except SophroError as error:
        sys.exit(f"error: {error}")
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
