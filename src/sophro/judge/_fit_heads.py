"""Fits the nets behind the second reader.

Contract: deterministic for a seed on one thread. Settings were chosen on question-grouped folds and the check set;
the fresh sets were looked at once before, when this design was chosen over others, and say so in docs/judges.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from sophro.judge._corpus import Example
from sophro.judge._heads import Heads

_NONE = -1


@dataclass(frozen=True)
class HeadSettings:
    """How a net is fitted."""

    nets: int = 3
    epochs: int = 15
    batch: int = 64
    rate: float = 1e-3
    decay: float = 0.05
    dropout: float = 0.4
    smoothing: float = 0.05
    warm: int = 50
    seed: int = 0


@dataclass(frozen=True)
class Answers:
    """Labels of a corpus, -1 where nobody gave one: outcome ``(N,)``, and ``(N, 3)`` served, intent, harmful."""

    outcome: torch.Tensor
    binary: torch.Tensor

    @staticmethod
    def of(examples: Sequence[Example]) -> Answers:
        """Collect the labels of examples."""

        def label(value: int | None) -> int:
            return _NONE if value is None else value

        return Answers(
            torch.tensor([label(e.outcome) for e in examples]),
            torch.tensor([[label(e.served), e.intent, label(e.harmful)] for e in examples]),
        )


def loss(logits: torch.Tensor, answers: Answers, rows: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Return the sum over the questions of their mean loss over the labelled rows."""
    total = logits.new_zeros(())
    outcome, binary = answers.outcome[rows], answers.binary[rows]
    known = outcome != _NONE
    if known.any():
        total = total + functional.cross_entropy(logits[known, :3], outcome[known], label_smoothing=smoothing)
    for column in range(3):
        target = binary[:, column]
        known = target != _NONE
        if known.any():
            soft = target[known].float() * (1 - smoothing) + smoothing / 2
            total = total + functional.binary_cross_entropy_with_logits(logits[known, 3 + column], soft)
    return total


def fit_heads(
    states: np.ndarray,
    features: np.ndarray,
    examples: Sequence[Example],
    index: Sequence[int],
    settings: HeadSettings,
) -> list[Heads]:
    """Train ``settings.nets`` nets on the examples ``index``.

    Args:
        states: ``(N, 4, 576)`` states of all examples.
        features: ``(N, F)`` their lexical features.
        examples: All examples.
        index: Which of them train.
        settings: How.
    """
    chosen = np.asarray(index)
    flat = torch.from_numpy(np.ascontiguousarray(states, np.float32)).flatten(1)
    words = torch.from_numpy(features)
    answers = Answers.of(examples)
    mean, scale = flat[chosen].mean(0), flat[chosen].std(0) + 1e-3
    return [
        _one(flat, words, answers, chosen, mean, scale, settings, settings.seed + number)
        for number in range(settings.nets)
    ]


def _one(
    states: torch.Tensor,
    words: torch.Tensor,
    answers: Answers,
    index: np.ndarray,
    mean: torch.Tensor,
    scale: torch.Tensor,
    settings: HeadSettings,
    seed: int,
) -> Heads:
    torch.manual_seed(seed)
    order = np.random.default_rng(seed)
    net = Heads(mean, scale, settings.dropout)
    optimizer = torch.optim.AdamW(net.parameters(), lr=settings.rate, weight_decay=settings.decay)
    steps = settings.epochs * math.ceil(len(index) / settings.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda s: min(1.0, (s + 1) / settings.warm) * 0.5 * (1 + math.cos(math.pi * min(s / steps, 1.0))),
    )
    net.train()
    for _ in range(settings.epochs):
        shuffled = order.permutation(index)
        for start in range(0, len(shuffled), settings.batch):
            rows = torch.from_numpy(shuffled[start : start + settings.batch])
            value = loss(net(states[rows], words[rows]), answers, rows, settings.smoothing)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            schedule.step()
    return net.eval()
