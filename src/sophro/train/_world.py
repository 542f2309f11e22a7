"""Which of the launched processes this one is."""

from __future__ import annotations

import os


def first_process() -> bool:
    """Whether this is the process that prepares and writes; the only one if nothing was launched."""
    return os.environ.get("RANK", "0") == "0"
