"""What is kept of a crisis: events without words, unless operator and person both agreed.

Card: crisis_safety.md, section 6. Contract: append-only JSONL, flushed to the disk; a session is named
by its hash; text is written only with ``keep_text``, with names of digits and addresses redacted. ``counts`` is free of
identifiers; ``forget`` removes a session.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sophro.care.crisis._types import CrisisState
from sophro.errors import SophroError
from sophro.files import read_jsonl, write_jsonl

_PRIVATE = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+|(?<!\d)(?:\+?\d[\d\- ]{6,}\d)(?!\d)|https?://\S+")


def redact(text: str) -> str:
    """Return ``text`` without telephone numbers, mail addresses and links."""
    return _PRIVATE.sub("[removed]", text)


class Records:
    """The event log of an installation.

    Args:
        path: File to append to.
        keep_text: Whether operator and person agreed to keep words.
    """

    def __init__(self, path: Path, *, keep_text: bool = False) -> None:
        self.path = path
        self.keep_text = keep_text

    def add(self, session: str, state: CrisisState, *, notified: bool = False, text: str = "") -> None:
        """Append one event: what changed, which layer saw it, whether a person was told."""
        event: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "session": session,
            "level": state.level.name,
            "raised": state.newly_raised,
            "layer": state.layer,
            "flags": list(state.flags),
            "replied": state.reply is not None,
            "notified": notified,
        }
        if self.keep_text and text:
            event["text"] = redact(text)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as handle:
            handle.write(json.dumps(event).encode("ascii") + b"\n")
            handle.flush()
            os.fsync(handle.fileno())

    def counts(self) -> dict[str, dict[str, int]]:
        """Return by year how often each level was reached; no identifier.

        Raises:
            SophroError: Naming the line that is no event.
        """
        found: dict[str, Counter[str]] = {}
        for event in self._events():
            if event["raised"]:
                found.setdefault(event["time"][:4], Counter())[event["level"]] += 1
        return {year: dict(levels) for year, levels in sorted(found.items())}

    def forget(self, session: str) -> int:
        """Remove every event of a session; return how many.

        Not while a conversation is going on: an event that is appended meanwhile would be lost.

        Raises:
            SophroError: Naming the line that is no event; nothing is removed then.
        """
        rows = list(self._events())
        kept = [event for event in rows if event["session"] != session]
        if len(kept) < len(rows):
            write_jsonl(self.path, kept)
        return len(rows) - len(kept)

    def _events(self) -> Iterator[dict[str, Any]]:
        for number, event in read_jsonl(self.path):
            for name, kind in (("time", str), ("session", str), ("level", str), ("raised", bool)):
                if type(event.get(name)) is not kind:
                    raise SophroError(
                        f"{self.path}, line {number}: field {name!r} is missing or no {kind.__name__}; this is no "
                        "record of the crisis layer"
                    )
            yield event
