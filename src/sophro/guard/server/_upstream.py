"""An OpenAI-compatible server behind the guard: vLLM, llama.cpp, a hosted one.

Contract: a request is handed on as it came (tools, ``n`` and fields that this server does not know included), without
the client's key. Whatever the upstream does ends in a finish reason or in a typed ``ApiError``: unreachable, too
slow, an error of its own, garbage, an end before the end. Nothing waits longer than ``seconds`` for the next byte,
and no line, stream or body may grow without bound. A stream is read only as fast as the guard and the client take it.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any

import httpx

from sophro.chat import TRACE_FORMATS
from sophro.errors import SophroError
from sophro.guard.server._back_end import Delta, Finish, Job, Kind, Usage
from sophro.guard.server._errors import ApiError, bad, dumps, garbage, well_formed
from sophro.guard.server._settings import Settings
from sophro.guard.server._visible import Tagged, TraceSplitter

_LINE = 1 << 20  # bytes of one event
_BODY = 32 << 20  # bytes of a whole answer
_STREAM = 64 << 20  # bytes of a streamed one, all choices and what stands around the text
THINK = TRACE_FORMATS["think"]
_READY = 2.0  # seconds that /readyz waits
_FINISHES: Mapping[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}
_KINDS: Mapping[str, Kind] = {
    "content": "answer",
    "refusal": "refusal",
    "reasoning_content": "trace",
    "reasoning": "trace",
}
# Statuses of an upstream that are about the client's request.
_PASSED = (400, 404, 413, 422, 429)


class UpstreamBackEnd:
    """Serves what another server writes.

    Args:
        url: Base URL, up to and with ``/v1``.
        settings: The server's settings.
        key_variable: Name of the environment variable with the upstream's key.
        seconds: Longest silence of the upstream.
        transport: Instead of the network, for tests.

    Raises:
        SophroError: If the URL is none, or the variable is empty.
    """

    scales = False

    def __init__(
        self,
        url: str,
        settings: Settings,
        key_variable: str | None = None,
        seconds: float = 60.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise SophroError(f"--upstream {url}: a URL is needed, such as http://127.0.0.1:8001/v1")
        key = os.environ.get(key_variable, "") if key_variable else ""
        if key_variable and not key:
            raise SophroError(f"--upstream-key {key_variable}: this environment variable is empty or not set")
        if seconds <= 0:
            raise SophroError(f"--upstream-seconds {seconds}: it must be positive")
        self._url = url.rstrip("/")
        self._settings = settings
        self._seconds = seconds
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(seconds, connect=min(seconds, 10.0), pool=seconds),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            headers={"Authorization": f"Bearer {key}"} if key else {},
            # Proxies of the environment are not asked: only the named upstream is.
            trust_env=False,
            transport=transport,
        )

    async def models(self) -> list[dict[str, Any]]:
        """See ``BackEnd.models``."""
        try:
            response = await asyncio.wait_for(self._client.get(f"{self._url}/models"), self._seconds)
            found = response.json()["data"] if response.status_code == 200 else None
        except (httpx.HTTPError, TimeoutError) as error:
            raise self._fault(error) from None
        except (ValueError, KeyError, TypeError):
            found = None
        if not isinstance(found, list) or not all(
            isinstance(m, dict) and isinstance(m.get("id"), str) for m in found
        ):
            raise ApiError(502, "the upstream's list of models is not usable", "upstream_garbage")
        return found

    async def not_ready(self) -> str:
        """See ``BackEnd.not_ready``."""
        try:
            response = await asyncio.wait_for(self._client.get(f"{self._url}/models"), _READY)
        except (httpx.HTTPError, TimeoutError) as error:
            return f"the upstream does not answer ({type(error).__name__})"
        return (
            "" if response.status_code < 500 else f"the upstream answers with status {response.status_code}"
        )

    def refuse(self, body: Mapping[str, Any]) -> None:
        """See ``BackEnd.refuse``."""
        if body.get("stream") and body.get("logprobs"):
            raise bad(
                "logprobs cannot be judged while they stream; ask for them with stream false, or leave them out",
                "logprobs",
                "unsupported_parameter",
            )
        if body.get("echo"):
            raise bad("echo is not supported behind the guard; leave it out", "echo", "unsupported_parameter")

    async def complete(self, job: Job) -> dict[str, Any]:
        """See ``AnswersWhole.complete``."""
        try:
            async with asyncio.timeout(self._settings.limits.request_seconds):
                async with self._client.stream("POST", self._path(job), **self._request(job)) as response:
                    data = bytearray()
                    async for chunk in response.aiter_bytes():
                        data += chunk
                        if len(data) > _BODY:
                            raise garbage(f"it is longer than {_BODY} bytes")
        except (httpx.HTTPError, TimeoutError) as error:
            raise self._fault(error) from None
        if response.status_code != 200:
            raise _status(response.status_code, bytes(data), response.headers.get("retry-after"))
        return _object(bytes(data), "its body")

    async def generate(self, job: Job) -> AsyncGenerator[Delta]:
        """See ``BackEnd.generate``."""
        choices = [
            _Choice(i, job.endpoint == "chat", self._settings.upstream_trace_opened) for i in range(job.n)
        ]
        usage: Usage | None = None
        try:
            async with self._client.stream("POST", self._path(job), **self._request(job)) as response:
                if response.status_code != 200:
                    data = await _bounded(response)
                    raise _status(response.status_code, data, response.headers.get("retry-after"))
                kind = response.headers.get("content-type", "")
                if "text/event-stream" not in kind:
                    raise garbage(f"a stream was asked for and {kind[:80] or 'nothing'} came")
                async for event in _events(response):
                    usage = _usage(event) or usage
                    for choice in _list(event):
                        index = choice.get("index", 0)
                        if not isinstance(index, int) or not 0 <= index < job.n:
                            raise garbage(f"there is no choice {str(index)[:20]!r}")
                        for delta in choices[index].take(choice):
                            yield delta
        except (httpx.HTTPError, TimeoutError) as error:
            raise self._fault(error) from None
        unended = [c.index for c in choices if not c.ended]
        if unended:
            raise ApiError(
                502, f"the upstream's stream ended before choice {unended[0]} did", "upstream_incomplete"
            )
        if usage is not None:
            yield Delta(usage=usage)

    async def close(self) -> None:
        """See ``BackEnd.close``."""
        await self._client.aclose()

    def _path(self, job: Job) -> str:
        return f"{self._url}/{'chat/completions' if job.endpoint == 'chat' else 'completions'}"

    def _request(self, job: Job) -> dict[str, Any]:
        body = dict(job.body)
        if not {"max_tokens", "max_completion_tokens"} & set(body):
            body["max_tokens"] = job.max_tokens
        if body.get("stream"):
            body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
        try:
            content = dumps(body)
        except ValueError:
            raise bad("the body holds a number that JSON has no form for") from None
        return {"content": content, "headers": {"Content-Type": "application/json"}}

    def _fault(self, error: Exception) -> ApiError:
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return ApiError(502, "the upstream cannot be reached; try again later", "upstream_unreachable")
        if isinstance(error, httpx.TimeoutException):
            return ApiError(504, f"the upstream was silent for {self._seconds:g} s", "upstream_timeout")
        if isinstance(error, TimeoutError):
            return ApiError(504, "the upstream took too long", "upstream_timeout")
        return ApiError(
            502, f"the connection to the upstream broke ({type(error).__name__})", "upstream_died"
        )


class _Choice:
    """One choice of a stream: texts by kind, calls of tools put together."""

    def __init__(self, index: int, chat: bool, opened: bool) -> None:
        self.index = index
        self.ended = False
        self._chat = chat
        self._calls: dict[int, dict[str, Any]] = {}
        self._opened = opened
        # Servers without a reasoning parser leave the tags in the text.
        self._split = TraceSplitter(THINK, opened)

    def take(self, choice: Mapping[str, Any]) -> list[Delta]:
        """Return what one event brings."""
        if self.ended:
            return []
        delta = choice.get("delta") if self._chat else {"content": choice.get("text")}
        if not isinstance(delta, dict):
            raise garbage("a choice has no delta")
        now = time.monotonic()
        out: list[Delta] = []
        for field, kind in _KINDS.items():
            text = delta.get(field)
            if text is None:
                continue
            if not isinstance(text, str):
                raise garbage(f"{field} is no text")
            text = well_formed(text)
            if kind == "trace" and text and self._opened:
                # The server does parse: its text begins with the answer.
                self._opened, self._split = False, TraceSplitter(THINK)
            pieces: list[Tagged] = [(kind, text)]
            if field == "content":
                self._opened = self._opened and not text
                pieces = self._split.push(text)
            out += [Delta(self.index, k, t, tokens=1, born=now) for k, t in pieces if t]
        self._gather(delta.get("tool_calls") or [])
        finish = choice.get("finish_reason")
        if finish is not None:
            if finish not in _FINISHES:
                raise garbage(f"the finish reason {str(finish)[:40]!r} is unknown")
            self.ended = True
            out += [Delta(self.index, k, t, born=now) for k, t in self._split.finish()]
            calls = tuple(self._calls[i] for i in sorted(self._calls))
            out.append(Delta(self.index, tool_calls=calls, finish=_FINISHES[finish]))
        return out

    def _gather(self, pieces: Any) -> None:
        if not isinstance(pieces, list):
            raise garbage("tool_calls is no list")
        for piece in pieces:
            if not isinstance(piece, dict) or not isinstance(piece.get("index", 0), int):
                raise garbage("a call of a tool is no object")
            call = self._calls.setdefault(
                piece.get("index", 0),
                {"id": None, "type": "function", "function": {"name": "", "arguments": ""}},
            )
            function = piece.get("function") or {}
            if not isinstance(function, dict):
                raise garbage("the function of a tool's call is no object")
            call["id"] = call["id"] or piece.get("id")
            for name in ("name", "arguments"):
                call["function"][name] += well_formed(str(function.get(name) or ""))


async def _events(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """Yield the JSON objects of a stream up to ``[DONE]``."""
    rest, size = b"", 0
    async for chunk in response.aiter_bytes():
        rest += chunk
        size += len(chunk)
        if size > _STREAM:
            raise ApiError(
                502,
                f"the upstream's stream is longer than {_STREAM} bytes and was cut off",
                "upstream_too_long",
            )
        if b"\n" not in chunk and len(rest) > _LINE:
            raise garbage(f"a line is longer than {_LINE} bytes")
        *lines, rest = rest.split(b"\n")
        for raw in lines:
            line = raw.strip()
            if not line.startswith(b"data:"):
                continue  # comments, event names, blank lines
            data = line[5:].strip()
            if data == b"[DONE]":
                return
            found = _object(data, "an event")
            if "error" in found:
                raise ApiError(502, f"the upstream reported: {_message(found['error'])}", "upstream_error")
            yield found


def _object(data: bytes, what: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise garbage(f"{what} is no JSON") from None
    if not isinstance(found, dict):
        raise garbage(f"{what} is no object")
    return found


def _list(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = event.get("choices")
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(c, dict) for c in found):
        raise garbage("choices is no list of objects")
    return found


def _usage(event: Mapping[str, Any]) -> Usage | None:
    found = event.get("usage")
    if not isinstance(found, dict):
        return None
    prompt, completion = found.get("prompt_tokens"), found.get("completion_tokens")
    return Usage(prompt, completion) if isinstance(prompt, int) and isinstance(completion, int) else None


async def _bounded(response: httpx.Response) -> bytes:
    data = b""
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > _LINE:
            break
    return data


def _status(status: int, data: bytes, retry: str | None) -> ApiError:
    try:
        found = json.loads(data)
        said = _message(found.get("error", found) if isinstance(found, dict) else found)
    except (ValueError, RecursionError):
        said = ""
    said = said or f"status {status}"
    if status in _PASSED:
        headers = {"Retry-After": retry} if retry and retry.isdigit() else None
        return ApiError(
            status, f"the upstream refused the request: {said}", "upstream_refused", headers=headers
        )
    code = "upstream_key" if status in (401, 403) else "upstream_error"
    return ApiError(502, f"the upstream failed: {said}", code)


def _message(error: Any) -> str:
    text = error.get("message") if isinstance(error, dict) else error
    return "".join(c if c.isprintable() else " " for c in str(text))[:300] if text is not None else ""
