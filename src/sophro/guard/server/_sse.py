"""Server-sent events over ASGI: a client that goes away, reads slowly, or outlives the server.

Contract: the generator is closed whatever happens. A client that has gone stops it; one that reads nothing for
``write_seconds`` is let go; without data a comment line keeps proxies from closing; a shutdown whose time is over
ends the stream with an error event. An error after the first byte is an event with ``error``, then ``[DONE]``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from starlette.responses import Response

from sophro.guard.server._errors import ApiError, dumps
from sophro.guard.server._state import Server

_LOG = logging.getLogger("sophro.serve")
_STOPPING = ApiError(503, "the server is shutting down; send the request again", "server_shutting_down")
DONE = b"data: [DONE]\n\n"


def event(value: Any) -> bytes:
    """Return one event."""
    return b"data: " + dumps(value) + b"\n\n"


class EventStream(Response):
    """A streamed response.

    Args:
        server: Shared state.
        source: Yields events; raises ``ApiError`` for what goes wrong after the first byte.
        ended: Called once with how the stream ended, if it did not end by itself.
        close: Called at the end in any case.
        headers: Further headers.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        server: Server,
        source: AsyncGenerator[bytes],
        ended: Callable[[str], Awaitable[None]],
        close: Callable[[], None],
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no", **(headers or {})})
        del self.headers["content-length"]
        self._server = server
        self._source = source
        self._ended = ended
        self._close = close

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send the stream."""
        gone = asyncio.create_task(_gone(receive))
        late = asyncio.create_task(self._server.expired.wait())
        pump = asyncio.create_task(self._pump(send))
        try:
            await asyncio.wait({gone, late, pump}, return_when=asyncio.FIRST_COMPLETED)
            if pump.done():
                # A pump that was cut off by a vanished client is no error of ours.
                outcome = pump.result()
            else:
                outcome = "disconnected" if gone.done() else "shutdown"
                pump.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await pump
            if outcome == "shutdown":
                await self._last(send, _STOPPING)
            if outcome:
                await self._ended(outcome)
        finally:
            for task in (gone, late, pump):
                task.cancel()
            await asyncio.gather(gone, late, pump, return_exceptions=True)
            await self._source.aclose()
            self._close()

    async def _pump(self, send: Any) -> str:
        """Send everything; return how it ended badly, or the empty string."""
        limits = self._server.settings.limits
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        step: asyncio.Task[bytes] | None = None
        try:
            while True:
                step = step or asyncio.ensure_future(anext(self._source))
                done, _ = await asyncio.wait({step}, timeout=limits.keepalive_seconds)
                try:
                    data = step.result() if done else b": waiting\n\n"
                except StopAsyncIteration:
                    break
                except ApiError as error:
                    await self._last(send, error)
                    return error.code
                if done:
                    step = None
                try:
                    message = {"type": "http.response.body", "body": data, "more_body": True}
                    async with asyncio.timeout(limits.write_seconds):
                        await send(message)
                except (TimeoutError, OSError):
                    return "client_stalled"
        except asyncio.CancelledError:
            raise
        except Exception:
            # A defect of ours: the client gets a clean end, the log the traceback.
            _LOG.exception("a stream failed")
            await self._last(send, ApiError(500, "the server failed; see its log", "internal_error"))
            return "internal_error"
        finally:
            if step is not None:
                step.cancel()
                with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration, ApiError):
                    await step
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return ""

    async def _last(self, send: Any, error: ApiError) -> None:
        body = event(error.body()) + DONE
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(5.0):
                await send({"type": "http.response.body", "body": body, "more_body": False})


async def _gone(receive: Any) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def unless_gone(server: Server, receive: Any, work: Awaitable[Any]) -> Any:
    """Do ``work`` for a client that waits for it whole; give it up when the client goes or the server ends.

    Raises:
        ApiError: 499 if the client has gone (nobody reads it), 503 at the end of a shutdown.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.create_task(_gone(receive))
    late = asyncio.create_task(server.expired.wait())
    try:
        await asyncio.wait({task, gone, late}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        if gone.done():
            raise ApiError(499, "the client has gone", "disconnected")
        raise _STOPPING
    finally:
        for one in (task, gone, late):
            one.cancel()
        await asyncio.gather(task, gone, late, return_exceptions=True)
