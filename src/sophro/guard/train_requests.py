"""Trains ``prompt_harm``: ``python -m sophro.guard.train_requests [--out FOLDER] [--cache FILE]``.

Contract: deterministic; numpy after the encoder's features, which take two to five minutes of one core (``--cache``
keeps them). Thresholds are chosen on scores of requests by heads that were fitted *without their source*, so that
they stand for requests of strangers; the card tells recall and false alarms (1) on each trained source, by a
head that never saw it, (2) on the held-out tenth, (3) on sources that nothing was trained on.

One caution for (1): the reader's deltas were trained on XSTest, CatQA, GPTFuzz, erase-and-check, TruthfulQA and seed
tasks among others, so only the head is blind to those sources. For (3) nothing is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from sophro.errors import SophroError
from sophro.files import file_sha256, write_bytes, write_json
from sophro.guard._detectors import shipped_folder
from sophro.guard._fit import Weights, fit, sigmoid
from sophro.guard._ngrams import HASH
from sophro.guard._requests import TRAINED, Request, corpus, corpus_hash, find_source, licence, share, unseen
from sophro.guard.scanners._prompt_harm import (
    BITS,
    FORMAT,
    OVERLAP,
    OVERLAP_ZH,
    SIZE,
    SIZE_ZH,
    clean,
    ngram_features,
)
from sophro.guard.scanners._windows import windows
from sophro.stats import auroc, newton, rate

RIDGE = 300.0  # chosen over 30 and 3,000 by the mean recall on left-out sources
STRENGTH, STRENGTH_ZH = 3.0, 10.0  # C of the n-grams
DIRECTIONS = 256
BLEND = 0.5  # weight of the n-grams' log-odds beside the reader's
FALSE_ALARMS = {"en": 0.015, "zh": 0.015}
LANGS = ("en", "zh")


def pieces(request: Request) -> list[str]:
    """Return the windows of a request that train: all of a harmless one, the last of a harmful one."""
    size, overlap = (SIZE, OVERLAP) if request.lang == "en" else (SIZE_ZH, OVERLAP_ZH)
    cut = windows(request.text, size, overlap)
    texts = [clean(request.text[a:b]) for a, b in cut]
    return texts[-1:] if request.harmful else texts[:4]


class Features:
    """The reader's features by text, with an optional file that keeps them."""

    def __init__(self, deltas: Mapping[str, Any], cache: Path | None) -> None:
        self._deltas = deltas
        self._cache = cache
        self._rows: dict[str, np.ndarray] = {}
        if cache is not None and cache.is_file():
            stored = np.load(cache)
            self._rows = dict(zip(stored["texts"].tolist(), stored["rows"], strict=True))

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Return (N, 768) features."""
        missing = sorted({t for t in texts if t not in self._rows}, key=len)
        if missing:
            from sophro.guard.scanners._reader import RequestReader
            from sophro.models._encoder import encoder

            reader = RequestReader(encoder(), self._deltas)
            for start in range(0, len(missing), 256):
                part = missing[start : start + 256]
                self._rows |= dict(zip(part, reader.features(part).astype(np.float16), strict=True))
                print(f"read {start + len(part)} of {len(missing)} windows", flush=True)
                if self._cache is not None:
                    np.savez(
                        self._cache,
                        texts=np.array(list(self._rows)),
                        rows=np.stack(list(self._rows.values())),
                    )
        return np.stack([self._rows[t] for t in texts]).astype(np.float64)


class Table:
    """Requests with the features of their windows, computed once.

    Args:
        rows: The requests.
        features: The reader's features.
        like: Table whose directions are used; without, the rows' own.
    """

    def __init__(self, rows: Sequence[Request], features: Features, like: Table | None = None) -> None:
        self.rows = list(rows)
        self.harmful = np.array([r.harmful for r in rows])
        self.owner: dict[str, np.ndarray] = {}
        self.ngrams: dict[str, Any] = {}
        x = np.zeros((0, 0))
        for lang in LANGS:
            cut = [(i, t) for i, r in enumerate(rows) if r.lang == lang for t in pieces(r)]
            self.owner[lang] = np.array([i for i, _ in cut])
            self.ngrams[lang] = ngram_features([t for _, t in cut])
            if lang == "en":
                x = features([t for _, t in cut])
        if like is not None:  # measured in the directions of the table that the head was fitted on
            self.mean, self.scale, self.basis = like.mean, like.scale, like.basis
            self.reduced = (x - self.mean) * self.scale @ self.basis
            return
        self.mean = x.mean(0)
        self.scale = 1.0 / np.maximum(x.std(0), 1e-6)
        x = (x - self.mean) * self.scale
        # The head is fitted in the main directions: the rest is noise at this number of requests, and costs time.
        values, vectors = np.linalg.eigh(x.T @ x / len(x))
        self.basis = vectors[:, np.argsort(-values)[:DIRECTIONS]]
        self.reduced = x @ self.basis


class Head:
    """The trained part: n-grams of both languages and the head over the reader's features.

    Args:
        table: All requests.
        use: (N,) which of them train.
        langs: Languages that are fitted.
    """

    def __init__(self, table: Table, use: np.ndarray, langs: Sequence[str] = LANGS) -> None:
        self.table = table
        self.ngrams: dict[str, Weights] = {}
        for lang in langs:
            mine = np.flatnonzero(use[table.owner[lang]])
            y = table.harmful[table.owner[lang][mine]]
            strength = STRENGTH if lang == "en" else STRENGTH_ZH
            self.ngrams[lang] = fit(table.ngrams[lang].take(mine), y, strength, BITS, 1e-3)
            if lang == "en":
                truth = y.astype(np.float64)
                design = np.column_stack([np.ones(len(mine)), table.reduced[mine]])
                weight = np.where(y, 0.5 / truth.mean(), 0.5 / (1.0 - truth.mean()))
                beta = newton(design, truth, weight[None], RIDGE)[0]
                self.bias, self.head = float(beta[0]), table.basis @ beta[1:]

    def on(self, table: Table) -> np.ndarray:
        """Return (N,) log-odds of the requests of a table in the same directions: the highest of their windows."""
        return self.log_odds(np.ones(len(table.rows), dtype=bool), table)

    def log_odds(self, which: np.ndarray, table: Table | None = None) -> np.ndarray:
        """Return (N,) log-odds of the requests ``which`` (the highest of their windows), 0 for the others."""
        table = table or self.table
        found = np.full(len(table.rows), -np.inf)
        for lang, weights in self.ngrams.items():
            mine = np.flatnonzero(which[table.owner[lang]])
            score = weights(table.ngrams[lang].take(mine))
            if lang == "en":
                score = table.reduced[mine] @ (table.basis.T @ self.head) + self.bias + BLEND * score
            np.maximum.at(found, table.owner[lang][mine], score)
        return np.where(np.isfinite(found), found, 0.0)


def blind_scores(table: Table) -> np.ndarray:
    """Score every request by a head fitted without its source's group."""
    scores = np.zeros(len(table.rows))
    groups = np.array([find_source(r.source).group for r in table.rows])
    for group in dict.fromkeys(groups.tolist()):
        out = groups == group
        langs = [
            lang for lang in LANGS if any(r.lang == lang for r, o in zip(table.rows, out, strict=True) if o)
        ]
        scores[out] = Head(table, ~out, langs).log_odds(out)[out]
        print(f"left out {group}: {int(out.sum())}", flush=True)
    return scores


def calibrate(rows: Sequence[Request], log_odds: np.ndarray, lang: str) -> tuple[float, float]:
    """Return factor and offset that fit probabilities on a balanced set (Platt 1999), n-grams or reader alike."""
    mine = np.array([r.lang == lang for r in rows])
    x, y = log_odds[mine], np.array([r.harmful for r in rows])[mine].astype(np.float64)
    weight = np.where(y > 0, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    beta = newton(np.column_stack([np.ones(len(x)), x]), y, weight[None], 1e-3)[0]
    return float(beta[1]), float(beta[0])


def threshold(rows: Sequence[Request], probability: np.ndarray, lang: str) -> float:
    """Return the probability from which the target share of harmless requests is flagged, sources weighing alike."""
    groups: dict[str, list[float]] = {}
    for row, p in zip(rows, probability, strict=True):
        if row.lang == lang and not row.harmful:
            groups.setdefault(row.source, []).append(float(p))
    tried = np.unique(np.concatenate([np.array(v) for v in groups.values()]))
    for cut in tried:
        alarm = np.mean([np.mean(np.array(v) > cut) for v in groups.values()])
        if alarm <= FALSE_ALARMS[lang]:
            return min(float(cut) + 1e-6, 0.9999)
    return 0.9999


def probabilities(
    rows: Sequence[Request], log_odds: np.ndarray, slopes: Mapping[str, tuple[float, float]]
) -> np.ndarray:
    """Return (N,) calibrated probabilities."""
    slope, offset = (np.array([slopes[r.lang][k] for r in rows]) for k in (0, 1))
    return sigmoid(slope * log_odds + offset)


def measured(
    rows: Sequence[Request], flagged: Sequence[bool], scores: Sequence[float]
) -> list[dict[str, Any]]:
    """Return recall and false alarms by source and language, with counts and 95 % intervals."""
    found: list[dict[str, Any]] = []
    for source, lang in dict.fromkeys((r.source, r.lang) for r in rows):
        mine = [i for i, r in enumerate(rows) if (r.source, r.lang) == (source, lang)]
        row: dict[str, Any] = {"source": source, "lang": lang, "n": len(mine)}
        truth = [rows[i].harmful for i in mine]
        for name, which in (("recall", True), ("false_alarms", False)):
            chosen = [flagged[i] for i, t in zip(mine, truth, strict=True) if t is which]
            if chosen:
                r = rate(chosen)
                row[name] = {"k": r.k, "n": r.n, "value": r.value, "low": r.low, "high": r.high}
        if len(set(truth)) == 2:
            row["auroc"] = auroc(truth, [scores[i] for i in mine]).value
        found.append(row)
    return found


def train(folder: Path, deltas: Mapping[str, Any], cache: Path | None) -> dict[str, Any]:
    """Train, measure and write ``prompt_harm.safetensors`` and its card.

    Args:
        folder: Where to.
        deltas: The reader's deltas.
        cache: File that keeps features between runs.

    Raises:
        SophroError: If a source is missing.
    """
    import torch
    from safetensors.torch import save

    strangers = [r for group in unseen().values() for r in group]
    training, held = corpus(strangers)
    features = Features(deltas, cache)
    table = Table(training, features)
    blind = blind_scores(table)
    slopes = {lang: calibrate(training, blind, lang) for lang in LANGS}
    probability = probabilities(training, blind, slopes)
    head = Head(table, np.ones(len(training), dtype=bool))
    # Half of the harmless Chinese instructions choose that threshold: two trained sources are too few for it.
    choosing = [r for r in strangers if r.source == "alpaca_zh" and share(r.key) < 0.5]
    new = [r for r in strangers if r.source != "alpaca_zh" or share(r.key) >= 0.5]
    later = Table([*choosing, *held, *new], features, table)
    scores = probabilities(later.rows, head.on(later), slopes)
    thresholds = {
        "en": threshold(training, probability, "en"),
        "zh": threshold(later.rows[: len(choosing)], scores[: len(choosing)], "zh"),
    }
    tensors = {f"deltas.{k}": v for k, v in deltas.items()}
    for name, value in (("mean", table.mean), ("scale", table.scale), ("head", head.head)):
        tensors[name] = torch.tensor(value, dtype=torch.float32)
    for lang in LANGS:
        tensors[lang] = torch.tensor(head.ngrams[lang].w, dtype=torch.float16)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "prompt_harm.safetensors"
    write_bytes(path, save(tensors, {"format": FORMAT}))
    card: dict[str, Any] = {
        "detector": "prompt_harm",
        "format": FORMAT,
        "hash": HASH,
        "weights_sha256": file_sha256(path),
        "settings": {
            "bias": head.bias, "en_bias": head.ngrams["en"].bias, "zh_bias": head.ngrams["zh"].bias, "blend": BLEND,
            "slopes": {k: [round(a, 6), round(b, 6)] for k, (a, b) in slopes.items()},
            "thresholds": {k: round(v, 6) for k, v in thresholds.items()},
        },
        "training": {
            "sources": {n: {"licence": licence(n), "n": sum(r.source == n for r in training)} for n in TRAINED},
            "may_be_passed_on": True,
            "n": len(training), "harmful": sum(r.harmful for r in training), "hash": corpus_hash(training),
            "deltas": "of the embedded judges as of 2026-11-22; their sources: sophro.judge._corpus",
            "ridge": RIDGE, "c": [STRENGTH, STRENGTH_ZH],
        },
        "threshold_chosen": f"false alarms {FALSE_ALARMS}; en: trained sources, scored by heads blind to the source, "
        "sources weigh alike; zh: half of alpaca_zh",
    }  # fmt: skip
    parts = (
        ("left_out", training, probability),
        ("held_out", held, scores[len(choosing) : len(choosing) + len(held)]),
        ("never_trained", new, scores[len(choosing) + len(held) :]),
    )
    for name, rows, found in parts:
        flags = [bool(p >= thresholds[r.lang]) for r, p in zip(rows, found, strict=True)]
        card[name] = measured(rows, flags, list(found))
    card["date"] = datetime.now(UTC).date().isoformat()
    write_json(folder / "prompt_harm.json", card)
    return card


def shipped_deltas() -> dict[str, Any]:
    """Return the reader's deltas: those of the shipped detector."""
    from sophro.guard.scanners._prompt_harm import load_model

    return load_model(shipped_folder()).deltas


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m sophro.guard.train_requests", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--out", type=Path, default=shipped_folder())
    parser.add_argument(
        "--cache", type=Path, help="file that keeps the encoder's features between runs (.npz)"
    )
    parser.add_argument("--deltas", type=Path, help="safetensors with other deltas for the reader")
    args = parser.parse_args(argv)
    try:
        if args.deltas is None:
            deltas = shipped_deltas()
        else:
            from safetensors.torch import load_file

            deltas = {k: v for k, v in load_file(args.deltas).items() if not k.startswith("head.")}
        card = train(args.out, deltas, args.cache)
    except SophroError as error:
        sys.exit(f"error: {error}")
    for name in ("left_out", "held_out", "never_trained"):
        print(name)
        for row in card[name]:
            shown = "  ".join(
                f"{k} {row[k]['value']:.3f} [{row[k]['low']:.3f}, {row[k]['high']:.3f}]"
                for k in ("recall", "false_alarms") if k in row
            )  # fmt: skip
            print(f"  {row['source']:20} {row['lang']} n={row['n']:4}  {shown}")


if __name__ == "__main__":
    main()
