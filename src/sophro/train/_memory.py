"""Expected peak memory of a training run, before anything is loaded.

Contract: an estimate from the model's config alone, component by component, for dense decoders (embedding,
attention, gated feed-forward, norms). The activation count was taken from what autograd keeps for the Llama
layers of transformers with and without LoRA matrices; tests compare it with what is really kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sophro.errors import SophroError
from sophro.train._options import TrainOptions

_LOGIT_SLICE = 256


@dataclass(frozen=True)
class ModelShape:
    """Sizes of a dense decoder.

    Attributes:
        parameters: All weights, a tied output matrix counted once.
        layers: Number of decoder layers.
        hidden: Width of the residual stream.
        inner: Width of the feed-forward layer.
        vocabulary: Rows of the embedding matrix.
        query: Width of all query heads together.
        key: Width of all key heads together (as wide as the value heads).
        tied: The output matrix is the embedding matrix.
        bytes_per_value: 4 for float32, 2 for bfloat16.
    """

    parameters: int
    layers: int
    hidden: int
    inner: int
    vocabulary: int
    query: int
    key: int
    tied: bool
    bytes_per_value: int = 4

    @staticmethod
    def from_config(config: Mapping[str, Any], bytes_per_value: int = 4) -> ModelShape:
        """Read the sizes from the contents of a model's ``config.json``.

        Raises:
            SophroError: If a size is missing, as in models that are not plain decoders.
        """
        try:
            hidden, layers = int(config["hidden_size"]), int(config["num_hidden_layers"])
            inner, vocabulary = int(config["intermediate_size"]), int(config["vocab_size"])
            heads = int(config["num_attention_heads"])
        except KeyError as error:
            raise SophroError(
                f"config.json: no {error.args[0]!r}; the memory plan knows dense decoders only"
            ) from None
        width = int(config.get("head_dim") or hidden // heads)
        query, key = heads * width, int(config.get("num_key_value_heads") or heads) * width
        tied = bool(config.get("tie_word_embeddings", False))
        layer = 2 * hidden * (query + key) + 3 * hidden * inner + 2 * hidden
        parameters = layers * layer + (1 if tied else 2) * vocabulary * hidden + hidden
        return ModelShape(parameters, layers, hidden, inner, vocabulary, query, key, tied, bytes_per_value)


@dataclass(frozen=True)
class MemoryPlan:
    """Bytes per component at the worst moment of a step.

    Attributes:
        weights: The model.
        adapter: LoRA matrices and token rows.
        gradients: Of everything trained.
        optimizer: Both moments of AdamW.
        activations: What autograd keeps of one forward pass.
        head: One slice of logits with its softmax, or all trained logits where the output layer trains.
    """

    weights: int
    adapter: int
    gradients: int
    optimizer: int
    activations: int
    head: int

    @property
    def total(self) -> int:
        """Sum of all components, in bytes."""
        parts = (self.weights, self.adapter, self.gradients, self.optimizer, self.activations, self.head)
        return sum(parts)


def plan_memory(
    shape: ModelShape, options: TrainOptions, longest: int, sequences: int = 1, device: str = "cpu"
) -> MemoryPlan:
    """Estimate the peak memory of one process.

    Args:
        shape: Sizes of the model.
        options: Adapter, rank, token rows and tokens per forward pass.
        longest: Tokens of the longest sequence.
        sequences: Sequences per item (2 for pairs).
        device: Type of the device that will train.

    Returns:
        The plan. ``all-linear`` is assumed where ``options.targets`` names single modules (an upper bound).
    """
    size = shape.bytes_per_value
    tokens = max(options.tokens_per_pass(device), longest * sequences)
    lora = options.adapter == "lora"
    sides = _linear_sides(shape)
    adapter = shape.layers * options.rank * sum(a + b for a, b in sides) if lora else 0
    adapter += len(options.token_rows) * shape.hidden
    trained = adapter if lora else shape.parameters
    whole_head = bool(options.token_rows) or not lora
    head_rows = tokens if whole_head else min(tokens, _LOGIT_SLICE)
    return MemoryPlan(
        weights=shape.parameters * size,
        adapter=adapter * size,
        gradients=trained * size,
        optimizer=2 * trained * size,
        activations=tokens * shape.layers * _kept_per_token(shape, options) * size,
        # Logits and, beside them, their softmax (or gradient).
        head=2 * head_rows * shape.vocabulary * 4,
    )


def _linear_sides(shape: ModelShape) -> list[tuple[int, int]]:
    d, q, k, f = shape.hidden, shape.query, shape.key, shape.inner
    return [(d, q), (d, k), (d, k), (q, d), (d, f), (d, f), (f, d)]


def _kept_per_token(shape: ModelShape, options: TrainOptions) -> int:
    d, q, k, f = shape.hidden, shape.query, shape.key, shape.inner
    # Norms, inputs of the projections, queries, keys and values, attention's output, the gated product.
    kept = 5 * d + q + 2 * k + 4 * f
    if options.adapter == "full":
        return kept + 2 * d
    kept += 7 * options.rank
    return kept + 8 * d + f + q if options.dropout > 0 else kept
