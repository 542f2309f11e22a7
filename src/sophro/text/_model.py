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


def cost(history: str, char: str) -> int:
    """Return how surprising ``char`` is after ``history`` (two characters), in quarters of a nat."""
    single, pair, triple = _tables()
    found = triple.get(history + char)
    if found is not None:
        return found
    found = pair.get(history[1] + char)
    if found is not None:
        return found + BACK_OFF
    if char == "$":
        return 20 + 2 * BACK_OFF
    return single.get(char, UNSEEN) + 2 * BACK_OFF


def run_cost(before: str, run: str, after: str = "$") -> int:
    """Return the cost of ``run`` after ``before`` (two characters) and of ``after`` that follows."""
    total = 0
    history = before
    for c in run + after:
        total += cost(history, c)
        history = history[1] + c
    return total
