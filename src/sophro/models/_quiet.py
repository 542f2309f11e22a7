"""Keep transformers to itself: no bars or hints of the library in our output, no hub, no telemetry.

Contract: what is imported from transformers and loaded with it, is so inside ``quiet_transformers``, one thread at a
time. Its package replaces itself while it is imported, so that a second thread may find half of it (seen as "cannot
import name 'AutoModel'"), and its log level belongs to the process.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Generator

LOADING = threading.RLock()


@contextlib.contextmanager
def quiet_transformers(progress: bool = False) -> Generator[None]:
    """Silence transformers' log below errors and, unless ``progress``, its bars; other threads wait."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    with LOADING:
        from transformers.utils import logging

        level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
        logging.set_verbosity_error()
        (logging.enable_progress_bar if progress else logging.disable_progress_bar)()
        try:
            yield
        finally:
            logging.set_verbosity(level)
            (logging.enable_progress_bar if bars else logging.disable_progress_bar)()
