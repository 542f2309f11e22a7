"""API keys and the tenants they belong to.

Contract: a key file has one key a line: ``TENANT KEY``, or ``KEY`` alone for tenant ``default``; ``#`` starts a
comment. A key may be stored as ``sha256:HEX``. Keys of at least 16 characters are compared as hashes, all of them, in
constant time. No keys at all means that everybody may ask, which the command allows on the loopback interface only.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sophro.errors import SophroError
from sophro.files import read_text

VARIABLE = "SOPHRO_API_KEYS"
_SHORTEST = 16
_HASHED = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes:
        tenant: Name that policies and events know.
        key: Short hash of the key, for limits and the record; empty without keys.
    """

    tenant: str = "default"
    key: str = ""


class Keys:
    """Known keys.

    Args:
        known: Pairs of tenant and SHA-256 of the key.
    """

    def __init__(self, known: Iterable[tuple[str, bytes]] = ()) -> None:
        self._known = tuple(known)

    def __bool__(self) -> bool:
        return bool(self._known)

    def caller(self, key: str) -> Caller | None:
        """Return whose key this is, or None; without known keys everybody is the default tenant."""
        if not self._known:
            return Caller()
        given = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        found: Caller | None = None
        for tenant, hashed in self._known:  # no early end: the time says nothing about which key it was
            if hmac.compare_digest(given, hashed):
                found = Caller(tenant, hashed.hex()[:12])
        return found


def bearer(request: Any) -> str:
    """Return the key that a request carries, or the empty string."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def read_keys(file: Path | None) -> Keys:
    """Read keys from ``file``, else from the variable ``SOPHRO_API_KEYS`` (separated by commas, ``TENANT:KEY``).

    Raises:
        SophroError: Naming file and line.
    """
    if file is not None:
        lines = [(f"{file}, line {n}", line) for n, line in enumerate(read_text(file).splitlines(), start=1)]
        found = [_entry(where, text) for where, raw in lines if (text := raw.partition("#")[0].strip())]
        if not found:
            raise SophroError(f"{file}: no key in it; write one a line, as TENANT KEY")
        return Keys(found)
    given = [part.strip() for part in os.environ.get(VARIABLE, "").split(",") if part.strip()]
    return Keys(
        _entry(VARIABLE, re.sub(r"^([\w.-]+):(?!//)", r"\1 ", p) if not _HASHED.fullmatch(p) else p)
        for p in given
    )


def _entry(where: str, text: str) -> tuple[str, bytes]:
    words = text.split()
    if len(words) > 2:
        raise SophroError(f"{where}: a tenant and a key are needed, here are {len(words)} words")
    tenant, key = ("default", words[0]) if len(words) == 1 else (words[0], words[1])
    hashed = _HASHED.fullmatch(key)
    if hashed:
        return tenant, bytes.fromhex(hashed[1])
    if len(key) < _SHORTEST:
        raise SophroError(f"{where}: the key has {len(key)} characters; at least {_SHORTEST} are needed")
    return tenant, hashlib.sha256(key.encode("utf-8")).digest()
