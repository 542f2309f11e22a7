"""Interviews that persons hold at the page: one folder each, found again by a secret that only the browser keeps.

Contract: nothing is kept in memory, so a server may be killed at any time. The folder is named by the hash under which
hook and records know the session; whoever reads the folder cannot take the session up. ``interview.html`` is written
last: with it a visit is complete.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sophro.care.dialogue import Dialogue, replay, session_hash
from sophro.care.interview._page import render_page
from sophro.errors import SophroError
from sophro.files import read_text, write_json, write_text

_ID = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits
_ABOUT = "session.json"


@dataclass(frozen=True)
class Visit:
    """One person's interview.

    Attributes:
        id: The secret by which the browser finds it.
        folder: Where it is kept.
        keep_words: Whether the person agreed that records of danger hold words.
        simulated: Who plays the person; empty where a person sits at the page.
    """

    id: str
    folder: Path
    keep_words: bool
    simulated: str = ""

    @property
    def log(self) -> Path:
        """The log of the dialogue."""
        return self.folder / "log.jsonl"


class Visits:
    """The visits of one folder.

    Args:
        folder: Where they are kept; made if need be.
        simulated: Who plays the person in all of them; a visit that was begun with somebody else is not found.

    Raises:
        SophroError: If the folder cannot be made.
    """

    def __init__(self, folder: Path, simulated: str = "") -> None:
        self.folder = folder
        self.simulated = simulated
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SophroError(f"{folder}: cannot be made ({error.strerror}); name another folder") from error

    def begin(self, keep_words: bool = False) -> Visit:
        """Return a new visit."""
        secret = secrets.token_urlsafe(32)
        visit = Visit(secret, self.folder / session_hash(secret), keep_words, self.simulated)
        visit.folder.mkdir(mode=0o700)
        write_json(
            visit.folder / _ABOUT,
            {
                "secret_sha256": _mark(secret),
                "begun": datetime.now(UTC).isoformat(timespec="seconds"),
                "keep_words": keep_words,
                "simulated": self.simulated,
            },
        )
        return visit

    def find(self, secret: str) -> Visit | None:
        """Return the visit of a secret, None for one that nobody was given."""
        if not _ID.fullmatch(secret):
            return None
        folder = self.folder / session_hash(secret)
        if not (folder / _ABOUT).is_file():
            return None
        about = json.loads(read_text(folder / _ABOUT))
        if not hmac.compare_digest(str(about.get("secret_sha256")), _mark(secret)):
            return None
        # A script must not go on with what a person has begun.
        if about.get("simulated", "") != self.simulated:
            return None
        return Visit(secret, folder, about.get("keep_words") is True, self.simulated)

    def complete(self) -> int:
        """Write what a killed server had not yet written of finished interviews; return of how many."""
        written = 0
        for log in sorted(self.folder.glob("*/log.jsonl")):
            if not (log.parent / _ABOUT).is_file() or (log.parent / "interview.html").exists():
                continue
            if log.stat().st_size and (done := replay(log)).finished:
                finish(log.parent, done)
                written += 1
        return written


def finish(folder: Path, done: Dialogue) -> None:
    """Write the clinician's result and page beside the log of a finished interview, unless they are there."""
    if not (folder / "interview.html").exists():
        write_json(folder / "result.json", result_of(done))
        write_text(folder / "interview.html", render_page(done))


def result_of(done: Dialogue) -> dict[str, Any]:
    """Return the outcome of an interview; one that nobody gave says so."""
    return {**(done.outcome or {}), **({"simulated": True} if done.settings.get("played") else {})}


def _mark(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()
