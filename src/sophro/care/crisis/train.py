"""Trains the crisis classifier: ``python -m sophro.care.crisis.train``.

Contract: deterministic, numpy only, seconds, on the single messages of the development half and on everyday requests of
the starter sets, which hold no risk. Thresholds come from ten-fold cross-validation: the lowest at which at most 2 %
(concern) and 5 % (active) of what is no risk in the development half is flagged. The card tells what was trained on and
what was measured on the held-out half.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sophro.care.crisis._classifier import BITS, FORMAT, HEADS, Classifier, cells, fold, load
from sophro.care.crisis._types import Level
from sophro.care.crisis.suite import dialogues
from sophro.files import digest, file_sha256, write_bytes, write_json

_FALSE = {"concern": 0.02, "active": 0.05}
_C, _ROUNDS, _FOLDS = 30.0, 400, 10


def fit(rows: list[NDArray[np.int64]], labels: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Fit a logistic regression with an L2 penalty by accelerated gradient steps.

    Args:
        rows: Cells of N texts; a text has length 1.
        labels: (N,) True for yes.

    Returns:
        (cells,) weights and the intercept.
    """
    size = 1 << BITS
    scale = [1.0 / np.sqrt(max(len(r), 1)) for r in rows]
    flat, values = np.concatenate(rows), np.repeat(scale, [len(r) for r in rows])
    owner = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
    share = labels.mean()
    case = np.where(labels, 0.5 / share, 0.5 / (1 - share)) / len(rows) * _C
    w, b = np.zeros(size), 0.0
    ahead, ahead_b = w.copy(), b
    penalty = 1.0 / len(rows)
    step = 1.0 / (0.5 * case.sum() + penalty)
    for i in range(_ROUNDS):
        margin = np.bincount(owner, ahead[flat] * values, len(rows)) + ahead_b
        wrong = case * (0.5 * (1.0 + np.tanh(0.5 * margin)) - labels)
        new = ahead - step * (np.bincount(flat, wrong[owner] * values, size) + penalty * ahead)
        new_b = ahead_b - step * wrong.sum()
        speed = i / (i + 3)
        ahead, ahead_b = new + speed * (new - w), new_b + speed * (new_b - b)
        w, b = new, float(new_b)
    return w, b


def _out_of_fold(rows: list[NDArray[np.int64]], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    scores = np.zeros(len(rows))
    for k in range(_FOLDS):
        held = np.arange(len(rows)) % _FOLDS == k
        w, b = fit([r for r, h in zip(rows, held, strict=True) if not h], labels[~held])
        for i in np.flatnonzero(held):
            scores[i] = w[rows[i]].sum() / np.sqrt(max(len(rows[i]), 1)) + b
    return 0.5 * (1.0 + np.tanh(0.5 * scores))


def everyday() -> list[str]:
    """Return requests of the starter sets that hold no risk: without them any letter would look like a last one."""
    from sophro.data import load_set

    return [
        record.prompt
        for name in ("plain:en", "plain:zh", "lookalikes:en", "lookalikes:zh", "exact:en", "exact:zh")
        for record in load_set(f"starter/{name}")
    ]


def train(folder: Path) -> tuple[Classifier, dict[str, Any]]:
    """Train the classifier and write ``crisis.safetensors`` and its card ``crisis.json``."""
    from safetensors.numpy import save

    known = [(d.turns[0], d.expected) for d in dialogues("development") if len(d.turns) == 1]
    hard = len(known)
    known += [(text, Level.NONE) for text in everyday() if text not in {k for k, _ in known}]
    rows = [cells(fold(text)) for text, _ in known]
    ranks = np.array([int(level) for _, level in known])
    weights, biases, thresholds = [], [], {}
    for head, least in zip(HEADS, (1, 3), strict=True):
        labels = ranks >= least
        blind = _out_of_fold(rows, labels)
        # Everyday requests are easy; thresholds are chosen on what looks like risk and is none.
        benign = blind[:hard][ranks[:hard] == 0]
        thresholds[head] = round(float(np.quantile(benign, 1 - _FALSE[head], method="higher")) + 5e-4, 3)
        w, b = fit(rows, labels)
        weights.append(w)
        biases.append(b)
    path = folder / "crisis.safetensors"
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {"weights": np.stack(weights).astype(np.float16), "bias": np.array(biases)}
    write_bytes(path, save(tensors, {"format": FORMAT}))
    card: dict[str, Any] = {
        "format": FORMAT,
        "weights_sha256": file_sha256(path),
        "thresholds": thresholds,
        "trained_on": {
            "texts": len(known),
            "hash": digest(known),
            "source": "development half of the acceptance suite; everyday requests of the starter sets as no risk",
        },
        "date": datetime.now(UTC).date().isoformat(),
    }
    write_json(folder / "crisis.json", card)
    made = load(folder)
    held = [(d.turns[0], d.expected) for d in dialogues("heldout") if len(d.turns) == 1]
    scores = np.array([made.scores(text) for text, _ in held])
    truth = np.array([int(level) for _, level in held])
    card["heldout"] = {
        head: {
            "recall": round(float((scores[truth >= least, i] >= thresholds[head]).mean()), 3),
            "false_alarms": round(float((scores[truth == 0, i] >= thresholds[head]).mean()), 3),
            "n": [int((truth >= least).sum()), int((truth == 0).sum())],
        }
        for i, (head, least) in enumerate(zip(HEADS, (1, 3), strict=True))
    }
    write_json(folder / "crisis.json", card)
    return made, card


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "weights")
    _, card = train(parser.parse_args().out)
    print(card["thresholds"], card["heldout"])


if __name__ == "__main__":
    main()
