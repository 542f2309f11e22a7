"""Which model a patch was made for: family, width, layers, tokenizer and the weights it stands on.

Contract: equal fingerprints mean that a patch acts as it did where it was made. A model with another one is refused
by the name of the first part that differs. The weights are read whole (sampling could miss an edit of one
matrix), once for each state of a model; what other patches changed for the time being does not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import torch

from sophro.errors import SophroError
from sophro.files import digest

Bare = tuple[torch.Tensor, int]

_SHOWN = {
    "family": "model family",
    "width": "hidden width",
    "layers": "number of layers",
    "tokenizer": "tokenizer",
    "weights": "base weights",
}


@dataclass(frozen=True)
class Fingerprint:
    """What identifies a model.

    Attributes:
        family: ``model_type`` of the configuration (``llama``, ``qwen2``...).
        width: Width of the hidden state.
        layers: Number of decoder blocks.
        tokenizer: Hash of the vocabulary with its ids.
        weights: Hash of names, shapes and values of all parameters.
    """

    family: str
    width: int
    layers: int
    tokenizer: str
    weights: str

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)

    @staticmethod
    def from_json(value: Any, where: str) -> Fingerprint:
        """Read what ``to_json`` wrote.

        Raises:
            SophroError: Naming ``where`` and the field that is missing or of the wrong type.
        """
        if not isinstance(value, Mapping):
            raise SophroError(f"{where}: the fingerprint of the model is missing; make the patch again")
        for f in fields(Fingerprint):
            needed = int if f.name in ("width", "layers") else str
            if type(value.get(f.name)) is not needed:
                raise SophroError(
                    f"{where}: field {f.name!r} of the fingerprint is missing or no {needed.__name__}; make the "
                    "patch again"
                )
        return Fingerprint(**{f.name: value[f.name] for f in fields(Fingerprint)})

    def refuse(self, other: Fingerprint, what: str) -> None:
        """Refuse ``other``, the fingerprint of the model at hand, if it differs from this one.

        Raises:
            SophroError: Naming the first part that differs, with both values.
        """
        for name, title in _SHOWN.items():
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                raise SophroError(
                    f"{what}: made for another model ({title} {_short(mine)}, this one has {_short(theirs)}); use the "
                    "model that it was made for, or make it again on this one"
                )


def _short(value: Any) -> str:
    return value[:16] if isinstance(value, str) else str(value)


def fingerprint_of(
    network: Any, tokenizer: Any, tensors: Sequence[torch.Tensor] | None = None
) -> Fingerprint:
    """Return the fingerprint of a model.

    Args:
        network: The transformers model.
        tokenizer: Its tokenizer.
        tensors: The values of its parameters without any patch, in order; by default those it has now.
    """
    config = network.config.get_text_config()
    return Fingerprint(
        family=str(config.model_type),
        width=int(config.hidden_size),
        layers=int(config.num_hidden_layers),
        tokenizer=digest(sorted(tokenizer.get_vocab().items())),
        weights=_weights(network, tensors),
    )


def _weights(network: Any, tensors: Sequence[torch.Tensor] | None) -> str:
    total = hashlib.sha256()
    named = dict(network.named_parameters())
    for name, value in zip(named, tensors or [p.data for p in named.values()], strict=True):
        total.update(f"{name}{tuple(value.shape)}".encode())
        # In float32, which holds half precision exactly: loading a model more precisely does not make it another one.
        exact = value.detach().cpu() if not value.is_floating_point() else value.detach().float().cpu()
        total.update(exact.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()[:32]


class FingerprintCache:
    """The fingerprint of one model, computed again only when its weights have changed.

    Args:
        network: The transformers model.
        tokenizer: Its tokenizer.
    """

    def __init__(self, network: Any, tokenizer: Any) -> None:
        self._network, self._tokenizer = network, tokenizer
        self._key: tuple[Any, ...] | None = None
        self._found: Fingerprint | None = None

    def get(self, bare: Sequence[Bare] | None = None) -> Fingerprint:
        """Return the fingerprint of the model without patches.

        Args:
            bare: What ``bare`` returned before patches were put on; by default the weights as they are.
        """
        found = bare_weights(self._network) if bare is None else bare
        # The address survives a change in place, and the version does not see what a fused optimiser does.
        key = tuple((t.data_ptr(), tuple(t.shape), version, *_sample(t)) for t, version in found)
        if self._found is None or key != self._key:
            self._found = fingerprint_of(self._network, self._tokenizer, [t for t, _ in found])
            self._key = key
        return self._found


def bare_weights(network: Any) -> list[Bare]:
    """Return the storage and version of every parameter, so that they can be read while patches are on."""
    return [(p.data, p._version) for p in network.parameters()]


def _sample(tensor: torch.Tensor) -> list[float]:
    flat = tensor.detach().reshape(-1)
    return flat[:: max(1, len(flat) // 32)][:32].float().tolist()
