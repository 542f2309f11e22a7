"""The thread that runs a local model: answers of many requests share its batches, lanes keep their patches apart.

Contract: a lane is one set of patches at one strength; a patch is on only while its own lane steps. Lanes with work
take turns of a few steps, because a switch may cost a copy of the weights. Tokens reach the event loop once a step.
An error in a step ends the answers of that lane with an error and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from sophro.models import ChatModel, Patch
from sophro.models._live import Live, LiveRow, Step
from sophro.models._memory import trim_memory
from sophro.models._packed import packed

_LOG = logging.getLogger("sophro.serve")
_TURN = 16  # steps of a lane before another one gets its turn
_IDLE = 10.0  # seconds without work after which freed memory goes back to the system
_FULL, _LOW = 128, 32  # tokens of one request that wait: above it pauses, below it goes on

LaneKey = tuple[tuple[str, ...], float]


@dataclass(eq=False)
class Request:
    """The rows of one request and the way back to it.

    Attributes:
        loop: Event loop of the request.
        rows: Its answers.
        queue: Steps with the time at which they came, in order; an exception ends it.
    """

    loop: asyncio.AbstractEventLoop
    rows: list[LiveRow] = field(default_factory=lambda: [])
    queue: asyncio.Queue[tuple[Step, float] | Exception] = field(default_factory=asyncio.Queue)

    def take(self, steps: list[tuple[Step, float]]) -> None:
        """Put steps into the queue; called in the loop."""
        for step in steps:
            self.queue.put_nowait(step)
        if self.queue.qsize() > _FULL:
            for row in self.rows:
                row.paused = True

    def gave(self) -> bool:
        """Say that the reader took something; return whether rows may go on that paused."""
        if self.queue.qsize() >= _LOW or not any(row.paused for row in self.rows):
            return False
        for row in self.rows:
            row.paused = False
        return True


class Engine:
    """One local model in a thread.

    Args:
        model: The model; nobody else may run it meanwhile.
        patches: Patch by name.
        rows: Most answers at once in a lane.
    """

    def __init__(self, model: ChatModel, patches: dict[str, Patch], rows: int) -> None:
        self._model = model
        self._patches = patches
        self._rows = rows
        self._lanes: dict[LaneKey, Live] = {}
        self._new: list[tuple[LaneKey, Request]] = []
        self._wake = threading.Condition()
        self._ending = False
        self._on: LaneKey | None = None
        self._thread = threading.Thread(target=self._run, name="sophro-engine", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def submit(self, lane: LaneKey, request: Request) -> None:
        """Start a request."""
        with self._wake:
            self._new.append((lane, request))
            self._wake.notify()

    def wake(self) -> None:
        """Say that rows were cancelled or may go on."""
        with self._wake:
            self._wake.notify()

    def close(self) -> None:
        """End the thread; what runs is given up."""
        with self._wake:
            self._ending = True
            self._wake.notify()
        self._thread.join(30)

    def _run(self) -> None:
        stack = contextlib.ExitStack()
        turn = 0
        # Not inference mode: patches put new tensors into parameters, and those must not be inference tensors.
        with torch.no_grad():
            while (new := self._next()) is not None:
                for key in [k for k, lane in self._lanes.items() if not lane.rows and k != self._on]:
                    del self._lanes[key]
                for key, request in new:
                    live = self._lanes.setdefault(key, Live(self._model, self._rows))
                    for row in request.rows:
                        row.owner = request
                        live.add(row)
                ready = self._ready()
                if not ready:
                    continue
                if self._on not in ready or (turn >= _TURN and len(ready) > 1):
                    key, turn = self._after(ready), 0
                    if key != self._on:
                        stack.close()
                        self._on = key
                        stack = contextlib.ExitStack()
                        if not self._attached(stack, key):
                            continue
                turn += 1
                assert self._on is not None
                self._step(self._on)
        stack.close()

    def _next(self) -> list[tuple[LaneKey, Request]] | None:
        """Wait for work and return what is new; None at the end."""
        patience: float | None = _IDLE
        while True:
            with self._wake:
                if self._wake.wait_for(lambda: self._ending or self._new or self._ready(), patience):
                    new, self._new = self._new, []
                    return None if self._ending else new
            # Once, and without the lock: the event loop takes it to submit a request.
            trim_memory()
            patience = None

    def _ready(self) -> list[LaneKey]:
        return [key for key, live in self._lanes.items() if live.ready]

    def _after(self, ready: Sequence[LaneKey]) -> LaneKey:
        """Return the lane whose turn is next."""
        order = list(self._lanes)
        start = order.index(self._on) + 1 if self._on in order else 0
        return next(k for k in (*order[start:], *order[:start]) if k in ready)

    def _attached(self, stack: contextlib.ExitStack, key: LaneKey) -> bool:
        names, scale = key
        try:
            for name in names:
                stack.enter_context(self._model.patched(self._patches[name], scale))
            # Once a turn and not once a step: looking at every layer costs milliseconds.
            stack.enter_context(packed(self._model.network))
        except Exception as error:
            self._failed(key, error)
            stack.close()
            self._on = None
            return False
        return True

    def _step(self, key: LaneKey) -> None:
        live = self._lanes[key]
        try:
            steps = live.step()
        except Exception as error:
            self._failed(key, error)
            return
        now = time.monotonic()
        by: dict[int, tuple[Request, list[tuple[Step, float]]]] = {}
        for step in steps:
            by.setdefault(id(step.row.owner), (step.row.owner, []))[1].append((step, now))
        for request, own in by.values():
            _tell(request.loop, functools.partial(request.take, own))

    def _failed(self, key: LaneKey, error: Exception) -> None:
        _LOG.error("the engine failed", exc_info=error)
        live = self._lanes.pop(key)
        owners: dict[int, Request] = {id(row.owner): row.owner for row in live.rows}
        for request in owners.values():
            _tell(request.loop, functools.partial(request.queue.put_nowait, error))


def _tell(loop: asyncio.AbstractEventLoop, call: Callable[[], Any]) -> None:
    # The loop of a torn-down server is closed, and nobody waits for the tokens any more.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(call)
