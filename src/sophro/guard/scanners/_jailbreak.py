"""Ways around a model's refusal that a text shows by its form (interim)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sophro.files import digest
from sophro.guard._types import Detection
from sophro.guard.scanners._types import View

LABELS = ("template", "encoded", "many_shot", "invisible")
_TEMPLATE = re.compile(
    r"ignore (?:all |any )?(?:the |your )?(?:previous|prior|above) (?:instructions|rules)|do anything now|\bDAN\b",
    re.IGNORECASE,
)


class Jailbreak:
    """Patterns of known attacks."""

    name = "jailbreak"
    version = digest(_TEMPLATE.pattern)
    thresholds = dict.fromkeys(LABELS, 0.5)

    def __call__(self, views: Sequence[View]) -> list[Detection]:
        """Return one detection per view, in order."""
        return [self._one(v.text) for v in views]

    def _one(self, text: str) -> Detection:
        if not text.strip():
            return Detection(
                {}, self.thresholds, self.name, self.version, reason="nothing to read: the text is empty"
            )
        hit = _TEMPLATE.search(text)
        scores = {**dict.fromkeys(LABELS, 0.0), "template": float(hit is not None)}
        return Detection(
            scores, self.thresholds, self.name, self.version, hit.span() if hit else (0, len(text))
        )
