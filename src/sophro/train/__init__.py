"""Training: pure objectives, one offline trainer, memory planning.

Importing this package costs nothing; torch, transformers and peft load with the first name that needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sophro._lazy import lazy
from sophro.train._examples import Example, PairExample, TrainItem
from sophro.train._memory import MemoryPlan, ModelShape, plan_memory
from sophro.train._options import TrainOptions, TrainResult
from sophro.train._plan import plan_batches
from sophro.train._render import sft_items
from sophro.train._world import first_process

if TYPE_CHECKING:
    from sophro.train._batch import Batch
    from sophro.train._inplace import train_in_place
    from sophro.train._losses import DpoLoss, Loss, SftLoss
    from sophro.train._network import TrainingNetwork
    from sophro.train._online import OnlineOptions, train_online
    from sophro.train._score import sequence_scores
    from sophro.train._trainer import train
    from sophro.train.objectives import Objective

_LAZY = {
    "Batch": "_batch",
    "DpoLoss": "_losses",
    "Loss": "_losses",
    "Objective": "objectives",
    "OnlineOptions": "_online",
    "SftLoss": "_losses",
    "TrainingNetwork": "_network",
    "sequence_scores": "_score",
    "train": "_trainer",
    "train_in_place": "_inplace",
    "train_online": "_online",
}

__all__ = [
    "Batch",
    "DpoLoss",
    "Example",
    "Loss",
    "MemoryPlan",
    "ModelShape",
    "Objective",
    "OnlineOptions",
    "PairExample",
    "SftLoss",
    "TrainItem",
    "TrainOptions",
    "TrainResult",
    "TrainingNetwork",
    "first_process",
    "plan_batches",
    "plan_memory",
    "sequence_scores",
    "sft_items",
    "train",
    "train_in_place",
    "train_online",
]


__getattr__ = lazy(__name__, _LAZY)
