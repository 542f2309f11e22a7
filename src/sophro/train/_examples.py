"""What the trainer reads: token ids with one weight per token, alone or in pairs.

Contract: an item of training data is one or several examples (``parts``) that belong together, plus named
numbers (``values``) that were computed beforehand. Weight 0 means "context only". A negative weight pushes
the likelihood of its token down. A method with its own shape of data writes a class with these three members.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sophro.errors import SophroError


class TrainItem(Protocol):
    """One unit of the batch plan."""

    @property
    def parts(self) -> tuple[Example, ...]:
        """The token sequences of this item; every item of one training run has equally many."""
        ...

    @property
    def values(self) -> Mapping[str, float]:
        """Named numbers that the loss reads, for example reference log-probabilities."""
        ...


@dataclass(frozen=True)
class Example:
    """One token sequence.

    Attributes:
        ids: Token ids, the whole conversation.
        weights: One loss weight per id; the weight of the first id is ignored because nothing predicts it.
        meta: Where the example comes from (``id``, ``set``, ...); never used for training.
    """

    ids: Sequence[int]
    weights: Sequence[float]
    meta: Mapping[str, Any] = field(default_factory=lambda: {})

    @property
    def parts(self) -> tuple[Example, ...]:
        """The example itself."""
        return (self,)

    @property
    def values(self) -> Mapping[str, float]:
        """No numbers."""
        return {}


@dataclass(frozen=True)
class PairExample:
    """A preferred and a dispreferred sequence for one prompt.

    Attributes:
        chosen: The preferred sequence; weights 1 on the compared tokens, 0 on the context.
        rejected: The dispreferred sequence.
        ref_chosen: Log-probability (nats, summed over tokens) of ``chosen`` under the frozen reference.
        ref_rejected: The same for ``rejected``. See ``sequence_scores`` for computing both.
    """

    chosen: Example
    rejected: Example
    ref_chosen: float
    ref_rejected: float

    @property
    def parts(self) -> tuple[Example, ...]:
        """Chosen, then rejected."""
        return (self.chosen, self.rejected)

    @property
    def values(self) -> Mapping[str, float]:
        """The two reference log-probabilities."""
        return {"ref_chosen": self.ref_chosen, "ref_rejected": self.ref_rejected}


def check_items(items: Sequence[TrainItem], *, vocabulary: int, positions: int | None) -> None:
    """Refuse data that would train nothing, index outside the model, or poison the weights.

    Args:
        items: The training data.
        vocabulary: Rows of the model's embedding matrix.
        positions: Longest sequence the model supports, or None where it has no limit.

    Raises:
        SophroError: Naming the item (by position and its ``meta["id"]``) and what is wrong.
    """
    if not items:
        raise SophroError("no training examples; check the data set and its filters")
    count = len(items[0].parts)
    for index, item in enumerate(items):
        if len(item.parts) != count:
            raise SophroError(f"training example {index}: {len(item.parts)} sequences, the first has {count}")
        for name, value in item.values.items():
            if not math.isfinite(value):
                raise SophroError(f"training example {index}, {name}: {value} is not a finite number")
        for part in item.parts:
            _check_part(part, f"training example {index}{_label(part)}", vocabulary, positions)


def _label(part: Example) -> str:
    return f" ({part.meta['id']})" if "id" in part.meta else ""


def _check_part(part: Example, where: str, vocabulary: int, positions: int | None) -> None:
    if len(part.ids) != len(part.weights):
        raise SophroError(f"{where}: {len(part.ids)} ids but {len(part.weights)} weights; one weight per id")
    if len(part.ids) < 2:
        raise SophroError(f"{where}: {len(part.ids)} token(s); at least two are needed to predict one")
    if positions is not None and len(part.ids) > positions:
        raise SophroError(f"{where}: {len(part.ids)} tokens, the model reads {positions}; shorten the record")
    if min(part.ids) < 0 or max(part.ids) >= vocabulary:
        raise SophroError(f"{where}: a token id is outside 0..{vocabulary - 1}; resize the embeddings first")
    if not all(math.isfinite(w) for w in part.weights):
        raise SophroError(f"{where}: a loss weight is not a finite number")
    if not any(part.weights[1:]):
        raise SophroError(f"{where}: no token has a loss weight, nothing would be learned; drop the record")
