"""Escalation: telling the operator's own endpoint about a decision that people must see.

Contract: the event is on disk before; the call is made beside the request, a few times if need be, and what became of
it is an event too. What no process could tell before it ended is told at the next start. Texts go along only where the
policy says so (and after a restart only where the record keeps them).
"""

from __future__ import annotations

import asyncio
import logging
import time

from sophro.guard.server._errors import dumps
from sophro.guard.server._events import UNTOLD, Event, untold
from sophro.guard.server._state import Server

_LOG = logging.getLogger("sophro.serve")
_TRIES = 3
_SECONDS = 5.0  # longest time of one try
_PAUSE = 1.0  # seconds before the second try; twice as long before the next


async def escalate(server: Server, event: Event, url: str, text: str | None, again: bool = False) -> None:
    """POST ``event`` to ``url``; without a URL only the record says so.

    Args:
        server: Shared state.
        event: The decision.
        url: Where it goes.
        text: What was judged, where the policy sends it along.
        again: Whether an earlier process could not tell it.
    """
    outcome, tries = "no webhook is set", 0
    body = {
        "event": event.id,
        "time": event.time,
        "tenant": event.tenant,
        "request": event.request,
        "where": event.place,
        "action": event.action,
        "reasons": list(event.reasons),
        **({"text": text} if text is not None else {}),
        **({"again": True} if again else {}),
    }
    try:
        while url and tries < _TRIES and outcome != "delivered":
            if tries:
                await asyncio.sleep(_PAUSE * 2 ** (tries - 1))
            tries += 1
            outcome = await _post(url, dumps(body))
    except asyncio.CancelledError:
        outcome = UNTOLD if url else outcome
        raise
    finally:
        # Also where a shutdown gives it up: the next start tries again.
        await server.record(
            Event(
                kind="escalation",
                tenant=event.tenant,
                request=event.request,
                place=event.place,
                action=event.action,
                detail={"event": event.id, "outcome": outcome, "tries": tries},
            )
        )


async def tell_again(server: Server) -> None:
    """Tell what an earlier process decided and could not tell before it ended."""
    if server.events is None:
        return
    path, now = server.events.path, time.time()
    for row in await asyncio.to_thread(untold, path, now):
        shown = {k: row[k] for k in ("id", "time", "tenant", "request", "place", "action", "reasons")}
        guards = server.guarding.current
        # A policy's tenant may need its detectors first.
        url, with_text = await asyncio.to_thread(guards.webhook, row["tenant"])
        _LOG.warning("escalation %s was not told before the last end; it is told now", row["id"])
        # The text is there only if the record keeps texts.
        await escalate(server, Event(**shown), url, row["text"] if with_text else None, again=True)


async def _post(url: str, body: bytes) -> str:
    """Send ``body`` once; return what became of it."""
    import httpx

    try:
        async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as client:
            response = await client.post(url, content=body, headers={"Content-Type": "application/json"})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{type(error).__name__}: {error}"
    return "delivered" if response.is_success else f"status {response.status_code}"
