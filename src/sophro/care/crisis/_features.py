"""What the classifier reads of a message: words, runs of characters, classes of words, as cells of a hashed space.

Contract: pure functions of the folded text; no state, no training. The same function serves training and use.
"""

from __future__ import annotations

import re
import zlib
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from sophro.care.crisis._classes import CHINESE_OF, CHINESE_WORDS, ENGLISH_OF
from sophro.care.crisis._fold import chinese, clean, english

BITS = 16
LONGEST = 800  # characters that are read, half from each end
_HAN = re.compile("[\u4e00-\u9fff]")
_WORD = re.compile(r"[a-z']+|\d+|[?!]")


def fold(text: str) -> str:
    """Return a message as the classifier reads it; at most 400 characters of each end."""
    cleaned = clean(text)
    low = chinese(cleaned) if _HAN.search(cleaned) else english(cleaned)
    half = LONGEST // 2
    return low if len(low) <= LONGEST else f"{low[:half]} {low[-half:]}"


def language(folded: str) -> str:
    """Return ``zh`` if a folded text holds Han characters, else ``en``."""
    return "zh" if _HAN.search(folded) else "en"


def cells(folded: str) -> NDArray[np.int64]:
    """Return the distinct cells of a folded text, sorted."""
    found = _chinese(folded) if _HAN.search(folded) else _english(folded)
    mask = (1 << BITS) - 1
    hashed = {zlib.crc32(f.encode("utf-8", "surrogatepass")) & mask for f in found}
    return np.array(sorted(hashed), dtype=np.int64)


def _english(text: str) -> set[str]:
    words = ["#" if w[0].isdigit() else w for w in _WORD.findall(text)]
    found = {" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)}
    for word in set(words):
        if len(word) > 3:  # typing errors and endings
            edged = f"<{word}>"
            found.update("~" + edged[i : i + 4] for i in range(len(edged) - 3))
    classes = [ENGLISH_OF.get(w, w if len(w) < 3 else "") for w in words]
    found.update(
        f"={' '.join(classes[i : i + n])}" for n in (2, 3, 4) for i in range(len(classes) - n + 1)
        if all(classes[i : i + n])
    )  # fmt: skip
    return found | _pairs([ENGLISH_OF[w] for w in words if w in ENGLISH_OF])


def _chinese(text: str) -> set[str]:
    found = {text[i : i + n] for n in (1, 2, 3, 4) for i in range(len(text) - n + 1)}
    return found | _pairs([CHINESE_OF[m.group()] for m in CHINESE_WORDS.finditer(text)])


def _pairs(classes: list[str]) -> set[str]:
    """Return classes, those that follow one another, and those that stand in one message."""
    found = {f"={c}" for c in classes}
    found.update(f"={a}>{b}" for a, b in pairwise(classes))
    found.update(f"={a}&{b}" for a, b in combinations(sorted(set(classes)), 2))
    return found
