"""One step of an interview at a time, for a page or a service that cannot wait inside a loop.

Contract: the log is the only state. Each call conducts the interview from its log, gives the person's message to the
first question that has no answer yet, and stops at the next one. A process may die between two calls, and any process
may take the next step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sophro.care.dialogue import Agent, Dialogue, Paused, ScriptedAgent, Turn, Utterance, View, replay, run
from sophro.care.interview._controller import PARTICIPANT, Interview


@dataclass(frozen=True)
class Step:
    """What happened.

    Attributes:
        said: New turns that the person should read, in order.
        finished: Whether the interview has ended.
        dialogue: The dialogue so far.
    """

    said: tuple[Turn, ...]
    finished: bool
    dialogue: Dialogue


async def advance(
    make: Callable[[Agent], Interview],
    log: Path,
    message: str | None = None,
    *,
    player: Agent | None = None,
    seed: int = 0,
) -> Step:
    """Take the interview one message further.

    Args:
        make: Makes the interview for a participant; the same settings in every call.
        log: The interview's log; made by the first call.
        message: What the person wrote; None to begin, or to read the open question again.
        player: Who answers once in the person's place, where nobody is interviewed.
        seed: Seed of the dialogue, as for ``run``.

    Raises:
        SophroError: If the log belongs to another interview, or is being written to by another call.
    """
    before = len(replay(log).turns) if log.exists() and log.stat().st_size else 0
    waiting: list[str | Agent] = [] if message is None else [message]
    waiting += [] if player is None else [player]

    async def speak(view: View) -> Utterance:
        if not waiting:
            raise Paused
        said = waiting.pop(0)
        return Utterance(said) if isinstance(said, str) else await said.speak(view)

    finished = True
    try:
        await run(make(ScriptedAgent(PARTICIPANT, speak)), log=log, seed=seed)
    except Paused:
        finished = False
    dialogue = replay(log)
    fresh = tuple(t for t in dialogue.turns[before:] if t.speaker != PARTICIPANT)
    return Step(fresh, finished, dialogue)
