"""Merging, comparing and describing weight edits, one matrix at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from sophro.edit import algebra
from sophro.edit._files import write_weight_patch
from sophro.edit._sources import Source, common_fingerprint, walk
from sophro.errors import SophroError, unknown_name
from sophro.models import Edit

_LAYER = re.compile(r"\.(?:layers|h|blocks)\.(\d+)\.")


def merge_sources(
    sources: Sequence[Source],
    out: Path,
    *,
    how: str = "task_arithmetic",
    weights: Sequence[float] | None = None,
    density: float = 0.2,
    retention: float = 1.0,
    rescale: bool = False,
    seed: int = 0,
) -> Path:
    """Merge edits of one model into one patch folder.

    Args:
        sources: Patches, adapters or checkpoints; one alone is written as a patch.
        out: Folder to create.
        how: ``task_arithmetic`` (weighted sum) or ``ties``.
        weights: One a source; 1 for each by default. Negative ones subtract.
        density: Share of the entries that each source keeps under ``ties``.
        retention: Probability with which an entry of a source is kept, drawn independently for each source (DARE).
        rescale: Divide kept entries by that probability.
        seed: Seed of the draws.

    Raises:
        SophroError: For sources of different models, wrong numbers, or a merge that changes nothing.
    """
    chosen = list(weights) if weights else [1.0] * len(sources)
    if len(chosen) != len(sources):
        raise SophroError(f"{len(chosen)} weights for {len(sources)} patches; give one weight a patch")
    if how not in algebra.MERGES:
        raise unknown_name("way to merge", how, algebra.MERGES)
    algebra.share_of("density", density)
    if not 0 < retention <= 1:
        raise SophroError(f"option retention: {retention} is no share above 0; give a number up to 1")
    fingerprint = common_fingerprint(sources)

    def merged() -> Iterator[tuple[str, Edit]]:
        for name, edits in walk(sources):
            shape = next(e.shape for e in edits if e is not None)
            deltas = [torch.zeros(shape) if e is None else e.dense() for e in edits]
            if retention < 1:
                for number in range(len(sources)):
                    # By number, not by folder: moving a patch must not change the draw.
                    random = algebra.stream(seed, str(number), name)
                    mask = algebra.retention_mask(shape, retention, random)
                    deltas[number] = algebra.retain(
                        deltas[number], mask, rescale=retention if rescale else None
                    )
            yield name, Edit.of(algebra.merge(deltas, chosen, how, density))

    record = {
        "merge": how,
        "weights": chosen,
        "of": [source.label for source in sources],
        **({"density": density} if how == "ties" else {}),
        **({"retention": retention, "rescale": rescale, "seed": seed} if retention < 1 else {}),
    }
    return write_weight_patch(out, merged(), fingerprint, record)


def describe_source(source: Source) -> dict[str, Any]:
    """Return what ``sophro patch show`` prints: entries changed and norms, by matrix and in all."""
    rows: list[dict[str, Any]] = []
    for name, (edit,) in walk([source]):
        if edit is None:
            continue
        values = edit.values.double()
        rows.append(
            {
                "name": name,
                "shape": list(edit.shape),
                "changed": edit.nonzero,
                "share": edit.nonzero / edit.numel,
                "norm": float(values.norm()),
                "largest": float(values.abs().max()) if values.numel() else 0.0,
            }
        )
    total, changed = sum(int(torch.Size(r["shape"]).numel()) for r in rows), sum(r["changed"] for r in rows)
    return {
        "folder": source.label,
        "fingerprint": source.fingerprint.to_json() if source.fingerprint else None,
        "source": dict(getattr(source, "source", {})),
        "matrices": len(rows),
        "changed": changed,
        "share": changed / total if total else None,
        "norm": sum(r["norm"] ** 2 for r in rows) ** 0.5,
        "rows": rows,
    }


def compare_sources(first: Source, second: Source) -> dict[str, Any]:
    """Return overlap of supports, cosine and norms of two edits, by matrix, by layer and in all.

    Raises:
        SophroError: If they belong to different models.
    """
    if first.fingerprint is not None and second.fingerprint is not None:
        common_fingerprint([first, second])
    rows: list[dict[str, Any]] = []
    found: list[algebra.Agreement] = []
    for name, edits in walk([first, second]):
        shape = next(e.shape for e in edits if e is not None)
        one, two = (torch.zeros(shape) if e is None else e.dense() for e in edits)
        found.append(algebra.agreement(one, two))
        rows.append({"name": name, "layer": layer_of(name), **_shown(found[-1])})
    layers: dict[int, list[algebra.Agreement]] = {}
    for row, one in zip(rows, found, strict=True):
        if row["layer"] is not None:
            layers.setdefault(row["layer"], []).append(one)
    return {
        "first": first.label,
        "second": second.label,
        **_shown(_pooled(found)),
        "layers": [{"layer": n, **_shown(_pooled(part))} for n, part in sorted(layers.items())],
        "rows": rows,
    }


def layer_of(name: str) -> int | None:
    """Return the number of the decoder block that a parameter belongs to."""
    found = _LAYER.search(name)
    return int(found[1]) if found else None


def _shown(one: algebra.Agreement) -> Mapping[str, Any]:
    return {**one._asdict(), "jaccard": one.jaccard}


def _pooled(parts: Sequence[algebra.Agreement]) -> algebra.Agreement:
    """Return the agreement of several matrices taken as one vector."""
    dot = sum((p.cosine or 0.0) * p.first_norm * p.second_norm for p in parts)
    norms = sum(p.first_norm**2 for p in parts) ** 0.5, sum(p.second_norm**2 for p in parts) ** 0.5
    return algebra.Agreement(
        n=sum(p.n for p in parts),
        first=sum(p.first for p in parts),
        second=sum(p.second for p in parts),
        both=sum(p.both for p in parts),
        same_sign=sum(p.same_sign for p in parts),
        cosine=dot / (norms[0] * norms[1]) if all(norms) else None,
        first_norm=norms[0],
        second_norm=norms[1],
    )
