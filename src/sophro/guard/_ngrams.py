"""Hashed character n-grams of a text, as pure numpy.

Contract: ``features`` is a function of the text alone: the set of its character n-grams of orders 1 to
``order``, each hashed into ``2**bits`` cells. A cell counts once however often it occurs, and the row is
scaled to length 1 (binary, L2), so that long and short texts are comparable. A text without a character has
no cells. Offsets and n-grams are code points; a lone surrogate is a code point like any other.

The hash is a multiply-shift over code points (Dietzfelbinger et al. 1997), chosen because it needs no loop over
n-grams; cells of different orders are kept apart by a constant for each order.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HASH = "multiply-shift-1"  # part of a detector file's format: weights mean nothing under another hash
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(0xD6E8FEB86659FD93)
_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Features:
    """Rows of cells, in compressed form: row ``i`` is ``cells[starts[i]:starts[i + 1]]``.

    Attributes:
        cells: (E,) cell numbers, ascending and distinct within a row.
        starts: (N + 1,) where each row begins.
    """

    cells: NDArray[np.int64]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def sizes(self) -> NDArray[np.int64]:
        """(N,) number of cells of each row."""
        return np.diff(self.starts)

    @property
    def scale(self) -> NDArray[np.float64]:
        """(N,) value of every cell of a row: one over the root of their number, 0 for an empty row."""
        return 1.0 / np.sqrt(np.maximum(self.sizes, 1)) * (self.sizes > 0)

    def dot(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (N,) products of the rows with ``weights`` (cells,)."""
        # A running total would make a row's result depend on the rows before it; sums row by row do not.
        total = np.zeros(len(self))
        full = self.sizes > 0
        if full.any():
            total[full] = np.add.reduceat(weights[self.cells], self.starts[:-1][full])
        return total * self.scale

    def back(self, values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
        """Return (size,) sums over rows of ``values`` (N,) times the row."""
        return np.bincount(self.cells, np.repeat(values * self.scale, self.sizes), size).astype(np.float64)

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> Features:
        """Return the rows ``rows`` in that order."""
        parts = [self.cells[self.starts[i] : self.starts[i + 1]] for i in rows]
        return _join(parts)


def fold(text: str) -> str:
    """Return what is hashed: compatibility forms and letter case folded, runs of spaces made one."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def features(texts: Sequence[str], order: int, bits: int) -> Features:
    """Return the hashed n-grams of ``texts``.

    Args:
        texts: Any texts.
        order: Longest n-gram.
        bits: Binary logarithm of the number of cells, 1 to 31.
    """
    return _join([_cells(fold(text), order, bits) for text in texts])


def _join(parts: Sequence[NDArray[np.int64]]) -> Features:
    starts = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum([len(p) for p in parts], out=starts[1:])
    return Features(np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64), starts)


def _cells(text: str, order: int, bits: int) -> NDArray[np.int64]:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    found: list[NDArray[np.uint64]] = []
    running = np.zeros(len(codes), dtype=np.uint64)
    for n in range(1, min(order, len(codes)) + 1):
        # running[i] is the hash of codes[i : i + n - 1]; one more character each round.
        running = (running[: len(codes) - n + 1] * _STEP + codes[n - 1 :]) * _MULTIPLIER
        apart = np.uint64((n * int(_STEP)) & _MASK)
        found.append(((running ^ apart) * _MULTIPLIER) >> np.uint64(64 - bits))
    if not found:
        return np.zeros(0, dtype=np.int64)
    return np.unique(np.concatenate(found)).astype(np.int64)
