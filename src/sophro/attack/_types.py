"""What an attack declares and what it yields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from sophro.chat import Transcript
    from sophro.data import Record


@dataclass(frozen=True)
class Budget:
    """What one behaviour may cost at most.

    Attributes:
        queries: Prompts sent to the target: those of the search and one for each attempt.
        gradients: Backward passes through the target.
        attacker: Prompts sent to the model that rewrites or proposes.
        judge: Prompts sent to the judge that guides the attack (never the one that scores it).
    """

    queries: int = 1
    gradients: int = 0
    attacker: int = 0
    judge: int = 0


@dataclass(frozen=True)
class Attempt:
    """One adversarial prompt for one behaviour.

    Attributes:
        record: The behaviour, in plain words.
        transcript: What the target is given; a forced prefix is its final assistant turn.
        params: The attack's settings and what it measured about this attempt. ``decode`` names how the answer
            is decoded before any judge reads it (an encoding, or ``language:XX``).
        error: Why the attempt could not be built (a rewriter refused, a translation is missing). Such an
            attempt is not sent and never counts as a failed attack.
        spent: Queries to the target that were spent on building it.
    """

    record: Record
    transcript: Transcript
    params: Mapping[str, Any] = field(default_factory=lambda: {})
    error: str = ""
    spent: int = 0

    @property
    def decode(self) -> str:
        """How the answer is decoded before judging; empty where it is read as it stands."""
        return str(self.params.get("decode") or "")


@dataclass(frozen=True)
class TargetView:
    """A model with what its patch adds; everything else is the model's.

    Attributes:
        model: The model under attack.
        reflects: Whether it knows the reflection token.
        patch: Patch that is on while it answers, and must be while an attack reads its weights.
        scale: Strength of the patch.
        decoding: From a number of tokens to the decoding settings that its answers are made with, if special.
    """

    model: Any
    reflects: bool = False
    patch: Any = None
    scale: float = 1.0
    decoding: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)


class Attack(Protocol):
    """Turns behaviours into attempts, within a declared budget and from declared capabilities.

    What one behaviour gets depends on that behaviour, the settings and the seed alone, never on its neighbours:
    so a killed run goes on behind the last behaviour, and a limit changes nothing but the number.
    """

    name: str
    needs: tuple[str, ...]

    @property
    def budget(self) -> Budget:
        """What one behaviour costs at most, with these settings."""
        ...

    def __call__(self, records: Sequence[Record], target: Any) -> list[Attempt]:
        """Return the attempts, in the order of ``records``, the attempts of one behaviour beside each other.

        Args:
            records: Behaviours.
            target: The model under attack, or None where it is not at hand (a remote model) and the attack
                needs nothing of it.
        """
        ...
