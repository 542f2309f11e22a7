"""The small classifier: hashed character and word n-grams of the last messages, and two linear heads.

Card: crisis_safety.md, section 2 (b). Contract: reads ``weights/crisis.safetensors`` on first use; numpy. Where the
patterns found something, a confident "active" lifts it by one level; where they found nothing, it decides alone only
when it is sure and no idiom stands in the message, and otherwise raises to CONCERN.

Deviation: the card asks for a threshold at recall 0.95 on ACTIVE; alone that would flag many idioms, so
thresholds hold false alarms down instead, and the patterns carry the recall. The sentence encoder was tried for English:
0.82 recall at 0.18 false alarms against 0.77 at 0.18, 0.2 s a message on two busy cores; it was left out.
"""

from __future__ import annotations

import json
import re
import zlib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sophro.care.crisis._fold import chinese, clean, english
from sophro.care.crisis._frames import IDIOMS_EN
from sophro.care.crisis._frames_zh import IDIOMS_ZH
from sophro.care.crisis._types import Level
from sophro.errors import SophroError
from sophro.files import file_sha256

BITS = 15
FORMAT = "sophro-crisis-1"
_HAN = re.compile("[\u4e00-\u9fff]")
SURE = 0.85  # from here on "active" decides alone, if no idiom stands in the message
HEADS = ("concern", "active")


def fold(text: str) -> str:
    """Return a message as the classifier reads it; at most 400 characters of each end."""
    cleaned = clean(text)
    low = chinese(cleaned) if _HAN.search(cleaned) else english(cleaned)
    return low if len(low) <= 800 else low[:400] + " " + low[-400:]


def cells(text: str) -> NDArray[np.int64]:
    """Return the distinct cells of a folded text: characters in runs of 1 to 3 (Chinese), words in runs of 1 to 3."""
    found: set[str] = set()
    if _HAN.search(text):
        for n in (1, 2, 3):
            found.update(text[i : i + n] for i in range(len(text) - n + 1))
    else:
        words = re.findall(r"[a-z']+|\d+", text)
        for n in (1, 2, 3):
            found.update(" ".join(words[i : i + n]) for i in range(len(words) - n + 1))
    hashed = {zlib.crc32(f.encode("utf-8", "surrogatepass")) & ((1 << BITS) - 1) for f in found}
    return np.array(sorted(hashed), dtype=np.int64)


class Classifier:
    """Two linear heads over hashed n-grams.

    Args:
        weights: (2, cells) weights of ``concern`` and ``active``.
        bias: (2,) intercepts.
        thresholds: Probability from which on a head says yes, by head.
    """

    def __init__(
        self, weights: NDArray[np.float64], bias: NDArray[np.float64], thresholds: dict[str, float]
    ) -> None:
        self.weights = weights
        self.bias = bias
        self.thresholds = thresholds

    def scores(self, text: str) -> tuple[float, float]:
        """Return the probabilities of at least CONCERN and at least ACTIVE for one message."""
        own = cells(fold(text))
        if not len(own):
            return 0.0, 0.0
        margins = self.weights[:, own].sum(axis=1) / np.sqrt(len(own)) + self.bias
        low, high = 0.5 * (1.0 + np.tanh(0.5 * margins))
        return float(low), float(high)

    def lift(self, text: str, level: Level) -> Level:
        """Return the level of a message after a second opinion on what the lexicon made of it."""
        concern, active = self.scores(text)
        if Level.CONCERN <= level < Level.ACTIVE and active >= self.thresholds["active"]:
            return Level(level + 1)
        if level is Level.NONE:
            low = fold(text)
            idiom = IDIOMS_EN.search(low) or IDIOMS_ZH.search(low)
            if active >= SURE and not idiom:
                return Level.ACTIVE
            if concern >= self.thresholds["concern"] or (active >= self.thresholds["active"] and not idiom):
                return Level.CONCERN
        return level


def load(folder: Path) -> Classifier:
    """Read a classifier from its folder.

    Raises:
        SophroError: If a file is missing, changed, or of another format.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path, card_path = folder / "crisis.safetensors", folder / "crisis.json"
    if not path.is_file() or not card_path.is_file():
        raise SophroError(
            f"{folder}: the crisis classifier is missing; run python -m sophro.care.crisis.train"
        )
    card: Any = json.loads(card_path.read_text("utf-8"))
    if card.get("format") != FORMAT or card.get("weights_sha256") != file_sha256(path):
        raise SophroError(f"{path}: not the weights that crisis.json describes; train the classifier again")
    try:
        tensors = load_file(str(path))
    except SafetensorError as error:
        raise SophroError(f"{path}: not a safetensors file ({error}); train the classifier again") from None
    return Classifier(
        tensors["weights"].astype(np.float64), tensors["bias"].astype(np.float64), dict(card["thresholds"])
    )


@cache
def shipped() -> Classifier:
    """Return the classifier of the package."""
    return load(Path(str(files("sophro.care.crisis").joinpath("weights"))))
