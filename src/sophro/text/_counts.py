"""Counts of three neighbouring Han characters, and the file that keeps them.

Contract: ``^`` and ``$`` stand for the start and the end of a run of Han characters; whatever is not Han ends a run.
One line holds a pair of characters and what followed it: cells of one sign (the count, 1 is chr(49)) and characters.
A count above ``HIGHEST`` is kept as that. Equal texts give an equal file.
"""

from __future__ import annotations

import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

HIGHEST = 70  # the last sign is "v"
_RUN = re.compile(r"[\u4e00-\u9fff]+")


def count_triples(texts: Iterable[str]) -> Counter[str]:
    """Return three neighbouring characters -> how often they stand so.

    Args:
        texts: Any texts.
    """
    found: Counter[str] = Counter()
    for text in texts:
        for run in _RUN.findall(text):
            padded = f"^^{run}$"
            found.update(padded[i : i + 3] for i in range(len(padded) - 2))
    return found


def pack_triples(counts: Mapping[str, int]) -> bytes:
    """Return the file: gzip without time or name, so that equal counts give equal bytes."""
    by_pair: defaultdict[str, defaultdict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for triple, number in counts.items():
        by_pair[triple[:2]][min(number, HIGHEST)].append(triple[2])
    lines = [
        f"{pair}\t{' '.join(chr(48 + n) + ''.join(sorted(cs)) for n, cs in sorted(row.items()))}\n"
        for pair, row in sorted(by_pair.items())
    ]
    return gzip.compress("".join(lines).encode("utf-8"), 9, mtime=0)


def read_triples(rows: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Return what ``count_triples`` counted.

    Args:
        rows: Pair and cells of each line.
    """
    found: dict[str, int] = {}
    for pair, cells in rows:
        for cell in cells.split(" "):
            number = ord(cell[0]) - 48
            for c in cell[1:]:
                found[pair + c] = number
    return found
