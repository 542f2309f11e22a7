"""Records: one prompt with what is known about it, and the reader for a user's own JSONL.

Contract: a row is ``{"prompt": ...}`` and whatever else of ``Record`` is known; fields that ``Record`` does
not have go to ``meta``. A bad row is an error that names file, line and field; nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

from sophro.errors import SophroError
from sophro.files import read_jsonl


@dataclass(frozen=True)
class Record:
    """One prompt.

    Attributes:
        id: Unique in its set.
        prompt: What the user says.
        set: Name of the set it came from.
        category: Topic within the set; ``none`` if the set has no topics.
        harmful: Whether a safe model declines it; None where that is unknown or not the question.
        lang: Language code of the prompt.
        behaviour: Group that must not be torn apart: a harmful request and its benign twins share it, and so
            do translations and repetitions of one prompt.
        triggers: Words that make it look dangerous.
        keywords: Word beginnings of which an answer on topic has at least one.
        accept: Strings of which a right answer contains one.
        opening: Start of a compliant answer, for prefilling.
        answer: Reference answer.
        label: Gold label of the text itself, for classifier sets.
        meta: Everything else.
    """

    id: str
    prompt: str
    set: str
    category: str
    harmful: bool | None
    lang: str
    behaviour: str
    triggers: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    opening: str | None = None
    answer: str | None = None
    label: str | None = None
    meta: Mapping[str, Any] = field(default_factory=lambda: {})


_LISTS = ("triggers", "keywords", "accept")
_TEXTS = ("category", "lang", "behaviour", "twin", "opening", "answer", "label")
_KNOWN = frozenset({f.name for f in fields(Record)} | {"twin"})


def is_cjk(text: str) -> bool:
    """True if at least a fifth of the letters are Chinese, Japanese or Korean."""
    letters = [c for c in text if c.isalpha()]
    wide = sum("぀" <= c <= "ヿ" or "㐀" <= c <= "鿿" or "가" <= c <= "힯" for c in letters)
    return bool(letters) and 5 * wide >= len(letters)


def _text(row: Mapping[str, Any], name: str, where: str) -> str | None:
    value = row.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        kind = "empty text" if isinstance(value, str) else f"a {type(value).__name__}"
        raise SophroError(f"{where}, field {name!r}: text is needed, this is {kind}")
    return value


def _texts(row: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    value = row.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in cast("list[Any]", value)):
        raise SophroError(f"{where}, field {name!r}: a list of non-empty texts is needed")
    return tuple(cast("list[str]", value))


def record_of(row: Mapping[str, Any], where: str, set_name: str, default_id: str) -> Record:
    """Build a record from one row.

    Args:
        row: Fields by name; ``twin`` is another word for ``behaviour``.
        where: File and line, for errors.
        set_name: Name of the set.
        default_id: Id of a row without one.

    Raises:
        SophroError: Naming ``where`` and the field.
    """
    if "prompt" not in row:
        raise SophroError(f"{where}: the field 'prompt' is missing")
    prompt = _text(row, "prompt", where)
    if prompt is None:
        raise SophroError(f"{where}, field 'prompt': text is needed, this is null")
    number = row.get("id")
    if number is not None and (isinstance(number, bool) or not isinstance(number, str | int) or number == ""):
        raise SophroError(f"{where}, field 'id': a text or a whole number is needed")
    name = default_id if number is None else str(number)
    harmful = row.get("harmful")
    if harmful is not None and not isinstance(harmful, bool):
        raise SophroError(f"{where}, field 'harmful': true, false or null is needed")
    meta = row.get("meta") or {}
    if not isinstance(meta, Mapping):
        raise SophroError(f"{where}, field 'meta': an object is needed")
    texts = {key: _text(row, key, where) for key in _TEXTS}
    lists = {key: _texts(row, key, where) for key in _LISTS}
    rest = {key: value for key, value in row.items() if key not in _KNOWN}
    return Record(
        id=name,
        prompt=prompt,
        set=set_name,
        category=texts["category"] or "none",
        harmful=harmful,
        lang=texts["lang"] or ("zh" if is_cjk(prompt) else "en"),
        behaviour=texts["behaviour"] or texts["twin"] or f"{set_name}:{name}",
        triggers=lists["triggers"],
        keywords=lists["keywords"],
        accept=lists["accept"],
        opening=texts["opening"],
        answer=texts["answer"],
        label=texts["label"],
        meta={**cast("Mapping[str, Any]", meta), **rest},
    )


def records_of(rows: Iterable[tuple[int, Mapping[str, Any]]], source: str, set_name: str) -> list[Record]:
    """Build the records of numbered rows; ids must be unique and at least one row is needed."""
    found: list[Record] = []
    seen: dict[str, int] = {}
    for line, row in rows:
        where = f"{source}, line {line}"
        record = record_of(row, where, set_name, f"{set_name}-{line}")
        if record.id in seen:
            raise SophroError(
                f"{where}, field 'id': {record.id!r} was used on line {seen[record.id]}; make ids unique"
            )
        seen[record.id] = line
        found.append(record)
    if not found:
        raise SophroError(f"{source}: no records; one JSON object a line with a 'prompt' is needed")
    return found


def read_records(path: Path | str) -> list[Record]:
    """Read a user's JSONL of prompts.

    Each line is an object with ``prompt`` and, optionally, ``id``, ``category``, ``harmful``, ``lang``
    (default: ``zh`` if a fifth of the letters are CJK, else ``en``), ``behaviour`` (or ``twin``),
    ``triggers``, ``keywords``, ``accept``, ``opening``, ``answer``, ``label`` and ``meta``. Other fields go
    to ``meta``. The set is named after the file; without an id the line number names the record.

    Raises:
        SophroError: Naming file, line and field: missing or empty prompt, wrong type, repeated id, no record.
    """
    return records_of(read_jsonl(path), str(path), Path(path).stem)
