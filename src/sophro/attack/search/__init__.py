"""Attacks that search for a prompt, over one core: see ``_core`` for the loop and ``sophro.attack`` for the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sophro._lazy import lazy

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


__getattr__ = lazy(__name__, _LAZY)
