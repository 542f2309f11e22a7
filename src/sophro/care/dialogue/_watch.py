"""The crisis layer as the monitor of a dialogue."""

from __future__ import annotations

from sophro.care.dialogue._types import Monitor


def crisis_monitor(lang: str, region: str | None = None) -> Monitor:
    """Return the crisis layer for one dialogue.

    Args:
        lang: Language of its replies.
        region: Country code for crisis resources; None asks for it.
    """
    from sophro.care.crisis import CrisisMonitor

    return CrisisMonitor(lang, region)
