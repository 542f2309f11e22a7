"""Activation capture: hidden states at chosen positions and blocks, streamed batch by batch.

Contract: a batch of states is yielded and forgotten, so that statistics over any number of prompts need the memory of
one batch (``_BATCH_BYTES``) and of the statistics. Positions are those of the chat template that generation uses; a
prompt that does not fit the context is refused, never cut (cutting would drop the assistant header).

Positions: ``last`` (last token; the end of the assistant header for a prompt), ``mean`` (all tokens), ``last:KIND``
and ``mean:KIND`` over the tokens of a segment kind (``user``, ``answer``, ``trace`` ...), or a whole number (0 is the
first token, -1 the last).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sophro.chat import KINDS, TokenizedTranscript, Transcript
from sophro.errors import SophroError
from sophro.models._packed import packed
from sophro.models._patches import decoder_layers
from sophro.models._read import batches, padded
from sophro.models.directions import Moments

if TYPE_CHECKING:
    from sophro.models._chat_model import ChatModel

Position = str | int
_BATCH_BYTES = 32 << 20  # most bytes of states (float32) in one batch


@dataclass(frozen=True)
class Captured:
    """The states of one batch of prompts.

    Attributes:
        index: Which prompts these are; every prompt comes exactly once, in no particular order.
        states: Shape (len(index), positions, layers, d), float32.
    """

    index: list[int]
    states: np.ndarray


def capture(
    model: ChatModel,
    transcripts: Sequence[Transcript],
    positions: Sequence[Position] = ("last",),
    *,
    layers: Sequence[int] | None = None,
    norm: bool = False,
    max_tokens: int = 8192,
) -> Iterator[Captured]:
    """Yield hidden states, batch by batch.

    Args:
        model: A local chat model, with whatever patches are on.
        transcripts: Prompts (or answered conversations), rendered with the model's template.
        positions: Where to read; see the module header.
        layers: Decoder blocks to read, in this order; all by default.
        norm: Put the network's final norm on the block outputs. What transformers calls the last hidden state is the
            last block's output with it, the other hidden states are without.
        max_tokens: Most padded tokens in one batch.

    Raises:
        SophroError: If there is nothing to read, a position or block does not exist, or a prompt does not fit.
    """
    blocks = decoder_layers(model.network)
    chosen = list(range(len(blocks))) if layers is None else list(layers)
    wrong = [i for i in chosen if not 0 <= i < len(blocks)]
    if wrong or not chosen or not positions or not transcripts:
        raise SophroError(
            f"activation capture: layer {wrong[0]} does not exist, the model has {len(blocks)}"
            if wrong
            else "activation capture: at least one prompt, one position and one layer are needed"
        )
    prompts: list[_Prompt] = []
    for number, transcript in enumerate(transcripts, 1):
        rendered = model.render(transcript)
        if len(rendered) > model.context:
            raise SophroError(
                f"activation capture: prompt {number} has {len(rendered)} tokens, the context of {model.name} is "
                f"{model.context}; leave it out or shorten it"
            )
        places = [_places(rendered, p, number) for p in positions]
        prompts.append(_Prompt(rendered.ids, rendered.prompt_length, places))
    width = model.network.config.get_text_config().hidden_size
    most = max(1, _BATCH_BYTES // (4 * width * len(chosen) * len(positions)))
    return _stream(model, prompts, chosen, norm, max_tokens, most)


@dataclass(frozen=True)
class _Prompt:
    """What is kept of a rendered prompt: ids, how many belong to the prompt, and the positions to average."""

    ids: tuple[int, ...]
    length: int
    places: Sequence[Sequence[int]]


def _places(rendered: TokenizedTranscript, position: Position, number: int) -> Sequence[int]:
    """Return the positions whose states are averaged."""
    size = len(rendered)
    if isinstance(position, int):
        if not -size <= position < size:
            raise SophroError(
                f"activation capture: prompt {number} has {size} tokens, no position {position}"
            )
        return (position % size,)
    how, _, kind = position.partition(":")
    if how not in ("last", "mean") or (kind and kind not in KINDS):
        raise SophroError(
            f"activation capture: position {position!r} is none of last, mean, last:KIND, mean:KIND or a number; "
            f"kinds: {', '.join(KINDS)}"
        )
    found = rendered.positions(kind) if kind else range(size)
    if not found:
        raise SophroError(f"activation capture: prompt {number} has no token of kind {kind!r}")
    return (found[-1],) if how == "last" else found


def _stream(
    model: ChatModel,
    prompts: Sequence[_Prompt],
    layers: Sequence[int],
    norm: bool,
    max_tokens: int,
    most: int,
) -> Iterator[Captured]:
    network = model.network
    device = next(network.parameters()).device
    blocks, final = decoder_layers(network), _final_norm(network) if norm else None
    for group in batches([len(p.ids) for p in prompts], max_tokens):
        for start in range(0, len(group), most):
            rows = group[start : start + most]
            tokens, mask = padded([prompts[r].ids for r in rows], range(len(rows)), device)
            places = [prompts[r].places for r in rows]
            lengths = torch.tensor([prompts[r].length for r in rows], device=device)
            kept: dict[int, torch.Tensor] = {}

            def keep(layer: int, places: Any = places, kept: dict[int, torch.Tensor] = kept) -> Any:
                def look(_module: Any, _args: Any, output: Any) -> None:
                    hidden = output[0] if isinstance(output, tuple) else output
                    kept[layer] = _gather(hidden if final is None else final(hidden), places)

                return look

            handles = [blocks[i].register_forward_hook(keep(i)) for i in set(layers)]
            within = torch.arange(tokens.shape[1], device=device) < lengths[:, None]
            try:
                with (
                    torch.inference_mode(),
                    packed(network),
                    model.running.scope(torch.tensor(rows, device=device), within),
                ):
                    network.get_decoder()(input_ids=tokens, attention_mask=mask, use_cache=False)
            finally:
                for handle in handles:
                    handle.remove()
            yield Captured(rows, torch.stack([kept[i] for i in layers], 2).cpu().numpy())


def _gather(hidden: torch.Tensor, places: Sequence[Sequence[Sequence[int]]]) -> torch.Tensor:
    """Return (rows, positions, d) float32 out of (rows, tokens, d)."""
    out = hidden.new_empty(len(places), len(places[0]), hidden.shape[-1], dtype=torch.float32)
    for row, spots in enumerate(places):
        for column, spot in enumerate(spots):
            if len(spot) == 1:
                out[row, column] = hidden[row, spot[0]].float()
            else:
                # float64 sums: a mean over long prompts must not depend on the order of addition.
                out[row, column] = hidden[row, list(spot)].double().mean(0).float()
    return out


def _final_norm(network: Any) -> Any:
    decoder = network.get_decoder()
    for name in ("norm", "ln_f", "final_layer_norm", "final_layernorm"):
        if hasattr(decoder, name):
            return getattr(decoder, name)
    raise SophroError(f"{type(network).__name__}: no final norm found; capture block outputs instead")


def collect(
    model: ChatModel,
    transcripts: Sequence[Transcript],
    positions: Sequence[Position] = ("last",),
    *,
    layers: Sequence[int] | None = None,
    norm: bool = False,
    max_tokens: int = 8192,
) -> np.ndarray:
    """Return all states at once, shape (N, positions, layers, d), float32; arguments as for ``capture``."""
    out: np.ndarray | None = None
    for found in capture(model, transcripts, positions, layers=layers, norm=norm, max_tokens=max_tokens):
        if out is None:
            out = np.empty((len(transcripts), *found.states.shape[1:]), dtype=np.float32)
        out[found.index] = found.states
    assert out is not None
    return out


def moments(
    model: ChatModel,
    groups: Mapping[Hashable, Sequence[Transcript]],
    position: Position = "last",
    *,
    layers: Sequence[int] | None = None,
    norm: bool = False,
    max_tokens: int = 8192,
) -> dict[Hashable, Moments]:
    """Return mean and variance per group of prompts, in one streamed float64 pass.

    Args:
        model: A local chat model.
        groups: Prompts by group.
        position: Where to read, as for ``capture``.
        layers: Decoder blocks; all by default.
        norm: As for ``capture``.
        max_tokens: Most padded tokens in one batch.

    Returns:
        Per group moments of arrays of shape (layers, d).
    """
    empty = [name for name, members in groups.items() if not members]
    if empty or not groups:
        raise SophroError(
            f"activation statistics: group {empty[0]!r} is empty" if empty else "no groups given"
        )
    names = [name for name, members in groups.items() for _ in members]
    everyone = [t for members in groups.values() for t in members]
    out: dict[Hashable, Moments] = {}
    for found in capture(model, everyone, (position,), layers=layers, norm=norm, max_tokens=max_tokens):
        owners = np.array([list(groups).index(names[i]) for i in found.index])
        for number, name in enumerate(groups):
            mine = found.states[owners == number, 0]
            if len(mine):
                out.setdefault(name, Moments(mine.shape[1:])).add(mine)
    return {name: out[name] for name in groups}
