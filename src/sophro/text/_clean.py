"""Disguises of writing itself: wide or styled letters, hidden characters, stacked marks, look-alike letters.

Contract: each edit replaces one code point by one or by nothing, so offsets stay simple. Nothing is touched
that ordinary text needs: full-width punctuation, joiners inside emoji or between letters of scripts that use
them, accents that compose with their letter, words wholly in Cyrillic or Greek.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from sophro.text._align import Edit
from sophro.text.tables import is_han

# Letters that look like a Latin one, each with that one.
_CYRILLIC = dict(zip("асеорхуіјѕԁһкмтнвАВЕКМНОРСТХУІЈЅ", "aceopxyijsdhkmthbABEKMHOPCTXYIJS", strict=True))
_GREEK = dict(zip("οαενικρυχτΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "oaevikpuxtABEZHIKMNOPTYX", strict=True))
_ALIKE = {**_CYRILLIC, **_GREEK}
_HIDDEN = frozenset(
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff"
) | {chr(c) for c in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xFE00, 0xFE10))}
_ODD = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\u24b6-\u24e9"
    "\u2e80-\u2fd5\uf900-\ufaff\U0001d400-\U0001d7ff\U0001f130-\U0001f149\U0001f170-\U0001f189"
    + "".join(sorted(_HIDDEN | set(_ALIKE)))
    + "]"
)
_WORD = re.compile(r"[^\W\d_]+")


@cache
def _folded(char: str) -> str | None:
    """Return the plain letter, digit or Han character that ``char`` is a styled form of."""
    plain = unicodedata.normalize("NFKC", char)
    if len(plain) == 1 and plain != char and (is_han(plain) or (plain.isascii() and plain.isalnum())):
        return plain
    return None


def _is_text(char: str) -> bool:
    return is_han(char) or (char.isascii() and char.isalnum()) or char in _ALIKE or _folded(char) is not None


def clean_edits(text: str) -> list[tuple[Edit, str]]:
    """Return edits with their kinds (``form``, ``hidden``, ``mark``, ``lookalike``), in order."""
    if text.isascii() or _ODD.search(text) is None:
        return []
    found: list[tuple[Edit, str]] = []
    visible = [i for i, c in enumerate(text) if c not in _HIDDEN and not unicodedata.combining(c)]
    before: dict[int, int] = {}
    after: dict[int, int] = {}
    last = -1
    k = 0
    for i in range(len(text)):
        while k < len(visible) and visible[k] <= i:
            last = visible[k]
            k += 1
        before[i] = last
        after[i] = visible[k] if k < len(visible) else -1
    for m in _ODD.finditer(text):
        i, c = m.start(), m.group()
        if c in _HIDDEN:
            left, right = (
                (text[before[i]] if before[i] >= 0 else ""),
                (text[after[i]] if after[i] >= 0 else ""),
            )
            if left and right and _is_text(left) and _is_text(right):
                found.append((Edit(i, i + 1, ""), "hidden"))
        elif unicodedata.category(c) in ("Mn", "Me"):
            if _needless_mark(text, i, before[i]):
                found.append((Edit(i, i + 1, ""), "mark"))
        elif c not in _ALIKE and (plain := _folded(c)) is not None:
            found.append((Edit(i, i + 1, plain), "form"))
    found += _alike_edits(text)
    return sorted(found)


def _needless_mark(text: str, at: int, base: int) -> bool:
    if base < 0:
        return False
    if is_han(text[base]):
        return True
    # One mark that composes is an accent; a second one, or one that composes with nothing, is decoration.
    single = len(unicodedata.normalize("NFC", text[base] + text[at])) == 1
    return text[base].isascii() and text[base].isalpha() and not (single and at == base + 1)


def _alike_edits(text: str) -> list[tuple[Edit, str]]:
    edits: list[tuple[Edit, str]] = []
    for m in _WORD.finditer(text):
        word = m.group()
        mixed = any(c in _ALIKE for c in word) and any(c.isascii() for c in word)
        if mixed and all(c.isascii() or c in _ALIKE or is_han(c) for c in word):
            edits += [
                (Edit(m.start() + k, m.start() + k + 1, _ALIKE[c]), "lookalike")
                for k, c in enumerate(word)
                if c in _ALIKE
            ]
    return edits
