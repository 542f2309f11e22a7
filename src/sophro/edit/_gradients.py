"""Which weights an edit may touch, a copy of them that trains, and how important each entry is.

Paper: Lee, Ajanthan and Torr, SNIP: Single-shot Network Pruning based on Connection Sensitivity, arXiv 1810.02340.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sophro.errors import SophroError
from sophro.train import Example


def editable(network: Any) -> dict[str, nn.Parameter]:
    """Return the weights of linear layers, without the output head, embeddings and norms, each tensor once.

    Raises:
        SophroError: If there are none.
    """
    from transformers.pytorch_utils import Conv1D

    outside = {
        id(m.weight)
        for m in (network.get_input_embeddings(), network.get_output_embeddings())
        if m is not None
    }
    linear = {f"{name}.weight" for name, m in network.named_modules() if isinstance(m, nn.Linear | Conv1D)}
    # named_parameters lists a tensor that several modules share once.
    found = {n: p for n, p in network.named_parameters() if n in linear and id(p) not in outside}
    if not found:
        raise SophroError(f"{type(network).__name__} has no linear layers that could be edited")
    return found


@contextlib.contextmanager
def trained_copy(network: Any, parameters: Mapping[str, nn.Parameter]) -> Generator[Mapping[str, Tensor]]:
    """Let copies of ``parameters`` train, and put the originals back afterwards: the same storage, bit for bit.

    Yields:
        The originals by name.
    """
    flags = {name: p.requires_grad for name, p in network.named_parameters()}
    originals = {name: p.data for name, p in parameters.items()}
    try:
        network.requires_grad_(False)
        for parameter in parameters.values():
            parameter.data = parameter.data.clone()
            parameter.requires_grad_(True)
        yield originals
    finally:
        for name, parameter in parameters.items():
            parameter.data = originals[name]
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(flags[name])
            parameter.grad = None


def importance(
    network: Any,
    examples: Sequence[Example],
    parameters: Mapping[str, nn.Parameter],
    advance: Callable[[], None] = lambda: None,
) -> dict[str, Tensor]:
    """Return the mean over examples of ``|W * dL/dW|``, entry by entry.

    The absolute value is taken before the mean: gradients of two examples that cancel still count. Hence one backward
    pass per example, whose gradient of a matrix is added up and dropped as soon as it is there.

    Args:
        network: The transformers model; ``parameters`` require gradients.
        examples: What L is measured on: the negative log-likelihood of the weighted tokens of one example, summed.
        parameters: Which matrices.
        advance: Called after each example.

    Returns:
        By name a float32 tensor of the matrix's shape, never negative.
    """
    from sophro.train import SftLoss, TrainingNetwork
    from sophro.train._batch import collate

    device = next(iter(parameters.values())).device
    total = {name: torch.zeros(p.shape, dtype=torch.float32) for name, p in parameters.items()}

    def gather(name: str) -> Callable[[Tensor], None]:
        def add(parameter: Tensor) -> None:
            assert parameter.grad is not None
            total[name].add_((parameter.detach() * parameter.grad).abs().float().cpu())
            parameter.grad = None

        return add

    handles = [p.register_post_accumulate_grad_hook(gather(name)) for name, p in parameters.items()]
    mode = network.training
    network.eval()
    reader = TrainingNetwork(network, SftLoss())
    try:
        for example in examples:
            batch = collate([example], total_items=1, total_weight=1.0).to(device)
            (-(reader.log_probs(batch) * batch.weights.abs()).sum()).backward()
            advance()
    finally:
        network.train(mode)
        for handle in handles:
            handle.remove()
    for value in total.values():
        value.div_(len(examples))
    return total
