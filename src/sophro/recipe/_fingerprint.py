"""A short key for the contents of a local file or folder.

Contract: an edit changes the key, a move does not. Files up to 64 MB are read whole. Of larger ones (weights)
size and time of change stand for the bytes, as in make: sampling bytes would miss an edit of one matrix, and
reading a hundred gigabytes for a plan is too slow. A copy that does not keep times is at worst done again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from sophro.errors import SophroError

_WHOLE = 64 << 20


def content_key(path: Path) -> str:
    """Return 16 hex digits for a file, or a folder with everything in it except hidden names.

    Raises:
        SophroError: If the path is gone or cannot be read.
    """
    total = hashlib.sha256()
    try:
        if path.is_file():
            for piece in _pieces(path):
                total.update(piece)
        else:
            inside = sorted(path.rglob("*"), key=lambda p: p.relative_to(path).as_posix())
            names = [p for p in inside if not any(part[0] == "." for part in p.relative_to(path).parts)]
            for file in (p for p in names if p.is_file()):
                total.update(f"{file.relative_to(path).as_posix()}\0".encode())
                for piece in _pieces(file):
                    total.update(piece)
            if not names:
                raise SophroError(f"{path}: an empty or missing folder; check the path")
    except OSError as error:
        raise SophroError(f"{path}: cannot be read ({error.strerror}); check path and permissions") from None
    return total.hexdigest()[:16]


def _pieces(file: Path) -> Iterator[bytes]:
    facts = file.stat()
    yield f"{facts.st_size}\0".encode()
    if facts.st_size > _WHOLE:
        yield f"{facts.st_mtime_ns}\0".encode()
        return
    with file.open("rb") as handle:
        while piece := handle.read(1 << 20):
            yield piece
