"""From an Inspect log to flat samples: one JSON object per sample, nothing re-parsed from text."""

from __future__ import annotations

from typing import Any

from inspect_ai.log import EvalLog, EvalSample
from inspect_ai.scorer import Score


def flatten(log: EvalLog, arm: str) -> list[dict[str, Any]]:
    """Return one row per sample, in the order of ids."""
    rows = [_row(sample, arm, log.eval.task) for sample in log.samples or []]
    return sorted(rows, key=lambda row: str(row["id"]))


def _row(sample: EvalSample, arm: str, task: str) -> dict[str, Any]:
    facts: dict[str, Any] = dict(sample.metadata or {})
    output: dict[str, Any] = dict(sample.output.metadata or {})
    verdicts: list[dict[str, Any]] = []
    scores = list((sample.scores or {}).values())
    for score in scores:
        verdicts.extend((score.metadata or {}).get("verdicts", []))
    if sample.error is not None:
        # An errored sample has no verdict of any judge; it must not vanish from the denominators.
        verdicts = [_unscored(f"sample error: {sample.error.message.splitlines()[0][:200]}")]
    segments = output.get("segments")
    if segments is None:
        segments = [{"kind": "answer", "text": sample.output.completion}] if sample.output.choices else []
    stop = sample.output.stop_reason if sample.output.choices else "error"
    usage = sample.output.usage
    return {
        "id": str(sample.id),
        "arm": arm,
        "task": task.removeprefix("sophro/"),
        "attack": facts.get("attack", "none"),
        "params": facts.get("params", {}),
        "setting": facts.get("setting", {}),
        "category": facts.get("category", ""),
        "behaviour": facts.get("behaviour", str(sample.id)),
        "record": facts.get("record", str(sample.id)),
        "attempt": facts.get("attempt", 1),
        "attempts": facts.get("attempts", 1),
        "attack_error": facts.get("attack_error") or None,
        "spent": facts.get("spent", 0),
        "lang": facts.get("lang", ""),
        "set": facts.get("set", ""),
        "prompt": facts.get("prompt", ""),
        "transcript": facts.get("transcript", []),
        "segments": segments,
        "state": output.get("state", "error" if sample.error else "ok"),
        "finish_reason": output.get("finish_reason", stop),
        "new_tokens": output.get("new_tokens", usage.output_tokens if usage else 0),
        "seconds": round(sample.total_time or 0.0, 3),
        "reflections": output.get("reflections"),
        "held": output.get("held"),
        "decoded": next((d for s in scores if (d := (s.metadata or {}).get("decoded")) is not None), None),
        "raw": next((r for s in scores if (r := (s.metadata or {}).get("raw")) is not None), None),
        "detection": _detection(sample, scores),
        "verdicts": verdicts,
    }


def _detection(sample: EvalSample, scores: list[Score]) -> dict[str, Any] | None:
    """What was said of a labelled text; an errored sample said nothing, but keeps its label."""
    found = next((d for s in scores if (d := (s.metadata or {}).get("detection")) is not None), None)
    facts: dict[str, Any] = dict(sample.metadata or {})
    if found is None and "toxic" in facts:
        return {
            "flagged": None,
            "toxic": facts["toxic"],
            "changed": facts["changed"],
            "reason": "sample error",
        }
    return found


def _unscored(reason: str) -> dict[str, Any]:
    return {
        "outcome": "unscored",
        "harmful": None,
        "score": None,
        "reason": reason,
        "judge": "none",
        "version": "",
    }
