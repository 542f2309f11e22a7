"""The edges of the lattice: what each piece of a text could stand for.

Contract: pure functions from a window to edges. Only the neighbourhood of characters that surprise the n-gram
model gets edges for sound, shape and order, because honest text rarely surprises it there.
"""

from __future__ import annotations

import re
from collections import defaultdict

from sophro.text import _index as index
from sophro.text._costs import LATIN_LETTER, LEXICON_BONUS, ODD, PRICES
from sophro.text._lattice import Edge
from sophro.text._lexicon import lexicon
from sophro.text._model import cost, ranks
from sophro.text._pinyin import pinyin
from sophro.text._syllables import segment
from sophro.text.tables import emoji_names, is_han

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
    """Return the places whose neighbourhood surprises the model: from two before to two after."""
    places: set[int] = set()
    state = "^^"
    for i, c in enumerate(text):
        if not is_han(c):
            state = "^^"
            continue
        if cost(state, c) >= ODD:
            places.update(range(i - 2, i + 3))
        state = state[1] + c
    return {i for i in places if 0 <= i < len(text) and is_han(text[i])}


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
    """An emoji beside a Han character can stand for one."""
    names = emoji_names()
    for i, c in enumerate(text):
        if c not in names:
            continue
        end = i + 2 if text[i + 1 : i + 2] == "\ufe0f" else i + 1
        for new, rank in index.of_emoji(c):
            edges[i].append(Edge(end, new, price("emoji_sound" if rank else "emoji", new, 1), "emoji"))


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
            edges[start].append(Edge(end, run, LATIN_LETTER * len(run), ""))
            # Half a run is not read as pinyin while the rest stays for nothing.
            for k in range(start + 1, end):
                edges[k].append(Edge(k + 1, text[k], 2 * LATIN_LETTER, ""))
        if " " not in run and run in index.by_initials():
            for new in index.by_initials()[run]:
                edges[start].append(Edge(end, new, price("py_init", new, len(run)), "py_init"))
            if cut is None:
                edges[start].append(Edge(end, run, LATIN_LETTER * len(run), ""))


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


def shape_edges(text: str, odd: set[int], edges: Edges) -> None:
    """A character can stand for one that looks like it."""
    for i in odd:
        c = text[i]
        kind = "vsim_rare" if ranks().get(c, 10**6) >= _RARE else "vsim"
        for new in index.similar(c):
            edges[i].append(Edge(i + 1, new, price(kind, new, 1), "vsim"))


def sound_edges(text: str, odd: set[int], edges: Edges) -> None:
    """Characters can stand for a word that sounds like them, or for one such character."""
    table = index.by_sound()
    for i in odd:
        for new in index.same_sound(text[i]):
            edges[i].append(Edge(i + 1, new, price("homo_char", new, 1), "homo"))
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
