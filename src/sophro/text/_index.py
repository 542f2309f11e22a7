"""What a disguised piece can have been: inverse tables, built once from the shipped ones."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from sophro.text._lexicon import lexicon
from sophro.text._model import ranks
from sophro.text.tables import (
    all_readings,
    components,
    default_readings,
    emoji_names,
    emoji_senses,
    homophones,
    is_han,
    phrase_readings,
    words,
)

COMMON = 3500  # characters that a disguise is likely to have replaced
LONGEST_WORD = 5
SOUNDS_ALIKE = 3  # characters of the same sound that need share no component
LONGEST_INITIALS = 4
INITIALS_KEPT = {2: 120, 3: 60, 4: 40}
FREQUENT = 10  # level of a word that a repair may make; rarer words only protect what is there


@cache
def vocabulary() -> Mapping[str, int]:
    """Return word -> level (twice the binary logarithm of a frequency); words of the lexicon get a floor."""
    found = dict(words())
    for word in lexicon():
        if len(word) > 1 and all(map(is_han, word)):
            found[word] = max(found.get(word, 0), 14)
    return found


@cache
def by_sound() -> Mapping[str, tuple[str, ...]]:
    """Return syllables joined by spaces -> words of two or more characters that read so."""
    special, usual = phrase_readings(), default_readings()
    found: defaultdict[str, list[str]] = defaultdict(list)
    for word, level in vocabulary().items():
        if level >= FREQUENT:
            found[" ".join(special.get(word) or [usual.get(c, c) for c in word])].append(word)
    return {key: tuple(ws) for key, ws in found.items()}


@cache
def by_initials() -> Mapping[str, tuple[str, ...]]:
    """Return first letters -> words of the lexicon and the most frequent other words."""
    special, usual, own = phrase_readings(), default_readings(), lexicon()
    found: defaultdict[str, list[str]] = defaultdict(list)
    for word, level in vocabulary().items():
        if level >= FREQUENT and len(word) <= LONGEST_INITIALS:
            found["".join([s[0] for s in special.get(word) or [usual.get(c, c) for c in word]])].append(word)
    known = vocabulary()
    return {
        key: tuple(sorted(ws, key=lambda w: (w not in own, -known[w], w))[: INITIALS_KEPT[len(key)]])
        for key, ws in found.items()
    }


@cache
def by_characters() -> Mapping[str, tuple[str, ...]]:
    """Return sorted characters -> words of two to five characters made of exactly these."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for word, level in vocabulary().items():
        if level >= FREQUENT and 2 <= len(word) <= LONGEST_WORD:
            found["".join(sorted(word))].append(word)
    return {key: tuple(ws) for key, ws in found.items()}


@cache
def same_sound(char: str, limit: int = 40) -> tuple[str, ...]:
    """Return common characters that share a toneless reading with ``char``, frequent ones first."""
    place = ranks()
    found = {
        c
        for s in all_readings().get(char, ())
        for c in homophones().get(s, "")
        if place.get(c, 10**6) < COMMON
    } - {char}
    return tuple(sorted(found, key=lambda c: place[c])[:limit])


@cache
def of_syllable(syllable: str, limit: int = 40) -> tuple[str, ...]:
    """Return common characters that usually read ``syllable``, frequent ones first."""
    place = ranks()
    usual = [c for c in homophones().get(syllable, "") if place.get(c, 10**6) < COMMON]
    return tuple(sorted(usual, key=lambda c: place[c])[:limit])


@cache
def _written() -> Mapping[str, frozenset[str]]:
    return {c: frozenset(parts[-1]) for c, parts in components().items()}


@cache
def _holders() -> Mapping[str, tuple[str, ...]]:
    place = ranks()
    found: defaultdict[str, list[str]] = defaultdict(list)
    for c, own in _written().items():
        if place.get(c, 10**6) < COMMON:
            for p in own:
                found[p].append(c)
    return {p: tuple(cs) for p, cs in found.items()}


@cache
def similar(char: str, limit: int = 60) -> tuple[str, ...]:
    """Return common characters that share a rare component with ``char``, contain it or are part of it.

    Those that also sound like it come first: most look-alikes are compounds with the same sound part.
    """
    place = ranks()
    own = _written().get(char, frozenset()) | {char}
    holders = _holders()
    found: dict[str, int] = {}
    for p in own:
        group = holders.get(p, ())
        for c in group:
            found[c] = min(found.get(c, 10**6), len(group))
        if place.get(p, 10**6) < COMMON:
            found[p] = 1
    found.pop(char, None)
    sounds = frozenset(all_readings().get(char, ()))
    for c in {c for s in sounds for c in homophones().get(s, "")[:SOUNDS_ALIKE]} - {char}:
        found.setdefault(c, 10**6)
    best = sorted(
        found, key=lambda c: (sounds.isdisjoint(all_readings().get(c, ())), found[c], place.get(c, 10**6))
    )
    return tuple(best[:limit])


@cache
def joined() -> Mapping[str, tuple[str, ...]]:
    """Return two components -> the common characters written with them, in this order."""
    place = ranks()
    found: defaultdict[str, list[str]] = defaultdict(list)
    for c, options in components().items():
        if place.get(c, 10**6) < 6000:
            for parts in dict.fromkeys(options):
                if len(parts) == 2 and parts != c:
                    found[parts].append(c)
    return {key: tuple(cs) for key, cs in found.items()}


# Signs that are one character of the text to a reader: keycaps, squared characters, pictures.
EMOJI = re.compile(
    "(?:[0-9]\ufe0f?\u20e3|[\u2190-\u2bff\u3030\u303d\U0001f000-\U0001faff])[\ufe0f\U0001f3fb-\U0001f3ff]*"
)
_DIGITS = "零一二三四五六七八九"


@cache
def of_emoji(sign: str) -> tuple[tuple[str, int], ...]:
    """Return (character, rank) that an emoji can stand for: 0 is its sense or in its name, 1 sounds like one that is.

    Args:
        sign: A match of ``EMOJI``.
    """
    name = _DIGITS[int(sign[0])] if sign[0].isdigit() else emoji_names().get(sign[0], "")
    sense = emoji_senses().get(sign[0], "")
    squared = unicodedata.normalize("NFKC", sign[0])
    if not name and is_han(squared[0]):
        name = squared
    if sign[0] == "\U0001f51f":
        name = "十"
    # 男人 and 女人 name a picture of a man and a woman, not of people.
    person = len(name) > 1 and name.endswith("人")
    found = dict.fromkeys(sense, 0) | {c: int(person and c == "人") for c in name if is_han(c)}
    for c in found.copy():
        for other in of_syllable(default_readings().get(c, "")):
            found.setdefault(other, 1)
    return tuple(found.items())
