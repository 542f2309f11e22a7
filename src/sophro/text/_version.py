"""One name for what the normaliser would do to a text: it changes whenever its code or its tables do."""

from __future__ import annotations

import functools
from pathlib import Path

from sophro.files import digest, file_sha256


@functools.cache
def normalizer_version() -> str:
    """Return a hash of the normaliser's code and tables."""
    folder = Path(__file__).parent
    code, tables = folder.glob("*.py"), (folder / "shipped").glob("*.*")
    return digest(*((p.name, file_sha256(p)) for p in sorted([*code, *tables])))
