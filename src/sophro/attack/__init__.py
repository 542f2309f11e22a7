"""ASSESSMENT: attacks make prompts adversarial; the judges that score them are never part of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sophro.attack._disguises import register_disguises
from sophro.errors import SophroError, unknown_name
from sophro.registry import Method, register

if TYPE_CHECKING:
    from sophro.attack._types import Attack, Attempt, Budget, TargetView

_ADAPTIVE = {
    "reflection_forbidden": ("Forbidden", "Reflection token forbidden by logit bias, behind a forced start"),
    "reflection_ignore": ("Ignore", "Told that reflection is done and not wanted, behind a forced start"),
    "reflection_literal": ("Literal", "The reflection token typed by the user, behind a forced start"),
    "reflection_fake": ("Fake", "A forced start with a reflection that found nothing wrong"),
    "reflection_again": ("Again", "Asked again after a recovery, behind a forced start"),
}
_CLASSES = {
    "none": ("_direct", "NoAttack"),
    "prefill": ("_direct", "Prefill"),
    **{name: ("_reflection", kind) for name, (kind, _) in _ADAPTIVE.items()},
}

register(
    Method(
        name="none",
        title="No attack: the request in plain words",
        paper="baseline (every suite)",
        area="assessment",
        room="attack",
        entry="sophro.attack._direct:NoAttack",
        primary="A1",
        evidence=("stub_models",),
    )
)
register(
    Method(
        name="prefill",
        title="Prefilled answer: the first k tokens of a compliant answer are forced",
        paper="Qi et al., Safety Alignment Should Be Made More Than Just a Few Tokens Deep, arXiv 2406.05946",
        area="assessment",
        room="attack",
        entry="sophro.attack._direct:Prefill",
        primary="A1",
        also=("D5",),
        needs=("prefill",),
        evidence=("shallow_under_prefill",),
        deviations=(
            "The forced text is written by us without usable content, not taken from a jailbroken model.",
            "Records without an opening get a generic affirmative one; every attempt says which it used.",
        ),
    )
)
for _name, (_kind, _title) in _ADAPTIVE.items():
    register(
        Method(
            name=_name,
            title=_title,
            paper="adaptive attack of 2026.findings-acl.678, known only in outline; this one is ours",
            area="assessment",
            room="attack",
            entry=f"sophro.attack._reflection:{_kind}",
            primary="A1",
            needs=("prefill",),
            evidence=("reflection_is_the_cause",),
        )
    )


register_disguises()


def attack(name: str, params: Mapping[str, Any] | None = None) -> Attack:
    """Return the attack ``name`` with its settings.

    Raises:
        SophroError: If the name or a setting is unknown; near names are listed.
    """
    import dataclasses
    from importlib import import_module

    if name not in _CLASSES:
        raise unknown_name("attack", name, _CLASSES)
    module, kind = _CLASSES[name]
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
    return sorted(_CLASSES)


__all__ = ["Attack", "Attempt", "Budget", "TargetView", "attack", "attacks"]


def __getattr__(name: str) -> Any:
    if name in ("Attack", "Attempt", "Budget", "TargetView"):
        from sophro.attack import _types

        return getattr(_types, name)
    raise AttributeError(f"module 'sophro.attack' has no attribute {name!r}")
