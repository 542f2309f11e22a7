"""Run a recipe: each stage that does not exist yet, in order, into a run directory.

Contract: a stage appears under its final name only when complete, so that the same command after a kill, a
full disk or an error goes on where it stopped and ends with the same results. Running a finished recipe again
executes nothing and writes nothing.
"""

from __future__ import annotations

import errno
import shlex
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sophro.errors import SophroError
from sophro.files import read_text, write_folder, write_json, write_text
from sophro.models import release_memory
from sophro.recipe._folder import RunFolder
from sophro.recipe._jobs import Job, Progress, RunResult, StageExecutor
from sophro.recipe._load import dump_recipe
from sophro.recipe._plan import Kind, Stage, plan
from sophro.recipe._record import now, write_record
from sophro.recipe._schema import Recipe


def run(
    recipe: Recipe,
    out: Path | str | None,
    executors: Mapping[Kind, StageExecutor],
    progress: Progress | None = None,
    facts: Mapping[str, Any] | None = None,
) -> RunResult:
    """Do what is missing of ``recipe`` in the run directory ``out``.

    Args:
        recipe: From ``load_recipe``.
        out: Run directory; None for ``runs/<recipe name>``.
        executors: Who does the stages of each kind.
        progress: Told about every stage.
        facts: More top-level JSON values for ``run.json`` (the leak check).

    Raises:
        SophroError: If the directory is in use, a stage fails, the disk is full or the user interrupts; what
            is complete stays, and the message holds the command that goes on.
    """
    home = RunFolder(Path("runs") / recipe.name if out is None else Path(out))
    stages = plan(recipe)
    current: list[Stage] = []
    try:
        with home.lock():
            home.clean()
            return _Run(home, recipe, stages, executors, progress, facts or {}, current).go()
    except KeyboardInterrupt:
        raise SophroError(_stopped(home, stages, current, "interrupted")) from None
    except OSError as error:
        if not _disk_full(error):
            raise SophroError(f"{home.root}: {error}; check the path and its permissions") from error
        raise SophroError(
            _stopped(home, stages, current, "the disk is full", "free some space and ")
        ) from error


@dataclass(frozen=True)
class _Run:
    home: RunFolder
    recipe: Recipe
    stages: list[Stage]
    executors: Mapping[Kind, StageExecutor]
    progress: Progress | None
    facts: Mapping[str, Any]
    current: list[Stage]

    def go(self) -> RunResult:
        missing = [s for s in self.stages if not self.home.stage(s).is_dir()]
        for stage in missing:
            if stage.kind not in self.executors:
                raise SophroError(f"stage {stage.name}: nothing here can do {stage.kind!r} stages")
        text = dump_recipe(self.recipe)
        _write_changed(self.home.root / "recipe.yaml", text)
        write_record(self.home, self.recipe, self.stages, self.facts, fresh=bool(missing))
        for stage in self.stages:
            if stage not in missing:
                self.home.finish(stage)  # a kill may have come between completing and tidying up
                if self.progress is not None:
                    self.progress.finished(stage, None)
                continue
            self.current[:] = [stage]
            self._execute(stage)
            write_record(self.home, self.recipe, self.stages, self.facts)
        folders = {s.name: self.home.stage(s) for s in self.stages}
        return RunResult(
            self.home.root, folders, tuple(s.name for s in missing), self.home.unused(self.stages)
        )

    def _execute(self, stage: Stage) -> None:
        if self.progress is not None:
            self.progress.stage_started(stage)
        began = time.monotonic()
        started = now()
        work = self.home.scratch(stage)
        work.mkdir(parents=True, exist_ok=True)
        by_name = {s.name: s for s in self.stages}
        needs = {name: self.home.stage(by_name[name]) for name in stage.needs}

        def advance(done: float, total: float) -> None:
            if self.progress is not None:
                self.progress.advanced(stage, done, total)

        def fill(folder: Path) -> None:
            self.executors[stage.kind](Job(stage, folder, work, needs, advance))
            write_json(
                folder / "stage.json",
                {
                    "name": stage.name,
                    "kind": stage.kind,
                    "key": stage.key,
                    "title": stage.title,
                    "inputs": stage.inputs,
                    "needs": {name: by_name[name].key for name in stage.needs},
                    "seconds": round(time.monotonic() - began, 3),
                    "started": started,
                },
            )

        try:
            write_folder(self.home.stage(stage), fill)
        except Exception as error:
            if _disk_full(error):
                raise OSError(errno.ENOSPC, "no space left", str(self.home.root)) from error
            raise self._failure(stage, error) from error
        self.home.finish(stage)
        release_memory(after=10)
        if self.progress is not None:
            self.progress.finished(stage, time.monotonic() - began)

    def _failure(self, stage: Stage, error: Exception) -> SophroError:
        said = " ".join(str(error).split()) or "no message"
        if isinstance(error, SophroError):
            return SophroError(f"stage {stage.name}: {said}")
        trace = self.home.error_file(stage)
        write_text(trace, traceback.format_exc())
        return SophroError(
            f"stage {stage.name} failed: {type(error).__name__}: {said}; the traceback is in {trace}"
        )


def _stopped(home: RunFolder, stages: list[Stage], current: list[Stage], why: str, remedy: str = "") -> str:
    done = sum(home.stage(s).is_dir() for s in stages)
    where = f" in stage {current[0].name}" if current and not home.stage(current[0]).is_dir() else ""
    stored = home.root / "recipe.yaml"
    source = shlex.quote(str(stored)) if stored.is_file() else "RECIPE"
    command = f"sophro run {source} --out {shlex.quote(str(home.root))}"
    return (
        f"{why}{where}; {done} of {len(stages)} stages are finished and safe; {remedy}go on with: {command}"
    )


def _disk_full(error: BaseException | None) -> bool:
    # Libraries wrap the system's error in their own (safetensors, torch), sometimes as text only.
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if "no space left on device" in str(error).lower():
            return True
        error = error.__cause__ or error.__context__
    return False


def _write_changed(path: Path, text: str) -> None:
    if not path.exists() or read_text(path) != text:
        write_text(path, text)
