"""Does the forgetting hold? What a user or an attacker may do to the weights afterwards.

``int8`` and ``int4`` round the weights (one step size per output row, or per 32 inputs): forgetting by small changes
may be rounded away. ``relearn`` trains on a few of the forgotten pairs for one pass: knowledge that was only
hidden comes back faster than it was learned. Jailbreaks need no patch; they are attacks of the task ``harmful``.

Contract: a probe is a patch of the untrained model, so an unlearned model under a probe is one more arm. The
relearning set is the first records of the forget set; what is assessed afterwards must be other records.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from sophro.align.unlearning._items import forget_examples
from sophro.data import Record
from sophro.errors import SophroError, unknown_name
from sophro.models import LowRankPatch, Patch, RoundingPatch, StackPatch
from sophro.train import TrainOptions, train

ROUNDINGS: Mapping[str, RoundingPatch] = {"int8": RoundingPatch(8), "int4": RoundingPatch(4, 32)}
PROBES: tuple[str, ...] = (*ROUNDINGS, "relearn")
_RELEARN = TrainOptions(learning_rate=1e-3, epochs=1, batch_size=2, rank=8, alpha=16, warmup=0.0)


def probe_patch(
    model: Any, patch: Patch | None, name: str, records: Sequence[Record], *, seed: int = 0, pairs: int = 10
) -> Patch:
    """Return the patch that puts ``model`` under a probe.

    Args:
        model: The untrained chat model.
        patch: What made it forget; None probes the model itself (the control).
        name: ``int8``, ``int4`` or ``relearn``.
        records: Forgotten records, for ``relearn``.
        seed: Seed of the relearning.
        pairs: Forgotten records that are trained on again.

    Raises:
        SophroError: If the probe is unknown or there is nothing to relearn.
    """
    members = () if patch is None else (patch,)
    if name in ROUNDINGS:
        return StackPatch((*members, ROUNDINGS[name]))
    if name != "relearn":
        raise unknown_name("probe of unlearning", name, PROBES)
    if not records or pairs < 1:
        raise SophroError(
            f"probe relearn: {len(records)} forgotten records, {pairs} wanted; at least 1 is needed"
        )
    examples = forget_examples("probe relearn", model, records[:pairs])
    with tempfile.TemporaryDirectory(prefix="sophro-relearn-") as scratch:
        out = Path(scratch) / "adapter"
        with nullcontext() if patch is None else model.patched(patch):
            train(model, examples, replace(_RELEARN, seed=seed), out)
        learned = LowRankPatch.from_peft(out)
    return StackPatch((*members, learned))
