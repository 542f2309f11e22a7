"""Several patches as one: an adapter and the steering that was fitted on it.

Contract: members go on in order and come off in reverse; the scale multiplies every member, so 0 is the base.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from sophro.errors import SophroError
from sophro.models._patches import Patch, Remove, RowsFn, Scale, restore_patch
from sophro.models._subject import Subject


@dataclass(frozen=True)
class StackPatch:
    """Patches that are put on together, the first one innermost."""

    members: tuple[Patch, ...]
    kind: ClassVar[str] = "stack"

    def __post_init__(self) -> None:
        if not self.members:
            raise SophroError("stack patch: it has no member")

    @property
    def whole_prompts(self) -> bool:
        """Whether a member needs whole prompts in one pass."""
        return any(getattr(p, "whole_prompts", False) for p in self.members)

    @property
    def subject(self) -> Subject | None:
        """The model that the first member with one was made on."""
        found = (getattr(p, "subject", None) for p in self.members)
        return next((s for s in found if s is not None), None)

    @property
    def rows(self) -> dict[str, Any]:
        """Embedding rows that members bring."""
        return {name: value for p in self.members for name, value in getattr(p, "rows", {}).items()}

    def attach(self, network: Any, scale: Scale, rows: RowsFn) -> Remove:
        """See ``Patch.attach``."""
        undo: list[Remove] = []

        def remove() -> None:
            while undo:
                undo.pop()()

        try:
            for member in self.members:
                undo.append(member.attach(network, scale, rows))
        except BaseException:
            remove()
            raise
        return remove

    def tensors(self) -> dict[str, torch.Tensor]:
        """See ``Patch.tensors``."""
        return {f"{i}:{name}": t for i, p in enumerate(self.members) for name, t in p.tensors().items()}

    def settings(self) -> dict[str, Any]:
        """See ``Patch.settings``."""
        return {"members": [{"kind": p.kind, "settings": p.settings()} for p in self.members]}

    @staticmethod
    def restore(tensors: Mapping[str, torch.Tensor], settings: Mapping[str, Any]) -> StackPatch:
        """Rebuild from what was stored."""
        members: list[Patch] = []
        for i, entry in enumerate(settings["members"]):
            own = {n.removeprefix(f"{i}:"): t for n, t in tensors.items() if n.startswith(f"{i}:")}
            members.append(restore_patch(str(entry["kind"]), own, entry["settings"]))
        return StackPatch(tuple(members))
