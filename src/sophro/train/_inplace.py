"""``train_in_place``: gradient steps on a network in memory, of which nothing reaches the disk.

Contract: what trains is what requires gradients; the rest is the offline trainer's (same plan, same steps, same bits).
No checkpoint, no log file, no weights are written, because some updates (one that makes a model comply with harm)
must never exist as a file. The caller keeps the weights that it wants back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from sophro.errors import SophroError
from sophro.models._packed import packed
from sophro.train._examples import TrainItem, check_items
from sophro.train._loop import Recorder
from sophro.train._losses import Loss, SftLoss
from sophro.train._options import TrainOptions
from sophro.train._trainer import Progress, arguments, machine

Row = Mapping[str, Any]


class _Stop(TrainerCallback):
    """Ends the run after the step whose row satisfies ``enough``."""

    def __init__(self, enough: Callable[[Row], bool], rows: list[Row]) -> None:
        self._enough, self._rows = enough, rows

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Look at the newest row."""
        if self._rows and self._enough(self._rows[-1]):
            control.should_training_stop = True


def train_in_place(
    model: Any,
    examples: Sequence[TrainItem],
    options: TrainOptions,
    *,
    loss: Loss | None = None,
    enough: Callable[[Row], bool] | None = None,
    progress: Progress | None = None,
) -> list[Row]:
    """Train the parameters of ``model`` that require gradients, in memory.

    Args:
        model: A transformers causal language model; its weights are changed.
        examples: As for ``train``.
        options: As for ``train``; ``adapter`` and ``checkpoint_every`` mean nothing here.
        loss: What to minimise; by default the likelihood.
        enough: Told the row of each step (``loss`` is that before the update); true ends the run.
        progress: Called after each step with (steps done, steps in all, loss).

    Returns:
        One row a step, as in ``training.jsonl``.

    Raises:
        SophroError: For unusable data, several processes, or a loss that is not a finite number.
    """
    check_items(
        examples,
        vocabulary=model.get_input_embeddings().weight.shape[0],
        positions=getattr(model.config, "max_position_embeddings", None),
    )
    mode = model.training
    rows: list[Row] = []
    torch.manual_seed(options.seed)
    # The library wants a folder; nothing is put into it.
    with tempfile.TemporaryDirectory(prefix="sophro-") as scratch:
        args = arguments(options, Path(scratch))
        if args.world_size > 1:
            raise SophroError("training in memory runs in one process; start it without accelerate launch")
        built = machine(model, examples, options, args, loss or SftLoss(), 0)

        def record(step: int, row: dict[str, Any], _positions: int) -> None:
            rows.append(row)
            if progress is not None:
                progress(step, built.steps, row["loss"])

        recorder = Recorder(0, record)
        recorder.trainer = built.trainer
        built.trainer.add_callback(recorder)
        if enough is not None:
            built.trainer.add_callback(_Stop(enough, rows))
        try:
            with packed(model):
                built.trainer.train()
        finally:
            model.train(mode)
            for parameter in built.parameters.values():
                parameter.grad = None
    return rows
