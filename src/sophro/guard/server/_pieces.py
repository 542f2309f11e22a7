"""Pieces of an answer: bunches of deltas on the way from a back end to the guard, and what leaves for the client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

from sophro.guard.server._back_end import Delta, Finish, Usage
from sophro.guard.server._errors import ApiError

_POLL = 0.25  # seconds without new text after which waiting text is asked for
_QUEUE = 256  # deltas that may wait for the guard before the back end has to


@dataclass(frozen=True)
class Out:
    """What leaves at once for one choice; empty fields are not sent."""

    choice: int = 0
    content: str = ""
    reasoning: str = ""
    refusal: str = ""
    reflection: str = ""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    finish: Finish | None = None
    usage: Usage | None = None
    sophro: Mapping[str, Any] | None = None


async def gathered(source: AsyncGenerator[Delta], seconds: float) -> AsyncGenerator[list[Delta]]:
    """Yield what has come since the last time, so that a busy guard judges more text at once; nothing after ``_POLL``.

    At most ``_QUEUE`` deltas wait; then the source has to. Closing this closes the source. After ``seconds`` in all
    it ends with an error.
    """
    queue: asyncio.Queue[Delta | BaseException | None] = asyncio.Queue(_QUEUE)

    async def fill() -> None:
        try:
            async with asyncio.timeout(seconds):
                async for delta in source:
                    await queue.put(delta)
            await queue.put(None)
        except TimeoutError:
            await queue.put(ApiError(504, f"the answer took longer than {seconds:g} s", "answer_timeout"))
        except Exception as error:
            await queue.put(error)
        finally:
            await source.aclose()

    task = asyncio.create_task(fill())
    try:
        while True:
            try:
                # Not wait_for: before Python 3.12 it can lose the cancellation that a vanished client brings.
                async with asyncio.timeout(_POLL):
                    items = [await queue.get()]
            except TimeoutError:
                yield []
                continue
            while not queue.empty():
                items.append(queue.get_nowait())
            ready = [i for i in items if isinstance(i, Delta)]
            if ready:
                yield ready
            for item in items:
                if isinstance(item, BaseException):
                    raise item
            if items[-1] is None:
                return
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def runs_of(deltas: list[Delta]) -> list[list[Delta]]:
    """Group neighbours of one kind."""
    runs: list[list[Delta]] = []
    for delta in deltas:
        # A delta without text has no kind of its own: what decides is the one that the run began with.
        if runs and (runs[-1][0].kind == delta.kind or not delta.text) and not runs[-1][-1].finish:
            runs[-1].append(delta)
        else:
            runs.append([delta])
    return runs
