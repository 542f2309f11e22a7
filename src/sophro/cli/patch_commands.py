"""``sophro patch show``, ``apply``, ``merge`` and ``compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal


def show_(folder: Path, /, *, model: str | None = None, json: bool = False) -> None:
    """Say what a patch changes: entries and norms by matrix, the model it belongs to, where it comes from.

    Args:
        folder: A patch of any kind, an adapter, or (with --model) a tuned checkpoint.
        model: The model that a checkpoint was tuned from.
        json: Print as JSON.
    """
    from sophro.cli._print import percent, show_json, show_table
    from sophro.edit import describe_source, open_source
    from sophro.edit._other import describe_other

    other = describe_other(folder)
    if other is not None:
        if json:
            show_json(other)
            return
        print(f"{folder}: a patch of kind {other['kind']}")
        rows = [(r["name"], "x".join(map(str, r["shape"])), f"{r['norm']:.4g}") for r in other["rows"]]
        show_table(("tensor", "shape", "norm"), rows)
        return
    found = describe_source(open_source(folder, _chat(model)))
    if json:
        show_json(found)
        return
    made = found["fingerprint"]
    print(f"{folder}: {found['changed']} entries of {found['matrices']} matrices ({percent(found['share'])})")
    if made:
        size = f"width {made['width']}, {made['layers']} layers"
        print(f"made for: {made['family']}, {size}, weights {made['weights'][:16]}")
    for key, value in found["source"].items():
        print(f"{key}: {value}")
    show_table(
        ("matrix", "shape", "changed", "share", "norm", "largest"),
        [
            (r["name"], "x".join(map(str, r["shape"])), r["changed"], percent(r["share"]), f"{r['norm']:.4g}",
             f"{r['largest']:.3g}")
            for r in found["rows"]
        ],
    )  # fmt: skip


def apply_(
    folder: Path,
    /,
    *,
    model: str,
    out: Path,
    form: Literal["checkpoint", "adapter"] = "checkpoint",
    scale: float = 1.0,
    rank: int = 16,
    json: bool = False,
) -> None:
    """Write a model with the patch in its weights, or the patch as a plain PEFT adapter.

    Args:
        folder: Weight patch or adapter.
        model: The model that it was made for.
        out: Folder to create.
        form: checkpoint (plain transformers loads it) or adapter (plain PEFT loads it; low-rank patches only).
        scale: Strength, for a checkpoint.
        rank: Largest rank, for an adapter.
        json: Print the result as JSON.
    """
    from sophro.cli._print import show_json
    from sophro.edit import export_adapter, merged_checkpoint
    from sophro.errors import SophroError

    chat = _chat(model)
    facts: dict[str, Any] = {"out": str(out), "form": form}
    if form == "adapter":
        if scale != 1.0:
            raise SophroError("--scale is for checkpoints; an adapter takes its strength where it is put on")
        facts |= export_adapter(folder, out, base=chat, rank=rank)
        told = f"{out}: adapter of rank {facts['rank']} on {facts['matrices']} matrices"
    else:
        assert chat is not None
        merged_checkpoint(chat, folder, out, scale=scale)
        facts["scale"] = scale
        told = f"{out}: {model} with {folder} in its weights"
    if json:
        show_json(facts)
    else:
        print(told)


def merge_(
    *folders: Path,
    out: Path,
    how: str = "task_arithmetic",
    weight: tuple[float, ...] = (),
    density: float = 0.2,
    retention: float = 1.0,
    rescale: bool = False,
    seed: int = 0,
    model: str | None = None,
    json: bool = False,
) -> None:
    """Merge patches of one model into one; a single checkpoint or adapter is written as a patch.

    Args:
        folders: Weight patches, adapters, or (with --model) tuned checkpoints.
        out: Patch folder to create.
        how: task_arithmetic (weighted sum) or ties (trim, elect a sign, average what agrees).
        weight: Weight of a patch, in order; may be repeated, 1 for each by default, negative to subtract.
        density: Share of its largest entries that a patch keeps under ties.
        retention: Probability with which an entry of a patch is kept at all.
        rescale: Divide kept entries by that probability.
        seed: Seed of what is kept.
        model: The model; needed for adapters and checkpoints.
        json: Print what the merged patch changes as JSON.
    """
    from sophro.cli._print import show_json
    from sophro.edit import describe_source, merge_sources, open_source
    from sophro.errors import SophroError

    if not folders:
        raise SophroError("patch merge: name at least one patch folder")
    chat = _chat(model)
    merge_sources(
        [open_source(folder, chat) for folder in folders],
        out,
        how=how,
        weights=weight,
        density=density,
        retention=retention,
        rescale=rescale,
        seed=seed,
    )
    found = describe_source(open_source(out))
    if json:
        show_json(found)
    else:
        print(f"{out}: {found['changed']} entries of {found['matrices']} matrices, norm {found['norm']:.4g}")


def compare_(first: Path, second: Path, /, *, model: str | None = None, json: bool = False) -> None:
    """Compare two patches: which entries both change, in which direction, cosine and norms, by matrix and layer.

    Args:
        first: Weight patch, adapter, or (with --model) tuned checkpoint.
        second: The other one.
        model: The model; needed for checkpoints.
        json: Print as JSON.
    """
    from sophro.cli._print import percent, show_json, show_table
    from sophro.edit import compare_sources, open_source

    chat = _chat(model)
    found = compare_sources(open_source(first, chat), open_source(second, chat))
    if json:
        show_json(found)
        return

    def row(label: object, r: dict[str, Any]) -> tuple[object, ...]:
        cosine = "–" if r["cosine"] is None else f"{r['cosine']:.4f}"
        same = percent(r["same_sign"] / r["both"] if r["both"] else None)
        norms = (f"{r['first_norm']:.4g}", f"{r['second_norm']:.4g}")
        return (label, r["first"], r["second"], r["both"], percent(r["jaccard"]), same, cosine, *norms)

    header = ("where", "first", "second", "both", "shared", "same sign", "cosine", "norm 1", "norm 2")
    rows = [row("all", found)]
    rows += [row(f"layer {r['layer']}", r) for r in found["layers"]]
    rows += [row(r["name"], r) for r in found["rows"]]
    show_table(header, rows)


def _chat(name: str | None) -> Any:
    from sophro.models import load_chat

    return None if name is None else load_chat(name)
