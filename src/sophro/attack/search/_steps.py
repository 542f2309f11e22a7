"""The file of a search: a header and one line per step, appended whole or not at all.

Contract: a line counts once its newline is on the disk. A killed writer leaves at most one unfinished last line,
which the next reader cuts off; any other damage is an error that names the line. Two processes never write the
same file: the second one is refused.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sophro.errors import SophroError


class StepFile:
    """Reads what is there and appends to it.

    Args:
        path: The file; its folder is made.
        header: Says which search this is; JSON values.

    Attributes:
        rows: The steps found, in order.

    Raises:
        SophroError: If the file belongs to another search, is damaged, or is in use.
    """

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            raise SophroError(
                f"{path}: another process is running this search; wait for it or stop it"
            ) from None
        try:
            self.rows = self._read(json.loads(json.dumps(header)))
        except BaseException:
            self.close()
            raise

    def _read(self, header: dict[str, Any]) -> list[dict[str, Any]]:
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.ftruncate(self._fd, len(whole))
        rows: list[dict[str, Any]] = []
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise SophroError(
                    f"{self.path}, line {number}: damaged; remove the file to start the search again"
                )
            rows.append(row)
        if not rows:
            self.append(header)
            return []
        if rows[0] != header:
            raise SophroError(
                f"{self.path}: holds another search (other settings, behaviour or seed); choose another folder "
                "or remove it"
            )
        if [r.get("step") for r in rows[1:]] != list(range(len(rows) - 1)):
            raise SophroError(f"{self.path}: steps are missing; remove the file to start the search again")
        return rows[1:]

    def append(self, row: Mapping[str, Any]) -> None:
        """Append one line and flush it to the disk."""
        data = (json.dumps(row) + "\n").encode("ascii")
        while data:  # a short write (full disk) leaves an unfinished line, which the next reader cuts off
            data = data[os.write(self._fd, data) :]
        os.fsync(self._fd)

    def close(self) -> None:
        """Give the file free."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __del__(self) -> None:
        if hasattr(self, "_fd"):
            self.close()
