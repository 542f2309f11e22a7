"""Running, resuming and replaying a dialogue under a controller."""

from __future__ import annotations

import abc
import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from sophro.care.dialogue._log import VERSION, LogFile, read_log, turns_of
from sophro.care.dialogue._session import Session, open_where
from sophro.care.dialogue._types import Part, Turn
from sophro.errors import SophroError


class Controller(abc.ABC):
    """Code that conducts a dialogue: it owns phases, trees, stages and caps.

    Contract: deterministic. All that it knows of the outside it gets from ``session.ask``; it draws nothing at random,
    looks at no clock and keeps no state between two dialogues. No agent decides what comes next and none counts.

    Attributes:
        kind: Name of this kind of dialogue; a log of another kind is refused.
        sees: What each role may know of turns beside speaker and text.
    """

    kind: ClassVar[str]
    sees: ClassVar[Mapping[str, frozenset[Part]]] = {}

    @property
    @abc.abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """Everything that decides how the dialogue runs, JSON-able; a log with other settings is not resumed."""

    @abc.abstractmethod
    async def conduct(self, session: Session) -> Mapping[str, Any]:
        """Lead the dialogue to its end and return the outcome, JSON-able."""


@dataclass(frozen=True)
class Dialogue:
    """A dialogue as it stands in its log.

    Attributes:
        kind: Kind of the controller.
        name: Its name.
        seed: Its seed.
        settings: Settings of the controller.
        turns: What was spoken.
        notes: Answers that nobody else heard.
        events: Decisions of the controller.
        outcome: What the controller returned; None while it has not ended.
    """

    kind: str
    name: str
    seed: int
    settings: Mapping[str, Any]
    turns: tuple[Turn, ...]
    notes: tuple[Mapping[str, Any], ...]
    events: tuple[Mapping[str, Any], ...]
    outcome: Mapping[str, Any] | None

    @property
    def finished(self) -> bool:
        """Whether the controller came to its end."""
        return self.outcome is not None


async def run(
    controller: Controller, *, log: Path | str | None = None, seed: int = 0, name: str = ""
) -> Dialogue:
    """Conduct a dialogue to its end; with a log that exists already, go on from where it stopped.

    Args:
        controller: Who leads it.
        log: File to append to; None keeps the dialogue in memory.
        seed: Seed of everything that agents draw.
        name: Name of the dialogue, by default that of the log file.

    Raises:
        SophroError: If the log belongs to another dialogue or an agent fails; what was said is kept.
    """
    path = Path(log) if log is not None else None
    head = _head(controller, seed, name or (path.stem if path else ""))
    with ExitStack() as stack:
        file = stack.enter_context(LogFile(path)) if path is not None else None
        lines = file.lines if file is not None else []
        if lines:
            _refuse_other(lines[0], head, str(path))
        elif file is not None:
            file.append(head)
        return await _drive(controller, head, lines[1:], file, True, open_where(path))


def run_sync(
    controller: Controller, *, log: Path | str | None = None, seed: int = 0, name: str = ""
) -> Dialogue:
    """Call ``run`` outside of an event loop."""
    import anyio

    async def main() -> Dialogue:
        return await run(controller, log=log, seed=seed, name=name)

    return anyio.run(main)


def replay(log: Path | str) -> Dialogue:
    """Read a dialogue back from its log; it may be unfinished.

    Raises:
        SophroError: If the file is no log or damaged.
    """
    path = Path(log)
    lines = read_log(path)
    head, rest = lines[0], lines[1:]
    ends = [line["outcome"] for line in rest if line["kind"] == "end"]
    return Dialogue(
        head["controller"],
        head["name"],
        head["seed"],
        head["settings"],
        tuple(Turn.from_json(line, str(path)) for line in turns_of(rest, path)),
        tuple(line for line in rest if line["kind"] == "note"),
        tuple({"event": line["event"], **line["facts"]} for line in rest if line["kind"] == "event"),
        ends[-1] if ends else None,
    )


async def verify(controller: Controller, log: Path | str) -> Dialogue:
    """Conduct a finished dialogue again from its log alone, asking nobody.

    Raises:
        SophroError: If the controller now takes another path, or the log has no end.
    """
    path = Path(log)
    lines = read_log(path)
    head = _head(controller, lines[0].get("seed", 0), lines[0].get("name", ""))
    _refuse_other(lines[0], head, str(path))
    if lines[-1]["kind"] != "end":
        raise SophroError(f"{path}: ends before the dialogue does; run it again to go on")
    return await _drive(controller, head, lines[1:], None, False, str(path))


async def _drive(
    controller: Controller,
    head: Mapping[str, Any],
    lines: list[dict[str, Any]],
    file: LogFile | None,
    live: bool,
    where: str,
) -> Dialogue:
    ended = bool(lines) and lines[-1]["kind"] == "end"
    recorded = lines[:-1] if ended else lines
    session = Session(head["name"], head["seed"], controller.sees, recorded, file, live and not ended, where)
    outcome = json.loads(json.dumps(await controller.conduct(session)))
    if session.replaying:
        raise SophroError(
            f"{where}: goes on after this controller has ended; it was made by another version: start a new one"
        )
    if not ended and file is not None:
        file.append({"kind": "end", "outcome": outcome})
    elif ended and lines[-1]["outcome"] != outcome:
        raise SophroError(
            f"{where}: its outcome is not what this controller gives; it was made by another version: start a new one"
        )
    return Dialogue(
        head["controller"],
        head["name"],
        head["seed"],
        head["settings"],
        tuple(session.turns),
        tuple(session.notes),
        tuple(session.events),
        outcome,
    )


def _head(controller: Controller, seed: int, name: str) -> dict[str, Any]:
    return json.loads(
        json.dumps(
            {
                "kind": "head",
                "version": VERSION,
                "controller": controller.kind,
                "name": name,
                "seed": seed,
                "settings": dict(controller.settings),
            }
        )
    )


def _refuse_other(found: Mapping[str, Any], wanted: Mapping[str, Any], where: str) -> None:
    for key in ("controller", "name", "seed"):
        if found.get(key) != wanted[key]:
            raise SophroError(
                f"{where}: the log of another dialogue ({key} {found.get(key)!r}, not {wanted[key]!r}); name another "
                "file"
            )
    before = found.get("settings") or {}
    for key in sorted({*before, *wanted["settings"]}):
        if before.get(key) != wanted["settings"].get(key):
            raise SophroError(
                f"{where}: the log was made with other settings ({key} differs); name another file, or use the "
                "settings it was made with"
            )
