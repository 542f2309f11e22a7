"""The n-gram detector: hashed character n-grams and one linear layer, in plain numpy.

Contract: a detector is a folder with ``NAME.safetensors`` and ``NAME.json`` (its card). Loading refuses weights
that are not those of the card and files of another format, so a version always means one set of numbers. A long
text is read in overlapping windows; the highest score counts, and the detection says where it was.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sophro.errors import SophroError
from sophro.files import digest, file_sha256, read_text, write_bytes, write_json
from sophro.guard._fit import Weights, sigmoid
from sophro.guard._ngrams import HASH, features
from sophro.guard._types import Detection

FORMAT = "sophro-ngram-1"
LABEL = "toxic"
# Training texts have 50 characters on average; a score over a page would drown one bad sentence.
WINDOW, STRIDE = 160, 120


class NgramDetector:
    """Flags texts by a linear score over hashed character n-grams.

    Args:
        name: How results name it.
        weights: The linear model.
        order: Longest n-gram.
        bits: Binary logarithm of the number of cells.
        threshold: Score from which on a text is flagged.
        slope: Factor that turns log-odds into calibrated ones.
    """

    def __init__(
        self, name: str, weights: Weights, *, order: int, bits: int, threshold: float, slope: float = 1.0
    ) -> None:
        self.name = name
        self.weights = weights
        self.order = order
        self.bits = bits
        self.slope = slope
        self.thresholds = {LABEL: threshold}
        sizes = [FORMAT, HASH, order, bits, threshold, slope, weights.bias]
        self.version = digest(*sizes, _sha(weights))

    def log_odds(self, texts: Sequence[str]) -> np.ndarray:
        """Return the (N,) linear score of whole texts, before calibration and without windows."""
        return self.weights(features(texts, self.order, self.bits))

    def __call__(self, texts: Sequence[str]) -> list[Detection]:
        """Return one detection per text, in order."""
        cuts = [_windows(text) for text in texts]
        pieces = [text[a:b] for text, cut in zip(texts, cuts, strict=True) for a, b in cut]
        # Rounding hides the last bit of the logistic function, which differs with the length of an array.
        scores = sigmoid(self.log_odds(pieces) * self.slope).round(9)
        found: list[Detection] = []
        at = 0
        for cut in cuts:
            if not cut:
                found.append(self._detection({}, (0, 0), "nothing to read: the text is empty"))
                continue
            best = at + int(np.argmax(scores[at : at + len(cut)]))
            found.append(self._detection({LABEL: float(scores[best])}, cut[best - at], ""))
            at += len(cut)
        return found

    def _detection(self, scores: dict[str, float], window: tuple[int, int], reason: str) -> Detection:
        return Detection(scores, self.thresholds, self.name, self.version, window, reason)


def _windows(text: str) -> list[tuple[int, int]]:
    if not text.strip():
        return []
    if len(text) <= WINDOW:
        return [(0, len(text))]
    starts = range(0, len(text) - WINDOW + STRIDE, STRIDE)
    cut = [(a, min(a + WINDOW, len(text))) for a in starts]
    return [(a, b) for a, b in cut if text[a:b].strip()]


def _sha(weights: Weights) -> str:
    return digest(_stored(weights).tobytes().hex())


def _stored(weights: Weights) -> np.ndarray:
    return weights.w.astype("<f2")


def save_detector(detector: NgramDetector, folder: Path, card: dict[str, Any]) -> NgramDetector:
    """Write a detector and its card, and return it as it will be read.

    Args:
        detector: What to write; weights are rounded to float16.
        folder: Where to; created if needed.
        card: Facts that the card tells beside the settings.
    """
    from safetensors.numpy import save

    # The bias keeps its precision: it moves every score.
    tensors = {"weights": _stored(detector.weights), "bias": np.array([detector.weights.bias])}
    path = folder / f"{detector.name}.safetensors"
    write_bytes(path, save(tensors, {"format": FORMAT}))
    settings = {
        "detector": detector.name,
        "format": FORMAT,
        "hash": HASH,
        "order": detector.order,
        "bits": detector.bits,
        "labels": [LABEL],
        "threshold": detector.thresholds[LABEL],
        "slope": detector.slope,
        "weights_sha256": file_sha256(path),
    }
    write_json(folder / f"{detector.name}.json", {**settings, **card})
    return load_detector(folder, detector.name)


def read_card(folder: Path, name: str) -> dict[str, Any]:
    """Return the card of a detector.

    Raises:
        SophroError: If it is missing, no JSON, or of another format.
    """
    path = folder / f"{name}.json"
    try:
        card = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise SophroError(
            f"{path}, line {error.lineno}: not JSON ({error.msg}); restore the detector"
        ) from None
    for field, known in (("format", FORMAT), ("hash", HASH)):
        if card.get(field) != known:
            raise SophroError(
                f"{path}: {field} is {card.get(field)!r}, this sophro reads {known!r}; train the detector again"
            )
    return card


def load_detector(folder: Path, name: str) -> NgramDetector:
    """Read the detector ``name`` of a folder.

    Raises:
        SophroError: Naming the file, if one is missing, cut off, changed, or of another format.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    card = read_card(folder, name)
    path = folder / f"{name}.safetensors"
    if not path.is_file():
        raise SophroError(f"{path}: the weights of the detector are missing; train it again")
    if file_sha256(path) != card["weights_sha256"]:
        raise SophroError(f"{path}: cut off, or not the weights that {name}.json describes; train it again")
    try:
        tensors = load(path.read_bytes())
    except SafetensorError as error:
        raise SophroError(f"{path}: not a safetensors file ({error}); train the detector again") from None
    weights = tensors["weights"].astype(np.float64)
    if weights.shape != (1 << int(card["bits"]),):
        raise SophroError(
            f"{path}: {weights.shape} weights for {card['bits']} bits; train the detector again"
        )
    return NgramDetector(
        name,
        Weights(weights, float(tensors["bias"][0])),
        order=int(card["order"]),
        bits=int(card["bits"]),
        threshold=float(card["threshold"]),
        slope=float(card["slope"]),
    )
