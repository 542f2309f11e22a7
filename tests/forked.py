"""Commands as processes of their own that start in no time: forked from one that has already imported everything.

A process of sophro that trains and assesses spends ten seconds on imports, most of what a test of a small run would
wait for. The parent of the forks only imports (no model, no thread, no event loop), so that a fork is as good as a
fresh process; each is the leader of its own session, can be killed, and has the network denied.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PARENT = """
import importlib, json, os, socket, sys, threading, traceback

def refuse(self, address, *rest):
    if self.family != socket.AF_UNIX:
        raise OSError("network denied: " + repr(address))
    return original(self, address, *rest)

def lookup(*a, **k):
    raise OSError("network denied: name look-up " + repr(a))

original = socket.socket.connect
socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = socket.gethostbyname = lookup
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
assert threading.active_count() == 1, "a fork would lose " + repr(threading.enumerate())
from sophro.cli import run

print("ready", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    pid = os.fork()
    if not pid:
        os.setsid()
        os.chdir(asked["folder"])
        for number, name in ((0, os.devnull), (1, asked["out"]), (2, asked["err"])):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
        code = 1
        try:
            code = run(asked["words"])
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
# What a run of the recipes imports on its way.
_NEEDED = (
    "accelerate",
    "inspect_ai",
    "inspect_ai.model",
    "peft",
    "sophro.align",
    "sophro.assess",
    "sophro.judge",
    "sophro.recipe.session",
    "sophro.report",
    "sophro.train._trainer",
    "torch._dynamo",
    "transformers.models.bert.modeling_bert",
    "transformers.models.llama.modeling_llama",
    "transformers.trainer",
)


@dataclass
class Fork:
    """A command that runs. Only one of a parent runs at a time."""

    pid: int
    out: Path
    err: Path
    _parent: subprocess.Popen[str]
    _code: list[int] = field(default_factory=list)

    def poll(self) -> int | None:
        """Return the exit code, -9 for a killed one, or None while it runs."""
        if not self._code and not _alive(self.pid):
            self.wait()
        return self._code[0] if self._code else None

    def kill(self) -> bool:
        """Send SIGKILL to it and all that it started; return whether that ended it, or it was through before."""
        # Its parent waits for it at once, so that it may be gone between any look and the signal.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return self.wait() == -signal.SIGKILL

    def wait(self) -> int:
        """Wait for its end and return the exit code."""
        if not self._code:
            assert self._parent.stdout is not None
            self._code.append(int(self._parent.stdout.readline()))
        return self._code[0]


class Forks:
    """The process that has imported everything."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._parent = subprocess.Popen(
            [sys.executable, "-c", _PARENT, json.dumps(_NEEDED)],
            env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._parent.stdout is not None
        assert self._parent.stdout.readline() == "ready\n"

    def start(self, words: Sequence[str], folder: Path | None = None) -> Fork:
        """Start ``sophro`` with these arguments in a folder."""
        out, err = self._folder / "out.txt", self._folder / "err.txt"
        assert self._parent.stdin is not None and self._parent.stdout is not None
        asked = {
            "words": list(words),
            "folder": str(folder or self._folder),
            "out": str(out),
            "err": str(err),
        }
        self._parent.stdin.write(json.dumps(asked) + "\n")
        self._parent.stdin.flush()
        return Fork(int(self._parent.stdout.readline()), out, err, self._parent)

    def run(self, words: Sequence[str], folder: Path | None = None) -> tuple[int, str, str]:
        """Run ``sophro`` with these arguments; return exit code, output and errors."""
        fork = self.start(words, folder)
        code = fork.wait()
        return code, fork.out.read_text("utf-8"), fork.err.read_text("utf-8")

    def close(self) -> None:
        """End the parent; a command that still runs goes on to its end first."""
        assert self._parent.stdin is not None
        self._parent.stdin.close()
        self._parent.wait()


@contextlib.contextmanager
def forks(folder: Path) -> Iterator[Forks]:
    """Keep a parent for a block; it works with one thread and without the network."""
    made = Forks(folder, {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"})
    try:
        yield made
    finally:
        made.close()


def _alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
