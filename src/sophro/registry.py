"""Methods register here; the command line, the docs index and the coverage map read it.

A method is one published system (or a baseline) with its paper, its room and the sub-topics of the
Singapore Consensus that it serves. Registering costs nothing: the module that implements the method is
named by a dotted path and imported only when the method runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sophro.errors import SophroError, unknown_name

Area = Literal["assessment", "development", "control"]
Room = Literal["align", "edit", "attack", "assess", "steer", "guard", "care", "affect"]


@dataclass(frozen=True)
class Method:
    """One method of the toolkit.

    Attributes:
        name: Stable name for the command line, lower case with underscores.
        title: What it is, in a few words.
        paper: Reference of the source, or "baseline" with where the practice comes from.
        area: Area of the Singapore Consensus: assessment, development or control.
        room: Folder under ``sophro`` that holds it.
        entry: ``"module:function"``, imported only when the method runs.
        primary: Item id of the defence-in-depth checklist (A1..A7, D1..D8, C1..C6).
        also: Up to three secondary items.
        needs: Capabilities that the model must have (``"prefill"``, ``"gradients"``, ...).
        evidence: Names of the executable claims that cover it (see ``sophro evidence``).
        deviations: What differs from the source, one sentence each.
    """

    name: str
    title: str
    paper: str
    area: Area
    room: Room
    entry: str
    primary: str
    also: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()


_METHODS: dict[str, Method] = {}


def register(method: Method) -> Method:
    """Add ``method``; registering a different method under a taken name is an error."""
    taken = _METHODS.get(method.name)
    if taken is not None and taken != method:
        raise ValueError(f"method {method.name!r} is registered twice with different contents")
    if len(method.also) > 3 or method.primary in method.also:
        raise ValueError(f"method {method.name!r}: one primary item and at most three others")
    _METHODS[method.name] = method
    return method


def methods(room: Room | None = None) -> Mapping[str, Method]:
    """Return the registered methods by name, all or those of one room."""
    _load_all()
    return {n: m for n, m in sorted(_METHODS.items()) if room is None or m.room == room}


def method(name: str, room: Room | None = None) -> Method:
    """Return one method.

    Raises:
        SophroError: If the name is unknown; the message lists near names, or the room that has it.
    """
    found = methods(room).get(name)
    if found is None:
        # "npo" asked of the room edit is unlearn_npo of the room align.
        elsewhere = [m for m in methods().values() if m.name == name or m.name.endswith(f"_{name}")]
        if elsewhere and not any(m.room == room for m in elsewhere):
            said = " or ".join(f"{m.name} of `sophro {m.room}`" for m in elsewhere)
            raise SophroError(f"unknown method {name!r}; did you mean {said}?")
        raise unknown_name("method", name, methods(room))
    return found


def resolve(method: Method) -> object:
    """Import the method's entry point and return it."""
    import importlib

    module, _, attribute = method.entry.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise SophroError(f"method {method.name!r} needs the package {error.name!r}; install it") from error


def _load_all() -> None:
    # The catalogue of each room only declares; importing it pulls neither torch nor transformers.
    import importlib

    for room in ("align", "assess", "attack", "care", "edit", "guard", "steer"):
        importlib.import_module(f"sophro.{room}")
