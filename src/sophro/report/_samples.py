"""Samples as the page lists them: grouped, clipped to a budget, nothing left out.

Contract: every sample of every run appears once, in the group of its arm, task and attack. Only texts are
shortened, all to one limit, chosen so that the file stays below the size that a browser opens at once;
a shortened text says how much is missing and where the whole of it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from sophro.pages import visible
from sophro.report import _metrics as m
from sophro.report._read import Sample, mapping, sequence
from sophro.report._text import clip, count

_BUDGET = 8_000_000
_LIMITS = (100_000, 40_000, 20_000, 10_000, 5_000, 2_500, 1_200, 600, 300)
_SHORT = 160
_ROLES = {"system": "System", "user": "User", "assistant": "Assistant"}
_KINDS = {
    "prefill": "Forced start of the reply",
    "trace": "Trace",
    "reflection": "Reflection",
    "answer": "Answer",
    "harm": "Known-bad start",
}


@dataclass(frozen=True)
class Block:
    """A piece of a conversation: who or what it is, its text, how much is cut off."""

    title: str
    kind: str
    text: str
    cut: int


@dataclass(frozen=True)
class Card:
    """One sample ready for the template; all text is still unescaped."""

    id: str
    category: str
    depth: int | None
    outcome: str
    harmful: bool | None
    blocks: Sequence[Block]
    verdicts: Sequence[Mapping[str, Any]]
    facts: str
    where: str


@dataclass(frozen=True)
class Group:
    """The samples of one arm on one task under one attack."""

    arm: str
    task: str
    attack: str
    cards: Sequence[Card]


def grouped(samples: Sequence[Sample]) -> dict[str, list[Group]]:
    """Return the groups of each arm, in the order of the files; prefill depths ascend."""
    limit = _limit(samples)
    rows: dict[tuple[str, str, str], list[Sample]] = {}
    for sample in samples:
        rows.setdefault((sample.arm, sample.task, m.attack_title(sample)), []).append(sample)
    arms: dict[str, list[Group]] = {}
    for (arm, task, attack), members in rows.items():
        ordered = sorted(members, key=lambda s: m.depth_of(s) or 0)
        arms.setdefault(arm, []).append(Group(arm, task, attack, [_card(s, limit) for s in ordered]))
    return arms


def _limit(samples: Sequence[Sample]) -> int:
    texts = [t for s in samples for t in _texts(s)]
    for limit in _LIMITS:
        if sum(_size(t[:limit]) for t in texts) <= _BUDGET:
            return limit
    return _LIMITS[-1]


def _size(text: str) -> int:
    return len(escape(visible(text)).encode("utf-8"))


def _texts(sample: Sample) -> list[str]:
    turns = [seg for turn in sequence(sample.row.get("transcript")) for seg in _segments(turn)]
    reasons = [str(v.get("reason") or "") for v in sample.verdicts]
    decoded = str(mapping(sample.row.get("decoded")).get("text") or "")
    return [t for _, t in [*turns, *_segments(sample.row)]] + [*reasons, decoded]


def _segments(holder: Any) -> list[tuple[str, str]]:
    parts = [mapping(s) for s in sequence(mapping(holder).get("segments"))]
    return [(str(p.get("kind") or "answer"), str(p.get("text") or "")) for p in parts]


def _card(sample: Sample, limit: int) -> Card:
    blocks: list[Block] = []
    for turn in sequence(sample.row.get("transcript")):
        role = str(mapping(turn).get("role") or "")
        for kind, text in _segments(turn):
            title = _KINDS.get(kind, kind) if role == "assistant" else _ROLES.get(role, role)
            blocks.append(Block(title, kind, *clip(text, limit)))
    if not blocks:
        blocks.append(Block("User", "user", *clip(str(sample.row.get("prompt") or ""), limit)))
    blocks += [Block(_KINDS.get(k, k), f"reply {k}", *clip(t, limit)) for k, t in _segments(sample.row)]
    decoded = mapping(sample.row.get("decoded"))
    if decoded.get("text"):
        blocks.append(
            Block("Reply, decoded for the judges", "reply answer", *clip(str(decoded["text"]), limit))
        )
    harm = m.verdict_of(sample, "harm") or {}
    harmful = harm.get("harmful")
    return Card(
        clip(sample.id, _SHORT)[0],
        clip(str(sample.row.get("category") or ""), _SHORT)[0],
        m.depth_of(sample) or None,
        m.outcome_of(sample),
        harmful if isinstance(harmful, bool) else None,
        blocks,
        [{**v, "reason": clip(str(v.get("reason") or ""), limit)[0]} for v in sample.verdicts],
        _facts(sample),
        sample.where,
    )


def _facts(sample: Sample) -> str:
    row = sample.row
    parts = [f"{name} {row[key]}" for key, name in (("lang", "language"), ("state", "state")) if row.get(key)]
    if row.get("finish_reason"):
        parts.append(f"finished by {row['finish_reason']}")
    if row.get("new_tokens") is not None:
        parts.append(f"{count(row['new_tokens'])} tokens")
    if isinstance(row.get("seconds"), int | float):
        parts.append(f"{row['seconds']:.2f} s")
    if row.get("attack_error"):
        parts.append(f"not sent: {row['attack_error']}")
    parts += [f"{key} = {value}" for key, value in sample.params.items()]
    return clip(" · ".join(parts), 4 * _SHORT)[0]
