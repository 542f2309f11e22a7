"""``train``: one offline training run, from examples to a plain PEFT adapter on the disk.

Contract: the same model, data, options and machine give the same bits, interrupted or not. ``out`` appears
only when it is complete. The network comes back as it was given (full training is the exception: it changes
the weights, which is its purpose). Under ``accelerate launch`` every process calls ``train`` with the same
arguments; only the first one writes.

Supported: one process (CPU or one accelerator) and data parallelism. Sharded training (FSDP, DeepSpeed) is
refused rather than done wrong. A run seeds the global random generators of Python, numpy and torch.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from array import array
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from transformers import PrinterCallback, TrainingArguments

from sophro.errors import SophroError
from sophro.files import digest, file_sha256, kept_or_temporary, write_folder, write_json
from sophro.models import release_memory
from sophro.models._packed import packed
from sophro.train import _adapter, _checkpoint
from sophro.train._examples import PairExample, TrainItem, check_items
from sophro.train._log import TrainingLog
from sophro.train._loop import Recorder, Steps, StepTrainer
from sophro.train._losses import DpoLoss, Loss, SftLoss, describe
from sophro.train._network import TrainingNetwork
from sophro.train._options import TrainOptions, TrainResult
from sophro.train._plan import plan_steps
from sophro.train._schedule import rate

Progress = Callable[[int, int, float], None]


def train(
    model: Any,
    examples: Sequence[TrainItem],
    options: TrainOptions,
    out: Path,
    work: Path | None = None,
    progress: Progress | None = None,
    *,
    loss: Loss | None = None,
    start: Path | None = None,
) -> TrainResult:
    """Train ``model`` on ``examples`` and write the adapter to ``out``.

    Args:
        model: A transformers causal language model, or an object that holds one as ``network``.
        examples: ``Example`` items, ``PairExample`` items, or items of a method's own class.
        options: Everything that decides the result.
        out: Folder to create: ``adapter_config.json`` and ``adapter_model.safetensors`` (or a whole model
            after full training), ``training.jsonl`` (a row per step) and ``training.json`` (the result).
        work: Folder for checkpoints. If it holds one of the same run, training goes on from there; it is
            emptied of them at the end. None: no checkpoints.
        progress: Called after each step with (steps done, steps in all, loss).
        loss: What to minimise; by default likelihood for examples and DPO for pairs.
        start: Adapter folder to go on from (same rank, targets and token rows); by default a fresh adapter.

    Returns:
        What the run did. If ``out`` holds this very run already, its stored result.

    Raises:
        SophroError: For unusable data or options, if ``out`` or ``work`` belongs to another run, or if the
            loss stops being a finite number.
    """
    network = getattr(model, "network", model)
    loss = loss or (DpoLoss() if examples and isinstance(examples[0], PairExample) else SftLoss())
    config = network.config
    check_items(
        examples,
        vocabulary=network.get_input_embeddings().weight.shape[0],
        positions=getattr(config, "max_position_embeddings", None),
    )
    fingerprint = _fingerprint(network, examples, options, loss)
    if start is not None:
        fingerprint = digest(fingerprint, file_sha256(start / "adapter_model.safetensors"))
    if out.exists():
        return stored_result(out, fingerprint)
    with kept_or_temporary(work) as folder, _adapter.adapted(network, options, start) as adapted:
        return _run(adapted, examples, options, out, folder, work is not None, progress, loss, fingerprint)


def _run(
    model: Any,
    items: Sequence[TrainItem],
    options: TrainOptions,
    out: Path,
    work: Path,
    keep: bool,
    progress: Progress | None,
    loss: Loss,
    fingerprint: str,
) -> TrainResult:
    args = arguments(options, work)
    found = _checkpoint.latest(work, fingerprint) if keep else None
    start = 0 if found is None else found[0]
    built = machine(model, items, options, args, loss, start)
    trainer, parameters, optimizer = built.trainer, built.parameters, built.optimizer
    positions = 0 if found is None else _positions(found[1])
    main = args.process_index == 0
    log = TrainingLog(work / "training.jsonl", start) if main else None

    def record(step: int, row: dict[str, Any], computed: int) -> None:
        nonlocal positions
        positions += computed
        if log is None:
            return
        log.append(row)
        if keep and step % options.checkpoint_every == 0:
            log.sync()
            facts = {"fingerprint": fingerprint, "positions": positions}
            _checkpoint.save(work, step, parameters, optimizer, facts)
            release_memory(after=10)  # batches of many widths leave holes
        if progress is not None:
            progress(step, built.steps, row["loss"])

    recorder = Recorder(start, record)
    recorder.trainer = trainer
    trainer.add_callback(recorder)
    if found is not None:
        _checkpoint.load(found[1], parameters, optimizer)
    try:
        if built.steps > start:
            with packed(model):
                trainer.train()
    finally:
        if log is not None:
            log.close()
    result = None
    # Nobody may see `out` before everyone has decided to train.
    trainer.accelerator.wait_for_everyone()
    if log is not None:
        count = sum(p.numel() for p in parameters.values())
        result = summary(out, log.rows, positions, count, start)
        _publish(model, out, work, result, fingerprint)
        _checkpoint.clear(work)
        (work / "training.jsonl").unlink()
    trainer.accelerator.wait_for_everyone()
    return result or stored_result(out, fingerprint)


class Machine(NamedTuple):
    """What runs the steps.

    Attributes:
        trainer: Runs them; add a ``Recorder`` to hear of them.
        parameters: What trains, by name.
        optimizer: Theirs.
        steps: Optimiser steps of the whole run.
    """

    trainer: StepTrainer
    parameters: dict[str, torch.nn.Parameter]
    optimizer: torch.optim.Optimizer
    steps: int


def machine(
    model: Any,
    items: Sequence[TrainItem],
    options: TrainOptions,
    args: TrainingArguments,
    loss: Loss,
    start: int,
) -> Machine:
    """Build plan, optimiser and loop for the parameters of ``model`` that require gradients, after ``start`` steps."""
    lengths = [len(item.parts) * max(len(p.ids) for p in item.parts) for item in items]
    plan = plan_steps(
        lengths,
        batch_size=options.batch_size,
        token_budget=options.token_budget,
        seed=options.seed,
        epochs=options.epochs,
        max_steps=options.max_steps,
    )
    parameters = _adapter.trainable(model)
    optimizer = torch.optim.AdamW(
        list(parameters.values()), options.learning_rate, weight_decay=options.weight_decay, fused=True
    )
    factor: Callable[[int], float] = lambda s: rate(start + s, len(plan), options.warmup, options.schedule)  # noqa: E731
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    steps = Steps(
        items,
        plan,
        lengths,
        start=start,
        micro_tokens=options.tokens_per_pass(args.device.type),
        rank=args.process_index,
        world=args.world_size,
    )
    trainer = StepTrainer(
        model=TrainingNetwork(model, loss),
        args=args,
        train_dataset=steps,
        optimizers=(optimizer, scheduler),
    )
    # It prints a summary to stdout, where --json output goes.
    trainer.remove_callback(PrinterCallback)
    _refuse_sharding(trainer)
    return Machine(trainer, parameters, optimizer, len(plan))


def arguments(options: TrainOptions, work: Path) -> TrainingArguments:
    """Return what the Trainer is told; a set-up that would train something else is refused."""
    args = TrainingArguments(
        output_dir=str(work),
        per_device_train_batch_size=1,
        num_train_epochs=1,
        max_grad_norm=options.max_grad_norm,
        seed=options.seed,
        # Without this, processes on a machine without accelerators would each believe to be the only one.
        use_cpu=not torch.accelerator.is_available(),
        report_to="none",
        logging_strategy="no",
        save_strategy="no",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        ddp_find_unused_parameters=False,
        average_tokens_across_devices=False,
    )
    _check_world(args.world_size)
    if args.n_gpu > 1:
        raise SophroError(
            "several GPUs are visible to one process; start with `accelerate launch -m sophro ...` "
            "or set CUDA_VISIBLE_DEVICES to one of them"
        )
    return args


def _check_world(found: int) -> None:
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if found != started:
        raise SophroError(f"{started} processes were launched but {found} found each other; use torchrun")


def _refuse_sharding(trainer: StepTrainer) -> None:
    if trainer.is_deepspeed_enabled or trainer.is_fsdp_enabled:
        raise SophroError(
            "sharded training (DeepSpeed, FSDP) is not supported; launch with plain data parallelism"
        )


def _fingerprint(network: Any, items: Sequence[TrainItem], options: TrainOptions, loss: Loss) -> str:
    data = hashlib.sha256()
    for item in items:
        for part in item.parts:
            data.update(array("q", part.ids).tobytes() + array("d", part.weights).tobytes() + b"|")
        data.update(json.dumps(dict(item.values), sort_keys=True).encode())
    # How often to save does not touch the result, so it may change between two attempts.
    chosen = {k: v for k, v in asdict(options).items() if k != "checkpoint_every"}
    return digest(chosen, describe(loss), data.hexdigest(), sampled_weights(network))


def sampled_weights(network: Any) -> str:
    """Return a hash of names, shapes and the first values of all parameters."""
    weights = hashlib.sha256()
    for name, parameter in network.named_parameters():
        sample = parameter.detach().flatten()[:64].float().cpu()
        weights.update(f"{name}{tuple(parameter.shape)}".encode() + sample.numpy().tobytes())
    return weights.hexdigest()


def _positions(checkpoint: Path) -> int:
    return int(json.loads((checkpoint / "state.json").read_text(encoding="utf-8"))["positions"])


def summary(out: Path, rows: list[dict[str, Any]], positions: int, trainable: int, start: int) -> TrainResult:
    """Return what a run did, from the rows of its log."""
    tail = [row["loss"] for row in rows[-max(1, len(rows) // 10) :]]
    tokens = sum(row["tokens"] for row in rows)
    seconds = sum(row["seconds"] for row in rows)
    return TrainResult(
        out=out,
        steps=len(rows),
        loss=sum(tail) / len(tail),
        tokens=tokens,
        seconds=round(seconds, 3),
        tokens_per_second=tokens / seconds if seconds else 0.0,
        padding=1 - tokens / positions,
        trainable=trainable,
        resumed_from=start,
    )


def _publish(model: Any, out: Path, work: Path, result: TrainResult, fingerprint: str) -> None:
    def fill(folder: Path) -> None:
        _adapter.write(model, folder)
        shutil.copyfile(work / "training.jsonl", folder / "training.jsonl")
        write_json(folder / "training.json", {"fingerprint": fingerprint, "result": result.to_json()})

    write_folder(out, fill)


def stored_result(out: Path, fingerprint: str) -> TrainResult:
    """Return the result in a finished folder.

    Raises:
        SophroError: If the folder is not this run's.
    """
    file = out / "training.json"
    if file.is_file():
        stored = cast(dict[str, Any], json.loads(file.read_text(encoding="utf-8")))
        if stored["fingerprint"] == fingerprint:
            return TrainResult.from_json(stored["result"], out)
    raise SophroError(f"{out}: exists and is not the result of this run; delete it or choose another folder")
