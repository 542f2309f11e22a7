"""The dialogue core: agents that answer, a controller in code that leads, a log that can be resumed and replayed.

Contract: agents never navigate and never count. A role sees what was spoken, its own private state and its task, and
nothing else. Every answer is on the disk before the dialogue goes on; ``run`` on the same log continues a killed
dialogue, ``replay`` reads it, ``verify`` conducts it again from the log alone.

    class Greeting(Controller):
        kind = "greeting"
        settings = {}

        async def conduct(self, session):
            session.enter("hello")
            session.say("How are you?")
            said = await session.ask(person)
            return {"answered": bool(said.text)}

    run_sync(Greeting(), log="greeting.jsonl")

Limits: the embedded model can take any role, but at 135 million parameters its turns are shallow and its judgments
little better than chance where they were measured (see docs/interview.md); it is there so that everything runs offline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sophro._lazy import lazy

if TYPE_CHECKING:
    from sophro.care.dialogue._agents import (
        InspectAgent,
        Message,
        ModelAgent,
        ScriptedAgent,
        chat,
        open_model,
    )
    from sophro.care.dialogue._own import OwnAgent, is_own
    from sophro.care.dialogue._run import Controller, Dialogue, replay, run, run_sync, verify
    from sophro.care.dialogue._session import CONTROLLER, Diverged, Session
    from sophro.care.dialogue._types import (
        LEFT,
        Agent,
        Crisis,
        Monitor,
        Monitored,
        Paused,
        Recalling,
        Turn,
        Utterance,
        View,
    )
    from sophro.care.dialogue._watch import Watch, crisis_monitor, session_hash, webhook

_HOMES = {
    "CONTROLLER": "_session",
    "LEFT": "_types",
    "Agent": "_types",
    "Controller": "_run",
    "Crisis": "_types",
    "Dialogue": "_run",
    "Diverged": "_session",
    "InspectAgent": "_agents",
    "Message": "_agents",
    "ModelAgent": "_agents",
    "Monitor": "_types",
    "Monitored": "_types",
    "OwnAgent": "_own",
    "Paused": "_types",
    "Recalling": "_types",
    "ScriptedAgent": "_agents",
    "Session": "_session",
    "Turn": "_types",
    "Utterance": "_types",
    "View": "_types",
    "Watch": "_watch",
    "chat": "_agents",
    "crisis_monitor": "_watch",
    "is_own": "_own",
    "open_model": "_agents",
    "replay": "_run",
    "run": "_run",
    "run_sync": "_run",
    "session_hash": "_watch",
    "verify": "_run",
    "webhook": "_watch",
}

__all__ = [
    "CONTROLLER",
    "LEFT",
    "Agent",
    "Controller",
    "Crisis",
    "Dialogue",
    "Diverged",
    "InspectAgent",
    "Message",
    "ModelAgent",
    "Monitor",
    "Monitored",
    "OwnAgent",
    "Paused",
    "Recalling",
    "ScriptedAgent",
    "Session",
    "Turn",
    "Utterance",
    "View",
    "Watch",
    "chat",
    "crisis_monitor",
    "is_own",
    "open_model",
    "replay",
    "run",
    "run_sync",
    "session_hash",
    "verify",
    "webhook",
]

__getattr__ = lazy(__name__, _HOMES)
