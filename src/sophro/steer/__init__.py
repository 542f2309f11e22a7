"""CONTROL: activations at inference. Methods fit patches; the primitives are in ``sophro.models``.

A method reads activations (``sophro.models.capture``, ``moments``), makes directions (``sophro.models.directions``)
and writes a patch (``SteeringPatch``, ``AblationPatch``, ``AdaptivePatch``) that every other part of sophro can load.
"""

from __future__ import annotations

from sophro.registry import Method, register

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
