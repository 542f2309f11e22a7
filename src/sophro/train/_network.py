"""The network as losses see it: one module whose forward is a whole piece of a training step.

Contract: ``TrainingNetwork(model, loss)(batch)`` returns the loss of ``batch`` and its diagnostics.
Everything happens inside ``forward`` so that a data-parallel wrapper around the module sees the pass it has
to synchronise. The output layer is applied only where a token is trained.

Whether a model's logits really are "output layer of the decoder's last hidden state" (some scale or cap
them) is not looked up but measured on a few tokens at construction; where it does not hold, the plain
forward pass is used.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from sophro.errors import SophroError
from sophro.models._packed import packed_of
from sophro.models._patches import decoder_layers
from sophro.train._batch import Batch
from sophro.train._logprobs import FrozenHead
from sophro.train.objectives import Objective, head_log_probs, token_log_probs


class _EnoughError(Exception):
    """Ends a forward pass whose upper blocks nobody needs."""


class TrainingNetwork(nn.Module):
    """A causal language model with what training losses need.

    Args:
        model: A transformers causal language model, bare or inside a ``PeftModel``.
        loss: Function of this network and a batch.
        plain: Never split the model into decoder and output layer (slow; the reference for tests).
    """

    def __init__(
        self, model: nn.Module, loss: Callable[[TrainingNetwork, Batch], Objective], *, plain: bool = False
    ) -> None:
        super().__init__()
        self.model = model
        self._loss = loss
        self._split = not plain and _splits(self._language_model())

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of one piece of a step, and its diagnostics."""
        objective = self._loss(self, batch)
        return objective.loss, dict(objective.diagnostics)

    def log_probs(self, batch: Batch) -> Tensor:
        """Return (R, T): the log-probability of each token that has a loss weight, 0 elsewhere."""
        wanted = batch.weights[:, 1:] != 0
        labels = batch.ids[:, 1:][wanted]
        if not self._split:
            values = token_log_probs(self._logits(batch.ids)[:, :-1][wanted], labels)
        else:
            hidden = self.states(batch)[:, :-1][wanted]
            head = self._language_model().get_output_embeddings()
            found = _frozen(head)
            if found is None:
                values = token_log_probs(head(hidden), labels)
            else:
                values = head_log_probs(hidden, found[0], labels, found[1])
        full = values.new_zeros(batch.ids.shape)
        full[:, 1:] = full[:, 1:].masked_scatter(wanted, values)
        return full

    def states(self, batch: Batch) -> Tensor:
        """Return (R, T, d): hidden states after the last layer and its norm; garbage at padding."""
        return self._language_model().get_decoder()(input_ids=batch.ids, use_cache=False).last_hidden_state

    def logits(self, batch: Batch) -> Tensor:
        """Return (R, T, V): all logits; row t predicts token t + 1."""
        return self._logits(batch.ids)

    def trained_logits(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return (N, V) the logits that predict the N tokens with a loss weight, and (N,) those weights.

        The weights are divided by the sum of their sequence, so that every sequence counts alike.
        """
        weights = batch.weights / batch.weights.abs().sum(-1, keepdim=True).clamp_min(1e-12)
        wanted = batch.weights[:, 1:] != 0
        if not self._split:
            return self._logits(batch.ids)[:, :-1][wanted], weights[:, 1:][wanted]
        head = self._language_model().get_output_embeddings()
        return head(self.states(batch)[:, :-1][wanted]), weights[:, 1:][wanted]

    def layer_states(self, batch: Batch, layer: int) -> Tensor:
        """Return (R, T, d): what decoder block ``layer`` puts out; the blocks above it do not run.

        Raises:
            SophroError: If there is no such block.
        """
        blocks = decoder_layers(self._language_model())
        if not 0 <= layer < len(blocks):
            raise SophroError(f"layer {layer}: the model has blocks 0 to {len(blocks) - 1}")
        found: list[Tensor] = []

        def stop(_module: Any, _args: Any, output: Any) -> None:
            found.append(output[0] if isinstance(output, tuple) else output)
            raise _EnoughError

        handle = blocks[layer].register_forward_hook(stop)
        try:
            self._language_model().get_decoder()(input_ids=batch.ids, use_cache=False)
        except _EnoughError:
            return found[0]
        finally:
            handle.remove()
        raise SophroError(f"layer {layer} of {type(self._language_model()).__name__} did not run")

    @contextmanager
    def reference(self) -> Generator[None]:
        """Run as the model was before training (adapter off, no gradient).

        Raises:
            SophroError: If there is no adapter to switch off.
        """
        switch = getattr(self.model, "disable_adapter", None)
        if switch is None:
            raise SophroError(
                "full training does not keep the untrained model to compare with; use adapter lora"
            )
        with torch.no_grad(), switch():
            yield

    def _language_model(self) -> Any:
        inner = getattr(self.model, "get_base_model", None)
        return self.model if inner is None else inner()

    def _logits(self, ids: Tensor) -> Tensor:
        return self._language_model()(input_ids=ids, use_cache=False).logits


def _frozen(head: Any) -> tuple[FrozenHead, Tensor | None] | None:
    """Return a frozen output layer and its rows that train; None for any other kind of layer."""
    if type(head) is nn.Linear:
        return (
            None if head.weight.requires_grad else (FrozenHead(head.weight, head.bias, packed_of(head)), None)
        )
    adapter: Any = getattr(head, "token_adapter", None)
    base = getattr(adapter, "base_layer", None)
    if type(base) is not nn.Linear or base.weight.requires_grad:
        return None
    # With the adapter off (the reference of a loss) the layer is the plain one.
    if adapter.disable_adapters or adapter.merged:
        return None
    rows = torch.tensor(adapter.token_indices["default"], device=base.weight.device)
    return FrozenHead(base.weight, base.bias, packed_of(base), rows), adapter.trainable_tokens_delta[
        "default"
    ]


def _splits(model: Any) -> bool:
    ids = torch.arange(4, device=next(model.parameters()).device).unsqueeze(0) % model.config.vocab_size
    mode = model.training
    model.eval()
    try:
        with torch.no_grad():
            decoder, head = model.get_decoder(), model.get_output_embeddings()
            if decoder is model or head is None:
                return False
            logits = head(decoder(input_ids=ids, use_cache=False).last_hidden_state)
            expected = model(input_ids=ids, use_cache=False).logits
    finally:
        model.train(mode)
    return logits.shape == expected.shape and torch.allclose(logits, expected, rtol=1e-4, atol=1e-5)
