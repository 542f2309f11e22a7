"""Text hidden in a text: base64, hexadecimal, percent and character codes, Morse, letter shifts, leetspeak, tags.

Contract: pure and linear in the length of the text. A piece is returned only if what it decodes to reads as language;
what it says is for another detector to judge. ``MOST`` pieces at most, the longest first, so that a hostile
text cannot buy unlimited work.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from sophro.text.encodings import encoding, shift
from sophro.text.english import english, prose

MOST = 8
LONGEST = 4000  # of each piece, decoded
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:0x)?(?:[0-9A-Fa-f]{2}[\s,:]?(?:\\x|0x)?){8,}")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2}[A-Za-z0-9+_.-]{0,3}){5,}")
_NUMBERS = re.compile(r"(?<!\d)\d{2,3}(?:[\s,;]+\d{2,3}){7,}(?!\d)")
_BITS = re.compile(r"(?<![01])(?:[01]{8}[\s,]*){5,}")
_MORSE = re.compile(r"(?:[.\-·•–—−_]{1,6}[ /|]+){7,}[.\-·•–—−_]{1,6}")
_TO_MORSE = str.maketrans("·•–—−_|", "..----/")
_LEET = re.compile(r"\b(?=\w*[a-zA-Z])(?=\w*[013457@$])[\w@$!]{3,}")
_UNLEET = str.maketrans("0134578@$!", "oieastbasi")
_SPACED = re.compile(r"(?<!\w)(?:[A-Za-z][ .\-_*]){5,}[A-Za-z](?!\w)")
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")
_PROBE = 400  # characters of a line that are tried
_EDGES = 20_000  # letter ciphers are looked for in the first characters only


@dataclass(frozen=True)
class Piece:
    """A decoded part.

    Attributes:
        how: Name of the encoding.
        text: What it says.
        start: Where it begins in the text, in code points.
        end: Where it ends.
    """

    how: str
    text: str
    start: int
    end: int


def decoded(text: str) -> list[Piece]:
    """Return what is written in ``text`` in another form, the longest pieces first."""
    found = [p for p in _runs(text) if p.text.strip() and _says(p.text)]
    found += _letters(text)
    found.sort(key=lambda p: (p.start - p.end, p.start))
    return found[:MOST]


def _says(text: str) -> bool:
    letters = sum(c.isalpha() or c.isspace() for c in text)
    plain = sum(c.isprintable() or c.isspace() for c in text)
    return len(text) >= 6 and letters >= 0.6 * len(text) and plain >= 0.95 * len(text) and prose(text)


def _runs(text: str) -> Iterator[Piece]:
    readers: tuple[tuple[str, re.Pattern[str], Callable[[str], str]], ...] = (
        ("base64", _BASE64, _base64),
        ("hex", _HEX, _hex),
        ("percent", _PERCENT, lambda t: unquote(t.replace("+", " "), errors="strict")),
        ("ascii", _NUMBERS, lambda t: "".join(chr(int(n)) for n in re.findall(r"\d+", t))),
        ("binary", _BITS, lambda t: _utf8(bytes(int(b, 2) for b in re.findall(r"[01]{8}", t)))),
        ("morse", _MORSE, lambda t: (encoding("morse").decode or str)(t.translate(_TO_MORSE).strip())),
        ("tags", _TAGS, lambda t: "".join(chr(ord(c) - 0xE0000) for c in t)),
    )
    for name, pattern, read in readers:
        for number, match in enumerate(pattern.finditer(text)):
            if number >= 200:
                break
            try:
                said = read(match.group()[: 2 * LONGEST])
            except (ValueError, binascii.Error, UnicodeDecodeError):
                continue  # it only looks like this encoding
            yield Piece(name, said[:LONGEST].lower() if name == "morse" else said[:LONGEST], *match.span())


def _base64(run: str) -> str:
    run = run.rstrip("=").translate(str.maketrans("-_", "+/"))
    return _utf8(
        base64.b64decode(run[: len(run) // 4 * 4] if len(run) % 4 == 1 else run + "=" * (-len(run) % 4))
    )


def _hex(run: str) -> str:
    return _utf8(bytes.fromhex(re.sub(r"0x|\\x|[\s,:]", "", run)))


def _utf8(data: bytes) -> str:
    return data.decode("utf-8")


def _letters(text: str) -> Iterator[Piece]:
    """Yield readings of a text in which letters stand for letters, if it does not read as it stands."""
    head = text[:_EDGES]
    whole = (0, len(head))
    for line in _cipher_parts(head):
        run = line.group()
        for by in range(1, 26):
            if english(shift(run[:_PROBE], -by)):
                said = shift(run[:LONGEST], -by)
                yield Piece("rot13" if by == 13 else f"caesar:{by}", said, *line.span())
                break
        else:
            if english(run[::-1][:_PROBE]):
                yield Piece("reversed", run[::-1][:LONGEST], *line.span())
    if len(_LEET.findall(head)) >= 2:
        said = _LEET.sub(lambda m: m.group().translate(_UNLEET), head)
        if said != head and english(said):
            yield Piece("leetspeak", said[:LONGEST], *whole)
    if _SPACED.search(head):
        said = _SPACED.sub(lambda m: re.sub(r"[ .\-_*]", "", m.group()), head)
        yield Piece("spaced", said[:LONGEST], *whole)
    plain = unicodedata.normalize("NFKC", head)
    if plain != head and not head.isascii():
        styled = sum(0x1D400 <= ord(c) <= 0x1D7FF or 0x24B6 <= ord(c) <= 0x24E9 for c in head)
        if styled >= 4:
            yield Piece("styled", plain[:LONGEST], *whole)


def _cipher_parts(text: str) -> Iterator[re.Match[str]]:
    """Yield lines and quoted parts of at least 12 letters that hold no common English word."""
    for number, match in enumerate(re.finditer(r"[^\n\"“”:]{12,}", text)):
        if number >= 60:
            return
        part = match.group()
        latin = sum("a" <= c <= "z" for c in part.lower())
        if latin >= 12 and latin >= 0.6 * len(part) and not english(part):
            yield match
