"""Structured interviews by a fixed tree: code walks it, agents ask and judge, a clinician gets the result.

Paper: MAGI, Multi-Agent Guided Interview for Psychiatric Assessment, Findings of ACL 2025 (arXiv 2504.18260). The full
text was not readable for the card ``magi.md``; the roles are the paper's, their inside is inferred.

Contract: ``Interview`` is a ``sophro.care.dialogue.Controller``. Every message passes the crisis layer first. The
person never hears a disorder's name or a diagnosis; the outcome, with a trace in which every verdict quotes the
person's own words, is for a clinician to confirm.

Deviations: own-worded trees instead of the licensed MINI; navigation, counting and the trace (PsyCoT) are code; a judge
names a value and the tree decides whether it meets the criterion; questions are fixed wordings unless a model words
them, and then they pass the same checks. It is a screening aid that was never tried on people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sophro._lazy import lazy

if TYPE_CHECKING:
    from sophro.care.interview._controller import INTERVIEWER, PARTICIPANT, Interview
    from sophro.care.interview._judges import ROLE, Judgment, checked, model_judge, rules
    from sophro.care.interview._outcome import diagnosis_model
    from sophro.care.interview._rules import Reading, read_answer
    from sophro.care.interview._step import Step, advance
    from sophro.care.interview._tree import Module, build_module, load_module, module_names, read_module

_HOMES = {
    "INTERVIEWER": "_controller",
    "PARTICIPANT": "_controller",
    "ROLE": "_judges",
    "Interview": "_controller",
    "Judgment": "_judges",
    "Module": "_tree",
    "Reading": "_rules",
    "Step": "_step",
    "advance": "_step",
    "build_module": "_tree",
    "checked": "_judges",
    "diagnosis_model": "_outcome",
    "load_module": "_tree",
    "model_judge": "_judges",
    "module_names": "_tree",
    "read_answer": "_rules",
    "read_module": "_tree",
    "rules": "_judges",
}

__all__ = [
    "INTERVIEWER",
    "PARTICIPANT",
    "ROLE",
    "Interview",
    "Judgment",
    "Module",
    "Reading",
    "Step",
    "advance",
    "build_module",
    "checked",
    "diagnosis_model",
    "load_module",
    "model_judge",
    "module_names",
    "read_answer",
    "read_module",
    "rules",
]

__getattr__ = lazy(__name__, _HOMES)
