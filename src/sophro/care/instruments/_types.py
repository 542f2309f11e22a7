"""What an instrument is and what scoring one yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Pattern = Literal["major", "other", "none"]


@dataclass(frozen=True)
class Licence:
    """Whether an instrument may be shipped.

    Attributes:
        status: ``free`` (shipped), ``refused`` (not shipped).
        terms: The terms, in our words.
        source: Where they stand.
        certainty: ``read`` on a page of the holder, or ``from memory``.
    """

    status: Literal["free", "refused"]
    terms: str
    source: str
    certainty: Literal["read", "from memory"]


@dataclass(frozen=True)
class Wording:
    """An instrument in one language.

    Attributes:
        stem: Question over all items.
        options: Texts of the answers, in the order of the values.
        items: Texts of the items.
        difficulty: Question on how much the problems hinder; not scored.
        source: Where the wording comes from.
    """

    stem: str
    options: tuple[str, ...]
    items: tuple[str, ...]
    difficulty: str
    source: str


@dataclass(frozen=True)
class Algorithm:
    """Counting rule of the PHQ-9 beside its sum.

    Attributes:
        at: Value from which an item counts.
        risk_at: Value from which the risk item counts.
        core: Items (from 1) of which one must count.
        major: Fewest counting items of the major pattern.
        other: Fewest counting items of the other pattern.
    """

    at: int
    risk_at: int
    core: tuple[int, ...]
    major: int
    other: int


@dataclass(frozen=True)
class Instrument:
    """One questionnaire.

    Attributes:
        name: Stable name.
        title: Full name.
        paper: Reference.
        construct: What it asks about.
        window_days: Days that it asks about.
        licence: Whether and why it may be shipped.
        languages: Wording by language.
        values: Allowed values of an item.
        bands: (name, lowest total, highest total), without gaps.
        cut: Total from which further evaluation is advised.
        risk_item: Number of the item on self-harm, from 1; None if there is none.
        algorithm: Counting rule beside the sum, if there is one.
        note: What must be said beside a score.
    """

    name: str
    title: str
    paper: str
    construct: str
    window_days: int
    licence: Licence
    languages: Mapping[str, Wording]
    values: tuple[int, ...]
    bands: tuple[tuple[str, int, int], ...]
    cut: int
    risk_item: int | None
    algorithm: Algorithm | None
    note: str

    @property
    def size(self) -> int:
        """Number of items."""
        return len(next(iter(self.languages.values())).items)


@dataclass(frozen=True)
class Scored:
    """A scored questionnaire.

    Attributes:
        instrument: Its name.
        total: Sum of the items; None if one is missing. Nothing is filled in.
        low: Smallest total that the answers allow (missing items at their lowest).
        high: Largest total that they allow.
        band: Name of the band, None where ``low`` and ``high`` lie in different ones.
        at_cut: Whether the total reaches the cut; None where the missing items decide it.
        pattern: Result of the counting rule; None without a rule or where the missing items decide it.
        risk: Whether the self-harm item is above zero; None if it is missing or there is none.
        missing: Numbers of missing items, from 1.
        note: What must be said beside the score.
    """

    instrument: str
    total: int | None
    low: int
    high: int
    band: str | None
    at_cut: bool | None
    pattern: Pattern | None
    risk: bool | None
    missing: tuple[int, ...]
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)
