"""Trains the n-gram detectors: ``python -m sophro.guard.train NAME``.

Contract: deterministic, numpy only, seconds. The strength of the penalty, the calibration and the threshold are chosen
on dev texts that are not trained on. The card tells settings, sources, licences and hashes, and the numbers on labelled
test sets that were neither trained nor chosen on.

``toxic_zh`` is what the package ships: trained on COLD (Apache-2.0) alone. ``toxic_zh_local`` adds CNTP's own train
part and ToxiCN, whose sentences are CC BY-NC-ND 4.0: it is written to the user's cache and must not be passed on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from sophro.data import load_cntp
from sophro.errors import SophroError, unknown_name
from sophro.guard._corpus import SOURCES, LabelledText, corpus_hash, source, training_texts
from sophro.guard._detectors import LOCAL, SHIPPED, detector, local_folder
from sophro.guard._fit import Floats, fit, sigmoid
from sophro.guard._linear import NgramDetector, save_detector
from sophro.guard._measure import measure
from sophro.guard._ngrams import features
from sophro.guard._tune import disguised_texts, tune_on
from sophro.stats import auroc

ORDER, BITS = 2, 18
STRENGTHS = (1.0, 3.0, 10.0, 30.0)
BENIGN_ERROR = 0.1
_SHIPPED_SOURCES = ("cold",)
_MEASURED_ON = ("cold-test", "cntp-test")


def train(
    name: str,
    names: Sequence[str],
    folder: Path,
    *,
    dev: str = "cold-dev",
    benign_error: float = BENIGN_ERROR,
) -> tuple[NgramDetector, dict[str, Any]]:
    """Train a detector and write it with its card.

    Args:
        name: Name of the detector.
        names: Sources to train on, see ``sophro.guard._corpus``.
        folder: Where to write ``NAME.safetensors`` and ``NAME.json``.
        dev: Source that penalty, calibration and threshold are chosen on.
        benign_error: Share of its benign texts that the threshold lets be flagged.

    Raises:
        SophroError: If a source is unknown or missing, or the share is not between 0 and 1.
    """
    if not 0.0 < benign_error < 1.0:
        raise SophroError(f"benign error {benign_error} must lie between 0 and 1 (0.1 for 10 %)")
    texts, chosen_on = training_texts(names), source(dev).read()
    rows, seen = (features([t.text for t in part], ORDER, BITS) for part in (texts, chosen_on))
    labels, truth = (np.array([t.toxic for t in part]) for part in (texts, chosen_on))
    tried = {c: fit(rows, labels, c, BITS) for c in STRENGTHS}
    areas = {c: auroc(truth.tolist(), list(w(seen))).value or 0.0 for c, w in tried.items()}
    strength = max(STRENGTHS, key=lambda c: (areas[c], -c))
    weights = tried[strength]
    slope = _slope(weights(seen), truth)
    benign = sigmoid(slope * weights(seen))[~truth]
    # Of equal scores at the cut all are flagged, so the next score above it is taken.
    threshold = round(float(np.quantile(benign, 1.0 - benign_error, method="higher")) + 5e-5, 4)
    made = NgramDetector(name, weights, order=ORDER, bits=BITS, threshold=threshold, slope=slope)
    folder.mkdir(parents=True, exist_ok=True)
    card: dict[str, Any] = {
        "training": {
            "sources": list(names),
            "licences": {n: source(n).licence for n in names},
            "may_be_passed_on": all(source(n).permissive for n in names),
            "n": len(texts),
            "toxic": int(labels.sum()),
            "hash": corpus_hash(texts),
            "c": strength,
            "dev_auroc": {str(c): round(a, 4) for c, a in areas.items()},
        },
        "threshold_chosen": f"benign error {benign_error:g} on {dev}",
    }
    stored = save_detector(made, folder, card)
    card["measured"] = [measure(stored, SOURCES[s].read(), s) for s in _MEASURED_ON if source(s).present]
    card["date"] = datetime.now(UTC).date().isoformat()
    return save_detector(made, folder, card), card


def fine_tune(
    start: str, name: str, folder: Path, *, number: int = 40, mixed: bool = True, seed: int = 0
) -> tuple[NgramDetector, dict[str, Any]]:
    """Fine-tune a detector on disguised sentences of CNTP's train part and write the result with its card.

    Args:
        start: Detector to start from.
        name: Name of the result.
        folder: Where to write it.
        number: Disguised toxic sentences.
        mixed: Add as many disguised benign sentences; without them benign error rises.
        seed: Draws the sentences.

    Raises:
        SophroError: If the detector is unknown, CNTP is missing, or there are not so many sentences.
    """
    from sophro.attack.perturb import NAMES, perturb

    def make(text: str, how: str, spans: Sequence[str], draw: int) -> str:
        return perturb(text, how, spans=spans, seed=draw).text

    before = detector(start)
    if not isinstance(before, NgramDetector):
        raise SophroError(f"detector {start!r} has no weights to fine-tune; name an n-gram detector")
    texts = disguised_texts(load_cntp("none", "train"), NAMES, make, number, seed)
    if mixed:
        texts += disguised_texts(load_cntp("benign", "train"), NAMES, make, number, seed)
    made = tune_on(before, texts, name)
    labelled = [LabelledText(t.text, t.toxic) for t in texts]
    card: dict[str, Any] = {
        "training": {
            "sources": ["cntp"],
            "licences": {"cntp": source("cntp").licence},
            "may_be_passed_on": False,
            "n": len(texts),
            "toxic": number,
            "hash": corpus_hash(labelled),
            "start": {"detector": before.name, "version": before.version},
            "seed": seed,
        },
        "threshold_chosen": f"that of {before.name}",
        "measured": [measure(made, SOURCES[s].read(), s) for s in _MEASURED_ON if source(s).present],
        "date": datetime.now(UTC).date().isoformat(),
    }
    return save_detector(made, folder, card), card


def _slope(log_odds: Floats, labels: np.ndarray) -> float:
    """Return the factor on the log-odds that fits the probabilities of dev texts (Platt 1999, no offset)."""
    grid = np.geomspace(0.1, 4.0, 200)
    loss = [np.logaddexp(0.0, g * log_odds).sum() - g * log_odds[labels].sum() for g in grid]
    return round(float(grid[int(np.argmin(loss))]), 4)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m sophro.guard.train", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("name", help=f"{', '.join((*SHIPPED, *LOCAL))}, or a name of your own")
    parser.add_argument("--data", nargs="+", help="training sources: cold, cntp, toxicn")
    parser.add_argument("--dev", help="what the threshold is chosen on: cold-dev or cntp-dev")
    parser.add_argument("--out", type=Path, help="folder; the user's cache by default")
    parser.add_argument("--benign-error", type=float, default=BENIGN_ERROR)
    parser.add_argument("--start", help="detector to fine-tune on disguised sentences instead")
    parser.add_argument("--disguised", type=int, default=40, help="disguised toxic sentences for --start")
    parser.add_argument("--toxic-only", action="store_true", help="no benign sentences beside them")
    parser.add_argument("--seed", type=int, default=0, help="draws the sentences for --start")
    args = parser.parse_args(argv)
    try:
        folder = args.out or local_folder()
        if args.start is not None:
            mixed = not args.toxic_only
            made = fine_tune(
                args.start, args.name, folder, number=args.disguised, mixed=mixed, seed=args.seed
            )
            _show(folder, args.name, made[1], ("cntp",))
            return
        names = args.data or (_SHIPPED_SOURCES if args.name in SHIPPED else LOCAL.get(args.name))
        if not names:
            raise unknown_name("detector", args.name, (*SHIPPED, *LOCAL))
        dev = args.dev or ("cold-dev" if all(source(n).permissive for n in names) else "cntp-dev")
        _, card = train(args.name, names, folder, dev=dev, benign_error=args.benign_error)
    except SophroError as error:
        sys.exit(f"error: {error}")
    _show(folder, args.name, card, names)


def _show(folder: Path, name: str, card: dict[str, Any], names: Sequence[str]) -> None:
    print(f"{folder / name}.safetensors: {card['training']['n']} texts of {', '.join(names)}")
    if not card["training"]["may_be_passed_on"]:
        print("for this machine only: the licences of its training texts forbid passing the weights on")
    for row in card["measured"]:
        shown = (f"{k} {row[k]['value']:.3f} [{row[k]['low']:.3f}, {row[k]['high']:.3f}]" for k in _SHOWN)
        print(f"{row['labelled_set']} (n = {row['n']}): {', '.join(shown)}")


_SHOWN = ("auroc", "f1", "detection", "benign_error")

if __name__ == "__main__":
    main()
