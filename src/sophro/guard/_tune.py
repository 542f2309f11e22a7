"""A small fine-tune of a detector on disguised texts, with or without its benign half.

Paper: Yang et al., Findings of ACL 2025 (arXiv 2505.24341): fine-tuning on 10 to 40 disguised toxic texts lifts
detection and makes the model flag about a third of harmless sentences ("over-correction").

Contract: deterministic for a seed. ``mixed`` adds as many benign sentences, disguised in the same ways at places of
the same size, so that the two fine-tunes differ in nothing but the label that the disguise goes with.

Deviations: the detector is a linear model, not a chat model; the fine-tune stops when 95 % of its own texts are learned
(the paper gives no settings); one fine-tune sees all eight disguises, the paper trains one for each; the texts are
disguised by our own generators; the benign half is ours.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import numpy as np

from sophro.data import ToxicText
from sophro.errors import SophroError
from sophro.guard._fit import tune
from sophro.guard._linear import LABEL, NgramDetector
from sophro.guard._ngrams import features

# (text, disguise, spans, seed) -> disguised text
Disguise = Callable[[str, str, Sequence[str], int], str]


def disguised_texts(
    texts: Sequence[ToxicText], disguises: Sequence[str], disguise: Disguise, number: int, seed: int
) -> list[ToxicText]:
    """Return ``number`` disguised texts, the disguises in turn; one that changes nothing gives its turn to the next.

    Args:
        texts: Texts of one label; benign ones get two spans of two or three characters.
        disguises: Names to take in turn.
        disguise: The generator.
        number: How many.
        seed: Draws texts and spans.

    Raises:
        SophroError: If the texts do not yield so many.
    """
    rng = random.Random(seed)
    order = rng.sample(list(texts), len(texts))
    found: list[ToxicText] = []
    for text in order:
        if len(found) == number:
            return found
        spans = text.spans or _places(text.text, rng)
        turn = len(found) % len(disguises)
        for name in (*disguises[turn:], *disguises[:turn]):
            new = disguise(text.text, name, spans, seed) if spans else text.text
            if new != text.text:
                found.append(ToxicText(text.id, new, text.base, text.toxic, tuple(spans), name))
                break
    if len(found) < number:
        raise SophroError(f"only {len(found)} of {number} disguised texts could be made; ask for fewer")
    return found


def _places(text: str, rng: random.Random) -> tuple[str, ...]:
    """Draw two spans of Chinese characters: what a toxic sentence has on average (2.04 spans, 2.5 characters)."""
    starts = [i for i in range(len(text) - 1) if all("\u4e00" <= c <= "\u9fff" for c in text[i : i + 2])]
    chosen = rng.sample(starts, min(2, len(starts)))
    return tuple(text[i : i + rng.choice((2, 3))].strip() for i in chosen)


def tune_on(detector: NgramDetector, texts: Sequence[ToxicText], name: str) -> NgramDetector:
    """Return ``detector`` after a fine-tune on ``texts``; its threshold and calibration stay.

    Args:
        detector: Where to start; left as it is.
        texts: Disguised texts with their labels.
        name: Name of the result.
    """
    rows = features([t.text for t in texts], detector.order, detector.bits)
    labels = np.array([t.toxic for t in texts])
    share = detector.thresholds[LABEL]
    cut = math.log(share / (1.0 - share)) / detector.slope
    weights = tune(detector.weights, rows, labels, cut)
    return NgramDetector(
        name,
        weights,
        order=detector.order,
        bits=detector.bits,
        threshold=detector.thresholds[LABEL],
        slope=detector.slope,
    )
