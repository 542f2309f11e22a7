"""Attacks by demonstration: in-context attack (a few turns) and many-shot (a long fake dialogue).

Papers: in-context attack, Wei et al. 2023 (arXiv 2310.06387; 1, 5 or 10 demonstrations); many-shot jailbreaking,
Anil et al. 2024 (success grows with the number of shots as a power law; the card knows it from general knowledge
only, so the layout of the dialogue is inferred).

Contract: one query; the same demonstrations for a behaviour whatever else is attacked, fewer shots are a prefix of
more; an attack that does not fit the context stops before anything is sent.

Deviations: the demonstrations' answers are openings without usable content (see ``_demos``), which makes the
attack weaker than published.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sophro.attack._demos import demonstrations
from sophro.attack._fits import check_fits
from sophro.attack._types import Attempt, Budget
from sophro.chat import Segment, Transcript, Turn
from sophro.data import Record
from sophro.errors import SophroError

_NAMES = {"en": ("User", "Assistant"), "zh": ("用户", "助手")}


@dataclass(frozen=True)
class _Shots(ABC):
    """Demonstrations before the request.

    Attributes:
        shots: How many.
        seed: Chooses them.
        reserve: Tokens that must be left for the answer.
    """

    shots: int = 5
    seed: int = 0
    reserve: int = 64
    name: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ()
    budget: ClassVar[Budget] = Budget()

    def __post_init__(self) -> None:
        if self.shots < 1:
            raise SophroError(f"attack {self.name}: shots is {self.shots}; at least 1 is needed")

    def __call__(self, records: Sequence[Record], target: Any) -> list[Attempt]:
        """See ``Attack.__call__``."""
        attempts = [
            Attempt(
                r,
                self._transcript(r, demonstrations(r, self.shots, self.seed, self.name)),
                {"shots": self.shots, "seed": self.seed},
            )
            for r in records
        ]
        return check_fits(self.name, attempts, target, self.reserve, "lower shots")

    @abstractmethod
    def _transcript(self, record: Record, shown: Sequence[tuple[str, str]]) -> Transcript:
        """Return the conversation that shows ``shown`` and then asks."""


@dataclass(frozen=True)
class InContext(_Shots):
    """Earlier turns in which the assistant complied."""

    name: ClassVar[str] = "ica"

    def _transcript(self, record: Record, shown: Sequence[tuple[str, str]]) -> Transcript:
        turns: list[Turn] = []
        for asked, answered in shown:
            turns += [
                Turn("user", (Segment("user", asked),)),
                Turn("assistant", (Segment("answer", answered),)),
            ]
        return Transcript((*turns, Turn("user", (Segment("user", record.prompt),))))


@dataclass(frozen=True)
class ManyShot(_Shots):
    """One user turn that quotes a long dialogue in which every request was met."""

    shots: int = 32
    name: ClassVar[str] = "many_shot"

    def _transcript(self, record: Record, shown: Sequence[tuple[str, str]]) -> Transcript:
        user, assistant = _NAMES.get(record.lang, _NAMES["en"])
        quoted = "\n\n".join(f"{user}: {asked}\n{assistant}: {answered}" for asked, answered in shown)
        return Transcript.of(f"{quoted}\n\n{user}: {record.prompt}\n{assistant}:")
