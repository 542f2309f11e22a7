"""Training objectives as pure functions of tensors.

Contract: log-probabilities and masks in, ``Objective(loss, diagnostics)`` out; no model, no state, no device
or process logic. All logarithms are natural. Shapes: B sequences (or pairs), T positions, V tokens, d width.

Normalisers. A mean over a batch that is cut into pieces (gradient accumulation, several processes) is the sum
over pieces of ``sum / total`` only if every piece divides by the total *of the whole batch*. Each function
therefore takes that total as an argument; without it, the piece is the whole batch. Diagnostics are divided
alike, so they add up over pieces too.

Papers: DPO, Rafailov et al. 2023, arXiv 2305.18290 (eq. 7); label smoothing after Mitchell 2023, "A note on
DPO with noisy preferences" (conservative DPO). Unlearning: gradient ascent as in Jang et al. 2022, arXiv
2210.01504; NPO, Zhang et al. 2024, arXiv 2404.05868 (eq. 3); RMU, Li et al. 2024 (WMDP), arXiv 2403.03218. The
others are standard.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from sophro.errors import SophroError
from sophro.train._logprobs import head_log_probs, token_log_probs

__all__ = [
    "Objective",
    "dpo",
    "gradient_ascent",
    "head_log_probs",
    "hidden_mse",
    "kl_to_reference",
    "npo",
    "rmu",
    "sequence_log_probs",
    "token_log_probs",
    "weighted_sft",
    "weighted_sum",
]


class Objective(NamedTuple):
    """A differentiable scalar and what to look at beside it.

    Attributes:
        loss: Scalar to minimise.
        diagnostics: Detached scalars by name, normalised like the loss.
    """

    loss: Tensor
    diagnostics: Mapping[str, Tensor]


def sequence_log_probs(log_probs: Tensor, mask: Tensor, *, mean: bool = False) -> Tensor:
    """Add up token log-probabilities per sequence.

    Args:
        log_probs: (B, T) token log-probabilities.
        mask: (B, T) weights; 1 on the tokens that count.
        mean: Divide by the mask's sum, which removes the advantage of short sequences.

    Returns:
        (B,) log-probabilities; 0 for a sequence whose mask is empty.
    """
    kept = torch.where(mask != 0, log_probs, 0.0)
    total = (kept * mask).sum(-1)
    if not mean:
        return total
    count = mask.sum(-1)
    return total / torch.where(count == 0, 1.0, count)


def weighted_sft(
    log_probs: Tensor,
    weights: Tensor,
    *,
    normalise: Literal["tokens", "sequences"] = "tokens",
    total_weight: float | Tensor | None = None,
) -> Objective:
    """Weighted negative log-likelihood.

    Args:
        log_probs: (B, T) token log-probabilities, see ``token_log_probs``.
        weights: (B, T) weight of each token; negative weights push the likelihood down.
        normalise: ``tokens``: divide the weighted sum by the sum of absolute weights, so each token counts
            alike. ``sequences``: divide each sequence by its own sum first, so each sequence counts alike.
        total_weight: Normaliser of the whole batch: its sum of absolute weights (``tokens``) or its number of
            sequences (``sequences``).

    Returns:
        The loss in nats per token, and ``nll``, the same without gradient.

    Raises:
        SophroError: If ``normalise`` is neither of the two.
    """
    size = weights.abs()
    if normalise == "tokens":
        total = size.sum() if total_weight is None else total_weight
    elif normalise == "sequences":
        per_sequence = size.sum(-1, keepdim=True)
        weights = weights / torch.where(per_sequence == 0, 1.0, per_sequence)
        total = float(weights.shape[0]) if total_weight is None else total_weight
    else:
        raise SophroError(f"weighted_sft: normalise {normalise!r}; known: tokens, sequences")
    loss = -sequence_log_probs(log_probs, weights).sum() / total
    return Objective(loss, {"nll": loss.detach()})


def dpo(
    policy_chosen: Tensor,
    policy_rejected: Tensor,
    ref_chosen: Tensor,
    ref_rejected: Tensor,
    *,
    beta: float,
    label_smoothing: float = 0.0,
    total_pairs: float | None = None,
) -> Objective:
    """Direct preference optimisation.

    ``-(1 - e) log sigmoid(beta d) - e log sigmoid(-beta d)`` with
    ``d = (policy_chosen - ref_chosen) - (policy_rejected - ref_rejected)``.

    Args:
        policy_chosen: (B,) log-probability of each preferred sequence under the trained model.
        policy_rejected: (B,) the same for the dispreferred sequence.
        ref_chosen: (B,) under the frozen reference.
        ref_rejected: (B,) under the frozen reference.
        beta: Strength of the tie to the reference (1/nat), greater than 0.
        label_smoothing: Probability e in [0, 0.5) that a preference is labelled the wrong way round.
        total_pairs: Pairs in the whole batch.

    Returns:
        Mean loss over pairs (log 2 where the policy is the reference); ``accuracy`` (share of pairs with
        d > 0), ``margin`` (mean of beta d), ``chosen_reward`` and ``rejected_reward`` (means of beta times
        the log-ratio).

    Raises:
        SophroError: If ``beta`` or ``label_smoothing`` is out of range.
    """
    if not beta > 0:
        raise SophroError(f"dpo: beta {beta} must be greater than 0")
    if not 0 <= label_smoothing < 0.5:
        raise SophroError(f"dpo: label_smoothing {label_smoothing} must lie in [0, 0.5)")
    total = float(policy_chosen.shape[0]) if total_pairs is None else total_pairs
    chosen = beta * (policy_chosen - ref_chosen)
    rejected = beta * (policy_rejected - ref_rejected)
    margin = chosen - rejected
    losses = -(1 - label_smoothing) * F.logsigmoid(margin) - label_smoothing * F.logsigmoid(-margin)
    return Objective(
        losses.sum() / total,
        {
            "accuracy": (margin.detach() > 0).float().sum() / total,
            "margin": margin.detach().sum() / total,
            "chosen_reward": chosen.detach().sum() / total,
            "rejected_reward": rejected.detach().sum() / total,
        },
    )


def kl_to_reference(
    policy_logits: Tensor,
    ref_logits: Tensor,
    mask: Tensor,
    *,
    direction: Literal["forward", "reverse"] = "forward",
    total_weight: float | Tensor | None = None,
) -> Objective:
    """Exact Kullback-Leibler divergence between two next-token distributions.

    Args:
        policy_logits: (..., V) of the trained model.
        ref_logits: (..., V) of the reference; it gets no gradient.
        mask: (...) weight of each position.
        direction: ``forward`` is KL(reference || policy): the policy must cover all that the reference does
            (distillation, SaRFT). ``reverse`` is KL(policy || reference): the policy must not do what the
            reference does not (the penalty of RLHF).
        total_weight: Sum of the mask over the whole batch.

    Returns:
        Mean divergence in nats per position, and ``kl``, the same without gradient.

    Raises:
        SophroError: If ``direction`` is neither of the two.
    """
    if direction not in ("forward", "reverse"):
        raise SophroError(f"kl_to_reference: direction {direction!r}; known: forward, reverse")
    kept = mask != 0
    policy = policy_logits[kept].float().log_softmax(-1)
    reference = ref_logits[kept].detach().float().log_softmax(-1)
    weights = mask[kept].to(policy.dtype)
    left, right = (reference, policy) if direction == "forward" else (policy, reference)
    # A token that is impossible on the left (log-probability -inf) contributes nothing.
    terms = torch.where(left == -torch.inf, 0.0, left.exp() * (left - right))
    total = weights.sum() if total_weight is None else total_weight
    loss = (terms.sum(-1) * weights).sum() / total
    return Objective(loss, {"kl": loss.detach()})


def hidden_mse(
    hidden: Tensor, hidden_ref: Tensor, mask: Tensor, *, total_weight: float | Tensor | None = None
) -> Objective:
    """Mean squared distance between hidden states and those of the reference.

    Args:
        hidden: (..., d) of the trained model.
        hidden_ref: (..., d) of the reference; it gets no gradient.
        mask: (...) weight of each position.
        total_weight: Sum of the mask over the whole batch.

    Returns:
        Mean over positions and width, and ``mse``, the same without gradient.
    """
    kept = mask != 0
    distance = (hidden[kept].float() - hidden_ref[kept].detach().float()).square().mean(-1)
    weights = mask[kept].to(distance.dtype)
    total = weights.sum() if total_weight is None else total_weight
    loss = (distance * weights).sum() / total
    return Objective(loss, {"mse": loss.detach()})


def gradient_ascent(
    log_probs: Tensor, weights: Tensor, *, total_sequences: float | Tensor | None = None
) -> Objective:
    """Push the likelihood of sequences down: the negated mean negative log-likelihood per token.

    It has no lower bound: it goes on falling when the model is long broken. Bound the steps.

    Args:
        log_probs: (B, T) token log-probabilities of what is to be forgotten.
        weights: (B, T) 1 on the tokens that count; 0 elsewhere.
        total_sequences: Sequences in the whole batch.

    Returns:
        Minus the mean over sequences of nats per token, and ``forget_nll``, its positive value.
    """
    plain = weighted_sft(log_probs, weights, normalise="sequences", total_weight=total_sequences)
    return Objective(-plain.loss, {"forget_nll": plain.loss.detach()})


def npo(
    policy: Tensor, reference: Tensor, *, beta: float, total_sequences: float | Tensor | None = None
) -> Objective:
    """Negative preference optimisation: gradient ascent that fades out as the sequence is forgotten.

    ``-(2 / beta) log sigmoid(-beta d)`` with ``d = policy - reference``. Its gradient is that of ``policy`` times
    ``2 p^beta / (p^beta + p_ref^beta)``: 1 at the reference, towards 0 as p falls below it.

    Args:
        policy: (B,) log-probability of each sequence (sum over tokens) under the trained model.
        reference: (B,) the same under the frozen reference.
        beta: Greater than 0; as it goes to 0 the loss becomes gradient ascent plus a constant.
        total_sequences: Sequences in the whole batch.

    Returns:
        Mean loss over sequences; ``forget_weight`` (mean of that factor) and ``forget_ratio`` (mean of d, nats).

    Raises:
        SophroError: If ``beta`` is not greater than 0.
    """
    if not beta > 0:
        raise SophroError(f"npo: beta {beta} must be greater than 0")
    total = float(policy.shape[0]) if total_sequences is None else total_sequences
    ratio = policy - reference.detach()
    loss = -(2.0 / beta) * F.logsigmoid(-beta * ratio).sum() / total
    weight = 2.0 * torch.sigmoid(beta * ratio.detach())
    return Objective(
        loss, {"forget_weight": weight.sum() / total, "forget_ratio": ratio.detach().sum() / total}
    )


def rmu(
    forget: Tensor,
    forget_mask: Tensor,
    control: Tensor,
    *,
    total_weight: float | Tensor | None = None,
) -> Objective:
    """Representation misdirection: pull hidden states of forget text towards one fixed random vector.

    Args:
        forget: (..., d) hidden states on what is to be forgotten.
        forget_mask: (...) weight of each position.
        control: (d,) the vector ``c u``; u is a unit vector, c the norm to steer to.
        total_weight: Sum of the mask over the whole batch.

    Returns:
        Mean squared distance over positions and width; ``forget_mse``, the same without gradient. The part that
        keeps the retain text where it was is ``hidden_mse``.
    """
    moved = hidden_mse(forget, control.expand_as(forget), forget_mask, total_weight=total_weight)
    return Objective(moved.loss, {"forget_mse": moved.loss.detach()})


def weighted_sum(terms: Mapping[str, tuple[float, Objective]]) -> Objective:
    """Add objectives.

    Args:
        terms: Prefix of the diagnostics -> (weight, objective). A term of weight 0 adds no gradient at all.

    Returns:
        The sum, and the diagnostics of all terms as ``<prefix>_<name>`` (the name alone for an empty prefix).

    Raises:
        SophroError: If there is no term.
    """
    if not terms:
        raise SophroError("weighted_sum: at least one term is needed")
    losses = [weight * term.loss for weight, term in terms.values() if weight != 0]
    diagnostics: dict[str, Tensor] = {}
    for prefix, (_, term) in terms.items():
        for name, value in term.diagnostics.items():
            diagnostics[f"{prefix}_{name}" if prefix else name] = value
    zero = next(iter(terms.values()))[1].loss * 0.0
    return Objective(torch.stack(losses).sum() if losses else zero, diagnostics)
