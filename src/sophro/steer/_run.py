"""Fitting a steering method: records in, a patch directory out.

Contract: the directory holds ``patch.json`` and ``patch.safetensors`` (``load_patch`` reads them) and
``steering.json`` (what was read, chosen and measured). With a base patch the directory holds both, so that it can be
put on the plain model by itself. Nothing is written unless the fit succeeded.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from sophro.data import Record
from sophro.errors import SophroError
from sophro.files import write_folder, write_json
from sophro.options import merged_options
from sophro.registry import method as find_method
from sophro.registry import resolve
from sophro.steer._method import Advance, FitJob, Fitted, SteerMethod


def find(name: str) -> SteerMethod:
    """Return the method ``name`` of the room ``steer``."""
    return cast(SteerMethod, resolve(find_method(name, "steer")))


def default_options(name: str) -> dict[str, Any]:
    """Return the options of a method with their defaults."""
    return dict(find(name).options)


def fit(
    name: str,
    model: Any,
    data: Mapping[str, Sequence[Record]],
    out: Path | str,
    *,
    options: Mapping[str, Any] | None = None,
    base: Path | str | None = None,
    seed: int = 0,
    advance: Advance = lambda done, total: None,
) -> Fitted:
    """Fit method ``name`` on ``model`` and write a patch directory.

    Args:
        name: Method of the room ``steer``.
        model: A local chat model; it comes back unchanged.
        data: Records by role.
        out: Directory to create.
        options: Options that differ from the defaults.
        base: Patch or adapter that is on the model while it is read and steered (a safety-tuned arm).
        seed: Seed of whatever is drawn.
        advance: Progress (done, all).

    Returns:
        What was fitted, as written.

    Raises:
        SophroError: If a name, role, option or the data is wrong, or the method refuses to be enabled.
    """
    from sophro.models import StackPatch, load_patch, require, save_patch

    found = find(name)
    target = Path(out)
    if target.exists():
        raise SophroError(f"{target}: exists already; choose another folder")
    require(model, find_method(name, "steer").needs, f"method {name}")
    chosen = merged_options(name, found.options, options)
    _roles(found, data)
    below = load_patch(base) if base is not None else None
    with contextlib.ExitStack() as stack:
        if below is not None:
            stack.enter_context(model.patched(below))
        made = found.fit(FitJob(model, data, chosen, seed, advance))
    patch = made.patch if below is None else StackPatch((below, made.patch))
    report = {
        "method": name,
        "model": model.name,
        "base": str(base) if base is not None else None,
        "options": chosen,
        "seed": seed,
        **made.report,
        "warnings": list(made.warnings),
    }

    def fill(folder: Path) -> None:
        saved = save_patch(patch, folder / "patch")
        for file in saved.iterdir():
            file.rename(folder / file.name)
        saved.rmdir()
        write_json(folder / "steering.json", report)
        decoding = Path(base) / "reflection.json" if base is not None else None
        if decoding is not None and decoding.is_file():  # how a self-reflecting base is decoded
            shutil.copy(decoding, folder / decoding.name)

    write_folder(target, fill)
    return Fitted(patch, report, made.warnings)


def _roles(found: SteerMethod, data: Mapping[str, Sequence[Record]]) -> None:
    known = [*found.roles, *found.optional]
    for role in data:
        if role not in known:
            raise SophroError(f"{found.name}: data role {role!r} is unknown; known: {', '.join(known)}")
    for role in found.roles:
        if not data.get(role):
            raise SophroError(f"{found.name}: the data role {role!r} is empty; name a set for it")
    for role, records in data.items():
        for record in records:
            if not record.prompt.strip():
                raise SophroError(f"{found.name}: record {record.id!r} of role {role!r} has an empty prompt")
