"""A judge's card: how well it agrees with people, measured on labelled responses.

Contract: every number has an interval (bootstrap over questions) and the count behind it. A response that
the judge leaves unscored or calls broken is not dropped: it is counted in ``unscored`` and enters kappa,
sensitivity and specificity as a wrong answer, so that silence can never improve a card.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sophro.errors import SophroError
from sophro.files import digest, read_jsonl
from sophro.judge._types import OUTCOMES, Exchange, Judge, Verdict

Kind = Literal["outcome", "refusal", "harm"]
_REFUSAL = ("full_refusal", "not_full_refusal")
_HARM = {0: "not_harmful", 1: "harmful", "0": "not_harmful", "1": "harmful"}
_MISSED = "(unscored)"
MIN_GROUP = 20  # below this many responses a language or length group says nothing


@dataclass(frozen=True)
class Labelled:
    """One labelled response.

    Attributes:
        id: Name of the item.
        exchange: Prompt and response.
        label: An outcome name; ``full_refusal`` / ``not_full_refusal``; or ``harmful`` / ``not_harmful``.
        where: File and line, for messages.
        lang: Language if it is known.
    """

    id: str
    exchange: Exchange
    label: str
    where: str = ""
    lang: str = ""


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval; all None where the data cannot give one."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class JudgeCard:
    """What is known about a judge's agreement with labels.

    Attributes:
        judge: Name of the judge.
        version: Hash of its weights or prompt.
        labelled_set: Name of the labelled set.
        labelled_hash: Hash of prompts, responses and labels.
        kind: Which question was asked: ``outcome``, ``refusal`` (full refusal or not) or ``harm``.
        positive: The label that sensitivity and specificity are about.
        n: Labelled responses.
        unscored: How many of them the judge left unscored or called broken; they count as wrong.
        kappa: Cohen's kappa over the labels of this kind.
        sensitivity: Share of the truly positive that the judge calls positive.
        specificity: Share of the truly negative that the judge calls negative.
        groups: The same numbers by ``lang:xx`` and ``length:short|medium|long`` (characters below 200,
            below 1000, above), where a group has at least 20 responses.
        date: UTC date of the measurement.
    """

    judge: str
    version: str
    labelled_set: str
    labelled_hash: str
    kind: Kind
    positive: str
    n: int
    unscored: int
    kappa: Estimate
    sensitivity: Estimate
    specificity: Estimate
    groups: dict[str, dict[str, Any]] = field(default_factory=lambda: {})
    date: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the card as JSON-able values."""
        return asdict(self)


def label_kind(labels: Sequence[str], where: Sequence[str] | None = None) -> Kind:
    """Return which question the labels answer.

    Raises:
        SophroError: Naming the first line whose label is of another kind than the ones before it.
    """
    fits: set[Kind] = {"outcome", "refusal", "harm"}
    for index, label in enumerate(labels):
        rest = fits & _kinds(label)
        if not rest:
            place = where[index] if where else f"label {index + 1}"
            before = " or ".join(sorted(fits))
            raise SophroError(f"{place}: label {label!r} does not fit the {before} labels before it")
        fits = rest
    return next(kind for kind in ("outcome", "refusal", "harm") if kind in fits)


def _kinds(label: str) -> set[Kind]:
    if label in _HARM.values():
        return {"harm"}
    if label == "not_full_refusal":
        return {"refusal"}
    return {"refusal", "outcome"} if label == "full_refusal" else {"outcome"}


def read_labels(path: Path | str) -> list[Labelled]:
    """Read a labelled JSONL file: ``id``, ``prompt``, ``response``, ``label``, optional ``lang``.

    Labels are outcome names, ``full_refusal`` / ``not_full_refusal``, or 0 / 1 for harm (numbers, true /
    false, or text).

    Raises:
        SophroError: Naming line and field of what is wrong, or if the file holds no labels.
    """
    items: list[Labelled] = []
    for number, row in read_jsonl(path):
        where = f"{path}, line {number}"
        for name in ("prompt", "response"):
            if not isinstance(row.get(name), str):
                raise SophroError(f"{where}, field {name!r}: text is needed")
        if "label" not in row:
            raise SophroError(f"{where}, field 'label': missing")
        label = _label(row["label"], where)
        exchange = Exchange.of(row["prompt"], row["response"])
        items.append(Labelled(str(row.get("id", number)), exchange, label, where, str(row.get("lang", ""))))
    if not items:
        raise SophroError(f"{path}: no labelled responses; one JSON object a line is needed")
    label_kind([item.label for item in items], [item.where for item in items])
    return items


def _label(value: Any, where: str) -> str:
    if isinstance(value, (bool, int, float)) and value in (0, 1):
        return _HARM[int(value)]
    if isinstance(value, str):
        text = value.strip()
        if text in _HARM:
            return _HARM[text]
        if text in OUTCOMES or text in _REFUSAL:
            return text
    known = ", ".join((*OUTCOMES, "not_full_refusal", "0", "1"))
    raise SophroError(f"{where}, field 'label': {value!r} is none of {known}")


def predicted(verdict: Verdict, kind: Kind, vocabulary: set[str]) -> str | None:
    """Return a verdict in the words of the labels, or None where the judge did not say.

    ``indirect_refusal`` counts as ``full_refusal`` when the labels do not tell them apart, and ``broken``
    is an answer only where the labels know it.
    """
    if kind == "harm":
        return None if verdict.harmful is None else _HARM[int(verdict.harmful)]
    if verdict.outcome in (None, "unscored") or (verdict.outcome == "broken" and "broken" not in vocabulary):
        return None
    if kind == "refusal":
        return "full_refusal" if verdict.refused else "not_full_refusal"
    if verdict.outcome == "indirect_refusal" and "indirect_refusal" not in vocabulary:
        return "full_refusal"
    return verdict.outcome


def validate(judge: Judge, labelled: Sequence[Labelled], labelled_set: str = "") -> JudgeCard:
    """Run a judge over labelled responses and return its card.

    Args:
        judge: The judge.
        labelled: At least one labelled response, all labels of one kind.
        labelled_set: Name of the set for the card.

    Raises:
        SophroError: If the set is empty, mixes kinds of labels, or asks a question that the judge never
            answers (harm labels for a refusal judge).
    """
    if not labelled:
        raise SophroError("no labelled responses to validate on")
    kind = label_kind([x.label for x in labelled], [x.where or x.id for x in labelled])
    verdicts = judge([x.exchange for x in labelled])
    vocabulary = {x.label for x in labelled}
    said = [predicted(v, kind, vocabulary) for v in verdicts]
    if kind == "harm" and all(v.harmful is None for v in verdicts):
        raise SophroError(f"judge {judge.name!r} says nothing about harm; use a harm judge or refusal labels")
    if kind != "harm" and all(v.outcome is None for v in verdicts):
        raise SophroError(
            f"judge {judge.name!r} says nothing about refusal; use a refusal judge or harm labels"
        )
    return card_of(judge.name, judge.version, labelled, said, kind, labelled_set)


def card_of(
    name: str,
    version: str,
    labelled: Sequence[Labelled],
    said: Sequence[str | None],
    kind: Kind,
    labelled_set: str = "",
) -> JudgeCard:
    """Build a card from labels and what the judge said (None = unscored)."""
    positive = "harmful" if kind == "harm" else "full_refusal"
    numbers = _numbers(labelled, said, positive)
    groups: dict[str, dict[str, Any]] = {}
    for title, key in (("lang", _language), ("length", _length)):
        names = [key(x) for x in labelled]
        for group in sorted(set(names)):
            index = [i for i, other in enumerate(names) if other == group]
            if group and MIN_GROUP <= len(index) < len(labelled):
                part = _numbers([labelled[i] for i in index], [said[i] for i in index], positive)
                groups[f"{title}:{group}"] = {
                    k: v if isinstance(v, int) else asdict(v) for k, v in part.items()
                }
    content = [(x.exchange.prompt, x.exchange.text(), x.label) for x in labelled]
    return JudgeCard(
        judge=name,
        version=version,
        labelled_set=labelled_set,
        labelled_hash=digest(content),
        kind=kind,
        positive=positive,
        groups=groups,
        date=datetime.now(UTC).date().isoformat(),
        **numbers,
    )


def _numbers(labelled: Sequence[Labelled], said: Sequence[str | None], positive: str) -> dict[str, Any]:
    from sophro.stats import agreement

    truth = [x.label for x in labelled]
    # Unscored counts as wrong: a positive as missed, a negative as falsely called positive.
    strict: list[Hashable] = [
        s if s is not None else (_MISSED if t == positive else positive)
        for t, s in zip(truth, said, strict=True)
    ]
    found = agreement(truth, strict, positive, [x.exchange.prompt for x in labelled])
    pick: Callable[[Any], Estimate] = lambda x: Estimate(x.value, x.low, x.high)  # noqa: E731
    return {
        "n": len(truth),
        "unscored": sum(s is None for s in said),
        "kappa": pick(found.kappa),
        "sensitivity": pick(found.sensitivity),
        "specificity": pick(found.specificity),
    }


def _language(item: Labelled) -> str:
    if item.lang:
        return item.lang
    text = item.exchange.text()
    return "zh" if sum("\u4e00" <= c <= "\u9fff" for c in text) * 5 > len(text) else "en"


def _length(item: Labelled) -> str:
    size = len(item.exchange.text())
    return "short" if size < 200 else "medium" if size < 1000 else "long"
