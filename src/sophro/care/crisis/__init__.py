"""The crisis layer: sees every message of a person, keeps the risk state, and says what must be said.

Card: crisis_safety.md. Contract: ``CrisisMonitor`` wraps one conversation; it works when the model is weak or down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sophro._lazy import lazy

if TYPE_CHECKING:
    from sophro.care.crisis._draft import approve, check, forbidden
    from sophro.care.crisis._monitor import CrisisMonitor, read_ahead
    from sophro.care.crisis._records import Records
    from sophro.care.crisis._resources import Resource, stale
    from sophro.care.crisis._types import FLAGS, CrisisState, Level, Reading, Signal

__all__ = [
    "FLAGS",
    "CrisisMonitor",
    "CrisisState",
    "Level",
    "Reading",
    "Records",
    "Resource",
    "Signal",
    "approve",
    "check",
    "forbidden",
    "read_ahead",
    "stale",
]

__getattr__ = lazy(
    __name__,
    {
        "CrisisMonitor": "_monitor",
        "CrisisState": "_types",
        "FLAGS": "_types",
        "Level": "_types",
        "Reading": "_types",
        "Records": "_records",
        "Resource": "_resources",
        "approve": "_draft",
        "check": "_draft",
        "forbidden": "_draft",
        "read_ahead": "_monitor",
        "stale": "_resources",
        "Signal": "_types",
    },
)
