"""The log of one dialogue: append-only, flushed to the disk line by line, one writer at a time.

Contract: the first line is the head, every further line is something that was said, answered or decided, the last one
is the end. A line is on the disk before the dialogue goes on, so a killed process loses at most the answer that it was
waiting for. A line that was cut off by the kill is dropped when the log is opened again.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from sophro.errors import SophroError

VERSION = 1


class LogFile:
    """An open log; use it as a context manager.

    Attributes:
        lines: What it held when it was opened, the head first.

    Raises:
        SophroError: If another process writes to it, it is no log, or it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._handle: BinaryIO = path.open("a+b")
        except OSError as error:
            raise SophroError(f"{path}: cannot be written ({error.strerror}); name another file") from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._handle.close()
            raise SophroError(
                f"{path}: another process is holding this dialogue; wait for it or name another file"
            ) from None
        try:
            self.lines = self._read()
        except BaseException:
            self._handle.close()
            raise

    def _read(self) -> list[dict[str, Any]]:
        self._handle.seek(0)
        data = self._handle.read()
        whole = data[: data.rfind(b"\n") + 1]
        lines = parse(whole, self.path)
        if len(whole) < len(data):  # killed while writing: the last line is not complete
            if not lines:
                raise SophroError(f"{self.path}: not a log of a dialogue; name another file")
            self._handle.truncate(len(whole))
        return lines

    def append(self, line: Mapping[str, Any]) -> None:
        """Write one line and wait until it is on the disk."""
        # ASCII, because what a person typed may hold half of a surrogate pair, which UTF-8 cannot.
        self._handle.write(json.dumps(line, ensure_ascii=True).encode("ascii") + b"\n")
        self._handle.flush()
        os.fsync(self._handle.fileno())

    def __enter__(self) -> LogFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.close()


def parse(data: bytes, path: Path) -> list[dict[str, Any]]:
    """Return the lines of a log, checked as far as their kinds go.

    Raises:
        SophroError: Naming file and line.
    """
    found: list[dict[str, Any]] = []
    for number, raw in enumerate(data.splitlines(), start=1):
        try:
            value: Any = json.loads(raw)
        except (ValueError, RecursionError):
            raise SophroError(
                f"{path}, line {number}: not JSON; this is no log of a dialogue, or it is damaged"
            ) from None
        kind: Any = cast("dict[str, Any]", value).get("kind") if isinstance(value, dict) else None
        if kind not in ("head", "turn", "note", "event", "end") or (kind == "head") != (number == 1):
            raise SophroError(f"{path}, line {number}: not a line of a dialogue's log; name another file")
        found.append(cast("dict[str, Any]", value))
    if found and found[0].get("version") != VERSION:
        raise SophroError(
            f"{path}: a log of version {found[0].get('version')!r}, this is version {VERSION}; start a new one"
        )
    return found


def read_log(path: Path) -> list[dict[str, Any]]:
    """Read a log without writing to it; a last line that was cut off is left out.

    Raises:
        SophroError: If there is none, or naming file and line of what is wrong.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise SophroError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    lines = parse(data[: data.rfind(b"\n") + 1], Path(path))
    if not lines:
        raise SophroError(f"{path}: holds no dialogue")
    return lines


def turns_of(lines: Sequence[Mapping[str, Any]], path: Path) -> list[Mapping[str, Any]]:
    """Return the lines that are turns; their indices must count up from 0.

    Raises:
        SophroError: If one is missing.
    """
    found = [line for line in lines if line["kind"] == "turn"]
    for number, line in enumerate(found):
        if line.get("index") != number:
            raise SophroError(f"{path}: turn {number} is missing; the log is damaged")
    return found
