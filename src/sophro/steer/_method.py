"""What a steering method gets and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sophro.data import Record
from sophro.models import Patch

Advance = Callable[[float, float], None]


@dataclass(frozen=True)
class FitJob:
    """What a method fits on.

    Attributes:
        model: A local chat model, with the patches on that it is served with.
        data: Records by role.
        options: The method's options, all of them.
        seed: Seed of whatever is drawn.
        advance: Progress in any unit (done, all).
    """

    model: Any
    data: Mapping[str, Sequence[Record]]
    options: Mapping[str, Any]
    seed: int = 0
    advance: Advance = lambda done, total: None


@dataclass(frozen=True)
class Fitted:
    """What a method made.

    Attributes:
        patch: The patch; it knows the model that it was made on.
        report: JSON values: what was read, chosen and measured on the way.
        warnings: What a user should know before relying on it.
    """

    patch: Patch
    report: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class SteerMethod:
    """One steering method.

    Attributes:
        name: Its name in the registry.
        fit: Makes the patch.
        options: Its options with their defaults.
        roles: Data roles that it needs.
        optional: Further data roles that it knows.
    """

    name: str
    fit: Callable[[FitJob], Fitted]
    options: Mapping[str, Any]
    roles: tuple[str, ...]
    optional: tuple[str, ...] = field(default=())
