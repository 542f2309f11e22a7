"""Reading a network without generating: log-probabilities in length-sorted batches."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from sophro.models._packed import packed
from sophro.models._running import Running


def batches(lengths: Sequence[int], max_tokens: int) -> Iterator[list[int]]:
    """Yield index groups, longest first, whose padded size stays within ``max_tokens``."""
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    group: list[int] = []
    for index in order:
        if group and lengths[group[0]] * (len(group) + 1) > max_tokens:
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def padded(
    ids: Sequence[Sequence[int]], rows: Sequence[int], device: Any
) -> tuple[torch.Tensor, torch.Tensor]:
    """Right-pad the chosen rows; causal attention then needs no other care."""
    width = max(len(ids[r]) for r in rows)
    tokens = torch.zeros((len(rows), width), dtype=torch.long, device=device)
    mask = torch.zeros_like(tokens)
    for at, r in enumerate(rows):
        tokens[at, : len(ids[r])] = torch.tensor(list(ids[r]), device=device)
        mask[at, : len(ids[r])] = 1
    return tokens, mask


def fast(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run a reader without gradients and with packed weights; its first argument is the network."""

    @functools.wraps(function)
    def run(network: Any, *args: Any) -> Any:
        with torch.inference_mode(), packed(network):
            return function(network, *args)

    return run


def _hidden_rows(
    network: Any, ids: Sequence[Sequence[int]], prompts: Sequence[int], max_tokens: int, running: Running
) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield ``(index, (length, d) last hidden states)`` of every sequence, batch by batch.

    ``prompts`` is how many ids of each are its prompt, for patches that steer prompts only.
    Callers apply the output matrix row by row: the logits of a whole batch over a 49k vocabulary would not fit
    the cache.
    """
    device = next(network.parameters()).device
    for rows in batches([len(i) for i in ids], max_tokens):
        tokens, mask = padded(ids, rows, device)
        index = torch.tensor(rows, device=device)
        lengths = torch.tensor([prompts[r] for r in rows], device=device)
        prompt = torch.arange(tokens.shape[1], device=device) < lengths[:, None]
        with running.scope(index, prompt):
            hidden = network.get_decoder()(
                input_ids=tokens, attention_mask=mask, use_cache=False
            ).last_hidden_state
        for at, r in enumerate(rows):
            yield r, hidden[at, : len(ids[r])]


@fast
def log_probs(
    network: Any, ids: Sequence[Sequence[int]], prompts: Sequence[int], max_tokens: int, running: Running
) -> list[torch.Tensor]:
    """See ``ChatModel.log_probs``."""
    head = network.get_output_embeddings()
    out: list[torch.Tensor] = [torch.empty(0)] * len(ids)
    for r, hidden in _hidden_rows(network, ids, prompts, max_tokens, running):
        logits = head(hidden[:-1]).float()
        wanted = torch.tensor(list(ids[r][1:]), device=logits.device)
        chosen = logits.gather(1, wanted[:, None]).flatten()
        out[r] = (chosen - torch.logsumexp(logits, -1)).cpu()
    return out


@fast
def margins(
    network: Any,
    ids: Sequence[Sequence[int]],
    starts: Sequence[int],
    token: int,
    max_tokens: int,
    running: Running,
) -> list[torch.Tensor]:
    """See ``ChatModel.reflection_margins``."""
    head = network.get_output_embeddings()
    out: list[torch.Tensor] = [torch.empty(0)] * len(ids)
    for r, hidden in _hidden_rows(network, ids, starts, max_tokens, running):
        logits = head(hidden[starts[r] - 1 :]).float()
        own = logits[:, token].clone()
        logits[:, token] = -torch.inf
        out[r] = (own - logits.amax(-1)).cpu()
    return out


@fast
def continuations(
    network: Any,
    prompts: Sequence[Sequence[int]],
    tails: Sequence[Sequence[int]],
    max_tokens: int,
    running: Running,
) -> torch.Tensor:
    """See ``ChatModel.continuation_log_probs``."""
    from sophro.models._cache import in_place_cache, repeat_rows

    device = next(network.parameters()).device
    decoder, head = network.get_decoder(), network.get_output_embeddings()

    def scored(hidden: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        """Log-probability of ``wanted`` (..., k) at ``hidden`` (..., d), a slice of the vocabulary's rows at a time."""
        flat, ids_ = hidden.reshape(-1, hidden.shape[-1]), wanted.reshape(-1, wanted.shape[-1])
        parts: list[torch.Tensor] = []
        for start in range(0, len(flat), 256):
            logits = head(flat[start : start + 256]).float()
            parts.append(logits.gather(-1, ids_[start : start + 256]) - logits.logsumexp(-1, keepdim=True))
        return torch.cat(parts).view(wanted.shape)

    # Continuations that differ in their last token only share a row.
    stems = sorted({tuple(t[:-1]) for t in tails if len(t) > 1})
    width = max(map(len, stems), default=0)
    ids = torch.zeros((len(stems), width), dtype=torch.long, device=device)
    for at, stem in enumerate(stems):
        ids[at, : len(stem)] = torch.tensor(list(stem), device=device)
    first = torch.tensor([t[0] for t in tails], device=device)
    # Where each later token of each continuation is predicted: (continuation, row, column, token).
    places = [
        (i, stems.index(tuple(t[:-1])), n, t[n + 1]) for i, t in enumerate(tails) for n in range(len(t) - 1)
    ]
    out = torch.empty(len(prompts), len(tails))
    for rows in batches([(len(p) + width) * max(1, len(stems)) for p in prompts], max_tokens):
        longest = max(len(prompts[r]) for r in rows)
        tokens = torch.zeros((len(rows), longest), dtype=torch.long, device=device)
        mask = torch.zeros_like(tokens)
        for at, r in enumerate(rows):
            # Left padding: every continuation then starts at the same column.
            tokens[at, longest - len(prompts[r]) :] = torch.tensor(list(prompts[r]), device=device)
            mask[at, longest - len(prompts[r]) :] = 1
        cache, _ = in_place_cache(network.config, width)
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        call: dict[str, Any] = {"past_key_values": cache, "use_cache": True}
        index = torch.tensor(rows, device=device)
        with running.scope(index, mask.bool()):
            state = decoder(input_ids=tokens, attention_mask=mask, position_ids=positions, **call)
        scores = scored(state.last_hidden_state[:, -1], first.expand(len(rows), -1))
        if stems:
            # Every prompt's cache once per stem; all of them in one more pass.
            repeat_rows(cache, len(stems))
            tail_ids = ids.repeat(len(rows), 1)
            full = torch.cat([mask.repeat_interleave(len(stems), 0), torch.ones_like(tail_ids)], 1)
            after = positions[:, -1:].repeat_interleave(len(stems), 0)
            with running.scope(index.repeat_interleave(len(stems)), decoding=True):
                state = decoder(
                    input_ids=tail_ids,
                    attention_mask=full,
                    position_ids=after + 1 + torch.arange(width, device=device),
                    **call,
                )
            hidden = state.last_hidden_state.view(len(rows), len(stems), width, -1)
            picked = hidden[:, [p[1] for p in places], [p[2] for p in places]]
            wanted = torch.tensor([p[3] for p in places], device=device)[:, None].expand(len(rows), -1, 1)
            later = scored(picked, wanted).squeeze(-1)
            scores = scores.index_add(1, torch.tensor([p[0] for p in places], device=device), later)
        for at, r in enumerate(rows):
            out[r] = scores[at].cpu()
    return out
