"""Scores a file with an LLM judge so that a killed run loses nothing that was paid for.

Contract: every verdict is appended to ``TARGET.partial`` and flushed to the disk before it is counted; the same
command goes on where it stopped, asks nothing twice, and writes ``TARGET`` in the order of the source only when all
rows are there. A verdict counts as done for the same row (id, prompt, response) and the same version of the judge;
rows whose call failed are not kept, so the next run asks them again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sophro.files import digest, write_jsonl
from sophro.judge._types import Exchange, Verdict
from sophro.judge.llm._judge import Judged, LlmJudge


def score_resumable(by: LlmJudge, rows: Sequence[Mapping[str, Any]], target: Path) -> list[dict[str, Any]]:
    """Judge checked rows of ``id``, ``prompt`` and ``response`` and write the verdicts to ``target``.

    Returns:
        One row each, in order: id, the verdict, and ``calls``, ``input_tokens``, ``output_tokens``, ``seconds``.

    Raises:
        SophroError: If more than one in ten calls failed; what was finished is kept beside the target.
    """
    partial = target.with_name(f"{target.name}.partial")
    keys = [digest(row["id"], row["prompt"], row["response"], by.version) for row in rows]
    done = _read(partial)
    todo = [i for i, key in enumerate(keys) if key not in done]
    target.parent.mkdir(parents=True, exist_ok=True)
    with partial.open("ab") as handle:

        def keep(judged: Judged) -> None:
            if judged.error is not None:
                return
            row = rows[todo[judged.index]]
            key = keys[todo[judged.index]]
            done[key] = {**verdict_row(row["id"], judged.verdict), **_cost(judged)}
            line = json.dumps({"key": key, "row": done[key]}, ensure_ascii=True)
            handle.write(line.encode("ascii") + b"\n")
            handle.flush()
            os.fsync(handle.fileno())

        verdicts = by([Exchange.of(rows[i]["prompt"], rows[i]["response"]) for i in todo], keep)
    for i, verdict in zip(todo, verdicts, strict=True):
        # The few whose call failed within the budget: in the result as unscored, but not kept for a resume.
        done.setdefault(keys[i], verdict_row(rows[i]["id"], verdict))
    found = [done[key] for key in keys]
    write_jsonl(target, found)
    partial.unlink()
    return found


def verdict_row(name: str | int, verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as a flat object with its id first."""
    return {"id": name, **asdict(verdict)}


def _cost(judged: Judged) -> dict[str, Any]:
    usage = judged.usage
    found: dict[str, Any] = {
        "calls": usage.calls,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "seconds": round(usage.seconds, 3),
    }
    return found | ({"cost": usage.cost} if usage.cost is not None else {})


def _read(partial: Path) -> dict[str, dict[str, Any]]:
    if not partial.is_file():
        return {}
    data = partial.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):  # killed while writing: the last line is not complete
        with partial.open("r+b") as handle:
            handle.truncate(len(whole))
    rows = [json.loads(line) for line in whole.splitlines() if line.strip()]
    return {row["key"]: row["row"] for row in rows}
