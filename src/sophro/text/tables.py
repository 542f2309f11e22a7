"""The shipped character tables, read once and kept.

Contract: every function returns a read-only view of one file under ``shipped/``; ``shipped/LICENCES.md`` says
where each comes from and ``scripts/make_text_tables.py`` builds them again. Offsets and characters are code
points. Readings are toneless pinyin in lower case, ü written v (as pypinyin writes it).
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

FIRST_HAN, LAST_HAN = "\u4e00", "\u9fff"


def is_han(char: str) -> bool:
    """Whether one character is a Han character of the basic block (U+4E00 to U+9FFF)."""
    return FIRST_HAN <= char <= LAST_HAN


def rows(name: str) -> Iterator[list[str]]:
    """Yield the tab-separated cells of each line of a table; ``.gz`` is unpacked."""
    data = files("sophro.text").joinpath("shipped", name).read_bytes()
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode("utf-8")
    for line in text.split("\n"):
        if line and not line.startswith("#"):
            yield line.split("\t")


@cache
def syllables() -> frozenset[str]:
    """Return all legal toneless syllables."""
    return frozenset(row[0] for row in rows("readings.txt"))


@cache
def default_readings() -> Mapping[str, str]:
    """Return character -> its usual syllable."""
    return {c: syllable for syllable, chars, _ in rows("readings.txt") for c in chars}


@cache
def all_readings() -> Mapping[str, tuple[str, ...]]:
    """Return character -> all its syllables, the usual one first."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for c, syllable in default_readings().items():
        found[c].append(syllable)
    for syllable, _, others in rows("readings.txt"):
        for c in others:
            found[c].append(syllable)
    return {c: tuple(s) for c, s in found.items()}


@cache
def homophones() -> Mapping[str, str]:
    """Return syllable -> the characters that usually read so, the most frequent first."""
    return {syllable: chars for syllable, chars, _ in rows("readings.txt")}


@cache
def phrase_readings() -> Mapping[str, tuple[str, ...]]:
    """Return phrase -> syllables, for phrases that decide a reading."""
    return {word: tuple(reading.split(" ")) for word, reading in rows("phrases.txt.gz")}


@cache
def to_traditional() -> Mapping[str, str]:
    """Return character -> another character, its traditional form (one to one)."""
    return {c: t for c, t, _ in rows("variants.txt") if t != c}


@cache
def to_simplified() -> Mapping[str, str]:
    """Return character -> another character, its simplified form (one to one)."""
    return {c: s for c, _, s in rows("variants.txt") if s != c}


@cache
def components() -> Mapping[str, tuple[str, ...]]:
    """Return character -> its decompositions, each a string of components; the form as written is last."""
    return {c: tuple(parts.split(" ")) for c, parts in rows("components.txt")}


@cache
def lookalikes() -> Mapping[str, str]:
    """Return character -> characters that share a component and look like it, the most similar first."""
    return {c: near for c, near in rows("lookalikes.txt")}


@cache
def emoji() -> Mapping[str, str]:
    """Return character -> the emoji that stands for it by sense, else by sound."""
    return {c: signs.split(" ")[0] for c, signs in rows("emoji.txt")}


@cache
def emoji_names() -> Mapping[str, str]:
    """Return emoji (one code point) -> its Chinese name."""
    return {sign: name for sign, name in rows("emoji_names.txt")}


@cache
def emoji_senses() -> Mapping[str, str]:
    """Return emoji (one code point) -> characters that say what it shows or means."""
    return {sign: chars for sign, chars in rows("emoji_senses.txt")}


@cache
def words() -> Mapping[str, int]:
    """Return word of two to five characters -> twice the binary logarithm of its frequency."""
    return {w: int(level) for level, group in rows("words.txt.gz") for w in group.split(" ")}
