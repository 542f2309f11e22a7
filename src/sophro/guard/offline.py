"""The guard over a JSONL file of any size.

Contract: one pass, batch by batch, so that memory does not grow with the file; the result appears under its name only
when it is whole. A wrong line stops with its number and nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sophro.errors import SophroError
from sophro.files import read_jsonl, write_jsonl
from sophro.guard.check import Decision, Guard
from sophro.guard.policy import ACTIONS, Policy
from sophro.guard.scanners._turns import to_turns

BATCH = 64
# A batch of a few very long conversations must not fill the memory.
BATCH_CHARACTERS = 2_000_000


def decision_row(id_: str | int, decision: Decision) -> dict[str, Any]:
    """Return a decision as a row for JSON."""
    row: dict[str, Any] = {
        "id": id_,
        "action": decision.action,
        "scores": dict(decision.scores),
        "reasons": [{**asdict(r), "window": list(r.window)} for r in decision.reasons],
    }
    if decision.reply:
        row["reply"] = decision.reply
    if decision.not_evaluated:
        row["not_evaluated"] = list(decision.not_evaluated)
    if decision.dry_run:
        row |= {"dry_run": True, "enforced": decision.enforced}
    row["policy"] = decision.policy
    return row


def read_conversations(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield ``(line number, row)`` of a file of conversations, checked.

    Raises:
        SophroError: Naming file, line and field of what is wrong, or that the file holds no row.
    """
    empty = True
    for line, row in read_jsonl(path):
        empty = False
        if not isinstance(row.get("id"), str | int) or isinstance(row.get("id"), bool):
            raise SophroError(f"{path}, line {line}, field 'id': text or a whole number is needed")
        messages = row.get("messages")
        if not isinstance(messages, list):
            raise SophroError(f"{path}, line {line}, field 'messages': a list of role and content is needed")
        try:
            to_turns(messages)
        except SophroError as error:
            raise SophroError(f"{path}, line {line}: {error}") from None
        yield line, row
    if empty:
        raise SophroError(f"{path}: no rows; one JSON object a line with id and messages is needed")


def batches(rows: Iterator[tuple[int, dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    """Yield rows in batches that are bounded in number and in characters."""
    batch: list[dict[str, Any]] = []
    size = 0
    for _, row in rows:
        batch.append(row)
        size += sum(len(str(m.get("content", ""))) for m in row["messages"])
        if len(batch) == BATCH or size > BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def check_file(policy: Policy, source: Path, target: Path) -> dict[str, Any]:
    """Decide about every conversation of ``source`` and write ``target``.

    Returns:
        ``n``, ``actions`` (action to number) and ``not_evaluated`` (detector and why to number).

    Raises:
        SophroError: Naming file, line and field of what is wrong; nothing is written then.
    """
    guard = Guard(policy)
    actions: Counter[str] = Counter()
    silent: Counter[str] = Counter()

    def rows() -> Iterator[Mapping[str, Any]]:
        for batch in batches(read_conversations(source)):
            decisions: Sequence[Decision] = guard.check([row["messages"] for row in batch])
            for row, decision in zip(batch, decisions, strict=True):
                actions[decision.action] += 1
                silent.update(decision.not_evaluated)
                yield decision_row(row["id"], decision)

    n = write_jsonl(target, rows())
    return {
        "n": n,
        "actions": {a: actions[a] for a in ACTIONS if actions[a]},
        "not_evaluated": dict(silent.most_common(20)),
    }


__all__ = ["batches", "check_file", "decision_row", "read_conversations"]
