"""An answer that an upstream gave whole: judged, then sent with what is known to be harmless around it.

Contract: only fields that are listed here pass; every text in them was judged. Reasoning is told apart from the answer
as in a stream: in fields of its own, or between tags in the text; then the log-probabilities, which would tell it, do
not pass. A choice that must not leave is replaced, its log-probabilities included.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sophro.chat import TRACE_FORMATS
from sophro.guard.server._back_end import Job
from sophro.guard.server._choice import finish_of
from sophro.guard.server._errors import garbage, well_formed
from sophro.guard.server._state import Session
from sophro.guard.server._visible import TraceSplitter

_TOP = ("object", "created", "model", "usage", "system_fingerprint", "service_tier")
_MESSAGE = ("role", "content", "refusal", "tool_calls")


async def guard_whole(session: Session, job: Job, body: Mapping[str, Any]) -> dict[str, Any]:
    """Judge every choice of ``body`` and return what the client gets.

    Raises:
        ApiError: 502 if the body is no completion.
    """
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices:
        raise garbage("it has no choices")
    out: list[dict[str, Any]] = []
    for number, choice in enumerate(choices):
        if not isinstance(choice, dict):
            raise garbage(f"choice {number} is no object")
        out.append(await _choice(session, job, number, choice))
    session.server.metrics.outcomes.labels("ok").inc()
    top = {k: body[k] for k in _TOP if k in body}
    return {"id": session.request, **top, "choices": out, "sophro": session.extension()}


def split_trace(text: str, opened: bool) -> tuple[str, str]:
    """Return answer and reasoning of a text that may hold both, as the parser of local models tells them apart."""
    splitter = TraceSplitter(TRACE_FORMATS["think"], opened)
    pieces = [*splitter.push(text), *splitter.finish()]
    answer, trace = ("".join(t for k, t in pieces if k == kind) for kind in ("answer", "trace"))
    return answer, trace


async def _choice(session: Session, job: Job, number: int, choice: Mapping[str, Any]) -> dict[str, Any]:
    chat = job.endpoint == "chat"
    message = choice.get("message") if chat else {"role": "assistant", "content": choice.get("text")}
    if not isinstance(message, dict):
        raise garbage(f"choice {number} has no message")
    message = {k: well_formed(v) if isinstance(v, str) else v for k, v in message.items()}
    content, refusal, calls = message.get("content"), message.get("refusal"), message.get("tool_calls")
    thought = message.get("reasoning_content") or message.get("reasoning") or ""
    if not all(isinstance(t, str | None) for t in (content, refusal)) or not isinstance(thought, str):
        raise garbage(f"choice {number}: a text is no text")
    if calls is not None and not isinstance(calls, list):
        raise garbage(f"choice {number}: tool_calls is no list")
    split = False
    if content:
        opened = session.server.settings.upstream_trace_opened and not thought
        content, inner = split_trace(content, opened)
        split = content != message["content"]
        thought = "\n\n".join(t for t in (thought, inner) if t)
        message["content"] = content
    finish = choice.get("finish_reason")
    if not isinstance(finish, str):
        raise garbage(f"choice {number} has no finish_reason")
    before, _ = job.split()
    pieces = [t for t in (content, refusal) if t] + ([json.dumps(calls, ensure_ascii=False)] if calls else [])
    reply: dict[str, str] = {"role": "assistant", "content": "\n".join(pieces)}
    if thought:
        reply["reasoning_content"] = thought
    decision = await session.judge([*before, reply], "output", number, finish=finish)
    if decision.enforced != "allow":
        message, finish = (
            {"role": "assistant", "content": session.reply(decision, job.prompt)},
            finish_of(decision),
        )
        logprobs = None
    else:
        message = {k: message[k] for k in _MESSAGE if k in message}
        logprobs = None if split else choice.get("logprobs")
        if thought and session.server.settings.traces:
            message["reasoning_content"] = thought
    body = {"message": message} if chat else {"text": message["content"] or ""}
    return {"index": number, **body, "logprobs": logprobs, "finish_reason": finish}
