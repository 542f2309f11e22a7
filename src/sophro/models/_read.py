"""Reading a network without generating: log-probabilities and activations, in length-sorted batches."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import torch

from sophro.models._packed import packed
from sophro.models._patches import decoder_layers

if TYPE_CHECKING:
    import numpy as np


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


def _padded(
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


def _fast(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run a reader without gradients and with packed weights; its first argument is the network."""

    @functools.wraps(function)
    def run(network: Any, *args: Any) -> Any:
        with torch.inference_mode(), packed(network):
            return function(network, *args)

    return run


@_fast
def log_probs(network: Any, ids: Sequence[Sequence[int]], max_tokens: int) -> list[torch.Tensor]:
    """See ``ChatModel.log_probs``."""
    device = next(network.parameters()).device
    head = network.get_output_embeddings()
    out: list[torch.Tensor] = [torch.empty(0)] * len(ids)
    for rows in batches([len(i) for i in ids], max_tokens):
        tokens, mask = _padded(ids, rows, device)
        hidden = network.get_decoder()(
            input_ids=tokens, attention_mask=mask, use_cache=False
        ).last_hidden_state
        for at, r in enumerate(rows):
            # One row at a time: the logits of a whole batch over a 49k vocabulary would not fit the cache.
            length = len(ids[r])
            logits = head(hidden[at, : length - 1]).float()
            chosen = logits.gather(1, tokens[at, 1:length, None]).flatten()
            out[r] = (chosen - torch.logsumexp(logits, -1)).cpu()
    return out


@_fast
def margins(
    network: Any, ids: Sequence[Sequence[int]], starts: Sequence[int], token: int, max_tokens: int
) -> list[torch.Tensor]:
    """See ``ChatModel.reflection_margins``."""
    device = next(network.parameters()).device
    head = network.get_output_embeddings()
    out: list[torch.Tensor] = [torch.empty(0)] * len(ids)
    for rows in batches([len(i) for i in ids], max_tokens):
        tokens, mask = _padded(ids, rows, device)
        hidden = network.get_decoder()(
            input_ids=tokens, attention_mask=mask, use_cache=False
        ).last_hidden_state
        for at, r in enumerate(rows):
            logits = head(hidden[at, starts[r] - 1 : len(ids[r])]).float()
            own = logits[:, token].clone()
            logits[:, token] = -torch.inf
            out[r] = (own - logits.amax(-1)).cpu()
    return out


@_fast
def activations(
    network: Any, ids: Sequence[Sequence[int]], position: Literal["last", "mean"], max_tokens: int
) -> np.ndarray:
    """See ``ChatModel.activations``."""
    import numpy as np

    device = next(network.parameters()).device
    layers = decoder_layers(network)
    width = network.config.get_text_config().hidden_size
    out = np.empty((len(ids), len(layers), width), dtype=np.float32)
    for rows in batches([len(i) for i in ids], max_tokens):
        tokens, mask = _padded(ids, rows, device)
        kept: list[torch.Tensor] = []

        def keep(
            _module: Any, _args: Any, output: Any, mask: torch.Tensor = mask, kept: list[torch.Tensor] = kept
        ) -> None:
            hidden = output[0] if isinstance(output, tuple) else output
            if position == "last":
                kept.append(hidden[torch.arange(len(hidden)), mask.sum(1) - 1].float())
            else:
                # float64 sums: a mean over long prompts must not depend on the order of addition.
                total = (hidden.double() * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
                kept.append(total.float())

        handles = [layer.register_forward_hook(keep) for layer in layers]
        try:
            network.get_decoder()(input_ids=tokens, attention_mask=mask, use_cache=False)
        finally:
            for handle in handles:
                handle.remove()
        stacked = torch.stack(kept, 1).cpu().numpy()
        for at, r in enumerate(rows):
            out[r] = stacked[at]
    return out
