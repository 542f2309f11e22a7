"""Reading a network without generating: log-probabilities in length-sorted batches."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers.cache_utils import DynamicSlidingWindowLayer

from sophro.models._cache import InPlaceLayer, in_place_cache, share_prefix
from sophro.models._engine import shared_prefix
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
    share: bool,
) -> torch.Tensor:
    """See ``ChatModel.continuation_log_probs``; ``share``: a prefix of all prompts may be computed once.

    The tails of one prompt are read in one row: each id stands behind those before it in its own tail alone, and
    what several tails begin with is computed once.
    """
    tree = _Tree.of(tails)
    if not _can_branch(network, max(map(len, prompts)) + len(tree.ids)):
        return _one_by_one(network, prompts, tails, max_tokens, running)
    shared = shared_prefix(prompts) if share and len(prompts) > 3 and _movable(network) else 0
    prefix: Any = None
    if shared:
        prefix, _ = in_place_cache(network.config, 0)
        tokens, mask = padded([prompts[0][:shared]], [0], _device(network))
        with running.scope(None, mask.bool()):
            network.get_decoder()(input_ids=tokens, past_key_values=prefix, use_cache=True)
    out = torch.empty(len(prompts), len(tails))
    for rows in batches([len(p) + len(tree.ids) for p in prompts], max_tokens):
        out[rows] = _branched(network, [prompts[r] for r in rows], rows, prefix, shared, tree, running).cpu()
    return out


@dataclass(frozen=True)
class _Tree:
    """What several tails are made of, each beginning once.

    Attributes:
        ids: The ids that something follows, shape (K,).
        depth: Place of each in its tail, from 1.
        sees: Which ids each sees, itself included: bool, shape (K, K).
        tokens: Every id that is scored.
        steps: Per tail and place: where it is predicted (0: at the end of the prompt, k: at the k-th id), and which
            of ``tokens`` it is.
    """

    ids: list[int]
    depth: list[int]
    sees: torch.Tensor
    tokens: list[int]
    steps: list[list[tuple[int, int]]]

    @classmethod
    def of(cls, tails: Sequence[Sequence[int]]) -> _Tree:
        begun = sorted({tuple(t[:n]) for t in tails for n in range(len(t))}, key=lambda b: (len(b), b))
        nodes = begun[1:]
        tokens = sorted({i for t in tails for i in t})
        return cls(
            [b[-1] for b in nodes],
            [len(b) for b in nodes],
            torch.tensor([[b[: len(a)] == a for a in nodes] for b in nodes]).reshape(len(nodes), len(nodes)),
            tokens,
            [[(begun.index(tuple(t[:n])), tokens.index(t[n])) for n in range(len(t))] for t in tails],
        )


def _branched(
    network: Any,
    prompts: Sequence[Sequence[int]],
    rows: Sequence[int],
    prefix: Any,
    shared: int,
    tree: _Tree,
    running: Running,
) -> torch.Tensor:
    """Return log-probabilities of the tails behind every prompt, shape (prompts, tails)."""
    device, decoder = _device(network), network.get_decoder()
    width, size = max(map(len, prompts)) - shared, len(tree.ids)
    tokens = torch.zeros((len(prompts), width), dtype=torch.long, device=device)
    mask = torch.zeros((len(prompts), shared + width), dtype=torch.long, device=device)
    mask[:, :shared] = 1
    for at, ids in enumerate(prompts):
        # Left padding: every tail then starts at the same column.
        own = ids[shared:]
        tokens[at, width - len(own) :] = torch.tensor(list(own), device=device)
        mask[at, shared + width - len(own) :] = 1
    cache, _ = in_place_cache(network.config, width + size)
    if shared:
        share_prefix(cache, prefix, len(prompts))
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    index = torch.tensor(rows, device=device)
    call: dict[str, Any] = {"past_key_values": cache, "use_cache": True}
    with running.scope(index, mask[:, shared:].bool()):
        state = decoder(
            input_ids=tokens, attention_mask=mask, position_ids=positions[:, shared:], **call
        ).last_hidden_state
    hidden = state[:, -1:]
    if size:
        depth = torch.tensor(tree.depth, device=device)
        seen = torch.cat(
            [
                mask.bool()[:, None].expand(-1, size, -1),
                tree.sees.to(device).expand(len(prompts), -1, -1),
            ],
            2,
        )
        hidden_from = torch.zeros(seen.shape, dtype=state.dtype, device=device)
        hidden_from.masked_fill_(~seen, torch.finfo(state.dtype).min)
        with running.scope(index, decoding=True):
            after = decoder(
                input_ids=torch.tensor(tree.ids, device=device).expand(len(prompts), -1),
                attention_mask=hidden_from[:, None],
                position_ids=positions[:, -1:] + depth,
                **call,
            ).last_hidden_state
        hidden = torch.cat([hidden, after], 1)
    scores = _log_probs_of(network.get_output_embeddings(), hidden, tree.tokens)
    return torch.stack([sum((scores[:, at, which] for at, which in s)) for s in tree.steps], 1)  # pyright: ignore


def _log_probs_of(head: Any, hidden: torch.Tensor, tokens: Sequence[int]) -> torch.Tensor:
    """Return log-probabilities of ``tokens`` at every position, shape (..., tokens); ``hidden``: (..., d)."""
    flat = hidden.reshape(-1, hidden.shape[-1])
    parts: list[torch.Tensor] = []
    for start in range(0, len(flat), 256):  # the logits of a whole batch would not fit the processor's cache
        logits = head(flat[start : start + 256]).float()
        parts.append(logits[:, list(tokens)] - logits.logsumexp(-1, keepdim=True))
    return torch.cat(parts).view(*hidden.shape[:-1], len(tokens))


def _one_by_one(
    network: Any,
    prompts: Sequence[Sequence[int]],
    tails: Sequence[Sequence[int]],
    max_tokens: int,
    running: Running,
) -> torch.Tensor:
    """Return what ``continuations`` does, every tail behind every prompt read as a sequence of its own."""
    head, out = network.get_output_embeddings(), torch.empty(len(prompts), len(tails))
    starts = [len(p) for p in prompts]
    for column, tail in enumerate(tails):
        ids = [[*p, *tail] for p in prompts]
        for row, hidden in _hidden_rows(network, ids, starts, max_tokens, running):
            logits = head(hidden[starts[row] - 1 : -1]).float()
            wanted = torch.tensor(list(tail), device=logits.device)[:, None]
            out[row, column] = (logits.gather(1, wanted).flatten() - logits.logsumexp(-1)).sum().cpu()
    return out


def _can_branch(network: Any, longest: int) -> bool:
    """Tell whether one row may hold several continuations: plain attention alone, with room for all cells."""
    config = network.config.get_text_config()
    if getattr(config, "_attn_implementation", "sdpa") not in ("sdpa", "eager"):
        return False
    cache, movable = in_place_cache(network.config, 0)
    if movable:
        return True
    window = getattr(config, "sliding_window", None)
    kinds = (InPlaceLayer, DynamicSlidingWindowLayer)
    return window is not None and longest < int(window) and all(isinstance(x, kinds) for x in cache.layers)


def _movable(network: Any) -> bool:
    return in_place_cache(network.config, 0)[1]


def _device(network: Any) -> torch.device:
    return next(network.parameters()).device
