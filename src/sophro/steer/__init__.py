"""CONTROL: activations at inference. Methods fit patches; the primitives are in ``sophro.models``.

A method reads activations (``sophro.models.capture``, ``moments``), makes directions (``sophro.models.directions``)
and returns a patch (``SteeringPatch``, ``AblationPatch``, ``AdaptivePatch``) that every other part of sophro can load.
It is a ``SteerMethod`` (``sophro.steer._method``): a function ``FitJob -> Fitted`` with a table of its options.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sophro._lazy import lazy
from sophro.registry import Method, register

if TYPE_CHECKING:
    from sophro.steer._method import FitJob, Fitted, SteerMethod
    from sophro.steer._run import default_options, find, fit

register(
    Method(
        name="adasteer",
        title="Steering whose strength is read off each prompt: more refusal on jailbreaks, benign prompts left alone",
        paper="AdaSteer, EMNLP 2025, arXiv 2504.09466",
        area="control",
        room="steer",
        entry="sophro.steer.adasteer:METHOD",
        primary="C2",
        also=("D5", "D6"),
        needs=("activations", "patches"),
        evidence=("adasteer_zero_is_base", "adasteer_beats_fixed", "adasteer_r_law"),
        deviations=(
            "Layers are chosen by AUROC on development prompts; the release hard-codes them.",
            "Coefficients are least squares on the smallest strength that flips a prompt (inferred).",
            "The embedded refusal judge takes the place of GPT-4o.",
            "The reading pass ends behind the deepest probed block.",
        ),
    )
)

register(
    Method(
        name="refusal_direction",
        title="One difference of means between harmful and harmless prompts, added or projected out",
        paper="Arditi et al., Refusal in Language Models Is Mediated by a Single Direction, arXiv 2406.11717",
        area="control",
        room="steer",
        entry="sophro.steer.refusal_direction:METHOD",
        primary="C2",
        also=("D6",),
        needs=("activations", "patches"),
        deviations=("The layer is chosen by AUROC on held-out prompts, the token is the last one.",),
    )
)

register(
    Method(
        name="pca",
        title="First principal component of paired states, one vector a block (as repeng does)",
        paper="Zou et al., Representation Engineering, arXiv 2310.01405; vgel/repeng",
        area="control",
        room="steer",
        entry="sophro.steer.pca:METHOD",
        primary="C2",
        needs=("activations", "patches"),
        deviations=("The sign follows the mean difference of the pairs, not a vote over them.",),
    )
)

register(
    Method(
        name="efficiency_steering",
        title="Shorter thoughts: the direction from the model's long to its short correct thoughts, at every step",
        paper="Self-Guided Efficiency Enhancement of Large Reasoning Models, arXiv 2506.15647",
        area="control",
        room="steer",
        entry="sophro.steer.efficiency:METHOD",
        primary="C2",
        needs=("activations", "patches", "trace"),
        evidence=("efficiency_steering",),
        deviations=(
            "States are averaged over the first tokens that both thoughts have; pooling and block choice are inferred.",
            "The reinforcement part of the paper is not built.",
        ),
    )
)

_HOMES = {
    "FitJob": "_method",
    "Fitted": "_method",
    "SteerMethod": "_method",
    "default_options": "_run",
    "find": "_run",
    "fit": "_run",
}

__all__ = ["FitJob", "Fitted", "SteerMethod", "default_options", "find", "fit"]


__getattr__ = lazy(__name__, _HOMES)
