"""Detectors of conversations, by name: a new one is one row here and inherits the conformance suite."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sophro.errors import SophroError, unknown_name
from sophro.guard.scanners._types import WHERE, Scanner, Turn, View, Where

_ALL = WHERE


@dataclass(frozen=True)
class Row:
    """One detector.

    Attributes:
        kind: ``module:Class`` below ``sophro.guard.scanners``.
        title: What it finds, in a few words.
        labels: What it may report.
        where: Where it makes sense.
        options: Settings with their defaults; a policy may change them.
    """

    kind: str
    title: str
    labels: tuple[str, ...]
    where: tuple[Where, ...] = _ALL
    options: Mapping[str, str | float | int | bool] | None = None


ROWS: Mapping[str, Row] = {
    "prompt_harm": Row(
        "_prompt_harm:PromptHarm",
        "a request that a safe assistant declines (English and Chinese)",
        ("harmful",),
        ("input", "trace"),
    ),
    "jailbreak": Row(
        "_jailbreak:Jailbreak",
        "ways around a model's refusal: templates, encoded text, many-shot shape, invisible characters",
        ("template", "encoded", "many_shot", "invisible"),
    ),
    "toxic_zh": Row(
        "_toxic:ToxicChinese", "toxic Chinese, read through its disguises", ("toxic",), options={"undo": True}
    ),
    "response_harm": Row(
        "_judges:ResponseHarm", "a harmful answer, given the request", ("harmful",), ("output", "trace", "stream"),
        options={"screen": True},
    ),
    "refusal": Row("_judges:Refusal", "an answer that declines", ("refused",), ("output",)),
    "crisis": Row(
        "_crisis:Crisis", "signs that the person is in danger, over the whole conversation", ("risk",), ("input",),
        options={"region": ""},
    ),
    "secrets": Row("_private:Secrets", "keys, tokens and passwords", ("secret",)),
    "personal_data": Row(
        "_private:PersonalData", "e-mail addresses, telephone, card, account and identity numbers",
        ("email", "phone", "card", "iban", "id_number"),
    ),
}  # fmt: skip


def scanners() -> Mapping[str, str]:
    """Return the names of all detectors with what they find; for others see ``sophro.judge.llm``."""
    return {name: row.title for name, row in ROWS.items()}


def check_name(name: str, where: Where, label: str | None = None) -> None:
    """Refuse a detector, place or label that is none.

    Raises:
        SophroError: Listing near names.
    """
    row = _row(name)
    if where not in row.where:
        raise SophroError(f"detector {name!r} does not look at {where}; it looks at {', '.join(row.where)}")
    if label is not None and label not in row.labels:
        raise unknown_name(f"label of {name}", label, row.labels)


def _row(name: str) -> Row:
    if "@" in name:
        from sophro.guard.scanners._judges import REQUESTS
        from sophro.judge.llm import ADAPTERS

        adapter, _, model = name.partition("@")
        if adapter not in ADAPTERS:
            raise unknown_name("LLM guard", adapter, ADAPTERS)
        if not model:
            raise SophroError(f"detector {name!r} names no model; write {adapter}@MODEL")
        where: tuple[Where, ...] = _ALL if adapter in REQUESTS else ("trace", "output", "stream")
        return Row("_judges:LlmGuard", ADAPTERS[adapter].title, ("harmful",), where)
    if name not in ROWS:
        raise unknown_name("detector", name, ROWS)
    return ROWS[name]


def scanner(name: str, options: Mapping[str, Any] | None = None) -> Scanner:
    """Return a detector; one with equal settings is built once a process.

    Raises:
        SophroError: If the name or an option is unknown, or its files are not here.
    """
    from sophro.options import merged_options

    row = _row(name)
    merged = merged_options(name, row.options or {}, options)
    return _build(name, tuple(sorted(merged.items())))


@functools.lru_cache(maxsize=64)
def _build(name: str, options: tuple[tuple[str, Any], ...]) -> Scanner:
    import importlib

    row = _row(name)
    module, _, kind = row.kind.partition(":")
    made: Any = getattr(importlib.import_module(f"sophro.guard.scanners.{module}"), kind)
    settings = dict(options)
    return made(name, **settings) if "@" in name else made(**settings)


__all__ = ["ROWS", "WHERE", "Row", "Scanner", "Turn", "View", "Where", "check_name", "scanner", "scanners"]
