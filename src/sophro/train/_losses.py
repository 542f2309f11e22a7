"""The losses that the trainer offers; a method brings its own as a callable of the same shape."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from typing import Literal, Protocol

from sophro.train._batch import Batch
from sophro.train._network import TrainingNetwork
from sophro.train.objectives import Objective, dpo, sequence_log_probs, weighted_sft


class Loss(Protocol):
    """What a method hands to ``train``: best a frozen dataclass, so that its settings name the run."""

    def __call__(self, network: TrainingNetwork, batch: Batch, /) -> Objective:
        """Return the share of ``batch`` in the loss of its optimiser step.

        Shares are added over pieces and processes, so divide by ``batch.total_items`` or
        ``batch.total_weight``, never by a size of the piece; the same for diagnostics.
        """
        ...


@dataclass(frozen=True)
class SftLoss:
    """Weighted maximum likelihood on the weighted tokens of ``Example`` items.

    Attributes:
        normalise: ``tokens`` or ``sequences``, see ``weighted_sft``.
    """

    normalise: Literal["tokens", "sequences"] = "tokens"

    def __call__(self, network: TrainingNetwork, batch: Batch, /) -> Objective:
        """Return the share of ``batch``."""
        tokens = self.normalise == "tokens"
        total = batch.total_weight if tokens else float(batch.total_items * batch.parts)
        log_probs = network.log_probs(batch)
        return weighted_sft(log_probs, batch.weights, normalise=self.normalise, total_weight=total)


@dataclass(frozen=True)
class DpoLoss:
    """DPO on ``PairExample`` items.

    Attributes:
        beta: See ``dpo``.
        label_smoothing: See ``dpo``.
        nll: Weight of the preferred sequence's mean negative log-likelihood per token, added so that its
            likelihood does not fall along with the other's.
    """

    beta: float = 0.1
    label_smoothing: float = 0.0
    nll: float = 0.0

    def __call__(self, network: TrainingNetwork, batch: Batch, /) -> Objective:
        """Return the share of ``batch``."""
        log_probs = network.log_probs(batch)
        chosen, rejected = batch.rows(0), batch.rows(1)
        sums = sequence_log_probs(log_probs, batch.weights)
        result = dpo(
            sums[chosen],
            sums[rejected],
            batch.values["ref_chosen"],
            batch.values["ref_rejected"],
            beta=self.beta,
            label_smoothing=self.label_smoothing,
            total_pairs=batch.total_items,
        )
        if self.nll == 0:
            return result
        extra = weighted_sft(
            log_probs[chosen], batch.weights[chosen], normalise="sequences", total_weight=batch.total_items
        )
        return Objective(result.loss + self.nll * extra.loss, {**result.diagnostics, **extra.diagnostics})


def describe(loss: Loss) -> str:
    """Return what tells one loss from another in the fingerprint of a run."""
    if is_dataclass(loss):
        return repr(loss)
    kind = loss if hasattr(loss, "__qualname__") else type(loss)
    return f"{kind.__module__}.{kind.__qualname__}"  # pyright: ignore[reportUnknownVariableType, reportAttributeAccessIssue]
