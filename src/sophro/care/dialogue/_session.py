"""A running dialogue: the only place where agents are asked, and where what they say is recorded.

Contract: event sourcing. A controller is deterministic code; all that comes from outside is what agents answer. Each
answer is one line of the log, so a dialogue is resumed or replayed by running its controller from the start while the
recorded answers stand in for the agents. What the controller itself says or decides is recorded too and must come out
the same again; if it does not, the log belongs to another version or other settings and is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from sophro.care.dialogue._log import LogFile
from sophro.care.dialogue._types import (
    Agent,
    Asking,
    Crisis,
    Monitor,
    Part,
    Paused,
    Recalling,
    Turn,
    Utterance,
    View,
)
from sophro.errors import SophroError
from sophro.files import digest

MOST_CHARACTERS = 20_000  # of one turn; more is cut, and the turn says so
CONTROLLER = "controller"


class Diverged(SophroError):
    """The log holds something else than this controller gives."""


class Session:
    """A dialogue while a controller conducts it.

    Args:
        name: Name of the dialogue; enters the seeds.
        seed: Seed of everything that agents draw.
        sees: What each role may know of the turns beside speaker and text; nothing by default.
        lines: Recorded lines behind the head.
        log: Where new lines go; None keeps them in memory.
        live: False in a replay: an agent may not be asked.
        where: How errors call the log.

    Attributes:
        turns: What was spoken.
        notes: Answers that nobody else heard (judgments, scores), in order.
        events: Decisions of the controller.
        private: Private state of each role, owned by the controller.
        crisis: What the monitor found last.
        phase: Name of the running phase.
    """

    def __init__(
        self,
        name: str,
        seed: int = 0,
        sees: Mapping[str, frozenset[Part]] | None = None,
        lines: list[dict[str, Any]] | None = None,
        log: LogFile | None = None,
        live: bool = True,
        where: str = "the log",
    ) -> None:
        self.name = name
        self.turns: list[Turn] = []
        self.notes: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.private: dict[str, dict[str, Any]] = {}
        self.crisis = Crisis()
        self.phase = ""
        self._seed = seed
        self._sees = sees or {}
        self._recorded = lines or []
        self._at = 0
        self._log = log
        self._live = live
        self._where = where
        self._asked: dict[str, int] = {}
        self._monitors: dict[str, Monitor] = {}
        self._unsafe = False

    # ---- the controller's side -------------------------------------------------------------------------------

    def watch(self, role: str, monitor: Monitor) -> None:
        """Let ``monitor`` see every message of ``role`` from now on, before anything else is done with it."""
        self._monitors[role] = monitor

    def enter(self, phase: str, **facts: Any) -> None:
        """Enter a phase; recorded as an event."""
        self.phase = phase
        self.record("phase", phase=phase, **facts)

    def record(self, event: str, **facts: Any) -> None:
        """Record a decision of the controller."""
        line = _json({"kind": "event", "event": event, "facts": facts})
        self._same_or_write(line)
        self.events.append({"event": event, **line["facts"]})

    def say(
        self,
        text: str,
        *,
        strategy: str = "",
        speaker: str = CONTROLLER,
        to: tuple[str, ...] = (),
        meta: Mapping[str, Any] | None = None,
    ) -> Turn:
        """Say something that code has worded: a fixed question, the reply of the crisis layer."""
        meta = {**(meta or {}), **({"to": list(to)} if to else {})}
        turn = Turn(len(self.turns), speaker, text, self.phase, strategy, meta)
        line = _json({"kind": "turn", **turn.to_json()})
        self._same_or_write(line)
        self.turns.append(Turn.from_json(line))
        return self.turns[-1]

    async def ask(
        self,
        agent: Agent,
        *,
        task: Mapping[str, Any] | None = None,
        spoken: bool = True,
        strategy: str | Callable[[Utterance], str] = "",
        to: tuple[str, ...] = (),
        meta: Mapping[str, Any] | None = None,
        on_error: Literal["raise", "record"] = "raise",
        see: Callable[[Turn], bool] | None = None,
    ) -> Utterance:
        """Ask one agent.

        Args:
            agent: Who is asked.
            task: What is asked of it, shown to it alone; JSON-able.
            spoken: True: the answer becomes a turn that the others hear. False: it becomes a note.
            strategy: Strategy of the turn, or how to read it from the answer.
            to: Roles that hear the turn; all by default.
            meta: Further facts for the turn or note.
            on_error: What a failing call does. ``raise`` stops the dialogue, which a later run continues from the
                same place; ``record`` keeps going with an answer whose outcome is ``error``.
            see: Which turns the agent sees, beside the rules of its role.

        Raises:
            SophroError: If the call fails and ``on_error`` is ``raise``; if the log ends in a replay.
        """
        kind = "turn" if spoken else "note"
        line = self._take(kind)
        if line is None:
            said = await self._call(agent, self._view(agent.role, task or {}, see), on_error)
            line = self._line(kind, agent.role, said, strategy, to, meta)
            self._write(line)
        elif line.get("speaker") != agent.role or "said" not in line:
            raise self._diverged(line, f"asks {agent.role!r}")
        elif spoken and agent.role in self._monitors:
            # The recorded finding counts; the monitor reads along because its state lasts for the conversation.
            self._tell(self._monitors[agent.role], agent.role)
            self._recall(self._monitors[agent.role], line)
        self._asked[agent.role] = self._asked.get(agent.role, 0) + 1
        said = Utterance.from_json({**line["said"], "text": line["text"]}, self._where)
        if not spoken:
            self.notes.append(line)
            return said
        self.turns.append(Turn.from_json(line, self._where))
        found = self.turns[-1].meta.get("crisis")
        if found is not None:
            self.crisis = Crisis.from_json(found)
        return said

    def once(self, event: str, act: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """Act outside of the dialogue and record what came of it; in a replay the record stands in for the act.

        A process that dies between the act and its line acts again when the dialogue goes on: somebody is rather told
        twice than never.

        Args:
            event: Name of the event.
            act: Called where the log holds no such event yet; returns its facts, JSON-able.

        Raises:
            Diverged: If the log holds something else here.
        """
        line = self._take("event")
        if line is None:
            line = _json({"kind": "event", "event": event, "facts": dict(act())})
            self._write(line)
        elif line.get("event") != event:
            self._at -= 1
            raise self._diverged(line, f"records {event!r}")
        self.events.append({"event": event, **line["facts"]})
        return line["facts"]

    # ---- inside ----------------------------------------------------------------------------------------------

    def _tell(self, monitor: Monitor, role: str) -> None:
        """Tell a monitor when what ``role`` heard last is not its reply."""
        heard = next((t for t in reversed(self.turns) if t.speaker != role), None)
        if isinstance(monitor, Asking) and (heard is None or heard.strategy != "crisis"):
            monitor.moved_on()

    def _recall(self, monitor: Monitor, line: Mapping[str, Any]) -> None:
        text = line.get("whole", line["text"])
        found = (line.get("meta") or {}).get("crisis")
        if isinstance(monitor, Recalling):
            monitor.recall(text, Crisis() if found is None else Crisis.from_json(found))
        else:
            monitor.see(text)

    async def _call(self, agent: Agent, view: View, on_error: str) -> Utterance:
        try:
            said = await agent.speak(view)
        except (SophroError, Paused):
            raise
        except Exception as error:
            why = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
            if on_error == "raise":
                raise SophroError(
                    f"{agent.role} could not answer in turn {len(self.turns)} ({why}); the same command goes on "
                    "from here"
                ) from error
            return Utterance("", outcome="error", reason=why)
        if said.outcome == "error" and on_error == "raise":
            raise SophroError(
                f"{agent.role} could not answer in turn {len(self.turns)} ({said.reason}); the same command goes on "
                "from here"
            )
        return said

    def _line(
        self,
        kind: str,
        role: str,
        said: Utterance,
        strategy: str | Callable[[Utterance], str],
        to: tuple[str, ...],
        meta: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        facts: dict[str, Any] = {**(meta or {}), **({"to": list(to)} if to else {})}
        text = said.text
        monitor = self._monitors.get(role)
        if kind == "turn" and monitor is not None:
            self._tell(monitor, role)
            facts["crisis"] = Crisis.of(monitor.see(text)).to_json()  # reads the whole text, however long
        whole: dict[str, str] = {}
        if len(text) > MOST_CHARACTERS:
            facts["cut"] = len(text)
            whole, text = {"whole": text}, text[:MOST_CHARACTERS]
        if callable(strategy):
            strategy = strategy(said)
        turn = Turn(len(self.turns), role, text, self.phase, strategy, facts)
        answer = said.to_json()
        del answer["text"]
        return _json({"kind": kind, **turn.to_json(), "said": answer, **whole})

    def _view(self, role: str, task: Mapping[str, Any], see: Callable[[Turn], bool] | None) -> View:
        known = self._sees.get(role, frozenset())
        heard = [t for t in self.turns if role in (t.speaker, *t.meta.get("to", (role,)))]
        turns = tuple(_stripped(t, known) for t in heard if see is None or see(t))
        asked = self._asked.get(role, 0)
        return View(
            role,
            self.phase if "phase" in known else "",
            turns,
            dict(self.private.get(role, {})),
            dict(task),
            asked,
            int(digest(self._seed, self.name, role, asked), 16) % (1 << 32),
        )

    def _take(self, kind: str) -> dict[str, Any] | None:
        if self._at < len(self._recorded):
            line = self._recorded[self._at]
            if line["kind"] != kind:
                raise self._diverged(line, f"has a {kind} here")
            self._at += 1
            return line
        if not self._live:
            raise SophroError(f"{self._where}: ends before the dialogue does; run it again to go on")
        return None

    def _same_or_write(self, line: dict[str, Any]) -> None:
        recorded = self._take(line["kind"])
        if recorded is None:
            self._write(line)
        elif recorded != line:
            self._at -= 1
            raise self._diverged(recorded, f"gives {_short(line)}")

    def _write(self, line: Mapping[str, Any]) -> None:
        if self._log is not None:
            self._log.append(line)

    def _diverged(self, line: Mapping[str, Any], now: str) -> Diverged:
        return Diverged(
            f"{self._where}, line {self._at + 2}: holds {_short(line)}, but this controller {now}; the log was made by "
            "another version or with other settings: start a new one"
        )

    @property
    def replaying(self) -> bool:
        """Whether recorded lines are still left."""
        return self._at < len(self._recorded)


def _stripped(turn: Turn, known: frozenset[Part]) -> Turn:
    return Turn(
        turn.index,
        turn.speaker,
        turn.text,
        turn.phase if "phase" in known else "",
        turn.strategy if "strategy" in known else "",
        turn.meta if "meta" in known else {},
    )


def _json(value: dict[str, Any]) -> dict[str, Any]:
    """Return the value as it comes back from the log, so that a live run and a resumed one see the same."""
    return json.loads(json.dumps(value))


def _short(line: Mapping[str, Any]) -> str:
    text = json.dumps({k: v for k, v in line.items() if k not in ("meta", "said")}, ensure_ascii=True)
    return text if len(text) <= 160 else text[:157] + "..."


def open_where(path: Path | None) -> str:
    """Return how errors call a log."""
    return str(path) if path is not None else "the dialogue"
