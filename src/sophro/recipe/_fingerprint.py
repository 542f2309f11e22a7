"""A short key for the contents of a local file or folder.

Contract: depends on names, sizes and bytes, not on dates or the place. Files up to 64 MB are read whole; of
larger ones (weights) the ends and 62 evenly spaced blocks are read, which a retrained copy does not share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from sophro.errors import SophroError

_WHOLE = 64 << 20
_BLOCK = 1 << 16
_BLOCKS = 64


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
    size = file.stat().st_size
    yield f"{size}\0".encode()
    with file.open("rb") as handle:
        if size <= _WHOLE:
            while piece := handle.read(1 << 20):
                yield piece
            return
        for index in range(_BLOCKS):
            handle.seek((size - _BLOCK) * index // (_BLOCKS - 1))
            yield handle.read(_BLOCK)
