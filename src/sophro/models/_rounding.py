"""Weights rounded to few bits, as quantisation would round them.

``RoundingPatch`` simulates weight-only quantisation: every weight matrix of the decoder blocks is rounded to the
nearest of ``2 ** bits - 1`` levels, symmetric around 0, with one step size per group of inputs of an output row
(absolute maximum / largest level). Nothing gets faster or smaller; what is measured is what rounding does to a model,
for example whether it brings back what was unlearned (Zhang et al. 2024, arXiv 2410.16454).

Contract: as for every patch (``sophro.models._patches``), with one scale for all prompts. Rounding sees the weights as
they are when it is put on, so a ``StackPatch`` that ends with it rounds what the patches before it left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from sophro.errors import SophroError
from sophro.models._patches import Remove, RowsFn, Scale, decoder_layers


def rounded(weight: torch.Tensor, bits: int, group: int = 0) -> torch.Tensor:
    """Return a matrix rounded to ``bits`` bits and multiplied out again.

    Args:
        weight: (out, in) matrix.
        bits: 2 to 8.
        group: Inputs that share a step size; 0 for the whole row. The last group of a row may be shorter.

    Returns:
        A matrix of the same shape; no entry moves by more than half a step.
    """
    top = 2 ** (bits - 1) - 1
    size = group or weight.shape[1]
    parts: list[torch.Tensor] = []
    for part in weight.float().split(size, dim=1):
        step = part.abs().amax(dim=1, keepdim=True) / top
        safe = torch.where(step == 0, 1.0, step)
        parts.append((part / safe).round().clamp_(-top, top) * step)
    return torch.cat(parts, dim=1).to(weight.dtype)


@dataclass(frozen=True)
class RoundingPatch:
    """Rounds the weight matrices of all decoder blocks; embeddings, norms and the output head stay.

    Attributes:
        bits: 2 to 8.
        group: Inputs that share a step size; 0 for the whole row.
    """

    bits: int
    group: int = 0
    kind: ClassVar[str] = "rounding"

    def __post_init__(self) -> None:
        if not 2 <= self.bits <= 8 or self.group < 0:
            raise SophroError(
                f"rounding: {self.bits} bits, group {self.group}; 2 to 8 bits and a group >= 0 are needed"
            )

    def attach(self, network: Any, scale: Scale, rows: RowsFn) -> Remove:
        """See ``Patch.attach``; a scale between 0 and 1 goes part of the way."""
        layers = [m for m in decoder_layers(network).modules() if isinstance(m, torch.nn.Linear)]
        if not layers:
            raise SophroError(
                f"rounding: {type(network).__name__} has no linear layers in its decoder blocks"
            )
        if isinstance(scale, torch.Tensor):
            # Patches below it would be hooks of single rows then, and rounding would miss what they add.
            raise SophroError("rounded weights need one scale for all prompts")
        undo = [(layer.weight, layer.weight.data) for layer in layers]
        for parameter, original in undo:
            parameter.data = torch.lerp(original, rounded(original, self.bits, self.group), float(scale))

        def remove() -> None:
            for parameter, original in reversed(undo):
                parameter.data = original

        return remove

    def tensors(self) -> dict[str, torch.Tensor]:
        """See ``Patch.tensors``; the two numbers, so that a whole file can be told from a cut one."""
        return {"bits": torch.tensor([self.bits]), "group": torch.tensor([self.group])}

    def settings(self) -> dict[str, Any]:
        """See ``Patch.settings``."""
        return {"bits": self.bits, "group": self.group}

    @staticmethod
    def restore(tensors: Mapping[str, torch.Tensor], settings: Mapping[str, Any]) -> RoundingPatch:
        """Rebuild from what was stored."""
        return RoundingPatch(int(tensors["bits"].item()), int(tensors["group"].item()))
