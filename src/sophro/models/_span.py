"""Losses and gradients of a span of ids inside a rendered prompt: what token-level attacks read of a model.

Paper: Zou et al., Universal and Transferable Adversarial Attacks on Aligned Language Models (GCG), arXiv 2307.15043.

Contract: the sequence is ``before | span | after | target``; the loss of a span is the mean negative log-likelihood
(nats) of the target ids, plus, where a token is to be avoided, its weighted mean log-odds at the first target
positions. The keys and values of ``before`` are computed once. A batch never holds more than ``max_cells`` cache
cells nor more than ``max_logits`` logits. A patch must be put on before the first call and stay on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from sophro.errors import SophroError
from sophro.models._cache import in_place_cache, share_prefix
from sophro.models._packed import packed


@dataclass(frozen=True)
class Avoid:
    """A token that should stay unlikely while the target is written.

    Attributes:
        token: Its id.
        weight: Weight of its mean log-odds in the loss.
        positions: How many target positions count, from the first.
    """

    token: int
    weight: float
    positions: int


@dataclass(frozen=True)
class SpanLosses:
    """Losses of B spans, float32 tensors of shape (B,) on the CPU.

    Attributes:
        total: What is minimised.
        target: Mean negative log-likelihood of the target ids, in nats.
        avoided: Mean log-odds of the avoided token, 0 where there is none.
        greedy: Whether greedy decoding would write the target (bool).
    """

    total: torch.Tensor
    target: torch.Tensor
    avoided: torch.Tensor
    greedy: torch.Tensor


_Parts = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


class SpanReader:
    """Reads the loss of spans of equal length at one place.

    Args:
        network: A transformers causal language model in eval mode.
        before: Ids in front of the span, at least one.
        after: Ids between the span and the target.
        target: Ids whose likelihood is the loss, at least one.
        avoid: Token whose log-odds are added to the loss.
        max_cells: Most cache cells (rows x length) in one batch.
        max_logits: Most logits (rows x target positions x vocabulary) in one batch.
    """

    def __init__(
        self,
        network: Any,
        before: Sequence[int],
        after: Sequence[int],
        target: Sequence[int],
        *,
        avoid: Avoid | None = None,
        max_cells: int = 16_384,
        max_logits: int = 1 << 26,
    ) -> None:
        if not before or not target:
            raise SophroError("a span needs at least one id before it and one target id")
        self._network = network
        self._device = next(network.parameters()).device
        self._before = torch.tensor(list(before), device=self._device)
        self._tail = torch.tensor([*after, *target], dtype=torch.long, device=self._device)
        self._target = torch.tensor(list(target), device=self._device)
        self._avoid = avoid
        self._max_cells, self._max_logits = max_cells, max_logits
        vocabulary = network.get_output_embeddings().weight.shape[0]
        if avoid is not None and not 0 <= avoid.token < vocabulary:
            raise SophroError(f"token {avoid.token} cannot be avoided: the network has {vocabulary} rows")
        self._row_logits = (len(self._target) + 1) * vocabulary
        self._prefix: Any = None

    def rows(self, width: int) -> int:
        """Return how many spans of ``width`` ids one batch holds, at least 1."""
        cells = len(self._before) + width + len(self._tail)
        return max(1, min(self._max_cells // cells, self._max_logits // self._row_logits))

    def losses(self, spans: Sequence[Sequence[int]]) -> SpanLosses:
        """Return the losses of spans of one length, in order; one forward pass per batch."""
        with torch.inference_mode(), packed(self._network):
            ids = torch.tensor([list(s) for s in spans], device=self._device)
            parts = [self._batch(piece) for piece in ids.split(self.rows(ids.shape[1]))]
            total, target, avoided, greedy = (torch.cat(side).cpu() for side in zip(*parts, strict=True))
        return SpanLosses(total.clone(), target.clone(), avoided.clone(), greedy.clone())

    def _batch(self, ids: torch.Tensor) -> _Parts:
        rows = len(ids)
        tail = torch.cat([ids, self._tail.expand(rows, -1)], 1)
        cache, movable = in_place_cache(self._network.config, tail.shape[1])
        call: dict[str, Any] = {"input_ids": tail, "use_cache": False}
        if movable:
            if self._prefix is None:
                self._prefix, _ = in_place_cache(self._network.config, 0)
                self._network(
                    input_ids=self._before[None],
                    past_key_values=self._prefix,
                    use_cache=True,
                    logits_to_keep=1,
                )
            share_prefix(cache, self._prefix, rows)
            call |= {"past_key_values": cache, "use_cache": True}
        else:  # sliding windows: such a cache cannot be copied row by row
            call["input_ids"] = torch.cat([self._before.expand(rows, -1), tail], 1)
        logits = self._network(**call, logits_to_keep=len(self._target) + 1).logits
        return self._loss(logits[:, :-1].float())

    def gradient(self, span: Sequence[int]) -> torch.Tensor:
        """Return d loss / d one-hot of every id of the span: float32, shape (len(span), rows of the embedding)."""
        embedding = self._network.get_input_embeddings()
        ids = torch.tensor(list(span), device=self._device)
        with torch.enable_grad():
            around = torch.cat([self._before, ids, self._tail])
            # The embedding module and not its matrix, because some models scale what it returns.
            vectors = embedding(around).detach()
            chosen = vectors[len(self._before) : len(self._before) + len(ids)].clone().requires_grad_()
            joined = torch.cat(
                [vectors[: len(self._before)], chosen, vectors[len(self._before) + len(ids) :]]
            )[None]
            logits = self._network(
                inputs_embeds=joined, use_cache=False, logits_to_keep=len(self._target) + 1
            ).logits
            total, *_ = self._loss(logits[:, :-1].float())
            (slope,) = torch.autograd.grad(total.sum(), chosen)
        with torch.no_grad():
            scale = float(getattr(embedding, "scalar_embed_scale", 1.0))
            return (slope @ embedding.weight.detach().T * scale).float().cpu()

    def _loss(self, logits: torch.Tensor) -> _Parts:
        """Reduce logits (B, T, V) at the positions that predict the target."""
        norm = logits.logsumexp(-1)
        chosen = logits.gather(-1, self._target.expand(len(logits), -1)[..., None]).squeeze(-1)
        target = (norm - chosen).mean(-1)
        greedy = (logits.argmax(-1) == self._target).all(-1)
        if self._avoid is None:
            return target, target, torch.zeros_like(target), greedy
        first = logits[:, : self._avoid.positions]
        own = first[..., self._avoid.token]
        others = first.clone()
        others[..., self._avoid.token] = -torch.inf
        odds = (own - others.logsumexp(-1)).mean(-1)
        return target + self._avoid.weight * odds, target, odds, greedy
