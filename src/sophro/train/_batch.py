"""From items to the tensors of one forward pass.

Contract: sequences are padded on the right and carry no attention mask. Under causal attention no real token
ever sees what follows it, so right padding changes nothing for it, and attention without a mask takes the
faster path. What comes out at padded positions is never read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from sophro.train._examples import TrainItem


@dataclass(frozen=True)
class Batch:
    """Tensors of R = parts x items sequences, padded to T positions.

    Rows are ordered part by part: all first parts, then all second parts. ``values`` and the totals let a
    loss normalise over the whole optimiser step, of which this batch may be a piece.

    Attributes:
        ids: (R, T) token ids.
        mask: (R, T) 1 on real tokens, 0 on padding.
        weights: (R, T) loss weight of each token; column 0 is 0.
        values: Named numbers, one per item: (items,).
        items: Items in this piece.
        parts: Sequences per item.
        total_items: Items in the whole optimiser step, over pieces and processes.
        total_weight: Sum of the absolute loss weights in the whole optimiser step.
    """

    ids: Tensor
    mask: Tensor
    weights: Tensor
    values: dict[str, Tensor]
    items: int
    parts: int
    total_items: int
    total_weight: float

    def rows(self, part: int) -> slice:
        """Return the rows that hold part number ``part`` of the items."""
        return slice(part * self.items, (part + 1) * self.items)

    def to(self, device: Any) -> Batch:
        """Return the batch on another device."""
        moved = {
            f.name: getattr(self, f.name).to(device)
            for f in fields(self)
            if isinstance(getattr(self, f.name), Tensor)
        }
        return replace(self, **moved, values={k: v.to(device) for k, v in self.values.items()})


def item_weight(item: TrainItem) -> float:
    """Return the sum of absolute loss weights of an item, its unpredictable first tokens left out."""
    return sum(abs(w) for part in item.parts for w in part.weights[1:])


def collate(items: Sequence[TrainItem], *, total_items: int, total_weight: float, pad: int = 0) -> Batch:
    """Pad ``items`` on the right.

    Args:
        items: At least one item, all with equally many parts.
        total_items: Items in the whole optimiser step.
        total_weight: Sum of absolute loss weights in the whole optimiser step.
        pad: Id that fills the padding; any id will do because it is never read.
    """
    parts = len(items[0].parts)
    rows = [item.parts[part] for part in range(parts) for item in items]
    length = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), length), pad, dtype=torch.long)
    mask = torch.zeros(len(rows), length)
    weights = torch.zeros(len(rows), length)
    for index, row in enumerate(rows):
        size = len(row.ids)
        ids[index, :size] = torch.tensor(row.ids, dtype=torch.long)
        mask[index, :size] = 1
        weights[index, 1:size] = torch.tensor(row.weights[1:], dtype=torch.float32)
    names = items[0].values
    values = {name: torch.tensor([i.values[name] for i in items], dtype=torch.float32) for name in names}
    return Batch(ids, mask, weights, values, len(items), parts, total_items, total_weight)
