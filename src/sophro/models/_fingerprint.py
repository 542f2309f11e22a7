"""Which weights a patch of weights was made for.

Contract: equal fingerprints mean that a patch acts as it did where it was made. The weights are read whole (sampling
could miss an edit of one matrix), once for each state of a model; what other patches changed for the time being does
not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from sophro.models._subject import Subject

Bare = tuple[torch.Tensor, int]


@dataclass(frozen=True)
class Fingerprint(Subject):
    """What identifies a model with its weights.

    Attributes:
        weights: Hash of names, shapes and values of all parameters.
    """

    weights: str


def fingerprint_of(
    network: Any, tokenizer: Any, tensors: Sequence[torch.Tensor] | None = None
) -> Fingerprint:
    """Return the fingerprint of a model.

    Args:
        network: The transformers model.
        tokenizer: Its tokenizer.
        tensors: The values of its parameters without any patch, in order; by default those it has now.
    """
    return Fingerprint(**Subject.of(network, tokenizer).to_json(), weights=_weights(network, tensors))


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
