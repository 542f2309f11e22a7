"""Log-probabilities of given tokens without a second copy of the logits.

Contract: ``token_log_probs`` reads logits; ``head_log_probs`` reads hidden states and a frozen output matrix
and never holds more than one slice of the logits. Both differentiate exactly. With a vocabulary of 49,152 the
logits of 1,000 positions take 197 MB in float32, and the usual log-softmax doubles that, its gradient again.

``head_log_probs`` rests on one observation: with ``p = softmax(W h + b)``, the gradient of ``log p[y]`` for
``h`` is ``W[y] - p W``. It does not depend on the loss, so it is computed while the slice is at hand and only
(positions, width) numbers are kept; whatever loss follows multiplies each row by one number.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

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
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, labels: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        wanted = ctx.needs_input_grad[0]
        result = torch.empty(hidden.shape[0], dtype=torch.float32, device=hidden.device)
        slope = torch.empty_like(hidden) if wanted else None
        size = _rows(weight.shape[0])
        for start in range(0, hidden.shape[0], size):
            part = slice(start, start + size)
            logits = torch.nn.functional.linear(hidden[part], weight, bias).float()
            norm = logits.logsumexp(-1, keepdim=True)
            result[part] = (logits.gather(-1, labels[part, None]) - norm).squeeze(-1)
            if slope is not None:
                probs = logits.sub_(norm).exp_().to(weight.dtype)
                torch.sub(weight[labels[part]], probs @ weight, out=slope[part])
        if slope is not None:
            ctx.save_for_backward(slope)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        (slope,) = ctx.saved_tensors
        return slope * grad.unsqueeze(-1).to(slope.dtype), None, None, None


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


def head_log_probs(hidden: Tensor, weight: Tensor, bias: Tensor | None, labels: Tensor) -> Tensor:
    """Return log-probabilities straight from hidden states, through a frozen output layer.

    Args:
        hidden: (N, d) hidden states; row i predicts label i.
        weight: (V, d) output matrix; it gets no gradient.
        bias: (V,) output bias or None; it gets no gradient.
        labels: (N,) token ids.

    Returns:
        (N,) float32 natural logarithms.
    """
    return cast(Tensor, _HeadLogProbs.apply(hidden, weight, bias, labels))
