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
        evidence=("crisis_layer", "crisis_strangers"),
        deviations=(
            "Levels, state machine and thresholds are own work; the card marks them so.",
            "The classifier decides alone only where it is sure: at recall 0.95 it would flag too many idioms.",
            "Elements of replies are found by patterns, not by a judge.",
        ),
    )
)

register(
    Method(
        name="psi_arena",
        title="Counselling arena: simulated clients with gates, three sides of judgement, ranking, closed loop",
        paper="Ψ-Arena, Zhu et al., AAAI 2026, arXiv 2505.03293",
        area="assessment",
        room="care",
        entry="sophro.care.arena:run_arena",
        primary="A4",
        also=("A5", "D2"),
        evidence=("arena_order", "arena_loop", "arena_agreement"),
        deviations=(
            "The full text could not be read: items, scales, fields, controller and rules follow the card's design.",
            "The client's state and its disclosure gates are code; a client model only words what a gate lets through.",
            "The offline judges read marks of words; an LLM judge runs on any model.",
            "The crisis flow asks the Red items only; the gain of the loop is measured on a third part of the clients.",
        ),
    )
)

register(
    Method(
        name="crdial",
        title="Cognitive restructuring in many turns: identification, court for each thought, the person's verdict",
        paper="CRDial / Crisp, EMNLP 2025, arXiv 2504.17238",
        area="development",
        room="care",
        entry="sophro.care.restructuring:Restructuring",
        primary="D7",
        also=("D3",),
        evidence=("restructuring_process",),
        deviations=(
            "Caps on loops and questions are ours; the paper does not state them.",
            "Helper, reader and controller are apart; the paper prompts one model.",
            "What is true and hard (abuse, a death) leaves the court; the crisis layer ends it.",
        ),
    )
)

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
