"""The disguise that changes the order of characters.

Contract: the characters of a span are permuted among themselves until the order differs; a span of one
character trades places with a neighbour. A span whose characters are all equal stays.

Deviations: the released files also let the permutation cross longer spans by one character (73 % of changed
positions lie inside); here only one-character spans cross.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from sophro.text import Edit


def shuffle(text: str, spans: Sequence[tuple[int, int]], draw: int) -> list[Edit]:
    """Return one edit per span whose characters can be put in another order."""
    rng = random.Random(draw)
    edits: list[Edit] = []
    done = 0
    for k, (a, b) in enumerate(spans):
        if b - a == 1:
            nearest = spans[k + 1][0] if k + 1 < len(spans) else len(text)
            if b < nearest:
                b += 1
            elif a > done:
                a -= 1
        piece = text[a:b]
        done = b
        if len(set(piece)) < 2:
            continue
        order = list(range(len(piece)))
        mixed = piece
        while mixed == piece:
            rng.shuffle(order)
            mixed = "".join([piece[i] for i in order])
        edits.append(Edit(a, b, mixed))
    return edits
