"""Training: pure objectives, one offline trainer, memory planning.

Importing this package costs nothing; torch, transformers and peft load with the first name that needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sophro.train._examples import Example, PairExample, TrainItem
from sophro.train._memory import MemoryPlan, ModelShape, plan_memory
from sophro.train._options import TrainOptions, TrainResult
from sophro.train._plan import plan_batches
from sophro.train._render import sft_items

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
    "Batch": "sophro.train._batch",
    "DpoLoss": "sophro.train._losses",
    "Loss": "sophro.train._losses",
    "Objective": "sophro.train.objectives",
    "OnlineOptions": "sophro.train._online",
    "SftLoss": "sophro.train._losses",
    "TrainingNetwork": "sophro.train._network",
    "sequence_scores": "sophro.train._score",
    "train": "sophro.train._trainer",
    "train_in_place": "sophro.train._inplace",
    "train_online": "sophro.train._online",
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
    "plan_batches",
    "plan_memory",
    "sequence_scores",
    "sft_items",
    "train",
    "train_in_place",
    "train_online",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'sophro.train' has no attribute {name!r}")
