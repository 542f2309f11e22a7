"""Printing results: a table for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any


def show_json(value: Any) -> None:
    """Print ``value`` as JSON on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=1, default=str))


def show_table(header: Sequence[str], rows: Sequence[Sequence[object]], indent: str = "") -> None:
    """Print aligned columns; text that came from a model or a file loses its control characters."""
    cells = [[clean(str(c)) for c in row] for row in (header, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    for number, row in enumerate(cells):
        line = "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
        print(indent + line)
        if number == 0:
            print(indent + "  ".join("-" * w for w in widths))


def clean(text: str) -> str:
    """Return ``text`` on one line without control characters."""
    return "".join(c if c.isprintable() else " " for c in text)


def percent(value: float | None) -> str:
    """Format a share as a percentage, or a dash where there is none."""
    return "–" if value is None else f"{100 * value:.1f} %"


def interval(low: float | None, high: float | None) -> str:
    """Format an interval of shares."""
    return "" if low is None or high is None else f"[{100 * low:.1f}, {100 * high:.1f}]"


def warn_of_stale_helplines() -> None:
    """Say on stderr if a shipped helpline of the crisis layer has not been looked up for long."""
    from sophro.care.crisis._resources import shipped, stale_note

    if said := stale_note(shipped()):
        note(f"sophro: warning: {said}")


def note(text: str) -> None:
    """Print a remark for people on stderr, so that stdout stays parseable."""
    print(clean(text), file=sys.stderr)
