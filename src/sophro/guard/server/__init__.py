"""CONTROL: the guard, served: an OpenAI-compatible server in front of a local model or of another server.

Contract: importing this costs nothing; FastAPI, uvicorn and httpx (extra ``serve``) load with the first name that
needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sophro._lazy import lazy

if TYPE_CHECKING:
    from sophro.guard.server._app import create_app
    from sophro.guard.server._events import Event, EventStore
    from sophro.guard.server._guarding import FixedGuards, PolicyGuards
    from sophro.guard.server._keys import Keys, read_keys
    from sophro.guard.server._scripted import ScriptedBackEnd
    from sophro.guard.server._settings import Limits, Settings
    from sophro.guard.server._state import Server

_HOMES = {
    "Event": "_events",
    "EventStore": "_events",
    "FixedGuards": "_guarding",
    "Keys": "_keys",
    "Limits": "_settings",
    "PolicyGuards": "_guarding",
    "ScriptedBackEnd": "_scripted",
    "Server": "_state",
    "Settings": "_settings",
    "create_app": "_app",
    "read_keys": "_keys",
}
__all__ = [
    "Event",
    "EventStore",
    "FixedGuards",
    "Keys",
    "Limits",
    "PolicyGuards",
    "ScriptedBackEnd",
    "Server",
    "Settings",
    "create_app",
    "read_keys",
]


__getattr__ = lazy(__name__, _HOMES)
