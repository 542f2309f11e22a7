"""The optimisation loop: ``transformers.Trainer`` with our steps, our losses and our records.

Contract: one item of the data loader is one optimiser step of this process, already cut into pieces that fit
the memory; the Trainer's own accumulation stays at 1. Losses arrive normalised over the whole step, so pieces
and processes simply add up, and any way of cutting a step gives the same update up to rounding.

Dropout draws from a generator that is seeded anew at every step from (seed, step, process): a resumed run
needs no stored random state.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch.utils.data import DataLoader, Dataset
from transformers import Trainer, TrainerCallback

from sophro.errors import SophroError
from sophro.train._batch import Batch, collate, item_weight
from sophro.train._examples import TrainItem
from sophro.train._plan import share, split_rows


@dataclass(frozen=True)
class Step:
    """What one process computes in one optimiser step.

    Attributes:
        number: Optimiser steps before this one, over the whole run.
        pieces: Forward passes.
        tokens: Non-padding tokens in them.
        positions: All computed positions.
        idle: This process has no share and computes only to keep step with the others.
    """

    number: int
    pieces: list[Batch]
    tokens: int
    positions: int
    idle: bool


class Steps(Dataset[dict[str, Step]]):
    """The remaining optimiser steps of a run.

    Args:
        items: The training data.
        plan: Positions in ``items`` for each optimiser step of the whole run.
        lengths: Padded length of each item, all its parts together.
        start: Steps already done.
        micro_tokens: Padded tokens per forward pass.
        rank: This process.
        world: Number of processes.
    """

    def __init__(
        self,
        items: Sequence[TrainItem],
        plan: Sequence[Sequence[int]],
        lengths: Sequence[int],
        *,
        start: int,
        micro_tokens: int,
        rank: int,
        world: int,
    ) -> None:
        self._items, self._plan, self._lengths = items, plan, lengths
        self._start, self._micro, self._rank, self._world = start, micro_tokens, rank, world

    def __len__(self) -> int:
        return len(self._plan) - self._start

    def __getitem__(self, index: int) -> dict[str, Step]:
        # The Trainer looks for keys such as "labels" in what it is given, so it must be a dict.
        return {"step": self._step(self._start + index)}

    def _step(self, number: int) -> Step:
        batch = self._plan[number]
        mine = share(batch, self._rank, self._world)
        weight = sum(item_weight(self._items[i]) for i in batch)
        pieces = [
            collate([self._items[i] for i in rows], total_items=len(batch), total_weight=weight)
            for rows in split_rows(mine or batch[-1:], self._lengths, self._micro)
        ]
        return Step(
            number=number,
            pieces=pieces,
            tokens=sum(int(p.mask.sum()) for p in pieces) if mine else 0,
            positions=sum(p.ids.numel() for p in pieces),
            idle=not mine,
        )


class StepTrainer(Trainer):
    """A Trainer whose step is a ``Step``; ``measured`` holds the sums of the last one over all processes."""

    measured: dict[str, float]

    def get_train_dataloader(self) -> DataLoader[dict[str, Step]]:
        """Return the steps of this process in order; they are sharded already."""
        return DataLoader(self.train_dataset, batch_size=None, shuffle=False)  # pyright: ignore[reportArgumentType]

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        """Add up loss and gradient of all pieces of one step."""
        step: Step = inputs["step"]
        model.train()
        world = self.accelerator.num_processes
        torch.manual_seed((self.args.seed * 1_000_003 + step.number) * world + self.accelerator.process_index)
        sums = {"loss": 0.0, "tokens": float(step.tokens), "positions": float(step.positions)}
        # A process without a share runs a piece of another's all the same, at weight 0: the gradient exchange
        # waits for every process.
        scale = 0.0 if step.idle else 1.0
        for index, piece in enumerate(step.pieces):
            last = index == len(step.pieces) - 1
            with contextlib.nullcontext() if last else self.accelerator.no_sync(model):
                loss, diagnostics = model(piece.to(self.args.device))
                # Data parallelism averages gradients over processes; our pieces must add up.
                self.accelerator.backward(loss * (scale * world))
            for name, value in {"loss": loss.detach(), **diagnostics}.items():
                sums[name] = sums.get(name, 0.0) + scale * float(value)
        totals = torch.tensor(list(sums.values()), dtype=torch.float64, device=self.args.device)
        if world > 1:
            totals = cast(torch.Tensor, self.accelerator.reduce(totals, "sum"))
        self.measured = dict(zip(sums, totals.tolist(), strict=True))  # pyright: ignore[reportAttributeAccessIssue]
        if not torch.isfinite(totals).all():
            raise SophroError(
                f"training step {step.number + 1}: the loss is not a finite number; lower the learning rate"
            )
        return totals[0].float()


class Recorder(TrainerCallback):
    """Calls ``record(step, row, positions)`` after each optimiser step.

    Args:
        start: Steps already done.
        record: Receives the number of done steps, the row for the log and the computed positions.
    """

    def __init__(self, start: int, record: Callable[[int, dict[str, Any], int], None]) -> None:
        self.trainer: StepTrainer | None = None
        self._start, self._record = start, record
        self._began = 0.0
        self._rate = 0.0

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Note the time and the learning rate of the step to come."""
        self._began = time.perf_counter()
        self._rate = kwargs["optimizer"].param_groups[0]["lr"]

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Report the step."""
        assert self.trainer is not None
        sums = dict(self.trainer.measured)
        step = self._start + state.global_step
        positions = int(sums.pop("positions"))
        row = {
            "step": step,
            "loss": sums.pop("loss"),
            "lr": self._rate,
            "tokens": int(sums.pop("tokens")),
            "seconds": round(time.perf_counter() - self._began, 4),
            **sums,
        }
        self._record(step, row, positions)
