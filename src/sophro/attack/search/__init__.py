"""Attacks that search for a prompt, over one core: see ``_core`` for the loop and ``sophro.attack`` for the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sophro.attack.search._core import Found, Meter, Node, Problem, search
    from sophro.attack.search._guide import check_scoring
    from sophro.attack.search._target import RemoteTarget

_LAZY = {
    "Found": "_core",
    "Meter": "_core",
    "Node": "_core",
    "Problem": "_core",
    "RemoteTarget": "_target",
    "check_scoring": "_guide",
    "search": "_core",
}

__all__ = ["Found", "Meter", "Node", "Problem", "RemoteTarget", "check_scoring", "search"]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f"sophro.attack.search.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'sophro.attack.search' has no attribute {name!r}")
