"""From transcripts to what the trainer reads: rendered ids with a weight by kind of segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sophro.chat import SFT_TABLE, Transcript, check_trainable, loss_weights
from sophro.data import Record
from sophro.train._examples import Example, TrainItem


def sft_items(
    model: Any,
    rows: Sequence[tuple[Transcript, Record, float]],
    table: Mapping[str, float] = SFT_TABLE,
) -> list[TrainItem]:
    """Render transcripts and weigh their tokens.

    Args:
        model: The chat model.
        rows: Transcript, the record it came from, and a factor on its loss weights.
        table: Weight per segment kind.

    Raises:
        SophroError: If the trained part of a record is empty or holds template tokens, or it does not fit.
    """
    items: list[TrainItem] = []
    for transcript, record, factor in rows:
        where = f"{record.set} {record.id}"
        tokenized = model.render(transcript, close=True)
        model.template.check_length(tokenized, model.context)
        weights = loss_weights(tokenized, table)
        check_trainable(tokenized, weights, where)
        scaled = weights if factor == 1.0 else [w * factor for w in weights]
        items.append(
            Example(list(tokenized.ids), scaled, {"id": record.id, "set": record.set, "tokenized": tokenized})
        )
    return items
