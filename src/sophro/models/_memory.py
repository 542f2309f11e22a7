"""Give freed memory back to the system.

Why: glibc keeps what was freed in one pool a thread, and tensors whose sizes differ from batch to batch leave holes
that it does not return by itself. A run of sixty stages, most of which answer in worker threads of their own, held
17 GB of which 3.7 were in use.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from functools import lru_cache
from typing import Any

_released = [time.monotonic()]


def release_memory(after: float = 0.0) -> None:
    """Collect garbage and return the C library's free pages; does nothing where there is no glibc.

    Takes a fraction of a second; call it between pieces of work, not inside them.

    Args:
        after: Do nothing unless that many seconds have gone by since the last time: what grows, grows with work, and a
            run of many short pieces would spend a quarter of its time here.
    """
    if time.monotonic() < _released[0] + after:
        return
    gc.collect()
    trim_memory()
    _released[0] = time.monotonic()


def trim_memory() -> None:
    """Return the C library's free pages only; other threads go on meanwhile, unlike while Python collects."""
    trim = _malloc_trim()
    if trim is not None:
        trim(0)


@lru_cache(maxsize=1)
def _malloc_trim() -> Any | None:
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
