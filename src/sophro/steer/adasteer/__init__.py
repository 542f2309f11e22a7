"""AdaSteer: steering whose strength depends on the prompt.

Paper: AdaSteer: Your Aligned LLM is Inherently an Adaptive Jailbreak Defender, EMNLP 2025, arXiv 2504.09466; read from
its released code where the paper is silent.

Contract: anchors come from running the target model; development prompts are other prompts than the anchors. The fit
is deterministic and does not depend on the order of the prompts. It refuses to be enabled where a class has fewer than
five anchors, where no layer separates, and where a law has the wrong sign. ``steering.json`` keeps the strength sweep,
the area under the ROC curve of every layer, and what the patch does on the development prompts.

Deviations:
- The layers are chosen by AUROC on development prompts among the first 60 % of blocks (the release hard-codes layers at
  0.2 to 0.5 of the depth).
- Coefficients: see ``_laws`` (inferred).
- Judge: a local refusal judge with outcomes full refusal / full compliance / neither instead of GPT-4o.
- The reading pass ends behind the deepest probed block; the release generates two tokens.
- Prompts beyond the context are refused; the release cuts them to 512 tokens.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from sophro.errors import SophroError
from sophro.models import AdaptivePatch, SteeringPatch, Term, capture, moments
from sophro.stats import spearman
from sophro.steer._layers import best_layer
from sophro.steer._method import FitJob, Fitted, SteerMethod
from sophro.steer._outcomes import Asked, Outcome, Run, asked, counts, runner
from sophro.steer.adasteer._anchors import Anchors, choose
from sophro.steer.adasteer._laws import NO_LAW, Law, harmfulness_law, needed, rejection_law
from sophro.steer.adasteer._vectors import Vectors, positions, vectors

_AT_CLIP = (
    0.95  # share of development prompts at an end of the ramp above which steering is fixed in all but name
)
_BACK = (0.125, 0.25, 0.375, 0.5, 0.75, 1.0)  # shares of the strongest push that may be given back
_NO_EFFECT = 1e-3  # push of the harmfulness vector along the rejection axis below which it does nothing


class _Dev:
    """Development prompts: harmful first, then benign; what the plain model does with them and where they lie."""

    def __init__(self, job: FitJob, run: Run, harmful: list[Asked], benign: list[Asked], v: Vectors) -> None:
        self.items = [*harmful, *benign]
        self.harmful = np.arange(len(self.items)) < len(harmful)
        self.base = np.array(run(self.items, ()))
        shape = (len(self.items), len(v.rejection))
        self.rejection, self.harmfulness = np.empty(shape), np.empty(shape)
        for found in capture(job.model, [a.transcript for a in self.items]):
            states = found.states[:, 0]
            self.rejection[found.index] = positions(states, v.complied, v.refused)
            self.harmfulness[found.index] = positions(states, v.complied, v.benign)

    def chosen(self, harmful: bool, *outcomes: Outcome) -> np.ndarray:
        """Numbers of the prompts of one class with one of these outcomes."""
        return np.flatnonzero((self.harmful == harmful) & np.isin(self.base, outcomes))


def _split(items: list[Asked]) -> tuple[list[Asked], list[Asked]]:
    return items[::2], items[1::2]


def _fit(job: FitJob) -> Fitted:
    options = job.options
    given = options["strengths"]
    strengths = [float(s) for s in given if isinstance(s, int | float)]
    rising = bool(strengths) and len(strengths) == len(given) and strengths == sorted(set(strengths))
    if not rising or not strengths[0] > 0 or not 0 < options["cover"] <= 1:
        raise SophroError("adasteer: strengths must be positive and increasing, and cover in (0, 1]")
    run = runner(job.model, str(options["judge"]), int(options["max_new_tokens"]))
    steps = len(strengths) + 4
    anchors, v, harmful, benign = _anchored(job, run)
    job.advance(1, steps)
    dev = _Dev(job, run, harmful, benign, v)
    job.advance(2, steps)
    depth = range(max(1, int(float(options["deepest"]) * len(v.rejection))))
    least = float(options["least_auroc"])
    harm = dev.chosen(True, "refused", "complied")
    by_rejection = best_layer(
        dev.rejection[harm],
        (dev.base[harm] == "refused").tolist(),
        depth,
        least=least,
        who="adasteer, rejection",
    )
    mixed = np.concatenate([dev.chosen(True, "complied"), dev.chosen(False, "complied")])
    by_harmfulness = best_layer(
        dev.harmfulness[mixed],
        (~dev.harmful[mixed]).tolist(),
        depth,
        least=least,
        who="adasteer, harmfulness",
    )
    push = SteeringPatch(_torch(v.rejection), "prefill")
    swept: list[list[Outcome]] = [dev.base.tolist()]
    for number, strength in enumerate(strengths):
        swept.append(run(dev.items, [(push, -strength)]))
        job.advance(3 + number, steps)
    law, found = _rejection(dev, swept, [0.0, *strengths], by_rejection.layer, float(options["cover"]))
    warnings: list[str] = []
    back, restored = NO_LAW, dict[str, Any]()
    if bool(options["harmfulness"]):
        back, restored, said = _harmfulness(dev, run, v, law, by_rejection.layer, by_harmfulness.layer)
        warnings += said
    patch = _patch(job, v, law, back, by_rejection.layer, by_harmfulness.layer)
    job.advance(steps, steps)
    warnings += at_clip("rejection", law, dev.rejection[:, by_rejection.layer])
    if back is not NO_LAW:
        warnings += at_clip("harmfulness", back, dev.harmfulness[:, by_harmfulness.layer])
    report = {
        "anchors": {
            "complied": len(anchors.complied),
            "refused": len(anchors.refused),
            "benign": len(anchors.benign),
            "tried": anchors.tried,
        },
        "development": _measured(dev, run, patch),
        "layers": {
            "rejection: refused against complied": list(by_rejection.areas),
            "harmfulness: benign against complied": list(by_harmfulness.areas),
        },
        "probe": {"rejection": by_rejection.layer, "harmfulness": by_harmfulness.layer},
        "sweep": [
            {"strength": s, **_shares(dev, row)} for s, row in zip([0.0, *strengths], swept, strict=True)
        ],
        "law": {"rejection": vars(law), "harmfulness": vars(back), **found, **restored},
        "give_back": v.give_back,
    }
    return Fitted(patch, report, tuple(warnings))


def at_clip(name: str, law: Law, position: np.ndarray) -> list[str]:
    """Return the warning that a law is constant in all but name, if nearly all coefficients are at an end."""
    share = law.clipped(position)
    if share <= _AT_CLIP:
        return []
    return [
        f"the {name} coefficient is at an end of its range for {share:.0%} of the development prompts: in effect this "
        "is fixed steering"
    ]


def _anchored(job: FitJob, run: Run) -> tuple[Anchors, Vectors, list[Asked], list[Asked]]:
    """Return anchors, their vectors, and the development prompts of both classes."""
    sides: dict[str, tuple[list[Asked], list[Asked]]] = {}
    for role in ("harmful", "benign"):
        own, other = asked(job.data[role]), job.data.get(f"dev_{role}")
        sides[role] = (own, asked(other)) if other else _split(own)
    harmful, benign = sides["harmful"][0], sides["benign"][0]
    anchors = choose(harmful, run(harmful, ()), benign, run(benign, ()), int(job.options["anchors"]))
    groups = {"complied": anchors.complied, "refused": anchors.refused, "benign": anchors.benign}
    means = moments(job.model, {name: [a.transcript for a in group] for name, group in groups.items()})
    built = vectors(means["complied"].mean, means["refused"].mean, means["benign"].mean)
    return anchors, built, sides["harmful"][1], sides["benign"][1]


def _rejection(
    dev: _Dev, swept: list[list[Outcome]], strengths: list[float], layer: int, cover: float
) -> tuple[Law, dict[str, Any]]:
    harm = dev.chosen(True, "refused", "complied")
    strength = needed([[row[i] for i in harm] for row in swept], strengths, "refused")
    flipped = ~np.isnan(strength)
    open_ = dev.base[harm] == "complied"
    if not (flipped & open_).sum() * 2 >= open_.sum():
        raise SophroError(
            f"adasteer: up to strength {strengths[-1]:g} the model refuses only {int((flipped & open_).sum())} of the "
            f"{int(open_.sum())} harmful development prompts it complied with; give larger strengths or other anchors"
        )
    where = dev.rejection[harm, layer]
    law = rejection_law(where[flipped], strength[flipped], cover)
    tested = flipped & open_
    return law, {
        "needed": [
            {"position": float(where[i]), "strength": float(strength[i]) if flipped[i] else None}
            for i in np.flatnonzero(open_)
        ],
        "rejection_spearman": spearman(where[tested], strength[tested]),
        # What the law is fitted on: prompts that are refused as they are need a strength of 0.
        "rejection_spearman_with_refused": spearman(where[flipped], strength[flipped]),
        "flipped": int(flipped.sum()),
    }


def _harmfulness(
    dev: _Dev, run: Run, v: Vectors, law: Law, layer: int, probe: int
) -> tuple[Law, dict[str, Any], list[str]]:
    """Fit what is given back to benign prompts that the rejection term alone makes the model refuse."""
    ratio = v.give_back
    if abs(ratio) < _NO_EFFECT:
        return (
            NO_LAW,
            {},
            ["the harmfulness vector has no part along the rejection axis: nothing is given back"],
        )
    sign = 1.0 if ratio > 0 else -1.0
    alpha = torch.from_numpy(law(dev.rejection[:, layer])).float()
    push, pull = (
        SteeringPatch(_torch(v.rejection), "prefill"),
        SteeringPatch(_torch(v.harmfulness), "prefill"),
    )
    open_ = dev.chosen(False, "complied")
    pushed = run([dev.items[i] for i in open_], [(push, alpha[open_])])
    lost = open_[[o != "complied" for o in pushed]]
    told: dict[str, Any] = {"benign_lost_to_rejection": len(lost), "benign_tried": len(open_)}
    if not len(lost):
        return (
            NO_LAW,
            told,
            ["no benign development prompt needed anything back: the harmfulness term stays 0"],
        )
    sizes = [share * -law.low / abs(ratio) for share in _BACK]
    items = [dev.items[i] for i in lost]
    swept = [run(items, [(push, alpha[lost]), (pull, sign * size)]) for size in sizes]
    back = needed(swept, sizes, "complied")
    opposite = run(items, [(push, alpha[lost]), (pull, -sign * sizes[-1])]).count("complied")
    restored = int((~np.isnan(back)).sum())
    told |= {"benign_restored": restored, "restored_with_the_opposite_sign": opposite}
    if restored <= opposite:
        raise SophroError(
            f"adasteer: giving back restores {restored} of {len(lost)} benign development prompts, the opposite sign "
            f"{opposite}; the sign of the harmfulness term is not settled, use option harmfulness: false"
        )
    harm = dev.chosen(True, "refused", "complied")
    size = np.zeros(len(dev.items))
    size[lost] = np.where(np.isnan(back), sizes[-1], back)
    # Benign prompts that lost nothing bind nothing: giving back would change nothing there.
    used = np.concatenate([harm, lost])
    return harmfulness_law(dev.harmfulness[used, probe], size[used], sign), told, []


def _patch(job: FitJob, v: Vectors, law: Law, back: Law, layer: int, probe: int) -> AdaptivePatch:
    zero, refused, benign = (_torch(m) for m in (v.complied, v.refused, v.benign))
    terms = [Term("rejection", _torch(v.rejection), layer, zero[layer], refused[layer], **vars(law))]
    if back is not NO_LAW:
        terms.append(
            Term("harmfulness", _torch(v.harmfulness), probe, zero[probe], benign[probe], **vars(back))
        )
    return AdaptivePatch(tuple(terms), job.model.subject)


def _torch(rows: np.ndarray) -> dict[int, torch.Tensor]:
    return {i: torch.from_numpy(row).float() for i, row in enumerate(rows)}


def _shares(dev: _Dev, outcomes: list[Outcome]) -> dict[str, Any]:
    found = np.array(outcomes)
    return {
        "harmful": counts(found[dev.harmful].tolist()),
        "benign": counts(found[~dev.harmful].tolist()),
    }


def _measured(dev: _Dev, run: Run, patch: AdaptivePatch) -> dict[str, Any]:
    """Return outcomes on the development prompts without the patch, with it, and with its first term alone."""
    out = {"plain": _shares(dev, dev.base.tolist()), "adaptive": _shares(dev, run(dev.items, [(patch, 1.0)]))}
    if len(patch.terms) > 1:
        alone = AdaptivePatch(patch.terms[:1], patch.subject)
        out["rejection term alone"] = _shares(dev, run(dev.items, [(alone, 1.0)]))
    return out


METHOD = SteerMethod(
    "adasteer",
    _fit,
    {
        "strengths": (0.02, 0.04, 0.06, 0.09, 0.13, 0.18, 0.25, 0.35, 0.5),
        "harmfulness": True,
        "max_new_tokens": 24,
        "judge": "embedded-refusal",
        "anchors": 30,
        "least_auroc": 0.7,
        "deepest": 0.6,
        "cover": 0.9,
    },
    roles=("harmful", "benign"),
    optional=("dev_harmful", "dev_benign"),
)
