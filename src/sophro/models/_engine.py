"""Batched decoding: length-sorted batches, rows that leave when they finish, new rows that join.

Contract: ids in, ids out, in the order given; greedy results do not depend on what shares the batch (up to
float rounding), sampled ones draw from one stream per prompt. Nothing here knows text or templates.

How it is fast on a CPU, where a decoding step costs in proportion to its rows: the key/value cache is
written in place; a finished row stops costing as soon as dropping it pays; freed rows are refilled from the
queue; a prefix that many prompts share (the system prompt) is computed once; only the last position meets
the output matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from sophro.errors import SophroError
from sophro.models._cache import in_place_cache, join_rows, keep_rows, share_prefix
from sophro.models._grammar import Schema
from sophro.models._packed import packed
from sophro.models._running import Running
from sophro.models._types import GenerationConfig

_MIN_SHARED = 8  # tokens; below this a shared prefix does not pay for its own forward pass
_PREFILL_TOKENS = 2048  # most padded tokens in one prefill pass
_PASS_TOKENS = 128  # a pass of fewer tokens costs little more than its overhead, so padding is cheaper
_NARROW = 0.8  # a prompt shorter than this share of the widest starts a new pass
_GROUP_HEAD = 8  # prompts whose first ids agree this far are candidates for one shared prefix


@dataclass(frozen=True)
class Generated:
    """Ids of one prompt's continuation and why it ended.

    Attributes:
        ids: The ids, end-of-turn excluded, and without the token that was one too many.
        stopped: Ended by a stop id.
        exceeded: Ended because a limited token came once too often.
    """

    ids: tuple[int, ...]
    stopped: bool
    exceeded: bool = False


@torch.inference_mode()
def decode(
    network: Any,
    prompts: Sequence[Sequence[int]],
    config: GenerationConfig,
    stop_ids: frozenset[int],
    *,
    on_done: Callable[[int, Generated], None],
    running: Running | None = None,
    share: bool = True,
    limit: tuple[int, int] | None = None,
    schema: Schema | None = None,
) -> None:
    """Continue every prompt and report each as soon as it is finished.

    Args:
        network: A transformers causal language model in eval mode.
        prompts: Token ids, non-empty; they must leave room in the context.
        config: Decoding settings.
        stop_ids: Ids that end a turn.
        on_done: Called once per prompt with its index and result.
        running: Told before each forward pass which prompt every row is and which positions are prompt; patches
            ask it.
        share: Whether a prefix that many prompts share may be computed once. Not with patches that differ by
            prompt.
        limit: ``(token, n)``: an answer ends where the token would come for the (n + 1)-th time.
        schema: What answers are held to.
    """
    if not prompts:
        return
    run = Run(network, prompts, config, stop_ids, on_done, running or Running(), share, limit, schema)
    with packed(network):
        for group in _groups(prompts):
            run.decode_group(group)


def _groups(prompts: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield prompt indices grouped by their first ids, each group sorted by length, longest first."""
    heads: dict[tuple[int, ...], list[int]] = {}
    for index, ids in enumerate(prompts):
        heads.setdefault(tuple(ids[:_GROUP_HEAD]), []).append(index)
    small: list[int] = []
    for members in heads.values():
        if len(members) < 4:
            small.extend(members)
            continue
        yield sorted(members, key=lambda i: (-len(prompts[i]), i))
    if small:
        yield sorted(small, key=lambda i: (-len(prompts[i]), i))


def shared_prefix(prompts: Sequence[Sequence[int]]) -> int:
    """Return how many leading ids all prompts share, leaving at least one id to each."""
    # The lexicographic extremes bound everything between them.
    first, last = min(map(tuple, prompts)), max(map(tuple, prompts))
    limit = min(len(p) for p in prompts) - 1
    length = 0
    while length < limit and first[length] == last[length]:
        length += 1
    return length


class Run:
    """One queue of prompts with common settings, decoded batch by batch."""

    def __init__(
        self,
        network: Any,
        prompts: Sequence[Sequence[int]] | Mapping[int, Sequence[int]],
        config: GenerationConfig,
        stop_ids: frozenset[int],
        on_done: Callable[[int, Generated], None],
        running: Running,
        share: bool,
        limit: tuple[int, int] | None,
        schema: Schema | None = None,
    ) -> None:
        self.limit = limit
        self.schema = schema
        self.network = network
        self.model_config = network.config
        self.device = next(network.parameters()).device
        self.prompts = prompts
        self.config = config
        self.stop = torch.tensor(sorted(stop_ids), dtype=torch.long, device=self.device)
        self.on_done = on_done
        self.running = running
        self.share = share
        self.reserve = min(config.max_new_tokens, 128) + 1
        self.bias = self._bias()
        _, self.movable = in_place_cache(self.model_config, 1)

    def _bias(self) -> torch.Tensor | None:
        if not self.config.logit_bias:
            return None
        size = self.network.get_output_embeddings().weight.shape[0]
        bias = torch.zeros(size, device=self.device)
        for token, value in self.config.logit_bias.items():
            if not 0 <= token < size:
                raise SophroError(f"logit_bias: token id {token} is outside the vocabulary of {size}")
            bias[token] = value
        return bias

    def decode_group(self, queue: list[int]) -> None:
        """Continue the prompts ``queue``, which are sorted by length, longest first."""
        share = 0
        if self.movable and self.share and len(queue) >= 4:
            share = shared_prefix([self.prompts[i] for i in queue])
            share = share if share >= _MIN_SHARED else 0
        prefix = self._prefix(self.prompts[queue[0]][:share]) if share else None
        batch: Batch | None = None
        waiting = list(queue)
        while waiting or batch is not None:
            if batch is None:
                batch = self._admit(waiting, self._room(waiting, 0), prefix, share)
            elif self.movable and waiting and batch.done_count() * 4 >= self._room(waiting, 0):
                batch = self._refill(batch, waiting, prefix, share)
            elif batch.done_count() * 8 >= len(batch.index):
                batch.drop_done()
            if len(batch.index) == 0:
                batch = None
                continue
            self._step(batch)
            if batch.done_count() == len(batch.index):
                batch = None

    def _room(self, waiting: Sequence[int], taken: int) -> int:
        longest = len(self.prompts[waiting[0]]) + self.config.max_new_tokens
        rows = max(1, self.config.max_batch_tokens // longest)
        return max(0, min(self.config.max_rows, rows) - taken)

    def _prefix(self, ids: Sequence[int]) -> Any:
        cache, _ = in_place_cache(self.model_config, 0)
        tokens = torch.tensor([list(ids)], device=self.device)
        with self.running.scope(None, torch.ones_like(tokens).bool()):
            self.network(input_ids=tokens, past_key_values=cache, use_cache=True, logits_to_keep=1)
        return cache

    def _admit(self, waiting: list[int], count: int, prefix: Any, share: int) -> Batch:
        """Prefill the next ``count`` prompts of the queue as one batch."""
        rows = [waiting.pop(0) for _ in range(min(count, len(waiting)))]
        parts = [self._prefill(part, prefix, share) for part in self._parts(rows, share)]
        if len(parts) == 1:
            return parts[0]
        everyone = [(p.cache, p.mask, torch.arange(len(p.index), device=self.device)) for p in parts]
        cache, mask = join_rows(everyone, self.model_config, self.reserve)
        uniforms = [p.uniforms for p in parts if p.uniforms is not None]
        return Batch(
            torch.cat([p.index for p in parts]),
            cache,
            mask,
            torch.cat([p.logits for p in parts]),
            torch.cat(uniforms) if uniforms else None,
        )

    def _parts(self, rows: list[int], share: int) -> list[list[int]]:
        """Cut rows (longest first) where padding them to one width would cost more than another pass."""
        if not self.movable:
            return [rows]
        parts: list[list[int]] = [[]]
        for row in rows:
            part = parts[-1]
            widest = len(self.prompts[part[0]]) - share if part else 0
            short = len(self.prompts[row]) - share < _NARROW * widest
            if part and (
                widest * (len(part) + 1) > _PREFILL_TOKENS or (short and widest * len(part) >= _PASS_TOKENS)
            ):
                parts.append([])
            parts[-1].append(row)
        return parts

    def _prefill(self, rows: list[int], prefix: Any, share: int) -> Batch:
        suffixes = [self.prompts[i][share:] for i in rows]
        width = max(len(s) for s in suffixes)
        ids = torch.full((len(rows), width), 0, dtype=torch.long, device=self.device)
        mask = torch.zeros((len(rows), share + width), dtype=torch.long, device=self.device)
        mask[:, :share] = 1
        for at, suffix in enumerate(suffixes):
            ids[at, width - len(suffix) :] = torch.tensor(list(suffix), device=self.device)
            mask[at, share + width - len(suffix) :] = 1
        cache, _ = in_place_cache(self.model_config, self.reserve + width)
        if prefix is not None:
            share_prefix(cache, prefix, len(rows))
        positions = (mask.cumsum(1) - 1).clamp(min=0)[:, share:]
        index = torch.tensor(rows, device=self.device)
        logits = self._forward(index, ids, mask, positions, cache, mask[:, share:].bool())
        return Batch(index, cache, mask, logits, self._uniforms(rows))

    def _uniforms(self, rows: Sequence[int]) -> torch.Tensor | None:
        # All random numbers of a row come from its own stream, so its neighbours cannot change its text.
        if self.config.temperature == 0:
            return None
        streams = [torch.Generator().manual_seed(self.config.seed * 1_000_003 + i) for i in rows]
        return torch.stack([torch.rand(self.config.max_new_tokens, generator=s) for s in streams])

    def _refill(self, batch: Batch, waiting: list[int], prefix: Any, share: int) -> Batch:
        alive = torch.nonzero(~batch.done).flatten()
        fresh = self._admit(waiting, max(1, self._room(waiting, len(alive))), prefix, share)
        cache, mask = join_rows(
            [(batch.cache, batch.mask, alive), (fresh.cache, fresh.mask, torch.arange(len(fresh.index)))],
            self.model_config,
            self.reserve,
        )
        return Batch.joined(batch, alive, fresh, cache, mask)

    def _forward(
        self,
        index: torch.Tensor,
        ids: torch.Tensor,
        mask: torch.Tensor,
        positions: torch.Tensor,
        cache: Any,
        prompt: torch.Tensor | None = None,
    ) -> torch.Tensor:
        with self.running.scope(index, prompt, decoding=prompt is None):
            out = self.network(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
        return out.logits[:, -1]

    def _step(self, batch: Batch) -> None:
        """Choose one token per row, report what ended, and run the network on the rest."""
        chosen = self._choose(batch)
        batch.tokens.append(chosen)
        batch.count += 1
        stopped = torch.isin(chosen, self.stop) & ~batch.done
        if self.limit is not None:
            batch.limited += chosen == self.limit[0]
            exceeded = (batch.limited > self.limit[1]) & ~batch.done
        else:
            exceeded = torch.zeros_like(stopped)
        ended = stopped | exceeded | ((batch.count >= self.config.max_new_tokens) & ~batch.done)
        if bool(ended.any()):
            for row in torch.nonzero(ended).flatten().tolist():
                self._report(batch, row, bool(stopped[row]), bool(exceeded[row]))
            batch.done |= ended
        if bool(batch.done.all()):
            return
        batch.mask = torch.cat([batch.mask, batch.mask.new_ones(len(batch.index), 1)], dim=1)
        positions = batch.mask.sum(1, keepdim=True) - 1
        batch.logits = self._forward(batch.index, chosen[:, None], batch.mask, positions, batch.cache)

    def _choose(self, batch: Batch) -> torch.Tensor:
        logits = batch.logits if self.bias is None else batch.logits + self.bias
        if self.schema is not None:
            logits = self.schema.masked(logits, batch.index, ~batch.done)
        if batch.uniforms is None:
            chosen = logits.argmax(-1)
        else:
            at = batch.count.clamp(max=self.config.max_new_tokens - 1)[:, None]
            draws = batch.uniforms.to(self.device).gather(1, at)
            chosen = sampled(logits, self.config.temperature, self.config.top_p, draws)
        if self.schema is not None:
            self.schema.take(chosen, batch.index, ~batch.done)
        return chosen

    def _report(self, batch: Batch, row: int, stopped: bool, exceeded: bool) -> None:
        steps = int(batch.count[row])
        ids = [int(step[row]) for step in batch.tokens[len(batch.tokens) - steps :]]
        kept = tuple(ids[:-1] if stopped or exceeded else ids)
        self.on_done(int(batch.index[row]), Generated(kept, stopped, exceeded))


def sampled(
    logits: torch.Tensor, temperature: float | torch.Tensor, top_p: float | torch.Tensor, draws: torch.Tensor
) -> torch.Tensor:
    """Return one id per row from the nucleus of its distribution.

    Args:
        logits: Shape (rows, vocabulary).
        temperature: Above 0; one number, or shape (rows, 1).
        top_p: In (0, 1]; one number, or shape (rows, 1).
        draws: Uniform numbers in [0, 1), shape (rows, 1).
    """
    probabilities = torch.softmax(logits.float() / temperature, -1)
    ordered, order = probabilities.sort(-1, descending=True)
    total = ordered.cumsum(-1)
    # Keep the smallest set whose mass reaches top_p; the first token always stays.
    kept = torch.where(total - ordered < top_p, ordered, 0.0).cumsum(-1)
    pick = torch.searchsorted(kept, draws * kept[:, -1:], right=True).clamp(max=logits.shape[-1] - 1)
    return order.gather(1, pick).flatten()


class Batch:
    """Rows that decode together; ``tokens[t][row]`` is what each row chose at step t (newest last)."""

    def __init__(
        self,
        index: torch.Tensor,
        cache: Any,
        mask: torch.Tensor,
        logits: torch.Tensor,
        uniforms: torch.Tensor | None,
    ) -> None:
        self.index = index
        self.cache = cache
        self.mask = mask
        self.logits = logits
        self.uniforms = uniforms
        self.done = torch.zeros(len(index), dtype=torch.bool, device=index.device)
        self.count = torch.zeros(len(index), dtype=torch.long, device=index.device)
        self.limited = torch.zeros_like(self.count)
        self.tokens: list[torch.Tensor] = []

    def done_count(self) -> int:
        """Return how many rows have ended."""
        return int(self.done.sum())

    def drop_done(self) -> None:
        """Drop the rows that have ended."""
        rows = torch.nonzero(~self.done).flatten()
        if len(rows) == len(self.index):
            return
        keep_rows(self.cache, rows)
        self.index, self.mask, self.logits = self.index[rows], self.mask[rows], self.logits[rows]
        self.uniforms = None if self.uniforms is None else self.uniforms[rows]
        self.done, self.count, self.limited = self.done[rows], self.count[rows], self.limited[rows]
        self.tokens = [step[rows] for step in self.tokens]

    @staticmethod
    def joined(old: Batch, alive: torch.Tensor, fresh: Batch, cache: Any, mask: torch.Tensor) -> Batch:
        """Return the rows ``alive`` of one batch and all of another, whose cache was joined already."""
        both = Batch(
            torch.cat([old.index[alive], fresh.index]),
            cache,
            mask,
            torch.cat([old.logits[alive], fresh.logits]),
            None
            if old.uniforms is None or fresh.uniforms is None
            else torch.cat([old.uniforms[alive], fresh.uniforms]),
        )
        both.count = torch.cat([old.count[alive], fresh.count])
        both.limited = torch.cat([old.limited[alive], fresh.limited])
        filler = fresh.index.new_zeros(len(fresh.index))
        both.tokens = [torch.cat([step[alive], filler]) for step in old.tokens]
        return both
