"""``sophro data list``, ``pull`` and ``show``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast


def list_(*, json: bool = False) -> None:
    """List the named sets with licence and where they come from.

    Args:
        json: Print as JSON.
    """
    from dataclasses import asdict

    from sophro.cli._print import show_json, show_table
    from sophro.data import list_sets

    entries = list_sets()
    if json:
        show_json([asdict(e) for e in entries])
        return
    rows = [(e.name, ",".join(e.langs), e.licence, e.purpose) for e in entries]
    show_table(("name", "lang", "licence", "purpose"), rows)


def pull_(name: str, *, out: Path) -> None:
    """Fetch a public set from its hub.

    Args:
        name: Name of the set.
        out: Folder to write.
    """
    from sophro.data import pull

    print(pull(name, out))


def show_(name: str, *, split: str | None = None, limit: int = 5, json: bool = False) -> None:
    """Show the first records of a set, its facts, and the leak check of its splits.

    Args:
        name: Name of the set.
        split: train, dev or test.
        limit: Number of records to show.
        json: Print as JSON.
    """
    from dataclasses import asdict

    from sophro.cli._print import show_json, show_table
    from sophro.data import leak_check, load_set

    records = load_set(name, split=cast(Any, split))
    leaks = leak_check(load_set(name, split="train"), load_set(name, split="test"))
    if json:
        show_json(
            {"n": len(records), "records": [asdict(r) for r in records[:limit]], "leaks": asdict(leaks)}
        )
        return
    print(f"{name}: {len(records)} records")
    print(f"leak check of its splits: {leaks}")
    show_table(("id", "category", "prompt"), [(r.id, r.category, r.prompt[:100]) for r in records[:limit]])
