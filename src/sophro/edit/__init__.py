"""DEVELOPMENT: weights changed without an alignment run: patches, their algebra, and methods that make them.

A method is a function from a model and data to edits of its matrices; storing, applying, merging and comparing them
is the same for all (``sophro.edit.edit``, ``sophro patch``). Importing this package only declares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sophro._lazy import lazy
from sophro.registry import Method, register

if TYPE_CHECKING:
    from sophro.edit._apply import export_adapter, merged_checkpoint
    from sophro.edit._merge import compare_sources, describe_source, merge_sources
    from sophro.edit._run import edit
    from sophro.edit._sources import open_source
    from sophro.edit._types import default_options

register(
    Method(
        name="safe_patching",
        title="From one harmful set a safer and a less over-refusing weight patch, merged where they do not conflict",
        paper="Zhao et al., Towards Comprehensive Post Safety Alignment of Large Language Models via Safety Patching, "
        "arXiv 2405.13820",
        area="development",
        room="edit",
        entry="sophro.edit.safe_patching:METHOD",
        primary="D6",
        also=("D4", "D5"),
        needs=("gradients",),
        evidence=("safe_patching_balances",),
        deviations=(
            "Only the linear weights inside the decoder blocks train and are edited (the card infers that scope).",
            "Importance is measured at the weights of the patch itself, per matrix, without rescaling what is retained "
            "(all three inferred).",
            "The paper's hyper-parameters are not public; learning rate, steps, shares and scales are ours.",
            "Gradient ascent ends when the loss on the harmful pairs has doubled.",
        ),
    )
)

_LAZY = {
    "compare_sources": "_merge",
    "default_options": "_types",
    "describe_source": "_merge",
    "edit": "_run",
    "export_adapter": "_apply",
    "merge_sources": "_merge",
    "merged_checkpoint": "_apply",
    "open_source": "_sources",
}

__all__ = [
    "compare_sources",
    "default_options",
    "describe_source",
    "edit",
    "export_adapter",
    "merge_sources",
    "merged_checkpoint",
    "open_source",
]


__getattr__ = lazy(__name__, _LAZY)
