"""Executors without a model, and a command line around ``run`` that tests can kill.

Usage: python fake_recipe_executors.py RECIPE OUT STEP_SECONDS
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from sophro.files import digest, file_sha256, write_jsonl
from sophro.recipe import Job, Names, Stage, load_recipe, run

STEPS = 6


class Ready:
    """Prints a line once work begins, so that a test does not kill Python's own start."""

    def stage_started(self, stage: Stage) -> None:
        print("ready", flush=True)

    def advanced(self, stage: Stage, done: float, total: float) -> None:
        pass

    def finished(self, stage: Stage, seconds: float | None) -> None:
        pass


class Fake:
    """Counts in steps with a checkpoint each; the result depends on the inputs and on what it needs."""

    def __init__(self, seconds: float = 0.0, log: list[str] | None = None) -> None:
        self.seconds = seconds
        self.log = log if log is not None else []

    def __call__(self, job: Job) -> None:
        self.log.append(job.stage.name)
        before = {name: file_sha256(folder / "result.jsonl") for name, folder in job.needs.items()}
        checkpoint = job.work / "checkpoint.json"
        rows: list[Any] = json.loads(checkpoint.read_text()) if checkpoint.exists() else []
        with (job.work / "resumed.log").open("a") as handle:
            handle.write(f"{len(rows)}\n")
        while len(rows) < STEPS:
            time.sleep(self.seconds)
            rows.append({"step": len(rows), "value": digest(job.stage.inputs, before, rows)})
            # Not through sophro.files: fsync for each step would take most of the suite's time.
            checkpoint.with_suffix(".tmp").write_text(json.dumps(rows))
            os.replace(checkpoint.with_suffix(".tmp"), checkpoint)
            job.advance(len(rows), STEPS)
        half = len(rows) // 2
        write_jsonl(job.folder / "first.jsonl", rows[:half])
        time.sleep(self.seconds)
        write_jsonl(job.folder / "result.jsonl", rows)


def executors(seconds: float = 0.0, log: list[str] | None = None) -> dict[Any, Fake]:
    fake = Fake(seconds, log)
    return {"answers": fake, "align": fake, "assess": fake}


if __name__ == "__main__":
    recipe = load_recipe(sys.argv[1], names=Names())
    result = run(recipe, Path(sys.argv[2]), executors(float(sys.argv[3])), Ready())
    print(json.dumps(result.executed))
