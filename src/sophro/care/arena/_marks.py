"""What a turn of a counselor holds that rules can see: words of English and Chinese, found by pattern.

Contract: pure; a mark is present or not, per sentence where that matters. Patterns are a named baseline, not an
understanding: they miss what is said in other words and can be played. Their agreement with people is measured
(``sophro evidence arena_agreement``) and printed beside what they score.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

from sophro.files import read_text


def _tables() -> dict[str, str]:
    # One line each: name, tab, pattern (or words); English first, then Chinese.
    file = Path(__file__).with_name("data") / "marks.tsv"
    return dict(line.split("\t", 1) for line in read_text(file).splitlines())


_TABLES = _tables()
_STOP = frozenset(_TABLES.pop("stop").split())
_STOP_ZH = frozenset(_TABLES.pop("stop_zh").split())
_PATTERNS = {name: re.compile(p, re.IGNORECASE) for name, p in _TABLES.items()}
_FEELINGS = {name[8:]: p for name, p in _PATTERNS.items() if name.startswith("feeling:")}
_COMPILED = {name: p for name, p in _PATTERNS.items() if not name.startswith("feeling:")}
MARKS = tuple(_COMPILED)
FEELINGS = tuple(_FEELINGS)

_HAN = re.compile("[\u3400-\u9fff]")
_WORD = re.compile(r"[a-z']{3,}|[\u3400-\u9fff]+")


@functools.lru_cache(maxsize=4096)
def marks(text: str) -> frozenset[str]:
    """Return the names of the marks that the text holds."""
    return frozenset(name for name, pattern in _COMPILED.items() if pattern.search(text))


@functools.lru_cache(maxsize=4096)
def feelings(text: str) -> frozenset[str]:
    """Return the families of feeling that the text names."""
    return frozenset(name for name, pattern in _FEELINGS.items() if pattern.search(text))


def length(text: str) -> float:
    """Return the length in words; two Chinese characters count as about one."""
    han = len(_HAN.findall(text))
    return han / 1.7 + len(re.findall(r"[A-Za-z']+", text))


def questions(text: str) -> int:
    """Return how many questions are asked."""
    return len(re.findall(r"[?？]+", text))


@functools.lru_cache(maxsize=4096)
def content(text: str) -> frozenset[str]:
    """Return the words that carry meaning; Chinese gives pairs of characters."""
    found: set[str] = set()
    for word in _WORD.findall(text.lower()):
        if _HAN.match(word):
            found.update(
                pair for pair in (word[i : i + 2] for i in range(len(word) - 1)) if pair not in _STOP_ZH
            )
        elif word not in _STOP:
            found.add(word[:6])  # endings differ between I and you
    return frozenset(found)


def echo(text: str, before: str) -> float:
    """Return the share of the meaningful words of ``before``, at most twelve, that come back in ``text``."""
    wanted = content(before)
    if not wanted:
        return 0.0
    return min(1.0, len(wanted & content(text)) / min(12, len(wanted)))
