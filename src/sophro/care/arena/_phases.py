"""The course of a session: trust, diagnosis, solution, end. Code decides; no model counts or navigates.

Paper: Ψ-Arena (arXiv 2505.03293) has the three phases; when one ends is the card's design (inferred).
"""

from __future__ import annotations

from dataclasses import dataclass

from sophro.care.arena._client import TRUSTS_AT, State
from sophro.care.arena._hear import Heard
from sophro.care.arena._profiles import Profile
from sophro.care.arena._types import PHASES
from sophro.errors import SophroError


@dataclass(frozen=True)
class Caps:
    """Bounds of a session, in exchanges (one turn of each side).

    Attributes:
        least: A phase lasts at least so many.
        most: A phase ends after so many, goal or not.
        total: The session ends after so many.
    """

    least: int = 3
    most: int = 8
    total: int = 24

    def __post_init__(self) -> None:
        """Refuse bounds that no session can meet."""
        if not 1 <= self.least <= self.most or self.total < self.least:
            raise SophroError(
                f"phases of {self.least} to {self.most} exchanges in a session of {self.total} are impossible"
            )


def next_phase(phase: str, exchanges: int, state: State, profile: Profile, heard: Heard, caps: Caps) -> str:
    """Return the phase of the next exchange, or ``end``.

    Args:
        phase: Phase of this exchange.
        exchanges: Exchanges in this phase, this one included.
        state: The client after it.
        profile: The client.
        heard: The counselor's turn of this exchange.
        caps: Bounds.
    """
    if exchanges < caps.least:
        return phase
    reached = {
        "trust": state.trust >= TRUSTS_AT,
        "diagnose": 2 * len(state.disclosed) >= len(profile.gated)
        and (profile.risk == "none" or state.risk_said),
        "solve": bool({"close", "farewell"} & heard.marks),
    }[phase]
    if not reached and exchanges < caps.most:
        return phase
    place = PHASES.index(phase) + 1
    return PHASES[place] if place < len(PHASES) else "end"
