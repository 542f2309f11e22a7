"""Fits the deltas and heads of the judge network.

Contract: deterministic for a seed and thread count. The states below the adapted layers never change, so
they are computed once and kept in float16; an epoch then costs half a forward pass and its backward.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from sophro.judge._corpus import Example
from sophro.judge._network import LINEARS, LOGITS, Pair, Upper, collate, lower, pairs
from sophro.models._encoder import SentenceEncoder, length_batches


@dataclass(frozen=True)
class Settings:
    """How the network is fitted; chosen on the grouped folds, see ``training/README.md``."""

    rank: int = 16
    scale: float = 2.0
    epochs: int = 3
    batch: int = 16
    rate: float = 1e-3
    smoothing: float = 0.05
    seed: int = 0


class Lora(nn.Module):
    """A frozen linear map plus a low-rank trained one; starts as the frozen map."""

    def __init__(self, linear: nn.Linear, rank: int, scale: float) -> None:
        super().__init__()
        self.linear, self.scale = linear, scale
        self.a = nn.Parameter(torch.randn(rank, linear.in_features) / math.sqrt(linear.in_features))
        self.b = nn.Parameter(torch.zeros(linear.out_features, rank))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the adapted output."""
        return self.linear(x) + self.scale * functional.linear(functional.linear(x, self.a), self.b)


@dataclass
class Prepared:
    """Pairs of a corpus with their cached lower states and labels (-1 where there is none)."""

    items: list[Pair]
    states: list[torch.Tensor]
    outcome: torch.Tensor
    served: torch.Tensor
    intent: torch.Tensor


def prepare(encoder: SentenceEncoder, examples: Sequence[Example]) -> Prepared:
    """Tokenise a corpus and run it through the frozen layers once."""
    items = pairs(encoder, [e.prompt for e in examples], [e.response for e in examples])
    states: list[torch.Tensor] = [torch.empty(0)] * len(items)
    for index in length_batches([len(p.ids) for p in items], 4096):
        ids, types, mask, _ = collate([items[i] for i in index])
        hidden = lower(encoder, ids, types, mask)
        for row, i in enumerate(index):
            states[i] = hidden[row, : len(items[i].ids)].half().clone()
    none = -1
    outcome = torch.tensor([none if e.outcome is None else e.outcome for e in examples])
    served = torch.tensor([none if e.served is None else e.served for e in examples])
    intent = torch.tensor([e.intent for e in examples])
    return Prepared(items, states, outcome, served, intent)


def _batch(data: Prepared, index: Sequence[int]) -> tuple[torch.Tensor, ...]:
    _, types, mask, features = collate([data.items[i] for i in index])
    hidden = nn.utils.rnn.pad_sequence([data.states[i].float() for i in index], batch_first=True)
    return hidden, types, mask, features


def _loss(logits: torch.Tensor, data: Prepared, batch: Sequence[int], smoothing: float) -> torch.Tensor:
    """Sum of the questions' losses over the examples labelled for them, divided by the batch size.

    A response that served a request without an outcome label is known not to be a full refusal: that much
    is asked of the refusal classes (the loss of a partial label).
    """
    outcome, served, intent = data.outcome[batch], data.served[batch], data.intent[batch]
    labelled, answered, partly = outcome >= 0, served >= 0, (outcome < 0) & (served == 1)
    total = _binary(logits[:, 4], intent, smoothing)
    if labelled.any():
        total = total + functional.cross_entropy(
            logits[labelled, :3], outcome[labelled], label_smoothing=smoothing, reduction="sum"
        )
    if answered.any():
        total = total + _binary(logits[answered, 3], served[answered], smoothing)
    if partly.any():
        rest = logits[partly][:, [0, 2]].logsumexp(1) - logits[partly, :3].logsumexp(1)
        total = total - rest.sum()
    return total / len(logits)


def _binary(logit: torch.Tensor, target: torch.Tensor, smoothing: float) -> torch.Tensor:
    soft = target.float() * (1 - smoothing) + smoothing / 2
    return functional.binary_cross_entropy_with_logits(logit, soft, reduction="sum")


def fit(encoder: SentenceEncoder, data: Prepared, index: Sequence[int], settings: Settings) -> Upper:
    """Train on the examples ``index`` and return the network with its adapters in place."""
    torch.manual_seed(settings.seed)
    order = np.random.default_rng(settings.seed)
    upper = Upper(encoder)
    upper.layers.requires_grad_(False)
    for layer in upper.layers:
        for name in LINEARS:
            parent, _, last = name.rpartition(".")
            module: Any = layer.get_submodule(name)
            setattr(layer.get_submodule(parent), last, Lora(module, settings.rank, settings.scale))
    nn.init.normal_(upper.head.weight, std=0.02)
    nn.init.zeros_(upper.head.bias)
    trained = [p for p in upper.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=settings.rate, weight_decay=0.01)
    steps = math.ceil(len(index) / settings.batch) * settings.epochs
    warm = max(1, steps // 10)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min(1.0, (s + 1) / warm) * 0.5 * (1 + math.cos(math.pi * min(s / steps, 1.0)))
    )
    upper.train()
    for _ in range(settings.epochs):
        for batch in _epoch(np.asarray(index), data, settings.batch, order):
            logits = upper(*_batch(data, batch))
            loss = _loss(logits, data, batch, settings.smoothing)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            schedule.step()
    return upper.eval()


def _epoch(index: np.ndarray, data: Prepared, size: int, order: np.random.Generator) -> list[list[int]]:
    """Shuffled batches whose members are of similar length, so that padding costs little."""
    shuffled = order.permutation(index)
    batches: list[list[int]] = []
    for start in range(0, len(shuffled), size * 8):
        group = sorted(shuffled[start : start + size * 8].tolist(), key=lambda i: len(data.items[i].ids))
        batches += [group[i : i + size] for i in range(0, len(group), size)]
    return [batches[i] for i in order.permutation(len(batches))]


def logits(upper: Upper, data: Prepared, index: Sequence[int]) -> np.ndarray:
    """Return ``(len(index), 5)`` logits of a trained network."""
    found = np.zeros((len(index), LOGITS))
    for group in length_batches([len(data.items[i].ids) for i in index], 4096):
        with torch.inference_mode():
            found[group] = upper(*_batch(data, [index[g] for g in group])).numpy()
    return found


def deltas(upper: Upper) -> dict[str, torch.Tensor]:
    """Return what ships: adapters and head in float16 (the scale is folded into ``b``)."""
    found: dict[str, torch.Tensor] = {}
    for number, layer in enumerate(upper.layers):
        for name in LINEARS:
            module: Any = layer.get_submodule(name)
            found[f"{number}.{name}.a"] = module.a.detach().half().contiguous()
            found[f"{number}.{name}.b"] = (module.scale * module.b).detach().half().contiguous()
    found["head.weight"] = upper.head.weight.detach().half().contiguous()
    found["head.bias"] = upper.head.bias.detach().half().contiguous()
    return found


def temperature(logit: np.ndarray, target: np.ndarray) -> float:
    """Return the temperature in [0.25, 4] that minimises the log loss of held-out logits.

    Args:
        logit: ``(N, C)`` class logits, or ``(N,)`` logits of one yes/no question.
        target: ``(N,)`` class numbers.
    """
    scores = torch.tensor(logit if logit.ndim == 2 else np.stack([np.zeros_like(logit), logit], axis=1))
    truth = torch.tensor(target)
    grid = np.exp(np.linspace(math.log(0.25), math.log(4.0), 81))
    return float(min(grid, key=lambda t: float(functional.cross_entropy(scores / t, truth))).round(4))
