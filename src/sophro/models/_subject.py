"""Which model a patch was made on: what must agree before its vectors mean anything.

Contract: family, width, number of blocks and tokenizer must agree; the weights may differ (an adapter, another
fine-tuning of the same network), because comparing those is what patches are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch

from sophro.errors import SophroError
from sophro.files import digest


@dataclass(frozen=True)
class Subject:
    """A model, as far as its activations are concerned.

    Attributes:
        family: ``model_type`` of its configuration (``llama``, ``qwen2`` ...).
        width: Length of a hidden state.
        layers: Number of decoder blocks.
        tokenizer: Hash of vocabulary and chat template.
    """

    family: str
    width: int
    layers: int
    tokenizer: str

    @staticmethod
    def of(network: Any, tokenizer: Any) -> Subject:
        """Describe a model."""
        config = network.config.get_text_config()
        return Subject(
            str(network.config.model_type),
            int(config.hidden_size),
            int(config.num_hidden_layers),
            digest(tokenizer.get_vocab(), str(tokenizer.chat_template)),
        )

    def check(self, model: Subject, name: str, kind: str) -> None:
        """Refuse ``model`` if it is not what the patch was made on.

        Raises:
            SophroError: Naming what differs.
        """
        own, other = asdict(self), asdict(model)
        differs = [f"{key} {own[key]} against {other[key]}" for key in own if own[key] != other[key]]
        if differs:
            raise SophroError(
                f"{kind} patch: made on another model than {name!r} ({'; '.join(differs)}); fit it again on this one"
            )

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any] | None) -> Subject | None:
        """Rebuild from ``to_json``; None stays None."""
        if value is None:
            return None
        return Subject(
            str(value["family"]), int(value["width"]), int(value["layers"]), str(value["tokenizer"])
        )


def check_vectors(vectors: Mapping[int, torch.Tensor], what: str) -> None:
    """Refuse vectors that hold NaN or infinities, or that are no vectors, and an empty set of them."""
    if not vectors:
        raise SophroError(f"{what}: there is none")
    for layer, vector in vectors.items():
        if vector.dim() != 1:
            raise SophroError(f"{what} of layer {layer} has shape {tuple(vector.shape)}; (d,) is needed")
        if not bool(torch.isfinite(vector).all()):
            raise SophroError(f"{what} of layer {layer} holds NaN or infinite numbers")
