"""The cheapest reading of a text, given what each piece could stand for.

Contract: Viterbi over positions with a beam; the state is the last two characters. A path costs what the
n-gram model charges for its Han runs plus what its edges charge. Leaving everything as it is is always a path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sophro.text._costs import BEAM
from sophro.text._model import NGrams
from sophro.text.tables import is_han


class Edge(NamedTuple):
    """A reading of one piece.

    Attributes:
        end: One past the last character of the piece (the start is the key under which it is kept).
        text: What it is read as.
        cost: Quarters of a nat.
        kind: The disguise; empty for reading the piece as it is.
    """

    end: int
    text: str
    cost: int
    kind: str


class Read(NamedTuple):
    """One edge of the cheapest path.

    Attributes:
        start: First character of the piece.
        edge: The edge taken.
    """

    start: int
    edge: Edge


def advance(model: NGrams, state: str, text: str) -> tuple[str, int]:
    """Return state and cost after ``text``; a character that is not Han closes the run before it."""
    total = 0
    for c in text:
        if is_han(c):
            total += model.cost(state, c)
            state = state[1] + c
        elif state != "^^":
            total += model.cost(state, "$")
            state = "^^"
    return state, total


def cheapest(model: NGrams, text: str, edges: Mapping[int, Sequence[Edge]]) -> list[Read]:
    """Return the edges of the cheapest path through ``text``, in order.

    Args:
        model: What readings cost.
        text: One window.
        edges: Start -> edges; the identity edge of every position is implied.
    """
    size = len(text)
    # position -> state -> (cost, start of the edge, state there, edge)
    best: list[dict[str, tuple[int, int, str, Edge | None]]] = [{} for _ in range(size + 1)]
    best[0]["^^"] = (0, 0, "", None)
    for i in range(size):
        states = best[i]
        if not states:
            continue
        if len(states) > BEAM:
            states = dict(sorted(states.items(), key=lambda kv: kv[1][0])[:BEAM])
        own = edges.get(i, ())
        steps = own if any(not e.kind for e in own) else (Edge(i + 1, text[i], 0, ""), *own)
        # One character for another is what nearly all edges are.
        plain = [(edge, len(edge.text) == 1 and is_han(edge.text)) for edge in steps]
        for state, (paid, *_) in states.items():
            for edge, one in plain:
                if one:
                    after, more = state[1] + edge.text, model.cost(state, edge.text)
                else:
                    after, more = advance(model, state, edge.text)
                total = paid + more + edge.cost
                known = best[edge.end].get(after)
                if known is None or total < known[0]:
                    best[edge.end][after] = (total, i, state, edge)
    last = min(best[size], key=lambda s: best[size][s][0] + advance(model, s, "\n")[1])
    path: list[Read] = []
    at, state = size, last
    while at:
        _, start, before, edge = best[at][state]
        assert edge is not None
        path.append(Read(start, edge))
        at, state = start, before
    return path[::-1]
