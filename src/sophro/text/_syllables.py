"""Latin letters as toneless pinyin.

Contract: a run is pinyin only if all its letters can be cut into legal syllables (the fewest) and it is not
made of English words alone.
"""

from __future__ import annotations

import re
from functools import cache

from sophro.text.tables import syllables

# English words that are also legal pinyin; a run made of these alone stays English.
_ENGLISH = frozenset(
    re.findall(
        "[a-z]+",
        "a ai an ban bang be bi bin bing can cha chat chi dang de di die do fan fang fen fun gang go gun ha hang he "
        "hen hi hong i kong la lang le lei lie long ma man me men mi min nan no pa pan pang pen pie pin ping po ran "
        "rang run sang she so song sun ta tan tang ten ti tie to wan wang wo you",
    )
)


@cache
def segment(run: str) -> tuple[tuple[int, str], ...] | None:
    """Return (offset, syllable) pairs of ``run`` (letters and single spaces), or None if it is not pinyin."""
    tokens = run.split(" ")
    if all(t in _ENGLISH for t in tokens) and len(tokens) < 2:
        return None
    found: list[tuple[int, str]] = []
    at = 0
    for token in tokens:
        cut = _cut(token)
        if cut is None:
            return None
        for syllable in cut:
            found.append((at, syllable))
            at += len(syllable)
        at += 1
    return tuple(found)


@cache
def _cut(token: str) -> tuple[str, ...] | None:
    legal = syllables()
    best: list[tuple[str, ...] | None] = [(), *([None] * len(token))]
    for end in range(1, len(token) + 1):
        for start in range(max(0, end - 6), end):
            before = best[start]
            if before is not None and token[start:end] in legal:
                option = (*before, token[start:end])
                known = best[end]
                if known is None or len(option) < len(known):
                    best[end] = option
    return best[len(token)]
