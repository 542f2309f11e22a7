"""Making a patch permanent: a merged checkpoint for plain transformers, or a plain PEFT adapter.

Contract: the folder appears only when it is complete; the model comes back as it was given.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from sophro.edit import algebra
from sophro.edit._sources import AdapterSource, Source, open_source
from sophro.errors import SophroError
from sophro.files import write_folder
from sophro.models import ChatModel, load_patch
from sophro.models._reflection import FILE as REFLECTION


def merged_checkpoint(model: ChatModel, patch: Path, out: Path, *, scale: float = 1.0) -> Path:
    """Write ``model`` with ``patch`` in its weights, as plain transformers loads it.

    How a reflecting patch is decoded (``reflection.json``) goes along, unless its strength is changed.

    Args:
        model: The model that the patch was made for.
        patch: Weight patch or adapter folder.
        out: Folder to create.
        scale: Strength of the patch.

    Raises:
        SophroError: If the patch does not belong to the model or edits no weights.
    """
    _fresh(out)
    found = load_patch(patch)
    if found.kind not in ("weights", "low_rank"):
        raise SophroError(
            f"{patch}: a patch of kind {found.kind!r} is no change of weights; put it on with --patch"
        )

    def fill(folder: Path) -> None:
        config = model.network.config.get_text_config()
        size = config.vocab_size
        with model.patched(found, scale):
            try:
                # An adapter may bring embedding rows of its own.
                config.vocab_size = model.network.get_input_embeddings().weight.shape[0]
                model.network.save_pretrained(folder)
            finally:
                config.vocab_size = size
        model.tokenizer.save_pretrained(folder)
        # At another strength the dial would be another one; then the token is decoded without a bias.
        if scale == 1.0 and (dial := patch / REFLECTION).is_file():
            shutil.copyfile(dial, folder / REFLECTION)

    return write_folder(out, fill)


def export_adapter(
    patch: Path, out: Path, *, base: ChatModel | None = None, rank: int = 16
) -> dict[str, Any]:
    """Write ``patch`` as a plain PEFT LoRA adapter, if it is low-rank.

    Args:
        patch: Weight patch, adapter, or (with ``base``) checkpoint folder.
        out: Folder to create: ``adapter_config.json`` and ``adapter_model.safetensors``.
        base: The model; its name goes into the adapter's configuration.
        rank: Largest rank allowed.

    Returns:
        Rank and number of matrices.

    Raises:
        SophroError: If a matrix has a larger rank, or something other than a matrix is edited.
    """
    _fresh(out)
    if rank < 1:
        raise SophroError(f"rank {rank} must be at least 1")
    source = open_source(patch, base)
    factors = dict(_factors(source, rank))
    if not factors:
        raise SophroError(f"{patch}: edits no matrix, so there is nothing to export")
    widest = max(a.shape[0] for a, _ in factors.values())

    def fill(folder: Path) -> None:
        from safetensors.torch import save_file

        tensors: dict[str, torch.Tensor] = {}
        for module, (a, b) in factors.items():
            tensors[f"base_model.model.{module}.lora_A.weight"] = _padded(a, widest, 0)
            tensors[f"base_model.model.{module}.lora_B.weight"] = _padded(b, widest, 1)
        save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
        _config(sorted(factors), widest, base).save_pretrained(str(folder))

    write_folder(out, fill)
    return {"rank": widest, "matrices": len(factors)}


def _factors(source: Source, rank: int) -> Iterator[tuple[str, tuple[torch.Tensor, torch.Tensor]]]:
    if isinstance(source, AdapterSource):
        yield from source.patch.factors.items()
        return
    for name in source.names():
        edit = source.edit(name)
        if edit is None:
            continue
        module, _, kind = name.rpartition(".")
        found = algebra.low_rank(edit.dense(), rank) if kind == "weight" and len(edit.shape) == 2 else None
        if found is None:
            raise SophroError(
                f"{source.label}: {name!r} is no edit of rank {rank} or less; raise --rank, or write a checkpoint"
            )
        yield module, found


def _padded(factor: torch.Tensor, rank: int, axis: int) -> torch.Tensor:
    missing = rank - factor.shape[axis]
    if not missing:
        return factor.contiguous()
    shape = [missing if i == axis else n for i, n in enumerate(factor.shape)]
    return torch.cat([factor, factor.new_zeros(shape)], dim=axis).contiguous()


def _config(modules: list[str], rank: int, base: ChatModel | None) -> Any:
    from peft import LoraConfig

    # alpha = rank: the factors hold the whole edit, so PEFT must not scale it.
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=rank,
        lora_alpha=rank,
        lora_dropout=0.0,
        target_modules=modules,
        base_model_name_or_path=base.name if base is not None else None,
        inference_mode=True,
    )


def _fresh(out: Path) -> None:
    if out.exists():
        raise SophroError(f"{out}: exists already; choose another folder")
