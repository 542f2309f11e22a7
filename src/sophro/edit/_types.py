"""What an edit method gets, brings and yields.

Contract: importing this module, or a method's own, pulls no model code; a plan reads options without a network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sophro.data import Record
from sophro.registry import method as find_method
from sophro.registry import resolve

if TYPE_CHECKING:
    from sophro.models import ChatModel, Edit

Advance = Callable[[float, float], None]


@dataclass(frozen=True)
class EditJob:
    """What a method gets.

    Attributes:
        model: The chat model, with the patch to start from (if any) on.
        data: Records by role.
        options: The method's options.
        seed: Seed of everything that is drawn.
        advance: Call it with (done, total) in any unit.
    """

    model: ChatModel
    data: Mapping[str, Sequence[Record]]
    options: Mapping[str, Any]
    seed: int
    advance: Advance


@dataclass(frozen=True)
class Edited:
    """What a method yields.

    Attributes:
        edits: Parameter names with what is added to the weights that the method was given; made while it is read.
        facts: Counts for the report; JSON values. They are complete once ``edits`` has been read.
    """

    edits: Iterable[tuple[str, Edit]]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class EditMethod:
    """What one method brings.

    Attributes:
        name: Its name in the registry.
        roles: Roles of the data that it needs; it takes no others.
        options: Its options with their defaults.
        run: Makes the edits.
    """

    name: str
    roles: tuple[str, ...]
    options: Mapping[str, Any]
    run: Callable[[EditJob], Edited]


def find(name: str) -> EditMethod:
    """Return the method ``name`` of the room ``edit``."""
    return cast(EditMethod, resolve(find_method(name, "edit")))


def default_options(name: str) -> dict[str, Any]:
    """Return all options of method ``name`` with their defaults."""
    return dict(find(name).options)
