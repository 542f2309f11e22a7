"""From a judge card, as recorded, to the agreement that corrects a rate.

Contract: a card speaks only for the judge, version and question that it was measured on. Cards without
counts get the effective ones that their intervals imply, so that clustering in the check set carries over.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from sophro.report._read import mapping
from sophro.stats import Agreement, Interval, Rate, wilson


def card_agreement(
    verdict: Mapping[str, Any] | None, cards: Sequence[Mapping[str, Any]], kinds: Sequence[str]
) -> Agreement | None:
    """Return what the cards say about the judge of ``verdict``, or None if no card speaks for it.

    Args:
        verdict: A verdict that names judge and version.
        cards: All cards of the run.
        kinds: Questions that count; a card that does not name its question is taken.
    """
    for card in cards:
        # A card speaks only for the judge (name and version) and the question that it was measured on.
        same = verdict and all(card.get(key) == verdict.get(key) for key in ("judge", "version"))
        if same and (card.get("kind") is None or card["kind"] in kinds):
            parts = [_card_rate(card, name) for name in ("sensitivity", "specificity")]
            if parts[0] and parts[1]:
                nothing = Rate(0, 0, 0, None, None, 0, "none")
                return Agreement(0, 0, Interval(None, None, None, 0, "none"), nothing, parts[0], parts[1])
    return None


def _card_rate(card: Mapping[str, Any], name: str) -> Rate | None:
    part = mapping(card.get(name))
    k, n = part.get("k"), part.get("n")
    if isinstance(k, int) and isinstance(n, int) and 0 <= k <= n:
        return Rate(k, n, 0, None, None, n, "none")
    value, low, high = (part.get(key) for key in ("value", "low", "high"))
    if not all(isinstance(x, int | float) for x in (value, low, high)):
        return None
    return _effective(float(value or 0), float(high or 0) - float(low or 0))


def _effective(value: float, width: float) -> Rate | None:
    """Return the counts that would give a share and an interval as wide as those on a card without counts."""
    if not (0.0 <= value <= 1.0 and 0.0 < width < 1.0):
        return None
    n = max(1, bisect_right(range(1, 5001), -width, key=lambda size: -_width(value, size)))
    return Rate(round(value * n), n, 0, None, None, n, "none")


def _width(value: float, n: int) -> float:
    low, high = wilson(value * n, n)
    return high - low
