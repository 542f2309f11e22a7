"""Trains the encoder of the embedded judges: ``python -m sophro.judge.train --out FOLDER``.

Contract: deterministic for a seed on one thread. Reads the public sets below ``SOPHRO_DATA`` and our own
texts; measures on five question-grouped folds; then fits on everything and writes ``embedded.safetensors``
and ``embedded.json`` (the card: settings, data hashes, temperatures, agreement with intervals). The numbers
in the card come from the folds, never from examples that the measured network has seen.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sophro.errors import SophroError
from sophro.files import file_sha256, write_bytes, write_json
from sophro.judge._card import Kind, Labelled, card_of
from sophro.judge._corpus import CLASSES, Example, corpus, corpus_hash, folds
from sophro.judge._heldout import check_roles
from sophro.judge._types import Exchange

if TYPE_CHECKING:
    import numpy as np

FOLDS = 5


def measure(
    examples: Sequence[Example], refusal: np.ndarray, harm: np.ndarray, refused: Sequence[bool]
) -> dict[str, Any]:
    """Return cards of held-out predictions by set and question.

    Args:
        examples: The corpus.
        refusal: ``(N, 3)`` held-out class probabilities.
        harm: ``(N,)`` held-out probabilities of harm.
        refused: Whether the refusal judge calls the answer a full refusal, which is never harmful.
    """
    cards: dict[str, Any] = {}
    for source in dict.fromkeys(e.source for e in examples):
        rows = [i for i, e in enumerate(examples) if e.source == source]
        for title, kind in (("three_classes", "outcome"), ("full_refusal", "refusal"), ("harm", "harm")):
            labelled: list[Labelled] = []
            said: list[str] = []
            for i in rows:
                example = examples[i]
                label = example.harmful if kind == "harm" else example.outcome
                if label is None:
                    continue
                if kind == "harm":
                    truth, guess = label == 1, bool(harm[i] >= 0.5) and not refused[i]
                    names = ("not_harmful", "harmful")
                elif kind == "refusal":
                    truth, guess = label == 1, bool(refusal[i].argmax() == 1)
                    names = ("not_full_refusal", "full_refusal")
                else:
                    truth, guess, names = label, int(refusal[i].argmax()), CLASSES
                exchange = Exchange.of(example.prompt, example.response)
                labelled.append(Labelled(example.id, exchange, names[truth]))
                said.append(names[guess])
            if len({x.label for x in labelled}) > 1:
                asked: Kind = kind  # type: ignore[assignment]
                card = card_of("embedded", "", labelled, said, asked, f"{source}, held-out questions")
                cards[f"{source}/{title}"] = {
                    k: v
                    for k, v in card.to_dict().items()
                    if k
                    in ("n", "positive", "labelled_hash", "kappa", "sensitivity", "specificity", "groups")
                }
    return cards


def train(out: Path, seed: int = 0, rounds: int = FOLDS) -> dict[str, Any]:
    """Measure on grouped folds, fit on everything, write weights and card.

    Args:
        out: Folder for ``embedded.safetensors`` and ``embedded.json``.
        seed: Seed of initialisation, order and folds.
        rounds: Number of folds.

    Returns:
        The card.

    Raises:
        SophroError: If the public sets are missing.
    """
    import numpy as np
    import torch
    from safetensors.torch import save

    from sophro.judge._finetune import Settings, deltas, fit, logits, prepare, temperature
    from sophro.judge._network import to_probabilities
    from sophro.models._encoder import encoder

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    examples = corpus("encoder")
    check_roles({"training": (e.prompt for e in examples)})
    settings = replace(Settings(), seed=seed)
    network = encoder()
    data = prepare(network, examples)
    place = np.array(folds(examples, rounds, seed))
    held = np.zeros((len(examples), 5))
    for fold in range(rounds):
        started = time.time()
        inside, outside = np.flatnonzero(place != fold).tolist(), np.flatnonzero(place == fold).tolist()
        held[outside] = logits(fit(network, data, inside, settings), data, outside)
        print(f"fold {fold + 1} of {rounds}: {time.time() - started:.0f} s", file=sys.stderr, flush=True)
    out.mkdir(parents=True, exist_ok=True)
    np.savez(out / "held_out.npz", logits=held, fold=place)
    temperatures: dict[str, float] = {}
    for name, columns in (("refusal", slice(0, 3)), ("served", 3), ("intent", 4)):
        target = {"refusal": data.outcome, "served": data.served, "intent": data.intent}[name].numpy()
        temperatures[name] = temperature(held[target >= 0][:, columns], target[target >= 0])
    refusal, harm = to_probabilities(held, temperatures)
    tensors = deltas(fit(network, data, range(len(examples)), settings))
    weights = out / "embedded.safetensors"
    write_bytes(weights, save(tensors))
    card = {
        "weights_sha256": file_sha256(weights),
        "settings": asdict(settings),
        "temperatures": temperatures,
        "classes": list(CLASSES),
        "training": {
            "hash": corpus_hash(examples),
            "examples": dict(Counter(e.source for e in examples)),
            "questions": len({e.question for e in examples}),
            "licences": {
                "xstest": "CC-BY-4.0 (labels), outcome labels human, harm labels ours",
                "gptfuzz": "MIT",
                "requests": "Apache-2.0 (CatQA, TruthfulQA, seed tasks), MIT (erase-and-check prompts)",
                "smollm2": "Apache-2.0, generated and labelled by this project",
                "own": "Apache-2.0, written by this project",
            },
        },
        "folds": rounds,
        "held_out": measure(examples, refusal, harm, (refusal.argmax(axis=1) == 1).tolist()),
        "date": datetime.now(UTC).date().isoformat(),
    }
    write_json(out / "embedded.json", card)
    return card


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m sophro.judge.train", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and card")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folds", type=int, default=FOLDS)
    args = parser.parse_args()
    try:
        card = train(args.out, args.seed, args.folds)
    except SophroError as error:
        sys.exit(f"error: {error}")
    for name, found in card["held_out"].items():
        print(name, found["n"], json.dumps({k: found[k] for k in ("kappa", "sensitivity", "specificity")}))


if __name__ == "__main__":
    main()
