"""The edges of the lattice: what each piece of a text could stand for.

Contract: pure functions from a window to edges. Only the neighbourhood of characters that surprise the n-gram
model gets edges for sound, shape and order, because honest text rarely surprises it there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import permutations

from sophro.text import _index as index
from sophro.text._costs import (
    EMOJI_INSIDE,
    LATIN_LETTER,
    LEXICON_BONUS,
    ODD,
    ORDER_ANY,
    PRICES,
    SHAPE_COMMON,
    SHAPE_STEP,
    WORD_BONUS,
    WORD_LEVEL,
)
from sophro.text._lattice import Edge
from sophro.text._lexicon import lexicon
from sophro.text._model import cost, ranks
from sophro.text._pinyin import pinyin
from sophro.text._syllables import segment
from sophro.text.tables import is_han

Edges = defaultdict[int, list[Edge]]
_LATIN = re.compile(r"[a-z]+(?: [a-z]+)*")
_RARE = 4500
_GAP = r"[ *·.\-_~|/+^#]{1,2}"
_INSULT = max(len(w) for w in lexicon())


def price(kind: str, new: str, changed: int) -> int:
    """Return the cost of reading a piece as ``new`` with ``changed`` characters replaced."""
    own = PRICES[kind]
    return own.piece + own.char * changed - (LEXICON_BONUS if new in lexicon() else 0)


def odd_places(text: str) -> set[int]:
    """Return the places that surprise the model and are in no known word, and their neighbours."""
    surprising: list[int] = []
    state = "^^"
    for i, c in enumerate(text):
        if not is_han(c):
            state = "^^"
            continue
        if cost(state, c) >= ODD:
            surprising.append(i)
        state = state[1] + c
    places = {n for i in surprising if not _in_word(text, i) for n in (i - 1, i, i + 1)}
    return {i for i in places if 0 <= i < len(text) and is_han(text[i])}


def _in_word(text: str, at: int) -> bool:
    known = index.vocabulary()
    return any(
        text[a : a + size] in known
        for size in range(2, index.LONGEST_WORD + 1)
        for a in range(max(0, at - size + 1), at + 1)
    )


def all_edges(text: str) -> Edges:
    """Return start -> edges for one window."""
    edges: Edges = defaultdict(list)
    emoji_edges(text, edges)
    latin_edges(text, edges)
    gap_edges(text, edges)
    odd = odd_places(text)
    if odd:
        split_edges(text, odd, edges)
        shape_edges(text, odd, edges)
        sound_edges(text, odd, edges)
        order_edges(text, odd, edges)
    return edges


def emoji_edges(text: str, edges: Edges) -> None:
    """An emoji beside a Han character can stand for one, most of all between two of them."""
    for m in index.EMOJI.finditer(text):
        i, end = m.span()
        readings = index.of_emoji(m.group())
        before, after = text[i - 1 : i], text[end : end + 1]
        if not readings or not (is_han(before or " ") or is_han(after or " ")):
            continue
        for new, rank in readings:
            edges[i].append(Edge(end, new, price("emoji_sound" if rank else "emoji", new, 1), "emoji"))
        if before and after and _inner(before) and _inner(after):
            edges[i].append(Edge(end, m.group(), EMOJI_INSIDE, ""))


def _inner(char: str) -> bool:
    return is_han(char) or index.EMOJI.match(char) is not None


def latin_edges(text: str, edges: Edges) -> None:
    """A run of Latin letters beside a Han character can be syllables or first letters."""
    for m in _LATIN.finditer(text):
        start, end = m.span()
        near = text[max(0, start - 1) : start] + text[end : end + 1]
        if not any(map(is_han, near)) or any(c.isascii() and c.isalnum() for c in near):
            continue
        run = m.group()
        cut = segment(run)
        if cut is not None:
            for at, syllable in cut:
                stop = start + at + len(syllable)
                stop += text[stop : stop + 1] == " " and stop < end
                for new in index.of_syllable(syllable):
                    edges[start + at].append(Edge(stop, new, price("py_full", new, 1), "py_full"))
            syllable_words(cut, start, end, text, edges)
            edges[start].append(Edge(end, run, LATIN_LETTER * len(run), ""))
            # Half a run is not read as pinyin while the rest stays for nothing.
            for k in range(start + 1, end):
                edges[k].append(Edge(k + 1, text[k], 2 * LATIN_LETTER, ""))
        if " " not in run and run in index.by_initials():
            for new in index.by_initials()[run]:
                edges[start].append(Edge(end, new, price("py_init", new, len(run)), "py_init"))
            if cut is None:
                edges[start].append(Edge(end, run, LATIN_LETTER * len(run), ""))


def syllable_words(cut: tuple[tuple[int, str], ...], start: int, end: int, text: str, edges: Edges) -> None:
    """Add the words that two or more neighbouring syllables of a run spell."""
    table = index.by_sound()
    for k in range(len(cut)):
        for size in range(2, min(index.LONGEST_WORD, len(cut) - k) + 1):
            at, syllable = cut[k + size - 1]
            stop = start + at + len(syllable)
            stop += text[stop : stop + 1] == " " and stop < end
            for new in table.get(" ".join([s for _, s in cut[k : k + size]]), ()):
                bonus = WORD_BONUS * (size - 1) + WORD_LEVEL * (index.vocabulary()[new] - 20) // 8
                edges[start + cut[k][0]].append(Edge(stop, new, price("py_full", new, 1) - bonus, "py_full"))


def gap_edges(text: str, edges: Edges) -> None:
    """An insult with signs between its characters."""
    if not re.search(_GAP, text):
        return
    for m in re.finditer(rf"[\u4e00-\u9fff](?:{_GAP}[\u4e00-\u9fff])+", text):
        chars = [(m.start() + k, c) for k, c in enumerate(m.group()) if is_han(c)]
        for a in range(len(chars)):
            for b in range(a + 2, min(len(chars), a + _INSULT) + 1):
                word = "".join([c for _, c in chars[a:b]])
                if lexicon().get(word) == "insult":
                    edges[chars[a][0]].append(Edge(chars[b - 1][0] + 1, word, price("mark", word, 1), "mark"))


def split_edges(text: str, odd: set[int], edges: Edges) -> None:
    """Two neighbouring characters can be the halves of one."""
    table = index.joined()
    for i in sorted(odd):
        for new in table.get(text[i : i + 2], ()):
            edges[i].append(Edge(i + 2, new, price("split", new, 1), "split"))


def shape_price(old: str, new: str) -> int:
    """Return the price of reading one character as a look-alike: the rarer it is, the lower."""
    place = ranks().get(old, 10**6)
    return max(PRICES["vsim"].char, SHAPE_COMMON - place // SHAPE_STEP)


def shape_edges(text: str, odd: set[int], edges: Edges) -> None:
    """A character can stand for one that looks like it; a common one only within a known word."""
    known = index.vocabulary()
    for i in sorted(odd):
        c = text[i]
        rare = ranks().get(c, 10**6) >= _RARE
        for new in index.similar(c, 40):
            if rare or new in lexicon():
                edges[i].append(Edge(i + 1, new, price("vsim", new, 0) + shape_price(c, new), "vsim"))
        if i + 1 not in odd:
            continue
        first = (c, *index.similar(c, 20))
        second = (text[i + 1], *index.similar(text[i + 1], 20))
        for k, a in enumerate(first):
            for n, b in enumerate(second):
                if (k or n) and a + b in known:
                    paid = price("vsim", a + b, 0)
                    paid += shape_price(c, a) if k else 0
                    paid += shape_price(text[i + 1], b) if n else 0
                    edges[i].append(Edge(i + 2, a + b, paid, "vsim"))


def sound_edges(text: str, odd: set[int], edges: Edges) -> None:
    """Characters can stand for a word that sounds like them."""
    table = index.by_sound()
    for i in odd:
        for new in index.same_sound(text[i]):
            if new in lexicon():
                edges[i].append(Edge(i + 1, new, price("homo", new, 1), "homo"))
        for size in range(2, index.LONGEST_WORD + 1):
            piece = text[i : i + size]
            if len(piece) < size or not is_han(piece[-1]):
                break
            for new in table.get(" ".join(pinyin(piece)), ()):
                changed = sum(a != b for a, b in zip(piece, new, strict=True))
                if changed:
                    edges[i].append(Edge(i + size, new, price("homo", new, changed), "homo"))


def order_edges(text: str, odd: set[int], edges: Edges) -> None:
    """Characters can stand for a word made of the same characters."""
    table = index.by_characters()
    for i in odd:
        for size in range(2, index.LONGEST_WORD + 1):
            piece = text[i : i + size]
            if len(piece) < size or not is_han(piece[-1]):
                break
            for new in table.get("".join(sorted(piece)), ()):
                if new != piece:
                    edges[i].append(Edge(i + size, new, price("shuff", new, size), "shuff"))
            if size <= 3 and i + size - 1 in odd:
                for mixed in set(permutations(piece)):
                    new = "".join(mixed)
                    if new != piece:
                        paid = ORDER_ANY + price("shuff", "", size)
                        edges[i].append(Edge(i + size, new, paid, "shuff"))
