"""Calibrates the encoder of the embedded judges: ``python -m sophro.judge.calibrate``.

Contract: one temperature for the refusal classes, fitted by log loss on the labelled check set, which no weight was
trained on. It moves no answer of the encoder alone, only how sure it is, and with that which answers the second reader
reads. What a temperature is worth is measured on halves: each half is scored with the temperature of the other.
Deterministic. ``train_reader`` fits the second reader's temperatures with the same functions.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sophro.errors import SophroError
from sophro.files import write_json

Loss = Callable[[np.ndarray, np.ndarray, float], float]
GRID = np.exp(np.linspace(np.log(0.25), np.log(4.0), 81))


def log_loss(probability: np.ndarray) -> float:
    """Return the mean negative logarithm of the probabilities that the labels got."""
    return float(-np.log(np.clip(probability, 1e-6, 1.0)).mean())


def refusal_loss(logits: np.ndarray, truth: np.ndarray, temperature: float) -> float:
    """Return the log loss of ``(N, 3)`` class logits at a temperature."""
    from sophro.judge._heads import conclusions

    found, _ = conclusions(np.pad(logits, ((0, 0), (0, 3))), {"refusal": temperature, "harm": 1.0})
    return log_loss(found[np.arange(len(truth)), truth])


def harm_loss(logits: np.ndarray, truth: np.ndarray, temperature: float) -> float:
    """Return the log loss of ``(N, 3)`` harm logits (served, intent, direct) at a temperature."""
    from sophro.judge._heads import conclusions

    _, harm = conclusions(np.pad(logits, ((0, 0), (3, 0))), {"refusal": 1.0, "harm": temperature})
    return log_loss(np.where(truth == 1, harm, 1 - harm))


def fitted(loss: Loss, logits: np.ndarray, truth: np.ndarray, half: np.ndarray) -> dict[str, float]:
    """Fit one temperature, and measure what it is worth on halves.

    Args:
        loss: Log loss of logits, truth and temperature.
        logits: ``(N, C)`` logits.
        truth: ``(N,)`` labels, -1 where there is none.
        half: ``(N,)`` 0 or 1.
    """
    known = truth >= 0

    def best(chosen: np.ndarray) -> float:
        return float(min(GRID, key=lambda t: loss(logits[chosen], truth[chosen], t)).round(4))

    crossed = [
        (loss(logits[a], truth[a], 1.0), loss(logits[a], truth[a], best(b)), int(a.sum()))
        for a, b in ((known & (half == h), known & (half != h)) for h in (0, 1))
    ]
    n = sum(c[2] for c in crossed)
    return {
        "n": n,
        "temperature": best(known),
        "log_loss_before": round(sum(c[0] * c[2] for c in crossed) / n, 4),
        "log_loss_held_out": round(sum(c[1] * c[2] for c in crossed) / n, 4),
    }


def calibrate(folder: Path | None = None) -> dict[str, Any]:
    """Fit the temperature and write it into the card of the weights.

    Args:
        folder: Folder of the weights; the shipped ones by default.

    Returns:
        Temperature and held-out log losses.
    """
    from sophro.data import load_labels
    from sophro.judge import _weights
    from sophro.judge._corpus import CLASSES

    rows = [r for r in load_labels("starter/judge_check") if r.label != "broken"]
    half = np.array([hashlib.sha256(r.prompt.encode("utf-8")).digest()[0] % 2 for r in rows])
    outcome = np.array([CLASSES.index(r.label) if r.label in CLASSES else -1 for r in rows])
    logits = _weights.network(folder).logits([r.prompt for r in rows], [r.response for r in rows])
    facts = {"refusal": fitted(refusal_loss, logits[:, :3], outcome, half)}
    card = dict(_weights.card(folder))
    card["temperatures"] = {**card["temperatures"], "refusal": facts["refusal"]["temperature"]}
    card["calibration"] = {"set": "starter/judge_check", **facts}
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
