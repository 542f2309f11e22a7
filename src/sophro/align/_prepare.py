"""Data that a method makes before it trains: answers, unsafe continuations, triggers.

Contract: preparing depends on the untrained model, the records, the options that a method names and, for some
methods, on a model that was tuned before. Its result is records by role plus counts of everything that was
dropped, with the reason; it is written once and shared by all arms that need the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sophro.align._declines import declines
from sophro.data import Record
from sophro.errors import SophroError
from sophro.files import read_jsonl, read_text, write_json, write_jsonl

_SENTENCE_END = re.compile(r"[.!?。!？](?=\s|$)|\n")
_FACTS = "prepared.json"

Advance = Callable[[float, float], None]


@dataclass(frozen=True)
class Prepared:
    """What preparing yields.

    Attributes:
        data: Records by role, ready to be trained on.
        facts: Counts (kept, dropped by reason) and whatever else the report should know.
    """

    data: Mapping[str, Sequence[Record]]
    facts: Mapping[str, Any] = field(default_factory=lambda: {})

    def write(self, folder: Path) -> None:
        """Write ``<role>.jsonl`` and ``prepared.json`` into an existing folder."""
        for role, records in self.data.items():
            write_jsonl(folder / f"{role}.jsonl", [{**asdict(r), "meta": dict(r.meta)} for r in records])
        write_json(folder / _FACTS, {"roles": sorted(self.data), **self.facts})

    @staticmethod
    def read(folder: Path) -> Prepared:
        """Read what ``write`` wrote."""
        facts = json.loads(read_text(folder / _FACTS))
        roles = facts.pop("roles")
        data = {role: [_record(row) for _, row in read_jsonl(folder / f"{role}.jsonl")] for role in roles}
        return Prepared(data, facts)


def _record(row: Mapping[str, Any]) -> Record:
    values: dict[str, Any] = dict(row)
    for name in ("triggers", "keywords", "accept"):
        values[name] = tuple(row[name])
    return Record(**values)


@dataclass(frozen=True)
class PrepareJob:
    """What a method's ``prepare`` gets.

    Attributes:
        model: The untrained chat model.
        data: Records by role.
        options: The method's own options.
        seed: Seed of whatever is drawn.
        tuned: Adapter of a model that was tuned before, for methods that diagnose one.
        assessed: Prompts on which the result will be assessed; new prompts must not be near them.
        advance: Progress in any unit.
    """

    model: Any
    data: Mapping[str, Sequence[Record]]
    options: Mapping[str, Any]
    seed: int = 0
    tuned: Path | None = None
    assessed: Sequence[Record] = ()
    advance: Advance = lambda done, total: None


@dataclass(frozen=True)
class Answered:
    """Benign records with the untrained model's answers, and what was dropped."""

    records: list[Record]
    dropped: dict[str, int]
    texts: list[tuple[Record, str, str]]


def self_answers(
    model: Any,
    records: Sequence[Record],
    *,
    config: Mapping[str, Any],
    progress: Callable[[int], None] | None = None,
    starts: Sequence[str] | None = None,
    min_words: int = 5,
    harm_judge: str | None = None,
) -> Answered:
    """Have a model answer benign prompts, and keep the good answers.

    Args:
        model: A local chat model.
        records: Benign prompts.
        config: Decoding settings (see ``GenerationConfig``); a cut answer ends after its last whole sentence.
        progress: Called with the number of prompts just finished.
        starts: A forced start for each answer. It goes into ``meta["start"]``, and ``answer`` is what follows it:
            nobody is taught to say a start that was put into the model's mouth.
        min_words: Shorter answers are dropped (Chinese ones are not).
        harm_judge: Judge of the harm question; what it calls harmful or cannot judge is dropped.

    Returns:
        Records with ``answer``; refusals, broken and short answers are dropped and counted by reason.
    """
    from sophro.chat import Segment, Transcript
    from sophro.judge import Exchange, judge
    from sophro.models import GenerationConfig

    if not records:
        return Answered([], {}, [])
    transcripts = [Transcript.of(r.prompt) for r in records]
    if starts is not None:
        transcripts = [
            t.with_assistant(Segment("prefill", s)) for t, s in zip(transcripts, starts, strict=True)
        ]
    completions = model.generate(transcripts, GenerationConfig(**config), progress=progress)
    ended = [whole_sentences(c.text) if c.finish_reason == "length" else c.text for c in completions]
    # The blank between a forced start and what follows belongs to the text.
    own = [t.strip() if starts is None else t.rstrip() for t in ended]
    before = [""] * len(records) if starts is None else list(starts)
    texts = [s + t if t.strip() else "" for s, t in zip(before, own, strict=True)]
    verdicts = judge("embedded-refusal")(
        [Exchange.of(r.prompt, t) for r, t in zip(records, texts, strict=True)]
    )
    pairs = [(r.prompt, t) for r, t in zip(records, texts, strict=True)]
    harms = [""] * len(pairs) if harm_judge is None else not_safe(harm_judge, pairs)
    kept: list[Record] = []
    rows: list[tuple[Record, str, str]] = []
    dropped: dict[str, int] = {}
    for i, (record, verdict) in enumerate(zip(records, verdicts, strict=True)):
        reason = verdict.outcome if verdict.outcome != "full_compliance" else ""
        reason = reason or ("declines politely" if declines(own[i]) else "") or harms[i]
        reason = reason or ("short" if len(own[i].split()) < min_words and record.lang != "zh" else "")
        rows.append((record, texts[i], reason))
        if reason:
            dropped[reason] = dropped.get(reason, 0) + 1
        else:
            meta = record.meta if starts is None else {**record.meta, "start": before[i]}
            kept.append(replace(record, answer=own[i], meta=meta))
    return Answered(kept, dropped, rows)


def not_safe(harm_judge: str, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return for each ``(prompt, answer)`` why it must not be trained, or an empty text."""
    from sophro.judge import Exchange, judge

    verdicts = judge(harm_judge)([Exchange.of(*pair) for pair in pairs]) if pairs else []
    return ["" if v.harmful is False else "harmful" if v.harmful else "harm not judged" for v in verdicts]


def whole_sentences(text: str) -> str:
    """Cut a truncated answer after its last complete sentence; without one it stays as it is."""
    ends = [m.end() for m in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]] if ends else text


def need(
    method: str, data: Mapping[str, Sequence[Record]], required: Sequence[str], optional: Sequence[str]
) -> None:
    """Refuse unknown and missing roles.

    Raises:
        SophroError: Naming the role and what the method knows.
    """
    known = [*required, *optional]
    for role in data:
        if role not in known:
            raise SophroError(f"{method}: data role {role!r} is unknown; known: {', '.join(known)}")
    for role in required:
        if not data.get(role):
            raise SophroError(f"{method}: the data role {role!r} is empty; name a set for it")
