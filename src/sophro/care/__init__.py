"""CARE: models that talk with people in distress, assessed as carefully as their safety.

Contract: sub-packages stand on their own (crisis, dialogue, instruments, interview, arena, restructuring); the crisis
layer wraps every conversational one of them.
"""

from __future__ import annotations

from sophro.registry import Method, register

register(
    Method(
        name="magi",
        title="Structured interview by a fixed tree: code navigates and counts, agents ask and judge",
        paper="MAGI, Findings of ACL 2025, arXiv 2504.18260",
        area="assessment",
        room="care",
        entry="sophro.care.interview:Interview",
        primary="A4",
        also=("A5", "C3"),
        evidence=("interview_navigation", "interview_judges"),
        deviations=(
            "Own-worded trees instead of the licensed MINI; the full text of the paper could not be read.",
            "Navigation, counting and the trace (PsyCoT) are code, not agents.",
            "A judge names a value; the tree decides whether it meets the criterion.",
            "Questions are fixed wordings unless a model words them; its wordings pass the same checks.",
        ),
    )
)
