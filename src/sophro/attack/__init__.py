"""ASSESSMENT: attacks make prompts adversarial; the judges that score them are never part of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sophro.attack._table import ROWS
from sophro.attack._types import Attack, Attempt, Budget, TargetView
from sophro.errors import SophroError, unknown_name
from sophro.registry import Method, register

if TYPE_CHECKING:
    from sophro.attack._table import Row

_ROWS: dict[str, Row] = {row.name: row for row in ROWS}

for _row in ROWS:
    register(
        Method(
            name=_row.name,
            title=_row.title,
            paper=_row.paper,
            area="assessment",
            room="attack",
            entry=f"sophro.attack.{_row.kind}",
            primary="A1",
            also=_row.also,
            needs=_row.needs,
            evidence=_row.evidence,
            deviations=_row.deviations,
        )
    )


def attack(name: str, params: Mapping[str, Any] | None = None) -> Attack:
    """Return the attack ``name`` with its settings.

    Raises:
        SophroError: If the name or a setting is unknown; near names are listed.
    """
    import dataclasses
    from importlib import import_module

    module, _, kind = attack_row(name).kind.partition(":")
    build = getattr(import_module(f"sophro.attack.{module}"), kind)
    known = {f.name: f for f in dataclasses.fields(build)}
    for key, value in (params or {}).items():
        if key not in known:
            raise (
                unknown_name(f"setting of attack {name}", key, known)
                if known
                else SophroError(f"attack {name} has no settings, {key!r} was given")
            )
        wanted = type(known[key].default)
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise SophroError(f"attack {name}: {key} must be of type {wanted.__name__}, not {value!r}")
    return build(**(params or {}))


def attacks() -> list[str]:
    """Return the names of all attacks."""
    return sorted(_ROWS)


def attack_row(name: str) -> Row:
    """Return what the table says of an attack.

    Raises:
        SophroError: If the name is unknown; near names are listed.
    """
    if name not in _ROWS:
        raise unknown_name("attack", name, _ROWS)
    return _ROWS[name]


def check_built(name: str, attempts: Sequence[Attempt]) -> list[Attempt]:
    """Return ``attempts`` unless not one of them could be built.

    Raises:
        SophroError: If all are errors; the first reason is given.
    """
    if attempts and all(a.error for a in attempts):
        raise SophroError(f"attack {name}: no attempt could be built ({attempts[0].error})")
    return list(attempts)


__all__ = ["Attack", "Attempt", "Budget", "TargetView", "attack", "attack_row", "attacks", "check_built"]
