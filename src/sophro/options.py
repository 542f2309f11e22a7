"""Options of methods: the defaults say which there are and of what type.

Contract: an unknown option is refused with the near ones; a value of another type than its default is refused, except
where YAML reads a number differently than it was meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sophro.errors import SophroError, unknown_name


def merged_options(name: str, defaults: Mapping[str, Any], given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the defaults of method ``name`` with the given options put over them.

    Raises:
        SophroError: If an option is unknown or of the wrong type.
    """
    merged = dict(defaults)
    for key, value in (given or {}).items():
        if key not in merged:
            raise unknown_name(f"option of {name}", key, merged)
        merged[key] = _typed(name, key, value, merged[key])
    return merged


def _typed(name: str, key: str, value: Any, default: Any) -> Any:
    """Return ``value`` as the type of its default, or refuse it.

    YAML reads ``1e-3`` as text and ``1`` as a whole number; both are fine where a real number is meant.
    """
    if isinstance(default, float) and not isinstance(value, bool):
        try:
            return float(value)
        except (TypeError, ValueError):
            raise SophroError(f"{name}: option {key} must be a number, not {value!r}") from None
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple):
            raise SophroError(f"{name}: option {key} must be a list, not {value!r}")
        return tuple(cast("list[Any]", value))
    if default is not None and type(value) is not type(default):
        raise SophroError(f"{name}: option {key} must be of type {type(default).__name__}, not {value!r}")
    return value
