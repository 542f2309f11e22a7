"""Freed memory goes back to the system."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from sophro.models import release_memory


def resident() -> int:
    """Return the resident size of this process in MB."""
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) // 1024


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc")
def test_what_a_thread_freed_is_returned():
    kept: list[bytes] = []

    def work() -> None:
        # Blocks too small to be mapped on their own, freed in between blocks that stay.
        blocks = [bytes([i % 251]) * 100_000 for i in range(4000)]
        kept.extend(blocks[::50])

    before = resident()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    held = resident() - before
    assert held > 250, "nothing is held back, so this test shows nothing"
    release_memory()
    assert resident() - before < held - 200
    assert len(kept) == 80


def test_short_pieces_of_work_share_one_release(monkeypatch):
    done: list[int] = []
    monkeypatch.setattr("sophro.models._memory.trim_memory", lambda: done.append(1))
    release_memory()
    for _ in range(3):
        release_memory(after=60)
    assert done == [1]
    release_memory()
    release_memory(after=-1)
    assert len(done) == 3
