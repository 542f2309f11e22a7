"""Loss weights as a table from segment kind to weight.

Contract: only ids of segments, and the tags and end of turn of the final assistant turn, can have a weight
other than zero; the prompt's template ids never do. ``check_trainable`` is the gate before training: it
refuses an empty or a wrong mask instead of training on it silently.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sophro.chat._segments import KINDS
from sophro.chat._tokenized import TEMPLATE, TokenizedTranscript
from sophro.errors import SophroError, unknown_name

SFT_TABLE: Mapping[str, float] = {"answer": 1.0, "trace": 1.0, "reflection": 1.0}
"""Supervised fine-tuning: what the model should say, never the prompt, a forced prefix or a harmful one."""

_PROMPT_KINDS = frozenset({"system", "user"})


def loss_weights(tokenized: TokenizedTranscript, table: Mapping[str, float] = SFT_TABLE) -> list[float]:
    """Return one weight per id.

    Trace tags and end of turn take the weight of the segment that they open or close. Assistant kinds count
    in the final assistant turn only: to train several turns of a conversation, render it once per turn, so
    that each answer stands behind the very prompt that the model would see.

    Args:
        tokenized: A rendered transcript (``close=True`` to teach the end of turn).
        table: Weight per segment kind; kinds that are missing have weight 0.

    Raises:
        SophroError: If the table names an unknown kind or holds a weight that is not a finite number.
    """
    for kind, weight in table.items():
        if kind not in KINDS:
            raise unknown_name("segment kind in the loss table", kind, KINDS)
        if not math.isfinite(weight):
            raise SophroError(f"loss table: the weight of {kind!r} is {weight}; a finite number is needed")
    weights: list[float] = []
    for position, kind in enumerate(tokenized.kinds):
        if kind == TEMPLATE:
            owner = tokenized.segment[position]
            kind = tokenized.segments[owner].kind if owner >= 0 else TEMPLATE
        elif kind not in _PROMPT_KINDS and position < tokenized.prompt_length:
            kind = TEMPLATE
        weights.append(float(table.get(kind, 0.0)))
    return weights


def check_trainable(tokenized: TokenizedTranscript, weights: Sequence[float], where: str) -> None:
    """Refuse a record whose trained part is empty or reaches into the template.

    Args:
        tokenized: The rendered transcript.
        weights: One weight per id, from :func:`loss_weights` or made by hand.
        where: How the error names the record (file and line, or id).

    Raises:
        SophroError: If lengths differ, a weight is not finite, nothing is trained, or a trained id belongs to
            the prompt's template or is a control token other than a trace tag or the end of turn.
    """
    if len(weights) != len(tokenized):
        raise SophroError(f"{where}: {len(weights)} loss weights for {len(tokenized)} tokens")
    trained = [i for i, w in enumerate(weights) if w != 0.0]
    # An empty answer would teach nothing but to stop.
    if all(tokenized.kinds[i] == TEMPLATE and tokenized.generated[i] for i in trained):
        kinds = ", ".join(sorted({s.kind for s in tokenized.segments if s.text})) or "none"
        raise SophroError(
            f"{where}: no token of a segment would be trained (segments with text: {kinds}); "
            "change the loss table or the record"
        )
    for i in trained:
        if not math.isfinite(weights[i]):
            raise SophroError(f"{where}: the loss weight of token {i} is {weights[i]}")
        if tokenized.kinds[i] == TEMPLATE and not tokenized.generated[i]:
            raise SophroError(
                f"{where}: token {i} (id {tokenized.ids[i]}) is prompt template and would be trained"
            )
        if tokenized.kinds[i] != TEMPLATE and tokenized.ids[i] in tokenized.control_ids:
            raise SophroError(
                f"{where}: token {i} (id {tokenized.ids[i]}) is a control token inside a segment"
            )
