"""``/v1/chat/completions`` and ``/v1/completions``: from a request to a guarded answer.

Contract: the conversation is judged before anything is generated. ``allow`` answers; ``hold`` answers too, but the
whole answer is judged before its first word leaves; ``refuse``, ``rewrite`` and ``escalate`` send the policy's reply
and generate nothing.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.responses import JSONResponse, Response

from sophro.chat import Visibility
from sophro.guard.server._answer import answered
from sophro.guard.server._back_end import AnswersWhole, Job, Usage
from sophro.guard.server._choice import finish_of
from sophro.guard.server._errors import ApiError, bad, dumps
from sophro.guard.server._events import new_id
from sophro.guard.server._keys import Caller
from sophro.guard.server._pieces import Out
from sophro.guard.server._requests import ChatMessage, ChatRequest, CompletionRequest, text_messages
from sophro.guard.server._sse import DONE, EventStream, unless_gone
from sophro.guard.server._state import Server, Session
from sophro.guard.server._whole import guard_whole
from sophro.guard.server._wire import Wire

_SHOWS: tuple[Visibility, ...] = ("raw", "hold", "cut")  # from most to least


class Json(JSONResponse):
    """JSON in ASCII, so that no text of a model or a user can break it."""

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return dumps(content)


async def complete(
    server: Server, caller: Caller, body: ChatRequest | CompletionRequest, receive: Any
) -> Response:
    """Answer a request of either endpoint.

    Args:
        server: Shared state.
        caller: Who asks.
        body: The request.
        receive: ASGI's, to notice that the client has gone.

    Raises:
        ApiError: For everything that goes wrong before the first byte.
    """
    server.open()
    caller = _tenant(server, caller, body.asked.tenant)
    server.gate.count(caller.key)
    raw = body.model_dump(exclude_unset=True, exclude={"sophro"})
    server.back_end.refuse(raw)
    chat = isinstance(body, ChatRequest)
    messages = body.messages if chat else [ChatMessage(role="user", content=body.text)]
    if len(messages) > server.settings.limits.messages:
        raise bad(f"{len(messages)} messages; {server.settings.limits.messages} are allowed", "messages")
    texts, unread = text_messages(messages, server.settings.media)
    job = _job(server, body, texts, raw)
    prefix = "chatcmpl" if chat else "cmpl"
    session = Session(
        server,
        caller,
        "chat/completions" if chat else "completions",
        new_id(prefix),
        job.model,
        body.user or "",
        body.asked.scores,
    )
    with contextlib.ExitStack() as stack:
        stack.enter_context(server.gate.answering(caller.key))
        try:
            return await _answer(session, job, body, unread, receive, stack)
        except ApiError as error:
            with contextlib.suppress(ApiError):  # the first error is the one that the client must read
                await session.ended(error.code)
            raise


async def _answer(
    session: Session,
    job: Job,
    body: ChatRequest | CompletionRequest,
    unread: list[str],
    receive: Any,
    stack: contextlib.ExitStack,
) -> Response:
    server, headers = session.server, {"X-Request-Id": session.request}
    conversation, _ = job.split()
    decision = await session.judge(conversation, "input", unread=unread)
    if decision.enforced not in ("allow", "hold"):
        reply = session.reply(decision, job.prompt)
        outs = [Out(i, content=reply, finish=finish_of(decision)) for i in range(job.n)]
        source = _listed([*outs, Out(usage=Usage(0, 0))])
    elif not body.stream and isinstance(server.back_end, AnswersWhole):
        found = await unless_gone(server, receive, server.back_end.complete(job))
        return Json(await guard_whole(session, job, found), headers=headers)
    else:
        whole = not body.stream or decision.enforced == "hold"
        source = answered(session, job, whole=whole, reflections=body.asked.reflections)
    wire = Wire(job, session.request, job.model or await _first_model(server))
    if not body.stream:
        outs = await unless_gone(server, receive, _collect(source))
        server.metrics.outcomes.labels("ok").inc()
        return Json(wire.whole(outs, session.extension()), headers=headers)
    usage = bool(body.stream_options and body.stream_options.include_usage)
    events = _events(session, wire, source, usage)
    return EventStream(server, events, session.ended, stack.pop_all().close, headers)


async def _events(
    session: Session, wire: Wire, source: AsyncGenerator[Out], usage: bool
) -> AsyncGenerator[bytes]:
    async with aclosing(source):
        yield wire.first()
        if session.scores:
            # What was decided about the message is known before the first word.
            yield wire.chunk(Out(), session.extension())
        first = True
        async for out in source:
            if out.usage is not None and not usage:
                continue
            if first and (out.content or out.refusal):
                session.server.metrics.first_seconds.observe(time.monotonic() - session.began)
                first = False
            yield wire.chunk(out, session.extension() if out.finish else None)
    session.server.metrics.outcomes.labels("ok").inc()
    yield DONE


async def _collect(source: AsyncGenerator[Out]) -> list[Out]:
    async with aclosing(source):
        return [out async for out in source]


async def _listed(outs: list[Out]) -> AsyncGenerator[Out]:
    for out in outs:
        yield out


def _tenant(server: Server, caller: Caller, wanted: str | None) -> Caller:
    """Return who is judged for: without keys a client may choose among the tenants of the policy.

    Raises:
        ApiError: If it may not, or there is no such tenant.
    """
    if wanted is None or wanted == caller.tenant:
        return caller
    if server.keys:
        raise ApiError(
            403, "sophro.tenant: this key belongs to another tenant", "wrong_tenant", "sophro.tenant"
        )
    known = server.guarding.current.tenants
    if wanted not in known:
        raise bad(
            f"the policy has no tenant {wanted[:80]!r}; it has: {', '.join(known) or 'none'}", "sophro.tenant"
        )
    return Caller(wanted, caller.key)


async def _first_model(server: Server) -> str:
    found = await server.back_end.models()
    return str(found[0]["id"]) if found else ""


def _job(
    server: Server, body: ChatRequest | CompletionRequest, texts: list[dict[str, str]], raw: dict[str, Any]
) -> Job:
    settings, limits = server.settings, server.settings.limits
    if body.choices > limits.choices:
        raise bad(f"n is {body.choices}; at most {limits.choices} answers are allowed", "n")
    wanted = (body.max_completion_tokens if isinstance(body, ChatRequest) else None) or body.max_tokens
    if wanted is not None and wanted > limits.max_tokens:
        raise bad(f"max_tokens is {wanted}; at most {limits.max_tokens} are allowed", "max_tokens")
    visibility = body.asked.visibility or settings.visibility
    if _SHOWS.index(visibility) < _SHOWS.index(settings.visibility):
        raise bad(
            f"visibility {visibility} shows more than this server allows ({settings.visibility})",
            "sophro.visibility",
        )
    if body.asked.scale is not None and not server.back_end.scales:
        raise bad("sophro.scale sets the strength of a patch, and this server has none", "sophro.scale")
    bias: dict[int, float] = {}
    for token, value in (body.logit_bias or {}).items():
        if not token.isascii() or not token.isdigit() or len(token) > 9:
            raise bad(f"logit_bias: {token[:40]!r} is no token id", "logit_bias")
        bias[int(token)] = value
    return Job(
        "chat" if isinstance(body, ChatRequest) else "completions",
        body.model,
        texts,
        wanted or limits.max_tokens,
        body.choices,
        body.temperature or 0.0,
        1.0 if body.top_p is None else body.top_p,
        secrets.randbits(31) if body.seed is None else body.seed,
        body.stops,
        bias,
        visibility,
        body.asked.scale,
        raw,
    )
