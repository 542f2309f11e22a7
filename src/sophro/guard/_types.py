"""What a detector reads and what it returns.

Contract: a detector says how likely each of its labels is, and which of them pass its thresholds. Text in which
there is nothing to read (empty, only spaces) is *not evaluated*: ``flagged`` is None, never False. Detectors
take batches; a text's result does not depend on the batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Detection:
    """What a detector found in one text.

    Attributes:
        scores: Label to score in [0, 1]; scores of several labels need not add up to 1. Empty where the text
            was not evaluated.
        thresholds: Label to the score from which on it is flagged.
        detector: Name of the detector.
        version: Hash of its weights and settings.
        window: Code points ``(start, end)`` of the text that the highest score belongs to.
        reason: Why nothing was evaluated; empty otherwise.
        spans: Code points ``(start, end, what)`` that a rewrite replaces; empty where a detector names no places.
        note: What was found, in a few words, where the label does not say it.
        reply: What must be said, where the detector knows it; empty otherwise.
        failed: Whether nothing was evaluated because the detector could not (an error, an unreadable answer), and not
            because there was nothing to evaluate.
        applies: Whether the text is of a kind that the detector reads at all; if not, nothing is missing.
        windows: Label to its own window, where labels differ in that.
    """

    scores: Mapping[str, float]
    thresholds: Mapping[str, float]
    detector: str
    version: str
    window: tuple[int, int] = (0, 0)
    reason: str = ""
    spans: tuple[tuple[int, int, str], ...] = ()
    note: str = ""
    failed: bool = False
    reply: str = ""
    applies: bool = True
    windows: Mapping[str, tuple[int, int]] = field(default_factory=lambda: {})

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels whose scores reach their thresholds."""
        return tuple(k for k, v in self.scores.items() if v >= self.thresholds[k])

    @property
    def flagged(self) -> bool | None:
        """Whether any label was found; None where nothing was evaluated."""
        return bool(self.labels) if self.scores else None


class Detector(Protocol):
    """Anything that turns texts into detections."""

    name: str
    version: str

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Label to the score from which on it is flagged."""
        ...

    def __call__(self, texts: Sequence[str]) -> list[Detection]:
        """Return one detection per text, in order."""
        ...
