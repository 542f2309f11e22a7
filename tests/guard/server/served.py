"""A scripted guard, and a real server in a thread or a process, for the tests of this folder."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

BAD = "POISON"


@dataclass(frozen=True)
class Why:
    detector: str = "words"
    label: str = "bad"
    score: float = 1.0
    threshold: float = 0.5
    where: str = "input"
    window: tuple[int, int] = (0, 6)
    action: str = "refuse"


@dataclass(frozen=True)
class Said:
    action: str = "allow"
    scores: Mapping[str, float] = field(default_factory=dict)
    reasons: tuple[Any, ...] = ()
    reply: str = ""
    not_evaluated: tuple[str, ...] = ()
    dry_run: bool = False

    @property
    def enforced(self) -> str:
        return "allow" if self.dry_run else self.action


class WordGuard:
    """Refuses a word; releases the text of a stream up to the last blank, so that a word is judged whole."""

    def __init__(self, action: str = "refuse", reply: str = "No.", **more: Any) -> None:
        self.action, self.reply, self.more = action, reply, more
        self.batches: list[int] = []

    def judge(self, text: str, where: str) -> Said:
        if BAD not in text:
            return Said(scores={"words.bad": 0.0}, **self.more)
        why = Why(where=where, action=self.action)
        return Said(self.action, {"words.bad": 1.0}, (why,), self.reply, **self.more)

    def check(self, conversations: Sequence[Sequence[Mapping[str, str]]], where: str = "input") -> list[Said]:
        self.batches.append(len(conversations))
        last = [c[-1] for c in conversations]
        return [self.judge(m["content"] + m.get("reasoning_content", ""), where) for m in last]

    def stream(self, conversation: Sequence[Mapping[str, str]]) -> WordStream:
        return WordStream(self)


class WordStream:
    def __init__(self, guard: WordGuard) -> None:
        self.guard, self.text, self.sent = guard, "", 0
        self.decision: Said | None = None

    @property
    def stopped(self) -> bool:
        return self.decision is not None and self.decision.enforced != "allow"

    def push(self, text: str) -> str:
        self.text += text
        return self._release(self.text.rfind(" ") + 1)

    def poll(self) -> str:
        return ""

    def finish(self) -> str:
        return self._release(len(self.text))

    def _release(self, end: int) -> str:
        """Release word by word, so that the result does not depend on the pieces."""
        made = ""
        while self.sent < end and not self.stopped:
            blank = self.text.find(" ", self.sent, end)
            upto = end if blank < 0 else blank + 1
            found = self.guard.judge(self.text[:upto], "stream")
            if found.action != "allow":
                self.decision = found
            if not self.stopped:
                made += self.text[self.sent : upto]
                self.sent = upto
        return made


@contextlib.contextmanager
def serving(app: Any, **config: Any) -> Iterator[str]:
    """Run ``app`` on loopback in a thread; yield its base URL. Fails if the application cannot be shut down."""
    import uvicorn

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="on", **config))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()
    assert not thread.is_alive(), "the server did not end"
    assert not server.lifespan.should_exit, "the application did not start or shut down cleanly"


@contextlib.contextmanager
def process(*options: Any, start: Sequence[str] = ("-m", "sophro"), **env: str) -> Iterator[Any]:
    """Run ``sophro serve`` on a free port; yield the process and its URL, and kill what is left of it."""
    started = subprocess.Popen(
        [sys.executable, *start, "serve", "--port", "0", *map(str, options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **env},
    )
    try:
        line = started.stdout.readline()
        assert "serving" in line, started.stderr.read()
        yield started, line.split()[-1]
    finally:
        started.kill()
        started.communicate()


def ended(started: Any) -> tuple[int, str]:
    """Ask a server process to end; return its exit code and what it logged."""
    started.send_signal(signal.SIGTERM)
    _, log = started.communicate(timeout=60)
    return started.returncode, log
