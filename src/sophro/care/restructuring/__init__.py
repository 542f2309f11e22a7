"""Cognitive restructuring in many turns: identification, a court for each thought, and the person's own verdict.

Paper: CRDial / Crisp, EMNLP 2025, arXiv 2504.17238; stages, strategies and channels are the paper's, caps and checks
ours (see the modules).

Contract: on ``sophro.care.dialogue``; self-help, no treatment; the crisis layer reads every message first and ends the
court. Strategies are never shown to the person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sophro._lazy import lazy

if TYPE_CHECKING:
    from sophro.care.restructuring._case import Limits, bound
    from sophro.care.restructuring._checks import checks, fidelity
    from sophro.care.restructuring._controller import Restructuring
    from sophro.care.restructuring._generate import (
        Generated,
        as_dialogue,
        generate,
        records,
        special_tokens,
        token,
        why_not,
    )
    from sophro.care.restructuring._helper import fixed_turn, model_helper
    from sophro.care.restructuring._persona import MANNERS, Situation, persona, situations
    from sophro.care.restructuring._reader import model_reader, read_by_rule, rule_reader
    from sophro.care.restructuring._strategies import ALLOWED, STAGES, STRATEGIES, Sentence, faults

_HOMES = {
    **dict.fromkeys(("checks", "fidelity"), "_checks"),
    **dict.fromkeys(("Limits", "bound"), "_case"),
    "Restructuring": "_controller",
    **dict.fromkeys(
        ("Generated", "as_dialogue", "generate", "records", "special_tokens", "token", "why_not"), "_generate"
    ),
    **dict.fromkeys(("fixed_turn", "model_helper"), "_helper"),
    **dict.fromkeys(("MANNERS", "Situation", "persona", "situations"), "_persona"),
    **dict.fromkeys(("model_reader", "read_by_rule", "rule_reader"), "_reader"),
    **dict.fromkeys(("ALLOWED", "STAGES", "STRATEGIES", "Sentence", "faults"), "_strategies"),
}

__all__ = [
    "ALLOWED",
    "MANNERS",
    "STAGES",
    "STRATEGIES",
    "Generated",
    "Limits",
    "Restructuring",
    "Sentence",
    "Situation",
    "as_dialogue",
    "bound",
    "checks",
    "faults",
    "fidelity",
    "fixed_turn",
    "generate",
    "model_helper",
    "model_reader",
    "persona",
    "read_by_rule",
    "records",
    "rule_reader",
    "situations",
    "special_tokens",
    "token",
    "why_not",
]

__getattr__ = lazy(__name__, _HOMES)
