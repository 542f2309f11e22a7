"""Labelled Chinese texts to train and measure detectors on, and which of them may be trained on for whom.

Contract: a detector that is shipped is trained on permissively licensed sets only. No text of CNTP's dev or test part
is ever trained on, whichever set it comes from (CNTP is built on ToxiCN); dev texts choose thresholds. Equal texts
(after Unicode folding, without spaces) count once; a text that two sets label differently is left out.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sophro.data import find_set, load_cntp, load_set
from sophro.errors import unknown_name
from sophro.files import digest

_TOXIC = {"offensive": True, "not_offensive": False, "toxic": True, "benign": False}


@dataclass(frozen=True)
class LabelledText:
    """One text with its label."""

    text: str
    toxic: bool

    @property
    def key(self) -> str:
        """The text without case, compatibility forms and spaces."""
        return "".join(unicodedata.normalize("NFKC", self.text).lower().split())


@dataclass(frozen=True)
class Source:
    """A named source of labelled texts.

    Attributes:
        sets: Sets of the catalogue it reads.
        permissive: Whether weights trained on it may be passed on.
        read: Returns its texts.
    """

    sets: tuple[str, ...]
    permissive: bool
    read: Callable[[], list[LabelledText]]

    @property
    def present(self) -> bool:
        """Whether its files are here."""
        return all(find_set(name)[0].available for name in self.sets)

    @property
    def licence(self) -> str:
        """Licences of its sets."""
        return "; ".join(dict.fromkeys(find_set(name)[0].licence for name in self.sets))


def _set(name: str) -> Callable[[], list[LabelledText]]:
    return lambda: [LabelledText(r.prompt, _TOXIC[str(r.label)]) for r in load_set(name)]


def _cold_test(dev: bool) -> Callable[[], list[LabelledText]]:
    """COLD's test set, which people labelled (its training labels are half automatic): two fifths to choose on."""

    def read() -> list[LabelledText]:
        return [t for t in _set("cold/test")() if (_share(t.key) < 0.4) == dev]

    return read


def _share(key: str) -> float:
    digits = hashlib.sha256(b"cold\x1f" + key.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digits[:8], "big") / 2**64


def _cntp(part: str) -> Callable[[], list[LabelledText]]:
    def read() -> list[LabelledText]:
        texts = [*load_cntp("none", part), *load_cntp("benign", part)]  # type: ignore[arg-type]
        return [LabelledText(t.text, t.toxic) for t in texts]

    return read


SOURCES = {
    "cold": Source(("cold/train",), True, _set("cold/train")),
    "cold-dev": Source(("cold/test",), True, _cold_test(True)),
    "cold-test": Source(("cold/test",), True, _cold_test(False)),
    "cntp": Source(("cntp/toxic", "cntp/benign"), False, _cntp("train")),
    "cntp-dev": Source(("cntp/toxic", "cntp/benign"), False, _cntp("dev")),
    "cntp-test": Source(("cntp/toxic", "cntp/benign"), False, _cntp("test")),
    "toxicn": Source(("toxicn",), False, _set("toxicn")),
}
TRAINING = ("cold", "cntp", "toxicn")


def source(name: str) -> Source:
    """Return the source called ``name``.

    Raises:
        SophroError: If there is none.
    """
    if name not in SOURCES:
        raise unknown_name("source of labelled texts", name, SOURCES)
    return SOURCES[name]


def training_texts(names: Sequence[str]) -> list[LabelledText]:
    """Return the texts of ``names`` (of ``TRAINING``) in a fixed order, without those kept for measuring.

    Raises:
        SophroError: If a name is unknown or is kept for measuring, or its files are missing.
    """
    for name in names:
        if name not in TRAINING:
            raise unknown_name("training source", name, TRAINING)
    kept = ["cold-dev", "cold-test", *(("cntp-dev", "cntp-test") if set(names) & {"cntp", "toxicn"} else ())]
    held = {t.key for name in kept for t in SOURCES[name].read()}
    found: dict[str, LabelledText | None] = {}
    for text in (t for name in names for t in SOURCES[name].read()):
        before = found.get(text.key, text)
        found[text.key] = text if before is not None and before.toxic == text.toxic else None
    return [t for key, t in found.items() if t is not None and key and key not in held]


def corpus_hash(texts: Iterable[LabelledText]) -> str:
    """Return a hash of texts and labels."""
    return digest([(t.text, t.toxic) for t in texts])
