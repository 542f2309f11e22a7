"""Traditional characters mixed into simplified text.

Contract: text that is consistently traditional is not a disguise and stays; only text that also holds
characters that exist in simplified script alone is converted, character by character. A traditional
character inside a word that simplified script writes so (乾隆, 瞭望) stays.
"""

from __future__ import annotations

from functools import cache

from sophro.text._align import Edit
from sophro.text._index import vocabulary
from sophro.text._model import ranks
from sophro.text.tables import to_simplified, to_traditional

# Simplified forms that are characters of traditional script as well: no evidence for either script.
_BOTH = frozenset(
    "后里面干台松云斗丑了家才几出卷只冲准余克别制困表致谷郁岳姜曲卜板布范丰胡回汇伙借咸向丢于价吁吃吊周哄坛夫夸"
    "志据旋晒术朴杆构栗核欲气沈注淀涂游熏症痒着秋秘系累胜脏腊蒙虫采雕霉食你它咱没群唇够沾须占合踪征御"
    "庵恤戚扎托折万与升舍并杰种"
)


@cache
def _traditional_only() -> frozenset[str]:
    place = ranks()
    # The table also holds pairs of two simplified characters; the model's text tells which one is current.
    return frozenset(
        c
        for c, s in to_simplified().items()
        if c not in to_traditional()
        and c not in _BOTH
        and place.get(c, 10**6) > place.get(s, 10**6)
        and c != "乾"
    )


@cache
def _simplified_only() -> frozenset[str]:
    back = to_simplified()
    return frozenset(
        c for c, t in to_traditional().items() if back.get(t) == c and c not in back and c not in _BOTH
    )


@cache
def _table() -> dict[int, str]:
    return {ord(c): s for c, s in to_simplified().items() if c in _traditional_only()}


def simplified(text: str) -> str:
    """Return ``text`` with characters of traditional script alone in simplified form, place by place."""
    return text if text.isascii() else text.translate(_table())


def variant_edits(text: str) -> list[Edit]:
    """Return the edits that write mixed text in simplified script; none for text in one script."""
    if text.isascii():
        return []
    only = _traditional_only()
    places = [i for i, c in enumerate(text) if c in only]
    if not places or not any(c in _simplified_only() for c in text):
        return []
    words = vocabulary()
    return [
        Edit(i, i + 1, to_simplified()[text[i]])
        for i in places
        if text[i : i + 2] not in words and text[max(0, i - 1) : i + 1] not in words
    ]
