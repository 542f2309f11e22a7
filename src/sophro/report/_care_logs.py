"""Logs of one task with people, as columns of a page: a column is one model, run in one way.

Contract: nothing is scored again. Logs of a model that was run alike are one column, so a model's modules and languages
stand together; a second run on the same samples is a column of its own, the same run named twice is refused. What a log
lacks of what was planned is said, and what was not scored is counted by its reason, never as a fault.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from sophro.care.arena import LOG_ENDINGS, eval_log
from sophro.errors import SophroError

Key = tuple[str, int]
# What chooses samples is no way of running a model; the layer is in the name already.
_APART = frozenset({"part", "lang", "limit", "module", "policies", "seeds", "guarded"})
_DECODING = (
    "system_message", "max_tokens", "temperature", "top_p", "top_k", "seed", "stop_seqs", "frequency_penalty",
    "presence_penalty", "reasoning_effort", "reasoning_tokens",
)  # fmt: skip
_SECRET = re.compile("key|secret|token$|password|credential", re.IGNORECASE)
_LONGEST_SETTING = 60
_STAMPED = re.compile(r"\d{4}-\d\d-\d\dT")


@dataclass
class Column:
    """The samples of one model that was run in one way.

    Attributes:
        name: Its name, unique on the page.
        samples: Inspect's samples by id and epoch.
        where: File and place of each.
    """

    name: str
    samples: dict[Key, Any] = field(default_factory=lambda: {})
    where: dict[Key, str] = field(default_factory=lambda: {})


def columns_of(paths: Sequence[Path], logs: Sequence[Any], task: str) -> tuple[list[Column], list[str]]:
    """Return the columns of logs of one task, in the order of the logs, and what the logs lack.

    Args:
        paths: The files.
        logs: What they hold, ``EvalLog``.
        task: Name of the task, without ``sophro/``.

    Raises:
        SophroError: If a log is empty, of another version of the task, or repeats samples.
    """
    columns: dict[str, Column] = {}
    warnings: list[str] = []
    runs: dict[str, Path] = {}
    for path, log, name in zip(paths, logs, _names(logs), strict=True):
        if not log.samples:
            raise SophroError(f"{path}: holds no sample; the run failed or was cut off, run it again")
        if log.eval.task_version != logs[0].eval.task_version:
            raise SophroError(
                f"{path}: scored by version {log.eval.task_version} of sophro/{task}, {paths[0]} by "
                f"{logs[0].eval.task_version}; run `inspect eval sophro/{task}` again"
            )
        if str(log.eval.eval_id) in runs:
            raise SophroError(f"{path}: the same run as {runs[str(log.eval.eval_id)]}; name one of the two")
        runs[str(log.eval.eval_id)] = path
        there: dict[Key, Any] = {}
        for number, sample in enumerate(log.samples, start=1):
            key = (str(sample.id), int(sample.epoch))
            if key in there:
                raise SophroError(f"{path}, sample {number}: {key[0]!r}, epoch {key[1]}, was there before")
            there[key] = sample
        column = _place(columns, name, there)
        column.samples |= there
        column.where |= {k: f"{path}, sample {number}" for number, k in enumerate(there, start=1)}
        warnings += lacking(path, log)
    return list(columns.values()), warnings


def _place(columns: dict[str, Column], name: str, samples: Mapping[Key, Any]) -> Column:
    """Return the first column of a name that has none of the samples; a second run on the same ones is another."""
    names = (f"{name} ({number})" if number > 1 else name for number in count(1))
    free = next(n for n in names if n not in columns or not columns[n].samples.keys() & samples.keys())
    return columns.setdefault(free, Column(free))


def lacking(path: Path, log: Any) -> list[str]:
    """Return what a log lacks of what was planned, a sentence each."""
    planned = len(log.eval.dataset.sample_ids or ()) * int(log.eval.config.epochs or 1)
    there = len(log.samples or ())
    if planned > there:
        return [f"{path.name}: {planned - there} of {planned} samples are not in it; the run was cut off"]
    return [] if log.status == "success" else [f"{path.name}: the run ended with the status {log.status!r}"]


def _names(logs: Sequence[Any]) -> list[str]:
    """Return the name of each log's column: model, layer, and the settings in which runs of these two differ."""
    settings = [_settings(log) for log in logs]
    short = [
        str(log.eval.model) + (", with the layer" if (log.eval.task_args or {}).get("guarded") else "")
        for log in logs
    ]
    found: list[str] = []
    for name, own in zip(short, settings, strict=True):
        others = [s for n, s in zip(short, settings, strict=True) if n == name]
        differing = sorted(
            k for k in {k for s in others for k in s} if any(s.get(k) != own.get(k) for s in others)
        )
        found.append(", ".join([name, *(f"{k} {_said(own.get(k))}" for k in differing)]))
    return found


def _settings(log: Any) -> dict[str, Any]:
    decoding = log.plan.config.model_dump(include=set(_DECODING), exclude_none=True)
    arguments = {**(log.eval.task_args or {}), **(log.eval.model_args or {})}
    return {
        # A page is handed on; what may be a secret stays out of it.
        **{k: v for k, v in arguments.items() if k not in _APART and not _SECRET.search(k)},
        **decoding,
    }


def _said(value: Any) -> str:
    if value is None:
        return "by default"
    return json.dumps(value, ensure_ascii=False, default=str)[:_LONGEST_SETTING]


def score_of(sample: Any, name: str) -> Any:
    """Return the value of a score; None where the sample failed or was not scored."""
    found = None if sample.error else (sample.scores or {}).get(name)
    value = None if found is None else found.value
    return None if isinstance(value, float) and math.isnan(value) else value


def why_unscored(sample: Any, name: str) -> str | None:
    """Return by what kind a sample has no score; None if it has one."""
    if score_of(sample, name) is not None:
        return None
    if sample.error:
        return "the sample failed"
    found = (sample.scores or {}).get(name)
    if found is not None:
        return str(found.explanation or found.reason or "no reason recorded")
    return f"stopped by its limit of {sample.limit.type}" if sample.limit else "no score in the log"


def is_cut(sample: Any) -> bool:
    """Whether a reply or its sample met a limit, so that what was scored may lack its end."""
    return bool(sample.limit) or bool(
        sample.output and sample.output.stop_reason in ("max_tokens", "model_length")
    )


def log_files(path: Path) -> list[Path]:
    """Return the logs of Inspect that a path names: itself, or those right in a folder that is no run directory."""
    if path.is_file():
        return [path] if path.suffix in LOG_ENDINGS else []
    if not path.is_dir() or any(
        (path / part).exists() for part in ("run.json", "recipe.yaml", "stages", "arena.json")
    ):
        return []
    # Inspect keeps files of its own in such a folder; its logs in JSON begin with their time.
    return sorted(
        p for p in path.iterdir() if p.suffix == ".eval" or (p.suffix == ".json" and _STAMPED.match(p.name))
    )


def one_task(paths: Sequence[Path], tasks: Sequence[str]) -> str:
    """Return the task, one of ``tasks``, that all logs are of; only their heads are read.

    Raises:
        SophroError: If a file is no such log, or they are of different tasks.
    """
    found = [str(eval_log(p, tasks, head=True).eval.task).rpartition("/")[2] for p in paths]
    other = next((i for i, task in enumerate(found) if task != found[0]), None)
    if other is not None:
        raise SophroError(
            f"{paths[other]}: a log of sophro/{found[other]}, but {paths[0]} is one of sophro/{found[0]}; write one "
            "page for each task"
        )
    return found[0]
