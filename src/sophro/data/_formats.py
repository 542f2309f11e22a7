"""Rows of the file formats that the catalogue names.

Contract: every format becomes numbered rows of named values. CSV is read as UTF-8 with or without a
byte-order mark; a file that does not have its format is an error that names it.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sophro.errors import SophroError
from sophro.files import read_jsonl, read_text

Row = dict[str, Any]


def read_rows(path: Path, format: str) -> Iterator[tuple[int, Row]]:
    """Yield ``(number, row)``; for CSV and JSON the number counts rows, for the others lines.

    Args:
        path: The file.
        format: ``csv`` (with a header), ``jsonl``, ``json`` (a list of objects or of texts, alone or
            as ``results`` of an object), ``lines`` (one text a line), ``tree`` (category, subcategory, prompts) or
            ``columns`` (an object of lists).

    Raises:
        SophroError: If the file does not have this format.
    """
    if format == "jsonl":
        yield from read_jsonl(path)
    elif format == "csv":
        yield from _csv(path)
    elif format == "lines":
        for number, line in enumerate(read_text(path).splitlines(), start=1):
            if line.strip():
                yield number, {"text": line.strip()}
    else:
        yield from enumerate(_json(path, format), start=1)


def _csv(path: Path) -> Iterator[tuple[int, Row]]:
    # Some responses are longer than the 128 KiB that the reader allows by itself.
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        yield from enumerate(csv.DictReader(io.StringIO(read_text(path), newline="")), start=1)
    except csv.Error as error:
        raise SophroError(f"{path}: not CSV ({error})") from None


def _json(path: Path, format: str) -> Iterator[Row]:
    try:
        value: Any = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise SophroError(f"{path}, line {error.lineno}: not JSON ({error.msg})") from None
    try:
        if format == "json":
            for row in value["results"] if isinstance(value, dict) else value:
                yield row if isinstance(row, dict) else {"text": row}
        elif format == "tree":
            for category, parts in value.items():
                for part, prompts in parts.items():
                    for prompt in prompts:
                        yield {"category": category, "subcategory": part.rstrip(":"), "prompt": prompt}
        elif format == "columns":
            filled = {name: column for name, column in value.items() if column}
            for values in zip(*filled.values(), strict=True):
                yield dict(zip(filled, values, strict=True))
        else:
            raise SophroError(f"{path}: unknown format {format!r}")
    except (AttributeError, KeyError, TypeError, ValueError):
        raise SophroError(f"{path}: the contents do not have the form {format!r}") from None
