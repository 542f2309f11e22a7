"""Toxic Chinese: the n-gram detector behind the normaliser.

Paper: Yang et al., Findings of ACL 2025 (arXiv 2505.24341): disguised characters hide toxic text from detectors.

Contract: where the normaliser changed something, the text is judged as it was meant, and only so: letting the higher of
two readings count is a second chance whatever the repair says (docs/toxic_chinese.md). Text without Chinese characters
is not this detector's: it says nothing and nothing is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sophro.files import digest
from sophro.guard._detectors import detector
from sophro.guard._types import Detection
from sophro.guard.scanners._types import View
from sophro.text import normalizer_version

# The normaliser is about a hundred times slower than the detector, so of a long text it reads the worst place only.
_UNDONE_AT_MOST = 1200
OTHER = "no Chinese to read"


def has_chinese(text: str) -> bool:
    """Whether a text holds any Chinese character."""
    return any("\u3400" <= c <= "\u9fff" for c in text)


class ToxicChinese:
    """The shipped Chinese detector over what was written and what was meant.

    Args:
        undo: Whether disguises are undone first.
    """

    name = "toxic_zh"

    def __init__(self, undo: bool = True) -> None:
        self._detector = detector("toxic_zh")
        self.undo = undo
        self.version = (
            digest(self._detector.version, normalizer_version()) if undo else self._detector.version
        )

    @property
    def thresholds(self) -> dict[str, float]:
        """The detector's own."""
        return dict(self._detector.thresholds)

    def __call__(self, views: Sequence[View]) -> list[Detection]:
        """Return one detection per view, in order."""
        texts = [v.text for v in views]
        mine = [i for i, t in enumerate(texts) if has_chinese(t)]
        found = [self._empty(t) for t in texts]
        for i, detection in zip(mine, self._detector([texts[i] for i in mine]), strict=True):
            found[i] = detection
        if self.undo:
            self._undo(texts, mine, found)
        return found

    def _undo(self, texts: Sequence[str], mine: Sequence[int], found: list[Detection]) -> None:
        from sophro.text import normalize

        meant: dict[int, str] = {}
        for i in mine:
            read = texts[i] if len(texts[i]) <= _UNDONE_AT_MOST else _around(texts[i], found[i].window)
            result = normalize(read)
            if result.undone:
                meant[i] = result.text
        again = self._detector(list(meant.values()))
        for i, detection in zip(meant, again, strict=True):
            if detection.scores:
                whole = (0, len(texts[i])) if len(texts[i]) <= _UNDONE_AT_MOST else found[i].window
                found[i] = replace(detection, window=whole, note="after undoing disguised characters")

    def _empty(self, text: str) -> Detection:
        reason = OTHER if text.strip() else "nothing to read: the text is empty"
        return Detection(
            {}, self._detector.thresholds, self.name, self.version, reason=reason, applies=not text.strip()
        )


def _around(text: str, window: tuple[int, int]) -> str:
    middle = (window[0] + window[1]) // 2
    start = max(0, min(middle - _UNDONE_AT_MOST // 2, len(text) - _UNDONE_AT_MOST))
    return text[start : start + _UNDONE_AT_MOST]
