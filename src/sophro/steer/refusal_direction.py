"""Refusal direction: one difference of means, projected out or added.

Paper: Arditi et al., Refusal in Language Models Is Mediated by a Single Direction, arXiv 2406.11717.

Contract: direction = mean(harmful) - mean(harmless) over last-token states of one block. ``mode: add`` adds
``coefficient`` times the direction (not normalised) to every token at that block; ``mode: ablate`` projects it out of
everything that is written to the residual stream.

Deviations:
- The paper chooses block and token by three scores of generated text (bypass, induce, KL). Here the block is the one
  whose projection separates held-out prompts best (AUROC), among the first 80 % of blocks as in the paper, and the
  token is the last one.
- Ablation is measured as a baseline for what a model loses; this toolkit ships no ablated model.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from sophro.errors import SophroError
from sophro.models import AblationPatch, SteeringPatch, collect
from sophro.models.directions import difference_of_means, unit
from sophro.steer._layers import LayerChoice, best_layer
from sophro.steer._method import FitJob, Fitted, SteerMethod
from sophro.steer._outcomes import asked

_FIRST_PART = 0.8
_LEAST = 5


def _fit(job: FitJob) -> Fitted:
    mode, fixed = str(job.options["mode"]), int(job.options["layer"])
    if mode not in ("add", "ablate"):
        raise SophroError(f"refusal_direction: mode is {mode!r}; add or ablate")
    states = {
        role: collect(job.model, [a.transcript for a in asked(job.data[role])])[:, 0] for role in _ROLES
    }
    few = [role for role, found in states.items() if len(found) < _LEAST]
    if few:
        raise SophroError(f"refusal_direction: role {few[0]!r} has fewer than {_LEAST} distinct prompts")
    layers = states["harmful"].shape[1]
    # Every third prompt chooses the block; the others make the direction.
    held = {role: found[::3] for role, found in states.items()}
    made = {role: np.delete(found, np.s_[::3], axis=0) for role, found in states.items()}
    direction = difference_of_means(made["harmful"], made["harmless"])
    if fixed >= layers:
        raise SophroError(f"refusal_direction: layer {fixed} does not exist, the model has {layers}")
    scores = np.concatenate([(held[role] * unit(direction)).sum(-1) for role in _ROLES])
    flags = [role == "harmful" for role in _ROLES for _ in held[role]]
    allowed = range(max(1, int(_FIRST_PART * layers))) if fixed < 0 else [fixed]
    chosen: LayerChoice = best_layer(
        scores, flags, allowed, least=float(job.options["least_auroc"]), who="refusal_direction"
    )
    vector = torch.from_numpy(direction[chosen.layer]).float()
    subject = job.model.subject
    if mode == "ablate":
        patch: Any = AblationPatch(vector, subject)
    else:
        patch = SteeringPatch({chosen.layer: float(job.options["coefficient"]) * vector}, subject=subject)
    report = {
        "layer": chosen.layer,
        "layers": {"harmful against harmless": list(chosen.areas)},
        "prompts": {role: len(found) for role, found in states.items()},
        "length": float(vector.norm()),
    }
    return Fitted(patch, report)


_ROLES = ("harmful", "harmless")

METHOD = SteerMethod(
    "refusal_direction",
    _fit,
    {"mode": "add", "layer": -1, "coefficient": 1.0, "least_auroc": 0.7},
    roles=_ROLES,
)
