"""A detector that reads a text twice: as it stands, and with disguises undone.

Contract: the higher score counts, so a repair can add a finding and never take one away; where the text holds no
disguise, the result is the detector's own. The window is one of the text as given, also where the repaired reading
found it.

Deviations: the card of the method wants a margin between the two readings; ours is none, because the benign error that
the second reading adds is measured (claim ``normaliser_recovers``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sophro.files import digest
from sophro.guard._types import Detection, Detector
from sophro.text import Normalized, normalize

SUFFIX = "+normalize"


class ReadTwice:
    """A detector behind the normaliser.

    Args:
        detector: Who reads.
    """

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.name = detector.name + SUFFIX
        self.version = digest(detector.version, SUFFIX)

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Thresholds of the detector."""
        return self._detector.thresholds

    def __call__(self, texts: Sequence[str]) -> list[Detection]:
        """Return one detection per text, in order."""
        return self.read([normalize(text) for text in texts])

    def read(self, normalised: Sequence[Normalized]) -> list[Detection]:
        """Return one detection for each text that was normalised already."""
        plain = self._detector([n.source for n in normalised])
        changed = [i for i, n in enumerate(normalised) if n.undone]
        repaired = dict(zip(changed, self._detector([normalised[i].text for i in changed]), strict=True))
        return [
            self._higher(n, own, repaired.get(i))
            for i, (n, own) in enumerate(zip(normalised, plain, strict=True))
        ]

    def _higher(self, text: Normalized, plain: Detection, repaired: Detection | None) -> Detection:
        chosen = plain
        if repaired is not None and repaired.scores:
            best = {k: max(v, plain.scores.get(k, 0.0)) for k, v in repaired.scores.items()}
            if not plain.scores or max(repaired.scores.values()) > max(plain.scores.values()):
                start, end = repaired.window
                window = text.map.to_source(start, end) if end > start else plain.window
                chosen = replace(repaired, window=window)
            chosen = replace(chosen, scores=best)
        return replace(chosen, detector=self.name, version=self.version)
