"""A character n-gram model of simplified Chinese: how likely a character is after the two before it.

Contract: stupid backoff (Brants et al. 2007) over the shipped tables, in quarters of a nat, lower is better.
``^`` and ``$`` stand for the start and the end of a run of Han characters; whatever is not Han ends a run.
Source of the counts: ``shipped/LICENCES.md``.
"""

from __future__ import annotations

from functools import cache

from sophro.text.tables import rows

BACK_OFF = 4  # one nat, about the usual factor 0.4
UNSEEN = 64


@cache
def _tables() -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    single: dict[str, int] = {}
    pair: dict[str, int] = {}
    triple: dict[str, int] = {}
    for order, context, cells in rows("ngrams.txt.gz"):
        if order == "1":
            single[context] = int(cells)
            continue
        table = pair if order == "2" else triple
        for cell in cells.split(" "):
            level = ord(cell[0]) - 48
            for c in cell[1:]:
                table[context + c] = level
    return single, pair, triple


@cache
def ranks() -> dict[str, int]:
    """Return character -> its place by frequency, 0 the most frequent."""
    single = _tables()[0]
    return {c: k for k, c in enumerate(sorted(single, key=lambda c: (single[c], c)))}


_memo: dict[str, int] = {}
_MEMO = 1_000_000


def cost(history: str, char: str) -> int:
    """Return how surprising ``char`` is after ``history`` (two characters), in quarters of a nat."""
    key = history + char
    found = _memo.get(key)
    if found is None:
        if len(_memo) >= _MEMO:
            _memo.clear()
        found = _memo[key] = _look_up(key)
    return found


def _look_up(key: str) -> int:
    single, pair, triple = _tables()
    found = triple.get(key)
    if found is not None:
        return found
    found = pair.get(key[1:])
    if found is not None:
        return found + BACK_OFF
    if key[2] == "$":
        return 20 + 2 * BACK_OFF
    return single.get(key[2], UNSEEN) + 2 * BACK_OFF
