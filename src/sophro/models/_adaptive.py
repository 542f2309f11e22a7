"""Steering whose strength is read off each prompt: one short reading pass, then a steered prefill.

Paper: AdaSteer, arXiv 2504.09466: position of the last prompt token between two anchors at one block, a clipped affine
function of it as coefficient, vectors added at every block to all prompt tokens, decoding steps left alone.

Contract: positions come from an unsteered pass over the whole prompt (up to the deepest probed block only); every row
has its own coefficients; the scale multiplies them. Other patches that are on are part of the model that is read, but
for other adaptive ones.
Which vectors, anchors and coefficients: that is fitted in ``sophro.steer``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakSet

import torch

from sophro.errors import SophroError
from sophro.models._patches import Remove, RowsFn, Scale, decoder_layers, removal, row_scale
from sophro.models._running import Extent, last_columns
from sophro.models._subject import Subject, check_vectors, subject_in

if TYPE_CHECKING:
    from sophro.models._chat_model import ChatModel

_NUMBERS = ("slope", "intercept", "low", "high")


@dataclass(frozen=True)
class Term:
    """One direction with the rule for its coefficient.

    The position of a state h at block ``layer`` is 100 (h - zero)(hundred - zero) / |hundred - zero|^2: 0 at one
    anchor, 100 at the other. The coefficient is clip(slope * position + intercept, low, high).

    Attributes:
        name: How reports name it.
        vectors: Block number -> vector of shape (d,) that one unit of the coefficient adds.
        layer: Block whose output is read.
        zero: Anchor at position 0, shape (d,).
        hundred: Anchor at position 100, shape (d,).
        slope: Change of the coefficient per unit of position.
        intercept: Coefficient at position 0, before clipping.
        low: Smallest coefficient.
        high: Largest coefficient.
    """

    name: str
    vectors: Mapping[int, torch.Tensor]
    layer: int
    zero: torch.Tensor
    hundred: torch.Tensor
    slope: float
    intercept: float
    low: float
    high: float

    def __post_init__(self) -> None:
        check_vectors(self.vectors, f"vector {self.name!r}")
        check_vectors({self.layer: self.zero}, f"anchor 0 of {self.name!r}")
        check_vectors({self.layer: self.hundred}, f"anchor 100 of {self.name!r}")
        if not all(torch.isfinite(torch.tensor(getattr(self, n))) for n in _NUMBERS) or self.low > self.high:
            raise SophroError(f"term {self.name!r}: slope, intercept, low <= high must be finite numbers")
        if torch.equal(self.zero, self.hundred):
            raise SophroError(f"term {self.name!r}: both anchors are the same point, so there is no axis")

    def position(self, states: torch.Tensor) -> torch.Tensor:
        """Return the positions of states (..., d), float64."""
        axis = (self.hundred - self.zero).to(states.device, torch.float64)
        away = states.double() - self.zero.to(states.device, torch.float64)
        return 100.0 * (away @ axis) / (axis @ axis)

    def coefficient(self, position: torch.Tensor) -> torch.Tensor:
        """Return the coefficients of positions."""
        return (self.slope * position + self.intercept).clamp(self.low, self.high)


@dataclass(frozen=True)
class Strengths:
    """What was read off N prompts for K terms, float64 arrays of shape (N, K)."""

    positions: torch.Tensor
    coefficients: torch.Tensor


_BEING_READ: WeakSet[torch.nn.Module] = WeakSet()


class _ReadEnough(Exception):
    """Ends the reading pass behind the deepest block that is probed."""


@dataclass(frozen=True)
class AdaptivePatch:
    """Adds ``scale * sum_k coefficient_k(prompt) * vector_k`` to all prompt tokens at the output of decoder blocks."""

    terms: tuple[Term, ...]
    subject: Subject | None = None
    kind: ClassVar[str] = "adaptive"
    whole_prompts: ClassVar[bool] = True

    def __post_init__(self) -> None:
        names = [t.name for t in self.terms]
        if not names or len(set(names)) < len(names) or any("." in n for n in names):
            raise SophroError("adaptive patch: terms with different names (without a dot) are needed")

    def read(self, model: ChatModel, transcripts: Sequence[Any], max_tokens: int = 8192) -> Strengths:
        """Return positions and coefficients of prompts, as they are when the prompts are answered."""
        from sophro.models._capture import capture

        layers = sorted({t.layer for t in self.terms})
        positions = torch.empty(len(transcripts), len(self.terms), dtype=torch.float64)
        for found in capture(model, transcripts, layers=layers, max_tokens=max_tokens):
            states = torch.from_numpy(found.states[:, 0])
            for k, term in enumerate(self.terms):
                positions[found.index, k] = term.position(states[:, layers.index(term.layer)])
        return Strengths(positions, self._coefficients(positions))

    def _coefficients(self, positions: torch.Tensor) -> torch.Tensor:
        return torch.stack([t.coefficient(positions[:, k]) for k, t in enumerate(self.terms)], 1)

    def attach(self, network: Any, scale: Scale, rows: RowsFn) -> Remove:
        """See ``Patch.attach``."""
        from sophro.models._injection import fitting_layers

        layers = decoder_layers(network)
        for term in self.terms:
            fitting_layers(network, term.vectors, f"adaptive patch, vector {term.name!r}")
            for anchor in (term.zero, term.hundred):
                fitting_layers(network, {term.layer: anchor}, f"adaptive patch, anchor of {term.name!r}")
        deepest = max(t.layer for t in self.terms)
        reading = False
        coefficients: torch.Tensor | None = None  # (rows, K) while a prompt is steered
        states: dict[int, torch.Tensor] = {}

        def on_pass(decoder: Any, kwargs: dict[str, Any]) -> None:
            nonlocal reading, coefficients
            # While this or another adaptive patch reads, nothing is read or steered: positions are unsteered.
            if decoder in _BEING_READ:
                return
            coefficients = None
            if extent.prompt is None:
                return
            _BEING_READ.add(decoder)
            reading = True
            states.clear()
            plain = {
                k: kwargs.get(k) for k in ("input_ids", "inputs_embeds", "attention_mask", "position_ids")
            }
            try:
                decoder(**{k: v for k, v in plain.items() if v is not None}, use_cache=False)
            except _ReadEnough:
                pass
            finally:
                reading = False
                _BEING_READ.discard(decoder)
            positions = torch.stack([t.position(states[t.layer]) for t in self.terms], 1)
            coefficients = self._coefficients(positions)

        extent = Extent(rows, on_pass)

        def probe(layer: int) -> Callable[..., None]:
            def look(_module: Any, _args: Any, output: Any) -> None:
                if not reading or extent.prompt is None:
                    return
                hidden = output[0] if isinstance(output, tuple) else output
                at = last_columns(extent.prompt)
                states[layer] = hidden[torch.arange(len(hidden), device=hidden.device), at]
                if layer == deepest:
                    raise _ReadEnough

            return look

        def steer(layer: int) -> Callable[..., Any]:
            own = [(k, t.vectors[layer]) for k, t in enumerate(self.terms) if layer in t.vectors]

            def add(_module: Any, _args: Any, output: Any) -> Any:
                if coefficients is None or extent.prompt is None or network.get_decoder() in _BEING_READ:
                    return None
                hidden = output[0] if isinstance(output, tuple) else output
                pull = torch.stack([v for _, v in own]).to(hidden)
                delta = coefficients[:, [k for k, _ in own]].to(hidden) @ pull  # (rows, d)
                chosen = extent.prompt.to(hidden)[:, :, None]
                steered = hidden + row_scale(scale, rows, hidden) * (chosen * delta[:, None])
                return (steered, *output[1:]) if isinstance(output, tuple) else steered

            return add

        handles: list[Any] = [extent.attach(network)]
        handles += [layers[i].register_forward_hook(probe(i)) for i in {t.layer for t in self.terms}]
        moved = sorted({i for t in self.terms for i in t.vectors})
        handles += [layers[i].register_forward_hook(steer(i)) for i in moved]
        return removal(handles)

    def tensors(self) -> dict[str, torch.Tensor]:
        """See ``Patch.tensors``."""
        out: dict[str, torch.Tensor] = {}
        for term in self.terms:
            out |= {f"{term.name}.layer.{i}": v.contiguous() for i, v in term.vectors.items()}
            out |= {
                f"{term.name}.zero": term.zero.contiguous(),
                f"{term.name}.hundred": term.hundred.contiguous(),
            }
        return out

    def settings(self) -> dict[str, Any]:
        """See ``Patch.settings``."""
        terms = [
            {"name": t.name, "layer": t.layer, **{n: float(getattr(t, n)) for n in _NUMBERS}}
            for t in self.terms
        ]
        subject = {"subject": self.subject.to_json()} if self.subject else {}
        return {"terms": terms, **subject}

    @staticmethod
    def restore(tensors: Mapping[str, torch.Tensor], settings: Mapping[str, Any]) -> AdaptivePatch:
        """Rebuild from what was stored."""
        terms: list[Term] = []
        for entry in settings["terms"]:
            name = str(entry["name"])
            start = f"{name}.layer."
            vectors = {int(n.removeprefix(start)): t for n, t in tensors.items() if n.startswith(start)}
            numbers = {n: float(entry[n]) for n in _NUMBERS}
            anchors = tensors[f"{name}.zero"], tensors[f"{name}.hundred"]
            terms.append(Term(name, vectors, int(entry["layer"]), *anchors, **numbers))
        return AdaptivePatch(tuple(terms), subject_in(settings, AdaptivePatch.kind))
