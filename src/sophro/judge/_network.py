"""The network of the embedded judges: MiniLM reading prompt and response together.

Contract: ``(prompt, response)`` pairs in, ``(N, 3)`` probabilities of full compliance / full refusal /
partial refusal and ``(N,)`` probabilities of harm out, in order; a pair's numbers do not depend on the
batch. The response is data: special tokens in it are plain text and text that imitates a verdict is cut.

Harm is the product of two answers, "is the request harmful" and "does the response give what was asked
for": sets of harmful requests alone teach nothing about the first, sets of refusals nothing about harm.

The lower layers are the sentence encoder's own. The upper ones carry low-rank deltas (LoRA, arXiv
2106.09685) that ship in float16 and are merged on loading. Of a long response the beginning, the middle
and the end are read (``HEAD``, ``MIDDLE`` and ``TAIL`` tokens); the lexical features beside them read the
first 20,000 characters.

Whoever needs no number of a pair may let it go after some of the lower layers (``Leave``): the states that were
computed until then are handed out, and those of the pairs that stay are what the next layers run on.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from sophro.judge._control import spoken
from sophro.judge._lexicon import NAMES, lexical, normalize
from sophro.models._encoder import DIM, SentenceEncoder, length_batches

PROMPT, HEAD, MIDDLE, TAIL = 32, 72, 40, 24
FROZEN = 3  # lower layers without deltas
EXITS = (1, FROZEN)  # lower layers after which a pair may leave
LOGITS = 5
LINEARS = (
    "attention.self.query", "attention.self.key", "attention.self.value",
    "attention.output.dense", "intermediate.dense", "output.dense",
)  # fmt: skip
Leave = Callable[[int, list[int], np.ndarray], np.ndarray]
"""Layer, places of the pairs that are left, their ``(B, F)`` states (see ``pooled``) to ``(B,)`` whether each goes."""


def visible(text: str) -> str:
    """Return the response as the judge reads it: normalised, without text that imitates a verdict."""
    return without_verdicts(normalize(_ends(text)))


def without_verdicts(text: str) -> str:
    """Return a text without what imitates a verdict; of a very long one the middle is left out."""
    return spoken(_ends(text))


def _ends(text: str) -> str:
    # Both ends are read in tokens, so the middle only costs time.
    return text if len(text) <= 30_000 else text[:20_000] + "\n" + text[-10_000:]


@dataclass(frozen=True)
class Pair:
    """Token ids of ``[CLS] prompt [SEP] response [SEP]``, where the response starts, lexical features."""

    ids: tuple[int, ...]
    start: int
    lexical: tuple[float, ...]


def pairs(encoder: SentenceEncoder, prompts: Sequence[str], responses: Sequence[str]) -> list[Pair]:
    """Tokenise exchanges; of a long prompt the first 32 tokens are read."""
    seen = [visible(r) for r in responses]
    first, sep = encoder.tokenizer.cls_token_id, encoder.tokenizer.sep_token_id
    asked = encoder.token_ids([normalize(p)[:4000] for p in prompts])
    answered = encoder.token_ids(seen)
    made: list[Pair] = []
    for question, answer, text in zip(asked, answered, seen, strict=True):
        question = question[:PROMPT]
        if len(answer) > HEAD + MIDDLE + TAIL:
            half = (HEAD + len(answer) - TAIL - MIDDLE) // 2
            answer = answer[:HEAD] + answer[half : half + MIDDLE] + answer[-TAIL:]
        ids = (first, *question, sep, *answer, sep)
        made.append(Pair(ids, len(question) + 2, tuple(lexical(text))))
    return made


def collate(items: Sequence[Pair]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return padded ids, segment types, attention mask (each ``(B, T)``) and lexical features ``(B, F)``."""
    width = max(len(p.ids) for p in items)
    ids = torch.zeros(len(items), width, dtype=torch.long)
    types, mask = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, pair in enumerate(items):
        size = len(pair.ids)
        ids[row, :size] = torch.tensor(pair.ids)
        types[row, pair.start : size] = 1
        mask[row, :size] = 1
    return ids, types, mask, torch.tensor([p.lexical for p in items])


def additive(mask: torch.Tensor) -> torch.Tensor:
    """Return the ``(B, 1, 1, T)`` mask that is added to attention scores."""
    return (1.0 - mask[:, None, None, :].float()) * torch.finfo(torch.float32).min


def run(layers: Any, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Run encoder layers over ``(B, T, 384)`` hidden states."""
    bias = additive(mask)
    for layer in layers:
        out = layer(hidden, bias)
        hidden = out[0] if isinstance(out, tuple) else out
    return hidden


def lower(
    encoder: SentenceEncoder, ids: torch.Tensor, types: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Return the hidden states below the adapted layers, ``(B, T, 384)``; no gradient."""
    with torch.inference_mode():
        return frozen(encoder, embedded(encoder, ids, types), mask, 0, FROZEN)


def embedded(encoder: SentenceEncoder, ids: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
    """Return what the first layer reads, ``(B, T, 384)``."""
    network: Any = encoder.network
    return network.embeddings(input_ids=ids, token_type_ids=types)


def frozen(
    encoder: SentenceEncoder, hidden: torch.Tensor, mask: torch.Tensor, start: int, stop: int
) -> torch.Tensor:
    """Run some of the layers without deltas."""
    network: Any = encoder.network
    return run(list(network.encoder.layer)[start:stop], hidden, mask)


def pooled(
    hidden: torch.Tensor, types: torch.Tensor, mask: torch.Tensor, features: torch.Tensor
) -> torch.Tensor:
    """Return ``(B, 3 * 384 + F)``: first token, mean of the response, mean of the prompt, lexical features."""
    means = [mean_of(hidden, part * mask) for part in (types, 1 - types)]
    return torch.cat([hidden[:, 0], *means, features], dim=1)


def mean_of(hidden: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return the ``(B, 384)`` mean over the tokens where ``wanted`` ``(B, T)`` is 1; zero where there is none."""
    weight = wanted.unsqueeze(-1).float()
    return (hidden * weight).sum(1) / weight.sum(1).clamp(min=1.0)


class Upper(nn.Module):
    """The adapted upper layers and the two heads.

    Args:
        encoder: Whose upper layers are copied.
    """

    def __init__(self, encoder: SentenceEncoder) -> None:
        super().__init__()
        network: Any = encoder.network
        self.layers = nn.ModuleList(copy.deepcopy(list(network.encoder.layer)[FROZEN:]))
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(2 * DIM + len(NAMES), LOGITS)

    def forward(
        self, hidden: torch.Tensor, types: torch.Tensor, mask: torch.Tensor, features: torch.Tensor
    ) -> torch.Tensor:
        """Return ``(B, 5)`` logits: three refusal classes, request served, request harmful."""
        hidden = run(self.layers, hidden, mask)
        mean = mean_of(hidden, types * mask)
        return self.head(torch.cat([self.drop(hidden[:, 0]), self.drop(mean), features], dim=1))


class ExchangeNetwork:
    """Inference with shipped deltas.

    Args:
        encoder: The embedded sentence encoder.
        tensors: ``{layer}.{linear}.a`` (r, in), ``.b`` (out, r), ``head.weight``, ``head.bias``.
        temperatures: ``refusal``, ``served`` and ``intent``, fitted on held-out questions.
    """

    def __init__(
        self, encoder: SentenceEncoder, tensors: Mapping[str, torch.Tensor], temperatures: Mapping[str, float]
    ) -> None:
        self.encoder = encoder
        self.temperatures = dict(temperatures)
        self.upper = Upper(encoder).eval().requires_grad_(False)
        for index, layer in enumerate(self.upper.layers):
            for name in LINEARS:
                module: Any = layer.get_submodule(name)
                a, b = (tensors[f"{index}.{name}.{part}"].float() for part in "ab")
                module.weight.add_(b @ a)
        self.upper.head.weight.copy_(tensors["head.weight"].float())
        self.upper.head.bias.copy_(tensors["head.bias"].float())

    def probabilities(
        self,
        prompts: Sequence[str],
        responses: Sequence[str],
        batch_tokens: int = 4096,
        leave: Leave | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return ``(N, 3)`` refusal and ``(N,)`` harm probabilities, rounded to five places; NaN for who left."""
        # Rounding hides the last bits of float32, which differ with the shape of a batch.
        return to_probabilities(self.logits(prompts, responses, batch_tokens, leave), self.temperatures)

    def logits(
        self,
        prompts: Sequence[str],
        responses: Sequence[str],
        batch_tokens: int = 4096,
        leave: Leave | None = None,
    ) -> np.ndarray:
        """Return ``(N, 5)`` logits: three refusal classes, served, intent; before any temperature.

        Args:
            prompts: N prompts.
            responses: N responses.
            batch_tokens: Upper bound of padded tokens in one forward pass.
            leave: Asked after each of ``EXITS`` which pairs need no number; theirs are NaN.
        """
        items = pairs(self.encoder, prompts, responses)
        logits = np.full((len(items), LOGITS), np.nan)
        for index, values in self._logits(items, batch_tokens, leave):
            logits[index] = values
        return logits

    def _logits(
        self, items: Sequence[Pair], batch_tokens: int, leave: Leave | None = None
    ) -> Iterator[tuple[list[int], np.ndarray]]:
        for index in length_batches([len(p.ids) for p in items], batch_tokens):
            ids, types, mask, features = collate([items[i] for i in index])
            with torch.inference_mode():
                hidden, done = embedded(self.encoder, ids, types), 0
                for stop in EXITS:
                    hidden, done = frozen(self.encoder, hidden, mask, done, stop), stop
                    if leave is None:
                        continue
                    gone = leave(stop, index, pooled(hidden, types, mask, features).numpy())
                    if gone.any():
                        stay = torch.from_numpy(~gone)
                        index = [i for i, left in zip(index, gone, strict=True) if not left]
                        hidden, types, mask, features = (x[stay] for x in (hidden, types, mask, features))
                    if not index:
                        break
                if index:
                    yield index, self.upper(hidden, types, mask, features).double().numpy()


def to_probabilities(logits: np.ndarray, temperatures: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Turn ``(N, 5)`` logits into calibrated refusal ``(N, 3)`` and harm ``(N,)`` probabilities."""
    scaled = logits[:, :3] / temperatures["refusal"]
    scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    refusal = scaled / scaled.sum(axis=1, keepdims=True)
    served, intent = (
        1.0 / (1.0 + np.exp(-np.clip(logits[:, column] / temperatures[name], -50, 50)))
        for column, name in ((3, "served"), (4, "intent"))
    )
    return refusal.round(5), (served * intent).round(5)
