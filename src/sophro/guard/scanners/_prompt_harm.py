"""Harmful requests (interim: n-grams alone)."""

from __future__ import annotations

from collections.abc import Sequence

from sophro.guard._detectors import shipped_folder
from sophro.guard._linear import load_detector
from sophro.guard._types import Detection
from sophro.guard.scanners._types import View


class PromptHarm:
    """Harmful requests."""

    name = "prompt_harm"

    def __init__(self) -> None:
        self._detector = load_detector(shipped_folder(), "prompt_harm")
        self.version = self._detector.version
        self.thresholds = {"harmful": self._detector.thresholds["toxic"]}

    def __call__(self, views: Sequence[View]) -> list[Detection]:
        """Return one detection per view, in order."""
        found = self._detector([v.text for v in views])
        return [
            Detection({"harmful": d.scores["toxic"]} if d.scores else {}, self.thresholds, self.name, self.version,
                      d.window, d.reason)
            for d in found
        ]  # fmt: skip
