"""The losses of unlearning: pure objectives of ``sophro.train.objectives`` on the parts of a ``ForgetItem``.

Contract: every sequence counts alike, whatever its length; shares add up over pieces and processes. The untrained
model is the trained one with its adapter off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from sophro.train import Batch, Objective, TrainingNetwork
from sophro.train.objectives import (
    gradient_ascent,
    hidden_mse,
    kl_to_reference,
    npo,
    rmu,
    sequence_log_probs,
    weighted_sft,
    weighted_sum,
)

Terms = dict[str, tuple[float, Objective]]


@dataclass(frozen=True)
class ForgetLoss:
    """Ascent or NPO on the harmful answers, with likelihood or KL on the benign ones; and mismatch.

    Attributes:
        forget: ``ascent`` or ``npo``.
        forget_weight: Weight of that term.
        retain: ``none``, ``nll`` (likelihood of the benign answer) or ``kl`` (KL(untrained || trained) on it).
        retain_weight: Weight of that term.
        mismatch_weight: Weight of the likelihood of an unrelated benign answer to the harmful prompt.
        beta: See ``npo``.
    """

    forget: Literal["ascent", "npo"] = "ascent"
    forget_weight: float = 1.0
    retain: Literal["none", "nll", "kl"] = "none"
    retain_weight: float = 1.0
    mismatch_weight: float = 0.0
    beta: float = 0.1

    def __call__(self, network: TrainingNetwork, batch: Batch, /) -> Objective:
        """Return the share of ``batch``."""
        away = _part(batch, 0)
        log_probs, count = network.log_probs(away), batch.total_items
        if self.forget == "ascent":
            pushed = gradient_ascent(log_probs, away.weights, total_sequences=count)
        else:
            sums = sequence_log_probs(log_probs, away.weights)
            pushed = npo(sums, batch.values["reference"], beta=self.beta, total_sequences=count)
        terms: Terms = {"": (self.forget_weight, pushed)}
        if self.retain == "nll":
            terms["retain"] = (self.retain_weight, _nll(network, _part(batch, 1)))
        elif self.retain == "kl":
            terms["retain"] = (self.retain_weight, _kl(network, _part(batch, 1)))
        if self.mismatch_weight:
            terms["mismatch"] = (self.mismatch_weight, _nll(network, _part(batch, 2)))
        return weighted_sum(terms)


@dataclass(frozen=True)
class RmuLoss:
    """RMU at the output of one decoder block.

    Attributes:
        layer: Number of the block.
        length: Norm of the vector to steer to, in units of the hidden state.
        retain_weight: Weight of staying where the untrained model is on benign text.
        seed: Draws the direction of the vector.
    """

    layer: int
    length: float
    retain_weight: float
    seed: int = 0

    def __call__(self, network: TrainingNetwork, batch: Batch, /) -> Objective:
        """Return the share of ``batch``; the positions are those that predict a trained token."""
        states = network.layer_states(batch, self.layer)[:, :-1]
        away, kept = batch.rows(0), batch.rows(1)
        whole = replace(batch, ids=batch.ids[kept])
        with network.reference():
            before = network.layer_states(whole, self.layer)[:, :-1]
        mask = _equal(batch.weights)[:, 1:]
        control = self.control(states.shape[-1]).to(states)
        return weighted_sum(
            {
                "": (1.0, rmu(states[away], mask[away], control, total_weight=batch.total_items)),
                "retain": (
                    self.retain_weight,
                    hidden_mse(states[kept], before, mask[kept], total_weight=batch.total_items),
                ),
            }
        )

    def control(self, width: int) -> Tensor:
        """Return (d,) the vector to steer to: uniform entries, normalised, times ``length``."""
        drawn = torch.rand(width, generator=torch.Generator().manual_seed(self.seed))
        return self.length * drawn / drawn.norm()


@dataclass(frozen=True)
class EulLoss:
    """EUL: stay with the teacher on benign text, leave it on harmful text, by student and teacher divergence.

    Attributes:
        retain_kl: Weight of KL(untrained || trained) on benign answers.
        forget_kl: Weight of the same on harmful answers, taken off.
        retain_weight: Weight of the likelihood of benign answers.
        forget_weight: Weight of the likelihood of harmful answers, taken off.
    """

    retain_kl: float = 1.0
    forget_kl: float = 0.5
    retain_weight: float = 1.0
    forget_weight: float = 0.5

    def __call__(self, network: TrainingNetwork, batch: Batch, /) -> Objective:
        """Return the share of ``batch``."""
        away, kept = _part(batch, 0), _part(batch, 1)
        ascent = gradient_ascent(network.log_probs(away), away.weights, total_sequences=batch.total_items)
        return weighted_sum(
            {
                "": (self.forget_weight, ascent),
                "forget": (-self.forget_kl, _kl(network, away)),
                "retain": (self.retain_weight, _nll(network, kept)),
                "kept": (self.retain_kl, _kl(network, kept)),
            }
        )


def _part(batch: Batch, number: int) -> Batch:
    """Return one part of the items as a batch of its own, without the padding that only other parts need."""
    rows = batch.rows(number)
    length = max(2, int(batch.mask[rows].sum(-1).max()))
    return replace(
        batch,
        ids=batch.ids[rows, :length],
        mask=batch.mask[rows, :length],
        weights=batch.weights[rows, :length],
        parts=1,
    )


def _equal(weights: Tensor) -> Tensor:
    """Divide each sequence's weights by their sum."""
    return weights / weights.abs().sum(-1, keepdim=True).clamp_min(1e-12)


def _nll(network: TrainingNetwork, batch: Batch) -> Objective:
    return weighted_sft(
        network.log_probs(batch), batch.weights, normalise="sequences", total_weight=float(batch.total_items)
    )


def _kl(network: TrainingNetwork, batch: Batch) -> Objective:
    policy, weights = network.trained_logits(batch)
    with network.reference():
        before, _ = network.trained_logits(batch)
    return kl_to_reference(policy, before, weights, total_weight=batch.total_items)
