"""Escalation: telling the operator's own endpoint about a decision that people must see.

Contract: the event is on disk before; the call is made beside the request, a few times if need be, and what became of
it is an event too. Texts go along only where the policy says so.
"""

from __future__ import annotations

import asyncio

from sophro.guard.server._errors import dumps
from sophro.guard.server._events import Event
from sophro.guard.server._state import Server

_TRIES = 3
_SECONDS = 5.0  # longest time of one try
_PAUSE = 1.0  # seconds before the second try; twice as long before the next


async def escalate(server: Server, event: Event, url: str, with_text: bool) -> None:
    """POST ``event`` to ``url``; without a URL only the record says so."""
    outcome, tries = "no webhook is set", 0
    body = {
        "event": event.id,
        "time": event.time,
        "tenant": event.tenant,
        "request": event.request,
        "where": event.place,
        "action": event.action,
        "reasons": list(event.reasons),
        **({"text": event.text} if with_text else {}),
    }
    try:
        while url and tries < _TRIES and outcome != "delivered":
            if tries:
                await asyncio.sleep(_PAUSE * 2 ** (tries - 1))
            tries += 1
            outcome = "the server ended before an answer came"
            outcome = await _post(url, dumps(body))
    finally:
        # Also where a shutdown gives it up: somebody must be able to find out that nobody was told.
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


async def _post(url: str, body: bytes) -> str:
    """Send ``body`` once; return what became of it."""
    import httpx

    try:
        async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as client:
            response = await client.post(url, content=body, headers={"Content-Type": "application/json"})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{type(error).__name__}: {error}"
    return "delivered" if response.is_success else f"status {response.status_code}"
