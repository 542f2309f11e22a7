"""One weight edit: a model and records to a patch folder on the disk.

Contract: the model comes back as it was given, bit for bit. The folder appears only when it is complete. With
``start`` the method works on the model with that patch on, and the new patch holds both: applied to the bare model it
gives what was reached, so that edits can be continued one after another.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from sophro.data import Record
from sophro.edit._files import write_weight_patch
from sophro.edit._sources import Source, open_source
from sophro.edit._types import Advance, EditJob, EditMethod, find
from sophro.errors import SophroError
from sophro.models import ChatModel, Edit
from sophro.options import merged_options
from sophro.registry import method as find_method


def edit(
    name: str,
    model: ChatModel,
    data: Mapping[str, Sequence[Record]],
    out: Path,
    *,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    start: Path | None = None,
    advance: Advance = lambda done, total: None,
) -> dict[str, Any]:
    """Edit ``model`` with method ``name`` and write the patch to ``out``.

    Args:
        name: Method of the room ``edit``.
        model: A local chat model.
        data: Records by role.
        out: Folder to create: ``patch.json``, ``patch.safetensors`` and ``edit.json`` with the method's counts.
        options: Options that differ from the defaults.
        seed: Seed of everything that is drawn.
        start: Patch or adapter folder to go on from.
        advance: Called with (done, all).

    Returns:
        What ``edit.json`` says.

    Raises:
        SophroError: If names, options, data or the patch to start from are wrong, the model is not in full precision,
            or an edit is not finite. Nothing is written then.
    """
    from sophro.models import load_patch, require

    found = find(name)
    require(model, find_method(name, "edit").needs, f"method {name}")
    chosen = merged_options(name, found.options, options)
    _check_roles(found, data)
    if out.exists():
        raise SophroError(f"{out}: exists already; choose another folder")
    full_precision(model)
    fingerprint = model.fingerprint()
    before = open_source(start, model) if start is not None else None
    facts: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        if start is not None:
            stack.enter_context(model.patched(load_patch(start)))
        made = found.run(EditJob(model, data, chosen, seed, advance))
        record = {"method": name, "options": chosen, "seed": seed, **({"start": str(start)} if start else {})}
        facts |= record

        def edits() -> Iterator[tuple[str, Edit]]:
            yield from made.edits if before is None else _together(before, made.edits)
            facts.update(made.facts)

        write_weight_patch(out, edits(), fingerprint, record, facts)
    return facts


def _together(before: Source, edits: Iterable[tuple[str, Edit]]) -> Iterator[tuple[str, Edit]]:
    """Add the new edits to those that were there; what only one of them changes stays."""
    left = dict.fromkeys(before.names())
    for name, new in edits:
        old = before.edit(name) if name in left else None
        left.pop(name, None)
        yield name, new if old is None else Edit.of(old.dense() + new.dense())
    for name in left:
        old = before.edit(name)
        if old is not None:
            yield name, old


def _check_roles(found: EditMethod, data: Mapping[str, Sequence[Record]]) -> None:
    for role in data:
        if role not in found.roles:
            raise SophroError(f"{found.name}: data role {role!r} is unknown; known: {', '.join(found.roles)}")
    for role in found.roles:
        if not data.get(role):
            raise SophroError(f"{found.name}: the data role {role!r} is empty; name a set for it")


def full_precision(model: Any) -> None:
    """Hold ``model`` in float32; half precision is widened in place, which changes no value.

    Raises:
        SophroError: If weights are quantised or lie on several devices.
    """
    network: Any = model.network
    where = f"model {model.name!r}"
    if getattr(network.config, "quantization_config", None) is not None:
        raise SophroError(
            f"{where} is quantised; edit the checkpoint in full precision and quantise it afterwards"
        )
    for name, parameter in network.named_parameters():
        if not parameter.is_floating_point():
            raise SophroError(
                f"{where}: {name!r} is quantised ({parameter.dtype}); edit the checkpoint in full precision and "
                "quantise it afterwards"
            )
        if hasattr(parameter, "device_mesh") or parameter.is_meta:
            raise SophroError(f"{where}: {name!r} is sharded; load the model whole, on one device")
    if len({p.device for p in network.parameters()}) > 1:
        raise SophroError(f"{where} lies on several devices; load it whole, on one device")
    if any(p.dtype != torch.float32 for p in network.parameters()):
        network.float()
