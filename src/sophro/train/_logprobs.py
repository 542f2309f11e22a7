"""Log-probabilities of given tokens without a second copy of the logits.

Contract: ``token_log_probs`` reads logits; ``head_log_probs`` reads hidden states and a frozen output matrix
and never holds more than one slice of the logits. Both differentiate exactly. With a vocabulary of 49,152 the
logits of 1,000 positions take 197 MB in float32, and the usual log-softmax doubles that, its gradient again.

``head_log_probs`` rests on one observation: with ``p = softmax(W h + b)``, the gradient of ``log p[y]`` for
``h`` is ``W[y] - p W``. It does not depend on the loss, so it is computed while the slice is at hand and only
(positions, width) numbers are kept; whatever loss follows multiplies each row by one number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from sophro.models._packed import Packed, multiply

# About 50 MB of float32 logits at 49,152 tokens: large enough to use the matrix unit well.
SLICE_VALUES = 256 * 49_152


def _rows(vocabulary: int) -> int:
    return max(1, SLICE_VALUES // vocabulary)


class _TokenLogProbs(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, labels: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        size = _rows(logits.shape[-1])
        norm = torch.cat([part.float().logsumexp(-1) for part in logits.split(size)])
        ctx.save_for_backward(logits, labels, norm)
        return logits.gather(-1, labels.unsqueeze(-1)).squeeze(-1).float() - norm

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        logits, labels, norm = ctx.saved_tensors
        result = torch.empty_like(logits)
        size = _rows(logits.shape[-1])
        for start in range(0, logits.shape[0], size):
            part = slice(start, start + size)
            probs = (logits[part].float() - norm[part, None]).exp_().mul_(-grad[part, None])
            probs.scatter_add_(-1, labels[part, None], grad[part, None])
            result[part] = probs
        return result, None


class _HeadLogProbs(torch.autograd.Function):
    @staticmethod
    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, hidden: Tensor, values: Tensor | None, head: FrozenHead, labels: Tensor
    ) -> Tensor:
        wanted = ctx.needs_input_grad[0]
        result = torch.empty(hidden.shape[0], dtype=torch.float32, device=hidden.device)
        slope = torch.empty_like(hidden) if wanted else None
        shares = hidden.new_empty(hidden.shape[0], 0 if values is None else len(values))
        size = _rows(head.weight.shape[0])
        for start in range(0, hidden.shape[0], size):
            part = slice(start, start + size)
            logits = head.logits(hidden[part])
            if values is not None:
                logits[:, head.rows] = (hidden[part] @ values.T).float()
            norm = logits.logsumexp(-1, keepdim=True)
            result[part] = (logits.gather(-1, labels[part, None]) - norm).squeeze(-1)
            if slope is None:
                continue
            probs = logits.sub_(norm).exp_().to(head.weight.dtype)
            own = head.weight[labels[part]]
            if values is not None:
                shares[part] = hit = (labels[part, None] == head.rows).to(probs) - probs[:, head.rows]
                # A trained row stands in for its frozen one: take the frozen one out of both terms.
                probs[:, head.rows] = 0
                own = own.masked_fill((labels[part, None] == head.rows).any(-1, keepdim=True), 0)
                slope[part] = own - head.back(probs) + hit @ values
            else:
                torch.sub(own, head.back(probs), out=slope[part])
        if slope is not None:
            ctx.save_for_backward(slope, shares, hidden if values is not None else shares)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor | None, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        slope, shares, hidden = ctx.saved_tensors
        rows = (shares * grad.unsqueeze(-1).to(shares.dtype)).T @ hidden if shares.shape[1] else None
        return slope * grad.unsqueeze(-1).to(slope.dtype), rows, None, None


@dataclass(frozen=True)
class FrozenHead:
    """An output layer whose matrix does not train, except for single rows that stand in for frozen ones.

    Attributes:
        weight: (V, d) output matrix; it gets no gradient.
        bias: (V,) output bias or None; it gets no gradient.
        packed: Packed copies of ``weight``, where the layer has them.
        rows: (k,) token ids of the rows that train.
    """

    weight: Tensor
    bias: Tensor | None = None
    packed: Packed | None = None
    rows: Tensor | None = None

    def logits(self, hidden: Tensor) -> Tensor:
        """Return (N, V) float32 logits of the frozen matrix."""
        if self.packed is None:
            return torch.nn.functional.linear(hidden, self.weight, self.bias).float()
        return multiply(hidden.contiguous(), self.packed.forward, self.bias)

    def back(self, probs: Tensor) -> Tensor:
        """Return ``probs @ weight``."""
        return probs @ self.weight if self.packed is None else multiply(probs, self.packed.backward, None)


def token_log_probs(logits: Tensor, labels: Tensor, ignore: int = -100) -> Tensor:
    """Return the log-probability of each label.

    Args:
        logits: (..., V) logits; the caller has aligned them (row i predicts label i).
        labels: (...) token ids, or ``ignore``.
        ignore: Label of positions without a target.

    Returns:
        (...) float32 natural logarithms; exactly 0, without gradient, where the label is ``ignore``.
    """
    flat = labels.reshape(-1)
    valid = flat != ignore
    rows = logits.reshape(-1, logits.shape[-1])
    # Rows without a target must get gradient zero even where their logits are infinite, so they stay outside.
    if bool(valid.all()):
        return cast(Tensor, _TokenLogProbs.apply(rows, flat)).reshape(labels.shape)
    values = cast(Tensor, _TokenLogProbs.apply(rows[valid], flat[valid]))
    return values.new_zeros(flat.shape).masked_scatter(valid, values).reshape(labels.shape)


def head_log_probs(hidden: Tensor, head: FrozenHead, labels: Tensor, values: Tensor | None = None) -> Tensor:
    """Return log-probabilities straight from hidden states, through a frozen output layer.

    Args:
        hidden: (N, d) hidden states; row i predicts label i.
        head: The output layer.
        labels: (N,) token ids.
        values: (k, d) the rows that train, for ``head.rows``; they get a gradient.

    Returns:
        (N,) float32 natural logarithms.
    """
    return cast(Tensor, _HeadLogProbs.apply(hidden, values, head, labels))
