"""Patches that edit no weights (steering, logit biases), as far as ``sophro patch show`` describes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sophro.models import load_patch
from sophro.models._patches import patch_header


def describe_other(folder: Path) -> dict[str, Any] | None:
    """Return kind, settings and tensors of a patch that edits no weights; None for anything else.

    Raises:
        SophroError: If the patch is damaged.
    """
    if not (folder / "patch.json").exists() or patch_header(folder)["kind"] in ("weights", "low_rank"):
        return None
    patch = load_patch(folder)
    rows = [
        {"name": name, "shape": list(t.shape), "norm": float(t.double().norm())}
        for name, t in patch.tensors().items()
    ]
    return {"folder": str(folder), "kind": patch.kind, "settings": patch.settings(), "rows": rows}
