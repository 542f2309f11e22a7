"""What a restructuring dialogue knows of its person, its bounds, and how it may end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sophro.care.restructuring._helper import brief, label_names
from sophro.care.restructuring._reader import MOST_CHANNELS, Why
from sophro.errors import SophroError

IDEATION = 2  # level of the crisis layer from which the court is left
End = Literal["closed", "support", "crisis", "refused", "unanswered", "left"]
UNANSWERED = 2  # questions in a row in whose readable answers the reader found nothing, after which it ends


@dataclass(frozen=True)
class Limits:
    """Bounds of a dialogue.

    Attributes:
        again: How often a question is asked once more.
        prosecution: Rounds of prosecution and verdict for one channel.
        channels: Channels in all, also those heard on the way.
        crisis_turns: Messages that are answered after the court was left for a crisis; many, for whoever is in danger
            must not be left by a program that counts.
    """

    again: int = 1
    prosecution: int = 3
    channels: int = MOST_CHANNELS
    crisis_turns: int = 200

    def __post_init__(self) -> None:
        """Refuse limits without an end or without a start."""
        if not (0 <= self.again <= 5 and 1 <= self.prosecution <= 6 and 1 <= self.channels <= MOST_CHANNELS):
            raise SophroError(
                f"limits of {self.again} repetitions, {self.prosecution} rounds and {self.channels} channels are "
                f"impossible; at most 5, 6 and {MOST_CHANNELS}"
            )


def bound(limits: Limits) -> int:
    """Return the largest number of messages that a person can be asked for."""
    questions = 1 + 3 + limits.channels * (1 + 2 * limits.prosecution) + 1
    # Each question may be repeated, and once be interrupted by a question about safety.
    return questions * (1 + limits.again) * 2 + limits.crisis_turns


@dataclass
class Channel:
    """A thought on trial, with the distortion that it may lean on.

    Attributes:
        distortion: Name in the registry, or ``unclear``.
        thought: The person's words.
        done: Whether the person no longer holds it.
        new: The person's new sentence.
        rounds: Rounds of prosecution so far.
    """

    distortion: str
    thought: str
    done: bool = False
    new: str = ""
    rounds: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**vars(self)}


@dataclass
class Case:
    """What is known so far; all of it in the person's words.

    Attributes:
        situation: What happened.
        thought: What went through the mind.
        belief: The rule behind it.
        evidence: Facts for the thought.
        counter: Facts that do not fit with it.
        loss: Whether a loss was told.
        refusals: How often the person did not want to answer.
        unanswered: Questions in a row in whose answers the reader found nothing.
        cut: Characters of long messages that were not read, in all.
        ignored: Places of messages that were no answer, which no model sees.
        untold: Whether the last message was cut and the person was not told yet.
        heard: All answers.
        channels: Thoughts on trial.
        active: Number of the channel that is being tried, -1 before the court.
    """

    situation: str = ""
    thought: str = ""
    belief: str = ""
    evidence: str = ""
    counter: str = ""
    loss: bool = False
    refusals: int = 0
    unanswered: int = 0
    cut: int = 0
    ignored: set[int] = field(default_factory=lambda: set())
    untold: bool = False
    heard: list[str] = field(default_factory=lambda: [])
    channels: list[Channel] = field(default_factory=lambda: [])
    active: int = -1

    def words(self, lang: str) -> dict[str, str]:
        """Return what the helper's lines may repeat, and the names of the labels."""
        channel = self.channels[self.active] if 0 <= self.active < len(self.channels) else None
        return {
            "thought": brief(channel.thought if channel else self.thought),
            "belief": brief(self.belief or self.thought),
            "labels": label_names([c.distortion for c in self.channels], lang),
            "evidence": brief(self.evidence),
            "counter": brief(self.counter),
        }


class Stop(Exception):
    """The court is left.

    Args:
        end: How the dialogue ends.
        why: What was wrong with the last answer, where it ends ``unanswered``.
    """

    def __init__(self, end: End, why: Why | None = None) -> None:
        super().__init__(end)
        self.end: End = end
        self.why: Why | None = why
