"""Training items of unlearning: a sequence to forget, beside it one to keep, and perhaps one that does not fit.

Contract: one item per harmful record. The benign records are dealt out in order, again from the start when there are
fewer of them. The trained tokens are those of the answer; the end of turn is trained on the kept side only, because a
harmful text that was cut ends nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from sophro.align._prepare import need
from sophro.chat import TEMPLATE, Transcript
from sophro.data import Record
from sophro.errors import SophroError
from sophro.train import Example, TrainItem, sft_items

# What is fitted and then subtracted, or pushed away, needs nothing to keep.
_FORGET_ONLY = ("unlearn_ga", "unlearn_task_vector")


@dataclass(frozen=True)
class ForgetItem:
    """One step's worth of unlearning.

    Attributes:
        parts: The harmful answer; then a benign one, if the method keeps something; then the harmful prompt with a
            benign answer, for ``mismatch``.
        values: ``reference``: log-probability (nats, summed) of the harmful answer under the untrained model, for NPO.
    """

    parts: tuple[Example, ...]
    values: Mapping[str, float]


def items(
    name: str, model: Any, data: Mapping[str, Sequence[Record]], options: Mapping[str, Any]
) -> list[TrainItem]:
    """Build the training items of method ``name``; NPO's reference values are filled in by the run.

    Raises:
        SophroError: If a role is missing or unknown, or a record has no text to forget or to keep.
    """
    keeps = name not in _FORGET_ONLY
    if not keeps:
        need(name, data, ("harmful",), ("benign",))
    else:
        need(name, data, ("harmful", "benign"), ())
    forget = forget_examples(name, model, data["harmful"])
    if name == "unlearn_task_vector":
        return list(forget)
    if not keeps:
        return [ForgetItem((f,), {}) for f in forget]
    benign = data["benign"]
    kept = keep_examples(name, model, benign)
    found: list[TrainItem] = []
    for i, (example, record) in enumerate(zip(forget, data["harmful"], strict=True)):
        parts = [example, kept[i % len(kept)]]
        if name == "unlearn_mismatch":
            # Half the list away from the kept one, so that the two are different texts.
            other = benign[(i + len(benign) // 2) % len(benign)]
            parts += _examples(model, [(record, cast(str, other.answer))])
        found.append(ForgetItem(tuple(parts), {}))
    return found


def forget_examples(name: str, model: Any, records: Sequence[Record]) -> list[Example]:
    """Return the harmful answers, end of turn not trained.

    Raises:
        SophroError: If a record has no harmful text.
    """
    rows: list[tuple[Record, str]] = []
    for record in records:
        text = record.meta.get("unsafe_response") or record.opening or record.answer
        if not text:
            raise SophroError(
                f"{name}: harmful record {record.id!r} has nothing to forget; add an unsafe_response, opening or answer"
            )
        rows.append((record, str(text)))
    return [_without_end(e) for e in _examples(model, rows)]


def keep_examples(name: str, model: Any, records: Sequence[Record]) -> list[Example]:
    """Return the benign answers.

    Raises:
        SophroError: If a record has no answer.
    """
    rows: list[tuple[Record, str]] = []
    for record in records:
        if not record.answer:
            raise SophroError(
                f"{name}: benign record {record.id!r} has no answer; set the option benign_answers: self or add one"
            )
        rows.append((record, record.answer))
    return _examples(model, rows)


def _examples(model: Any, rows: Sequence[tuple[Record, str]]) -> list[Example]:
    made = sft_items(model, [(Transcript.of(r.prompt, answer=text), r, 1.0) for r, text in rows])
    return [cast(Example, item) for item in made]


def _without_end(example: Example) -> Example:
    kinds = example.meta["tokenized"].kinds
    weights = [0.0 if kind == TEMPLATE else w for kind, w in zip(kinds, example.weights, strict=True)]
    return replace(example, weights=weights)
