"""``sophro crisis``: the crisis layer over scripted dialogues, JSONL to JSONL."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from sophro.errors import SophroError
from sophro.files import read_jsonl, separate, write_jsonl

_TOGETHER = 256
_TROUBLE = {
    "layer_failed": "a layer failed, so they count as CONCERN at least",
    "not_evaluated": "a message in a language that is not read, or no answer of the model that can be",
}


def crisis(
    *,
    in_: Annotated[Path, Parameter(name="--in")],
    out: Path,
    region: str | None = None,
    model: str | None = None,
    resources: Path | None = None,
) -> None:
    """Read dialogues and write the risk level, flags and the reply that is due after the last message.

    Args:
        in_: File with one dialogue a line: id, turns (list of the person's messages), and optionally lang (en or zh).
        out: File to write: id, level (NONE, CONCERN, IDEATION, ACTIVE, IMMINENT), flags, reply (null where the
            conversation may simply go on).
        region: Country of two letters (US, CN, ...) for the helplines in the replies; without it they ask.
        model: Any Inspect model, or a local one, for the third layer; it may raise a level, never lower it.
        resources: Your own table of helplines instead of the shipped one.
    """
    from sophro.care.crisis import CrisisMonitor
    from sophro.care.crisis._resources import load, stale
    from sophro.cli._care import check_region
    from sophro.cli._print import note

    check_region(region)
    separate(in_, out)
    table = load(resources)
    for warning in stale(table):
        note(f"sophro: warning: {warning}")
    third = _opened(model)
    counts: Counter[str] = Counter()
    trouble: Counter[str] = Counter()
    reasons: Counter[str] = Counter()

    def rows() -> Iterator[dict[str, Any]]:
        for row, lang, turns in _together(in_):
            monitor = CrisisMonitor(lang, region, third, table=table, session=str(row["id"]))
            state = None
            for turn in turns:
                state = monitor.see(turn)
            counts[monitor.level.name] += 1
            trouble.update(f for f in monitor.flags if f in _TROUBLE)
            reasons.update(monitor.failures[:1])
            said = state.reply if state and state.reply is not None else monitor.check_in()
            yield {"id": row["id"], "level": monitor.level.name, "flags": list(monitor.flags), "reply": said}
        if not counts:
            raise SophroError(f"{in_}: no dialogues; one JSON object a line is needed")

    total = write_jsonl(out, rows())
    seen = ", ".join(f"{n} {name}" for name, n in sorted(counts.items()))
    print(f"{out}: {total} dialogues ({seen})")
    for flag, meaning in _TROUBLE.items():
        if trouble[flag]:
            why = f"; first reason: {next(iter(reasons))[:300]}" if flag == "layer_failed" else ""
            note(
                f"sophro: warning: {trouble[flag]} of {total} dialogues have the flag {flag}: {meaning}{why}"
            )


def records_(file: Path, /, *, forget: str | None = None, json: bool = False) -> None:
    """Count the events that a deployment kept, by year and level, or remove what is kept of one session.

    Args:
        file: Events as `--records` writes them.
        forget: Session to remove: the hash in the records, as the operator was told it.
        json: Print as JSON.
    """
    from sophro.care.crisis import Level, Records
    from sophro.cli._print import show_json, show_table

    kept = Records(file)
    if forget is not None:
        gone = kept.forget(forget)
        if not gone:
            raise SophroError(
                f"{file}: no event of session {forget!r}; it must be the hash as the file has it"
            )
        print(f"{file}: removed {gone} events of session {forget}")
        return
    counts = kept.counts()
    if json:
        show_json(counts)
        return
    levels = [name for name in Level.__members__ if any(name in found for found in counts.values())]
    show_table(("year", *levels), [(y, *(found.get(n, 0) for n in levels)) for y, found in counts.items()])


def _opened(model: str | None) -> Any:
    if model is None:
        return None
    from sophro.care.crisis._llm import opened

    return opened(model)


def _together(file: Path) -> Iterator[tuple[dict[str, Any], str | None, list[str]]]:
    """Yield dialogues; the messages of some hundred are read together first, which is a little faster."""
    from sophro.care.crisis import read_ahead

    source = ((row, *_checked(row, file, line)) for line, row in read_jsonl(file))
    done = 0
    while part := list(islice(source, _TOGETHER)):
        if done:
            print(f"sophro: {done} dialogues read", file=sys.stderr)
        done += len(part)
        read_ahead(turn for _, _, turns in part for turn in turns)
        yield from part


def _checked(row: dict[str, Any], file: Path, line: int) -> tuple[str | None, list[str]]:
    if not isinstance(row.get("id"), str | int) or isinstance(row.get("id"), bool):
        raise SophroError(f'{file}, line {line}: field "id" (text or number) is missing')
    lang = row.get("lang")
    if lang is not None and lang not in ("en", "zh"):
        raise SophroError(f'{file}, line {line}: field "lang" must be en or zh, this is {lang!r}')
    turns = row.get("turns")
    if not isinstance(turns, list) or not turns or not all(isinstance(t, str) for t in turns):
        raise SophroError(f'{file}, line {line}: field "turns" must be a list of at least one text')
    return lang, turns
