"""ASSESSMENT: Inspect tasks for harm, over-refusal, helpfulness, toxicity; the benign twin is measured too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sophro._lazy import lazy
from sophro.registry import Method, register

if TYPE_CHECKING:
    from sophro.assess._run import Assessed, assess

# Raised whenever the meaning of a score changes, so that finished stages with the old meaning are not reused.
# 2: behind a forced start only an explicit refusal is a recovery; visible text is what follows a reflection.
TASK_VERSION = "2"
DETECTOR = "detector/"  # a model of this form is a detector, see sophro.guard
# Settings that a recipe may give a task beside an attack.
TASK_PARAMS: Mapping[str, tuple[str, ...]] = {
    "toxic_chinese": ("disguises", "made_by", "shots", "template", "normalise"),
    "tradeoffs": ("mode", "keep", "by_sentence"),
}
# Tasks with settings of their own that ask judges all the same.
JUDGED: tuple[str, ...] = ("tradeoffs",)

for _name, _title, _paper, _primary, _also in (
    (
        "harmful",
        "Harmful requests: harmful compliance and refusal, in plain words or under an attack",
        "baseline; outcome classes of XSTest (Röttger et al., arXiv 2308.01263)",
        "A1",
        ("A6",),
    ),
    (
        "over_refusal",
        "Benign look-alikes that share the trigger words of harmful requests: refusals count against",
        "XSTest, Röttger et al., arXiv 2308.01263; OR-Bench, Cui et al., arXiv 2405.20947",
        "A1",
        ("D2",),
    ),
    (
        "helpfulness",
        "Plain benign tasks: answered, not degenerate, on topic; and a small exact-answer set",
        "baseline (own starter sets)",
        "A1",
        ("D2",),
    ),
):
    register(
        Method(
            name=_name,
            title=_title,
            paper=_paper,
            area="assessment",
            room="assess",
            entry=f"sophro.assess.tasks:{_name}",
            primary=_primary,
            also=_also,
            evidence=("stub_models",),
        )
    )

register(
    Method(
        name="toxic_chinese",
        title="Toxic Chinese under eight disguises: detection, F1 and benign error, with examples or normaliser",
        paper="Yang et al., Findings of ACL 2025, arXiv 2505.24341 (CNTP / ToxiBenchCN)",
        area="assessment",
        room="assess",
        entry="sophro.assess.tasks:toxic_chinese",
        primary="A1",
        also=("A6",),
        evidence=("normaliser_recovers", "normaliser_recovers_learned", "overcorrection"),
        deviations=(
            "One list of examples for all disguises, half of them benign; the paper shows ten for each disguise.",
            "F1 is that of the toxic label for each disguise with the benign texts; the paper leaves it open.",
            "Texts that a disguise left unchanged are not counted as disguised.",
        ),
    )
)

register(
    Method(
        name="tradeoffs",
        title="What thinking buys and costs: mathematics, instructions, help and harm, trace and answer judged apart",
        paper="Trade-offs in Large Reasoning Models, AAAI 2026, arXiv 2503.17979; rules of IFEval, arXiv 2311.07911",
        area="assessment",
        room="assess",
        entry="sophro.assess.tasks:tradeoffs",
        primary="A1",
        also=("A4",),
        evidence=("thinking_modes",),
        deviations=(
            "Summaries are extracted from the thought, not written by a larger model.",
            "Help is judged by topic and keywords on own items; there is no MT-Bench, MMLU-Pro or LiveBench.",
            "Harm and refusal are two questions by sophro's judges instead of one three-class judge.",
        ),
    )
)

__all__ = ["DETECTOR", "JUDGED", "TASK_PARAMS", "TASK_VERSION", "Assessed", "assess"]


__getattr__ = lazy(__name__, {"Assessed": "_run", "assess": "_run"})
