"""Which names a recipe may use: methods, tasks, attacks, sets and judges.

Contract: looking names up imports no model code.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sophro.errors import SophroError, unknown_name

Known = Collection[str] | Callable[[], Collection[str]] | None


@dataclass(frozen=True)
class Names:
    """The names that exist; None leaves a kind unchecked.

    A set or a judge may carry a suffix after a colon (``starter/plain:en``); it is known if the whole name or
    the part before the colon is. A judge may name its model behind an ``@``.

    Attributes:
        methods: Methods that make an arm: alignment methods, weight edits and steering.
        tasks: Assessment tasks.
        attacks: Attacks.
        sets: Data sets.
        judges: Judges.
        options: Returns the options of a method with their defaults, or None to leave them to the method.
        settings: Builds an attack with its settings, which raises if one is wrong.
    """

    methods: Known = None
    tasks: Known = None
    attacks: Known = None
    sets: Known = None
    judges: Known = None
    options: Callable[[str], Mapping[str, Any] | None] | None = None
    settings: Callable[[str, Mapping[str, Any]], object] | None = None

    def check(self, kind: str, name: str) -> SophroError | None:
        """Return the error for an unknown ``name`` of ``kind`` ("method", "task", ...), or None."""
        known: Known = getattr(self, f"{kind}s")
        names = known() if callable(known) else known
        if names is None or name in names:
            return None
        if kind in ("set", "judge") and name.partition(":")[0] in names:
            return None
        if kind == "judge" and "@" in name and name.partition("@")[0] in names and name.partition("@")[2]:
            return None
        if kind == "set" and name.endswith(".jsonl"):
            return self._file(name)
        return unknown_name(kind, name, names)

    @staticmethod
    def _file(name: str) -> SophroError | None:
        return None if Path(name).is_file() else SophroError(f"{name}: no such file; check the path")


def installed_names() -> Names:
    """Return the names of this installation, from the registry and the rooms' own lists."""
    # A quarter of a second of imports that callers with names of their own do not pay.
    from sophro import align, attack, data, edit, judge, steer
    from sophro.judge.llm import adapters
    from sophro.registry import methods

    homes: dict[str, Any] = {**dict.fromkeys(methods("edit"), edit), **dict.fromkeys(methods("steer"), steer)}
    return Names(
        methods=(*methods("align"), *methods("edit"), *methods("steer")),
        tasks=tuple(methods("assess")),
        attacks=tuple(attack.attacks()),
        sets=data.names(),
        judges=(*judge.judges(), *adapters()),
        options=lambda name: homes.get(name, align).default_options(name),
        settings=attack.attack,
    )
