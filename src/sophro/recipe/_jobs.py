"""What the runner and those who do the work or watch it expect of each other.

Contract: an executor is a callable of one ``Job``; it reads nothing but the job, so that the stage's key
covers what it does. A watcher is told, and cannot change anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sophro.recipe._plan import Stage


@dataclass(frozen=True)
class Job:
    """What an executor gets.

    Attributes:
        stage: The stage, with its inputs.
        folder: Empty temporary folder for the result; becomes the stage's folder when the executor returns.
            ``stage.json`` is written for it.
        work: Folder that outlives kills and errors, for checkpoints; deleted once the stage is complete.
        needs: Complete folders of the stages it needs, by name and in order.
        advance: Call it with (done, total) in any unit, as often as wanted.
    """

    stage: Stage
    folder: Path
    work: Path
    needs: Mapping[str, Path]
    advance: Callable[[float, float], None]


class StageExecutor(Protocol):
    """Does the work of one kind of stage: fills ``job.folder`` or raises."""

    def __call__(self, job: Job, /) -> None:
        """Do the work, going on from what ``job.work`` holds."""
        ...


class Progress(Protocol):
    """Who wants to know how the run goes."""

    def stage_started(self, stage: Stage) -> None:
        """Call when work on a stage begins."""
        ...

    def advanced(self, stage: Stage, done: float, total: float) -> None:
        """Call when part of the stage is done."""
        ...

    def finished(self, stage: Stage, seconds: float | None) -> None:
        """Call when a stage is complete; ``seconds`` is None if it was there already."""
        ...


@dataclass(frozen=True)
class RunResult:
    """Where everything is.

    Attributes:
        out: The run directory.
        stages: Folder of every stage of the plan, by name and in order.
        executed: Names of the stages done now.
        unused: Complete stages in the directory that the recipe no longer asks for.
    """

    out: Path
    stages: Mapping[str, Path]
    executed: tuple[str, ...]
    unused: tuple[Path, ...]
