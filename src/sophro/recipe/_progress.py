"""Shows a run: stage k of n, how far it is, how long the rest will take.

Contract: everything goes to stderr (stdout belongs to results). On a terminal one live line; elsewhere one
plain line per event. Names come from files and are shown as text, never as markup.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from sophro.recipe._estimate import PlanEstimate
from sophro.recipe._eta import Eta, spoken
from sophro.recipe._plan import Stage

if TYPE_CHECKING:
    from rich.progress import Progress

_LIVE_PARTS = 1000


class RunProgress:
    """Progress of one run; use it as a context manager around ``run``.

    Args:
        stages: The plan.
        estimate: Its estimate.
        stream: Where to write; a terminal gets the live line. Default: stderr.
        plain_seconds: Off a terminal, at most one line about a stage at work in so many seconds.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        estimate: PlanEstimate,
        stream: TextIO | None = None,
        plain_seconds: float = 30.0,
    ) -> None:
        minutes = {part.name: part.minutes for part in estimate.stages}
        expected = {name: None if value is None else value * 60 for name, value in minutes.items()}
        self._eta = Eta(expected)
        self._numbers = {stage.name: number for number, stage in enumerate(stages, start=1)}
        self._stream = stream or sys.stderr
        self._plain_seconds = plain_seconds
        self._began = self._told = time.monotonic()
        self._bar: Progress | None = None
        self._reused = 0

    def __enter__(self) -> RunProgress:
        if self._stream.isatty():
            self._bar = _live(self._stream)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def stage_started(self, stage: Stage) -> None:
        """Show that work on ``stage`` begins."""
        self._tell_reused()
        self._began = self._told = time.monotonic()
        rest = f"about {spoken(self._eta.remaining())} left"
        if self._bar is not None:
            for task in self._bar.task_ids:
                self._bar.remove_task(task)
            self._bar.add_task(self._label(stage), total=_LIVE_PARTS, rest=rest)
        else:
            self._line(f"{self._label(stage)} ... {rest}")

    def advanced(self, stage: Stage, done: float, total: float) -> None:
        """Show that ``done`` of ``total`` (any unit) of ``stage`` is done."""
        share = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
        moment = time.monotonic()
        left = self._eta.remaining(stage.name, share, moment - self._began)
        if self._bar is not None:
            for task in self._bar.task_ids:
                self._bar.update(task, completed=share * _LIVE_PARTS, rest=f"about {spoken(left)} left")
        elif moment - self._told >= self._plain_seconds:
            self._told = moment
            self._line(f"{self._label(stage)}: {share:.0%}, about {spoken(left)} left")

    def finished(self, stage: Stage, seconds: float | None) -> None:
        """Show that ``stage`` is complete; ``seconds`` is None if it was there already."""
        self._eta.finished(stage.name, seconds)
        if seconds is None:
            self._reused += 1
        else:
            self._line(f"{self._label(stage)}: done in {spoken(seconds)}")
        if self._numbers.get(stage.name) == len(self._numbers):
            self._tell_reused()

    def _tell_reused(self) -> None:
        # One line for all of them: a resumed run would otherwise open with a page of old news.
        if self._reused:
            self._line(f"{self._reused} stages were complete already")
            self._reused = 0

    def _label(self, stage: Stage) -> str:
        return f"[{self._numbers.get(stage.name, 0)}/{len(self._numbers)}] {stage.title}"

    def _line(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=self._stream, flush=True)


def _live(stream: TextIO) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:3.0f}% {task.fields[rest]}", markup=False),
        console=Console(file=stream),
    )
