"""``training.jsonl``: one row per optimiser step, readable while the run goes on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from sophro.files import write_jsonl


class TrainingLog:
    """Rows ``{step, loss, lr, tokens, seconds, ...}``, appended and flushed.

    Args:
        path: The file.
        keep: Steps to keep of an earlier, interrupted run; later rows and a torn last line are dropped.
    """

    def __init__(self, path: Path, keep: int) -> None:
        self.rows = _complete_rows(path)[:keep] if keep else []
        write_jsonl(path, self.rows)
        self._handle = path.open("a", encoding="utf-8")

    def append(self, row: dict[str, Any]) -> None:
        """Add one row."""
        self.rows.append(row)
        self._handle.write(json.dumps(row) + "\n")
        self._handle.flush()

    def sync(self) -> None:
        """Put all rows on the disk, so that no checkpoint is ahead of its log."""
        self._handle.flush()
        os.fsync(self._handle.fileno())

    def close(self) -> None:
        """Close the file."""
        self._handle.close()


def _complete_rows(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    # A killed process can leave a last line without its end.
    lines = path.read_bytes().split(b"\n")[:-1]
    return [json.loads(line) for line in lines]
