"""What fits the crisis classifier: logistic regressions over sparse and dense rows, and the second reader's networks.

Contract: deterministic functions of rows and labels; nothing here knows of texts or files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sophro.care.crisis._features import BITS
from sophro.care.crisis._reader import COUNT, HIDDEN, standardised

Floats = NDArray[np.float64]
ROUNDS, FOLDS = 200, 5
PASSES, RATE, DECAY, DROPPED, BATCH = 15, 1e-3, 0.05, (0.4, 0.3), 64  # of the second reader's networks


class Sparse:
    """Rows of cells, each text of length 1, for two products: with weights, and with what is wrong."""

    def __init__(self, rows: Sequence[NDArray[np.int64]]) -> None:
        import torch

        self.count, self.width = len(rows), 1 << BITS
        sizes = np.array([len(r) for r in rows])
        values = np.repeat(1.0 / np.sqrt(np.maximum(sizes, 1)), sizes)
        cell, owner = np.concatenate(rows), np.repeat(np.arange(len(rows)), sizes)
        order = np.argsort(cell, kind="stable")
        starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
        heads = np.searchsorted(cell[order], np.arange(self.width))
        self._there = [torch.from_numpy(x) for x in (cell, starts, values)]
        self._back = [torch.from_numpy(x) for x in (owner[order], heads, values[order])]

    @staticmethod
    def _sums(dense: Floats, bags: list[Any]) -> Floats:
        import torch

        index, starts, values = bags
        rows = torch.from_numpy(np.ascontiguousarray(dense))
        return torch.nn.functional.embedding_bag(
            index, rows, starts, mode="sum", per_sample_weights=values
        ).numpy()

    def times(self, w: Floats) -> Floats:
        """Return (N, heads) of (cells, heads)."""
        return self._sums(w, self._there)

    def back(self, wrong: Floats) -> Floats:
        """Return (cells, heads) of (N, heads)."""
        return self._sums(wrong, self._back)


class Dense:
    """Rows of states, as ``Sparse``."""

    def __init__(self, rows: Floats) -> None:
        self._rows = rows
        self.count, self.width = rows.shape

    def times(self, w: Floats) -> Floats:
        """Return (N, heads)."""
        return self._rows @ w

    def back(self, wrong: Floats) -> Floats:
        """Return (width, heads)."""
        return self._rows.T @ wrong


def fit(rows: Sparse | Dense, labels: Floats, strength: float) -> tuple[Floats, Floats]:
    """Fit one logistic regression a head, both labels of equal weight, by accelerated gradient steps.

    Args:
        rows: N texts.
        labels: (N, heads), 1 for yes.
        strength: Weight of the loss against ||w||^2 / 2.

    Returns:
        (heads, width) weights and (heads,) intercepts.
    """
    n, share = rows.count, labels.mean(axis=0)
    case = np.where(labels > 0, 0.5 / share, 0.5 / (1 - share)) / n * strength
    penalty = 1.0 / n
    step = 1.0 / (0.5 * case.sum(axis=0) + penalty)
    w, b = np.zeros((rows.width, labels.shape[1])), np.zeros(labels.shape[1])
    ahead, ahead_b = w.copy(), b.copy()
    for i in range(ROUNDS):
        wrong = case * (0.5 * (1.0 + np.tanh(0.5 * (rows.times(ahead) + ahead_b))) - labels)
        new, new_b = ahead - step * (rows.back(wrong) + penalty * ahead), ahead_b - step * wrong.sum(axis=0)
        speed = i / (i + 3)
        ahead, ahead_b = new + speed * (new - w), new_b + speed * (new_b - b)
        w, b = new, new_b
    return w.T, b


def out_of_fold(
    make: Callable[[NDArray[np.int64]], Sparse | Dense],
    labels: Floats,
    fold_of: NDArray[np.int64],
    strength: float,
) -> Floats:
    """Return (N, heads) log-odds of each text by heads that did not see its fold."""
    z = np.zeros(labels.shape)
    for k in range(FOLDS):
        inside, outside = np.flatnonzero(fold_of != k), np.flatnonzero(fold_of == k)
        w, b = fit(make(inside), labels[inside], strength)
        z[outside] = make(outside).times(np.ascontiguousarray(w.T)) + b
    return z


def fit_nets(rows: NDArray[Any], labels: Floats) -> dict[str, NDArray[np.float32]]:
    """Fit the second reader's networks; tensors as ``_reader.Nets`` takes them.

    Args:
        rows: (N, 1152) states.
        labels: (N, heads), 1 for yes.
    """
    import torch

    mean, scale = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64) + 1e-3
    x = torch.from_numpy(standardised(rows, mean, scale).astype(np.float32))
    y = torch.from_numpy(labels.astype(np.float32))
    made: list[list[NDArray[np.float32]]] = []
    for seed in range(COUNT):
        torch.manual_seed(seed)
        first, second = torch.nn.Linear(rows.shape[1], HIDDEN), torch.nn.Linear(HIDDEN, labels.shape[1])
        net = torch.nn.Sequential(
            torch.nn.Dropout(DROPPED[0]), first, torch.nn.GELU("tanh"), torch.nn.Dropout(DROPPED[1]), second
        )
        optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
        for _ in range(PASSES):
            for batch in torch.randperm(len(x)).split(BATCH):
                optimizer.zero_grad()
                torch.nn.functional.binary_cross_entropy_with_logits(net(x[batch]), y[batch]).backward()
                optimizer.step()
        made.append([p.detach().numpy() for p in (first.weight, first.bias, second.weight, second.bias)])
    parts = [np.stack(list(part)) for part in zip(*made, strict=True)]
    names = ("first", "first_bias", "second", "second_bias")
    return {
        "net.mean": mean.astype(np.float32),
        "net.scale": scale.astype(np.float32),
        **{f"net.{name}": part for name, part in zip(names, parts, strict=True)},
    }


def blend(first: Floats, second: Floats, labels: Floats) -> Floats:
    """Return (3, heads): weights of two readers' log-odds and an intercept, by logistic regression."""
    found = np.zeros((3, labels.shape[1]))
    for head in range(labels.shape[1]):
        both = np.stack([first[:, head], second[:, head]], axis=1)
        scale = both.std(axis=0) * 2.0
        w, b = fit(Dense(both / scale), labels[:, head : head + 1], 1e4)
        found[:, head] = [*(w[0] / scale), b[0]]
    return found
