"""The request reader: MiniLM with low-rank deltas in its upper layers, as features of a linear head.

Paper: Sentence-BERT's MiniLM (arXiv 1908.10084, all-MiniLM-L6-v2); LoRA (arXiv 2106.09685).

Contract: texts in, ``(N, 768)`` float32 features out (mean over tokens beside the first token), in order; a text's row
does not depend on its batch beyond float32 rounding. At most ``TOKENS`` tokens of a text are read: callers cut windows.
Only tensors are read, from safetensors.

Where the deltas come from: they are those of the embedded judges of this package as of 2026-11-22, which were trained
to tell harmful from harmless requests among other things (sources and licences in the card); they are kept here in a
copy, so that new judge weights do not change what this detector says.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from sophro.models._encoder import DIM, SentenceEncoder, length_batches

TOKENS = 126  # of a window; longer ones lose their end
FROZEN = 3  # lower layers without deltas
LINEARS = (
    "attention.self.query", "attention.self.key", "attention.self.value",
    "attention.output.dense", "intermediate.dense", "output.dense",
)  # fmt: skip
WIDTH = 2 * DIM


class RequestReader:
    """The encoder with deltas merged into a copy of its upper layers.

    Args:
        encoder: The embedded sentence encoder; left as it is.
        deltas: ``{layer}.{linear}.a`` (r, in) and ``.b`` (out, r).
    """

    def __init__(self, encoder: SentenceEncoder, deltas: Mapping[str, torch.Tensor]) -> None:
        network: Any = encoder.network
        self._encoder = encoder
        self._embeddings = network.embeddings
        self._lower = list(network.encoder.layer)[:FROZEN]
        self._upper: list[Any] = copy.deepcopy(list(network.encoder.layer)[FROZEN:])
        with torch.no_grad():
            for index, layer in enumerate(self._upper):
                for name in LINEARS:
                    a, b = (deltas[f"{index}.{name}.{part}"].float() for part in "ab")
                    layer.get_submodule(name).weight.add_(b @ a)

    def features(self, texts: Sequence[str], batch_tokens: int = 2048) -> np.ndarray:
        """Return (N, 768) features."""
        ids = [self._ids(t) for t in self._encoder.token_ids(texts)]
        rows = np.zeros((len(ids), WIDTH), np.float32)
        for index in length_batches([len(i) for i in ids], batch_tokens):
            rows[index] = self._forward([ids[i] for i in index])
        return rows

    def _ids(self, ids: list[int]) -> list[int]:
        tokenizer = self._encoder.tokenizer
        return [tokenizer.cls_token_id, *ids[:TOKENS], tokenizer.sep_token_id]

    def _forward(self, ids: Sequence[Sequence[int]]) -> np.ndarray:
        width = max(map(len, ids))
        tokens = torch.zeros(len(ids), width, dtype=torch.long)
        mask = torch.zeros(len(ids), width)
        for row, one in enumerate(ids):
            tokens[row, : len(one)] = torch.tensor(one)
            mask[row, : len(one)] = 1.0
        bias = (1.0 - mask[:, None, None, :]) * torch.finfo(torch.float32).min
        with torch.inference_mode():
            hidden = self._embeddings(input_ids=tokens)
            for layer in (*self._lower, *self._upper):
                out = layer(hidden, bias)
                hidden = out[0] if isinstance(out, tuple) else out
            weight = mask.unsqueeze(-1)
            mean = (hidden * weight).sum(1) / weight.sum(1)
            return torch.cat([mean, hidden[:, 0]], dim=1).numpy()
