"""Bounds that many requests share: size of bodies, requests a minute, answers at once.

Contract: a request over a bound ends with 413, 429 or 503 and says when to come again; nothing waits without end.
"""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Generator
from typing import Any

from sophro.guard.server._errors import ApiError, dumps
from sophro.guard.server._settings import Limits


class BodyLimit:
    """ASGI middleware that refuses bodies above a size, declared or not.

    Args:
        app: The application behind it.
        limit: Most bytes.
    """

    def __init__(self, app: Any, limit: int) -> None:
        self._app = app
        self._limit = limit

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
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False)
            if size > self._limit:
                await self._refuse(send)
                return
        replayed = False

        async def again() -> Any:
            nonlocal replayed
            if replayed:
                return await receive()
            replayed = True
            return {"type": "http.request", "body": b"".join(chunks), "more_body": False}

        await self._app(scope, again, send)

    async def _refuse(self, send: Any) -> None:
        error = ApiError(
            413, f"the request body is larger than {self._limit} bytes; send less", "body_too_large"
        )
        body = dumps(error.body())
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Gate:
    """Requests a minute (token bucket) and answers at once, per key and in all."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buckets: dict[str, tuple[float, float]] = {}
        self._running: dict[str, int] = defaultdict(int)
        self.total = 0

    def count(self, key: str) -> None:
        """Count a request.

        Raises:
            ApiError: 429 with ``Retry-After``.
        """
        rate = self._limits.requests_per_minute
        if not rate:
            return
        now = time.monotonic()
        left, then = self._buckets.get(key, (float(rate), now))
        left = min(float(rate), left + (now - then) * rate / 60)
        if left < 1:
            wait = max(1, round((1 - left) * 60 / rate + 0.5))
            raise ApiError(
                429,
                f"more than {rate} requests a minute for this key; try again in {wait} s",
                "rate_limit_exceeded",
                headers={"Retry-After": str(wait)},
            )
        self._buckets[key] = (left - 1, now)

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
