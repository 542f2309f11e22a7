"""Bodies and chunks of responses in the shape of the OpenAI API."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from sophro.guard.server._back_end import Job
from sophro.guard.server._pieces import Out
from sophro.guard.server._sse import event


class Wire:
    """Writes one response.

    Args:
        job: The request.
        request: Id of the response.
        model: Name that the response carries.
    """

    def __init__(self, job: Job, request: str, model: str) -> None:
        self._chat = job.endpoint == "chat"
        self._n = job.n
        self._head = {"id": request, "created": int(time.time()), "model": model}

    def first(self) -> bytes:
        """Return the chunk that opens every choice."""
        if not self._chat:
            return b""
        return b"".join(
            self._chunk({"index": i, "delta": {"role": "assistant", "content": ""}, "finish_reason": None})
            for i in range(self._n)
        )

    def chunk(self, out: Out, extension: Mapping[str, Any] | None = None) -> bytes:
        """Return one piece."""
        if out.usage is not None:
            return self._event({"choices": [], "usage": out.usage.to_json()})
        sophro = {**(out.sophro or {}), **({"reflection": out.reflection} if out.reflection else {})}
        if self._chat:
            delta: dict[str, Any] = {}
            if out.content:
                delta["content"] = out.content
            if out.reasoning:
                delta["reasoning_content"] = out.reasoning
            if out.refusal:
                delta["refusal"] = out.refusal
            if out.tool_calls:
                delta["tool_calls"] = [{"index": i, **call} for i, call in enumerate(out.tool_calls)]
            if sophro:
                delta["sophro"] = sophro
            choice = {"index": out.choice, "delta": delta, "finish_reason": out.finish}
        else:
            text = out.content + out.refusal
            choice = {"index": out.choice, "text": text, "logprobs": None, "finish_reason": out.finish}
            choice |= {"sophro": sophro} if sophro else {}
        return self._chunk(choice, {"sophro": dict(extension)} if extension else {})

    def _chunk(self, choice: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> bytes:
        return self._event({"choices": [choice], **(more or {})})

    def _event(self, value: Mapping[str, Any]) -> bytes:
        kind = "chat.completion.chunk" if self._chat else "text_completion"
        return event({**self._head, "object": kind, **value})

    def whole(self, outs: Sequence[Out], extension: Mapping[str, Any]) -> dict[str, Any]:
        """Return the whole response."""
        choices: list[dict[str, Any]] = []
        for index in range(self._n):
            own = [o for o in outs if o.choice == index and o.usage is None]
            content = "".join(o.content for o in own)
            finish = next((o.finish for o in own if o.finish), None)
            thought = "".join(o.reasoning for o in own)
            reflection = "".join(o.reflection for o in own)
            refusal = "".join(o.refusal for o in own)
            calls = [dict(c) for o in own for c in o.tool_calls]
            if self._chat:
                message: dict[str, Any] = {
                    "role": "assistant",
                    "content": content if content or not calls else None,
                    "refusal": refusal or None,
                    **({"tool_calls": calls} if calls else {}),
                    **({"reasoning_content": thought} if thought else {}),
                    **({"sophro": {"reflection": reflection}} if reflection else {}),
                }
                choices.append(
                    {"index": index, "message": message, "logprobs": None, "finish_reason": finish}
                )
            else:
                choices.append(
                    {"index": index, "text": content + refusal, "logprobs": None, "finish_reason": finish}
                )
        usage = next((o.usage for o in outs if o.usage is not None), None)
        return {
            **self._head,
            "object": "chat.completion" if self._chat else "text_completion",
            "choices": choices,
            **({"usage": usage.to_json()} if usage else {}),
            "sophro": dict(extension),
        }
