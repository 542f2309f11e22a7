"""Matrix products of frozen float32 weights by oneDNN, on the CPUs where that is about twice as fast.

Why: PyTorch's CPU wheels multiply float32 matrices with MKL, which leaves AVX-512 unused on AMD processors. The
same wheel carries oneDNN, which uses it. Measured on two Zen 5 cores, 512 x 576 by 576 x 1536: 205 GFLOP/s with
MKL, 458 with oneDNN; 64 rows against the 49k output matrix: 114 and 343.

Contract: results differ from the plain layer by float rounding only. Whether oneDNN is used depends on the
processor and never on a measurement, so that one machine always gives the same bits. Packed copies are made when
first needed, belong to one state of the weights, and are made again when the weights change (a patch swaps the
storage; in-place changes are seen by the version counter and by a sample of the values). They cost the size of
the weights again, so models above ``LIMIT`` bytes keep the plain layers. Layers that train are never touched.

Deviations: ``torch.ops.mkldnn._linear_pointwise`` is what the inductor compiler uses and no public API; where it is
missing the plain layers are used. ``SOPHRO_ONEDNN=0`` or ``1`` overrides the choice.
"""

from __future__ import annotations

import contextlib
import os
import types
from collections.abc import Generator
from functools import lru_cache
from pathlib import Path
from typing import Any, cast
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

LIMIT = 4 << 30
_SMALLEST = 64 * 64  # elements; below this the call costs more than the product


@lru_cache(maxsize=1)
def worthwhile() -> bool:
    """Tell whether this machine multiplies faster with oneDNN than with the default library."""
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise") or not torch.backends.mkldnn.is_available():
        return False
    chosen = os.environ.get("SOPHRO_ONEDNN")
    if chosen is not None:
        return chosen == "1"
    info = Path("/proc/cpuinfo")
    amd = info.exists() and "AuthenticAMD" in info.read_text("utf-8", errors="replace")[:4096]
    return amd and "AVX512" in torch.backends.cpu.get_cpu_capability()


class Packed:
    """Packed copies of one weight matrix in one state."""

    def __init__(self, weight: Tensor) -> None:
        # Holding the tensor keeps its storage from being reused, so that its address identifies it.
        self._source = weight.data
        self._version = weight._version
        self._sample = self._sampled(weight)
        self.forward = _pack(weight.data)
        self._backward: Tensor | None = None

    @staticmethod
    def _sampled(weight: Tensor) -> Tensor:
        flat = weight.data.reshape(-1)
        return flat[:: max(1, len(flat) // 64)].clone()

    def fits(self, weight: Tensor) -> bool:
        """Tell whether the copies are those of ``weight`` as it is now."""
        return (
            weight.data_ptr() == self._source.data_ptr()
            and weight._version == self._version
            and weight.shape == self._source.shape
            and torch.equal(self._sampled(weight), self._sample)
        )

    @property
    def backward(self) -> Tensor:
        """The transposed copy, made when a gradient is first asked for."""
        if self._backward is None:
            self._backward = _pack(self._source.t().contiguous())
        return self._backward


def _pack(weight: Tensor) -> Tensor:
    with torch.inference_mode(False), torch.no_grad():
        # A tensor made in inference mode must not meet autograd later.
        plain = weight.clone() if weight.is_inference() else weight.detach()
        return plain.to_mkldnn()


_PACKED: WeakKeyDictionary[nn.Module, Packed] = WeakKeyDictionary()


def multiply(x: Tensor, packed: Tensor, bias: Tensor | None) -> Tensor:
    """Return ``x @ weight.T + bias`` for x of shape (..., in)."""
    flat = x.reshape(-1, x.shape[-1])
    out = cast(Tensor, torch.ops.mkldnn._linear_pointwise(flat, packed, bias, "none", [], ""))
    return out.view(*x.shape[:-1], out.shape[-1])


class _Frozen(torch.autograd.Function):
    """A frozen linear layer: the gradient goes to the input only."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, packed: Packed, bias: Tensor | None) -> Tensor:
        ctx.packed = packed
        return multiply(x, packed.forward, bias)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        return multiply(grads[0].contiguous(), ctx.packed.backward, None), None, None


def _forward(module: Any, x: Tensor) -> Tensor:
    packed = module.packed_weight
    if x.dtype != torch.float32 or not x.numel():
        return nn.functional.linear(x, module.weight, module.bias)
    if torch.is_grad_enabled() and x.requires_grad:
        return cast(Tensor, _Frozen.apply(x, packed, module.bias))
    return multiply(x, packed.forward, module.bias)


def packed_of(module: nn.Module) -> Packed | None:
    """Return the packed copies of a layer that is inside ``packed``, else None."""
    return cast(Packed | None, getattr(module, "packed_weight", None))


@contextlib.contextmanager
def packed(network: nn.Module) -> Generator[None]:
    """Let the frozen linear layers of ``network`` multiply with oneDNN while the block runs.

    Weights must not change inside the block. Blocks may be nested; the inner one then does nothing.
    """
    touched: list[Any] = []
    if worthwhile():
        layers: list[Any] = [m for m in network.modules() if _suits(m)]
        if sum(layer.weight.numel() * 4 for layer in layers) <= LIMIT:
            for layer in layers:
                known = _PACKED.get(layer)
                if known is None or not known.fits(layer.weight):
                    _PACKED.pop(layer, None)
                    known = _PACKED[layer] = Packed(layer.weight)
                layer.packed_weight = known
                layer.forward = types.MethodType(_forward, layer)
                touched.append(layer)
    try:
        yield
    finally:
        for layer in touched:
            del layer.forward, layer.packed_weight


def _suits(module: Any) -> bool:
    if type(module) is not nn.Linear or "forward" in vars(module):
        return False
    weight, bias = module.weight, cast(Tensor | None, module.bias)
    frozen = not weight.requires_grad and (bias is None or not bias.requires_grad)
    return (
        (frozen or not torch.is_grad_enabled())
        and weight.device.type == "cpu"
        and weight.dtype == torch.float32
        and weight.numel() >= _SMALLEST
    )
