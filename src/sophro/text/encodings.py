"""Encodings of text and back: base64, rot13, Caesar, leetspeak, Morse, ASCII codes, and text without vowels.

Papers: base64, rot13, leetspeak and disemvowel as attacks, Wei et al. 2023 (arXiv 2307.02483); Caesar, Morse and
ASCII as languages of a whole conversation, Yuan et al. 2023 (CipherChat, arXiv 2308.06463).

Contract: pure. ``decode(encode(text)) == keeps(text)`` for every Unicode text, where ``keeps`` says what the
encoding cannot tell apart: nothing is lost by base64, rot13, Caesar and ASCII codes (base64 replaces lone
surrogates, which UTF-8 cannot hold), Morse loses the case of A to Z, leetspeak case and six digits; the
consonants alone cannot be decoded. Reading what a *model* wrote is another task: see ``_reading``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from sophro.errors import SophroError, unknown_name

_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,?'!/()&:;=+-_\"@$"
_CODES = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. "
    "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----. "
    ".-.-.- --..-- ..--.. .----. -.-.-- -..-. -.--. -.--.- .-... ---... -.-.-. -...- .-.-. -....- ..--.- .-..-. "
    ".--.-. ...-..-"
)
_MORSE = dict(zip(_CHARACTERS, _CODES.split(), strict=True))
_FROM_MORSE = {code: char for char, code in _MORSE.items()}
_LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}
_FROM_LEET = {digit: char for char, digit in _LEET.items()}
_UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_VOWELS = re.compile(r"[aeiou]", re.IGNORECASE)


def _same(text: str) -> str:
    return text


@dataclass(frozen=True)
class Encoding:
    """One way to write a text.

    Attributes:
        name: Name, with its parameter (``caesar:3``).
        title: How people call it.
        rule: The rule in one sentence, for a model.
        encode: From plain text.
        decode: Back; None where that is impossible.
        keeps: What ``decode(encode(text))`` gives: the part of a text that survives.
        kind: ``tokens`` where an encoded run cannot be taken for prose, ``letters`` where letters stand for
            letters, ``none`` where there is no way back.
    """

    name: str
    title: str
    rule: str
    encode: Callable[[str], str]
    decode: Callable[[str], str] | None
    keeps: Callable[[str], str] = _same
    kind: Literal["tokens", "letters", "none"] = "letters"


@cache
def _table(by: int) -> dict[int, int]:
    return {ord(first) + place: ord(first) + (place + by) % 26 for first in ("a", "A") for place in range(26)}


def shift(text: str, by: int) -> str:
    """Move the letters A to Z by ``by`` places and leave everything else."""
    return text.translate(_table(by))


def _to_base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


def _from_base64(text: str) -> str:
    return base64.b64decode(text, validate=True).decode("utf-8")


def _to_morse(text: str) -> str:
    # A token a character: blanks are "/", what Morse has no code for stands as it is.
    return " ".join("/" if c == " " else _MORSE.get(c, c) for c in text.translate(_UPPER))


def _from_morse(text: str) -> str:
    # A character without a code may itself be a separator (a line break): only the blank separates tokens.
    tokens = text.split(" ") if text else []
    return "".join(" " if t == "/" else _FROM_MORSE.get(t, t) for t in tokens)


def _to_leet(text: str) -> str:
    return "".join(_LEET.get(c, c) for c in text.translate(_LOWER))


def _from_leet(text: str) -> str:
    return "".join(_FROM_LEET.get(c, c) for c in text)


def _to_codes(text: str) -> str:
    return " ".join(str(ord(c)) for c in text)


def _from_codes(text: str) -> str:
    return "".join(chr(int(t)) for t in text.split())


def _without_vowels(text: str) -> str:
    return _VOWELS.sub("", text)


def _caesar(by: int) -> Encoding:
    return Encoding(
        f"caesar:{by}",
        f"Caesar cipher with a shift of {by}",
        f"every letter is replaced by the letter {by} places further in the alphabet",
        lambda text: shift(text, by),
        lambda text: shift(text, -by),
    )


_PLAIN = (
    Encoding(
        "base64",
        "Base64",
        "the UTF-8 bytes of the text are written in Base64",
        _to_base64,
        _from_base64,
        lambda text: text.encode("utf-8", "replace").decode("utf-8"),
        kind="tokens",
    ),
    Encoding(
        "rot13",
        "ROT13",
        "every letter is replaced by the letter 13 places further in the alphabet",
        lambda text: shift(text, 13),
        lambda text: shift(text, -13),
    ),
    Encoding(
        "leetspeak",
        "leetspeak",
        "some letters are replaced by digits: a 4, e 3, i 1, o 0, s 5, t 7",
        _to_leet,
        _from_leet,
        lambda text: _from_leet(text.translate(_LOWER)),
    ),
    Encoding(
        "disemvowel", "text without vowels", "all vowels are left out", _without_vowels, None, kind="none"
    ),
    Encoding(
        "morse",
        "Morse code",
        "every character is written in dots and dashes, characters are separated by blanks and words by /",
        _to_morse,
        _from_morse,
        lambda text: text.translate(_UPPER),
        kind="tokens",
    ),
    Encoding(
        "ascii",
        "ASCII codes",
        "every character is written as its decimal character code, separated by blanks",
        _to_codes,
        _from_codes,
        kind="tokens",
    ),
)
_BY_NAME = {e.name: e for e in _PLAIN}
NAMES = (*_BY_NAME, "caesar")


def encoding(name: str) -> Encoding:
    """Return the encoding ``name``; ``caesar`` takes its shift after a colon, 3 by default.

    Raises:
        SophroError: If the name is unknown or the shift no number from 1 to 25.
    """
    base, _, parameter = name.partition(":")
    if base == "caesar":
        by = int(parameter or 3) if not parameter or parameter.isdecimal() else 0
        if not 1 <= by <= 25:
            raise SophroError(f"encoding {name!r}: the shift is a number from 1 to 25")
        return _caesar(by)
    if name not in _BY_NAME:
        raise unknown_name("encoding", name, NAMES)
    return _BY_NAME[name]


def morse_codes() -> frozenset[str]:
    """Return all codes of the Morse table, for readers of what a model wrote."""
    return frozenset(_FROM_MORSE)
