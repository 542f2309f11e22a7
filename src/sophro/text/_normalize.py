"""Undo disguises of Chinese text.

Papers: taxonomy of Yang et al. 2025 (arXiv 2505.24341); matching toxic words by sound, C2TU (arXiv 2505.22184);
de-obfuscation as denoising, BIND (WWW 2026). The design is ours (the card marks it as inferred).

Contract: a pure function; text without disguise comes back unchanged (measured: docs/chinese.md); the least
confident repair is the confidence of the whole. First forms, hidden characters and mixed script are repaired,
each on its own evidence; then a noisy-channel reading: every piece may stay or be read as what it could have
disguised, and the cheapest reading under a character n-gram model wins.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sophro.text._align import CharMap, Edit
from sophro.text._clean import clean_edits
from sophro.text._costs import LEAST_GAIN, LOOK_CLOSER, PRIOR, SUM_GAIN, WINDOW
from sophro.text._lattice import Edge, Read, advance, cheapest
from sophro.text._model import NGrams, shipped
from sophro.text._readings import HIDDEN, Edges, hidden_edges, odd_places, open_places, visible_edges
from sophro.text._variants import simplified, variant_edits
from sophro.text.tables import is_han

CERTAIN = {"form": 0.99, "hidden": 0.99, "mark": 0.95, "lookalike": 0.97, "trad": 0.95}
# Repairs can lay open others; text that still changes after this many rounds comes back as it is then.
ROUNDS = 6
_PART = re.compile(r"[^，。！？；：、…\n\r\t!?;:,()（）《》“”\"「」【】\[\]]+")


@dataclass(frozen=True)
class Undone:
    """One disguise that was undone.

    Attributes:
        start: First code point of the disguised piece in the source.
        end: One past its last code point.
        found: The disguised piece.
        restored: What replaces it.
        kind: ``form``, ``hidden``, ``mark``, ``lookalike``, ``trad``, ``split``, ``vsim``, ``homo``,
            ``py_full``, ``py_init``, ``emoji`` or ``shuff``; several joined by ``+`` where pieces touch.
        confidence: 0 to 1.
    """

    start: int
    end: int
    found: str
    restored: str
    kind: str
    confidence: float


@dataclass(frozen=True)
class Normalized:
    """A text without its disguises.

    Attributes:
        text: The restored text; equal to ``source`` if nothing was undone.
        undone: What was undone, in order of place.
        confidence: The least confidence among ``undone``; 1 if nothing was undone.
        source: The text as given.
    """

    text: str
    undone: tuple[Undone, ...]
    confidence: float
    source: str

    @property
    def map(self) -> CharMap:
        """Alignment of ``source`` and ``text``, both ways."""
        return CharMap.of([Edit(u.start, u.end, u.restored) for u in self.undone], self.source)


def normalize(text: str, model: NGrams | None = None) -> Normalized:
    """Undo disguises; text without disguise comes back unchanged.

    Args:
        text: Any text; what is neither Han nor part of a disguise is never changed.
        model: What is usual; by default the shipped model. ``language_model().learned(texts)`` knows your texts too.

    Returns:
        The text, what was undone and how sure that is.
    """
    steps: list[Step] = []
    now = text
    for _ in range(ROUNDS):
        found = _round(model or shipped(), now, frozenset(k for s in steps for k in s.kinds))
        if not found:
            break
        now = CharMap(tuple(s.edit for s in found), len(now)).apply(now)
        steps = _compose(text, steps, found)
    undone = tuple(
        Undone(e.start, e.end, text[e.start : e.end], e.text, "+".join(kinds), round(sure, 3))
        for e, kinds, sure in steps
    )
    return Normalized(now, undone, min((u.confidence for u in undone), default=1.0), text)


class Step(NamedTuple):
    """One repair on the way.

    Attributes:
        edit: In the text it was found in.
        kinds: The disguises it undoes.
        sure: 0 to 1.
    """

    edit: Edit
    kinds: tuple[str, ...]
    sure: float


def _round(model: NGrams, text: str, suspect: frozenset[str]) -> list[Step]:
    """Return the repairs of the first stage that finds any: writing, then script, then reading."""
    found = [Step(e, (kind,), CERTAIN[kind]) for e, kind in clean_edits(text)]
    if found:
        return found
    variants = [Step(e, ("trad",), CERTAIN["trad"]) for e in variant_edits(text)]
    # Consistently traditional text is judged in simplified script, which the model knows, and stays as it is.
    return variants or _repairs(model, simplified(text), suspect)


def _compose(source: str, before: list[Step], after: list[Step]) -> list[Step]:
    """Return ``after``, found in what ``before`` makes of ``source``, and what is left of ``before``, in one."""
    aligned = CharMap(tuple(s.edit for s in before), len(source))
    now = aligned.apply(source)
    kept = list(before)
    for edit, kinds, sure in after:
        start, end = aligned.to_source(edit.start, edit.end)
        first, last = aligned.to_new(start, end)
        inside = [s for s in kept if start <= s.edit.start and s.edit.end <= end]
        kept = [s for s in kept if s not in inside]
        # A piece that was repaired as a whole is replaced as a whole.
        new = now[first : edit.start] + edit.text + now[edit.end : last]
        every = tuple(dict.fromkeys([k for s in inside for k in s.kinds] + list(kinds)))
        if new != source[start:end]:
            kept.append(Step(Edit(start, end, new), every, min([sure, *(s.sure for s in inside)])))
    return sorted(kept)


def _windows(text: str) -> Iterator[tuple[int, str]]:
    for m in _PART.finditer(text):
        for at in range(m.start(), m.end(), WINDOW):
            yield at, text[at : min(at + WINDOW, m.end())]


Found = list[tuple[Edit, list[str], int]]  # repairs with their kinds and gains


def _repairs(model: NGrams, text: str, suspect: frozenset[str]) -> list[Step]:
    """Return what the cheapest reading changes, with kind and confidence; touching pieces are one.

    Pictures and letters are read together with one kind of replaced characters at a time, and the kind that explains
    most is taken: people who use one kind seldom use another in the same sentence, and many characters look like
    one and sound like another.

    Args:
        model: What is usual.
        text: The text so far.
        suspect: The kinds of disguise found in it already. A small gain is enough for more of these, as it is
            for a kind once one repair is sure on its own or all of that kind are together.
    """
    windows = [
        (offset, window, visible_edges(window), odd_places(model, window))
        for offset, window in _windows(text)
        if any(map(is_han, window))
    ]
    taken = _read(model, windows, "", False)
    if any(odd for *_, odd in windows):
        most = 0
        known = [kind for kind in HIDDEN if kind in suspect]
        first = {kind: _read(model, windows, kind, kind in suspect) for kind in known or HIDDEN}
        closer = max(LOOK_CLOSER, max(_total(found, kind) for kind, found in first.items()) // 2)
        for kind, found in first.items():
            if kind not in suspect and _total(found, kind) >= closer:
                found = _read(model, windows, kind, True)
            prior = PRIOR[kind]
            least = 0 if kind in suspect else prior.text + prior.per_four * len(text) // 4
            over = _total(found, kind) - least
            if over > most:
                most, taken = over, found
    sure = set(suspect)
    together: Counter[str] = Counter()
    for _, kinds, gain in taken:
        together.update(dict.fromkeys(kinds, gain))
        sure.update(k for k in kinds if k in HIDDEN or gain >= max(LEAST_GAIN[k].alone for k in kinds))
    sure.update(k for k, gain in together.items() if gain >= SUM_GAIN + len(text) // 2)
    return [
        Step(edit, tuple(kinds), 1 / (1 + math.exp(-max(gain, 0) / 16)))
        for edit, kinds, gain in taken
        if any(k in sure for k in kinds)
    ]


def _read(
    model: NGrams, windows: Sequence[tuple[int, str, Edges, set[int]]], kind: str, dense: bool
) -> Found:
    """Return the repairs of the cheapest reading with at most this hidden kind of disguise."""
    found: Found = []
    for offset, window, visible, odd in windows:
        edges = visible
        if kind:
            places = odd | open_places(window) if dense else odd
            hidden = hidden_edges(window, kind, places, dense)
            edges = {i: [*visible.get(i, ()), *hidden.get(i, ())] for i in {*visible, *hidden}}
        if not any(e.kind for own in edges.values() for e in own):
            continue
        group: list[Read] = []
        for read in [*cheapest(model, window, edges), None]:
            if read is not None and read.edge.kind:
                group.append(read)
            elif group:
                found.append(_merge(model, window, offset, group, edges))
                group = []
    return [f for f in found if f[2] >= max(LEAST_GAIN[k].among for k in f[1])]


def _total(found: Found, kind: str) -> int:
    return sum(gain for _, kinds, gain in found if kind in kinds)


def _merge(
    model: NGrams, window: str, offset: int, group: list[Read], edges: Mapping[int, Sequence[Edge]]
) -> tuple[Edit, list[str], int]:
    """Return touching pieces as one edit, their kinds and what the reading gains over leaving them."""
    start, end = group[0].start, group[-1].edge.end
    new = "".join([r.edge.text for r in group])
    gain = _cost(model, window, start, end, window[start:end]) - _cost(model, window, start, end, new)
    gain -= sum(r.edge.cost for r in group)
    at = start
    while at < end:
        stay = next((e for e in edges.get(at, ()) if not e.kind), None)
        gain += stay.cost if stay else 0
        at = stay.end if stay else at + 1
    return Edit(offset + start, offset + end, new), list(dict.fromkeys(r.edge.kind for r in group)), gain


def _cost(model: NGrams, window: str, start: int, end: int, middle: str) -> int:
    """Cost of ``middle`` in the place of ``window[start:end]``, with two characters on either side."""
    state = advance(model, "^^", window[max(0, start - 2) : start])[0]
    return advance(model, state, middle + window[end : end + 2] + "\n")[1]
