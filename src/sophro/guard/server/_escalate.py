"""Escalation: telling the operator's own endpoint about a decision that people must see.

Contract: the event is on disk before; the call is made beside the request, a few times if need be, and what became of
it is an event too. Texts go along only where the policy says so.
"""

from __future__ import annotations

import asyncio

from sophro.guard.server._events import Event
from sophro.guard.server._state import Server

_TRIES = 3
_SECONDS = 5.0


async def escalate(server: Server, event: Event, url: str, with_text: bool) -> None:
    """POST ``event`` to ``url``; without a URL only the record says so."""
    import httpx

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
    while url and tries < _TRIES:
        tries += 1
        try:
            async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as client:
                response = await client.post(url, json=body)
            outcome = f"status {response.status_code}"
            if response.status_code < 300:
                outcome = "delivered"
                break
        except httpx.HTTPError as error:
            outcome = f"{type(error).__name__}: {error}"
        await asyncio.sleep(0.5 * 2**tries)
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
