"""The crisis layer as the monitor of a dialogue: it tells the operator, and records what happened.

Card: crisis_safety.md, sections 5 and 6. Contract: the hook is called before the reply is worded, because the reply
says whether a person knows; a message that a resumed dialogue reads again calls nobody and records nothing. A hook or
a record that fails is logged and counts as nobody told: the person is answered all the same.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sophro.care.dialogue._types import Crisis, Monitor
from sophro.errors import SophroError

if TYPE_CHECKING:
    from sophro.care.crisis import CrisisState, Level, Records
    from sophro.care.crisis._monitor import Hook

_LOG = logging.getLogger("sophro.care")
_WAIT = 2.0  # seconds that the person waits for an answer of the webhook
_SECONDS = 4.0  # longest time of one try
_PAUSES = (0.5, 2.0, 8.0)  # seconds between tries; they go on while the person is answered


def crisis_monitor(
    lang: str,
    region: str | None = None,
    *,
    hook: Hook | None = None,
    records: Records | None = None,
    session: str = "",
) -> Monitor:
    """Return the crisis layer for one dialogue.

    Args:
        lang: Language of its replies.
        region: Country code for crisis resources; None asks for it.
        hook: Called when the level reaches ACTIVE or IMMINENT; what it returns says whether a person was told.
        records: Where events are kept.
        session: Any name of the dialogue; hook and records get its hash.
    """
    return Watch(lang, region, hook, records, session)


class Watch:
    """The crisis layer over one dialogue, with what it does outside of it.

    Args: as ``crisis_monitor`` takes them.

    Attributes:
        session: Hash of the session, as hook and records get it.
    """

    def __init__(
        self,
        lang: str,
        region: str | None = None,
        hook: Hook | None = None,
        records: Records | None = None,
        session: str = "",
    ) -> None:
        from sophro.care.crisis import CrisisMonitor

        self.session = session_hash(session)
        self._hook = hook
        self._records = records
        self._recalled: Crisis | None = None
        self._notified = False
        # Without a hook the layer must not be told that there is one.
        inner = None if hook is None else self._reached
        self._monitor = CrisisMonitor(lang, region, hook=inner, session=session)

    def see(self, user_message: str) -> Crisis:
        """Read a new message."""
        self._notified = False
        state = self._monitor.see(user_message)
        found = Crisis(
            int(state.level),
            tuple(sorted(state.flags)),
            state.newly_raised,
            state.reply,
            self._notified,
        )
        if state.newly_raised or state.message_level or state.reply is not None:
            self._record(state, self._notified, user_message)
        return found

    def moved_on(self) -> None:
        """Hear that the next message answers something else than the layer's reply."""
        self._monitor.moved_on()

    def recall(self, user_message: str, found: Crisis) -> None:
        """Read a message again whose finding the log holds; nobody is told and nothing is recorded."""
        self._recalled = found
        try:
            self._monitor.see(user_message)
        finally:
            self._recalled = None

    def escalate(self, level: int, reason: str) -> bool:
        """Tell the operator what the controller found by itself; return whether a person knows."""
        from sophro.care.crisis import CrisisState, Level

        told = self._tell(Level(level), reason)
        # A controller escalates in order to say something.
        self._record(CrisisState(Level(level), (), True, "", Level(level), "controller"), told, "")
        return told

    def _reached(self, level: Level, session: str, reason: str) -> bool:
        if self._recalled is not None:
            return self._recalled.notified
        self._notified = self._tell(level, reason) or self._notified
        return self._notified

    def _tell(self, level: Level, reason: str) -> bool:
        if self._hook is None:
            return False
        try:
            return bool(self._hook(level, self.session, reason))
        except Exception as error:
            # Whatever the operator's code does, the person must be answered, and must not be told that somebody knows.
            _LOG.error("escalation of session %s failed: %s: %s", self.session, type(error).__name__, error)
            return False

    def _record(self, state: CrisisState, notified: bool, text: str) -> None:
        if self._records is None:
            return
        try:
            self._records.add(self.session, state, notified=notified, text=text)
        except OSError as error:
            _LOG.error("event of session %s not recorded: %s", self.session, error)


def session_hash(session: str) -> str:
    """Return how hook and records call a session."""
    return hashlib.sha256(session.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def webhook(url: str) -> Hook:
    """Return a hook that posts {event, time, level, session, reason} to an address of the operator's, without words.

    The person is told whether somebody knows, so it waits for the answer, but two seconds at most: a slow operator must
    not leave the person alone with a silent page. What is not answered by then counts as nobody told, and is tried four
    times in all, behind the person's back; a program that ends waits for that.

    Args:
        url: http or https address.

    Raises:
        SophroError: If the address cannot be one, or httpx is missing.
    """
    from urllib.parse import urlsplit

    try:
        import httpx
    except ImportError:
        raise SophroError('a webhook needs the extra "serve"; run: pip install "sophro[serve]"') from None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise SophroError(f"webhook {url!r}: an address like https://example.org/alarm is needed")

    def post(body: Mapping[str, Any], reached: threading.Event, tried: threading.Event) -> None:
        outcome = ""
        try:
            for pause in (0.0, *_PAUSES):
                time.sleep(pause)
                try:
                    answer = httpx.post(url, json=body, timeout=_SECONDS, trust_env=False)
                except (httpx.HTTPError, httpx.InvalidURL) as error:
                    outcome = f"{type(error).__name__}: {error}"
                    continue
                if answer.is_success:
                    reached.set()
                    return
                outcome = f"status {answer.status_code}"
            _LOG.error("webhook not reached for session %s: %s", body["session"], outcome)
        finally:
            tried.set()

    def hook(level: Level, session: str, reason: str) -> bool:
        body = {
            "event": "crisis",
            "time": int(time.time()),
            "level": level.name,
            "session": session,
            "reason": reason,
        }
        reached, tried = threading.Event(), threading.Event()
        threading.Thread(target=post, args=(body, reached, tried), name="sophro-webhook").start()
        tried.wait(_WAIT)
        return reached.is_set()

    return hook
