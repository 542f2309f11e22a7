"""Patches of the residual stream: vectors that are added, axes that are projected out, strengths read off the prompt.

Papers: Zou et al., Representation Engineering, arXiv 2310.01405 (adding vectors); Arditi et al., Refusal in Language
Models Is Mediated by a Single Direction, arXiv 2406.11717 (projecting an axis out); AdaSteer, arXiv 2504.09466
(strengths that depend on the prompt).

Contract: the one of ``sophro.models._patches``. A coefficient belongs to one prompt; nothing is averaged over a
batch. ``prefill`` steers the prompt's tokens only; decoding steps feel it through the cache. A prompt that shares
its start with others is still steered as if it were alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, cast, get_args

import torch

from sophro.errors import SophroError
from sophro.models._patches import Remove, RowsFn, Scale, decoder_layers, removal, row_scale
from sophro.models._running import Extent, last_columns
from sophro.models._subject import Subject, check_vectors, subject_in

Steps = Literal["every", "prefill", "decode"]
Where = Literal["all"] | tuple[int, ...]


@dataclass(frozen=True)
class SteeringPatch:
    """Adds ``scale * vector`` to the output of decoder blocks.

    Attributes:
        vectors: Block number -> vector of shape (d,), in the units of the hidden state.
        steps: ``every`` (prompt and generated tokens), ``prefill`` (prompt only) or ``decode`` (generated only).
        positions: ``all``, or offsets from the end of the prompt (-1 is its last token); offsets need ``prefill``.
        subject: The model it was made on; another one is refused.
    """

    vectors: Mapping[int, torch.Tensor]
    steps: Steps = "every"
    positions: Where = "all"
    subject: Subject | None = None
    kind: ClassVar[str] = "steering"

    def __post_init__(self) -> None:
        check_vectors(self.vectors, "steering vector")
        if self.steps not in get_args(Steps):
            raise SophroError(
                f"steering patch: steps is {self.steps!r}, not one of {', '.join(get_args(Steps))}"
            )
        if self.positions != "all" and (
            self.steps != "prefill" or not self.positions or max(self.positions) >= 0
        ):
            raise SophroError(
                "steering patch: positions are 'all' or negative offsets from the end of the prompt, and offsets "
                "go with steps 'prefill'"
            )

    @property
    def whole_prompts(self) -> bool:
        """Whether a prompt must come in one pass: offsets count from its end."""
        return self.positions != "all"

    def attach(self, network: Any, scale: Scale, rows: RowsFn) -> Remove:
        """See ``Patch.attach``."""
        layers = fitting_layers(network, self.vectors, "steering patch")
        everywhere = self.steps == "every"
        extent = Extent(rows)
        handles: list[Any] = [] if everywhere else [extent.attach(network)]

        def hook(vector: torch.Tensor) -> Callable[..., Any]:
            def add(_module: Any, _args: Any, output: Any) -> Any:
                hidden = output[0] if isinstance(output, tuple) else output
                delta = row_scale(scale, rows, hidden) * vector.to(hidden)
                if not everywhere:
                    chosen = self._chosen(extent.prompt, hidden)
                    if chosen is None:
                        return None
                    delta = delta * chosen
                steered = hidden + delta
                return (steered, *output[1:]) if isinstance(output, tuple) else steered

            return add

        handles += [layers[i].register_forward_hook(hook(v)) for i, v in self.vectors.items()]
        return removal(handles)

    def _chosen(self, prompt: torch.Tensor | None, hidden: torch.Tensor) -> torch.Tensor | None:
        """Return which positions are steered, shaped (rows, positions, 1); None for none of them."""
        if prompt is None:
            return hidden.new_ones(1, 1, 1) if self.steps == "decode" else None
        if self.steps == "decode":
            return (~prompt).to(hidden)[:, :, None]
        if self.positions == "all":
            return prompt.to(hidden)[:, :, None]
        ends = last_columns(prompt)[:, None] + 1 + torch.tensor(self.positions, device=prompt.device)
        chosen = torch.zeros_like(prompt)
        # An offset before the start of a short prompt steers nothing there.
        for column in ends.T:
            chosen[torch.arange(len(prompt)), column.clamp(min=0)] |= column >= 0
        return (chosen & prompt).to(hidden)[:, :, None]

    def tensors(self) -> dict[str, torch.Tensor]:
        """See ``Patch.tensors``."""
        return {f"layer.{i}": v.contiguous() for i, v in self.vectors.items()}

    def settings(self) -> dict[str, Any]:
        """See ``Patch.settings``."""
        positions = self.positions if self.positions == "all" else list(self.positions)
        subject = {"subject": self.subject.to_json()} if self.subject else {}
        return {"steps": self.steps, "positions": positions, **subject}

    @staticmethod
    def restore(tensors: Mapping[str, torch.Tensor], settings: Mapping[str, Any]) -> SteeringPatch:
        """Rebuild from what was stored."""
        positions = settings.get("positions", "all")
        return SteeringPatch(
            {int(name.removeprefix("layer.")): t for name, t in tensors.items()},
            cast(Steps, settings.get("steps", "every")),
            "all" if positions == "all" else tuple(positions),
            subject_in(settings, SteeringPatch.kind),
        )


@dataclass(frozen=True)
class AblationPatch:
    """Projects an axis out of what is written to the residual stream: h <- h - scale * (h u) u, everywhere.

    The projection is done at the input of every block and at the outputs of its attention and feed-forward part, as
    the paper does; scale 1 removes the axis, 0.5 halves it.

    Attributes:
        axis: Shape (d,); only its direction counts.
        subject: The model it was made on; another one is refused.
    """

    axis: torch.Tensor
    subject: Subject | None = None
    kind: ClassVar[str] = "ablation"

    def __post_init__(self) -> None:
        check_vectors({0: self.axis}, "ablated axis")
        if not bool(self.axis.any()):
            raise SophroError("ablated axis: the vector is zero and has no direction")

    def attach(self, network: Any, scale: Scale, rows: RowsFn) -> Remove:
        """See ``Patch.attach``."""
        layers = fitting_layers(network, {0: self.axis}, "ablation patch")
        unit = (self.axis.double() / self.axis.double().norm()).float()

        def without(hidden: torch.Tensor) -> torch.Tensor:
            u = unit.to(hidden)
            return hidden - row_scale(scale, rows, hidden) * (hidden @ u)[..., None] * u

        def before(_module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if args:
                return (without(args[0]), *args[1:]), kwargs
            return args, {**kwargs, "hidden_states": without(kwargs["hidden_states"])}

        def after(_module: Any, _args: Any, output: Any) -> Any:
            if isinstance(output, tuple):
                return (without(output[0]), *output[1:])
            return without(output)

        handles: list[Any] = []
        for layer in layers:
            parts = [m for name, m in layer.named_children() if name in _WRITERS]
            if len(parts) != 2:
                removal(handles)()
                raise SophroError(
                    f"{type(layer).__name__}: no attention and feed-forward part found; an axis cannot be projected out"
                )
            handles.append(layer.register_forward_pre_hook(before, with_kwargs=True))
            handles += [part.register_forward_hook(after) for part in parts]
        return removal(handles)

    def tensors(self) -> dict[str, torch.Tensor]:
        """See ``Patch.tensors``."""
        return {"axis": self.axis.contiguous()}

    def settings(self) -> dict[str, Any]:
        """See ``Patch.settings``."""
        return {"subject": self.subject.to_json()} if self.subject else {}

    @staticmethod
    def restore(tensors: Mapping[str, torch.Tensor], settings: Mapping[str, Any]) -> AblationPatch:
        """Rebuild from what was stored."""
        return AblationPatch(tensors["axis"], subject_in(settings, AblationPatch.kind))


# What a block writes to the residual stream with, in the families that transformers has.
_WRITERS = frozenset(
    {"self_attn", "attn", "attention", "self_attention", "mlp", "feed_forward", "block_sparse_moe"}
)


def fitting_layers(network: Any, vectors: Mapping[int, torch.Tensor], who: str) -> Any:
    """Return the decoder blocks; refuse vectors of another width or for blocks that are not there."""
    layers = decoder_layers(network)
    width = network.config.get_text_config().hidden_size
    for layer, vector in vectors.items():
        if not 0 <= layer < len(layers) or vector.shape != (width,):
            raise SophroError(
                f"{who}: layer {layer} with width {tuple(vector.shape)} does not fit a model of "
                f"{len(layers)} layers and width {width}"
            )
    return layers
