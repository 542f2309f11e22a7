"""A character n-gram model of simplified Chinese: how likely a character is after the two before it.

Paper: interpolated absolute discounting (Ney, Essen and Kneser 1994). Counts of three characters (``triples.txt.gz``)
are interpolated with counts of two, and those with a prior from dictionaries and character pairs (``ngrams.txt.gz``);
the prior alone is backed off (stupid backoff, Brants et al. 2007). Costs are quarters of a nat, lower is better.

Contract: ``^`` and ``$`` stand for the start and the end of a run of Han characters; whatever is not Han ends a run.
A model never changes after it was made, but remembers costs it has looked up. Source of the counts:
``shipped/LICENCES.md``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from sophro.text._counts import count_triples, read_triples
from sophro.text.tables import rows

DISCOUNT = 0.75
BACK_OFF = 4  # one nat, about the usual factor 0.4
UNSEEN = 64
RUN_ENDS = 24
_MEMO = 1_000_000


@cache
def _prior() -> tuple[dict[str, int], dict[str, int]]:
    single: dict[str, int] = {}
    pair: dict[str, int] = {}
    for order, context, cells in rows("ngrams.txt.gz"):
        if order == "1":
            single[context] = int(cells)
            continue
        for cell in cells.split(" "):
            level = ord(cell[0]) - 48
            for c in cell[1:]:
                pair[context + c] = level
    return single, pair


@cache
def ranks() -> dict[str, int]:
    """Return character -> its place by frequency, 0 the most frequent."""
    single = _prior()[0]
    return {c: k for k, c in enumerate(sorted(single, key=lambda c: (single[c], c)))}


class NGrams:
    """Costs of characters in context.

    Args:
        triples: Three characters -> count.
    """

    def __init__(self, triples: Mapping[str, int]) -> None:
        self._triples = triples
        # Key -> (how often it was followed by anything, by how many different characters).
        pairs: Counter[str] = Counter()
        after2: Counter[str] = Counter()
        kinds2: Counter[str] = Counter()
        after1: Counter[str] = Counter()
        kinds1: Counter[str] = Counter()
        for key, number in triples.items():
            pairs[key[1:]] += number
            after2[key[:2]] += number
            kinds2[key[:2]] += 1
        for key, number in pairs.items():
            after1[key[0]] += number
            kinds1[key[0]] += 1
        self._pairs = pairs
        self._after2, self._kinds2, self._after1, self._kinds1 = after2, kinds2, after1, kinds1
        self._memo: dict[str, int] = {}

    def learned(self, texts: Iterable[str]) -> NGrams:
        """Return a model that has also counted ``texts``; this one stays as it is."""
        return NGrams(Counter(self._triples) + count_triples(texts))

    def cost(self, history: str, char: str) -> int:
        """Return how surprising ``char`` is after ``history`` (two characters), in quarters of a nat."""
        key = history + char
        found = self._memo.get(key)
        if found is None:
            if len(self._memo) >= _MEMO:
                self._memo.clear()
            found = self._memo[key] = round(-4 * math.log(self._probability(key)))
        return found

    def _probability(self, key: str) -> float:
        single, pair = _prior()
        level = pair.get(key[1:])
        if level is None:
            level = RUN_ENDS if key[2] == "$" else single.get(key[2], UNSEEN) + BACK_OFF
        p = math.exp(-(level + 1) / 4)
        total = self._after1.get(key[1], 0)
        if total:
            kept = max(self._pairs.get(key[1:], 0) - DISCOUNT, 0.0)
            p = (kept + DISCOUNT * self._kinds1[key[1]] * p) / total
        total = self._after2.get(key[:2], 0)
        if total:
            kept = max(self._triples.get(key, 0) - DISCOUNT, 0.0)
            p = (kept + DISCOUNT * self._kinds2[key[:2]] * p) / total
        return p


@cache
def shipped() -> NGrams:
    """Return the model that the package ships."""
    return NGrams(read_triples((pair, cells) for pair, cells in rows("triples.txt.gz")))
