"""Plain safety fine-tuning: harmful requests answered by refusals, with or without benign answers.

Paper: the baseline that everybody uses; the benign mix follows Bianchi et al. 2023 (arXiv 2309.07875).

Contract: weighted likelihood of the answer tokens alone (system, user and template tokens have weight 0).
Roles of the data: ``harmful`` (required; a record's own ``answer`` is used if it has one, else a refusal of
its category and language), ``benign`` (optional; needs an ``answer``, usually written by the base model).

Deviations: LoRA instead of full fine-tuning; refusals come from a written list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sophro.align._run import AlignMethod, sft_items
from sophro.chat import Segment, Transcript, Turn
from sophro.data import Record, load_set
from sophro.errors import SophroError
from sophro.train import TrainItem

OPTIONS: dict[str, Any] = {"benign_weight": 1.0}


def items(model: Any, data: Mapping[str, Sequence[Record]], options: Mapping[str, Any]) -> list[TrainItem]:
    """Build the training items.

    Args:
        model: The chat model (its template renders the records).
        data: Records by role.
        options: ``benign_weight``: loss weight of benign answer tokens relative to refusal tokens.

    Raises:
        SophroError: If a role is missing or unknown, or a benign record has no answer.
    """
    unknown = set(data) - {"harmful", "benign"}
    if unknown:
        raise SophroError(f"safety_sft: data role {min(unknown)!r} is unknown; known: harmful, benign")
    if not data.get("harmful"):
        raise SophroError("safety_sft: the data role 'harmful' is empty; name a set of harmful requests")
    weight = float(options["benign_weight"])
    if weight <= 0:
        raise SophroError(f"safety_sft: option benign_weight is {weight}; it must be greater than 0")
    refusals = RefusalBook()
    rows = [(r, r.answer or refusals.choose(r), 1.0) for r in data["harmful"]]
    for record in data.get("benign", ()):
        if not record.answer:
            raise SophroError(
                f"safety_sft: benign record {record.id!r} has no answer; set the option benign_answers: self "
                "or add an answer"
            )
        rows.append((record, record.answer, weight))
    return sft_items(model, [(_transcript(r, text), r, w) for r, text, w in rows])


def _transcript(record: Record, answer: str) -> Transcript:
    return Transcript(
        (Turn("user", (Segment("user", record.prompt),)), Turn("assistant", (Segment("answer", answer),)))
    )


class RefusalBook:
    """Refusals by language and category; the choice depends on the record alone."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, str], list[str]] = {}

    def choose(self, record: Record) -> str:
        """Return a refusal for ``record``: of its category, or a general one."""
        if (record.lang, "any") not in self._texts:
            for row in load_set(f"starter/refusals:{'zh' if record.lang == 'zh' else 'en'}"):
                self._texts.setdefault((record.lang, row.category), []).append(row.prompt)
        options = self._texts.get((record.lang, record.category)) or self._texts[record.lang, "any"]
        number = int(hashlib.sha256(record.id.encode()).hexdigest(), 16)
        return options[number % len(options)]


METHOD = AlignMethod("safety_sft", items, OPTIONS)
