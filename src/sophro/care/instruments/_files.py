"""Scores a file of answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from sophro.care.instruments._registry import instrument
from sophro.care.instruments._scoring import score
from sophro.errors import SophroError
from sophro.files import read_jsonl, write_jsonl


def score_file(name: str, source: Path, target: Path) -> list[dict[str, Any]]:
    """Read JSONL ``{id, answers}`` and write ``{id, total, band, ...}``; nothing is written if a row is wrong.

    Raises:
        SophroError: Naming file, line and field.
    """
    found = instrument(name)
    rows: list[dict[str, Any]] = []
    for number, row in read_jsonl(source):
        where = f"{source}, line {number}"
        if type(row.get("id")) not in (str, int):
            raise SophroError(f"{where}: field 'id' is missing or neither text nor a whole number")
        if not isinstance(row.get("answers"), list):
            raise SophroError(f"{where}: field 'answers' is missing or no list")
        try:
            scored = score(found, cast("list[int | None]", row["answers"]))
        except SophroError as error:
            raise SophroError(f"{where}: {error}") from None
        rows.append({"id": row["id"], **scored.to_dict()})
    write_jsonl(target, rows)
    return rows
