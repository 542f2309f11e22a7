"""``train_online``: reinforcement learning from a rule or judge, by trl's GRPO trainer over our generation engine.

Paper: Shao et al. 2024, DeepSeekMath (arXiv 2402.03300): group relative policy optimisation. For one prompt a group
of G answers is sampled; an answer's advantage is its reward minus the group's mean, over the group's standard
deviation; KL to the starting policy is the penalty.

Contract: this is the one file that knows trl, by its public surface alone (``GRPOTrainer``, ``GRPOConfig``,
``rollout_func``). Prompts are transcripts, rendered by our template, so user text cannot inject control tokens;
answers come from ``ChatModel.generate`` with the policy's current weights, one random stream per answer, so a run
that goes on from a checkpoint samples what it would have sampled. A reward of None (the judge could not score)
leaves the answer out of its group's mean and gives it no gradient. Groups whose rewards are all equal give none
either; their share is in the log. One optimiser step is one round of sampling (on-policy).

Deviations: groups without spread are not replaced by others (the share is reported). Full training is refused: the
reference is the frozen copy of the starting adapter.
"""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sophro.errors import SophroError
from sophro.files import digest, file_sha256, kept_or_temporary, write_folder, write_json
from sophro.train import _adapter, _checkpoint
from sophro.train._log import TrainingLog
from sophro.train._options import TrainOptions, TrainResult
from sophro.train._schedule import rate
from sophro.train._trainer import Progress, arguments, sampled_weights, stored_result, summary

Reward = Callable[[Sequence[int], Sequence[Any]], Sequence[float | None]]
"""``(positions in the prompts, completions) -> rewards``; None where an answer could not be scored."""

_ENVIRONMENT = {"TRL_EXPERIMENTAL_SILENCE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


@dataclass(frozen=True)
class OnlineOptions:
    """What sampling and the penalty need, beside ``TrainOptions``.

    ``TrainOptions.batch_size`` counts prompts per step, ``max_steps`` has to be given.

    Attributes:
        group: Answers per prompt (G).
        kl: Weight of the KL penalty to the starting policy.
        clip: Clipping of the probability ratio (it matters only with several updates per round).
        temperature: Of the samples.
        max_new_tokens: Upper bound of an answer.
    """

    group: int = 8
    kl: float = 0.02
    clip: float = 0.2
    temperature: float = 1.0
    max_new_tokens: int = 64

    def __post_init__(self) -> None:
        if self.group < 2:
            raise SophroError(f"online training: group is {self.group}; at least 2 answers are compared")
        if not self.temperature > 0:
            raise SophroError("online training: temperature must be above 0, or all answers are the same")
        if self.kl < 0 or not 0 < self.clip < 1 or self.max_new_tokens < 1:
            raise SophroError("online training: kl >= 0, 0 < clip < 1 and max_new_tokens >= 1 are needed")


def train_online(
    model: Any,
    prompts: Sequence[Sequence[Any]],
    reward: Reward,
    options: TrainOptions,
    online: OnlineOptions,
    out: Path,
    work: Path | None = None,
    progress: Progress | None = None,
    *,
    start: Path | None = None,
    key: str = "",
) -> TrainResult:
    """Train ``model`` on its own answers and write the adapter to ``out``.

    Args:
        model: A local ``ChatModel``; it comes back as it was given.
        prompts: Transcripts by class (harmful, benign, ...); every step takes equally many of each class.
        reward: Scores answers; positions count through the classes one after the other.
        options: Training options.
        online: Sampling options.
        out: Folder to create, as by ``train``; rows of ``training.jsonl`` hold the mean reward, the same by class
            (``reward_0``, ...), the share of groups without spread and the KL.
        work: Folder for checkpoints; a killed run goes on from there.
        progress: Called after each step with (steps done, steps in all, loss).
        start: Adapter folder to go on from; it is the reference of the KL penalty.
        key: Whatever else decides the rewards (judges, thresholds), so that a finished folder is recognised.

    Raises:
        SophroError: For unusable options or data, or if trl is not installed.
    """
    steps = options.max_steps
    if steps is None or options.adapter != "lora" or options.token_rows:
        raise SophroError("online training needs max_steps and adapter lora, and trains no token rows")
    if not prompts or not all(prompts) or options.batch_size % len(prompts):
        raise SophroError(
            f"online training: batch_size {options.batch_size} prompts cannot be shared by {len(prompts)} "
            "classes, or a class is empty"
        )
    rendered = [tuple(model.render(t).ids) for group in prompts for t in group]
    fingerprint = digest(
        {k: v for k, v in asdict(options).items() if k != "checkpoint_every"},
        asdict(online), [[len(group) for group in prompts], rendered], sampled_weights(model.network), key,
        None if start is None else file_sha256(start / "adapter_model.safetensors"),
    )  # fmt: skip
    if out.exists():
        return stored_result(out, fingerprint)
    with kept_or_temporary(work) as folder, _adapter.adapted(model.network, options, start) as adapted:
        run = _Run(model, adapted, prompts, rendered, reward, options, online, steps)
        return run.go(out, folder, work is not None, progress, fingerprint)


class _Run:
    """One run: order of prompts, rollouts, record."""

    def __init__(
        self,
        model: Any,
        adapted: Any,
        prompts: Sequence[Sequence[Any]],
        rendered: Sequence[tuple[int, ...]],
        reward: Reward,
        options: TrainOptions,
        online: OnlineOptions,
        steps: int,
    ) -> None:
        self.model, self.adapted, self.reward = model, adapted, reward
        self.options, self.online, self.steps = options, online, steps
        self.transcripts = [t for group in prompts for t in group]
        self.kinds = [at for at, group in enumerate(prompts) for _ in group]
        self.rendered = rendered
        self.done = 0
        self.last: dict[str, float] = {}
        self.tokens = 0

    def order(self) -> list[int]:
        """Return the prompts of all steps: class after class in equal numbers, each shuffled pass by pass."""
        import numpy as np

        random = np.random.default_rng(self.options.seed)
        classes = sorted(set(self.kinds))
        each = self.options.batch_size // len(classes)
        streams: list[list[int]] = []
        for kind in classes:
            mine = [i for i, k in enumerate(self.kinds) if k == kind]
            stream: list[int] = []
            while len(stream) < each * self.steps:
                stream += [int(i) for i in random.permutation(mine)]
            streams.append(stream)
        return [i for s in range(self.steps) for stream in streams for i in stream[s * each : (s + 1) * each]]

    def rollout(self, prompts: list[str], trainer: Any) -> dict[str, Any]:
        """Sample one answer per entry; an entry is the position of its prompt, as text."""
        from sophro.models import GenerationConfig

        where = [int(p) for p in prompts]
        args = trainer.args
        seed = (self.options.seed * 1_000_003 + self.done) * args.world_size + args.process_index
        config = GenerationConfig(
            max_new_tokens=self.online.max_new_tokens, temperature=self.online.temperature, seed=seed
        )
        training = self.adapted.training
        self.adapted.eval()
        answers = self.model.generate([self.transcripts[i] for i in where], config)
        self.adapted.train(training)
        if any(not a.ids and a.finish_reason == "too_long" for a in answers):
            raise SophroError("online training: a prompt does not fit the context of the model")
        earned = list(self.reward(where, answers))
        end = self.model.template.end_id
        # The end of the turn is part of what was chosen; a cut answer has none.
        ids = [[*a.ids, end] if a.finish_reason == "stop" else list(a.ids) for a in answers]
        self._note(where, earned)
        self.tokens = sum(len(self.rendered[i]) + len(a) for i, a in zip(where, ids, strict=True))
        return {
            "prompt_ids": [list(self.rendered[i]) for i in where],
            "completion_ids": ids,
            "logprobs": None,
            "earned": earned,
        }

    def _note(self, where: Sequence[int], earned: Sequence[float | None]) -> None:
        scored = [(self.kinds[i], r) for i, r in zip(where, earned, strict=True) if r is not None]
        self.last = {"unscored": float(len(earned) - len(scored))}
        for kind in sorted(set(self.kinds)):
            mine = [r for k, r in scored if k == kind]
            if mine:
                self.last[f"reward_{kind}"] = round(sum(mine) / len(mine), 4)

    def go(
        self, out: Path, work: Path, keep: bool, progress: Progress | None, fingerprint: str
    ) -> TrainResult:
        """Run trl's loop and write the adapter."""
        import torch
        from transformers import PrinterCallback, TrainerCallback

        from sophro.models._packed import packed

        trl = _library()
        options, online, run = self.options, self.online, self
        parameters = _adapter.trainable(self.adapted)
        optimizer = torch.optim.AdamW(
            list(parameters.values()), options.learning_rate, weight_decay=options.weight_decay, fused=True
        )
        found = _checkpoint.latest(work, fingerprint) if keep else None
        begin = self.done = 0 if found is None else found[0]
        scheduler = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda s: rate(begin + s, self.steps, options.warmup, options.schedule)
        )
        shared = arguments(options, work)
        rows = options.batch_size * online.group
        # Rows per pass bound the memory of the logits.
        per_pass = max(d for d in (1, 2, 4, 8) if rows % (d * shared.world_size) == 0)
        args = trl.GRPOConfig(
            output_dir=str(work),
            per_device_train_batch_size=per_pass,
            gradient_accumulation_steps=rows // (per_pass * shared.world_size),
            num_generations=online.group,
            max_steps=self.steps - begin,
            max_grad_norm=options.max_grad_norm,
            max_completion_length=online.max_new_tokens,
            temperature=online.temperature,
            beta=online.kl,
            epsilon=online.clip,
            loss_type="grpo",
            shuffle_dataset=False,
            seed=options.seed,
            bf16=False,
            gradient_checkpointing=False,
            use_cpu=shared.use_cpu,
            report_to="none",
            save_strategy="no",
            logging_strategy="steps",
            logging_steps=1,
            disable_tqdm=True,
            dataloader_pin_memory=False,
        )
        log = TrainingLog(work / "training.jsonl", begin) if args.process_index == 0 else None

        class Record(TrainerCallback):
            """Writes a row per step and a checkpoint every so often."""

            began = 0.0

            def on_step_begin(self, *_: Any, **__: Any) -> None:
                self.began = time.perf_counter()

            def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
                if not logs or "loss" not in logs or log is None:
                    return
                named = {"loss": "loss", "kl": "kl", "reward": "reward", "entropy": "entropy",
                         "frac_reward_zero_std": "without_spread", "completions/mean_length": "length",
                         "learning_rate": "lr"}  # fmt: skip
                told = {v: float(logs[k]) for k, v in named.items() if logs.get(k) is not None}
                if not math.isfinite(told["loss"]):
                    raise SophroError(
                        f"online step {run.done}: the loss is no number; lower the learning rate"
                    )
                # Where nothing was scored there is no mean reward.
                row = {"step": run.done, **{k: v for k, v in told.items() if math.isfinite(v)}}
                row |= {**run.last, "tokens": run.tokens}
                log.append({**row, "seconds": round(time.perf_counter() - self.began, 3)})
                if keep and run.done % options.checkpoint_every == 0:
                    log.sync()
                    _checkpoint.save(work, run.done, parameters, optimizer, {"fingerprint": fingerprint})
                if progress is not None:
                    progress(run.done, run.steps, told["loss"])

            def on_step_end(self, *_: Any, **__: Any) -> None:
                run.done += 1

        order = self.order()[begin * options.batch_size :]
        trainer = trl.GRPOTrainer(
            model=self.adapted,
            reward_funcs=_earned,
            args=args,
            train_dataset=_dataset([str(i) for i in order]),
            processing_class=self.model.tokenizer,
            callbacks=[Record()],
            optimizers=(optimizer, scheduler),
            rollout_func=self.rollout,
        )
        trainer.remove_callback(PrinterCallback)
        if found is not None:
            _checkpoint.load(found[1], parameters, optimizer)
        try:
            if begin < self.steps:
                with packed(self.adapted):
                    trainer.train()
        finally:
            if log is not None:
                log.close()
        result = None
        trainer.accelerator.wait_for_everyone()
        if log is not None:
            count = sum(p.numel() for p in parameters.values())
            # Nothing is known of the padding inside trl's passes.
            tokens = sum(row["tokens"] for row in log.rows)
            result = summary(out, log.rows, tokens, count, begin)

            def fill(folder: Path) -> None:
                _adapter.write(self.adapted, folder)
                shutil.copyfile(work / "training.jsonl", folder / "training.jsonl")
                text = {"fingerprint": fingerprint, "result": result.to_json() if result else {}}
                write_json(folder / "training.json", text)

            write_folder(out, fill)
            _checkpoint.clear(work)
            (work / "training.jsonl").unlink()
        trainer.accelerator.wait_for_everyone()
        return result or stored_result(out, fingerprint)


def _earned(prompts: Any, completions: Any, earned: list[float | None], **_: Any) -> list[float | None]:
    """Hand on what the rollout scored (trl calls a function per reward)."""
    return earned


def _dataset(prompts: Sequence[str]) -> Any:
    from datasets import Dataset

    return Dataset.from_dict({"prompt": list(prompts)})


def _library() -> Any:
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import huggingface_hub.constants
        import trl
    except ImportError as error:
        raise SophroError("online training needs trl: pip install 'sophro[rl]'") from error
    # The hub's client reads the variable once, perhaps before us.
    huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY = True
    return trl


__all__ = ["OnlineOptions", "Reward", "train_online"]
