"""Is this a request that a safe assistant declines? English and Chinese.

Contract: English is read by the request reader (``_reader``) and a linear head, Chinese by hashed character n-grams;
a text with both is read by both and the higher score counts. Scores are calibrated probabilities on a balanced set;
thresholds differ by language and are put on one scale (see ``_level``), so that one number serves a policy.
A long text is read in overlapping windows: n-grams read all of them, the reader the first, the last and those that
the n-grams find worst, in two sizes, which bounds the time at any length. Requests before the newest one that
the assistant did not decline are read together with it, so that harm asked for in parts is seen.
Text in other scripts is *not evaluated*, and says so.

Choice by measurement (``docs/guard.md``): n-grams alone reach a quarter of the recall of the reader on sources they
were not trained on, at equal false alarms; the reader is bounded by windows instead of being replaced.
"""

from __future__ import annotations

import hashlib
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sophro.files import digest
from sophro.guard._detectors import scanner_card, shipped_folder
from sophro.guard._fit import Weights, sigmoid
from sophro.guard._ngrams import HASH, features
from sophro.guard._types import Detection
from sophro.guard.scanners._types import View
from sophro.guard.scanners._windows import chosen, sentences, windows

LABEL = "harmful"
SIZE, OVERLAP = 400, 120  # window of English, in code points
SIZE_ZH, OVERLAP_ZH = 160, 50
SMALL = 200  # longest sentence that is read by itself, of a text that is longer than one window
WIDE, NARROW = 3, 4  # windows of each size that the reader reads
OPEN, OPEN_SIZE = 3, 400  # earlier requests that are read with the newest, and characters of each
ORDER, BITS = 4, 18
FORMAT = "sophro-request-1"
_KEPT = 4096  # texts whose detection is remembered


@dataclass(frozen=True)
class RequestModel:
    """The weights of the detector.

    Attributes:
        deltas: Low-rank deltas of the reader.
        mean: (768,) mean of the features.
        scale: (768,) one over their deviation.
        head: (768,) weights on the standardised features, and their intercept.
        en: n-grams over English, which choose windows.
        zh: n-grams over Chinese.
        blend: Weight of the English n-grams beside the reader.
        slopes: Language to the factor and offset that turn log-odds into calibrated ones.
        thresholds: Language to the calibrated probability at which a text is flagged.
        version: Hash of all of it.
    """

    deltas: dict[str, Any]
    mean: np.ndarray
    scale: np.ndarray
    head: np.ndarray
    bias: float
    en: Weights
    zh: Weights
    blend: float
    slopes: dict[str, tuple[float, float]]
    thresholds: dict[str, float]
    version: str

    def read(self, features_: np.ndarray, lexical: np.ndarray) -> np.ndarray:
        """Return (N,) English log-odds from the reader's features and the n-grams' log-odds."""
        return (features_ - self.mean) * self.scale @ self.head + self.bias + self.blend * lexical


def ngram_features(texts: Sequence[str]) -> Any:
    """Return the hashed n-grams of texts."""
    return features(texts, ORDER, BITS)


class PromptHarm:
    """Harmful requests.

    Args:
        folder: Folder of ``prompt_harm.safetensors`` and its card; the shipped one by default.
    """

    name = "prompt_harm"

    def __init__(self, folder: Path | None = None) -> None:
        self._model = load_model(folder or shipped_folder())
        self._reader: Any = None
        self.version = self._model.version
        self.thresholds = {LABEL: 0.5}
        self._known: OrderedDict[bytes, Detection] = OrderedDict()
        self._turn = threading.Lock()

    def __call__(self, views: Sequence[View]) -> list[Detection]:
        """Return one detection per view, in order."""
        texts: list[str] = []
        owner: list[tuple[int, bool]] = []
        for number, view in enumerate(views):
            texts.append(view.text)
            owner.append((number, False))
            if view.open and view.text.strip():
                texts.append(
                    "\n".join([*(t[-OPEN_SIZE:] for t in view.open[-OPEN:]), view.text[-2 * OPEN_SIZE :]])
                )
                owner.append((number, True))
        judged = self._texts(texts)
        found: list[Detection | None] = [None] * len(views)
        for (number, together), detection in zip(owner, judged, strict=True):
            before = found[number]
            if before is None:
                found[number] = detection
            elif together and detection.scores.get(LABEL, -1.0) > before.scores.get(LABEL, -1.0):
                whole = (0, len(views[number].text))
                found[number] = Detection(
                    detection.scores, self.thresholds, self.name, self.version, whole,
                    note="read together with earlier requests" if before.scores else "",
                )  # fmt: skip
        return [d for d in found if d is not None]

    def _texts(self, texts: Sequence[str]) -> list[Detection]:
        """Judge texts; what was judged lately is kept, since a stream asks about its request window by window."""
        keys = [_key(t) for t in texts]
        with self._turn:
            known = {k: self._known[k] for k in keys if k in self._known}
        new = {k: t for k, t in zip(keys, texts, strict=True) if k not in known}
        if new:
            known.update(zip(new, self._judged(list(new.values())), strict=True))
            with self._turn:
                self._known.update((k, known[k]) for k in new)
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
        return [known[k] for k in keys]

    def forget(self) -> None:
        """Drop what is remembered, so that every text is read again (benchmarks)."""
        with self._turn:
            self._known.clear()

    def _judged(self, texts: Sequence[str]) -> list[Detection]:
        scripts = [script(t) for t in texts]
        best: list[tuple[float, tuple[int, int]] | None] = [None] * len(texts)
        for language, judge in (("en", self._english), ("zh", self._chinese)):
            mine = [i for i, s in enumerate(scripts) if language in s]
            for i, (score, window) in zip(mine, judge([texts[i] for i in mine]), strict=True):
                old = best[i]
                if old is None or score > old[0]:
                    best[i] = (score, window)
        return [self._detection(text, found) for text, found in zip(texts, best, strict=True)]

    def _detection(self, text: str, found: tuple[float, tuple[int, int]] | None) -> Detection:
        if found is None:
            empty = not any(c.isalnum() for c in text)
            why = "nothing to read: no letters" if text.strip() else "nothing to read: the text is empty"
            reason = why if empty else "neither English nor Chinese; this detector reads no other language"
            return Detection({}, self.thresholds, self.name, self.version, reason=reason)
        return Detection({LABEL: found[0]}, self.thresholds, self.name, self.version, found[1])

    def _english(self, texts: Sequence[str]) -> list[tuple[float, tuple[int, int]]]:
        cuts = [windows(t, SIZE, OVERLAP) for t in texts]
        wide = [len(cut) for cut in cuts]
        # One bad sentence drowns in a window of harmless ones, so of long texts sentences are read by themselves too.
        cuts = [
            cut + sentences(t, SMALL) if len(cut) > 1 else cut for t, cut in zip(texts, cuts, strict=True)
        ]
        flat = [clean(t[a:b]) for t, cut in zip(texts, cuts, strict=True) for a, b in cut]
        lexical = self._model.en(ngram_features(flat)) if flat else np.zeros(0)
        picked: list[int] = []
        at = 0
        for cut, first in zip(cuts, wide, strict=True):
            picked += [at + i for i in chosen(lexical[at : at + first].tolist(), WIDE)]
            small = lexical[at + first : at + len(cut)]
            picked += (at + first + np.argsort(-small, kind="stable")[:NARROW]).tolist()
            at += len(cut)
        score = np.full(len(flat), -np.inf)
        if picked:
            score[picked] = self._model.read(self.reader.features([flat[i] for i in picked]), lexical[picked])
        return self._best(cuts, score, "en")

    def _chinese(self, texts: Sequence[str]) -> list[tuple[float, tuple[int, int]]]:
        cuts = [windows(t, SIZE_ZH, OVERLAP_ZH) for t in texts]
        flat = [clean(t[a:b]) for t, cut in zip(texts, cuts, strict=True) for a, b in cut]
        score = self._model.zh(ngram_features(flat)) if flat else np.zeros(0)
        return self._best(cuts, score, "zh")

    def _best(
        self, cuts: Sequence[Sequence[tuple[int, int]]], score: np.ndarray, language: str
    ) -> list[tuple[float, tuple[int, int]]]:
        level = _level(self._model, score, language)
        found: list[tuple[float, tuple[int, int]]] = []
        at = 0
        for cut in cuts:
            best = at + int(np.argmax(level[at : at + len(cut)]))
            found.append((float(level[best]), cut[best - at]))
            at += len(cut)
        return found

    @property
    def reader(self) -> Any:
        """The encoder with deltas, loaded on first use."""
        if self._reader is None:
            from sophro.guard.scanners._reader import RequestReader
            from sophro.models._encoder import encoder

            self._reader = RequestReader(encoder(), self._model.deltas)
        return self._reader


def _key(text: str) -> bytes:
    """Return what a text is remembered by; nothing that was said is kept."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _level(model: RequestModel, log_odds: np.ndarray, language: str) -> np.ndarray:
    """Return scores in [0, 1] in which each language's threshold lies at one half, rounded to six places."""
    slope, offset = model.slopes[language]
    cut = np.log(model.thresholds[language] / (1.0 - model.thresholds[language]))
    # Rounding hides the last bits of float32, which differ with the shape of a batch.
    return sigmoid(np.clip(slope * log_odds + offset - cut, -50.0, 50.0)).round(4)


def clean(text: str) -> str:
    """Return a window as the models read it: compatibility forms folded, hidden characters gone."""
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKC", text)
    return "".join(c for c in folded if unicodedata.category(c) not in ("Cf", "Cs", "Co"))


def script(text: str) -> frozenset[str]:
    """Return the languages that are worth a look: ``en`` where a fifth of the letters are Latin, ``zh`` likewise."""
    latin = han = other = 0
    for c in text[:4000] + text[-4000:] if len(text) > 8000 else text:
        if c.isascii():
            latin += c.isalpha()
        elif "\u3400" <= c <= "\u9fff":
            han += 1
        elif c.isalpha():
            plain = unicodedata.normalize("NFKD", c)[0]
            latin += plain.isascii() and plain.isalpha()
            other += not plain.isascii()
    letters = latin + 2 * han + other
    found = {n for n, k in (("en", latin), ("zh", 2 * han)) if letters and k >= 0.2 * letters}
    return frozenset(found)


def load_model(folder: Path) -> RequestModel:
    """Read the weights and their card.

    Raises:
        SophroError: Naming the file, if one is missing, changed, or of another format.
    """
    from safetensors.torch import load_file

    path, card = scanner_card(folder, "prompt_harm", FORMAT, HASH)
    tensors = load_file(path)
    arrays = {k: v.double().numpy() for k, v in tensors.items() if not k.startswith("deltas.")}
    settings = card["settings"]
    return RequestModel(
        {k.removeprefix("deltas."): v for k, v in tensors.items() if k.startswith("deltas.")},
        arrays["mean"],
        arrays["scale"],
        arrays["head"],
        float(settings["bias"]),
        Weights(arrays["en"], float(settings["en_bias"])),
        Weights(arrays["zh"], float(settings["zh_bias"])),
        float(settings["blend"]),
        {k: (float(v[0]), float(v[1])) for k, v in settings["slopes"].items()},
        {k: float(v) for k, v in settings["thresholds"].items()},
        digest(
            card["weights_sha256"],
            settings,
            SIZE,
            OVERLAP,
            SIZE_ZH,
            OVERLAP_ZH,
            SMALL,
            WIDE,
            NARROW,
            OPEN,
            OPEN_SIZE,
        ),
    )
