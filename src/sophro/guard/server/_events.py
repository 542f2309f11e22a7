"""The record: every decision as an append-only event in SQLite.

Contract: ``record`` returns when the event is on the disk (WAL, ``synchronous=FULL``; events that wait at the same
time share one commit), so a response that waits for it never outlives its event. Rows are never changed (a trigger
refuses); they only go by retention or by a deletion on request, which overwrites the pages, empties the log and
leaves an event that says how many went. Texts are kept only if the operator opts in; otherwise a hash keyed with a
secret of the file, so that short texts cannot be guessed from it. Without that, nothing that a person or a model wrote
reaches the file: of replies only those that stand in the policy, of reasons why a detector was silent only their
beginning (what follows may quote an answer), and names of models only where they are names.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import os
import queue
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sophro.errors import SophroError
from sophro.guard.server._errors import well_formed

_LOG = logging.getLogger("sophro.serve")
UNTOLD = (
    "the server ended before an answer came"  # outcome of an escalation that is tried again at the next start
)
_COLUMNS = (
    "id", "time", "kind", "tenant", "user", "request", "endpoint", "model", "choice", "place", "action", "enforced",
    "dry_run", "reasons", "scores", "not_evaluated", "policy", "text_hash", "text", "reply", "detail", "seconds",
)  # fmt: skip
_JSON = ("reasons", "scores", "not_evaluated", "detail")
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS events ({", ".join("id TEXT PRIMARY KEY" if c == "id" else c for c in _COLUMNS)});
CREATE INDEX IF NOT EXISTS events_time ON events (time);
CREATE INDEX IF NOT EXISTS events_request ON events (request);
CREATE INDEX IF NOT EXISTS events_user ON events (user);
CREATE TRIGGER IF NOT EXISTS events_stay BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
"""
_INSERT = f"INSERT INTO events VALUES ({', '.join('?' * len(_COLUMNS))})"
_BATCH = 512  # events of one commit
_PATIENCE = 20  # seconds that a command waits for another one's lock
_SWEEP = 3600.0  # most seconds between two looks for old events
_NAME = re.compile(r"[\w.:/@+-]{1,160}")  # what a name of a model looks like; a sentence has blanks


@dataclass(frozen=True)
class Event:
    """One event.

    Attributes:
        kind: ``decision``, ``outcome`` (how an answer ended), ``escalation`` or ``deletion``.
        tenant: Whose request it was.
        user: The client's field ``user``; stored as a keyed hash only.
        request: Id of the response.
        endpoint: Path without ``/v1/``.
        model: Model that was asked for.
        choice: Which of the n answers.
        place: ``input``, ``trace``, ``output`` or ``stream``.
        action: What the policy says.
        enforced: What was done.
        dry_run: Whether the policy only logs.
        reasons: Why, one mapping per detector that acted.
        scores: ``detector.label`` -> score.
        not_evaluated: Detectors that could not judge, with why.
        policy: Hash of the policy.
        text: What was judged; stored as a hash, and itself only if the operator opted in.
        reply: What was sent instead; stored only if it is ``fixed`` or the operator opted in to texts.
        fixed: Whether ``reply`` is a text of the policy, and not made from what somebody wrote.
        detail: Further facts, JSON values.
        seconds: How long the judgement took.
        id: Sortable by time.
        time: Unix time.
    """

    kind: str = "decision"
    tenant: str = ""
    user: str = ""
    request: str = ""
    endpoint: str = ""
    model: str = ""
    choice: int = 0
    place: str = ""
    action: str = ""
    enforced: str = ""
    dry_run: bool = False
    reasons: Sequence[Mapping[str, Any]] = ()
    scores: Mapping[str, float] = field(default_factory=lambda: {})
    not_evaluated: Sequence[str] = ()
    policy: str = ""
    text: str = ""
    reply: str = ""
    fixed: bool = False
    detail: Mapping[str, Any] = field(default_factory=lambda: {})
    seconds: float = 0.0
    id: str = field(default_factory=lambda: new_id("evt"))
    time: float = field(default_factory=time.time)


def new_id(prefix: str) -> str:
    """Return a new id whose text order is the order of time."""
    return f"{prefix}_{time.time_ns():016x}{secrets.token_hex(8)}"


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """Open an event file.

    Raises:
        SophroError: If it is missing (without ``create``), cannot be written, or is no event file.
    """
    if not create and not path.exists():
        raise SophroError(f"{path}: no such event file; check --events")
    found: sqlite3.Connection | None = None
    try:
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Events are about people: nobody else on this machine reads them.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        found = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            found.execute(f"PRAGMA {pragma}")
        if create:
            found.executescript(_SCHEMA)
            found.execute("INSERT OR IGNORE INTO meta VALUES ('secret', ?)", (secrets.token_bytes(32),))
        known = {str(row[1]) for row in found.execute("PRAGMA table_info(events)")}
    except (sqlite3.Error, OSError) as error:
        if found is not None:
            found.close()
        raise SophroError(
            f"{path}: not usable as an event file ({error}); choose another with --events"
        ) from None
    if known != set(_COLUMNS):
        found.close()
        raise SophroError(f"{path}: an event file of another version; choose another with --events")
    found.row_factory = sqlite3.Row
    return found


class EventStore:
    """The writer of one event file.

    Args:
        path: The file; made if need be.
        store_text: Whether texts are kept.
        days: Events older than this are deleted; 0 keeps them.
    """

    def __init__(self, path: Path, *, store_text: bool = False, days: float = 0.0) -> None:
        self.path = path
        self._store_text = store_text
        self._days = days
        self._db = connect(path, create=True)
        self._secret = _secret(self._db)
        self._queue: queue.SimpleQueue[tuple[Event, asyncio.Future[None]] | None] = queue.SimpleQueue()
        # A short time to keep is looked after more often than once an hour.
        self._every = min(_SWEEP, days * 86400 / 4) if days else None
        self._swept = 0.0
        self._fold = False  # deleted rows still stand in the log
        self._sweep()
        self._thread = threading.Thread(target=self._run, name="sophro-events", daemon=True)
        self._thread.start()

    async def record(self, event: Event) -> None:
        """Write an event and return when it is on the disk.

        Raises:
            Exception: What kept it from being written.
        """
        done = asyncio.get_running_loop().create_future()
        self._queue.put((event, done))
        await done

    def keyed(self, text: str) -> str:
        """Return the hash under which ``text`` is stored."""
        return keyed(self._secret, text)

    def close(self) -> None:
        """Write what waits and close the file."""
        self._queue.put(None)
        self._thread.join()
        self._db.close()

    def _run(self) -> None:
        last = False
        while not last:
            batch: list[tuple[Event, asyncio.Future[None]]] = []
            with contextlib.suppress(queue.Empty):
                # Also without traffic: what is too old goes when its time has come.
                item = self._queue.get(timeout=self._rest())
                while True:
                    last = item is None
                    if item is None:
                        break
                    batch.append(item)
                    if len(batch) == _BATCH:
                        break
                    item = self._queue.get_nowait()
            error: Exception | None = None
            try:
                self._write([event for event, _ in batch])
            except Exception as found:
                # Whoever waits for these events is told; the thread must live on for the next ones.
                error = found
            for loop in {done.get_loop() for _, done in batch}:
                waiting = [done for _, done in batch if done.get_loop() is loop]
                # The loop may be gone when a server is torn down; then nobody waits either.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(_resolve, waiting, error)
            if self._rest() == 0.0:
                try:
                    self._sweep()
                except sqlite3.Error:
                    # Old events stay until the next time; the thread must live on, and nobody waits for this.
                    _LOG.exception("old events were not deleted")

    def _write(self, events: Sequence[Event]) -> None:
        if events:
            with _transaction(self._db):
                self._db.executemany(_INSERT, map(self._row, events))

    def _rest(self) -> float | None:
        """Return the seconds until the next look for old events; None where they are kept."""
        return None if self._every is None else max(0.0, self._swept + self._every - time.monotonic())

    def _sweep(self) -> None:
        self._swept = time.monotonic()
        if not self._days:
            return
        old = (time.time() - self._days * 86400,)
        self._fold |= self._db.execute("DELETE FROM events WHERE time < ?", old).rowcount > 0
        if self._fold:
            # What was deleted must not survive in the log. A reader may keep it open; nobody's event waits for that.
            self._db.execute("PRAGMA busy_timeout=0")
            try:
                self._fold = bool(self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
            finally:
                self._db.execute(f"PRAGMA busy_timeout={_PATIENCE * 1000}")

    def _row(self, event: Event) -> tuple[Any, ...]:
        kept: dict[str, Any] = {"text": event.text or None}
        if not self._store_text:
            kept = {
                "text": None,
                "reply": event.reply if event.fixed else "",
                "not_evaluated": [": ".join(reason.split(": ")[:2])[:200] for reason in event.not_evaluated],
                "model": event.model if _NAME.fullmatch(event.model) else "",
            }
        return _encoded(
            event,
            user=self.keyed(f"user {event.tenant} {event.user}") if event.user else "",
            text_hash=self.keyed(event.text) if event.text else "",
            **kept,
        )


@contextlib.contextmanager
def _transaction(db: sqlite3.Connection) -> Generator[None]:
    """Commit what is done inside, or none of it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _encoded(event: Event, **values: Any) -> tuple[Any, ...]:
    """Return the row of ``event``; ``values`` stand in its place or beside it."""
    found = vars(event) | values
    row = [json.dumps(found[c], default=list) if c in _JSON else found[c] for c in _COLUMNS]
    return tuple(well_formed(v) if isinstance(v, str) else v for v in row)


def _resolve(waiting: Sequence[asyncio.Future[None]], error: Exception | None) -> None:
    for done in waiting:
        if done.done():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)


def keyed(secret: bytes, text: str) -> str:
    """Return a hash of ``text`` that only holders of ``secret`` can guess texts from."""
    return hmac.new(secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True)
class Query:
    """Which events are wanted; empty fields do not restrict.

    Attributes:
        since: Unix time of the oldest.
        until: Unix time before which they lie.
        tenant: Whose requests.
        user: The client's field ``user``; needs ``tenant``.
        action: What the policy said.
        kind: Kind of event.
        request: Id of the response.
        id: Id of the event.
        text: Events about exactly this text.
        limit: Most events, the newest first; 0 for all, oldest first.
    """

    since: float = 0.0
    until: float = 0.0
    tenant: str = ""
    user: str = ""
    action: str = ""
    kind: str = ""
    request: str = ""
    id: str = ""
    text: str = ""
    limit: int = 0

    def where(self, secret: bytes) -> tuple[str, list[Any]]:
        """Return the SQL condition and its values."""
        parts: list[tuple[str, Any]] = [("time >= ?", self.since)]
        if self.until:
            parts.append(("time < ?", self.until))
        for name in ("tenant", "action", "kind", "request", "id"):
            if getattr(self, name):
                parts.append((f"{name} = ?", getattr(self, name)))
        if self.user:
            parts.append(("user = ?", keyed(secret, f"user {self.tenant} {self.user}")))
        if self.text:
            parts.append(("text_hash = ?", keyed(secret, self.text)))
        return " AND ".join(sql for sql, _ in parts), [value for _, value in parts]


def _secret(db: sqlite3.Connection) -> bytes:
    return bytes(db.execute("SELECT value FROM meta WHERE name = 'secret'").fetchone()[0])


def select(path: Path, query: Query) -> Iterator[dict[str, Any]]:
    """Yield events as JSON values."""
    db = connect(path)
    try:
        where, values = query.where(_secret(db))
        order = f"ORDER BY id DESC LIMIT {int(query.limit)}" if query.limit else "ORDER BY id"
        for row in db.execute(f"SELECT * FROM events WHERE {where} {order}", values):
            found = dict(row)
            yield found | {c: json.loads(found[c]) for c in _JSON} | {"dry_run": bool(found["dry_run"])}
    finally:
        db.close()


def untold(path: Path, before: float) -> list[dict[str, Any]]:
    """Return escalations from before a time about which nobody is known to have been told, oldest first."""
    db = connect(path)
    try:
        # json_extract belongs to SQLite since 3.38.
        rows = db.execute(
            "SELECT * FROM events WHERE kind = 'decision' AND enforced = 'escalate' AND time < ? AND id NOT IN "
            "(SELECT json_extract(detail, '$.event') FROM events WHERE kind = 'escalation' "
            "AND json_extract(detail, '$.event') IS NOT NULL AND json_extract(detail, '$.outcome') != ?) ORDER BY id",
            (before, UNTOLD),
        )
        return [dict(row) | {c: json.loads(row[c]) for c in _JSON} for row in rows]
    finally:
        db.close()


def delete(path: Path, query: Query) -> int:
    """Delete events and overwrite where they stood; return how many went.

    Raises:
        SophroError: If the query names nothing.
    """
    if query == Query(limit=query.limit):
        raise SophroError("deleting every event needs a selection; name --user, --tenant, --id, --before ...")
    db = connect(path)
    try:
        where, values = query.where(_secret(db))
        named = {
            k: v for k, v in vars(query).items() if v and k in ("tenant", "action", "kind", "since", "until")
        }
        with _transaction(db):
            count = db.execute(f"DELETE FROM events WHERE {where} AND kind != 'deletion'", values).rowcount
            detail = {"count": count, **named, "user": bool(query.user), "text": bool(query.text)}
            event = Event(kind="deletion", tenant=query.tenant, detail=detail)
            db.execute(_INSERT, _encoded(event, text_hash="", text=None))
        # What was deleted must not survive in the write-ahead log.
        busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise SophroError(
                f"{path}: {count} events are deleted, but readers keep the old log open; run the command again"
            )
        return int(count)
    finally:
        db.close()
