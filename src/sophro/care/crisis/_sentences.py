"""The second reader of English messages: mean states of the embedded sentence encoder after its third layer.

Contract: cleaned texts in, ``(N, 384)`` float32 rows of norm 1 out, in order; at most ``TOKENS`` tokens of a text are
read, half from each end. Loaded on first use; torch is imported here and nowhere else in this layer.

Encoder: all-MiniLM-L6-v2 (Sentence-BERT, arXiv 1908.10084). Deviation: half of its layers. The last layer keeps the
topic of a sentence and loses who speaks: in cross-validation it read worse than n-grams (AUROC 0.87 against 0.90), the
third read 0.94, and all layers together no better.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOKENS = 94
LAYERS = 3
WIDTH = 384


def states(texts: Sequence[str], batch_tokens: int = 2048) -> NDArray[np.float32]:
    """Return the states of cleaned texts."""
    import torch

    from sophro.models._encoder import encoder, length_batches

    found = encoder()
    network: Any = found.network
    half = TOKENS // 2
    first, last = found.tokenizer.cls_token_id, found.tokenizer.sep_token_id
    cut = [i if len(i) <= TOKENS else i[:half] + i[-half:] for i in found.token_ids(texts)]
    ids = [[first, *i, last] for i in cut]
    rows = np.zeros((len(ids), WIDTH), np.float32)
    for index in length_batches([len(i) for i in ids], batch_tokens):
        width = max(len(ids[i]) for i in index)
        tokens, mask = torch.zeros(len(index), width, dtype=torch.long), torch.zeros(len(index), width)
        for row, i in enumerate(index):
            tokens[row, : len(ids[i])] = torch.tensor(ids[i])
            mask[row, : len(ids[i])] = 1.0
        with torch.inference_mode():
            hidden = network.embeddings(input_ids=tokens)
            bias = (1.0 - mask[:, None, None, :]) * torch.finfo(torch.float32).min
            for layer in list(network.encoder.layer)[:LAYERS]:
                out = layer(hidden, bias)
                hidden = out[0] if isinstance(out, tuple) else out
            weight = mask.unsqueeze(-1)
            mean = (hidden * weight).sum(1) / weight.sum(1)
            rows[index] = torch.nn.functional.normalize(mean, dim=-1).numpy()
    return rows
