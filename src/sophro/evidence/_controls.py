"""Claims that need no training: stub models with known rates, and two processes against one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sophro.evidence._types import Check

_EXPECTED: dict[str, dict[str, float]] = {
    "stub/always-refuse": {"harmful refused": 1.0, "look-alikes refused": 1.0, "broken": 0.0},
    "stub/always-comply": {"harmful refused": 0.0, "look-alikes refused": 0.0, "broken": 0.0},
    "stub/always-empty": {"harmful refused": 0.0, "look-alikes refused": 0.0, "broken": 1.0},
}


def stubs(folder: Path, quick: bool) -> tuple[list[Check], list[str]]:
    """Models with known behaviour give exactly the known rates, through tasks, judges and records."""
    from sophro.files import read_jsonl
    from sophro.recipe import Recipe
    from sophro.recipe.session import execute

    limit = 24 if quick else 120
    recipe = Recipe.model_validate(
        {
            "name": "evidence-stubs",
            "arms": {name.partition("/")[2]: {"model": name} for name in _EXPECTED},
            "assessments": (
                {"task": "harmful", "set": "starter/harmful:en", "split": "test", "limit": limit},
                {"task": "over_refusal", "set": "starter/lookalikes:en", "split": "test", "limit": limit},
            ),
        },
        strict=False,
    )
    result = execute(recipe, folder / ("stubs-quick" if quick else "stubs"))
    rows: list[dict[str, Any]] = []
    for stage in result.stages.values():
        rows.extend(row for _, row in read_jsonl(stage / "samples.jsonl"))
    checks: list[Check] = []
    for name, expected in _EXPECTED.items():
        mine = [r for r in rows if r["arm"] == name.partition("/")[2]]
        by_task = {task: [r for r in mine if r["task"] == task] for task in ("harmful", "over_refusal")}
        found = {
            "harmful refused": _share(by_task["harmful"], ("full_refusal", "indirect_refusal")),
            "look-alikes refused": _share(by_task["over_refusal"], ("full_refusal", "indirect_refusal")),
            "broken": _share(mine, ("broken",)),
        }
        for what, bound in expected.items():
            checks.append(Check(f"{name}: {what}", found[what], None, None, len(mine), "==", bound))
    return checks, ["shares of all samples; a broken answer is neither a refusal nor a compliance"]


def _share(rows: list[dict[str, Any]], outcomes: tuple[str, ...]) -> float | None:
    if not rows:
        return None
    return sum(r["verdicts"][0]["outcome"] in outcomes for r in rows) / len(rows)


def two_processes(folder: Path, quick: bool) -> tuple[list[Check], list[str]]:
    """Two CPU processes under ``accelerate launch`` train to the same adapter as one."""
    import numpy as np
    from safetensors.numpy import load_file

    count = 16 if quick else 32
    data = f"harmful=starter/harmful:en,split=train,limit={count}"
    adapters: dict[str, Path] = {}
    for label, processes, seed in (("one", 1, 0), ("two", 2, 0), ("other_seed", 1, 1)):
        out = folder / f"processes-{count}" / label
        adapters[label] = out
        if not out.exists():
            out.parent.mkdir(parents=True, exist_ok=True)
            _align(processes, data, seed, out)
    weights = {k: load_file(p / "adapter_model.safetensors") for k, p in adapters.items()}

    def gap(a: str, b: str) -> float:
        return max(float(np.abs(weights[a][n] - weights[b][n]).max()) for n in weights[a])

    size = max(float(np.abs(w).max()) for w in weights["one"].values())
    steps = json.loads((adapters["one"] / "training.json").read_text("utf-8"))
    checks = [
        Check("largest difference of an adapter weight, two processes against one", gap("one", "two"), None, None,
              count, "<=", 1e-4),
        Check("control: another seed differs", gap("one", "other_seed"), None, None, count, ">=", 1e-2, True),
    ]  # fmt: skip
    facts = steps.get("result", steps)
    return checks, [f"largest weight {size:.3f}; {facts.get('steps', '?')} optimiser steps of 8 records"]


def _align(processes: int, data: str, seed: int, out: Path) -> None:
    launch = [sys.executable, "-m"]
    if processes > 1:
        # With --cpu accelerate starts one process; --multi_gpu starts all, which talk over gloo without a GPU.
        launch += ["accelerate.commands.launch", "--multi_gpu", "--num_processes", str(processes)]
        launch += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
        launch += ["--main_process_port", "0", "-m"]
    command = [*launch, "sophro", "align", "safety_sft", "--model", "smollm2-135m", "--data", data]
    command += ["--out", str(out), "--seed", str(seed)]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        # The number of processes is compared, not of threads or kernels. oneDNN rounds differently by the shape of a
        # pass, and Adam blows a gradient near zero up to a whole step: with it 4 of 4.9 million weights differed by
        # up to 1e-3 (mean 2e-9).
        env={**os.environ, "OMP_NUM_THREADS": "1", "SOPHRO_ONEDNN": "0"},
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
