"""The glance: lets a window leave the judge's first reader after one or three of its six layers.

Contract: it stands between the screen and the first reader's bound, and like them only ever clears. Small nets read
the states of the lower layers, which the reader has to compute anyway, its lexical features, and the log-odds of the
request (as the screen reads them), and foresee what the judge would say; a window below its language's cut leaves,
the others run on from the states that are there. Nothing is foreseen, so the window is read on, where the request was
not evaluated, where the window is no ordinary text (``readable``), in a language without a cut, and where a rule
applies below ``KEPT``: the cuts were chosen so that windows which the judge scores so high are read on.

A language has cuts only where there are windows enough to choose them on. Chinese has not (31 that the judge scores so
high), so Chinese is read on; and it would gain little: the reader is an English one, and what its lower layers say of
Chinese, at cuts that lost none of the 31, cleared none of 65 ordinary windows that the screen had passed on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sophro.files import digest
from sophro.guard._detectors import scanner_card, shipped_folder
from sophro.guard.scanners._screen import asked_view, cleared_scores, language, readable, request_odds
from sophro.guard.scanners._types import View

NAME, FORMAT, INPUT = "response_glance", "sophro-glance-1", "minilm-pooled-1"
KEPT = 0.85  # score of the judge from which on windows must be read on; policies below are served by the judge alone
PLACES = 2  # decimals of log-odds; the last bits of the states differ with the batch, and the nets make more of them
TENSORS = ("in.weight", "in.bias", "out.weight", "out.bias")

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Net:
    """One hidden layer of ReLUs; the mean of several nets is one net whose hidden units stand side by side.

    Attributes:
        weight: (F, H) from states and log-odds, with their standardisation folded in.
        bias: (H,) likewise.
        out: (H,) to the result.
        offset: Added to it.
    """

    weight: Floats
    bias: Floats
    out: Floats
    offset: float

    def __call__(self, inputs: Floats) -> NDArray[np.float64]:
        """Return (N,) log-odds, rounded to ``PLACES``."""
        hidden = np.maximum(inputs @ self.weight + self.bias, 0.0)
        return (hidden @ self.out + self.offset).astype(np.float64).round(PLACES)


@dataclass(frozen=True)
class GlanceModel:
    """The weights of the glance.

    Attributes:
        nets: Layer to its net.
        cuts: Language to the log-odds, by layer, below which a window leaves.
        version: Hash of all of it.
    """

    nets: Mapping[int, Net]
    cuts: Mapping[str, Mapping[int, float]]
    version: str


def inputs_of(states: np.ndarray, odds: np.ndarray) -> Floats:
    """Return (N, F + 1) what the nets read: pooled states (``judge._network.pooled``) and log-odds of the request."""
    return np.concatenate([states, odds[:, None]], axis=1, dtype=np.float32)


class Look:
    """The glance at one batch: asked after a layer which windows go, and keeps their scores.

    Args:
        model: The weights.
        odds: (N,) log-odds of the requests; NaN where nothing may be foreseen.
        languages: Of the windows.
    """

    def __init__(self, model: GlanceModel, odds: np.ndarray, languages: Sequence[str]) -> None:
        self._model = model
        self._odds = odds
        self._languages = languages
        self.cleared: dict[int, float] = {}

    def __call__(self, layer: int, places: list[int], states: np.ndarray) -> np.ndarray:
        """Return (B,) which windows go after a layer; see ``sophro.judge._network.Leave``."""
        gone = np.zeros(len(places), dtype=bool)
        net = self._model.nets.get(layer)
        cuts = [self._model.cuts.get(self._languages[i], {}).get(layer, np.nan) for i in places]
        odds = self._odds[places]
        # One without a cut or a known request compares as false, which is "read on".
        rows = np.flatnonzero(~np.isnan(odds) & ~np.isnan(cuts))
        if net is None or not len(rows):
            return gone
        margins = (net(inputs_of(states[rows], odds[rows])) - np.array(cuts)[rows]).round(PLACES)
        for row, margin, score in zip(rows, margins, cleared_scores(margins), strict=True):
            if margin < 0:
                gone[row] = True
                self.cleared[places[row]] = score
        return gone


class Glance:
    """Foresees what the judge would say.

    Args:
        folder: Folder of ``response_glance.safetensors`` and its card; the shipped one by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.model = load_glance(folder or shipped_folder())
        self.version = self.model.version

    def at(self, views: Sequence[View], requests: Any) -> Look | None:
        """Return the glance at a batch, None where there is nothing that it may clear.

        Args:
            views: Windows of streams.
            requests: The detector of harmful requests, the screen's: what it read there it remembers.
        """
        languages = [language(v.text) for v in views]
        mine = [
            i
            for i, v in enumerate(views)
            if v.needed >= KEPT and v.request.strip() and languages[i] in self.model.cuts and readable(v.text)
        ]
        odds = np.full(len(views), np.nan)
        if mine:
            asked = requests([asked_view(views[i]) for i in mine])
            odds[mine] = [next(iter(d.scores.values()), np.nan) for d in asked]
            odds = request_odds(odds)
        return None if np.isnan(odds).all() else Look(self.model, odds, languages)


def load_glance(folder: Path) -> GlanceModel:
    """Read the weights and their card.

    Raises:
        SophroError: Naming the file, if one is missing, changed, or of another format.
    """
    from safetensors.numpy import load

    path, card = scanner_card(folder, NAME, FORMAT, INPUT)
    tensors = load(path.read_bytes())
    settings = card["settings"]
    nets: dict[int, Net] = {}
    for layer in settings["layers"]:
        weight, bias, out, offset = (tensors[f"{layer}.{name}"].astype(np.float32) for name in TENSORS)
        nets[int(layer)] = Net(weight, bias, out, float(offset[0]))
    cuts = {
        lang: {int(layer): float(cut) for layer, cut in row["cuts"].items()}
        for lang, row in settings["languages"].items()
        if row["cuts"]
    }
    return GlanceModel(nets, cuts, digest(card["weights_sha256"], settings, KEPT))
