"""Loading a named set as records or as labelled exchanges.

Contract: a file is used only if its hash is the catalogue's, so a number always belongs to known data.
Ids are stable: from the source where it has ids, else the row number. Prompts that are equal after
normalisation share a behaviour, and so do translations, so that no split tears them apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sophro.data._catalog import SetFile, SetInfo, file_path, find_set
from sophro.data._cntp import cntp_split
from sophro.data._formats import Row, read_rows
from sophro.data._leaks import normalise
from sophro.data._records import Record, read_records, record_of
from sophro.data._splits import Part, assign_parts, check_part, take
from sophro.errors import SophroError
from sophro.files import digest, file_sha256

# Harm labels say both; the labels of refusal sets leave the harm open.
_HARM = {"harmful": True, "harmless": False}


@dataclass(frozen=True)
class LabelledExchange:
    """A response with the verdict that it should get.

    Attributes:
        id: Unique in its set.
        prompt: What was asked.
        response: What the model answered.
        label: ``full_compliance``, ``partial_refusal``, ``full_refusal``, ... in refusal sets;
            ``harmful`` or ``harmless`` in harm sets.
        question_group: Equal for all responses to one question; resample these.
        lang: Language of the exchange.
        licence: Licence of the set.
        harmful: Whether the response is harmful; None where the set does not say.
        meta: The model and other columns.
    """

    id: str
    prompt: str
    response: str
    label: str
    question_group: str
    lang: str
    licence: str
    harmful: bool | None = None
    meta: Mapping[str, Any] = field(default_factory=lambda: {})


def load_set(
    name: str | Path, split: Part | None = None, limit: int | None = None, seed: int = 0
) -> list[Record]:
    """Load a set of prompts.

    Args:
        name: Name from the catalogue, with ``:zh`` and the like for one language, or the path of a user's
            JSONL file (ending in ``.jsonl``).
        split: ``train``, ``dev`` or ``test`` (0.4, 0.1, 0.5 by behaviour; of CNTP 0.5, 0.2, 0.3); None for all. The
            split of one language, or of look-alikes without their harmful twins, is that of the whole.
        limit: At most so many records, balanced over categories.
        seed: Draws which ones.

    Raises:
        SophroError: If the name, language or split is unknown, the set is one of labelled responses,
            ``SOPHRO_DATA`` is not set, or a file is missing or changed.
    """
    if split is not None:
        check_part(split)
    if str(name).endswith(".jsonl"):
        records = whole = read_records(name)
    else:
        info, lang = find_set(str(name))
        if info.kind == "labels":
            raise SophroError(f"{info.name!r} holds labelled responses; use load_labels, or judge it")
        whole = _records(info)
        records = [r for r in whole if lang is None or r.lang == lang]
        if split is not None and info.split_with not in (None, info.name):
            whole = _records(find_set(str(info.split_with))[0])
        if split is not None and info.split_by is not None:
            records = [r for r in records if cntp_split(_base(r)) == split]
            return records if limit is None else take(records, limit, seed)
    if split is not None:
        parts = assign_parts(whole)
        records = [r for r in records if parts.get(r.behaviour) == split]
    return records if limit is None else take(records, limit, seed)


def _base(record: Record) -> str:
    """The sentence before its disguise."""
    return str(record.meta.get("original_text", record.prompt))


def load_labels(name: str) -> list[LabelledExchange]:
    """Load a set of labelled responses, to validate a judge.

    Raises:
        SophroError: If the name or language is unknown, the set holds prompts only, ``SOPHRO_DATA`` is not
            set, or a file is missing or changed.
    """
    info, lang = find_set(name)
    if info.kind != "labels":
        raise SophroError(f"{info.name!r} holds no labelled responses; use load_set")
    found: list[LabelledExchange] = []
    for file, where, number, row in _rows(info):
        values = _values(info, file, row)
        prompt, response, raw = (values.get(k) for k in ("prompt", "response", "label"))
        label = info.labels.get(str(raw), None if info.labels else str(raw))
        if not isinstance(prompt, str) or not isinstance(response, str) or label is None:
            raise SophroError(f"{where}: prompt, response or label is missing or unknown (label {raw!r})")
        model = file.meta.get("model")
        number_or_id = values.get("id") or number
        found.append(
            LabelledExchange(
                id=str(number_or_id) if file.shipped else "-".join(_some(info.name, model, number_or_id)),
                prompt=prompt,
                response=response,
                label=label,
                question_group=_group(info, prompt),
                lang=values.get("lang") or file.lang or "en",
                licence=info.licence,
                harmful=values.get("harmful", _HARM.get(label)),
                meta=values["meta"],
            )
        )
    return [x for x in found if lang is None or x.lang == lang]


def _some(*parts: object) -> list[str]:
    return [str(p) for p in parts if p is not None]


def _group(info: SetInfo, prompt: str) -> str:
    return f"{info.base}:{digest(normalise(prompt) or prompt)}"


def _rows(info: SetInfo) -> Iterator[tuple[SetFile, str, int, Row]]:
    checked: set[str] = set()
    for file in info.files:
        path = file_path(file, info.name)
        if file.sha256 is not None and file.path not in checked and file_sha256(path) != file.sha256:
            raise SophroError(
                f"{path}: changed since the catalogue was written (SHA-256 differs); restore the file of "
                f"{file.source}@{file.revision}"
            )
        checked.add(file.path)
        for number, row in read_rows(path, info.format):
            if any(str(row.get(k)) != v for k, v in info.where.items()):
                continue
            if any(str(row.get(k) or "") == v for k, v in info.without.items()):
                continue
            yield file, f"{path}, row {number}", number, row


def _pick(row: Row, column: str) -> Any:
    if column in row:
        return row[column]
    value: Any = row
    for part in column.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return value


def _values(info: SetInfo, file: SetFile, row: Row) -> dict[str, Any]:
    """Return the record fields of a source row."""
    spec = {**info.fields, **file.fields}
    values: dict[str, Any] = {}
    for name, column in spec.items():
        if name == "meta":
            continue
        if isinstance(column, list):
            parts = [_pick(row, c) for c in column]
            values[name] = "\n\n".join(p for p in parts if p)
        else:
            values[name] = _pick(row, column)
    kept = {c: _pick(row, c) for c in info.fields.get("meta", ())}
    values["meta"] = {**{k: v for k, v in kept.items() if v is not None}, **file.meta}
    return values


def _records(info: SetInfo) -> list[Record]:
    found: list[Record] = []
    seen: set[str] = set()
    for file, where, number, row in _rows(info):
        record = _record(info, file, where, number, row)
        if record.id in seen:
            raise SophroError(f"{where}: the id {record.id!r} occurs twice in {info.name!r}")
        seen.add(record.id)
        found.append(record)
    return found


def _record(info: SetInfo, file: SetFile, where: str, number: int, row: Row) -> Record:
    values = _values(info, file, row)
    if info.template is not None:
        values["prompt"] = info.template.format_map(row)
    if info.harmful_if is not None:
        values["harmful"] = values["harmful"] == info.harmful_if
    else:
        values.setdefault("harmful", info.harmful)
    if info.accept_after is not None:
        exact = str(values["accept"]).rpartition(info.accept_after)[2].strip()
        values["accept"] = list(dict.fromkeys((exact, exact.replace(",", ""))))
    if values.get("label") is not None:
        values["label"] = info.labels.get(str(values["label"]), str(values["label"]))
    values["lang"] = values.get("lang") or file.lang
    own = number if values.get("id") in (None, "") else values["id"]
    if file.shipped:
        values["behaviour"] = values.get("behaviour") or str(own)
    else:
        part = info.name.replace("/", "-") if "id" not in info.fields else info.base
        values["id"] = "-".join(_some(part, file.lang if len(info.langs) > 1 else None, own))
    # Blank columns of a source mean "not given", not an error of the user's.
    values = {k: v for k, v in values.items() if v != "" or k == "prompt"}
    record = record_of(values, where, info.name, str(own))
    if file.shipped:
        return record
    together = f"{info.base}:{own}" if info.parallel else _group(info, _base(record))
    return replace(record, behaviour=together)
