"""CARE: models that talk with people in distress, assessed as carefully as their safety.

Contract: sub-packages stand on their own (crisis, dialogue, instruments, interview, arena, restructuring); the crisis
layer wraps every conversational one of them.
"""

from __future__ import annotations

from sophro.registry import Method, register

register(
    Method(
        name="crisis",
        title="Crisis layer: sticky risk level, three detection layers, required replies, escalation, in two languages",
        paper="own design after the card crisis_safety.md; duties after VERA-MH (arXiv 2510.15297)",
        area="control",
        room="care",
        entry="sophro.care.crisis:CrisisMonitor",
        primary="C2",
        also=("C1", "D7"),
        evidence=("crisis_layer",),
        deviations=(
            "Levels, state machine and thresholds are own work; the card marks them so.",
            "The classifier seconds the patterns instead of deciding at recall 0.95: alone it flags too many idioms.",
            "Elements of replies are found by patterns, not by a judge.",
        ),
    )
)
