"""Fitting: sample, pair, read states, choose block and strength."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

import numpy as np
import torch

from sophro.chat import Segment, Template, Transcript
from sophro.chat._thinking import count_tokens, first_tokens
from sophro.data import Record
from sophro.errors import SophroError
from sophro.models import GenerationConfig, SteeringPatch, collect
from sophro.models.directions import unit
from sophro.steer._layers import best_layer
from sophro.steer._method import FitJob, Fitted
from sophro.steer.efficiency._accounts import Totals, accounts, totals
from sophro.steer.efficiency._pairs import Pair, choose_strength, make_pairs, paired_direction

# Blocks whose output may be steered: what lies before is still reading, what lies behind is already speaking.
_DEPTH = (0.3, 0.9)
_DEV_SHARE = 3
_FEWEST = 4  # with fewer, one of the two parts that pairs are divided into is empty


def fit(job: FitJob) -> Fitted:
    """Fit the direction; see the module header of the package.

    Raises:
        SophroError: If there are too few pairs, no block separates, or no strength shortens at the price.
    """
    options = job.options
    problems, dev = divided(job)
    sampled = GenerationConfig(
        max_new_tokens=int(options["max_new_tokens"]),
        temperature=float(options["temperature"]),
        top_p=float(options["top_p"]),
        seed=job.seed,
    )
    found = make_pairs(
        accounts(job.model, problems, sampled, samples=int(options["samples"])), float(options["ratio"])
    )
    job.advance(1, 3)
    least = max(_FEWEST, int(options["least_pairs"]))
    if len(found.pairs) < least:
        raise SophroError(
            f"efficiency_steering: {len(found.pairs)} usable pairs, at least {least} are needed ({found.several} of "
            f"{found.problems} problems had two correct replies); give more problems or samples"
        )
    window, template = int(options["window"]), job.model.template
    states = {
        side: collect(job.model, read(found.pairs, problems, side, window, template), ("mean:trace",))[:, 0]
        for side in ("short", "long")
    }
    # Every third pair chooses the block; the others make the direction.
    held = {side: s[::3] for side, s in states.items()}
    direction = paired_direction(*(np.delete(s, np.s_[::3], axis=0) for s in states.values()))
    chosen = best_layer(
        np.concatenate([(held[side] * unit(direction)).sum(-1) for side in ("short", "long")]),
        [side == "short" for side in ("short", "long") for _ in held[side]],
        _allowed(int(options["layer"]), direction.shape[0]),
        least=float(options["least_auroc"]),
        who="efficiency_steering",
    )
    job.advance(2, 3)
    vector = torch.from_numpy(direction[chosen.layer]).float()
    base, curve = sweep(job.model, dev, chosen.layer, vector, options)
    job.advance(3, 3)
    strength = choose_strength(base, curve, float(options["tolerance"]))
    report: dict[str, Any] = {
        "problems": len(problems),
        "development": len(dev),
        "pairs": len(found.pairs),
        "several_correct": found.several,
        "median_ratio": median(found.ratios),
        "layer": chosen.layer,
        "layers": {"short against long": list(chosen.areas)},
        "length": float(vector.norm()),
        "base": asdict(base) | {"accuracy": base.accuracy},
        "curve": [{"coefficient": c, **asdict(t), "accuracy": t.accuracy} for c, t in curve.items()],
        "coefficient": strength,
    }
    if strength is None:
        said = ", ".join(
            f"{c:g}: {t.thought_tokens:.0f} tokens, {t.accuracy:.0%} right" for c, t in curve.items()
        )
        raise SophroError(
            f"efficiency_steering: no strength shortens thoughts at the price of {float(options['tolerance']):.0%} "
            f"(untouched: {base.thought_tokens:.0f} tokens, {base.accuracy:.0%} right; {said}); steering is not enabled"
        )
    return Fitted(patch_of(job.model, chosen.layer, strength * vector), report)


def patch_of(model: Any, layer: int, vector: torch.Tensor) -> SteeringPatch:
    """Return the patch that adds ``vector`` behind block ``layer`` at every generated token."""
    return SteeringPatch({layer: vector}, "decode", subject=model.subject)


def divided(job: FitJob) -> tuple[list[Record], list[Record]]:
    """Return the problems that make pairs and those that choose the strength: the role ``dev``, else every third.

    Raises:
        SophroError: If one part is empty.
    """
    problems, dev = list(job.data["problems"]), list(job.data.get("dev", ()))
    if not dev:
        problems, dev = [r for i, r in enumerate(problems) if i % _DEV_SHARE], problems[::_DEV_SHARE]
    if not problems or not dev:
        raise SophroError(
            "efficiency_steering: problems for pairs and for the choice of the strength are needed"
        )
    return problems, dev


def read(
    pairs: Sequence[Pair], problems: Sequence[Record], side: str, window: int, template: Template
) -> list[Transcript]:
    """Return the conversations whose thoughts are read: both sides of a pair up to the same number of tokens."""
    if window < 1:
        raise SophroError(f"efficiency_steering: window is {window}; at least 1 token is needed")
    found: list[Transcript] = []
    for pair in pairs:
        size = min(window, *(count_tokens(a.thought, template) for a in (pair.short, pair.long)))
        text = first_tokens(pair.short.thought if side == "short" else pair.long.thought, template, size)
        found.append(Transcript.of(problems[pair.problem].prompt).with_assistant(Segment("trace", text)))
    return found


def sweep(
    model: Any, dev: Sequence[Record], layer: int, vector: torch.Tensor, options: Any
) -> tuple[Totals, dict[float, Totals]]:
    """Return what the untouched model does on ``dev`` and what it does under each coefficient, greedy."""
    config = GenerationConfig(max_new_tokens=int(options["max_new_tokens"]))

    def run(coefficient: float) -> Totals:
        patches = [(patch_of(model, layer, vector), coefficient)] if coefficient else []
        return totals([a for group in accounts(model, dev, config, patches) for a in group])

    return run(0.0), {float(c): run(float(c)) for c in options["coefficients"]}


def _allowed(layer: int, layers: int) -> list[int]:
    if layer >= layers:
        raise SophroError(f"efficiency_steering: layer {layer} does not exist, the model has {layers}")
    if layer >= 0:
        return [layer]
    low, high = (int(share * layers) for share in _DEPTH)
    return list(range(low, max(low + 1, high)))
