"""Controllable patching: retention, important regions, difference sets, merge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sophro.edit import algebra
from sophro.edit._merge import layer_of
from sophro.edit._types import Edited, EditJob
from sophro.edit.safe_patching._sides import Side, derive, harmful_examples, mean_loss
from sophro.errors import SophroError
from sophro.models import Edit


@dataclass(frozen=True)
class Regions:
    """Which entries of one matrix each side may change.

    Attributes:
        top_safety: The most important entries for the safety patch.
        top_over: The most important ones for the over-safety patch.
        safety: ``top_safety`` without ``top_over``.
        over: ``top_over`` without ``top_safety``.
    """

    top_safety: Tensor
    top_over: Tensor

    @property
    def safety(self) -> Tensor:
        """Entries that only the safety patch claims."""
        return self.top_safety & ~self.top_over

    @property
    def over(self) -> Tensor:
        """Entries that only the over-safety patch claims."""
        return self.top_over & ~self.top_safety

    @property
    def both(self) -> Tensor:
        """Entries that both claim; they conflict and stay as they are."""
        return self.top_safety & self.top_over


def regions(safety: Side, over: Side, name: str, options: Mapping[str, Any]) -> Regions:
    """Return the most important entries of one matrix for both sides."""
    return Regions(
        algebra.top_mask(safety.importance[name], float(options["top_safety"])),
        algebra.top_mask(over.importance[name], float(options["top_over"])),
    )


def retained(side: Side, which: str, name: str, options: Mapping[str, Any], seed: int) -> Tensor:
    """Return the delta of one matrix with entries retained at random; each side and matrix has a stream of its own."""
    share = float(options["retention"])
    mask = algebra.retention_mask(side.delta[name].shape, share, algebra.stream(seed, which, name))
    return algebra.retain(side.delta[name], mask, rescale=share if options["rescale"] and share else None)


def merged(
    safety: Side,
    over: Side,
    name: str,
    options: Mapping[str, Any],
    seed: int,
    found: Regions | None = None,
) -> Tensor:
    """Return what is added to one matrix: both retained deltas on their difference sets."""
    found = found or regions(safety, over, name, options)
    total = torch.where(found.safety, retained(safety, "safety", name, options, seed), 0.0) * float(
        options["alpha"]
    )
    return total + torch.where(found.over, retained(over, "over", name, options, seed), 0.0) * float(
        options["beta"]
    )


def overlap_row(safety: Side, over: Side, name: str, found: Regions) -> dict[str, Any]:
    """Count how the important entries of one matrix lie to each other."""
    return {
        "name": name,
        "layer": layer_of(name),
        "n": found.both.numel(),
        "safety": int(found.top_safety.sum()),
        "over": int(found.top_over.sum()),
        "both": int(found.both.sum()),
        "safety_importance": float(safety.importance[name].double().sum()),
        "over_importance": float(over.importance[name].double().sum()),
    }


def make(job: EditJob) -> Edited:
    """Derive both sides and merge them, see ``EditMethod``."""
    options = job.options
    _check(options)
    examples = harmful_examples(job.model, job.data["harmful"])
    total = 2 * (int(options["steps"]) + len(examples))
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        job.advance(done, total)

    before = mean_loss(job.model, examples)
    safety = derive(job.model, examples, True, options, job.seed, advance)
    over = derive(job.model, examples, False, options, job.seed, advance)
    job.advance(total, total)
    facts: dict[str, Any] = {
        "pairs": len(examples),
        "loss_before": before,
        "losses": {"safety": list(safety.losses), "over": list(over.losses)},
        "overlap": [],
    }

    def edits() -> Iterator[tuple[str, Edit]]:
        for name in safety.delta:
            found = regions(safety, over, name, options)
            facts["overlap"].append(overlap_row(safety, over, name, found))
            yield name, Edit.of(merged(safety, over, name, options, job.seed, found))

    return Edited(edits(), facts)


def _check(options: Mapping[str, Any]) -> None:
    for name in ("retention", "top_safety", "top_over"):
        algebra.share_of(name, float(options[name]))
    for name in ("steps", "batch_size", "learning_rate"):
        if not options[name] > 0:
            raise SophroError(f"safe_patching: option {name} is {options[name]}; it must be greater than 0")
    if options["ascent_limit"] <= 1:
        raise SophroError(
            f"safe_patching: option ascent_limit is {options['ascent_limit']}; ascent starts at 1, so give more"
        )
