"""What a plan will cost, from a simple stated model: no network, no model is loaded.

Contract: minutes = tokens / speed + a fixed start, memory = weights x factor + a base. Speeds are those of a
reference model and fall in proportion to the number of parameters. The defaults were measured with
SmolLM2-135M-Instruct in float32 on 2 CPU cores (DESIGN section 6: 2.7 completions of 48 tokens a second in
batches of 32; LoRA training 100 to 120 tokens a second); memory factors are round guesses. A model whose size
is neither given nor in its name is not estimated, which the result says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sophro.recipe._plan import Stage
from sophro.recipe._schema import Recipe


@dataclass(frozen=True)
class Throughput:
    """Speeds and sizes that the estimate rests on.

    Attributes:
        generate: Generated tokens per second of the reference model.
        train: Training tokens per second of the reference model.
        reference: Parameters of the reference model.
        parameters: Parameters of models by name; others are read from the name (``...-7b``).
        set_sizes: Records of sets by name, for data without a limit.
        unlimited: Records assumed for a set of unknown size without a limit.
        record_tokens: Tokens of one training record.
        queries: Completions for one prompt by attack name; others take one.
        start_seconds: Fixed cost of a stage (loading, judging).
        parameter_bytes: Bytes per parameter (4 in float32).
        generate_factor: Memory of generation as a multiple of the weights.
        train_factor: Memory of training as a multiple of the weights.
        base_bytes: Memory of the process without a model.
    """

    generate: float = 240.0
    train: float = 240.0
    reference: float = 135e6
    parameters: Mapping[str, float] = field(default_factory=dict[str, float])
    set_sizes: Mapping[str, int] = field(default_factory=dict[str, int])
    unlimited: int = 200
    record_tokens: float = 90.0
    queries: Mapping[str, float] = field(default_factory=dict[str, float])
    start_seconds: float = 3.0
    parameter_bytes: float = 4.0
    generate_factor: float = 1.5
    train_factor: float = 3.0
    base_bytes: float = 0.6e9


@dataclass(frozen=True)
class StageEstimate:
    """Cost of one stage; None where the size of its model is unknown."""

    name: str
    minutes: float | None
    memory_bytes: float | None


@dataclass(frozen=True)
class PlanEstimate:
    """Cost of a plan.

    Attributes:
        stages: One estimate per stage, in order.
        minutes: Sum over the stages that could be estimated.
        memory_bytes: Largest of the stages that could be estimated (stages run one after another), or None.
        unknown: Names of the stages that could not.
    """

    stages: tuple[StageEstimate, ...]
    minutes: float
    memory_bytes: float | None
    unknown: tuple[str, ...]


def estimate(stages: Sequence[Stage], throughput: Throughput | None = None) -> PlanEstimate:
    """Estimate minutes and peak memory of ``stages`` (default throughput: see the module header)."""
    speed = throughput or Throughput()
    costs = tuple(_stage(stage, speed) for stage in stages)
    return PlanEstimate(
        costs,
        sum(c.minutes for c in costs if c.minutes is not None),
        max((c.memory_bytes for c in costs if c.memory_bytes is not None), default=None),
        tuple(c.name for c in costs if c.minutes is None),
    )


def describe(
    recipe: Recipe, stages: Sequence[Stage], cost: PlanEstimate, done: Collection[str] = ()
) -> list[str]:
    """Return the lines of ``sophro run --plan``; ``done`` holds the keys of stages that exist already."""
    lines: list[str] = []
    left = 0.0
    for number, (stage, part) in enumerate(zip(stages, cost.stages, strict=True), start=1):
        minutes = "    ? min" if part.minutes is None else f"{part.minutes:5.1f} min"
        state = "     done" if stage.key in done else minutes
        left += 0.0 if stage.key in done else part.minutes or 0.0
        lines.append(f"{number:3d}  {state}  {stage.name}-{stage.key}")
    memory = "unknown" if cost.memory_bytes is None else f"about {cost.memory_bytes / 1e9:.1f} GB"
    pending = sum(stage.key not in done for stage in stages)
    lines.append(f"{pending} of {len(stages)} stages to do, about {left:.1f} min, peak memory {memory}")
    if cost.unknown:
        lines.append(f"not estimated (size of the model unknown): {len(cost.unknown)} stages")
    if recipe.budget is not None and left > recipe.budget.minutes:
        lines.append(f"warning: above the budget of {recipe.budget.minutes:g} min; lower limits or drop arms")
    return lines


def _stage(stage: Stage, speed: Throughput) -> StageEstimate:
    inputs = stage.inputs
    size = _parameters(str(inputs["model"]), speed)
    if size is None:
        return StageEstimate(stage.name, None, None)
    slower = size / speed.reference
    if stage.kind == "align":
        # Roles of development and diagnosis are read, not trained on.
        trained = {r: s for r, s in inputs["data"].items() if not r.startswith(("dev_", "diagnose"))}
        records = sum(_records(spec, speed) for spec in trained.values())
        seconds = records * _epochs(inputs["options"]) * speed.record_tokens / speed.train
        factor = speed.train_factor
    elif stage.kind == "edit":
        # Two trainings of so many steps, and a backward pass an example after each.
        records = sum(_records(spec, speed) for spec in inputs["data"].values())
        answers = float(inputs["options"].get("steps", 0)) * float(inputs["options"].get("batch_size", 1))
        seconds = 2 * (answers + records) * speed.record_tokens / speed.train
        factor = 2 * speed.train_factor
    elif stage.kind == "prepare":
        # Every prompt is answered about once; some twice, some not at all. A method with a limit of its own makes twice
        # as many requests and keeps the best.
        made = 2 * float(inputs["options"].get("limit") or 0)
        records = made + sum(_records(spec, speed) for spec in inputs["data"].values())
        tokens = records * speed.record_tokens
        seconds = tokens / speed.generate
        factor = speed.generate_factor
    elif stage.kind == "steer":
        # Every prompt is answered once for each of about ten strengths, in a few words.
        tokens = sum(_records(spec, speed) for spec in inputs["data"].values()) * 10 * 24
        seconds = tokens / speed.generate
        factor = speed.generate_factor
    else:
        spec = inputs["data"] if stage.kind == "answers" else inputs
        queries = speed.queries.get(str(inputs.get("attack")), 1.0)
        tokens = _records(spec, speed) * queries * inputs["generation"]["max_new_tokens"]
        seconds = tokens / speed.generate
        factor = speed.generate_factor
    memory = size * speed.parameter_bytes * factor + speed.base_bytes
    return StageEstimate(stage.name, (seconds * slower + speed.start_seconds) / 60, memory)


def _records(spec: Mapping[str, Any], speed: Throughput) -> int:
    size = speed.set_sizes.get(str(spec["set"]))
    limit = spec["limit"]
    if limit is None:
        return speed.unlimited if size is None else size
    return int(limit) if size is None else min(int(limit), size)


def _epochs(options: Mapping[str, Any]) -> float:
    epochs = options.get("epochs", 1)
    return float(epochs) if isinstance(epochs, int | float) else 1.0


def _parameters(model: str, speed: Throughput) -> float | None:
    if model in speed.parameters:
        return speed.parameters[model]
    found = re.search(r"(?<![A-Za-z0-9.])(\d+(?:\.\d+)?)([mb])(?![A-Za-z0-9])", model.lower())
    if found is None:
        return None
    return float(found[1]) * (1e9 if found[2] == "b" else 1e6)
