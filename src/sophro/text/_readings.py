"""The edges of the lattice: what each piece of a text could stand for.

Contract: pure functions from a window to edges. Only the neighbourhood of characters that surprise the n-gram
model gets edges for sound, shape and order, because honest text rarely surprises it there.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from itertools import permutations

from sophro.text import _index as index
from sophro.text._costs import (
    EMOJI_INSIDE,
    FACE_INSIDE,
    INITIAL_LETTER,
    LATIN_LETTER,
    LATIN_RUN,
    LEXICON_BONUS,
    ODD,
    ORDER_ANY,
    PRICES,
    SHAPE_COMMON,
    SHAPE_FAR,
    SHAPE_PLACES,
    SHAPE_STEP,
    WORD_BONUS,
    WORD_LEVEL,
)
from sophro.text._lattice import Edge
from sophro.text._lexicon import lexicon
from sophro.text._model import NGrams, ranks
from sophro.text._pinyin import pinyin
from sophro.text._syllables import USUAL, segment
from sophro.text.tables import is_han

Edges = defaultdict[int, list[Edge]]
_LATIN = re.compile(r"[a-z]+(?: [a-z]+)*")
_FACE = re.compile(
    "[\u2639\u263a\u270a-\u270d\u2764\U0001f44a-\U0001f450\U0001f493-\U0001f49f\U0001f600-\U0001f64f"
    "\U0001f910-\U0001f92f]"
)
_GAP = r"[ *·.\-_~|/+^#]{1,2}"
LONGEST_RUN = 12
USUAL_WORD = 14  # level of a word of two characters that hardly comes about by chance
_INSULT = max(len(w) for w in lexicon())


def price(kind: str, new: str, changed: int, dense: bool = False) -> int:
    """Return the cost of reading a piece as ``new`` with ``changed`` characters replaced."""
    own = PRICES[kind]
    return own.piece * (not dense) + own.char * changed - (LEXICON_BONUS if new in lexicon() else 0)


def odd_places(model: NGrams, text: str) -> set[int]:
    """Return the places that surprise the model and are in no known word, and their neighbours."""
    surprising: list[int] = []
    state = "^^"
    for i, c in enumerate(text):
        if not is_han(c):
            state = "^^"
            continue
        if model.cost(state, c) >= ODD:
            surprising.append(i)
        state = state[1] + c
    places = {n for i in surprising if not _in_word(text, i) for n in (i - 1, i, i + 1)}
    return {i for i in places if 0 <= i < len(text) and is_han(text[i])}


def open_places(text: str) -> set[int]:
    """Return the places of characters in no usual word: where a disguise that is in the text can be too."""
    known = index.vocabulary()
    inside: set[int] = set()
    for size in range(2, index.LONGEST_WORD + 1):
        least = USUAL_WORD if size == 2 else 0
        for a in range(len(text) - size + 1):
            if known.get(text[a : a + size], -1) >= least:
                inside.update(range(a, a + size))
    return {i for i, c in enumerate(text) if is_han(c)} - inside


def _in_word(text: str, at: int) -> bool:
    known = index.vocabulary()
    return any(
        text[a : a + size] in known
        for size in range(2, index.LONGEST_WORD + 1)
        for a in range(max(0, at - size + 1), at + 1)
    )


def visible_edges(text: str) -> Edges:
    """Return start -> edges for what anyone sees to be no plain Chinese: pictures, letters, signs."""
    edges: Edges = defaultdict(list)
    emoji_edges(text, edges)
    latin_edges(text, edges)
    gap_edges(text, edges)
    return edges


def hidden_edges(text: str, kind: str, places: set[int], dense: bool) -> Edges:
    """Return start -> edges that read characters as others.

    Args:
        text: One window.
        kind: One of ``HIDDEN``.
        places: Where to look.
        dense: This kind was found in the text, so each character is judged by itself.
    """
    edges: Edges = defaultdict(list)
    _FINDERS[kind](text, places, edges, dense)
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
        if after and _inner(after) and (not i or _inner(before)):
            stay = FACE_INSIDE if _FACE.match(m.group()) else EMOJI_INSIDE
            edges[i].append(Edge(end, m.group(), stay, ""))


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
        elif 1 < len(run) <= LONGEST_RUN and len(set(run)) > 1 and run not in USUAL:
            initial_edges(run, start, edges)


def initial_edges(run: str, start: int, edges: Edges) -> None:
    """Add what the first letters of a run, or of parts of it, can stand for."""
    table = index.by_initials()
    for k in range(len(run) - 1):
        for size in range(2, min(index.LONGEST_INITIALS, len(run) - k) + 1):
            if size != len(run) - k and size == len(run) - k - 1:
                continue  # one letter would be left over
            for new in table.get(run[k : k + size], ()):
                paid = price("py_init", new, size)
                edges[start + k].append(Edge(start + k + size, new, paid, "py_init"))
    edges[start].append(Edge(start + len(run), run, LATIN_RUN + INITIAL_LETTER * len(run), ""))
    for k in range(1, len(run)):
        edges[start + k].append(Edge(start + k + 1, run[k], LATIN_RUN + 2 * INITIAL_LETTER, ""))


def syllable_words(cut: tuple[tuple[int, str], ...], start: int, end: int, text: str, edges: Edges) -> None:
    """Add the words that two or more neighbouring syllables of a run spell."""
    table = index.by_sound()
    following: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for at, syllable in cut:
        stop = start + at + len(syllable)
        stop += text[stop : stop + 1] == " " and stop < end
        following[start + at].append((stop, syllable))
    for first in list(following):
        paths = [(stop, [syllable]) for stop, syllable in following[first]]
        for _ in range(index.LONGEST_WORD - 1):
            paths = [(stop, [*sounds, s]) for at, sounds in paths for stop, s in following.get(at, ())]
            for stop, sounds in paths:
                for new in table.get(" ".join(sounds), ()):
                    bonus = WORD_BONUS * (len(sounds) - 1)
                    bonus += WORD_LEVEL * (index.vocabulary()[new] - 20) // 8
                    edges[first].append(Edge(stop, new, price("py_full", new, 1) - bonus, "py_full"))


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


def split_edges(text: str, odd: set[int], edges: Edges, dense: bool) -> None:
    """Two neighbouring characters can be the halves of one."""
    table = index.joined()
    for i in sorted(odd):
        for new in table.get(text[i : i + 2], ()):
            edges[i].append(Edge(i + 2, new, price("split", new, 1, dense), "split"))


def shape_price(old: str) -> int:
    """Return the price of reading one character as a look-alike: the rarer it is, the lower."""
    place = ranks().get(old, 10**6)
    return max(PRICES["vsim"].char, SHAPE_COMMON - place // SHAPE_STEP)


def shape_edges(text: str, odd: set[int], edges: Edges, dense: bool) -> None:
    """A character can stand for one that looks like it, alone or within a known word."""
    known = index.vocabulary()
    for i in sorted(odd):
        c = text[i]
        for k, new in enumerate(index.similar(c)):
            paid = price("vsim", new, 0, dense) + shape_price(c) + SHAPE_FAR[bisect_right(SHAPE_PLACES, k)]
            edges[i].append(Edge(i + 1, new, paid, "vsim"))
        if dense or i + 1 not in odd:
            continue
        first = (c, *index.similar(c, 20))
        second = (text[i + 1], *index.similar(text[i + 1], 20))
        for k, a in enumerate(first):
            for n, b in enumerate(second):
                if (k or n) and a + b in known:
                    paid = price("vsim", a + b, 0, dense)
                    paid += shape_price(c) if k else 0
                    paid += shape_price(text[i + 1]) if n else 0
                    edges[i].append(Edge(i + 2, a + b, paid, "vsim"))


def sound_edges(text: str, odd: set[int], edges: Edges, dense: bool) -> None:
    """Characters can stand for a word that sounds like them."""
    table = index.by_sound()
    for i in odd:
        for new in index.same_sound(text[i]):
            edges[i].append(Edge(i + 1, new, price("homo", new, 1, dense), "homo"))
        for size in range(2, index.LONGEST_WORD + 1):
            piece = text[i : i + size]
            if len(piece) < size or not is_han(piece[-1]):
                break
            for new in table.get(" ".join(pinyin(piece)), ()):
                changed = sum(a != b for a, b in zip(piece, new, strict=True))
                if changed:
                    edges[i].append(Edge(i + size, new, price("homo", new, changed, dense), "homo"))


def order_edges(text: str, odd: set[int], edges: Edges, dense: bool) -> None:
    """Characters can stand for a word made of the same characters."""
    table = index.by_characters()
    for i in odd:
        for size in range(2, index.LONGEST_WORD + 1):
            piece = text[i : i + size]
            if len(piece) < size or not is_han(piece[-1]):
                break
            for new in table.get("".join(sorted(piece)), ()):
                if new != piece:
                    edges[i].append(Edge(i + size, new, price("shuff", new, size, dense), "shuff"))
            if size <= 3 and i + size - 1 in odd:
                for mixed in set(permutations(piece)):
                    new = "".join(mixed)
                    if new != piece:
                        paid = ORDER_ANY + price("shuff", "", size, dense)
                        edges[i].append(Edge(i + size, new, paid, "shuff"))


_FINDERS = {"homo": sound_edges, "vsim": shape_edges, "split": split_edges, "shuff": order_edges}
HIDDEN = tuple(_FINDERS)
