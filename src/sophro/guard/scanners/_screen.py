"""The screen before the judge of answers: clears windows of a stream that are surely harmless.

Contract: views in; per view a score below ``CLEARED`` where the window need not be read by the judge, None where the
judge must decide. Whatever the screen does not know goes to the judge: requests or windows in other languages than
English and Chinese, windows without ordinary words (code, numbers, encoded text). Two things are added up: the
log-odds of the request, as ``prompt_harm`` sees it (kept from the judgement of the input, so that a stream pays for it
once), and hashed character n-grams of the window. A cleared window's score says how near it came to the judge; it is
no probability of the judge's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sophro.files import digest
from sophro.guard._detectors import scanner_card, shipped_folder
from sophro.guard._fit import Weights, sigmoid
from sophro.guard._ngrams import HASH, features
from sophro.guard.scanners._prompt_harm import LABEL, clean, script
from sophro.guard.scanners._types import View

NAME, FORMAT = "response_screen", "sophro-screen-1"
ORDER, BITS = 3, 17
CLEARED = 0.25  # scores of cleared windows lie below
_EDGE = 1e-3  # scores of requests are read no nearer to 0 and 1: the detector's are rounded
_WORD = re.compile(r"[A-Za-z']+")
_COMMON = frozenset(
    ("the", "of", "and", "to", "a", "is", "that", "it", "you", "for", "with", "as", "are", "this", "your", "have",
     "from", "they", "or", "by", "which", "be", "not", "can", "will", "on", "at")
)  # fmt: skip
_SHARE, _FEW = 0.1, 5  # least share of common words in English, and in how many words it is asked for


@dataclass(frozen=True)
class ScreenModel:
    """The weights of the screen.

    Attributes:
        words: n-grams over windows.
        cuts: Language to what a window's log-odds count beside the request's, and the sum from which on the judge
            decides.
        version: Hash of all of it.
    """

    words: Weights
    cuts: Mapping[str, tuple[float, float]]
    version: str

    def margin(self, asked: np.ndarray, windows: Sequence[str]) -> np.ndarray:
        """Return (N,) sums above the cut; ``asked`` (N,) are scores of the requests."""
        weight, cut = np.array([self.cuts[language(w)] for w in windows]).reshape(-1, 2).T
        return request_odds(asked) + weight * self.words(window_features(windows)) - cut


def request_odds(scores: np.ndarray) -> np.ndarray:
    """Return log-odds of scores of requests."""
    near = np.clip(scores, _EDGE, 1.0 - _EDGE)
    return np.log(near / (1.0 - near))


def window_features(windows: Sequence[str]) -> Any:
    """Return the hashed n-grams of windows."""
    return features([clean(w) for w in windows], ORDER, BITS)


def language(window: str) -> str:
    """Return the language whose cut holds for a window: ``zh`` where there is Chinese worth a look, else ``en``."""
    return "zh" if "zh" in script(window) else "en"


def readable(window: str) -> bool:
    """Whether a window is ordinary English or Chinese, as far as a look at its words can tell."""
    found = script(window)
    if "zh" in found:
        return True
    words = _WORD.findall(window.lower())
    known = sum(w in _COMMON for w in words)
    return "en" in found and (known >= _SHARE * len(words) if len(words) >= _FEW else bool(words))


class Screen:
    """Clears what is surely harmless.

    Args:
        folder: Folder of ``response_screen.safetensors`` and its card; the shipped one by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.model = load_screen(folder or shipped_folder())
        self._requests: Any = None

    @property
    def version(self) -> str:
        """Hash of the weights and of those of the detector of requests."""
        return digest(self.model.version, self.requests.version)

    @property
    def requests(self) -> Any:
        """The detector of harmful requests: that of the input, so that it remembers what it read there."""
        if self._requests is None:
            from sophro.guard.scanners import scanner

            self._requests = scanner("prompt_harm")
        return self._requests

    def __call__(self, views: Sequence[View]) -> list[float | None]:
        """Return a score per view where it is cleared, None where the judge must decide, in order."""
        found: list[float | None] = [None] * len(views)
        mine = [i for i, v in enumerate(views) if v.request.strip() and readable(v.text)]
        if not mine:
            return found
        asked = self.requests([asked_view(views[i]) for i in mine])
        mine = [i for i, d in zip(mine, asked, strict=True) if d.scores]
        if not mine:
            return found
        scores = np.array([d.scores[LABEL] for d in asked if d.scores])
        margins = self.model.margin(scores, [views[i].text for i in mine])
        # Rounding hides the last bits, which differ with the batch; towards the judge.
        for i, margin, score in zip(mine, margins.round(6), cleared_scores(margins), strict=True):
            if margin < 0:
                found[i] = score
        return found


def asked_view(view: View) -> View:
    """Return a view's request as the judgement of the input saw it, so that it is remembered."""
    return replace(view, text=view.request, where="input")


def cleared_scores(margins: np.ndarray) -> list[float]:
    """Return the scores of cleared windows: how near they came to the judge, below ``CLEARED``."""
    return np.minimum((2 * CLEARED * sigmoid(margins)).round(4), CLEARED - 1e-4).tolist()


def load_screen(folder: Path) -> ScreenModel:
    """Read the weights and their card.

    Raises:
        SophroError: Naming the file, if one is missing, changed, or of another format.
    """
    from safetensors.numpy import load

    path, card = scanner_card(folder, NAME, FORMAT, HASH)
    settings = card["settings"]
    words = Weights(load(path.read_bytes())["words"].astype(np.float64), float(settings["bias"]))
    return ScreenModel(
        words,
        {k: (float(v["weight"]), float(v["cut"])) for k, v in settings["cuts"].items()},
        digest(card["weights_sha256"], settings, _SHARE, _FEW, sorted(_COMMON)),
    )
