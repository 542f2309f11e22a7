"""The two sides: what ascent and descent on the harmful answers change, and what matters to each; in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import torch
from torch import Tensor

from sophro.chat import Transcript
from sophro.data import Record, normalise
from sophro.edit._gradients import editable, importance, trained_copy
from sophro.errors import SophroError
from sophro.judge import Exchange, judge
from sophro.models import ChatModel, release_memory
from sophro.train import Example, TrainOptions, sequence_scores, sft_items, train_in_place

LEAST = 20  # pairs; fewer say more about themselves than about harm


@dataclass(frozen=True)
class Side:
    """One of the two patches with what is important for it; it lives in memory and nowhere else.

    Attributes:
        delta: By parameter what training changed, float32.
        importance: By parameter the importance of every entry.
        losses: Mean loss (nats per token) on the harmful answers before each step.
    """

    delta: Mapping[str, Tensor] = field(repr=False)
    importance: Mapping[str, Tensor] = field(repr=False)
    losses: tuple[float, ...]

    def __reduce__(self) -> NoReturn:
        raise TypeError("one side of SafePatching stays in memory: it is not to be pickled")


def harmful_pairs(records: Sequence[Record]) -> list[tuple[Record, str]]:
    """Return the requests with their harmful answers (``unsafe_response``, else ``opening``).

    Raises:
        SophroError: Naming the record that has no harmful answer, repeats another request, or answers with a refusal
            (ascent on it would teach to comply); or if there are fewer than ``LEAST``.
    """
    pairs: list[tuple[Record, str]] = []
    seen: dict[str, str] = {}
    for record in records:
        where = f"safe_patching: {record.set} {record.id}"
        answer = record.meta.get("unsafe_response") or record.opening
        if not isinstance(answer, str) or not answer.strip():
            raise SophroError(
                f"{where} has no harmful answer; give it the field 'opening' or 'unsafe_response'"
            )
        key = normalise(record.prompt)
        if key in seen:
            raise SophroError(f"{where} repeats the request of {seen[key]}; remove one of them")
        seen[key] = record.id
        pairs.append((record, answer))
    if len(pairs) < LEAST:
        raise SophroError(f"safe_patching: {len(pairs)} harmful pairs; at least {LEAST} are needed")
    verdicts = judge("keyword-baseline")([Exchange.of(r.prompt, text) for r, text in pairs])
    for (record, _), verdict in zip(pairs, verdicts, strict=True):
        if verdict.outcome != "full_compliance":
            raise SophroError(
                f"safe_patching: the harmful answer of {record.set} {record.id} reads as {verdict.outcome} "
                f"({verdict.reason}); ascent on a refusal teaches to comply, so give a complying answer"
            )
    return pairs


def harmful_examples(model: ChatModel, records: Sequence[Record]) -> list[Example]:
    """Return the pairs as token sequences; the tokens of the harmful answer have weight 1."""
    rows = [(Transcript.of(r.prompt, answer=text), r, 1.0) for r, text in harmful_pairs(records)]
    return [part for item in sft_items(model, rows) for part in item.parts]


def derive(
    model: ChatModel,
    examples: Sequence[Example],
    ascend: bool,
    options: Mapping[str, Any],
    seed: int,
    advance: Any = lambda: None,
) -> Side:
    """Train a copy of the linear weights on the harmful answers and measure what matters to the result.

    Args:
        model: The model; it comes back bit for bit.
        examples: See ``harmful_examples``.
        ascend: True for the safety patch (ascent, bounded by ``ascent_limit`` times the loss at the start), False for
            the over-safety patch (descent).
        options: See ``OPTIONS``.
        seed: Order of the examples.
        advance: Called after each step and each example.

    Raises:
        SophroError: If the loss or a weight stops being a finite number.
    """
    network: Any = model.network
    sign = -1.0 if ascend else 1.0
    items = [replace(e, weights=[sign * w for w in e.weights]) for e in examples]
    steps, size = int(options["steps"]), int(options["batch_size"])
    train = TrainOptions(
        learning_rate=float(options["learning_rate"]),
        epochs=-(-steps * size // len(items)) + 1,
        max_steps=steps,
        batch_size=size,
        schedule="constant",
        warmup=0.0,
        adapter="full",
        seed=seed,
    )
    losses: list[float] = []
    limit = float(options["ascent_limit"]) * mean_loss(model, examples)

    def progress(_done: int, _steps: int, loss: float) -> None:
        losses.append(sign * loss)
        advance()

    with trained_copy(network, editable(network)) as originals:
        parameters = {name: p for name, p in network.named_parameters() if name in originals}
        train_in_place(
            network,
            items,
            train,
            # Ascent has no bottom: without an end it destroys the model.
            enough=(lambda row: -float(row["loss"]) >= limit) if ascend else None,
            progress=progress,
        )
        delta = {
            name: p.detach().float().cpu() - originals[name].float().cpu() for name, p in parameters.items()
        }
        for name, values in delta.items():
            if not bool(torch.isfinite(values).all()):
                raise SophroError(
                    f"safe_patching: {name!r} stopped being finite in training; nothing was changed, lower "
                    "learning_rate or steps"
                )
        release_memory()  # the optimiser's states are twice the weights, and cycles keep them
        scores = importance(network, examples, parameters, advance)
    return Side(delta, scores, tuple(losses))


def mean_loss(model: ChatModel, examples: Sequence[Example]) -> float:
    """Return the negative log-likelihood of the harmful answers, in nats per token."""
    return -sum(sequence_scores(model, examples)) / sum(w for e in examples for w in e.weights[1:])
