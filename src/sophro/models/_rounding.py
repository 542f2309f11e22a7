"""Weights rounded to few bits, and patches put on one after the other.

``RoundingPatch`` simulates weight-only quantisation: every weight matrix of the decoder blocks is rounded to the
nearest of ``2 ** bits - 1`` levels, symmetric around 0, with one step size per group of inputs of an output row
(absolute maximum / largest level). Nothing gets faster or smaller; what is measured is what rounding does to a model,
for example whether it brings back what was unlearned (Zhang et al. 2024, arXiv 2410.16454).

Contract: as for every patch (``sophro.models._patches``). Rounding sees the weights as they are when it is put on,
so a ``StackPatch`` that ends with it rounds what the patches before it left. A stack takes one scale for all prompts:
hooks of one row could not be rounded together with weights of all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from sophro.errors import SophroError
from sophro.models import _patches
from sophro.models._patches import Patch, Remove, RowsFn, Scale, decoder_layers, register_kind, removal


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
            return self._hook_rows(layers, scale, rows)
        undo = [(layer.weight, layer.weight.data) for layer in layers]
        for parameter, original in undo:
            parameter.data = torch.lerp(original, rounded(original, self.bits, self.group), float(scale))

        def remove() -> None:
            for parameter, original in reversed(undo):
                parameter.data = original

        return remove

    def _hook_rows(self, layers: Sequence[torch.nn.Linear], scale: torch.Tensor, rows: RowsFn) -> Remove:
        def hook(change: torch.Tensor) -> Callable[..., torch.Tensor]:
            def add(_module: Any, args: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
                return output + _patches.row_scale(scale, rows, output) * (args[0] @ change.T)

            return add

        changes = [rounded(x.weight.data, self.bits, self.group) - x.weight.data for x in layers]
        return removal([x.register_forward_hook(hook(c)) for x, c in zip(layers, changes, strict=True)])

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


@dataclass(frozen=True)
class StackPatch:
    """Several patches, put on in order and taken off in reverse.

    Attributes:
        members: At least one patch; each gets the scale of the stack.
    """

    members: tuple[Patch, ...]
    kind: ClassVar[str] = "stack"

    def __post_init__(self) -> None:
        if not self.members:
            raise SophroError("a stack of patches is empty; name at least one")

    def attach(self, network: Any, scale: Scale, rows: RowsFn) -> Remove:
        """See ``Patch.attach``.

        Raises:
            SophroError: If the scale differs by prompt.
        """
        if isinstance(scale, torch.Tensor):
            raise SophroError("a stack of patches needs one scale for all prompts")
        removes: list[Remove] = []

        def remove() -> None:
            while removes:
                removes.pop()()

        try:
            for member in self.members:
                removes.append(member.attach(network, scale, rows))
        except BaseException:
            remove()
            raise
        return remove

    def tensors(self) -> dict[str, torch.Tensor]:
        """See ``Patch.tensors``."""
        return {
            f"{i}/{name}": t for i, member in enumerate(self.members) for name, t in member.tensors().items()
        }

    def settings(self) -> dict[str, Any]:
        """See ``Patch.settings``."""
        return {"members": [{"kind": m.kind, "settings": m.settings()} for m in self.members]}

    @staticmethod
    def restore(tensors: Mapping[str, torch.Tensor], settings: Mapping[str, Any]) -> StackPatch:
        """Rebuild from what was stored."""
        members: list[Patch] = []
        for i, spec in enumerate(settings.get("members", ())):
            own = {n.removeprefix(f"{i}/"): t for n, t in tensors.items() if n.startswith(f"{i}/")}
            members.append(_patches.restore_patch(str(spec["kind"]), own, spec.get("settings", {})))
        return StackPatch(tuple(members))


register_kind(RoundingPatch.kind, RoundingPatch.restore)
register_kind(StackPatch.kind, StackPatch.restore)
