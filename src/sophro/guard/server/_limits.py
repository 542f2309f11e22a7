"""Bounds that many requests share: size and time of bodies, requests a minute, answers at once.

Contract: a request over a bound ends with 408, 413, 429 or 503 and says when to come again; nothing waits without end.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Generator
from typing import Any

from sophro.guard.server._errors import ApiError, bad, dumps
from sophro.guard.server._settings import Limits


class BodyLimit:
    """ASGI middleware that refuses bodies above a size, declared or not, and those that come too slowly.

    Args:
        app: The application behind it.
        limit: Most bytes.
        seconds: Longest time until the whole body is here.
    """

    def __init__(self, app: Any, limit: int, seconds: float) -> None:
        self._app = app
        self._limit = limit
        self._seconds = seconds

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
        if not declared.isdigit() or int(declared) > self._limit:
            await self._refuse(send)
            return
        # The body is read here, whole, before anything parses it.
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._read(receive)
        except TimeoutError:
            message = f"the request body did not arrive within {self._seconds:g} s; send it again"
            await _close(send, ApiError(408, message, "body_timeout"))
            return
        except _TooLarge:
            await self._refuse(send)
            return
        if body is None:
            return
        replayed = False

        async def again() -> Any:
            nonlocal replayed
            if replayed:
                return await receive()
            replayed = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)

    async def _read(self, receive: Any) -> bytes | None:
        """Return the whole body, None if the client went."""
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False)
            if size > self._limit:
                raise _TooLarge
        return b"".join(chunks)

    async def _refuse(self, send: Any) -> None:
        message = f"the request body is larger than {self._limit} bytes; send less"
        await _close(send, ApiError(413, message, "body_too_large"))


class _TooLarge(Exception):
    """A body above the limit."""


async def _close(send: Any, error: ApiError) -> None:
    """Answer with an error and end the connection: what is left of the body is not read."""
    body = dumps(error.body())
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Gate:
    """Requests a minute (token bucket) and answers at once, per key and in all."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buckets: dict[str, tuple[float, float]] = {}
        self._running: dict[str, int] = defaultdict(int)
        self.total = 0

    def count(self, key: str, inputs: int = 1) -> None:
        """Count a request, or one for each of its inputs.

        Raises:
            ApiError: 429 with ``Retry-After``; 400 for more inputs than a minute allows.
        """
        rate = self._limits.requests_per_minute
        if not rate:
            return
        if inputs > rate:
            raise bad(f"{inputs} inputs; this key may send {rate} a minute, so send at most {rate}", "input")
        now = time.monotonic()
        left, then = self._buckets.get(key, (float(rate), now))
        left = min(float(rate), left + (now - then) * rate / 60)
        if left < inputs:
            wait = max(1, round((inputs - left) * 60 / rate + 0.5))
            raise ApiError(
                429,
                f"more than {rate} requests a minute for this key; try again in {wait} s",
                "rate_limit_exceeded",
                headers={"Retry-After": str(wait)},
            )
        self._buckets[key] = (left - inputs, now)

    @contextlib.contextmanager
    def answering(self, key: str) -> Generator[None]:
        """Hold a place among the running answers.

        Raises:
            ApiError: 429 for a key with too many, 503 for a full server.
        """
        again = {"Retry-After": "1"}
        if self._running[key] >= self._limits.streams_per_key:
            message = f"{self._limits.streams_per_key} answers are running for this key; wait for one to end"
            raise ApiError(429, message, "concurrency_limit_exceeded", headers=again)
        if self.total >= self._limits.streams:
            raise ApiError(503, "the server is full; try again in a second", "server_full", headers=again)
        self._running[key] += 1
        self.total += 1
        try:
            yield
        finally:
            self.total -= 1
            self._running[key] -= 1
            if not self._running[key]:
                del self._running[key]
