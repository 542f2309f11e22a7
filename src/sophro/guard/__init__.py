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
    from sophro.guard.calibrate import calibrate
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
    "calibrate": "calibrate",
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
    "calibrate",
    "check_file",
    "detector",
    "detectors",
    "scanner",
]


__getattr__ = lazy(__name__, _HOMES)
