"""Which names a recipe may use: methods, tasks, attacks, sets and judges.

Contract: looking names up imports no model code; a room that is not installed is not checked, so that a
recipe can be planned anyway.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sophro.errors import SophroError, unknown_name
from sophro.registry import Room, methods

Known = Collection[str] | Callable[[], Collection[str]] | None


@dataclass(frozen=True)
class Names:
    """The names that exist; None leaves a kind unchecked.

    A set or a judge may carry a suffix after a colon (``starter/plain:en``); it is known if the whole name or
    the part before the colon is.

    Attributes:
        methods: Alignment methods.
        tasks: Assessment tasks.
        attacks: Attacks.
        sets: Data sets.
        judges: Judges.
        options: Returns the dataclass of a method's options, or None to leave them to the method.
    """

    methods: Known = None
    tasks: Known = None
    attacks: Known = None
    sets: Known = None
    judges: Known = None
    options: Callable[[str], type | None] | None = None

    def check(self, kind: str, name: str) -> SophroError | None:
        """Return the error for an unknown ``name`` of ``kind`` ("method", "task", ...), or None."""
        known: Known = getattr(self, f"{kind}s")
        names = known() if callable(known) else known
        if names is None or name in names:
            return None
        if kind in ("set", "judge") and name.partition(":")[0] in names:
            return None
        return unknown_name(kind, name, names)


def installed_names() -> Names:
    """Return the names of this installation, from the registry and the rooms' own lists."""
    return Names(
        methods=_room_methods("align"),
        tasks=_room_methods("assess"),
        attacks=_room_methods("attack"),
        sets=_listed("sophro.data"),
        judges=_listed("sophro.judge"),
    )


def _room_methods(room: Room) -> Collection[str] | None:
    return tuple(methods(room)) or None


def _listed(module: str) -> Collection[str] | None:
    lister: Callable[[], Collection[str]] | None = getattr(importlib.import_module(module), "names", None)
    return tuple(lister()) if lister is not None else None
