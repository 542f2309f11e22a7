"""Which model a patch was made for: what must agree before it means anything there.

Contract: ``Subject`` is family, width, number of blocks and tokenizer, for vectors: the weights may differ (an adapter,
another fine-tuning of the same network), because comparing those is what such patches are for. ``Fingerprint`` adds
the weights, for patches that edit them. Another model is refused by the name of the first part that differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import torch

from sophro.errors import SophroError
from sophro.files import digest

_SHOWN = {
    "family": "model family",
    "width": "hidden width",
    "layers": "number of layers",
    "weights": "base weights",
}
_SHOWN_CHARACTERS = 16  # of a hash


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
            str(config.model_type),
            int(config.hidden_size),
            int(config.num_hidden_layers),
            digest(sorted(tokenizer.get_vocab().items()), str(tokenizer.chat_template)),
        )

    def refuse(self, other: Subject, what: str) -> None:
        """Refuse ``other``, the model at hand, if it differs from this one.

        Raises:
            SophroError: Naming the first part that differs, with both values.
        """
        for f in fields(self):
            mine, theirs = getattr(self, f.name), getattr(other, f.name)
            if mine != theirs:
                raise SophroError(
                    f"{what}: made for another model ({_SHOWN.get(f.name, f.name)} {_short(mine)}, this one has "
                    f"{_short(theirs)}); use the model that it was made for, or make it again on this one"
                )

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Any, where: str) -> Self:
        """Read what ``to_json`` wrote.

        Raises:
            SophroError: Naming ``where`` and the field that is missing or of the wrong type.
        """
        name = cls.__name__.lower()
        if not isinstance(value, Mapping):
            raise SophroError(f"{where}: the {name} of the model is missing; make the patch again")
        for f in fields(cls):
            needed = int if f.name in ("width", "layers") else str
            if type(value.get(f.name)) is not needed:
                raise SophroError(
                    f"{where}: field {f.name!r} of the {name} is missing or no {needed.__name__}; make the patch again"
                )
        return cls(**{f.name: value[f.name] for f in fields(cls)})


def subject_in(settings: Mapping[str, Any], kind: str) -> Subject | None:
    """Return the subject among the settings of a patch; None if it was stored without one."""
    found = settings.get("subject")
    return None if found is None else Subject.from_json(found, f"{kind} patch")


def _short(value: Any) -> str:
    return value[:_SHOWN_CHARACTERS] if isinstance(value, str) else str(value)


def check_vectors(vectors: Mapping[int, torch.Tensor], what: str) -> None:
    """Refuse vectors that hold NaN or infinities, or that are no vectors, and an empty set of them."""
    if not vectors:
        raise SophroError(f"{what}: there is none")
    for layer, vector in vectors.items():
        if vector.dim() != 1:
            raise SophroError(f"{what} of layer {layer} has shape {tuple(vector.shape)}; (d,) is needed")
        if not bool(torch.isfinite(vector).all()):
            raise SophroError(f"{what} of layer {layer} holds NaN or infinite numbers")
