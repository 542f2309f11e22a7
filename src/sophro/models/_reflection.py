"""What a model with a reflection token brings beside its weights: its row, and how it wants to be decoded.

Paper: Self-Reflection Improves Safety of Large Reasoning Models (2026.findings-acl.678); the bias dial is that
of Backtracking Improves Generation Safety (arXiv 2409.14586), which chooses it on benign development prompts.

Contract: ``reflection.json`` stands in an adapter folder beside ``adapter_config.json``; a folder without it
means no bias. Nothing here trains.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from sophro.errors import SophroError
from sophro.models._patches import LowRankPatch

FILE = "reflection.json"

# Words and openers of a second thought; the row of the new token starts at the mean of their first tokens.
_WORDS = (
    "wait", "hold", "stop", "pause", "however", "actually", "reconsider", "rethink", "review", "check", "doubt",
    "mistake", "wrong", "error", "careful", "caution", "harmful", "unsafe", "danger", "should", "sorry",
    "instead", "correct", "reflect", "consider", "warning", "concern", "problem", "refuse", "cannot",
)  # fmt: skip


# What stands where a model would reflect more often than it may: the reflection and the answer.
_FORCED = {
    "en": ("This is going wrong again, so I stop here.", "I'm sorry, but I can't help with that."),
    "zh": ("这里又偏离了，所以我到此为止。", "抱歉，我不能帮你做这件事。"),
}


def forced_refusal(prompt: str) -> tuple[str, str]:
    """Return reflection and answer that end a turn with one reflection too many, in the language of ``prompt``."""
    return _FORCED["zh" if any("\u4e00" <= c <= "\u9fff" for c in prompt) else "en"]


def knows_token(model: Any, patch: Any) -> bool:
    """Tell whether the model, with its patch (or None), was trained with the reflection token."""
    token = getattr(model, "reflection_id", None)
    if token is None:
        return False
    rows = getattr(patch, "rows", {})
    brought = any(token in index.tolist() for index, _ in rows.values())
    return brought or model.has_reflection


@dataclass(frozen=True)
class ReflectionSettings:
    """How a model with a reflection token is decoded.

    Attributes:
        bias: Added to the logit of the token at every step.
        limit: Most reflections in one answer; one more ends it with a refusal. None: no limit.
    """

    bias: float = 0.0
    limit: int | None = 1

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)


def reflection_settings(folder: Path) -> ReflectionSettings:
    """Read ``reflection.json`` of an adapter folder; without one the defaults.

    Raises:
        SophroError: If the file is damaged.
    """
    file = folder / FILE
    if not file.exists():
        return ReflectionSettings()
    try:
        row = json.loads(file.read_text("utf-8"))
        limit = row.get("limit", 1)
        return ReflectionSettings(float(row["bias"]), None if limit is None else int(limit))
    except (json.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise SophroError(
            f"{file}: fields bias and limit are needed ({error}); train or copy it again"
        ) from None


def initial_row(model: Any) -> LowRankPatch:
    """Return a patch that gives the reflection token its row: the mean of the rows of reflection words.

    Args:
        model: A local chat model.

    Returns:
        A patch for the embedding and, where it is not tied to it, for the output matrix.
    """
    network, token = model.network, model.reflection_id
    ids = sorted({model.tokenizer(f" {w}", add_special_tokens=False)["input_ids"][0] for w in _WORDS})
    embedding, head = network.get_input_embeddings(), network.get_output_embeddings()
    tied = head is None or head.weight is embedding.weight
    index = torch.tensor([token])
    rows = {
        name: (index, module.weight.data[ids].mean(0, keepdim=True).float())
        for name, module in network.named_modules()
        if module is embedding or (module is head and not tied)
    }
    return LowRankPatch({}, rows, "mean of reflection words")


def bias_for(peaks: Sequence[float], share: float) -> float:
    """Return the largest bias under which at most ``share`` of the answers reflect.

    Args:
        peaks: Largest margin of each benign answer (see ``ChatModel.reflection_margins``).
        share: Tolerated share of false reflections, in [0, 1).

    Raises:
        SophroError: If there are no answers or the share is no share.
    """
    if not peaks:
        raise SophroError(
            "the bias of the reflection token needs benign answers to be tuned on; none were given"
        )
    if not 0 <= share < 1:
        raise SophroError(f"share of false reflections is {share}; it must lie in [0, 1)")
    ordered = sorted(peaks, reverse=True)
    allowed = int(share * len(ordered))
    # The (allowed + 1)-th largest peak must stay below zero; the margin is for float rounding.
    return -(ordered[allowed] + 0.01)
