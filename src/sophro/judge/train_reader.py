"""Trains the nets behind the second reader: ``python -m sophro.judge.train_reader --out FOLDER``.

Contract: as ``train`` (deterministic for a seed on one thread, five question-grouped folds, then everything), and
resumable: the states of the corpus take about twenty minutes to read and stay in ``FOLDER/states.npz``. Where
``FOLDER/held_out.npz`` of ``train`` lies beside it, the card also measures both readers together, on the same folds.
Writes ``reader.safetensors`` and ``reader.json``. Temperatures are fitted on the held-out folds: the
check set holds twenty harmful answers, and on those alone 0.3 looked right.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from sophro.errors import SophroError
from sophro.files import file_sha256, write_bytes, write_json
from sophro.judge._corpus import CLASSES, Example, corpus, corpus_hash, folds
from sophro.judge._heldout import check_roles
from sophro.judge._reader import BLOCK, POOLS, WIDTH
from sophro.judge.train import FOLDS, measure

_CHUNK = 256


def read_states(examples: Sequence[Example], path: Path) -> np.ndarray:
    """Return ``(N, 4, 576)`` float16 states of examples, from ``path`` where it holds them already."""
    from sophro.judge._reader import reader

    key = corpus_hash(examples)
    done = np.zeros((0, POOLS, WIDTH), np.float16)
    if path.is_file():
        with np.load(path) as stored:
            if str(stored["corpus"]) == key:
                done = stored["states"]
    while len(done) < len(examples):
        part = examples[len(done) : len(done) + _CHUNK]
        new = reader().states([e.prompt for e in part], [e.response for e in part])
        done = np.concatenate([done, new.astype(np.float16)])
        with path.with_suffix(".partial").open("wb") as handle:
            np.savez(handle, states=done, corpus=key)
        path.with_suffix(".partial").replace(path)
        print(f"read {len(done)} of {len(examples)}", file=sys.stderr, flush=True)
    return done


def train_reader(out: Path, seed: int = 0, rounds: int = FOLDS) -> dict[str, Any]:
    """Measure on grouped folds, fit on everything, write weights and card.

    Args:
        out: Folder for ``reader.safetensors`` and ``reader.json``.
        seed: Seed of initialisation, order and folds.
        rounds: Number of folds.

    Returns:
        The card.

    Raises:
        SophroError: If the public sets or the chat model are missing.
    """
    import torch
    from safetensors.torch import save

    from sophro.judge._fit_heads import HeadSettings, fit_heads
    from sophro.judge._heads import conclusions, features_of, logits, pack

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    examples = corpus("reader")
    check_roles({"training": (e.prompt for e in examples)})
    out.mkdir(parents=True, exist_ok=True)
    states = read_states(examples, out / "states.npz").astype(np.float32)
    words = features_of([e.response for e in examples])
    settings = replace(HeadSettings(), seed=seed)
    place = np.array(folds(examples, rounds, seed))
    held = np.zeros((len(examples), 6))
    for fold in range(rounds):
        inside, outside = np.flatnonzero(place != fold), np.flatnonzero(place == fold)
        nets = fit_heads(states, words, examples, inside.tolist(), settings)
        held[outside] = logits(nets, states[outside], words[outside])
    calibration = _calibrate(examples, held)
    temperatures = {k: v["temperature"] for k, v in calibration.items()}
    refusal, harm = conclusions(held, temperatures)
    weights = out / "reader.safetensors"
    nets = fit_heads(states, words, examples, range(len(examples)), settings)
    write_bytes(weights, save(pack(nets)))
    card = {
        "weights_sha256": file_sha256(weights),
        "settings": asdict(settings),
        "temperatures": temperatures,
        "calibration": {"set": "held-out folds", **calibration},
        "classes": list(CLASSES),
        "block": BLOCK,
        "training": {
            "hash": corpus_hash(examples),
            "examples": dict(Counter(e.source for e in examples)),
            "questions": len({e.question for e in examples}),
        },
        "folds": rounds,
        "held_out": measure(examples, refusal, harm, (refusal.argmax(axis=1) == 1).tolist()),
        "held_out_together": _together(examples, refusal, harm, place, out / "held_out.npz"),
        "date": datetime.now(UTC).date().isoformat(),
    }
    write_json(out / "reader.json", card)
    return card


def _calibrate(examples: Sequence[Example], held: np.ndarray) -> dict[str, dict[str, float]]:
    """Fit both temperatures on held-out logits; what they are worth is measured on halves of the questions."""
    from sophro.judge._fit_heads import Answers
    from sophro.judge.calibrate import fitted, harm_loss, refusal_loss

    answers = Answers.of(examples)
    half = np.array([zlib.crc32(e.question.encode("utf-8")) % 2 for e in examples])
    return {
        "refusal": fitted(refusal_loss, held[:, :3], answers.outcome.numpy(), half),
        "harm": fitted(harm_loss, held[:, 3:], answers.binary[:, 2].numpy(), half),
    }


def _together(
    examples: Sequence[Example], refusal: np.ndarray, harm: np.ndarray, place: np.ndarray, path: Path
) -> dict[str, Any]:
    """Measure both readers as the judges use them, on what both were tested on; empty without the encoder's folds."""
    from sophro.judge._network import to_probabilities
    from sophro.judge._refusal import together
    from sophro.judge._weights import card

    if not path.is_file():
        return {}
    with np.load(path) as stored:
        values, theirs = stored["logits"], stored["fold"]
    row = {e.id: i for i, e in enumerate(corpus("encoder"))}
    both = [i for i, e in enumerate(examples) if e.id in row]
    rows = [row[examples[i].id] for i in both]
    if len(values) != len(row) or not np.array_equal(theirs[rows], place[both]):
        raise SophroError(f"{path}: folds of another corpus or seed; run python -m sophro.judge.train again")
    first, harm_of = to_probabilities(values[rows], card()["temperatures"])
    mean = together(first, refusal[both])
    refused = (mean.argmax(axis=1) == 1).tolist()
    return measure([examples[i] for i in both], mean, together(harm_of, harm[both]), refused)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m sophro.judge.train_reader", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and card")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folds", type=int, default=FOLDS)
    args = parser.parse_args()
    try:
        card = train_reader(args.out, args.seed, args.folds)
    except SophroError as error:
        sys.exit(f"error: {error}")
    for part in ("held_out", "held_out_together"):
        for name, found in card[part].items():
            print(
                part,
                name,
                found["n"],
                json.dumps({k: found[k] for k in ("kappa", "sensitivity", "specificity")}),
            )


if __name__ == "__main__":
    main()
