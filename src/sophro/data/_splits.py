"""Splits that keep twins together, and balanced samples.

Contract: the unit is the behaviour, so a harmful request and its benign twins always fall into the same
part. Behaviours of one category (and the same languages) are ordered by the SHA-256 of their name and cut at
the fractions, so each category is within one behaviour of its share, and the result depends neither on the
order of the records nor on a random generator.

Stability: adding behaviours to one category moves at most one old behaviour across each cut for each one
added; other categories do not change. A split by hash alone would move none but leave small categories far
from their share. Behaviours that two sets share are split alike as long as both hold all of them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Literal, get_args

from sophro.data._records import Record
from sophro.errors import SophroError, unknown_name

Part = Literal["train", "dev", "test"]
PARTS: tuple[str, ...] = get_args(Part)
FRACTIONS = (0.4, 0.1, 0.5)


def _uniform(*parts: object) -> float:
    """A number in [0, 1) that depends on the texts alone."""
    data = "\x1f".join(str(p) for p in parts).encode("utf-8")
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "big") / 2**64


def assign_parts(
    records: Sequence[Record], fractions: tuple[float, float, float] = FRACTIONS
) -> dict[str, Part]:
    """Return the part of every behaviour in ``records``.

    Raises:
        SophroError: If the fractions are negative or do not sum to 1.
    """
    if len(fractions) != 3 or min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise SophroError(f"fractions {fractions} must be three numbers >= 0 with sum 1 (train, dev, test)")
    category: dict[str, str] = {}
    langs: defaultdict[str, set[str]] = defaultdict(set)
    for record in records:
        category[record.behaviour] = min(category.get(record.behaviour, record.category), record.category)
        langs[record.behaviour].add(record.lang)
    strata: defaultdict[tuple[str, frozenset[str]], list[str]] = defaultdict(list)
    for behaviour, name in category.items():
        strata[name, frozenset(langs[behaviour])].append(behaviour)
    parts: dict[str, Part] = {}
    cuts = (fractions[0], fractions[0] + fractions[1])
    for (name, _), behaviours in strata.items():
        # Where a category starts on the scale differs, else every category of one would be in one part.
        start = _uniform("category", name)
        for rank, behaviour in enumerate(sorted(behaviours, key=lambda b: (_uniform("behaviour", b), b))):
            at = (rank + start) / len(behaviours)
            parts[behaviour] = "train" if at < cuts[0] else "dev" if at < cuts[1] else "test"
    return parts


def split(
    records: Sequence[Record], part: Part, fractions: tuple[float, float, float] = FRACTIONS
) -> list[Record]:
    """Return the records of one part, in the order given.

    Args:
        records: All records that are to be divided; the parts are disjoint and together hold all of them.
        part: ``train``, ``dev`` or ``test``.
        fractions: Shares of train, dev and test.

    Raises:
        SophroError: If the part is unknown or the fractions are impossible.
    """
    check_part(part)
    parts = assign_parts(records, fractions)
    return [r for r in records if parts[r.behaviour] == part]


def check_part(part: str) -> None:
    """Refuse a part that is not train, dev or test."""
    if part not in PARTS:
        raise unknown_name("split", part, PARTS)


def take(records: Sequence[Record], limit: int, seed: int = 0) -> list[Record]:
    """Return at most ``limit`` records, as equal over categories as possible, in the order given.

    Categories take turns. Within one, behaviours come in an order drawn by ``seed``, first one record of each
    behaviour, so that two sets with the same behaviours are sampled alike. A smaller limit gives a subset.

    Raises:
        SophroError: If the limit is below 1.
    """
    if limit < 1:
        raise SophroError(f"limit {limit} must be at least 1")
    queues: defaultdict[str, list[tuple[int, float, str, int]]] = defaultdict(list)
    seen: defaultdict[str, int] = defaultdict(int)
    for index in sorted(range(len(records)), key=lambda i: records[i].id):
        r = records[index]
        queues[r.category].append((seen[r.behaviour], _uniform(seed, r.behaviour), r.id, index))
        seen[r.behaviour] += 1
    ranked = [
        (turn, _uniform(seed, name), name, index)
        for name, queue in queues.items()
        for turn, (_, _, _, index) in enumerate(sorted(queue))
    ]
    chosen = sorted(index for _, _, _, index in sorted(ranked)[:limit])
    return [records[i] for i in chosen]
