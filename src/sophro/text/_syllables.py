"""Latin letters as toneless pinyin.

Contract: a run is pinyin only if all its letters can be cut into legal syllables (the fewest) and it is not
one English word or usual abbreviation.
"""

from __future__ import annotations

import re
from functools import cache

from sophro.text.tables import syllables

# English words that are also legal pinyin.
_ENGLISH = frozenset(
    re.findall(
        "[a-z]+",
        "a ai an ban bang be bi bin bing can cha chat chi dang de di die do fan fang fen fun gang go gun ha hang he "
        "hen hi hong i kong la lang le lei lie long ma man me men mi min nan no pa pan pang pen pie pin ping po ran "
        "rang run sang she so song sun ta tan tang ten ti tie to wan wang wo you",
    )
)


# Abbreviations and words that honest Chinese text holds in Latin letters and that are not pinyin.
LONGEST_SYLLABLE = 6
USUAL = frozenset(
    re.findall(
        "[a-z]+",
        "yyds xswl awsl nsdd app apps ktv dna rna nba cba pk vs vip ceo cpu gpu usb wifi qq vx wx mv cd dj gdp cpi "
        "pua gay les cp bl gl kpi hr ppt pdf excel word http https www com cn org net html ok hi no yes by the and of "
        "in on it is at or to be we us my me he she they you for not but with from this that what who why how all bug "
        "debug blog vlog up mc rap rapper diss battle ip id ios mac pc ps psv ns xbox steam fps rpg moba dnf lol tv "
        "dvd ad ads am pm kg km cm mm ml gb mb kb hz etc eg ie vr ar ai plus max pro mini se ss fff hhh hhhh ggg "
        "www emo cos coser lo jk hanfu bgm op ed otaku fans idol offer boss email tips nice good bad love like",
    )
)


@cache
def segment(run: str) -> tuple[tuple[int, str], ...] | None:
    """Return (offset, syllable) pairs of every way to cut ``run`` (letters and single spaces), or None.

    Several cuts are kept where letters allow them: ``rene`` is re + ne or ren + e.
    """
    tokens = run.split(" ")
    if len(tokens) < 2 and (run in _ENGLISH or run in USUAL):
        return None
    found: list[tuple[int, str]] = []
    at = 0
    for token in tokens:
        cut = _cut(token)
        if not cut:
            return None
        found += [(at + k, syllable) for k, syllable in cut]
        at += len(token) + 1
    return tuple(found)


@cache
def _cut(token: str) -> tuple[tuple[int, str], ...]:
    """Return (offset, syllable) pairs that are part of a cut with the fewest syllables."""
    legal, size = syllables(), len(token)
    far = size + 1
    left, right = [0] + [far] * size, [far] * size + [0]
    pieces = [
        (a, b)
        for a in range(size)
        for b in range(a + 1, min(a + LONGEST_SYLLABLE, size) + 1)
        if token[a:b] in legal
    ]
    for a, b in pieces:
        left[b] = min(left[b], left[a] + 1)
    for a, b in reversed(pieces):
        right[a] = min(right[a], right[b] + 1)
    return tuple((a, token[a:b]) for a, b in pieces if left[a] + 1 + right[b] == left[size])
