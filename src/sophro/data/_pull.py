"""Fetching a public set from the Hugging Face hub, only when the user asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sophro.data._catalog import find_set
from sophro.errors import SophroError
from sophro.files import write_jsonl


def pull(name: str, out: Path | str) -> Path:
    """Download a set from the hub and write it as JSONL that ``load_set`` reads by path.

    Each row keeps the hub's columns and gets ``prompt``. The hub's copy is not the catalogue's: it may have
    more rows and its own licence terms, so figures on it are not comparable with figures on the named set.

    Args:
        name: Name from the catalogue.
        out: File to write (``.jsonl``).

    Raises:
        SophroError: If the set has no known hub id, the hub cannot be reached, or the columns differ.
    """
    info, _ = find_set(name)
    if info.files[0].shipped:
        raise SophroError(f"{info.name!r} is part of sophro; there is nothing to pull")
    if not info.hub:
        file = info.files[0]
        raise SophroError(f"{info.name!r} has no known hub id; take it from {file.source}@{file.revision}")
    hub, column = info.hub, info.hub["prompt"]
    try:
        from datasets import load_dataset

        rows: Any = load_dataset(hub["id"], hub.get("config"), split=hub["split"])
    except Exception as error:  # the hub client raises many unrelated kinds; all mean the same to the user
        kind = type(error).__name__
        raise SophroError(f"{hub['id']} could not be fetched ({kind}); check network and access") from error
    if column not in rows.column_names:
        known = ", ".join(rows.column_names)
        raise SophroError(f"{hub['id']}: no column {column!r} but {known}; the hub's copy has changed")
    prompts = ((i, dict(row)) for i, row in enumerate(rows))
    write_jsonl(
        out, ({"id": f"{info.base}-{i}", "prompt": _first(row[column]), **_rest(row)} for i, row in prompts)
    )
    return Path(out)


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _rest(row: dict[str, Any]) -> dict[str, Any]:
    # Under meta, where the hub's own columns cannot be taken for fields of a record.
    return {"meta": {k: v for k, v in row.items() if k != "prompt"}}
