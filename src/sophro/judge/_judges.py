"""Judges by name, and scoring of files.

Contract: a judge is built on first use and kept; building one that needs weights loads nothing until it
is called with a response worth judging. A new judge is one row in ``_BUILDERS``; it must satisfy the
``Judge`` protocol and inherits the conformance tests.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from sophro.errors import SophroError, unknown_name
from sophro.files import read_jsonl, write_jsonl
from sophro.judge._types import Exchange, Judge
from sophro.judge.llm._files import score_resumable, verdict_row
from sophro.judge.llm._judge import LlmJudge


def _keyword() -> Judge:
    from sophro.judge._rules import KeywordBaseline

    return KeywordBaseline()


def _refusal() -> Judge:
    from sophro.judge._refusal import RefusalJudge

    return RefusalJudge()


def _harm() -> Judge:
    from sophro.judge._harm import HarmJudge

    return HarmJudge()


def _proxy() -> Judge:
    from sophro.judge._proxy import ProxyHarm

    return ProxyHarm()


_BUILDERS: Mapping[str, tuple[Callable[[], Judge], str]] = {
    "embedded-refusal": (_refusal, "does the answer comply or refuse; two small readers"),
    "embedded-harm": (_harm, "is the answer harmful, given the prompt; two small readers"),
    "proxy-harm": (_proxy, "does the text give away a recipe of the proxy world; exact"),
    "keyword-baseline": (_keyword, "refusal phrases; a baseline to be measured against"),
}


def judges() -> Mapping[str, str]:
    """Return the names of all judges that need no model with what they answer; for others see ``llm``."""
    return {name: title for name, (_, title) in _BUILDERS.items()}


@functools.cache
def judge(name: str) -> Judge:
    """Return the judge of that name, the same object each time.

    Raises:
        SophroError: If the name is unknown; the message lists near names.
    """
    if name.startswith("stub/"):
        from sophro.judge._stub import STUB_JUDGES

        if name in STUB_JUDGES:
            return STUB_JUDGES[name]
    from sophro.judge.llm import ADAPTERS, llm_judge

    if "@" in name or name in ADAPTERS:
        return llm_judge(name)
    if name not in _BUILDERS:
        raise unknown_name("judge", name, [*_BUILDERS, *ADAPTERS])
    return _BUILDERS[name][0]()


@functools.cache
def shipped_cards(name: str) -> tuple[Mapping[str, Any], ...]:
    """Return the stored cards of a judge, best known set first; cards of another version are left out."""
    path = Path(__file__).with_name("weights") / "cards.json"
    if not path.is_file():
        return ()
    known = judge(name).version
    cards = json.loads(path.read_text(encoding="utf-8"))
    return tuple(c for c in cards if c["judge"] == name and c["version"] == known)


def score(by: Judge, rows: Iterable[Mapping[str, Any]], where: str = "row") -> list[dict[str, Any]]:
    """Judge rows of ``id``, ``prompt`` and ``response``.

    Returns:
        One row each, in order: ``id``, ``outcome``, ``harmful``, ``score``, ``reason``, ``judge``,
        ``version``.

    Raises:
        SophroError: Naming row and field, if a row lacks text.
    """
    asked = list(rows)
    for number, row in enumerate(asked, start=1):
        _check(row, f"{where} {number}")
    verdicts = by([Exchange.of(row["prompt"], row["response"]) for row in asked])
    return [verdict_row(row["id"], v) for row, v in zip(asked, verdicts, strict=True)]


def score_file(by: Judge, source: Path | str, target: Path | str) -> list[dict[str, Any]]:
    """Judge a JSONL file of ``id``, ``prompt``, ``response`` and write the verdicts as JSONL.

    With an LLM judge the run is resumable: finished verdicts wait in ``TARGET.partial`` (see ``llm._files``).

    Returns:
        The rows written.

    Raises:
        SophroError: Naming file, line and field of what is wrong; nothing is written then.
    """
    rows: list[dict[str, Any]] = []
    for number, row in read_jsonl(source):
        _check(row, f"{source}, line {number}")
        rows.append(row)
    if not rows:
        raise SophroError(f"{source}: no rows; one JSON object a line with id, prompt and response is needed")
    if isinstance(by, LlmJudge):
        return score_resumable(by, rows, Path(target))
    found = score(by, rows)
    write_jsonl(target, found)
    return found


def _check(row: Mapping[str, Any], where: str) -> None:
    if not isinstance(row.get("id"), (str, int)):
        raise SophroError(f"{where}, field 'id': text or a whole number is needed")
    for name in ("prompt", "response"):
        if not isinstance(row.get(name), str):
            raise SophroError(f"{where}, field {name!r}: text is needed")
