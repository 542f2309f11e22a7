"""Run assessments through Inspect and keep the log and flat samples side by side."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sophro.errors import SophroError
from sophro.files import write_jsonl

_ERROR_BUDGET = (
    0.1  # share of samples that may fail (and stay unscored) before the assessment counts as failed
)


@dataclass(frozen=True)
class Assessed:
    """One finished assessment.

    Attributes:
        rows: One flat object per sample (see docs/design/contracts.md).
        log: Inspect's log file.
        seconds: Wall time of the evaluation.
    """

    rows: list[dict[str, Any]]
    log: Path
    seconds: float


def assess(
    task: str,
    model: str,
    folder: Path,
    *,
    task_args: Mapping[str, Any] | None = None,
    patch: Path | None = None,
    arm: str | None = None,
    generation: Mapping[str, Any] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Assessed:
    """Assess one model on one task and write ``*.eval`` and ``samples.jsonl`` into ``folder``.

    Args:
        task: ``harmful``, ``over_refusal``, ``helpfulness``, ``toxic_chinese`` or ``tradeoffs``.
        model: A local model name, any Inspect model (``openai/...``), or ``detector/NAME`` (toxic_chinese).
        folder: Existing folder for the results.
        task_args: Arguments of the task.
        patch: Patch or adapter folder put on the (local) model.
        arm: How the report names the variant; defaults to the model's name.
        generation: Inspect generation settings (``temperature``, ``top_p``, ``seed``).
        on_progress: Called with the number of samples just generated (local models).

    Raises:
        SophroError: If names or arguments are wrong, or the evaluation did not finish.
    """
    os.environ.setdefault("INSPECT_DISABLE_TELEMETRY", "1")
    import inspect_ai
    from inspect_ai.model import GenerateConfig, get_model
    from inspect_ai.model._model import init_active_model

    from sophro.assess import DETECTOR, tasks
    from sophro.models import is_local
    from sophro.registry import method

    method(task, "assess")
    settings = GenerateConfig(**dict(generation or {}))
    arguments = dict(task_args or {})
    detects = model.startswith(DETECTOR)
    if detects:
        if task != "toxic_chinese":
            raise SophroError(
                f"task {task}: {model} is a detector, it answers nothing; use it with toxic_chinese"
            )
        arguments["detector"] = model.removeprefix(DETECTOR)
    active = settings
    if is_local(model):
        # A fixed number switches off Inspect's adaptive start with 20 requests: all samples may share a batch.
        settings = settings.model_copy(update={"max_connections": 1024})
        from sophro.models import provider

        del provider  # registers ``sophro/``
        extra: dict[str, Any] = {"patch": str(patch) if patch else None, "on_progress": on_progress}
        target = get_model(f"sophro/{model}", config=settings, memoize=False, **extra)
    elif detects:
        target = get_model("none")  # Inspect's model for evaluations that generate nothing
    else:
        if patch is not None:
            raise SophroError(f"model {model!r} is not local, so the patch {patch} cannot be put on it")
        try:
            target = get_model(model, config=settings)
        except ValueError as error:
            raise _unknown_model(model, error) from error
    # Without that number: every other model, a remote judge too, would inherit it, here and after the evaluation.
    init_active_model(target, active)
    try:
        built = getattr(tasks, task)(**arguments)
    except TypeError as error:
        raise SophroError(f"task {task}: {str(error).split(') ')[-1]}") from error
    if len(built.dataset) == 0:
        raise SophroError(f"task {task}: the set is empty; check set, split and limit")
    logs = folder / "inspect"
    with _quiet():
        log = inspect_ai.eval(
            built,
            model=target,
            log_dir=str(logs),
            display="none",
            max_samples=max(64, min(1024, len(built.dataset))) if is_local(model) or detects else None,
            fail_on_error=False,
            log_realtime=False,
            log_level="error",
            score_display=False,
        )[0]
    if log.status != "success" or not log.samples:
        message = log.error.message if log.error else f"status {log.status}"
        raise SophroError(
            f"task {task} on {model}: the evaluation did not finish ({message.splitlines()[0]})"
        )
    failed = [s for s in log.samples if s.error is not None]
    if len(failed) > _ERROR_BUDGET * len(log.samples):
        first = failed[0].error.message.splitlines()[0] if failed[0].error else ""
        raise SophroError(
            f"task {task} on {model}: {len(failed)} of {len(log.samples)} samples failed ({first[:300]})"
        )
    from sophro.assess._samples import flatten

    rows = flatten(log, arm or model)
    file = Path(log.location.removeprefix("file://"))
    kept = folder / f"{task}.eval"
    shutil.move(file, kept)
    shutil.rmtree(logs, ignore_errors=True)
    write_jsonl(folder / "samples.jsonl", rows)
    seconds = 0.0
    if log.stats.completed_at and log.stats.started_at:
        from datetime import datetime

        ended, began = (datetime.fromisoformat(t) for t in (log.stats.completed_at, log.stats.started_at))
        seconds = (ended - began).total_seconds()
    return Assessed(rows, kept, seconds)


def _unknown_model(model: str, error: Exception) -> SophroError:
    from sophro.errors import unknown_name
    from sophro.models import local_names

    if "/" not in model:
        return unknown_name("model", model, local_names())
    return SophroError(f"model {model!r} cannot be used: {str(error).splitlines()[0]}")


@contextlib.contextmanager
def _quiet() -> Any:
    """Keep Inspect's .env lookup and telemetry out of a run: only what the user names is read."""
    before = os.environ.get("INSPECT_LOG_DIR")
    os.environ.pop("INSPECT_LOG_DIR", None)
    try:
        yield
    finally:
        if before is not None:
            os.environ["INSPECT_LOG_DIR"] = before
