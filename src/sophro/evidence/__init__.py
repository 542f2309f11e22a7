"""Executable claims: thresholds in code, intervals printed, controls that must fail.

A claim that does not hold says so and keeps its numbers; thresholds do not move. ``sophro evidence`` exits
with 3 if any claim did not hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sophro._lazy import lazy

if TYPE_CHECKING:
    from sophro.evidence._claims import claims, run_claims
    from sophro.evidence._types import Check, Claim, Outcome

__all__ = ["Check", "Claim", "Outcome", "claims", "run_claims"]


__getattr__ = lazy(
    __name__,
    {"Check": "_types", "Claim": "_types", "Outcome": "_types", "claims": "_claims", "run_claims": "_claims"},
)
