"""PCA steering vectors: the first principal component of paired states, one vector a block.

Paper: Zou et al., Representation Engineering, arXiv 2310.01405; the practice of repeng (vgel/repeng), whose two
variants are kept: ``diff`` (component of positive minus negative) and ``centre`` (component of both sides, each pair
centred on its middle).

Contract: pairs share their ``behaviour``; prompts without a partner are counted and left out. Vectors have length 1
and point to the positive side; ``coefficient`` times the vector is added to every token at every chosen block.

Deviations: the sign follows the mean difference of the pairs (repeng takes a majority vote over them); the blocks
are a range of depth, the middle half by default (repeng: all but the first).
"""

from __future__ import annotations

import numpy as np
import torch

from sophro.errors import SophroError
from sophro.models import SteeringPatch, collect
from sophro.models.directions import svd_subspace
from sophro.steer._method import FitJob, Fitted, SteerMethod
from sophro.steer._outcomes import Asked, asked

_LEAST = 5


def pairs(positive: list[Asked], negative: list[Asked]) -> tuple[list[Asked], list[Asked]]:
    """Pair prompts of one behaviour, each used once, in order."""
    waiting: dict[str, list[Asked]] = {}
    for item in negative:
        waiting.setdefault(item.record.behaviour, []).append(item)
    left: list[Asked] = []
    right: list[Asked] = []
    for item in positive:
        partners = waiting.get(item.record.behaviour)
        if partners:
            left.append(item)
            right.append(partners.pop(0))
    return left, right


def _fit(job: FitJob) -> Fitted:
    variant = str(job.options["variant"])
    start, end = float(job.options["start"]), float(job.options["end"])
    if variant not in ("diff", "centre") or not 0 <= start < end <= 1:
        raise SophroError("pca: variant is diff or centre, and 0 <= start < end <= 1 (shares of the depth)")
    left, right = pairs(asked(job.data["positive"]), asked(job.data["negative"]))
    if len(left) < _LEAST:
        raise SophroError(
            f"pca: {len(left)} pairs of positive and negative prompts share a behaviour; at least {_LEAST} are needed"
        )
    high, low = (
        collect(job.model, [a.transcript for a in side])[:, 0].astype(np.float64) for side in (left, right)
    )
    depth = high.shape[1]
    chosen = [i for i in range(depth) if start * depth <= i < max(end * depth, start * depth + 1)]
    vectors: dict[int, torch.Tensor] = {}
    explained: list[float | None] = [None] * depth
    for layer in chosen:
        away = high[:, layer] - low[:, layer]
        # repeng's scikit-learn centres the columns of what it decomposes; so does svd_subspace.
        found = svd_subspace(away if variant == "diff" else np.concatenate([away / 2, -away / 2]), 1)
        axis = found.basis[0] * (1.0 if away.mean(0) @ found.basis[0] >= 0 else -1.0)
        vectors[layer] = torch.from_numpy(float(job.options["coefficient"]) * axis).float()
        explained[layer] = float(found.explained[0])
    report = {
        "pairs": len(left),
        "without_partner": len(job.data["positive"]) + len(job.data["negative"]) - 2 * len(left),
        "layers_steered": chosen,
        "explained": explained,
    }
    return Fitted(SteeringPatch(vectors, subject=job.model.subject), report)


METHOD = SteerMethod(
    "pca",
    _fit,
    {"variant": "diff", "coefficient": 1.0, "start": 0.25, "end": 0.75},
    roles=("positive", "negative"),
)
