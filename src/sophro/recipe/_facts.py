"""Facts for ``run.json`` about the machine and the software; nothing that names a person or a host."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from typing import Any

import sophro

_PACKAGES = ("torch", "transformers", "tokenizers", "peft", "trl", "datasets", "inspect-ai", "numpy")


def versions() -> dict[str, str | None]:
    """Return the versions of Python, sophro and the packages that change results (None: not installed)."""
    found: dict[str, str | None] = {"python": platform.python_version(), "sophro": sophro.__version__}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def host() -> dict[str, Any]:
    """Return system, processor, cores that this process may use, memory in bytes and the thread limit."""
    return {
        "system": platform.platform(),
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "threads": os.environ.get("OMP_NUM_THREADS"),
    }
