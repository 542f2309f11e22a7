"""CONTROL: detectors that say what a text contains, with thresholds and cards.

Contract: names and data are cheap to import; weights are read on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sophro._lazy import lazy
from sophro.registry import Method, register

if TYPE_CHECKING:
    from sophro.guard._detectors import detector, detectors
    from sophro.guard._types import Detection, Detector
    from sophro.guard.calibrate import choose_thresholds
    from sophro.guard.check import Decision, Guard, Reason
    from sophro.guard.offline import check_file
    from sophro.guard.policy import Policy, PolicyFile
    from sophro.guard.scanners import scanner
    from sophro.guard.stream import StreamCheck

register(
    Method(
        name="toxic_zh",
        title="Chinese toxicity detector: hashed character n-grams and one linear layer, in plain numpy",
        paper="baseline (character n-grams); training data COLD, Deng et al., arXiv 2201.06025",
        area="control",
        room="guard",
        entry="sophro.guard:detector",
        primary="C1",
        deviations=(
            "Trained on 5,000 of COLD's training texts; two fifths of its test texts choose the threshold.",
        ),
        evidence=("guard_toxic_chinese",),
    )
)
for _name, _title, _paper, _entry, _primary, _also, _evidence, _deviations in (
    (
        "prompt_harm",
        "Prompt-harm detector: a MiniLM reader with low-rank deltas for English, character n-grams for Chinese",
        "baseline (linear head over sentence encoders; WildGuard, arXiv 2406.18495, for the task)",
        "sophro.guard:scanner",
        "C2",
        ("C1",),
        ("guard_default_policy",),
        ("Two labels and two languages; no categories of harm.",),
    ),
    (
        "jailbreak_patterns",
        "Jailbreak cues: templates, encoded text decoded and judged again, many-shot shape, invisible characters",
        "Wei et al., arXiv 2307.02483; Shen et al., arXiv 2308.03825; many-shot jailbreaking (Anil et al., 2024)",
        "sophro.guard:scanner",
        "C2",
        ("C1",),
        (),
        ("Weights of the cues are set by hand on half of the in-the-wild prompts, not fitted.",),
    ),
    (
        "guard_policy",
        "Policy file: which detectors look where, thresholds for a false-alarm target, five actions, tenants",
        "practice of guard servers (card guard_models.md); thresholds as in FPR-at-recall reporting there",
        "sophro.guard:Guard",
        "C2",
        ("C1", "A5"),
        ("guard_default_policy",),
        (),
    ),
    (
        "guard_stream",
        "Streaming hold: text leaves after its window was judged, the end of a window with the next one",
        "chunk hold of guard servers (card guard_models.md); Qwen3Guard-Stream, arXiv 2510.14276, for the task",
        "sophro.guard:StreamCheck",
        "C2",
        ("C1",),
        ("guard_stream",),
        ("Windows of characters, not a score for every token.",),
    ),
):
    register(
        Method(
            name=_name,
            title=_title,
            paper=_paper,
            area="control",
            room="guard",
            entry=_entry,
            primary=_primary,
            also=_also,
            evidence=_evidence,
            deviations=_deviations,
        )
    )

_HOMES = {
    "Decision": "check",
    "Detection": "_types",
    "Detector": "_types",
    "Guard": "check",
    "Policy": "policy",
    "PolicyFile": "policy",
    "Reason": "check",
    "StreamCheck": "stream",
    "choose_thresholds": "calibrate",
    "check_file": "offline",
    "detector": "_detectors",
    "detectors": "_detectors",
    "scanner": "scanners",
}
__all__ = [
    "Decision",
    "Detection",
    "Detector",
    "Guard",
    "Policy",
    "PolicyFile",
    "Reason",
    "StreamCheck",
    "check_file",
    "choose_thresholds",
    "detector",
    "detectors",
    "scanner",
]


__getattr__ = lazy(__name__, _HOMES)
