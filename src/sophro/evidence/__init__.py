"""Executable claims: thresholds in code, intervals printed, controls that must fail.

A claim that does not hold says so and keeps its numbers; thresholds do not move. ``sophro evidence`` exits
with 3 if any claim did not hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sophro.evidence._claims import claims, run_claims
    from sophro.evidence._types import Check, Claim, Outcome

__all__ = ["Check", "Claim", "Outcome", "claims", "run_claims"]


def __getattr__(name: str) -> Any:
    if name in ("claims", "run_claims"):
        from sophro.evidence import _claims

        return getattr(_claims, name)
    if name in __all__:
        from sophro.evidence import _types

        return getattr(_types, name)
    raise AttributeError(f"module 'sophro.evidence' has no attribute {name!r}")
