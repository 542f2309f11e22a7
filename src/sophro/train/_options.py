"""What a training run is told and what it reports."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from sophro.errors import SophroError


@dataclass(frozen=True)
class TrainOptions:
    """Everything that decides the result of a run, apart from model and data.

    Attributes:
        learning_rate: Peak rate of AdamW.
        epochs: Passes over the data.
        max_steps: Stop after this many optimiser steps; None for all epochs.
        batch_size: Items per optimiser step, over all processes.
        token_budget: If set, fills each step with as many items as fit in this number of padded tokens
            instead of a fixed count.
        micro_tokens: Padded tokens per forward pass; a step with more is accumulated in several passes. It
            bounds the memory of activations and does not change the result beyond rounding. None: 512 on a
            CPU, which is as fast there as more and leaves less padding, 8,192 on an accelerator.
        schedule: ``cosine`` or ``linear`` decay to 0, or ``constant``.
        warmup: Share of the steps during which the rate rises linearly from 0.
        weight_decay: Decoupled weight decay of AdamW, on every trained tensor.
        max_grad_norm: Gradients are scaled down to this global norm; 0 switches it off.
        adapter: ``lora`` or ``full`` (all weights; writes a whole model).
        rank: Rank of the LoRA matrices.
        alpha: LoRA scale; the update is multiplied by ``alpha / rank``.
        dropout: Dropout on the input of the LoRA matrices.
        targets: Module names that get LoRA matrices, or ``all-linear`` (all but the output head).
        token_rows: Ids of (new) tokens whose embedding rows train as well; the other rows stay.
        seed: Decides initialisation, order and dropout.
        checkpoint_every: Optimiser steps between checkpoints.
    """

    learning_rate: float = 2e-4
    epochs: int = 1
    max_steps: int | None = None
    batch_size: int = 8
    token_budget: int | None = None
    micro_tokens: int | None = None
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup: float = 0.03
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    adapter: Literal["lora", "full"] = "lora"
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    targets: str | tuple[str, ...] = "all-linear"
    token_rows: tuple[int, ...] = ()
    seed: int = 0
    checkpoint_every: int = 50

    def __post_init__(self) -> None:
        positive = {
            "learning_rate": self.learning_rate,
            "epochs": self.epochs,
            "max_steps": 1 if self.max_steps is None else self.max_steps,
            "batch_size": self.batch_size,
            "token_budget": 1 if self.token_budget is None else self.token_budget,
            "micro_tokens": 1 if self.micro_tokens is None else self.micro_tokens,
            "rank": self.rank,
            "alpha": self.alpha,
            "checkpoint_every": self.checkpoint_every,
        }
        for name, value in positive.items():
            if not value > 0:
                raise SophroError(f"training option {name}: {value} must be greater than 0")
        for name, share in {"warmup": self.warmup, "dropout": self.dropout}.items():
            if not 0 <= share < 1:
                raise SophroError(f"training option {name}: {share} must lie in [0, 1)")
        for name, value in {"weight_decay": self.weight_decay, "max_grad_norm": self.max_grad_norm}.items():
            if not value >= 0:
                raise SophroError(f"training option {name}: {value} must not be negative")
        if self.schedule not in ("cosine", "linear", "constant"):
            raise SophroError(f"training option schedule: {self.schedule!r}; known: cosine, linear, constant")
        if self.adapter not in ("lora", "full"):
            raise SophroError(f"training option adapter: {self.adapter!r}; known: lora, full")
        if self.adapter == "full" and self.token_rows:
            raise SophroError("training option token_rows: full training trains every row anyway; drop it")

    def tokens_per_pass(self, device: str) -> int:
        """Return ``micro_tokens``, or what None stands for on a device of this type (``cpu``, ``cuda``...)."""
        if self.micro_tokens is not None:
            return self.micro_tokens
        return 512 if device == "cpu" else 8192


@dataclass(frozen=True)
class TrainResult:
    """What a run did.

    Attributes:
        out: Folder of the adapter (or of the whole model after full training).
        steps: Optimiser steps of the whole run, with those before a resume.
        loss: Mean loss of the last tenth of the steps (at least one).
        tokens: Non-padding tokens processed, context included, in all steps.
        seconds: Wall seconds of all steps, without loading, checkpoints and saving.
        tokens_per_second: ``tokens / seconds``: useful tokens per second. Padding is not counted, so a
            trainer that computes on padding gets no credit for it.
        padding: Share of the computed positions that were padding.
        trainable: Number of trained parameters.
        resumed_from: Step of the checkpoint from which this call went on, 0 for a fresh start.
    """

    out: Path
    steps: int
    loss: float
    tokens: int
    seconds: float
    tokens_per_second: float
    padding: float
    trainable: int
    resumed_from: int

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON values; ``out`` is left out because folders move."""
        return {k: v for k, v in asdict(self).items() if k != "out"}

    @staticmethod
    def from_json(value: dict[str, Any], out: Path) -> TrainResult:
        """Build the result that ``to_json`` described, found in the folder ``out``."""
        return TrainResult(out=out, **value)
