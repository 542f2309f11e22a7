"""Exact verifiers: was the instruction kept, is the result right? Programs, not judges; no model, no torch."""

from __future__ import annotations

from sophro.judge.verify._instructions import (
    Kept,
    RuleResult,
    check_instructions,
    instructions_of,
    loose_variants,
    rules,
)
from sophro.judge.verify._language import detect_language
from sophro.judge.verify._maths import Solved, final_answer, verify_maths
from sophro.judge.verify._numbers import parse_number

__all__ = [
    "Kept",
    "RuleResult",
    "Solved",
    "check_instructions",
    "detect_language",
    "final_answer",
    "instructions_of",
    "loose_variants",
    "parse_number",
    "rules",
    "verify_maths",
]
