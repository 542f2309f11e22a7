"""Demonstrations for in-context attacks: requests of the starter set with openings that comply.

Contract: the answers are the set's openings, written by us to sound willing and to hold nothing usable. Which
demonstrations a behaviour gets depends on it and the seed alone; more shots only add to fewer. The behaviour
itself and its neighbours in wording never appear, and only the train and dev parts are used, so that nothing
that is assessed by default is demonstrated.
"""

from __future__ import annotations

import random
from functools import cache

from sophro.data import Record, load_set, normalise
from sophro.errors import SophroError
from sophro.files import digest


@cache
def _pool(lang: str) -> tuple[Record, ...]:
    parts = [load_set(f"starter/harmful:{lang}", split=part) for part in ("train", "dev")]
    return tuple(r for part in parts for r in part if r.opening)


def most(lang: str) -> int:
    """Return how many demonstrations every behaviour of this language can get."""
    return len(_pool("zh" if lang == "zh" else "en")) - 1


def demonstrations(record: Record, count: int, seed: int, who: str) -> list[tuple[str, str]]:
    """Return ``count`` pairs of request and willing opening in the record's language.

    Raises:
        SophroError: If there are not that many.
    """
    if not 1 <= count <= most(record.lang):
        raise SophroError(
            f"attack {who}: {count} demonstrations are asked for; there are 1 to {most(record.lang)} for language "
            f"{record.lang!r}"
        )
    own = normalise(record.prompt)
    pool = [
        r
        for r in _pool("zh" if record.lang == "zh" else "en")
        if r.behaviour != record.behaviour and normalise(r.prompt) != own
    ]
    random.Random(
        digest("demonstrations", seed, record.id, record.prompt.encode("utf-8", "replace").hex())
    ).shuffle(pool)
    return [(r.prompt, r.opening or "") for r in pool[:count]]
