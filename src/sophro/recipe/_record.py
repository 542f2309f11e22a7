"""``run.json``: the facts of a run directory, written anew from its stages.

Contract: always whole; unchanged when nothing was executed. Machine and software are those of the last time
that anything was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sophro
from sophro.errors import SophroError
from sophro.files import digest, read_text, write_json
from sophro.recipe import _facts
from sophro.recipe._folder import RunFolder
from sophro.recipe._plan import Stage
from sophro.recipe._schema import Recipe


def write_record(
    home: RunFolder,
    recipe: Recipe,
    stages: Sequence[Stage],
    facts: Mapping[str, Any],
    *,
    fresh: bool = False,
) -> None:
    """Write ``run.json`` if it would change.

    Args:
        home: The run directory.
        recipe: The recipe as run.
        stages: Its plan.
        facts: More top-level values.
        fresh: Something is about to be executed here and now, so note machine and software again.
    """
    path = home.root / "run.json"
    old = _read(path)
    fresh = fresh or not old
    rows = [_row(home, stage) for stage in stages]
    value = {
        **facts,
        "recipe": recipe.name,
        "recipe_hash": digest(recipe.model_dump(mode="json")),
        "sophro": sophro.__version__ if fresh else old.get("sophro"),
        "started": old.get("started") or now(),
        "finished": _finished(rows),
        "seeds": list(recipe.seeds),
        "versions": _facts.versions() if fresh else old.get("versions"),
        "host": _facts.host() if fresh else old.get("host"),
        "complete": all(row["done"] for row in rows),
        "seconds": round(sum(row.get("seconds") or 0.0 for row in rows), 3),
        "stages": rows,
        "unused": [path.name for path in home.unused(stages)],
    }
    if value != old:
        write_json(path, value)


def _finished(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Return when the last stage ended, by the stages themselves; None while one is missing."""
    if not rows or not all(row.get("started") and row.get("seconds") is not None for row in rows):
        return None
    ends = (datetime.fromisoformat(row["started"]) + timedelta(seconds=row["seconds"]) for row in rows)
    return max(ends).isoformat(timespec="seconds")


def now() -> str:
    """Return the time in UTC, to the second, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _row(home: RunFolder, stage: Stage) -> dict[str, Any]:
    row: dict[str, Any] = {"name": stage.name, "kind": stage.kind, "key": stage.key}
    row |= {"needs": list(stage.needs), "done": home.stage(stage).is_dir()}
    if row["done"]:
        record = home.record(stage)
        row |= {field: record.get(field) for field in ("started", "seconds")}
    return row


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        value = json.loads(read_text(path))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise SophroError(f"{path}: not a JSON object; delete it, it is written anew from the stages")
    return value
