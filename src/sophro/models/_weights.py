"""``WeightPatch``: entries of weight matrices that a reversible edit adds something to.

Contract: as for every patch (``sophro.models._patches``). Parameters are named as ``named_parameters`` does, so that
tied weights appear once and are edited once. Saving and loading gives the same edit bit for bit: single entries
are kept as (position, value), and a matrix of which more than half changes is kept whole. A patch belongs to one
model; another one is refused by its fingerprint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch

from sophro.errors import SophroError
from sophro.models._fingerprint import Fingerprint
from sophro.models._patches import Remove, RowsFn, Scale, register_kind, removal, row_scale

_INDEX, _VALUES = ":index", ":values"
_REMEDY = "make or copy the patch again"


@dataclass(frozen=True)
class Edit:
    """What is added to one tensor.

    Attributes:
        shape: Shape of the tensor.
        values: float32; shape (n,) beside ``index``, else ``shape``.
        index: (n,) int64, rising positions in the flattened tensor; None if every entry is listed.
    """

    shape: tuple[int, ...]
    values: torch.Tensor
    index: torch.Tensor | None = None

    @staticmethod
    def of(delta: torch.Tensor) -> Edit:
        """Keep a dense delta in the smaller of the two forms; entries that are 0 need no place."""
        flat = delta.detach().float().reshape(-1)
        index = flat.nonzero().squeeze(-1)
        if 2 * len(index) > len(flat) or len(flat) >= 2**31:
            return Edit(tuple(delta.shape), flat.reshape(delta.shape).contiguous())
        return Edit(tuple(delta.shape), flat[index], index)

    @property
    def nonzero(self) -> int:
        """Number of entries that change."""
        return int(torch.count_nonzero(self.values))

    @property
    def numel(self) -> int:
        """Number of entries of the tensor."""
        return int(torch.Size(self.shape).numel())

    def dense(self) -> torch.Tensor:
        """Return the edit as a float32 tensor of the full shape."""
        if self.index is None:
            return self.values
        full = torch.zeros(self.numel, dtype=torch.float32)
        full[self.index] = self.values
        return full.reshape(self.shape)

    def added_to(self, weight: torch.Tensor, scale: float) -> torch.Tensor:
        """Return ``weight + scale * edit`` as a new tensor of the type of ``weight``; the sum is made in float32."""
        exact = weight.detach().to(torch.float32, copy=True, memory_format=torch.contiguous_format)
        values = self.values.to(exact.device)
        if self.index is None:
            exact.add_(values, alpha=scale)
        else:
            at = self.index.to(exact.device)
            flat = exact.view(-1)
            flat[at] = flat[at].add(values, alpha=scale)
        return exact.to(weight.dtype)

    def check(self, name: str) -> None:
        """Refuse an edit that is not well formed.

        Raises:
            SophroError: Naming the tensor, for NaN or infinite values and positions that cannot be.
        """
        if not bool(torch.isfinite(self.values).all()):
            raise SophroError(f"weight patch, {name!r}: NaN or infinite values; {_REMEDY}")
        if self.index is None:
            if tuple(self.values.shape) != self.shape:
                raise SophroError(f"weight patch, {name!r}: values do not have its shape; {_REMEDY}")
            return
        index = self.index
        ordered = bool((index[1:] > index[:-1]).all()) if len(index) > 1 else True
        inside = not len(index) or (int(index[0]) >= 0 and int(index[-1]) < self.numel)
        if index.shape != self.values.shape or not ordered or not inside:
            raise SophroError(
                f"weight patch, {name!r}: positions are not rising, not inside the matrix or not one a value; {_REMEDY}"
            )


@dataclass(frozen=True)
class WeightPatch:
    """Adds ``scale * edit`` to parameters.

    Attributes:
        edits: Parameter name -> what is added to it.
        fingerprint: The model it was made for; None only while it is used where it was made.
        source: Where it came from, for the record.
    """

    edits: Mapping[str, Edit]
    fingerprint: Fingerprint | None = None
    source: Mapping[str, Any] = field(default_factory=lambda: {})
    kind: ClassVar[str] = "weights"

    def __post_init__(self) -> None:
        for name, edit in self.edits.items():
            edit.check(name)

    @property
    def nonzero(self) -> int:
        """Number of entries that change in all tensors."""
        return sum(edit.nonzero for edit in self.edits.values())

    def attach(self, network: Any, scale: Scale, rows: RowsFn) -> Remove:
        """See ``Patch.attach``."""
        parameters = dict(network.named_parameters())
        for name, edit in self.edits.items():
            found = parameters.get(name)
            if found is None or tuple(found.shape) != edit.shape:
                raise SophroError(
                    f"weight patch: parameter {name!r} of the patch does not fit this model; use the model that it "
                    "was made for"
                )
            if not found.is_floating_point():
                raise SophroError(
                    f"weight patch: {name!r} is quantised ({found.dtype}); load the model in full precision"
                )
        if isinstance(scale, torch.Tensor):
            return self._hook_rows(network, scale, rows)
        undo: list[tuple[Any, torch.Tensor]] = []
        for name, edit in self.edits.items():
            parameter = parameters[name]
            undo.append((parameter, parameter.data))
            parameter.data = edit.added_to(parameter.data, scale)

        def remove() -> None:
            for parameter, original in reversed(undo):
                parameter.data = original

        return remove

    def _hook_rows(self, network: Any, scale: torch.Tensor, rows: RowsFn) -> Remove:
        modules = dict(network.named_modules())
        head = network.get_output_embeddings()

        def hook(delta: torch.Tensor) -> Callable[..., torch.Tensor]:
            def add(_module: Any, args: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
                return output + row_scale(scale, rows, output) * (args[0] @ delta.to(output).T)

            return add

        handles: list[Any] = []
        for name, edit in self.edits.items():
            owner, _, kind = name.rpartition(".")
            module = modules.get(owner)
            if kind != "weight" or type(module) is not torch.nn.Linear or module is head:
                removal(handles)()
                raise SophroError(
                    f"weight patch: {name!r} is no plain linear layer, so it cannot have a scale of its own for each "
                    "prompt; give one scale"
                )
            handles.append(module.register_forward_hook(hook(edit.dense())))
        return removal(handles)

    def tensors(self) -> dict[str, torch.Tensor]:
        """See ``Patch.tensors``."""
        out: dict[str, torch.Tensor] = {}
        for name, edit in self.edits.items():
            out |= stored(name, edit)
        return out

    def settings(self) -> dict[str, Any]:
        """See ``Patch.settings``."""
        shapes = {name: list(edit.shape) for name, edit in self.edits.items()}
        return weight_settings(self.fingerprint, shapes, self.source)

    @staticmethod
    def restore(tensors: Mapping[str, torch.Tensor], settings: Mapping[str, Any]) -> WeightPatch:
        """Rebuild from what was stored.

        Raises:
            SophroError: If a tensor is missing, or the settings are not those of a weight patch.
        """
        edits = {
            name: restored(name, shape, lambda key: tensors.get(key))
            for name, shape in stored_shapes(settings).items()
        }
        fingerprint = Fingerprint.from_json(settings.get("fingerprint"), "weight patch")
        return WeightPatch(edits, fingerprint, dict(settings.get("source") or {}))


def weight_settings(
    fingerprint: Fingerprint | None, shapes: Mapping[str, list[int]], source: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the JSON part of a weight patch."""
    return {
        "fingerprint": fingerprint.to_json() if fingerprint else None,
        "shapes": dict(shapes),
        "source": dict(source),
    }


def stored(name: str, edit: Edit) -> dict[str, torch.Tensor]:
    """Return the tensors that hold ``edit`` in a file."""
    if edit.index is None:
        return {name: edit.values.contiguous()}
    return {name + _INDEX: edit.index.to(torch.int32), name + _VALUES: edit.values.contiguous()}


def restored(name: str, shape: tuple[int, ...], get: Callable[[str], torch.Tensor | None]) -> Edit:
    """Read what ``stored`` gave.

    Raises:
        SophroError: If it is not there.
    """
    dense = get(name)
    if dense is not None:
        return Edit(shape, dense.float())
    index, values = get(name + _INDEX), get(name + _VALUES)
    if index is None or values is None:
        raise SophroError(f"weight patch: the tensor {name!r} is listed but not there; {_REMEDY}")
    return Edit(shape, values.float(), index.long())


def stored_shapes(settings: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Return the shapes that the settings of a weight patch list.

    Raises:
        SophroError: If there are none.
    """
    shapes = settings.get("shapes")
    if not isinstance(shapes, Mapping):
        raise SophroError(f"weight patch: its list of shapes is missing; {_REMEDY}")
    return {str(name): tuple(int(n) for n in shape) for name, shape in shapes.items()}


register_kind(WeightPatch.kind, WeightPatch.restore)
