"""The guard inside the server: one policy at a time, judged in worker threads, waiting texts judged together.

Contract: a request takes the policy that is current when it starts and keeps it to its end; a reload that fails
leaves the old one in force and says so. Texts that wait while a judgement runs are judged in the next batch, per
tenant and place. Whatever goes wrong in a judgement, too late included, ends the request with an error: nothing
passes unjudged. Detectors are loaded beside the start; a model that they miss is named, and never fetched.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sophro.guard.server._contract import Decision, Judge, Message, StreamCheck
from sophro.guard.server._errors import ApiError
from sophro.guard.server._metrics import Metrics

if TYPE_CHECKING:
    from sophro.guard import Guard
    from sophro.guard.policy import Replies

_LOG = logging.getLogger("sophro.serve")
_BATCH = 64  # texts judged together
_WORKERS = 2
# Windows of streams: a few of many need the judge, which takes one at a time; the others must not wait behind them.
_STREAM_WORKERS = 32


class Guards(Protocol):
    """One loaded policy with the guards of its tenants."""

    @property
    def version(self) -> str:
        """Hash of the policy."""
        ...

    def guard(self, tenant: str) -> Judge:
        """Return the guard of a tenant; may be slow the first time."""
        ...

    def webhook(self, tenant: str) -> tuple[str, bool]:
        """Return the URL that escalations go to (or the empty string), and whether texts go with them."""
        ...

    def output_rules(self, tenant: str) -> bool:
        """Return whether there are rules for finished answers that the rules for streams do not have."""
        ...

    @property
    def tenants(self) -> Sequence[str]:
        """The tenants that have a policy of their own."""
        ...

    def refusal(self, tenant: str, prompt: str) -> str:
        """Return what is said where text is held and the decision brings no reply, in the language of ``prompt``."""
        ...

    def fixed(self, tenant: str, reply: str) -> bool:
        """Return whether a reply stands in the policy, so that it holds nothing that somebody wrote."""
        ...

    def load(self) -> None:
        """Load every detector, so that the first request need not; slow.

        Raises:
            SophroError: Naming what is missing, and the remedy.
        """
        ...


@dataclass(frozen=True)
class FixedGuards:
    """One guard for everybody."""

    one: Judge
    version: str = "fixed"
    url: str = ""
    tenants: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()
    with_text: bool = False

    def guard(self, tenant: str) -> Judge:
        """See ``Guards.guard``."""
        return self.one

    def webhook(self, tenant: str) -> tuple[str, bool]:
        """See ``Guards.webhook``."""
        return self.url, self.with_text

    def output_rules(self, tenant: str) -> bool:
        """See ``Guards.output_rules``."""
        return False

    def refusal(self, tenant: str, prompt: str) -> str:
        """See ``Guards.refusal``."""
        from sophro.guard.policy import Replies

        return _refusal(prompt, Replies())

    def fixed(self, tenant: str, reply: str) -> bool:
        """See ``Guards.fixed``."""
        return reply in self.replies

    def load(self) -> None:
        """See ``Guards.load``; whoever made the guard has loaded it."""


class PolicyGuards:
    """The guards of a policy file.

    Args:
        path: The file; None for the shipped policy.

    Raises:
        SophroError: Naming file and field of what is wrong.
    """

    def __init__(self, path: Path | None) -> None:
        from sophro.guard import Guard, Policy

        self._policy = Policy.load(path)
        self._guard = Guard(self._policy, brief=True)
        self._tenants: dict[str, Guard] = {}
        self._lock = threading.Lock()
        self.version = f"{self._policy.name}@{self._policy.version}"
        self.tenants = self._policy.tenant_names()

    def guard(self, tenant: str) -> Guard:
        """See ``Guards.guard``."""
        found = self._tenants.get(tenant)
        if found is None:
            # Only for one that is new: the loop must never wait while another tenant's detectors are loaded.
            with self._lock:
                found = self._tenants.get(tenant) or self._guard.for_tenant(tenant)
                self._tenants[tenant] = found
        return found

    def webhook(self, tenant: str) -> tuple[str, bool]:
        """See ``Guards.webhook``."""
        told = self.guard(tenant).policy.escalation
        return told.webhook or "", told.include_text

    def output_rules(self, tenant: str) -> bool:
        """See ``Guards.output_rules``."""
        rules = self.guard(tenant).policy.rules
        return not set(rules["output"]) <= set(rules["stream"])

    def refusal(self, tenant: str, prompt: str) -> str:
        """See ``Guards.refusal``."""
        return _refusal(prompt, self.guard(tenant).policy.replies)

    def fixed(self, tenant: str, reply: str) -> bool:
        """See ``Guards.fixed``."""
        from sophro.guard.policy._replies import SHIPPED

        policy = self.guard(tenant).policy
        own = (r.reply for rules in policy.rules.values() for r in rules)
        said = (policy.replies.refuse, policy.replies.escalate, *SHIPPED.values())
        return reply in own or any(reply in texts.values() for texts in said)

    def load(self) -> None:
        """See ``Guards.load``."""
        from sophro.guard.server._warm import warm

        warm(self._policy)
        for tenant in self.tenants:
            self.guard(tenant)


def _refusal(prompt: str, replies: Replies) -> str:
    from sophro.guard.policy._replies import language, reply_for

    return reply_for("refuse", language(prompt), replies)


@dataclass
class _Waiting:
    conversation: Sequence[Message]
    done: asyncio.Future[Decision]


class Guarding:
    """Judges texts for the server.

    Args:
        load: Reads the policy; called at start and by ``reload``.
        metrics: The server's numbers.
        seconds: Longest time of one judgement.
        path: File that is watched for changes.
    """

    def __init__(
        self, load: Callable[[], Guards], metrics: Metrics, seconds: float = 20.0, path: Path | None = None
    ) -> None:
        self._load = load
        self.path = path
        self._metrics = metrics
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="sophro-guard")
        self._stream_pool = ThreadPoolExecutor(_STREAM_WORKERS, thread_name_prefix="sophro-stream")
        self._waiting: dict[tuple[int, str, str], list[_Waiting]] = {}
        self._flushing: set[tuple[int, str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.current = load()
        self._loaded = False
        self.missing = ""

    def not_ready(self) -> str:
        """Return why nothing can be judged now, or the empty string."""
        return "" if self._loaded else self.missing or "the detectors are being loaded"

    async def load(self) -> None:
        """Load the detectors in a thread; what is missing is said, and looked for again from time to time."""
        pause, start = 1.0, time.monotonic()
        while not self._loaded:
            guards = self.current
            try:
                await asyncio.to_thread(guards.load)
            except Exception as error:
                # Whatever it is, the server stays up and says so; an operator may mend it beside.
                said = f"the detectors cannot be loaded: {_sentence(error)}"
                if said != self.missing:
                    _LOG.error("%s", said)
                if guards is self.current:
                    self.missing = said
                await asyncio.sleep(pause)
                pause = min(2 * pause, 60.0)
                continue
            if guards is self.current:
                self._loaded, self.missing = True, ""
                _LOG.info("the detectors are loaded (%.1f s)", time.monotonic() - start)

    async def reload(self) -> str:
        """Read the policy again and load its detectors; return why it could not be taken, or the empty string."""

        def read() -> Guards:
            found = self._load()
            found.load()
            return found

        try:
            self.current = await asyncio.to_thread(read)
            self._loaded, self.missing = True, ""
        except Exception as error:
            # Whatever is wrong with the new one, the old policy stays in force.
            message = _sentence(error)
            _LOG.error("policy not reloaded, the old one stays: %s", message)
            return message
        _LOG.info("policy reloaded: %s", self.current.version)
        return ""

    async def watch(self, seconds: float = 1.0) -> None:
        """Reload whenever the policy's file changes; runs until it is cancelled."""
        if self.path is None:
            return
        seen = _stamp(self.path)
        while True:
            await asyncio.sleep(seconds)
            now = _stamp(self.path)
            if now != seen:
                seen = now
                await self.reload()

    async def check(
        self, guards: Guards, tenant: str, conversation: Sequence[Message], where: Literal["input", "output"]
    ) -> tuple[Decision, float]:
        """Judge a whole conversation; return the decision and the seconds it took.

        Raises:
            ApiError: 503 if the guard failed or took too long.
        """
        start = time.perf_counter()
        key = (id(guards), tenant, where)
        item = _Waiting(conversation, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(key, []).append(item)
        if key not in self._flushing:
            self._flushing.add(key)
            task = asyncio.create_task(self._flush(key, guards, tenant, where))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        decision = await self._bounded(item.done)
        seconds = time.perf_counter() - start
        self._metrics.check_seconds.labels(where).observe(seconds)
        return decision, seconds

    async def _flush(
        self, key: tuple[int, str, str], guards: Guards, tenant: str, where: Literal["input", "output"]
    ) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting.get(key):
                batch, self._waiting[key] = self._waiting[key][:_BATCH], self._waiting[key][_BATCH:]
                batch = [item for item in batch if not item.done.done()]
                if not batch:  # nobody waits any more
                    continue
                try:
                    found = await loop.run_in_executor(
                        self._pool,
                        lambda items=batch: guards.guard(tenant).check(
                            [i.conversation for i in items], where
                        ),
                    )
                    if len(found) != len(batch):
                        raise RuntimeError(f"the guard gave {len(found)} decisions for {len(batch)} texts")
                except Exception as error:
                    for item in batch:
                        _fail(item.done, error)
                    continue
                for item, decision in zip(batch, found, strict=True):
                    if not item.done.done():
                        item.done.set_result(decision)
        finally:
            self._flushing.discard(key)
            self._waiting.pop(key, None)

    async def stream(self, guards: Guards, tenant: str, conversation: Sequence[Message]) -> Stream:
        """Start judging an answer."""
        check = await self.run(lambda: guards.guard(tenant).stream(conversation))
        return Stream(self, check, self._metrics)

    async def run(self, call: Callable[[], Any]) -> Any:
        """Run a call of a stream's check in a worker thread.

        Raises:
            ApiError: 503 if it failed or took too long.
        """
        return await self._bounded(asyncio.get_running_loop().run_in_executor(self._stream_pool, call))

    async def _bounded(self, work: asyncio.Future[Any]) -> Any:
        try:
            async with asyncio.timeout(self._seconds):
                return await work
        except TimeoutError:
            raise ApiError(
                503, f"the guard did not judge within {self._seconds:g} s; try again", "guard_timeout"
            ) from None
        except (ApiError, asyncio.CancelledError):
            raise
        except Exception as error:
            _LOG.exception("the guard failed")
            raise ApiError(
                503,
                f"the guard failed ({type(error).__name__}), so nothing was sent; see the server's log",
                "guard_failed",
            ) from error

    def close(self) -> None:
        """Give up what is running."""
        for pool in (self._pool, self._stream_pool):
            pool.shutdown(wait=False, cancel_futures=True)


class Stream:
    """One stream check, called in worker threads."""

    def __init__(self, guarding: Guarding, check: StreamCheck, metrics: Metrics) -> None:
        self._guarding = guarding
        self._check = check
        self._metrics = metrics
        self._told = 0
        self._pushed = 0
        self._waiting: deque[tuple[int, float]] = deque()  # end and birth of what was pushed and has not left
        self.released = 0
        self.seconds = 0.0

    @property
    def decision(self) -> Decision | None:
        """Set once something was found."""
        return self._check.decision

    @property
    def stopped(self) -> bool:
        """Whether nothing more will leave."""
        return self._check.stopped

    def news(self) -> list[Any]:
        """Return the windows that were judged since the last call, where the check tells them."""
        found: Sequence[Any] = getattr(self._check, "windows", ())
        new, self._told = list(found[self._told :]), len(found)
        return new

    async def push(self, text: str, born: float = 0.0) -> str:
        """Judge more text, whose oldest token was generated at ``born`` (0: unknown); return what may leave."""
        if not text:
            return ""
        self._pushed += len(text)
        if born:
            self._waiting.append((self._pushed, born))
        return await self._timed(lambda: self._check.push(text), self._due(len(text)))

    async def poll(self) -> str:
        """Return what may leave because it waited long enough."""
        return await self._timed(self._check.poll, self._due(0))

    async def finish(self) -> str:
        """Judge the rest; return what may leave."""
        return await self._timed(self._check.finish)

    def _due(self, more: int) -> bool:
        due: Callable[[int], bool] | None = getattr(self._check, "due", None)
        return due is None or due(more)

    async def _timed(self, call: Callable[[], str], judges: bool = True) -> str:
        start = time.perf_counter()
        # Most tokens only wait for their window to fill; a worker thread is for those that have it judged.
        out: str = await self._guarding.run(call) if judges else call()
        seconds = time.perf_counter() - start
        self.seconds += seconds
        self._metrics.push_seconds.observe(seconds)
        self.released += len(out)
        if out and self._waiting:
            self._metrics.held_seconds.observe(time.monotonic() - self._waiting[0][1])
            # Where a rule masks places the two lengths differ by the masks.
            while self._waiting and self._waiting[0][0] <= self.released:
                self._waiting.popleft()
        return out


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _fail(done: asyncio.Future[Decision], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
