"""What trains: LoRA matrices and token rows, or all weights; and how it is written.

Contract: ``attach`` seeds before it builds anything; ``write`` leaves a folder that plain
``PeftModel.from_pretrained`` (or ``AutoModelForCausalLM.from_pretrained`` after full training) loads;
``detach`` gives the caller's network back as it was.

LoRA: Hu et al. 2021, arXiv 2106.09685. The low-rank update, the trainable token rows and their saving are
peft's.
"""

from __future__ import annotations

import contextlib
import types
import warnings
from collections.abc import Generator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from sophro.errors import SophroError
from sophro.train._options import TrainOptions


def attach(model: Any, options: TrainOptions) -> Any:
    """Prepare ``model`` for training.

    Args:
        model: A transformers causal language model; LoRA is put into it in place.
        options: ``adapter``, ``rank``, ``alpha``, ``dropout``, ``targets``, ``token_rows``, ``seed``.

    Returns:
        A ``PeftModel`` around it, or the model itself for full training.

    Raises:
        SophroError: If the model already carries an adapter, or a target or token row does not exist.
    """
    torch.manual_seed(options.seed)
    if getattr(model, "peft_config", None):
        raise SophroError("the model already carries an adapter; merge it (merge_and_unload) before training")
    if options.adapter == "full":
        model.requires_grad_(True)
        return model
    from peft import LoraConfig, get_peft_model

    targets = options.targets
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=options.rank,
        lora_alpha=options.alpha,
        lora_dropout=options.dropout,
        target_modules=targets if isinstance(targets, str) else list(targets),
        trainable_token_indices=_token_rows(model, options.token_rows),
        bias="none",
    )
    try:
        with warnings.catch_warnings():
            # peft reads a name that transformers 5.23 renamed.
            warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
            adapted = get_peft_model(model, config)
    except ValueError as error:
        raise SophroError(f"training option targets {options.targets!r}: {error}") from error
    layers: list[Any] = [m for m in adapted.modules() if hasattr(m, "trainable_tokens_delta")]
    for layer in layers:
        layer.forward_adapters = types.MethodType(_forward_rows, layer)
    return adapted


@contextlib.contextmanager
def adapted(network: Any, options: TrainOptions, start: Path | None) -> Generator[Any]:
    """Attach what trains, go on from ``start`` if given, and give the network back as it was."""
    flags = {name: p.requires_grad for name, p in network.named_parameters()}
    mode = network.training
    model = attach(network, options)
    try:
        if start is not None:
            restore(model, start)
        yield model
    finally:
        detach(model, flags)
        network.train(mode)


def _forward_rows(self: Any, x: torch.Tensor, active: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
    """Do what peft's layer does, without copying the whole matrix for the few rows that train.

    Peft writes the rows into a copy of the (V, d) matrix in every pass and lets the gradient of all of it be
    computed; with a vocabulary of 49k that was a third of the time of a step.
    """
    base = self.base_layer
    plain = type(base) in (nn.Embedding, nn.Linear) and not (self.disable_adapters or self.merged)
    if not plain or list(active) != ["default"]:
        return type(self).forward_adapters(self, x, active, *args, **kwargs)
    rows, values = self.token_indices["default"], self.trainable_tokens_delta["default"]
    out = base(x)
    if isinstance(base, nn.Linear):
        own = x @ values.T
        return out.index_copy(-1, torch.tensor(rows, device=out.device), own.to(out.dtype))
    for number, row in enumerate(rows):
        out = torch.where((x == row).unsqueeze(-1), values[number].to(out.dtype), out)
    return out


def _token_rows(model: Any, rows: tuple[int, ...]) -> dict[str, list[int]] | None:
    if not rows:
        return None
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    size = embedding.weight.shape[0]
    for row in rows:
        if not 0 <= row < size:
            raise SophroError(f"training option token_rows: {row} is outside 0..{size - 1}")
    ids = sorted(set(rows))
    names = {name: module for name, module in model.named_modules() if module in (embedding, head)}
    tied = head is not None and head.weight is embedding.weight
    # An untied output row must train as well, otherwise the model could read the token but never say it.
    return {name.rpartition(".")[2]: ids for name, m in names.items() if m is embedding or not tied}


def restore(model: Any, folder: Path) -> None:
    """Give the fresh adapter of ``model`` the weights of an adapter folder.

    Raises:
        SophroError: If the model has no adapter, or the folder's does not have the same tensors.
    """
    from peft import PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
    from safetensors.torch import load_file

    if not isinstance(model, PeftModel):
        raise SophroError("training goes on from an adapter only with adapter lora")
    tensors = load_file(str(folder / "adapter_model.safetensors"))
    own = get_peft_model_state_dict(model, save_embedding_layers=False)
    if {n: t.shape for n, t in tensors.items()} != {n: t.shape for n, t in own.items()}:
        raise SophroError(
            f"{folder}: its tensors are not those of this adapter; use the same rank and targets"
        )
    set_peft_model_state_dict(model, tensors)


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return the trained parameters by name; a tensor shared by two names appears once."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def write(model: Any, folder: Path) -> None:
    """Write the adapter (or the whole model) into ``folder``, as safetensors."""
    from peft import PeftModel, get_peft_model_state_dict
    from safetensors.torch import save_file

    if not isinstance(model, PeftModel):
        model.save_pretrained(folder)
        return
    # save_embedding_layers would ask the hub whether the vocabulary was resized.
    tensors = get_peft_model_state_dict(model, save_embedding_layers=False)
    flat = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    save_file(flat, str(folder / "adapter_model.safetensors"), metadata={"format": "pt"})
    config = model.peft_config["default"]
    mode, config.inference_mode = config.inference_mode, True
    config.save_pretrained(str(folder))
    config.inference_mode = mode


def detach(model: Any, flags: dict[str, bool]) -> None:
    """Take the adapter out again and restore which parameters require gradients.

    Args:
        model: What ``attach`` returned.
        flags: ``requires_grad`` of the bare model's parameters by name, before ``attach``.
    """
    from peft import PeftModel

    base = model.unload() if isinstance(model, PeftModel) else model
    if hasattr(base, "peft_config"):
        del base.peft_config
    for name, parameter in base.named_parameters():
        parameter.requires_grad_(flags[name])
        parameter.grad = None
