"""A key/value cache that is written in place and can drop, move and join rows.

Contract: one cell per cached token; row b owns the cells where ``mask[b]`` is 1, in order. Where a cell
lies says nothing about its position: rotary positions are given explicitly and were applied before
caching, so rows can be moved freely. transformers' ``DynamicLayer`` copies the whole cache at each step;
this layer copies only when it has to grow.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer


class InPlaceLayer(DynamicLayer):
    """A full-attention layer with spare capacity; ``keys`` and ``values`` are views of the used part."""

    def __init__(self, reserve: int) -> None:
        super().__init__()
        self.reserve = reserve
        self._keys: torch.Tensor | None = None
        self._values: torch.Tensor | None = None

    def adopt(self, keys: torch.Tensor, values: torch.Tensor, used: int) -> None:
        """Take over buffers of shape (rows, heads, capacity, head size) whose first ``used`` cells are set."""
        self.dtype, self.device = keys.dtype, keys.device
        self._keys, self._values = keys, values
        self.keys, self.values = keys[:, :, :used], values[:, :, :used]
        self.is_initialized = True

    def buffers(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return keys and values with their spare cells."""
        assert self._keys is not None and self._values is not None
        return self._keys, self._values

    def cells(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the used cells of keys and values."""
        assert self.keys is not None and self.values is not None
        return self.keys, self.values

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append the new cells and return all used ones."""
        used = self.keys.shape[2] if self.is_initialized and self.keys is not None else 0
        total = used + key_states.shape[2]
        if self._keys is None or self._values is None or total > self._keys.shape[2]:
            self._grow(key_states, value_states, used, total)
        assert self._keys is not None and self._values is not None
        self._keys[:, :, used:total] = key_states
        self._values[:, :, used:total] = value_states
        self.keys, self.values = self._keys[:, :, :total], self._values[:, :, :total]
        return self.keys, self.values

    def _grow(self, keys: torch.Tensor, values: torch.Tensor, used: int, total: int) -> None:
        rows, heads, _, size = keys.shape
        new_keys = keys.new_empty(rows, heads, total + self.reserve, size)
        new_values = values.new_empty(rows, heads, total + self.reserve, values.shape[3])
        if used and self.keys is not None and self.values is not None:
            new_keys[:, :, :used] = self.keys
            new_values[:, :, :used] = self.values
        self.adopt(new_keys, new_values, used)


def in_place_cache(config: Any, reserve: int) -> tuple[DynamicCache, bool]:
    """Build the model's own cache with in-place layers where attention is full.

    Args:
        config: The model's configuration.
        reserve: Cells to allocate beyond the need of the moment.

    Returns:
        The cache, and whether every layer is in place (only then may rows be moved and joined).
    """
    cache: Any = DynamicCache(config=config)
    if not cache.layers:  # older configurations create layers lazily
        cache.layers = [DynamicLayer() for _ in range(config.get_text_config().num_hidden_layers)]
    cache.layers = [InPlaceLayer(reserve) if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache, all(isinstance(layer, InPlaceLayer) for layer in cache.layers)


def _moved(cache: DynamicCache) -> list[InPlaceLayer]:
    """Return the layers of a cache whose rows may be moved."""
    layers = [layer for layer in cache.layers if isinstance(layer, InPlaceLayer)]
    assert len(layers) == len(cache.layers)
    return layers


def share_prefix(cache: DynamicCache, prefix: DynamicCache, rows: int) -> None:
    """Fill an empty cache with ``rows`` copies of a one-row prefix."""
    for layer, source in zip(_moved(cache), _moved(prefix), strict=True):
        keys, values = source.cells()
        used = keys.shape[2]
        wide_keys = keys.new_empty(rows, keys.shape[1], used + layer.reserve, keys.shape[3])
        wide_values = values.new_empty(rows, values.shape[1], used + layer.reserve, values.shape[3])
        wide_keys[:, :, :used] = keys
        wide_values[:, :, :used] = values
        layer.adopt(wide_keys, wide_values, used)


def join_rows(
    parts: list[tuple[DynamicCache, torch.Tensor, torch.Tensor]], config: Any, reserve: int
) -> tuple[DynamicCache, torch.Tensor]:
    """Gather rows of several caches into one, each row pushed to the right edge.

    Args:
        parts: For each source its cache, its mask (rows, cells) of 0/1, and the row numbers to keep.
        config: The model's configuration.
        reserve: Spare cells of the new cache.

    Returns:
        The new cache and its mask; padding lies only on the left.
    """
    lengths = [mask[rows].sum(1) for _, mask, rows in parts]
    used = int(torch.cat(lengths).max())
    joined, _ = in_place_cache(config, reserve)
    masks: list[torch.Tensor] = []
    plans: list[tuple[torch.Tensor, torch.Tensor]] = []
    for (_, mask, rows), length in zip(parts, lengths, strict=True):
        kept = mask[rows]
        # A stable sort puts padding first and keeps the order of the valid cells.
        order = torch.sort(kept, dim=1, stable=True).indices
        cells = order.shape[1]
        if cells < used:
            order = torch.nn.functional.pad(order, (used - cells, 0))
        plans.append((rows, order[:, -used:]))
        masks.append((torch.arange(used)[None] >= used - length[:, None]).to(mask.dtype))
    sources = [_moved(cache) for cache, _, _ in parts]
    total = sum(len(rows) for rows, _ in plans)
    for index, target in enumerate(_moved(joined)):
        sides: list[torch.Tensor] = []
        for side in (0, 1):
            first = sources[0][index].buffers()[side]
            merged = first.new_empty(total, first.shape[1], used + reserve, first.shape[3])
            at = 0
            for layers, (rows, order) in zip(sources, plans, strict=True):
                source = layers[index].buffers()[side]
                # (rows, cells, heads, size) <- advanced indexing puts the cell axis second
                picked = source[rows[:, None], :, order]
                merged[at : at + len(rows), :, :used] = picked.transpose(1, 2)
                at += len(rows)
            sides.append(merged)
        target.adopt(sides[0], sides[1], used)
    return joined, torch.cat(masks)


def keep_rows(cache: DynamicCache, rows: torch.Tensor) -> None:
    """Drop all rows but ``rows`` (row numbers, in order)."""
    for layer in cache.layers:
        if isinstance(layer, InPlaceLayer):
            keys, values = layer.buffers()
            layer.adopt(keys.index_select(0, rows), values.index_select(0, rows), layer.cells()[0].shape[2])
        else:
            layer.reorder_cache(cast(Any, rows))
