"""``/v1/sophro/explain``: why a decision was made, now or in the record."""

from __future__ import annotations

import asyncio
from typing import Any

from sophro.guard.server._contract import Decision
from sophro.guard.server._errors import ApiError, bad
from sophro.guard.server._events import Query, new_id, select
from sophro.guard.server._keys import Caller
from sophro.guard.server._requests import ExplainRequest, text_messages
from sophro.guard.server._sse import unless_gone
from sophro.guard.server._state import Server, Session, reason_json

_SHOWN = (
    "id", "time", "kind", "request", "endpoint", "model", "choice", "place", "action", "enforced", "dry_run", "reasons",
    "scores", "not_evaluated", "policy", "reply", "detail", "seconds",
)  # fmt: skip


async def explain_messages(
    server: Server, caller: Caller, body: ExplainRequest, receive: Any
) -> dict[str, Any]:
    """Judge a conversation and say everything about the decision; it is on record like any other.

    Raises:
        ApiError: If the conversation cannot be judged, or a limit is reached.
    """
    server.open()
    server.gate.count(caller.key)
    texts, unread = text_messages(body.messages, server.settings.media)
    replied = texts[-1]["role"] == "assistant"
    if body.where == "input" and replied:
        raise bad("where is input, but the conversation ends with a reply; leave the reply out", "where")
    if body.where in ("output", "trace") and not replied:
        raise bad(f"where is {body.where}, but the conversation does not end with a reply", "where")
    session = Session(server, caller, "sophro/explain", new_id("expl"))
    where = body.where or ("output" if replied else "input")
    with server.gate.answering(caller.key):
        decision: Decision = await unless_gone(server, receive, session.judge(texts, where, unread=unread))
    return {
        **session.extension(),
        "action": decision.action,
        "enforced": decision.enforced,
        "dry_run": decision.dry_run,
        "reply": decision.reply,
        "scores": dict(decision.scores),
        "reasons": [{**reason_json(r), "note": getattr(r, "note", "")} for r in decision.reasons],
        "not_evaluated": [*decision.not_evaluated, *unread],
        "policy": session.guards.version,
    }


async def explain_event(server: Server, caller: Caller, id_: str) -> dict[str, Any]:
    """Return the events of a decision or a response; a tenant sees its own only.

    Raises:
        ApiError: 404 if there are none.
    """
    if server.events is None:
        raise ApiError(404, "this server keeps no record; start it with --events", "no_record")
    path = server.events.path
    event = id_.startswith("evt_")
    # Without keys there is one user, whichever tenant was tried.
    tenant = caller.tenant if server.keys else ""
    query = Query(tenant=tenant, id=id_ if event else "", request="" if event else id_, limit=200)
    found = await asyncio.get_running_loop().run_in_executor(None, lambda: list(select(path, query)))
    if not found:
        raise ApiError(404, f"no event of yours has the id {id_[:80]!r}", "unknown_event", "id")
    return {"id": id_, "events": [{k: row[k] for k in _SHOWN} for row in reversed(found)]}
