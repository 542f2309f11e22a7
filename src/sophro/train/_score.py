"""Sequence log-probabilities under a frozen model, for reference columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sophro.train._examples import Example


def sequence_scores(
    model: Any,
    examples: Sequence[Example],
    *,
    mean: bool = False,
    micro_tokens: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[float]:
    """Return the log-probability of the weighted tokens of each example.

    Args:
        model: A transformers causal language model (or an object that holds one as ``network``).
        examples: Sequences; a token counts with its weight.
        mean: Divide by the sum of the weights (nats per token instead of nats).
        micro_tokens: Padded tokens per forward pass; None as in ``TrainOptions``.
        progress: Called with (done, all) after each pass.

    Returns:
        One number per example, in the order given; it does not depend on what else is scored.
    """
    import torch

    from sophro.models._packed import packed
    from sophro.train._batch import collate
    from sophro.train._examples import check_items
    from sophro.train._losses import SftLoss
    from sophro.train._network import TrainingNetwork
    from sophro.train._options import TrainOptions
    from sophro.train._plan import split_rows
    from sophro.train.objectives import sequence_log_probs

    if not examples:
        return []
    language_model = getattr(model, "network", model)
    config = language_model.config
    check_items(
        examples,
        vocabulary=language_model.get_input_embeddings().weight.shape[0],
        positions=getattr(config, "max_position_embeddings", None),
    )
    network = TrainingNetwork(language_model, SftLoss())
    device = next(language_model.parameters()).device
    limit = TrainOptions(micro_tokens=micro_tokens).tokens_per_pass(device.type)
    mode = language_model.training
    network.eval()
    scores = [0.0] * len(examples)
    done = 0
    try:
        for piece in split_rows(range(len(examples)), [len(e.ids) for e in examples], limit):
            batch = collate([examples[i] for i in piece], total_items=len(piece), total_weight=1.0).to(device)
            with torch.no_grad(), packed(language_model):
                values = sequence_log_probs(network.log_probs(batch), batch.weights, mean=mean)
            for index, value in zip(piece, values.tolist(), strict=True):
                scores[index] = value
            done += len(piece)
            if progress is not None:
                progress(done, len(examples))
    finally:
        language_model.train(mode)
    return scores
