"""What all requests of one server share, and the work of one request on it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from sophro.guard.server._back_end import BackEnd
from sophro.guard.server._contract import Decision, Message
from sophro.guard.server._errors import ApiError
from sophro.guard.server._events import Event, EventStore
from sophro.guard.server._guarding import Guarding, Guards
from sophro.guard.server._keys import Caller, Keys
from sophro.guard.server._limits import Gate
from sophro.guard.server._metrics import Metrics
from sophro.guard.server._settings import Settings

_LOG = logging.getLogger("sophro.serve")
_AT_ONCE = 0.5  # seconds that the start waits for the detectors


class Server:
    """Shared state.

    Args:
        settings: How answers are shown and kept.
        back_end: What writes the answers.
        load: Reads the policy.
        events: The record; None keeps none.
        keys: Known API keys.
        policy: File that is watched for changes.

    Attributes:
        stopping: Set when a shutdown was asked for; no new answer starts then.
        expired: Set when running answers must end.
    """

    def __init__(
        self,
        settings: Settings,
        back_end: BackEnd,
        load: Callable[[], Guards],
        events: EventStore | None = None,
        keys: Keys | None = None,
        policy: Path | None = None,
    ) -> None:
        self.settings = settings
        self.back_end = back_end
        self.metrics = Metrics()
        self.guarding = Guarding(load, self.metrics, settings.guard_seconds, policy)
        self.events = events
        self.keys = keys or Keys()
        self.gate = Gate(settings.limits)
        self.stopping = asyncio.Event()
        self.expired = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Load what judges, and tell people what they were not told before the last end."""
        from sophro.guard.server._escalate import tell_again

        loading = self.background(self.guarding.load())
        self.background(self.guarding.watch())
        self.background(tell_again(self))
        # A policy without networks is loaded at once, and ready with the first request.
        await asyncio.wait({loading}, timeout=_AT_ONCE)

    def open(self) -> None:
        """Refuse work that begins during a shutdown, or that nothing could judge.

        Raises:
            ApiError: 503.
        """
        if self.stopping.is_set():
            raise ApiError(
                503, "the server is shutting down", "server_shutting_down", headers={"Retry-After": "5"}
            )
        if self.guarding.missing:
            raise ApiError(503, self.guarding.missing, "guard_not_ready", headers={"Retry-After": "5"})

    def stop(self) -> None:
        """Start no new answer, and end the running ones when their time is over. Call it in the loop's thread."""
        if not self.stopping.is_set():
            self.stopping.set()
            asyncio.get_running_loop().call_later(self.settings.stop_seconds, self.expired.set)

    def background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run ``work`` beside the requests."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("work beside the requests failed", exc_info=error)

    async def record(self, event: Event) -> None:
        """Write an event.

        Raises:
            ApiError: 503 if it could not be written: nothing leaves that is not on record.
        """
        if self.events is None:
            return
        start = time.perf_counter()
        try:
            await self.events.record(event)
        except Exception as error:
            _LOG.exception("an event was not written")
            raise ApiError(
                503,
                f"the decision could not be recorded ({type(error).__name__}), so nothing was sent",
                "event_store_failed",
            ) from error
        self.metrics.commit_seconds.observe(time.perf_counter() - start)

    async def close(self) -> None:
        """Give everything back."""
        async with contextlib.AsyncExitStack() as stack:
            # Last of all, and whatever fails before it: what waits for the disk is written.
            if self.events is not None:
                stack.push_async_callback(asyncio.to_thread, self.events.close)
            stack.callback(self.guarding.close)
            stack.push_async_callback(self.back_end.close)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)


class Session:
    """One request: who asks, under which policy, and what was decided.

    Args:
        server: Shared state.
        caller: Who asks.
        endpoint: Path without ``/v1/``.
        request: Id of the response.
        model: Model that was asked for.
        user: The client's field ``user``.
        scores: Whether the client wants detectors' scores.
    """

    def __init__(
        self,
        server: Server,
        caller: Caller,
        endpoint: str,
        request: str,
        model: str = "",
        user: str = "",
        scores: bool = False,
    ) -> None:
        self.server = server
        self.caller = caller
        self.endpoint = endpoint
        self.request = request
        self.model = model
        self.user = user
        self.guards = server.guarding.current
        self.scores = scores
        self.began = time.monotonic()
        self.decisions: list[dict[str, Any]] = []

    async def judge(
        self,
        conversation: Sequence[Message],
        where: str,
        choice: int = 0,
        judged: str | None = None,
        **facts: Any,
    ) -> Decision:
        """Judge a whole conversation and put the decision on record.

        Args:
            conversation: Messages; one that ends with a reply is judged as output.
            where: How the record names the place.
            choice: Which of the n answers.
            judged: The judged text; the last message by default.
            facts: Further facts for the record.
        """
        decision, seconds = await self.server.guarding.check(
            self.guards, self.caller.tenant, conversation, "input" if where == "input" else "output"
        )
        text = conversation[-1]["content"] if judged is None else judged
        await self.note(decision, where, text, choice, seconds, **facts)
        return decision

    async def note(
        self, decision: Decision, where: str, text: str, choice: int = 0, seconds: float = 0.0, **facts: Any
    ) -> None:
        """Put a decision on record; ``text`` is what was judged."""
        reasons = [reason_json(r) for r in decision.reasons]
        unread = [*decision.not_evaluated, *facts.pop("unread", ())]
        event = Event(
            tenant=self.caller.tenant,
            user=self.user,
            request=self.request,
            endpoint=self.endpoint,
            model=self.model,
            choice=choice,
            place=where,
            action=decision.action,
            enforced=decision.enforced,
            dry_run=decision.dry_run,
            reasons=reasons,
            scores=dict(decision.scores),
            not_evaluated=unread,
            policy=self.guards.version,
            text=text,
            reply=decision.reply,
            fixed=self.guards.fixed(self.caller.tenant, decision.reply),
            detail={"key": self.caller.key, **facts},
            seconds=seconds,
        )
        metrics = self.server.metrics
        metrics.decisions.labels(where, decision.action, decision.enforced).inc()
        for reason in reasons:
            metrics.reasons.labels(reason["detector"], reason["label"]).inc()
        if unread:
            metrics.not_evaluated.labels(where).inc(len(unread))
        await self.server.record(event)
        shown = {
            "id": event.id,
            "where": where,
            "choice": choice,
            "action": decision.action,
            "enforced": decision.enforced,
            "reasons": reasons,
        }
        if self.scores:
            shown |= {"scores": dict(decision.scores), "dry_run": decision.dry_run}
        self.decisions.append(shown | ({"not_evaluated": unread} if unread else {}))
        if decision.enforced == "escalate":
            from sophro.guard.server._escalate import escalate

            url, with_text = self.guards.webhook(self.caller.tenant)
            self.server.background(escalate(self.server, event, url, text if with_text else None))

    def reply(self, decision: Decision, prompt: str, *, own: bool = True) -> str:
        """Return what is said in place of a text: the decision's ``own`` reply, else the policy's refusal."""
        said = decision.reply if own else ""
        return said or self.guards.refusal(self.caller.tenant, prompt)

    async def ended(self, outcome: str) -> None:
        """Count how the request ended and put it on record."""
        self.server.metrics.outcomes.labels(outcome).inc()
        self.server.metrics.fault(outcome)
        await self.server.record(
            Event(
                kind="outcome",
                tenant=self.caller.tenant,
                user=self.user,
                request=self.request,
                endpoint=self.endpoint,
                model=self.model,
                policy=self.guards.version,
                detail={"outcome": outcome, "key": self.caller.key},
            )
        )

    def extension(self) -> dict[str, Any]:
        """Return the field ``sophro`` of a response."""
        return {"request": self.request, "decisions": self.decisions}


def reason_json(reason: Any) -> dict[str, Any]:
    """Return a reason as JSON values."""
    names = ("detector", "label", "score", "threshold", "where", "window", "action")
    found: Mapping[str, Any] = {n: getattr(reason, n) for n in names}
    return {**found, "window": list(found["window"]), "score": float(found["score"])}
