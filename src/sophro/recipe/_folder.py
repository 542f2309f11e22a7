"""The run directory: its layout, its lock, its clean-up.

Contract: ``stages/<name>-<key>`` exists only when complete. One process at a time works in a run directory;
the lock is the kernel's, so that it ends with the process that held it, however that process ended.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sophro.errors import SophroError
from sophro.files import read_text
from sophro.recipe._plan import Stage

# POSIX locks do not conflict within one process; this set makes a second thread see the first.
_HELD: set[Path] = set()


class RunFolder:
    """Paths inside one run directory. Stages are found by key, so renaming an arm costs no training."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stages = root / "stages"
        self.work = root / "work"

    def stage(self, stage: Stage) -> Path:
        """Return the folder of ``stage``: the one that exists under its key, else where it will be."""
        return self._by_key(self.stages, stage)

    def scratch(self, stage: Stage) -> Path:
        """Return the folder in which ``stage`` keeps its checkpoints until it is complete."""
        return self._by_key(self.work, stage)

    def error_file(self, stage: Stage) -> Path:
        """Return where the traceback of a failed stage goes."""
        return self.work / f"{stage.key}.error.txt"

    def complete(self) -> list[Path]:
        """Return the folders of all complete stages, sorted by name."""
        if not self.stages.is_dir():
            return []
        return sorted(p for p in self.stages.iterdir() if p.is_dir() and not p.name.startswith("."))

    def unused(self, stages: Sequence[Stage]) -> tuple[Path, ...]:
        """Return the folders of complete stages that are none of ``stages``."""
        keys = {stage.key for stage in stages}
        return tuple(p for p in self.complete() if p.name.rpartition("-")[2] not in keys)

    def record(self, stage: Stage) -> dict[str, Any]:
        """Return ``stage.json`` of a complete stage.

        Raises:
            SophroError: If it is not readable, with the remedy.
        """
        path = self.stage(stage) / "stage.json"
        try:
            return dict(json.loads(read_text(path)))
        except (SophroError, ValueError) as error:
            raise SophroError(
                f"{path}: damaged ({error}); delete the folder {path.parent} and run again"
            ) from None

    def clean(self) -> None:
        """Remove what killed processes left under temporary names (call it with the lock held)."""
        for folder in (self.root, self.stages):
            for path in folder.glob(".*.tmp") if folder.is_dir() else ():
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()

    def finish(self, stage: Stage) -> None:
        """Remove the scratch folder of a complete stage."""
        shutil.rmtree(self.scratch(stage), ignore_errors=True)
        self.error_file(stage).unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Generator[None]:
        """Hold the run directory exclusively.

        Raises:
            SophroError: If another process holds it.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        path = (self.root / ".lock").resolve()
        if path in _HELD:
            raise SophroError(f"{self.root}: this process is already running in it; wait for it to end")
        # lockf and not flock: a flock would live on in data-loader children after this process is killed.
        with path.open("a+", encoding="utf-8") as handle:
            try:
                fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):
                handle.seek(0)
                owner = handle.read().strip() or "another process"
                raise SophroError(
                    f"{self.root}: in use by {owner}; wait for it to end or choose another --out"
                ) from None
            _HELD.add(path)
            try:
                handle.truncate(0)
                handle.write(f"process {os.getpid()}")
                handle.flush()
                yield
            finally:
                _HELD.discard(path)

    def _by_key(self, parent: Path, stage: Stage) -> Path:
        return next(parent.glob(f"*-{stage.key}"), parent / f"{stage.name}-{stage.key}")
