"""Which items train together, in which order: a pure function of lengths, seed and epoch.

Contract: every item appears exactly once per epoch; the same arguments give the same plan on every machine
and for every number of processes (a process takes its share of a batch, it never changes the batch).

Items are shuffled, cut into windows of ``WINDOW`` batches, sorted by length inside a window and cut into
batches; then the order of the batches is shuffled. Sorting makes padding small, the window keeps the
composition of the batches random from epoch to epoch.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from sophro.errors import SophroError

WINDOW = 16


def plan_batches(
    lengths: Sequence[int],
    *,
    batch_size: int | None = None,
    token_budget: int | None = None,
    seed: int,
    epoch: int,
) -> list[list[int]]:
    """Group items of similar length.

    Args:
        lengths: Padded length of each item in tokens (for a pair: both sequences together).
        batch_size: Items per batch; the last batch of a window may be smaller.
        token_budget: Instead: ``items x longest item`` stays within this number of tokens. An item that is
            longer than the budget gets a batch of its own.
        seed: Seed of the run.
        epoch: Number of the pass, from 0.

    Returns:
        Batches of positions in ``lengths``, in training order; inside a batch the longest item first.

    Raises:
        SophroError: If not exactly one of ``batch_size`` and ``token_budget`` is given.
    """
    if (batch_size is None) == (token_budget is None):
        raise SophroError("plan_batches: give either batch_size or token_budget")
    # random.Random with a string seed hashes with SHA-512: stable over platforms and Python versions.
    rng = random.Random(f"sophro-plan-{seed}-{epoch}")
    order = list(range(len(lengths)))
    rng.shuffle(order)
    if batch_size is not None:
        window = WINDOW * batch_size
    else:
        mean = max(1, sum(lengths) // max(1, len(lengths)))
        window = WINDOW * max(1, (token_budget or 1) // mean)
    batches: list[list[int]] = []
    for start in range(0, len(order), window):
        part = sorted(order[start : start + window], key=lambda i: -lengths[i])
        batches.extend(_cut(part, lengths, batch_size, token_budget))
    rng.shuffle(batches)
    return batches


def _cut(
    part: Sequence[int], lengths: Sequence[int], batch_size: int | None, token_budget: int | None
) -> Iterator[list[int]]:
    batch: list[int] = []
    longest = 0
    for index in part:
        longest = max(longest, lengths[index])
        full = len(batch) == batch_size or (
            token_budget is not None and (len(batch) + 1) * longest > token_budget
        )
        if batch and full:
            yield batch
            batch, longest = [], lengths[index]
        batch.append(index)
    if batch:
        yield batch


def plan_steps(
    lengths: Sequence[int],
    *,
    batch_size: int,
    token_budget: int | None,
    seed: int,
    epochs: int,
    max_steps: int | None,
) -> list[list[int]]:
    """Return the batches of all epochs in a row, cut after ``max_steps`` optimiser steps."""
    steps: list[list[int]] = []
    for epoch in range(epochs):
        steps.extend(
            plan_batches(
                lengths,
                batch_size=None if token_budget else batch_size,
                token_budget=token_budget,
                seed=seed,
                epoch=epoch,
            )
        )
    return steps[:max_steps]


def share(batch: Sequence[int], rank: int, world: int) -> list[int]:
    """Return the items of ``batch`` that process ``rank`` of ``world`` computes (possibly none)."""
    # Strided, because a batch is sorted by length: every process gets the same mix of lengths.
    return list(batch[rank::world])


def split_rows(batch: Sequence[int], lengths: Sequence[int], micro_tokens: int) -> list[list[int]]:
    """Cut a batch into forward passes of at most ``micro_tokens`` padded tokens (at least one item each)."""
    ordered = sorted(batch, key=lambda i: -lengths[i])
    return list(_cut(ordered, lengths, None, micro_tokens))
