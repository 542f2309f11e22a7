"""Checkpoints of an unfinished run: safetensors and JSON, complete or absent.

Contract: a checkpoint is one folder ``checkpoint-<step>``, renamed into place after its contents are on the
disk. It holds the trained tensors and both AdamW moments. The learning rate, the order of the data and the
random numbers are functions of the step, so a run that goes on from a checkpoint ends, on the same machine
and thread count, with the same bits.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn, optim

from sophro.errors import SophroError
from sophro.files import write_folder, write_json

_MOMENTS = ("exp_avg", "exp_avg_sq", "step")


def save(
    work: Path,
    step: int,
    parameters: Mapping[str, nn.Parameter],
    optimizer: optim.Optimizer,
    facts: Mapping[str, Any],
) -> None:
    """Write the checkpoint of ``step`` and then remove older ones."""
    from safetensors.torch import save_file

    tensors: dict[str, Tensor] = {}
    for name, parameter in parameters.items():
        tensors[f"parameter.{name}"] = parameter.detach().cpu().contiguous()
        for key in _MOMENTS:
            tensors[f"{key}.{name}"] = optimizer.state[parameter][key].detach().cpu().contiguous()

    def fill(folder: Path) -> None:
        save_file(tensors, str(folder / "state.safetensors"))
        write_json(folder / "state.json", {"step": step, **facts})

    write_folder(work / f"checkpoint-{step}", fill)
    for old, path in _found(work).items():
        if old < step:
            shutil.rmtree(path)


def latest(work: Path, fingerprint: str) -> tuple[int, Path] | None:
    """Return step and folder of the newest checkpoint, or None.

    Raises:
        SophroError: If it belongs to a run with other options or data.
    """
    found = _found(work)
    if not found:
        return None
    step = max(found)
    facts = json.loads((found[step] / "state.json").read_text(encoding="utf-8"))
    if facts["fingerprint"] != fingerprint:
        raise SophroError(
            f"{found[step]}: belongs to a run with another model, data or options; "
            f"delete {work} or choose another"
        )
    return step, found[step]


def load(folder: Path, parameters: Mapping[str, nn.Parameter], optimizer: optim.Optimizer) -> None:
    """Put the state of a checkpoint into ``parameters`` and ``optimizer``."""
    from safetensors.torch import load_file

    tensors = load_file(str(folder / "state.safetensors"))
    state: dict[int, dict[str, Tensor]] = {}
    for index, (name, parameter) in enumerate(parameters.items()):
        parameter.data.copy_(tensors[f"parameter.{name}"])
        state[index] = {key: tensors[f"{key}.{name}"] for key in _MOMENTS}
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def clear(work: Path) -> None:
    """Remove all checkpoints."""
    for path in _found(work).values():
        shutil.rmtree(path)


def _found(work: Path) -> dict[int, Path]:
    if not work.is_dir():
        return {}
    names = ((re.fullmatch(r"checkpoint-(\d+)", p.name), p) for p in work.iterdir())
    return {int(match[1]): path for match, path in names if match}
