"""What a dialogue is made of: turns, what a role sees of them, and what it answers.

Contract: plain values with a JSON round trip. A ``View`` is all that an agent gets: what was spoken so far, stripped of
what its role may not know, its own private state and the task at hand. An ``Utterance`` is all that it gives back; an
answer that could not be had or read says so in ``outcome`` and is never a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, cast, runtime_checkable

from sophro.errors import SophroError

Outcome = Literal["ok", "unscored", "error", "left"]
Part = Literal["phase", "strategy", "meta"]
_OUTCOMES = ("ok", "unscored", "error", "left")


def _no_fields() -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Turn:
    """One spoken turn.

    Attributes:
        index: Its place in the dialogue, from 0.
        speaker: The role that spoke, or ``controller`` for what code says by itself.
        text: What was said.
        phase: Phase of the controller while it was said.
        strategy: How it was said (a question's mode, a helper's strategy).
        meta: Further facts, JSON-able; ``to`` lists the roles that hear it where not all do, ``crisis`` is what the
            crisis monitor found in it.
    """

    index: int
    speaker: str
    text: str
    phase: str
    strategy: str = ""
    meta: Mapping[str, Any] = field(default_factory=_no_fields)

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "index": self.index,
            "speaker": self.speaker,
            "text": self.text,
            "phase": self.phase,
            "strategy": self.strategy,
            "meta": dict(self.meta),
        }

    @staticmethod
    def from_json(value: Mapping[str, Any], where: str = "turn") -> Turn:
        """Read what ``to_json`` wrote.

        Raises:
            SophroError: Naming ``where`` and the field that is missing or of the wrong type.
        """
        for name, kind in (("index", int), ("speaker", str), ("text", str), ("phase", str)):
            if type(value.get(name)) is not kind:
                raise SophroError(f"{where}: field {name!r} is missing or no {kind.__name__}")
        return Turn(
            value["index"],
            value["speaker"],
            value["text"],
            value["phase"],
            str(value.get("strategy") or ""),
            cast("Mapping[str, Any]", value.get("meta") or {}),
        )


@dataclass(frozen=True)
class View:
    """What one role may see when it is asked.

    Attributes:
        role: Who is asked.
        phase: The phase, empty unless the role may know it.
        turns: What this role has heard, without the parts that it may not know.
        private: Its own state, which no other role sees.
        task: What is asked of it now.
        asked: How often it was asked before in this dialogue. Agents keep no state of their own between calls, so
            that a killed dialogue goes on exactly where it stopped.
        seed: Differs for every call, the same in every run of the same dialogue.
    """

    role: str
    phase: str
    turns: tuple[Turn, ...]
    private: Mapping[str, Any]
    task: Mapping[str, Any]
    asked: int
    seed: int


@dataclass(frozen=True)
class Utterance:
    """What an agent answers.

    Attributes:
        text: What it says; for a judgment the chosen option or the JSON text.
        fields: Structured part, JSON-able, checked against the agent's schema.
        outcome: ``ok``; ``unscored``: asked twice and unreadable; ``error``: the call failed; ``left``: it ends the
            dialogue.
        reason: Why it is not ``ok``.
    """

    text: str
    fields: Mapping[str, Any] = field(default_factory=_no_fields)
    outcome: Outcome = "ok"
    reason: str = ""

    @property
    def scored(self) -> bool:
        """Whether the structured part can be used."""
        return self.outcome == "ok"

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "text": self.text,
            "fields": dict(self.fields),
            "outcome": self.outcome,
            "reason": self.reason,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any], where: str = "utterance") -> Utterance:
        """Read what ``to_json`` wrote.

        Raises:
            SophroError: Naming ``where`` and what is wrong.
        """
        if not isinstance(value.get("text"), str) or value.get("outcome") not in _OUTCOMES:
            raise SophroError(f"{where}: 'text' or 'outcome' of an answer is missing or of the wrong kind")
        fields = cast("Mapping[str, Any]", value.get("fields") or {})
        return Utterance(value["text"], fields, value["outcome"], str(value.get("reason") or ""))


class Paused(Exception):
    """An agent has no answer yet: the dialogue stops where it is and goes on with the next run on the same log."""


LEFT = Utterance("", outcome="left", reason="the participant left")


@runtime_checkable
class Agent(Protocol):
    """Somebody who answers: a script, a model, a person."""

    @property
    def role(self) -> str:
        """Who it is in the dialogue."""
        ...

    async def speak(self, view: View) -> Utterance:
        """Answer one view."""
        ...


class Monitored(Protocol):
    """What a crisis monitor says after one message (``sophro.care.crisis.CrisisState``)."""

    @property
    def level(self) -> int:
        """Level of the whole conversation, which only rises."""
        ...

    @property
    def flags(self) -> Any:
        """Names of special circumstances."""
        ...

    @property
    def newly_raised(self) -> bool:
        """Whether this message raised the level."""
        ...

    @property
    def reply(self) -> str | None:
        """What must be said now, None when the conversation may go on."""
        ...


class Monitor(Protocol):
    """The state of one conversation that sees every message of a person (``sophro.care.crisis.CrisisMonitor``)."""

    def see(self, user_message: str) -> Monitored:
        """Read one message."""
        ...


@runtime_checkable
class Asking(Monitor, Protocol):
    """A monitor whose replies hold questions, and that must know whether the next message answers them."""

    def moved_on(self) -> None:
        """Hear that something else was said to the person after the monitor's reply, or instead of it."""
        ...


@runtime_checkable
class Recalling(Monitor, Protocol):
    """A monitor that acts outside of the dialogue when it sees a message, and must not do so twice."""

    def recall(self, user_message: str, found: Crisis) -> None:
        """Read a message that the log holds already, with what was found in it when it was new."""
        ...


@dataclass(frozen=True)
class Crisis:
    """What the monitor found, as the controller and the log know it.

    Attributes:
        level: 0 none, 1 concern, 2 ideation, 3 active, 4 imminent.
        flags: Names of special circumstances.
        newly_raised: Whether this message raised the level.
        reply: What must be said now; None when the conversation may go on.
        notified: Whether a person was told of it by the operator's hook.
    """

    level: int = 0
    flags: tuple[str, ...] = ()
    newly_raised: bool = False
    reply: str | None = None
    notified: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "level": self.level,
            "flags": list(self.flags),
            "newly_raised": self.newly_raised,
            "reply": self.reply,
            **({"notified": True} if self.notified else {}),
        }

    @staticmethod
    def of(state: Monitored) -> Crisis:
        """Copy what a monitor returned."""
        if isinstance(state, Crisis):
            return state
        flags = tuple(sorted(str(getattr(f, "value", f)) for f in state.flags))
        return Crisis(int(state.level), flags, bool(state.newly_raised), state.reply)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Crisis:
        """Read what ``to_json`` wrote."""
        return Crisis(
            int(value["level"]),
            tuple(value["flags"]),
            bool(value["newly_raised"]),
            value["reply"],
            value.get("notified") is True,
        )
