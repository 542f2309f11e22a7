"""Writing a weight patch matrix by matrix.

Contract: the format of ``save_patch``, but never more than one matrix in memory: the tensors go to a spool file first,
because the header of a safetensors file lists the places of all of them and stands in front.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from sophro.errors import SophroError
from sophro.files import write_folder, write_json
from sophro.models import Edit, Fingerprint
from sophro.models._weights import stored, weight_settings

_TYPES = {torch.float32: "F32", torch.int32: "I32"}


def write_weight_patch(
    target: Path,
    edits: Iterable[tuple[str, Edit]],
    fingerprint: Fingerprint,
    source: Mapping[str, Any],
    facts: Mapping[str, Any] | None = None,
) -> Path:
    """Write a patch folder all at once while its edits are made.

    Args:
        target: Folder to create.
        edits: Parameter names with their edits; those that change nothing are left out.
        fingerprint: The model that it belongs to.
        source: Where it comes from, for the record.
        facts: What ``edit.json`` beside it says, if anything.

    Raises:
        SophroError: If the folder exists, an edit is not finite, or nothing changes at all.
    """
    if target.exists():
        raise SophroError(f"{target}: exists already; choose another folder")

    def fill(folder: Path) -> None:
        shapes: dict[str, list[int]] = {}

        def tensors() -> Iterable[tuple[str, torch.Tensor]]:
            for name, edit in edits:
                edit.check(name)
                if edit.nonzero:
                    shapes[name] = list(edit.shape)
                    yield from stored(name, edit).items()

        write_tensors(folder / "patch.safetensors", tensors())
        if not shapes:
            raise SophroError("the patch would change nothing; raise the shares, scales or steps")
        settings = weight_settings(fingerprint, shapes, source)
        write_json(folder / "patch.json", {"kind": "weights", "format": 1, "settings": settings})
        if facts is not None:
            write_json(folder / "edit.json", facts)

    return write_folder(target, fill)


def write_tensors(file: Path, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
    """Write a safetensors file (float32 and int32) from a stream of named tensors."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    with tempfile.TemporaryFile(dir=file.parent) as spool:
        for name, tensor in tensors:
            data = tensor.detach().cpu().contiguous()
            raw = data.reshape(-1).view(torch.uint8).numpy()
            header[name] = {
                "dtype": _TYPES[data.dtype],
                "shape": list(data.shape),
                "data_offsets": [end, end + raw.nbytes],
            }
            spool.write(raw.data)
            end += raw.nbytes
        text = json.dumps(header).encode("utf-8")
        text += b" " * (-len(text) % 8)
        spool.seek(0)
        with file.open("wb") as out:
            out.write(len(text).to_bytes(8, "little") + text)
            shutil.copyfileobj(spool, out, 1 << 20)
