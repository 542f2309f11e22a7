"""The classifier: linear heads over hashed n-grams, and a second reader that is asked where it matters.

Card: crisis_safety.md, section 2 (b). Contract: ``judge`` gives what a message has come to after patterns and
classifier. Below what the patterns gave it goes in two cases: somebody else is in danger, or the patterns alone saw
CONCERN or IDEATION, nothing came before, and the second reader is sure that there is nothing. Weights of
``weights/crisis.safetensors``, read on first use. The n-grams need numpy alone; where the second reader's model cannot
be had they decide by thresholds of their own, and a warning says so once.

What lowers is respected: where the patterns saw a denial, another person or a frame, the classifier is silent; where an
idiom or a retraction stands in the message, it speaks only when it is sure, and then of a concern.

Deviation: the card asks for recall 0.95 on ACTIVE. Thresholds hold false alarms on hard negatives instead
(``train``); the card of the weights tells what recall that leaves, and what 0.95 would cost.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sophro.care.crisis._features import LONGEST, cells, fold, language
from sophro.care.crisis._fold import clean
from sophro.care.crisis._frames import IDIOMS_EN
from sophro.care.crisis._frames_zh import IDIOMS_ZH
from sophro.care.crisis._reader import Nets
from sophro.care.crisis._types import Level, Reading, Said
from sophro.care.crisis._windows import pieces
from sophro.errors import SophroError
from sophro.files import file_sha256

_LOG = logging.getLogger("sophro.crisis")
_KEPT = 4096  # messages of which the second reader's answer is kept
FORMAT = "sophro-crisis-4"
HEADS = ("concern", "ideation", "active", "imminent")  # at least this level
_ACTIVE = HEADS.index("active")
THIRD_HEAD = len(HEADS)  # whether somebody else is in danger
LANGUAGES = ("en", "zh")
Floats = NDArray[np.float64]


class Classifier:
    """Five heads a language: the levels, and whether somebody else is in danger.

    Args:
        tensors: ``{lang}.ngrams`` (5, cells), ``{lang}.bias`` (5,), ``{lang}.blend`` (3, 5): weights of n-grams and
            second reader, and an intercept; ``net.*``: the second reader's networks (``_reader.Nets``).
        cuts: By reader (``en``, ``zh``, ``en+states``, ``zh+states``) the log-odds from which on a head says yes;
            ``sure``, where words that lower are in the way; ``lift``, where the patterns found less than ACTIVE;
            ``third`` and ``third_sure``: somebody else is meant, where the patterns found less than ACTIVE, or as
            much; ``calm`` (second reader): the log-odds of ``concern`` below which a weak alarm of the patterns is
            taken back; ``ask`` (n-grams): the log-odds of ``concern`` or of somebody else from which on the second
            reader is asked.
        states: The second reader's model; None leaves it out.
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
        self._nets = Nets.of(tensors) if states is not None else None
        # A server sees a conversation again with every message. Kept are hashes and log-odds, no words.
        self._read: dict[bytes, Floats] = {}

    def margins(self, text: str, always: bool = False) -> tuple[str, Floats]:
        """Return the reader that decided and the log-odds (5,): at least each level, and somebody else.

        Args:
            text: The message.
            always: Whether the second reader is asked even where the n-grams see nothing.
        """
        lang, first = self._first(text)
        second = self._second([text]) if always or self._doubts(lang, first) else {}
        if not second:
            return lang, nested(first)
        a, b, c = self._tensors[f"{lang}.blend"]
        return f"{lang}+states", nested(a * first + b * second[_key(text)] + c)

    def read_ahead(self, texts: Iterable[str]) -> None:
        """Have the second reader read messages together that it will be asked about: for speed, nothing else."""
        self._second([t for t in texts if self._doubts(*self._first(t))])

    def _second(self, texts: Sequence[str]) -> dict[bytes, Floats]:
        """Return the second reader's log-odds (5,) by message; none where its model cannot be had."""
        if self._states is None or self._nets is None:
            return {}
        kept = self._read  # another thread may put an empty one in its place
        found = {key: kept.get(key) for key in map(_key, texts)}
        todo = {key: clean(t) for t in texts if found[key := _key(t)] is None}
        if todo:
            try:
                rows = self._states(list(todo.values()))
            except SophroError as error:
                # Without it the layer sees less, but it must go on; asking again would wait for the network each time.
                self._states = None
                _LOG.warning("crisis layer: n-grams alone decide, which see less: %s", error)
                return {}
            new = dict(zip(todo, self._nets(rows), strict=True))
            self._read = new if len(kept) + len(new) > _KEPT else kept | new
            found |= new
        return {key: z for key, z in found.items() if z is not None}

    def _first(self, text: str) -> tuple[str, Floats]:
        """Return the language and the n-grams' log-odds (5,)."""
        folded = fold(text)
        lang = language(folded)
        own = cells(folded)
        if not len(own):
            return lang, np.full(len(HEADS) + 1, -np.inf)
        found = self._tensors[f"{lang}.ngrams"][:, own].sum(axis=1) / np.sqrt(len(own))
        return lang, found + self._tensors[f"{lang}.bias"]

    def _doubts(self, lang: str, first: Floats) -> bool:
        """Whether the second reader is asked."""
        return bool(max(first[0], first[THIRD_HEAD]) >= self.cuts[lang]["ask"])

    def level(self, text: str, found: Reading) -> Level:
        """Return the level of a message, at least that of the patterns unless somebody else is in danger."""
        return self.judge(text, found).level or Level.NONE

    def judge(self, text: str, found: Reading, fresh: bool = False) -> Said:
        """Return what a message has come to.

        Args:
            text: The message.
            found: What the patterns made of it.
            fresh: Whether nothing was found in the conversation before: then an alarm of the patterns below ACTIVE
                may be taken back, unless it is a wish to die that the person states as their own.
        """
        if silenced(found):
            return Said(found.level)
        # What was said in so many words is not taken back.
        said = any(s.kind == "outright" for s in found.signals)
        weak = fresh and not said and Level.CONCERN <= found.level < Level.ACTIVE
        reader, z = self.margins(text, weak)
        cut = self.cuts[reader]
        if others(z, cut, found):
            return Said(min(found.level, Level.CONCERN), third=True)
        if weak and z[0] < cut.get("calm", -np.inf):
            return Said(Level.NONE, calm=True)
        if found.level == Level.IMMINENT:
            return Said(found.level)
        return Said(max(decide(z, cut, found, in_the_way(text, found)), self._within(text)))

    def _within(self, text: str) -> Level:
        """Return ACTIVE where the middle of a long message surely says so; the heads read its ends.

        A long message has many middles, so one must be as sure as where an idiom stands in the way.
        """
        if len(text) <= LONGEST:
            return Level.NONE
        for piece in pieces(text, LONGEST, LONGEST // 4):
            lang, first = self._first(piece)
            if first[_ACTIVE] < self.cuts[lang]["sure"]:
                continue
            reader, z = self.margins(piece)
            if z[_ACTIVE] >= self.cuts[reader]["sure"] and z[THIRD_HEAD] < self.cuts[reader]["third"]:
                return Level.ACTIVE
        return Level.NONE


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def nested(z: Floats) -> Floats:
    """Return log-odds (..., 5) of which no level's is above that of a lower one: whoever plans is also in despair."""
    levels = np.minimum.accumulate(z[..., :THIRD_HEAD], axis=-1)
    return np.concatenate([levels, z[..., THIRD_HEAD:]], axis=-1)


def others(z: Floats, cut: Mapping[str, float], found: Reading) -> bool:
    """Whether somebody else is in danger and not the person, by log-odds (5,) and what the patterns found."""
    if silenced(found):
        return False
    return bool(z[THIRD_HEAD] >= cut["third_sure" if found.level >= Level.ACTIVE else "third"])


def in_the_way(text: str, found: Reading) -> bool:
    """Whether an idiom, a retraction or a time long past stands in the message."""
    low = fold(text)
    past = "past_attempt" in found.flags and found.level <= Level.CONCERN
    return past or found.retraction or bool(IDIOMS_EN.search(low) or IDIOMS_ZH.search(low))


def silenced(found: Reading) -> bool:
    """Whether the patterns saw a denial, a frame or another person: then the classifier says nothing."""
    return found.denial or not found.flags.isdisjoint(("framed", "third_party"))


def decide(z: Floats, cut: Mapping[str, float], found: Reading, hushed: bool) -> Level:
    """Return the level that log-odds and patterns come to.

    Args:
        z: (5,) log-odds of ``HEADS``, and of somebody else.
        cut: Thresholds of the reader.
        found: What the patterns made of the message.
        hushed: Whether an idiom or a retraction is in the way.
    """
    if silenced(found):
        return found.level
    level, said = found.level, dict(zip(HEADS, z.tolist()[: len(HEADS)], strict=True))
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
    """Return the second reader's model, None where torch is not installed; nothing is loaded yet."""
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("torch", "transformers")):
        return None
    from sophro.care.crisis._reader import states

    return states


@cache
def shipped() -> Classifier:
    """Return the classifier of the package."""
    return load(Path(str(files("sophro.care.crisis").joinpath("weights"))))
