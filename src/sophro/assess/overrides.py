"""Verdicts by people, imported over those of judges and scored again.

Contract: a person's verdict decides, the judge's stays beside it, and who said it, when and why is kept: in the
Inspect log as a score edit with provenance (``inspect view`` shows its history, metrics are computed anew), in
``samples.jsonl`` as the first verdict, judge ``human-refusal``, ``human-harm`` or ``human-helpful``. Everything is
checked before anything is written; importing the same file twice changes nothing the second time. A row that names the
``response`` it is about is refused where the run holds another reply.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sophro.errors import SophroError
from sophro.files import digest, file_sha256, read_jsonl, write_jsonl
from sophro.judge import OUTCOMES, refused

QUESTIONS = ("refusal", "harm", "helpful")
_FLAGS = {0: False, 1: True, "0": False, "1": True}  # true and false equal 1 and 0


@dataclass(frozen=True)
class Override:
    """One verdict by a person.

    Attributes:
        id: Sample.
        question: ``refusal``, ``harm`` or ``helpful``.
        label: Outcome name for refusal; True / False for the others; ``unscored`` where the person cannot tell.
        author: Who.
        reason: Why.
        date: When, ISO 8601 with zone.
        where: File and line it came from.
        place: ``arm``, ``task``, ``attack`` or ``stage`` that tell the sample from others of the same id.
        response: The reply that was judged, if the row names it.
    """

    id: str
    question: str
    label: str | bool
    author: str
    reason: str
    date: str
    where: str
    place: Mapping[str, str]
    response: str | None = None

    @property
    def verdict(self) -> dict[str, Any]:
        """The verdict as it stands in ``samples.jsonl``."""
        unscored = self.label == "unscored"
        flag = self.label if isinstance(self.label, bool) else None
        return {
            "outcome": "unscored" if unscored else self.label if self.question == "refusal" else None,
            "harmful": flag if self.question == "harm" else None,
            "score": float(flag) if flag is not None and self.question == "helpful" else None,
            "reason": self.reason,
            "judge": f"human-{self.question}",
            "version": digest(self.author, self.date, self.label, self.reason)[:16],
            "author": self.author,
            "date": self.date,
        }

    @property
    def value(self) -> float:
        """The score as Inspect keeps it: 1, 0, or NaN for unscored and broken."""
        if isinstance(self.label, bool):
            return float(self.label)
        found = refused(self.label)
        return math.nan if found is None else float(found)


@dataclass(frozen=True)
class Applied:
    """What an import did: verdicts set, those that stood already, and folders written."""

    changed: int
    unchanged: int
    folders: Sequence[Path]


def read_overrides(path: Path | str) -> list[Override]:
    """Read JSONL of ``id``, ``question``, ``label``, ``author``, ``reason``; ``date``, ``response`` and place if known.

    Raises:
        SophroError: Naming line and field of what is wrong, or if there are no rows.
    """
    found: list[Override] = []
    today = datetime.now(UTC).date().isoformat()
    for number, row in read_jsonl(path):
        where = f"{path}, line {number}"
        for name in ("author", "reason"):
            if not isinstance(row.get(name), str) or not row[name].strip():
                raise SophroError(
                    f"{where}, field {name!r}: text is needed; a verdict without {name} is no evidence"
                )
        if not isinstance(row.get("id"), (str, int)):
            raise SophroError(f"{where}, field 'id': the sample's id is needed")
        if row.get("question") not in QUESTIONS:
            raise SophroError(f"{where}, field 'question': one of {', '.join(QUESTIONS)} is needed")
        place = {k: str(row[k]) for k in ("arm", "task", "attack", "stage") if row.get(k) is not None}
        response = row.get("response")
        if response is not None and not isinstance(response, str):
            raise SophroError(f"{where}, field 'response': text is needed")
        label = _label(row.get("label"), str(row["question"]), where)
        date = _date(row.get("date", today), where)
        found.append(
            Override(str(row["id"]), row["question"], label, row["author"].strip(), row["reason"].strip(), date, where,
                     place, response)
        )  # fmt: skip
    if not found:
        raise SophroError(f"{path}: no overrides; one JSON object a line is needed")
    return found


def _label(value: Any, question: str, where: str) -> str | bool:
    if value == "unscored":
        return "unscored"
    if question == "refusal" and isinstance(value, str) and value in OUTCOMES:
        return value
    if question != "refusal" and isinstance(value, (bool, int, str)) and value in _FLAGS:
        return _FLAGS[value]
    known = ", ".join(OUTCOMES) if question == "refusal" else "0, 1, unscored"
    raise SophroError(f"{where}, field 'label': {value!r} is none of {known}")


def _date(value: Any, where: str) -> str:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise SophroError(f"{where}, field 'date': {value!r} is no ISO date") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def apply_overrides(folder: Path | str, source: Path | str) -> Applied:
    """Set the verdicts of a file in a run directory, or in one assessment's folder.

    Raises:
        SophroError: If a row is wrong, or its sample is missing, not unique, or holds another reply; nothing is
            written then.
    """
    overrides = read_overrides(source)
    stages = _stages(Path(folder))
    rows = {stage: [row for _, row in read_jsonl(stage / "samples.jsonl")] for stage in stages}
    chosen: dict[Path, dict[tuple[int, str], Override]] = {}
    for override in overrides:
        stage, index = _find(override, rows)
        same = chosen.setdefault(stage, {}).setdefault((index, override.question), override)
        if same is not override:
            raise SophroError(f"{override.where}: the same question on the same sample as {same.where}")
    origin = {"file": Path(source).name, "sha256": file_sha256(source)}
    changed, written = 0, list[Path]()
    for stage, found in chosen.items():
        touched = [_set(rows[stage][i], override) for (i, _), override in found.items()]
        _edit_log(
            stage, [(str(rows[stage][i]["id"]), override) for (i, _), override in found.items()], origin
        )
        if any(touched):
            write_jsonl(stage / "samples.jsonl", rows[stage])
            written.append(stage)
        changed += sum(touched)
    return Applied(changed, len(overrides) - changed, written)


def _stages(folder: Path) -> list[Path]:
    if (folder / "samples.jsonl").is_file():
        return [folder]
    stages = sorted((folder / "stages").glob("*/samples.jsonl")) if (folder / "stages").is_dir() else []
    found = [path.parent for path in stages if not path.parent.name.startswith(".")]
    if not found:
        raise SophroError(f"{folder}: no assessed samples; give a run directory or an assessment's folder")
    return found


def _find(override: Override, rows: Mapping[Path, list[dict[str, Any]]]) -> tuple[Path, int]:
    hits: list[tuple[Path, int]] = []
    for stage, samples in rows.items():
        for index, row in enumerate(samples):
            facts = {**row, "attack": row.get("attack") or "none", "stage": stage.name}
            if str(row["id"]) == override.id and all(str(facts[k]) == v for k, v in override.place.items()):
                hits.append((stage, index))
    if len(hits) != 1:
        what = "is in no assessment of this run" if not hits else f"stands in {len(hits)} assessments"
        advice = "check id, arm, task and attack" if not hits else "name its arm, task, attack or stage"
        raise SophroError(f"{override.where}: sample {override.id!r} {what}; {advice}")
    stage, index = hits[0]
    if override.response is not None and override.response.strip() != _reply(rows[stage][index]).strip():
        raise SophroError(
            f"{override.where}, field 'response': the run holds another reply to {override.id!r}"
        )
    return hits[0]


def _reply(row: Mapping[str, Any]) -> str:
    return "".join(s["text"] for s in row.get("segments", []) if s["kind"] in ("prefill", "answer"))


def _set(row: dict[str, Any], override: Override) -> bool:
    """Put the verdict first; return whether that changed anything."""
    verdict, before = override.verdict, list(row.get("verdicts", []))
    mine = [v for v in before if v.get("judge") == verdict["judge"]]
    if mine == [verdict]:
        return False
    row["verdicts"] = [verdict, *(v for v in before if v.get("judge") != verdict["judge"])]
    if mine:  # an earlier verdict by a person is history, not a second opinion
        row["override_history"] = [*row.get("override_history", []), *mine]
    return True


def _edit_log(stage: Path, overrides: Sequence[tuple[str, Override]], origin: Mapping[str, str]) -> None:
    from inspect_ai.log import ProvenanceData, edit_score, read_eval_log, recompute_metrics, write_eval_log
    from inspect_ai.scorer import ScoreEdit

    from sophro.assess import tasks

    del tasks  # registers scorers and metrics, which the new metrics are computed with
    for path in sorted(stage.glob("*.eval")):
        log = read_eval_log(str(path))
        edited = False
        for name, override in overrides:
            sample = next((s for s in log.samples or [] if str(s.id) == name), None)
            if sample is None:
                continue
            old = (sample.scores or {}).get(override.question)
            verdict = override.verdict
            kept = dict((old.metadata if old else None) or {})
            said = [v for v in kept.get("verdicts", []) if v.get("judge") != verdict["judge"]]
            if kept.get("verdicts") == [verdict, *said]:
                continue
            label = override.label if isinstance(override.label, str) else str(int(override.label))
            edit = ScoreEdit(
                value=override.value,
                answer=label,
                explanation=override.reason,
                reason=label if math.isnan(override.value) else None,
                metadata={**kept, "verdicts": [verdict, *said]},
                provenance=ProvenanceData(
                    timestamp=datetime.fromisoformat(override.date),
                    author=override.author,
                    reason=override.reason,
                    metadata=dict(origin),
                ),
            )
            edit_score(log, sample.id, override.question, edit, recompute_metrics=False)
            edited = True
        if edited:
            recompute_metrics(log)
            draft = path.with_name(f".{path.name}.tmp.eval")
            write_eval_log(log, str(draft))
            draft.replace(path)
