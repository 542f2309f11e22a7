"""What a session leaves behind: typed turns as the judges see them, and a score with its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

PHASES = ("trust", "diagnose", "solve")
Outcome = Literal["scored", "unscored", "not_applicable"]
End = Literal["closed", "cap", "client_left", "no_counselor", "other_language"]


@dataclass(frozen=True)
class Line:
    """One turn of a session.

    Attributes:
        index: Place in the session, from 0.
        speaker: ``client`` or ``counselor``.
        text: What was said.
        phase: ``trust``, ``diagnose`` or ``solve``.
        state: The client's private state after the turn (client turns only): trust, distress, disclosed.
    """

    index: int
    speaker: str
    text: str
    phase: str
    state: Mapping[str, Any] = field(default_factory=lambda: {})


@dataclass(frozen=True)
class Session:
    """One finished session.

    Attributes:
        id: Counselor, client and seed.
        counselor: Name of the counselor.
        profile: Id of the client profile.
        seed: Seed of the client's wording.
        lines: Turns in order, the client's opening first.
        end: ``closed`` by the counselor, ``cap`` reached, ``client_left``, ``no_counselor`` (it gave nothing usable),
            ``other_language`` (it kept to a language that the client does not speak).
        problems: What went wrong on the way: empty turns, speaking for the client, retries, truncation.
        crisis: Level of the crisis layer after each client turn, by turn index.
        simulated: Always true: these are not conversations with people.
        foreign: Language of each turn of the counselor that is not in the client's language, by turn index.
    """

    id: str
    counselor: str
    profile: str
    seed: int
    lines: tuple[Line, ...]
    end: End
    problems: tuple[str, ...] = ()
    crisis: Mapping[int, str] = field(default_factory=lambda: {})
    simulated: bool = True
    foreign: Mapping[int, str] = field(default_factory=lambda: {})

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able values."""
        # JSON has no numbers as keys.
        by_turn = {n: {str(k): v for k, v in getattr(self, n).items()} for n in ("crisis", "foreign")}
        return {**asdict(self), **by_turn}

    @staticmethod
    def from_dict(row: Mapping[str, Any]) -> Session:
        """Read what ``to_dict`` wrote."""
        fields: dict[str, Any] = dict(row)
        fields["lines"] = tuple(Line(**line) for line in row["lines"])
        fields["problems"] = tuple(row["problems"])
        for name in ("crisis", "foreign"):
            fields[name] = {int(k): v for k, v in row.get(name, {}).items()}
        return Session(**fields)


@dataclass(frozen=True)
class ItemScore:
    """The rating of one dimension.

    Attributes:
        item: Id of the dimension.
        outcome: ``scored``, ``unscored`` (with the reason why) or ``not_applicable``.
        score: Median of the samples, 1 to 5; None unless scored.
        samples: The single ratings.
        turns: Indexes of the turns that show it.
        reason: One sentence.
    """

    item: str
    outcome: Outcome
    score: float | None
    samples: tuple[int, ...]
    turns: tuple[int, ...]
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able values."""
        return asdict(self)

    @staticmethod
    def from_dict(row: Mapping[str, Any]) -> ItemScore:
        """Read what ``to_dict`` wrote."""
        fields: dict[str, Any] = dict(row)
        fields["samples"], fields["turns"] = tuple(row["samples"]), tuple(row["turns"])
        return ItemScore(**fields)


def lines_of(session: Session, speaker: str) -> Sequence[Line]:
    """Return one speaker's turns."""
    return [line for line in session.lines if line.speaker == speaker]
