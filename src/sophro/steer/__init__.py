"""CONTROL: activations at inference. Methods fit patches; the primitives are in ``sophro.models``.

A method reads activations (``sophro.models.capture``, ``moments``), makes directions (``sophro.models.directions``)
and writes a patch (``SteeringPatch``, ``AblationPatch``, ``AdaptivePatch``) that every other part of sophro can load.
"""
