"""Scores a questionnaire by its published rules.

Papers: PHQ-9, Kroenke et al. 2001; GAD-7, Spitzer et al. 2006. Bands, cut and counting rule as in the card ``magi.md``.

Contract: pure. Missing items are not imputed: published advice on that differs, and we could not read the manual. What
is certain in spite of them (a range of totals, a band or cut that no missing answer could change) is still reported.
"""

from __future__ import annotations

from collections.abc import Sequence

from sophro.care.instruments._types import Instrument, Pattern, Scored
from sophro.errors import SophroError


def score(instrument: Instrument, answers: Sequence[int | None]) -> Scored:
    """Score the answers to all items, in order.

    Args:
        instrument: The questionnaire.
        answers: One value per item; None where it was not answered.

    Raises:
        SophroError: If the number of answers is wrong or one is no allowed value.
    """
    _check(instrument, answers)
    least, most = min(instrument.values), max(instrument.values)
    low = sum(least if a is None else a for a in answers)
    high = sum(most if a is None else a for a in answers)
    missing = tuple(i for i, a in enumerate(answers, start=1) if a is None)
    first, last = band_of(instrument, low), band_of(instrument, high)
    at_cut = None if low < instrument.cut <= high else low >= instrument.cut
    risk = answers[instrument.risk_item - 1] if instrument.risk_item else None
    return Scored(
        instrument.name,
        None if missing else low,
        low,
        high,
        first if first == last else None,
        at_cut,
        _pattern(instrument, answers),
        None if risk is None else risk > 0,
        missing,
        instrument.note,
    )


def band_of(instrument: Instrument, total: int) -> str:
    """Return the name of the band that holds ``total``.

    Raises:
        SophroError: If no band does.
    """
    for name, low, high in instrument.bands:
        if low <= total <= high:
            return name
    raise SophroError(f"{instrument.name}: no band holds a total of {total}")


def _check(instrument: Instrument, answers: Sequence[int | None]) -> None:
    if len(answers) != instrument.size:
        raise SophroError(
            f"{instrument.name}: {instrument.size} answers are needed, there are {len(answers)}; "
            "give null for an item that was not answered"
        )
    for number, answer in enumerate(answers, start=1):
        # True is 1 to Python, but not an answer; 2.0 and "2" are not either.
        if answer is not None and (type(answer) is not int or answer not in instrument.values):
            allowed = ", ".join(map(str, instrument.values))
            raise SophroError(
                f"{instrument.name}, item {number}: {answer!r} is no answer; allowed are {allowed}, or null"
            )


def _pattern(instrument: Instrument, answers: Sequence[int | None]) -> Pattern | None:
    """Apply the counting rule to the lowest and the highest answers; where they differ nobody can say."""
    if instrument.algorithm is None:
        return None
    ends: list[Pattern] = [
        _counted(instrument, [end if a is None else a for a in answers])
        for end in (min(instrument.values), max(instrument.values))
    ]
    return ends[0] if ends[0] == ends[1] else None


def _counted(instrument: Instrument, answers: Sequence[int]) -> Pattern:
    rule = instrument.algorithm
    assert rule is not None
    counts = [
        number
        for number, answer in enumerate(answers, start=1)
        if answer >= (rule.risk_at if number == instrument.risk_item else rule.at)
    ]
    if not set(counts) & set(rule.core):
        return "none"
    return "major" if len(counts) >= rule.major else "other" if len(counts) >= rule.other else "none"
