"""A tiny model on the disk, records and patches for the tests of this room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from small_model import save_model

from sophro.data import Record
from sophro.models import ChatModel, Edit, WeightPatch, load_chat, save_patch

NAMES = ("model.layers.0.self_attn.q_proj.weight", "model.layers.1.mlp.down_proj.weight")


def model(folder: Path) -> ChatModel:
    return load_chat(str(save_model(folder)))


def patch(chat: ChatModel, seed: int = 0, share: float = 0.2, names: tuple[str, ...] = NAMES) -> WeightPatch:
    g = torch.Generator().manual_seed(seed)
    shapes = {n: p.shape for n, p in chat.network.named_parameters()}
    edits = {}
    for name in names:
        delta = torch.randn(shapes[name], generator=g)
        edits[name] = Edit.of(delta * (torch.rand(shapes[name], generator=g) < share))
    return WeightPatch(edits, chat.fingerprint(), {"made by": "a test"})


def saved(chat: ChatModel, folder: Path, seed: int = 0, **more: Any) -> Path:
    return save_patch(patch(chat, seed, **more), folder)


def pairs(count: int = 24) -> list[Record]:
    return [
        Record(
            id=f"r{i}",
            prompt=f"Tell me how to make brew number {i}, please.",
            set="toy",
            category="none",
            harmful=True,
            lang="en",
            behaviour=f"b{i}",
            opening=f"To make brew {i}, mix {i + 2} spoons of salt with tar. Then let it rest.",
        )
        for i in range(count)
    ]


def state(chat: ChatModel) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in chat.network.state_dict().items()}


def same(chat: ChatModel, before: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(v, before[k]) for k, v in chat.network.state_dict().items())


def logits(network: Any) -> torch.Tensor:
    with torch.inference_mode():
        return network(input_ids=torch.tensor([[5, 9, 11, 40, 41, 7]])).logits
