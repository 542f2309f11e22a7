"""Decoding for a server: rows join and leave at every step, each with its own settings, seed and length.

Contract: one ``step`` writes one token of every running row and admits waiting prompts, at most one pass of them, so
that a long prompt delays the others by one pass only. A row's ids are those that ``ChatModel.generate`` gives for the
same settings and the same random stream, whatever shares the batch (up to float rounding). A row that is cancelled
costs nothing from the next step on; a paused one keeps its cache and waits. All rows share one state of the weights:
patches are the caller's.

Continuous batching at this granularity is Orca's (Yu et al., OSDI 2022); the rest is that of ``_engine``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from sophro.errors import SophroError
from sophro.models._cache import join_rows
from sophro.models._engine import Batch, Run, sampled
from sophro.models._types import GenerationConfig

_PASS_TOKENS = 2048  # most prompt tokens that are read between two steps, unless one prompt is longer
Ending = Literal["stop", "length", "exceeded"]


@dataclass(eq=False)
class LiveRow:
    """One answer.

    Attributes:
        ids: The prompt's ids.
        config: Settings; ``max_rows`` and ``max_batch_tokens`` of it are not used.
        stream: Which random stream of the seed it draws from.
        owner: Whatever the caller wants to find again.
        cancelled: Set from any thread; the row leaves at the next step.
        paused: Set from any thread; the row waits while it is set.
        made: Tokens so far.
    """

    ids: Sequence[int]
    config: GenerationConfig
    stream: int = 0
    owner: Any = None
    cancelled: bool = False
    paused: bool = False
    made: int = 0
    reflected: int = 0
    uniforms: torch.Tensor = field(default_factory=lambda: torch.empty(0))
    bias: tuple[torch.Tensor, torch.Tensor] | None = None

    def __post_init__(self) -> None:
        if self.config.json_schema is not None:
            # A reflection cannot stand inside JSON, so a client could switch the defence off with it.
            raise SophroError("json_schema: rows of a server are not held to a schema")
        if self.config.temperature > 0:
            stream = torch.Generator().manual_seed(self.config.seed * 1_000_003 + self.stream)
            self.uniforms = torch.rand(self.config.max_new_tokens, generator=stream)
        if self.config.logit_bias:
            ids = torch.tensor(list(self.config.logit_bias), dtype=torch.long)
            self.bias = ids, torch.tensor(list(self.config.logit_bias.values()))

    @property
    def cells(self) -> int:
        """Most cache cells that it needs."""
        return len(self.ids) + self.config.max_new_tokens


@dataclass(frozen=True)
class Step:
    """One token of one row; None where the end of the turn came instead, or the token was one too many."""

    row: LiveRow
    token: int | None
    ended: Ending | None


class Live(Run):
    """The rows of one model under one set of patches.

    Args:
        model: A local chat model.
        rows: Most rows at once.
        cells: Most cache cells at once.
    """

    def __init__(self, model: Any, rows: int = 16, cells: int = 32_768) -> None:
        config = GenerationConfig(max_rows=rows, max_batch_tokens=cells)
        self._known: dict[int, LiveRow] = {}
        prompts: dict[int, Sequence[int]] = {}
        super().__init__(
            model.network, prompts, config, model.stop_ids, _ignore, model.running, share=False, limit=None
        )
        self._ids = prompts
        self._ends = model.stop_ids
        self._reflection = model.reflection_id
        self._next = 0
        self._queue: deque[int] = deque()
        self._batch: Batch | None = None
        self._parked: dict[int, Batch] = {}

    def add(self, row: LiveRow) -> None:
        """Put a row into the queue."""
        self._known[self._next] = row
        self._ids[self._next] = row.ids
        self._queue.append(self._next)
        self._next += 1

    @property
    def rows(self) -> list[LiveRow]:
        """All rows that have not ended."""
        return list(self._known.values())

    @property
    def ready(self) -> bool:
        """Whether a step would do anything."""
        return any(row.cancelled or not row.paused for row in self._known.values())

    @torch.inference_mode()
    def step(self) -> list[Step]:
        """Write one token of every running row; return what came."""
        self._leave()
        self._join()
        batch = self._batch
        if batch is None:
            return []
        keys: list[int] = batch.index.tolist()
        alive: list[bool] = (~batch.done).tolist()
        chosen = self._chosen(batch, keys, alive)
        out: list[Step] = []
        ended: list[int] = []
        for at, token in enumerate(chosen.tolist()):
            if alive[at]:
                step = self._advance(self._known[keys[at]], int(token))
                out.append(step)
                if step.ended:
                    ended.append(at)
                    self._forget(keys[at])
        if ended:
            batch.done[ended] = True
        if bool(batch.done.all()):
            self._batch = None
            return out
        batch.mask = torch.cat([batch.mask, batch.mask.new_ones(len(keys), 1)], dim=1)
        positions = batch.mask.sum(1, keepdim=True) - 1
        batch.logits = self._forward(batch.index, chosen[:, None], batch.mask, positions, batch.cache)
        return out

    def _advance(self, row: LiveRow, token: int) -> Step:
        row.made += 1
        if token in self._ends:
            return Step(row, None, "stop")
        if token == self._reflection:
            row.reflected += 1
            limit = row.config.reflections
            if limit is not None and row.reflected > limit:
                return Step(row, None, "exceeded")
        return Step(row, token, "length" if row.made >= row.config.max_new_tokens else None)

    def _forget(self, key: int) -> None:
        del self._known[key], self._ids[key]

    def _chosen(self, batch: Batch, keys: Sequence[int], alive: Sequence[bool]) -> torch.Tensor:
        """Return one id per row; what stands in rows that have ended means nothing."""
        rows = [(at, self._known[key]) for at, key in enumerate(keys) if alive[at]]
        logits = batch.logits
        if any(row.bias is not None for _, row in rows):
            logits = logits.clone()
            for at, row in rows:
                if row.bias is not None:
                    logits[at, row.bias[0]] += row.bias[1].to(logits)
        chosen = logits.argmax(-1)
        drawing = [(at, row) for at, row in rows if row.config.temperature > 0]
        if drawing:
            at = [a for a, _ in drawing]

            def column(values: list[float]) -> torch.Tensor:
                return torch.tensor(values, device=self.device)[:, None]

            chosen[at] = sampled(
                logits[at],
                column([r.config.temperature for _, r in drawing]),
                column([r.config.top_p for _, r in drawing]),
                column([float(r.uniforms[r.made]) for _, r in drawing]),
            )
        return chosen

    def _leave(self) -> None:
        """Drop rows that were cancelled, and set those aside that pause."""
        for key in [k for k, row in self._known.items() if row.cancelled]:
            self._parked.pop(key, None)
            if key in self._queue:
                self._queue.remove(key)
                self._forget(key)
        batch = self._batch
        if batch is None:
            for key in [k for k, row in self._known.items() if row.cancelled]:
                self._forget(key)
            return
        done: list[bool] = batch.done.tolist()
        for at, key in enumerate(batch.index.tolist()):
            row = self._known.get(key)
            if done[at] or row is None:
                continue
            if row.cancelled:
                batch.done[at] = True
            elif row.paused and self.movable:
                self._parked[key] = self._part(batch, at)
                batch.done[at] = True
        for key in [k for k, row in self._known.items() if row.cancelled]:
            self._forget(key)
        if bool(batch.done.all()):
            self._batch = None
        elif batch.done_count() * 8 >= len(batch.index):
            batch.drop_done()

    def _part(self, batch: Batch, at: int) -> Batch:
        row = torch.tensor([at], device=self.device)
        cache, mask = join_rows([(batch.cache, batch.mask, row)], self.model_config, self.reserve)
        return Batch(batch.index[row], cache, mask, batch.logits[row], None)

    def _join(self) -> None:
        """Let rows go on that paused, and admit what fits of the queue."""
        if self._batch is not None and not self.movable:
            return
        fresh = [self._parked.pop(k) for k in list(self._parked) if not self._known[k].paused]
        admitted = self._admitted(sum(len(b.index) for b in fresh))
        if admitted:
            longest = sorted(admitted, key=lambda k: -len(self._ids[k]))
            fresh.append(self._admit(longest, len(longest), None, 0))
        for other in fresh:
            self._batch = other if self._batch is None else self._merged(self._batch, other)

    def _merged(self, batch: Batch, other: Batch) -> Batch:
        alive = torch.nonzero(~batch.done).flatten()
        everyone = torch.arange(len(other.index), device=self.device)
        cache, mask = join_rows(
            [(batch.cache, batch.mask, alive), (other.cache, other.mask, everyone)],
            self.model_config,
            self.reserve,
        )
        return Batch.joined(batch, alive, other, cache, mask)

    def _admitted(self, back: int) -> list[int]:
        """Take what fits from the front of the queue; ``back`` rows come back from a pause."""
        running = [] if self._batch is None else self._batch.index[~self._batch.done].tolist()
        cells = max((self._known[k].cells for k in (*running, *self._parked)), default=0)
        rows, tokens = len(running) + back, 0
        taken: list[int] = []
        while self._queue:
            row = self._known[self._queue[0]]
            cells = max(cells, row.cells)
            full = rows >= self.config.max_rows or (rows + 1) * cells > self.config.max_batch_tokens
            if (rows and full) or (taken and tokens + len(row.ids) > _PASS_TOKENS):
                break
            taken.append(self._queue.popleft())
            rows, tokens = rows + 1, tokens + len(row.ids)
        return taken


def _ignore(_index: int, _result: Any) -> None:
    """Results leave through ``step``."""
