"""Remaining time: the plan's expectation, corrected by how long things really took.

Contract: pure arithmetic. While nothing is known the plan stands as it is; each second of finished or partly
finished work moves the correction towards the measured speed.
"""

from __future__ import annotations

from collections.abc import Mapping

# Weight of the plan: as if this many expected seconds had already gone exactly to plan.
_TRUST_SECONDS = 5.0


class Eta:
    """Tracks a run whose parts are expected to take ``expected`` seconds each (None: unknown)."""

    def __init__(self, expected: Mapping[str, float | None]) -> None:
        known = [value for value in expected.values() if value is not None]
        typical = sum(known) / len(known) if known else 60.0
        self._left = {name: typical if value is None else value for name, value in expected.items()}
        self._expected_done = 0.0
        self._measured_done = 0.0

    def finished(self, name: str, seconds: float | None) -> None:
        """Note that a part is done; ``seconds`` is None for one that was there already."""
        expected = self._left.pop(name, 0.0)
        if seconds is not None:
            self._expected_done += expected
            self._measured_done += seconds

    def remaining(self, name: str | None = None, share: float = 0.0, seconds: float = 0.0) -> float:
        """Return the seconds left.

        Args:
            name: Part at work now, if any.
            share: How much of it is done, in [0, 1].
            seconds: How long it has been at work.
        """
        current = self._left.get(name, 0.0) if name is not None else 0.0
        part = current * min(max(share, 0.0), 1.0)
        measured = self._measured_done + (seconds if part > 0 else 0.0)
        correction = (measured + _TRUST_SECONDS) / (self._expected_done + part + _TRUST_SECONDS)
        return max(0.0, (sum(self._left.values()) - part) * correction)


def spoken(seconds: float) -> str:
    """Return a duration as people say it: ``40 s``, ``3 min``, ``2 h 05 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
