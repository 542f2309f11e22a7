"""Attempts as JSONL, built behaviour by behaviour and kept as they come.

Contract: one object per attempt, in order; ``read_attempts`` gives back what was written. While a file is being
built, finished behaviours lie in a hidden file beside it whose name holds what they were built from (attack,
settings, model, behaviours): the same command goes on behind them, another one starts anew. The final name
appears only when all is there.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sophro.attack._types import Attack, Attempt
from sophro.chat import Segment, Transcript, Turn
from sophro.data import Record
from sophro.errors import SophroError
from sophro.files import digest, read_jsonl, write_text

_AT_ONCE = 8  # behaviours built together, so that a helper model can work on several


def build_attempts(
    attack: Attack,
    records: Sequence[Record],
    target: Any,
    out: Path,
    settings: Mapping[str, Any],
    on_progress: Callable[[int, int], None] | None = None,
) -> list[dict[str, Any]]:
    """Write the attempts for ``records`` to ``out`` and return their rows; resumes by itself.

    Args:
        attack: The attack with its settings.
        records: Behaviours.
        target: The model under attack, or None.
        out: File to write.
        settings: What tells this job from another one (the attack's settings, the model's name).
        on_progress: Called with behaviours done and their number.

    Raises:
        SophroError: If ids repeat, the attack needs what is missing, or not one attempt could be built.
    """
    repeated = [name for name, n in Counter(r.id for r in records).items() if n > 1]
    if repeated:
        raise SophroError(f"behaviour {repeated[0]!r} occurs twice; make ids unique")
    key = digest(attack.name, dict(settings), [_ascii(asdict(r)) for r in records])
    part = out.with_name(f".{out.name}.{key}.part")
    done = _resumed(part)
    left = [r for r in records if r.id not in done]
    out.parent.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(left), _AT_ONCE):
        group = left[start : start + _AT_ONCE]
        rows = attempt_rows(attack.name, attack(group, target))
        for record in group:
            done[record.id] = [r for r in rows if r["record"]["id"] == record.id]
        _keep(part, [done[r.id] for r in group])
        if on_progress:
            on_progress(len(done), len(records))
    rows = [row for r in records for row in done[r.id]]
    if rows and all(row["error"] for row in rows):
        part.unlink(missing_ok=True)
        raise SophroError(f"attack {attack.name}: no attempt could be built ({rows[0]['error']})")
    # Escaped where UTF-8 has no form for it, so that hostile text round-trips.
    write_text(out, "".join(_line(row) + "\n" for row in rows))
    part.unlink(missing_ok=True)
    return rows


def _keep(part: Path, groups: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    """Append finished behaviours, on the disk before they count."""
    with part.open("a", encoding="utf-8") as file:
        file.write("".join(json.dumps(group) + "\n" for group in groups))
        file.flush()
        os.fsync(file.fileno())


def _resumed(part: Path) -> dict[str, list[dict[str, Any]]]:
    if not part.is_file():
        return {}
    text = part.read_text("utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:  # killed in the middle of a line
        write_text(part, whole)
    groups = [json.loads(line) for line in whole.splitlines()]
    return {group[0]["record"]["id"]: group for group in groups if group}


def _ascii(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _line(row: Mapping[str, Any]) -> str:
    text = json.dumps(row, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(row)
    return text


def attempt_rows(name: str, attempts: Sequence[Attempt]) -> list[dict[str, Any]]:
    """Return one JSON-able object per attempt; ids tell the attempts of one behaviour apart."""
    total = Counter(a.record.id for a in attempts)
    seen: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    for attempt in attempts:
        id_ = attempt.record.id
        seen[id_] += 1
        rows.append(
            {
                "id": id_ if total[id_] == 1 else f"{id_}~{seen[id_]}",
                "behaviour": attempt.record.prompt,
                "attack": name,
                "attempt": seen[id_],
                "params": dict(attempt.params),
                "messages": [{"role": t.role, "content": t.text} for t in attempt.transcript.turns],
                "error": attempt.error,
                "spent": attempt.spent,
                "transcript": [
                    {"role": t.role, "segments": [{"kind": s.kind, "text": s.text} for s in t.segments]}
                    for t in attempt.transcript.turns
                ],
                "record": asdict(attempt.record),
            }
        )
    return rows


def read_attempts(path: Path) -> list[Attempt]:
    """Read what ``build_attempts`` wrote.

    Raises:
        SophroError: Naming file and line of a row that is no attempt.
    """
    return [_attempt(row, f"{path}, line {number}") for number, row in read_jsonl(path)]


def _attempt(row: Mapping[str, Any], where: str) -> Attempt:
    try:
        turns = tuple(
            Turn(t["role"], tuple(Segment(s["kind"], s["text"]) for s in t["segments"]))
            for t in row["transcript"]
        )
        fields: dict[str, Any] = dict(row["record"])
        fields |= {k: tuple(fields[k]) for k in ("triggers", "keywords", "accept")}
        record = Record(**fields)
        return Attempt(record, Transcript(turns), row["params"], row["error"], row["spent"])
    except (KeyError, TypeError) as error:
        raise SophroError(f"{where}: no attempt as `sophro attack` writes it ({error})") from None
