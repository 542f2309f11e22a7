"""What a patch may know of the running forward pass, and which positions of it belong to the prompt.

Contract: whoever runs the network (the decoding engine, the readers) says which prompt each row is and which
positions are prompt tokens. Where nobody said it (a plain call of the network), the call's own attention mask and
cache tell: a pass over several tokens is a prompt, a pass over one token behind a cache is a decoding step.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, cast

import torch

from sophro.errors import SophroError

RowsFn = Callable[[], torch.Tensor | None]
OnPass = Callable[[Any, dict[str, Any]], None]


@dataclass
class Running:
    """Facts about the running pass; calling it returns ``rows``.

    Attributes:
        rows: Prompt index of every row, shape (rows,), or None.
        prompt: Which positions are prompt tokens, bool of shape (rows, positions), or None where nobody said it.
        decoding: True in a pass over tokens that the model has generated.
    """

    rows: torch.Tensor | None = None
    prompt: torch.Tensor | None = None
    decoding: bool = False

    def __call__(self) -> torch.Tensor | None:
        """Return the prompt index of every row."""
        return self.rows

    @contextlib.contextmanager
    def scope(
        self, rows: torch.Tensor | None, prompt: torch.Tensor | None = None, decoding: bool = False
    ) -> Generator[None]:
        """Set the facts for one pass."""
        before = self.rows, self.prompt, self.decoding
        self.rows, self.prompt, self.decoding = rows, prompt, decoding
        try:
            yield
        finally:
            self.rows, self.prompt, self.decoding = before


class Extent:
    """Which positions of the running pass are prompt tokens; kept up to date by a hook on the decoder.

    Attributes:
        prompt: Bool of shape (rows, positions), or None in a decoding step.
    """

    def __init__(self, rows: RowsFn, on_pass: OnPass | None = None) -> None:
        self._running = rows if isinstance(rows, Running) else Running()
        self._on_pass = on_pass
        self.prompt: torch.Tensor | None = None

    def attach(self, network: Any) -> Any:
        """Put the hook on the decoder of ``network`` and return its handle."""
        return network.get_decoder().register_forward_pre_hook(self._look, with_kwargs=True)

    def _look(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        tokens = cast(
            "torch.Tensor | None", kwargs.get("input_ids") if not args else args[0]
        )  # (rows, positions)
        if tokens is None:
            tokens = cast(torch.Tensor, kwargs["inputs_embeds"])[..., 0]
        if self._running.decoding:
            self.prompt = None
        elif self._running.prompt is not None:
            self.prompt = self._running.prompt
        else:
            cache = kwargs.get("past_key_values")
            behind = int(cache.get_seq_length()) if cache is not None else 0
            if behind and tokens.shape[1] > 1:
                raise SophroError(
                    "this patch tells prompts from answers, but here several tokens follow an earlier pass and could "
                    "be either; generate with ChatModel.generate"
                )
            mask = kwargs.get("attention_mask")
            if behind and tokens.shape[1] == 1:
                self.prompt = None
            elif isinstance(mask, torch.Tensor) and mask.dim() == 2:
                self.prompt = mask[:, -tokens.shape[1] :].bool()
            else:
                self.prompt = torch.ones(tokens.shape, dtype=torch.bool, device=tokens.device)
        if self._on_pass is not None:
            self._on_pass(module, {**kwargs, **({"input_ids": args[0]} if args else {})})


def last_columns(prompt: torch.Tensor) -> torch.Tensor:
    """Return the column of the last prompt token of every row, shape (rows,).

    Raises:
        SophroError: If a row has no prompt token.
    """
    if not bool(prompt.any(1).all()):
        raise SophroError("a row of the batch has no prompt token")
    return prompt.shape[1] - 1 - prompt.flip(1).int().argmax(1)
