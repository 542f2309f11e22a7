"""Reversible changes of a model: what every patch promises, low-rank deltas, logit biases, patches on the disk.

Contract, checked by one conformance suite for every kind: scale 0 is the base bit for bit; a removed patch
leaves the base bit for bit, also after an exception; save then load gives the same patch; a batch of one
gives what a batch of many gives. A scale is one number or one number per prompt (a tensor of shape (N,)).

Weights are never edited in place: a patched matrix is a new tensor that the parameter points to while the
patch is on, so removal restores the very same storage.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Protocol

import torch

from sophro.errors import SophroError
from sophro.files import digest, write_folder

Scale = float | torch.Tensor
Remove = Callable[[], None]
RowsFn = Callable[[], torch.Tensor | None]


class Patch(Protocol):
    """A reversible change; ``attach`` puts it on and returns what takes it off."""

    kind: ClassVar[str]

    def attach(self, network: Any, scale: Scale, rows: RowsFn) -> Remove:
        """Put the patch on ``network``.

        Args:
            network: The transformers model.
            scale: Strength; one number, or shape (N,) with one per prompt.
            rows: Returns the prompt index of every row of the running forward pass, or None. What
                ``ChatModel`` hands over is a ``Running``, which also knows the prompt's positions.
        """
        ...

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return everything that must be stored, by name."""
        ...

    def settings(self) -> dict[str, Any]:
        """Return the JSON part."""
        ...


_KINDS: dict[str, Callable[[Mapping[str, torch.Tensor], Mapping[str, Any]], Patch]] = {}
# Kinds that live in a module of their own and register when it is imported.
_HOMES = {"weights": "sophro.models._weights"}


def decoder_layers(network: Any) -> Any:
    """Return the list of decoder blocks of a causal language model."""
    decoder = network.get_decoder()
    for name in ("layers", "h", "blocks"):
        if hasattr(decoder, name):
            return getattr(decoder, name)
    raise SophroError(f"{type(network).__name__}: no list of decoder layers found; steering is not possible")


def register_kind(
    kind: str, restore: Callable[[Mapping[str, torch.Tensor], Mapping[str, Any]], Patch]
) -> None:
    """Say how patches of ``kind`` are rebuilt from their tensors and settings."""
    _KINDS[kind] = restore


def row_scale(scale: Scale, rows: RowsFn, like: torch.Tensor) -> torch.Tensor | float:
    """Return the scale shaped to broadcast over (rows, positions, width)."""
    if not isinstance(scale, torch.Tensor):
        return scale
    index = rows()
    if index is None:
        if len(scale) != like.shape[0]:
            raise SophroError(f"{len(scale)} scales for a batch of {like.shape[0]} rows")
        return scale.to(like)[:, None, None]
    return scale.to(like)[index][:, None, None]


def removal(handles: list[Any]) -> Remove:
    """Return what takes all hooks off."""

    def remove() -> None:
        for handle in handles:
            handle.remove()

    return remove


@dataclass(frozen=True)
class LogitBiasPatch:
    """Adds ``scale * bias`` to the logits of single tokens at every step."""

    bias: Mapping[int, float]
    kind: ClassVar[str] = "logit_bias"

    def attach(self, network: Any, scale: Scale, rows: RowsFn) -> Remove:
        """See ``Patch.attach``."""
        head = network.get_output_embeddings()
        top = head.weight.shape[0]
        wrong = [i for i in self.bias if not 0 <= i < top]
        if wrong:
            raise SophroError(f"logit bias: token id {wrong[0]} is outside the vocabulary of {top}")
        ids = torch.tensor(list(self.bias), dtype=torch.long)
        values = torch.tensor(list(self.bias.values()), dtype=torch.float32)

        def add(_module: Any, _args: Any, logits: torch.Tensor) -> torch.Tensor:
            out = logits.clone()
            out[..., ids.to(out.device)] += row_scale(scale, rows, logits) * values.to(logits)
            return out

        return head.register_forward_hook(add).remove

    def tensors(self) -> dict[str, torch.Tensor]:
        """See ``Patch.tensors``."""
        return {
            "ids": torch.tensor(list(self.bias), dtype=torch.long),
            "values": torch.tensor(list(self.bias.values()), dtype=torch.float32),
        }

    def settings(self) -> dict[str, Any]:
        """See ``Patch.settings``."""
        return {}

    @staticmethod
    def restore(tensors: Mapping[str, torch.Tensor], settings: Mapping[str, Any]) -> LogitBiasPatch:
        """Rebuild from what was stored."""
        return LogitBiasPatch(dict(zip(tensors["ids"].tolist(), tensors["values"].tolist(), strict=True)))


@dataclass(frozen=True)
class LowRankPatch:
    """Adds ``scale * B A`` to weight matrices, and replaces or appends single rows of embeddings.

    Attributes:
        factors: Module name -> (A of shape (r, in), B of shape (out, r)), the LoRA scaling folded into B.
        rows: Module name -> (row numbers, their new values); only scale 0 or 1 is meaningful for these. Numbers
            beyond the last row append rows (new tokens) for as long as the patch is on.
        source: Where it came from, for the record.
    """

    factors: Mapping[str, tuple[torch.Tensor, torch.Tensor]]
    rows: Mapping[str, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=lambda: {})
    source: str = ""
    kind: ClassVar[str] = "low_rank"

    @staticmethod
    def from_peft(folder: Path | str) -> LowRankPatch:
        """Read a plain PEFT LoRA adapter.

        Raises:
            SophroError: If the folder is no adapter, or the adapter does what a low-rank delta cannot.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        path = Path(folder)
        try:
            config = json.loads((path / "adapter_config.json").read_text("utf-8"))
            state = load_file(path / "adapter_model.safetensors")
        except FileNotFoundError as error:
            raise SophroError(
                f"{path}: not a PEFT adapter, {Path(error.filename or '').name} is missing"
            ) from None
        except (json.JSONDecodeError, SafetensorError) as error:
            raise SophroError(
                f"{path}: the adapter cannot be read ({error}); train or copy it again"
            ) from None
        if config.get("use_dora") or config.get("bias", "none") != "none" or config.get("rank_pattern"):
            raise SophroError(f"{path}: DoRA, bias and rank patterns are not low-rank patches")
        rank = config["r"]
        factor = config["lora_alpha"] / (rank**0.5 if config.get("use_rslora") else rank)
        sides: dict[str, dict[str, torch.Tensor]] = {}
        rows: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
        for key, tensor in state.items():
            name = key.removeprefix("base_model.model.")
            for mark in (".lora_A.weight", ".lora_B.weight"):
                if name.endswith(mark):
                    sides.setdefault(name.removesuffix(mark), {})[mark[6]] = tensor.float()
                    break
            else:
                _read_rows(path, name, tensor, config, rows)
        factors = {name: (pair["A"], pair["B"] * factor) for name, pair in sides.items()}
        return LowRankPatch(factors, rows, str(path))

    def attach(self, network: Any, scale: Scale, rows: RowsFn) -> Remove:
        """See ``Patch.attach``."""
        modules = dict(network.named_modules())
        for name, (a, b) in self.factors.items():
            weight = getattr(modules.get(name), "weight", None)
            if weight is None or tuple(weight.shape) != (b.shape[0], a.shape[1]):
                raise SophroError(f"low-rank patch: module {name!r} of the patch does not fit this model")
        if isinstance(scale, torch.Tensor):
            if self.rows:
                raise SophroError("a patch that replaces embedding rows needs one scale for all prompts")
            return self._hook_rows(modules, scale, rows)
        undo: list[tuple[Any, torch.Tensor]] = []
        for name, (a, b) in self.factors.items():
            parameter = modules[name].weight
            undo.append((parameter, parameter.data))
            delta = (b.to(parameter) @ a.to(parameter)).mul_(scale)
            parameter.data = parameter.data + delta
        for name, (index, values) in self.rows.items():
            parameter = modules[name].weight
            undo.append((parameter, parameter.data))
            replaced = _grown(parameter.data, index, values, name)
            replaced[index] = torch.lerp(replaced[index], values.to(replaced), scale)
            parameter.data = replaced

        def remove() -> None:
            for parameter, original in reversed(undo):
                parameter.data = original

        return remove

    def _hook_rows(self, modules: Mapping[str, Any], scale: torch.Tensor, rows: RowsFn) -> Remove:
        def hook(a: torch.Tensor, b: torch.Tensor) -> Callable[..., torch.Tensor]:
            def add(_module: Any, args: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
                delta = args[0] @ a.to(output).T @ b.to(output).T
                return output + row_scale(scale, rows, output) * delta

            return add

        handles = [modules[n].register_forward_hook(hook(a, b)) for n, (a, b) in self.factors.items()]
        return removal(handles)

    def tensors(self) -> dict[str, torch.Tensor]:
        """See ``Patch.tensors``."""
        out: dict[str, torch.Tensor] = {}
        for name, (a, b) in self.factors.items():
            out[f"{name}.A"], out[f"{name}.B"] = a.contiguous(), b.contiguous()
        for name, (index, values) in self.rows.items():
            out[f"{name}.rows"], out[f"{name}.values"] = index.contiguous(), values.contiguous()
        return out

    def settings(self) -> dict[str, Any]:
        """See ``Patch.settings``."""
        return {"source": self.source}

    @staticmethod
    def restore(tensors: Mapping[str, torch.Tensor], settings: Mapping[str, Any]) -> LowRankPatch:
        """Rebuild from what was stored."""
        names = sorted({n.removesuffix(".A") for n in tensors if n.endswith(".A")})
        rows = sorted({n.removesuffix(".rows") for n in tensors if n.endswith(".rows")})
        return LowRankPatch(
            {n: (tensors[f"{n}.A"], tensors[f"{n}.B"]) for n in names},
            {n: (tensors[f"{n}.rows"], tensors[f"{n}.values"]) for n in rows},
            str(settings.get("source", "")),
        )


def _grown(weight: torch.Tensor, index: torch.Tensor, values: torch.Tensor, name: str) -> torch.Tensor:
    """Return a copy of ``weight`` with room for the rows ``index``; new rows start at their values."""
    size = len(weight)
    beyond = sorted(i for i in index.tolist() if i >= size)
    if beyond != list(range(size, size + len(beyond))):
        raise SophroError(f"patch rows {beyond} do not follow the {size} rows of {name!r}; wrong model?")
    if not beyond:
        return weight.clone()
    grown = torch.cat([weight, weight.new_empty(len(beyond), weight.shape[1])])
    new = index >= size
    grown[index[new]] = values[new].to(grown)
    return grown


def _read_rows(
    path: Path,
    name: str,
    tensor: torch.Tensor,
    config: Mapping[str, Any],
    rows: dict[str, tuple[torch.Tensor, torch.Tensor]],
) -> None:
    """Read one ``trainable_tokens`` entry of a PEFT adapter into ``rows``."""
    mark = ".token_adapter.trainable_tokens_delta"
    wanted = config.get("trainable_token_indices")
    if not name.endswith(mark) or not wanted:
        raise SophroError(f"{path}: tensor {name!r} is not part of a low-rank patch")
    module = name.removesuffix(mark)
    index = wanted if isinstance(wanted, list) else next(v for k, v in wanted.items() if module.endswith(k))
    rows[module] = (torch.tensor(index, dtype=torch.long), tensor.float())


_KINDS.update(
    {
        LogitBiasPatch.kind: LogitBiasPatch.restore,
        LowRankPatch.kind: LowRankPatch.restore,
    }
)


def _kinds() -> Mapping[str, Callable[[Mapping[str, torch.Tensor], Mapping[str, Any]], Patch]]:
    """Return how every kind of patch is rebuilt; the other modules of patches need this one, hence late."""
    from sophro.models._adaptive import AdaptivePatch
    from sophro.models._injection import AblationPatch, SteeringPatch
    from sophro.models._rounding import RoundingPatch
    from sophro.models._stack import StackPatch

    for module in _HOMES.values():
        import_module(module)
    late = (AblationPatch, AdaptivePatch, RoundingPatch, StackPatch, SteeringPatch)
    return _KINDS | {kind.kind: kind.restore for kind in late}


def restore_patch(kind: str, tensors: Mapping[str, torch.Tensor], settings: Mapping[str, Any]) -> Patch:
    """Rebuild a patch from what ``tensors()`` and ``settings()`` of it returned.

    Raises:
        SophroError: If the kind is unknown.
    """
    restore = _kinds().get(kind)
    if restore is None:
        raise SophroError(f"unknown kind of patch {kind!r}; known: {sorted(_kinds())}")
    return restore(tensors, settings)


def save_patch(patch: Patch, folder: Path | str) -> Path:
    """Write ``patch`` as ``patch.json`` + ``patch.safetensors`` into a new folder, all at once."""
    from safetensors.torch import save_file

    target = Path(folder)
    if target.exists():
        raise SophroError(f"{target}: exists already; choose another folder")

    def fill(out: Path) -> None:
        # The format refuses tensors that share memory, and parts of a patch may (two terms, one anchor).
        save_file({n: t.clone() for n, t in patch.tensors().items()}, out / "patch.safetensors")
        header = {"kind": patch.kind, "format": 1, "settings": patch.settings()}
        (out / "patch.json").write_text(json.dumps(header, indent=1), "utf-8")

    return write_folder(target, fill)


def load_patch(folder: Path | str) -> Patch:
    """Read a patch folder, or a plain PEFT adapter folder.

    Raises:
        SophroError: If the folder holds neither, or a file is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = Path(folder)
    if (path / "adapter_config.json").exists():
        return LowRankPatch.from_peft(path)
    try:
        header = patch_header(path)
        tensors = load_file(path / "patch.safetensors")
    except FileNotFoundError:
        raise SophroError(f"{path}: neither a patch nor a PEFT adapter; check the path") from None
    except SafetensorError as error:
        raise damaged(path, error) from None
    try:
        return restore_patch(header["kind"], tensors, header.get("settings", {}))
    except SophroError as error:
        raise SophroError(f"{path}: {error}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise SophroError(
            f"{path}: patch.json and patch.safetensors do not belong together ({error!r}); make the patch again"
        ) from None


def patch_header(path: Path) -> dict[str, Any]:
    """Read ``patch.json``: ``kind``, ``format`` and ``settings``; the tensors stay on the disk.

    Raises:
        SophroError: If it is damaged or of an unknown kind.
        FileNotFoundError: If it is not there.
    """
    try:
        header = json.loads((path / "patch.json").read_text("utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise damaged(path, error) from None
    kind = header.get("kind") if isinstance(header, dict) else None
    if kind not in _kinds():
        raise SophroError(f"{path}/patch.json: unknown or missing kind {kind!r}; known: {sorted(_kinds())}")
    return header


def damaged(path: Path, error: Exception) -> SophroError:
    """Return the error for a patch file that cannot be parsed."""
    return SophroError(
        f"{path}: the patch cannot be read ({error}); it may be truncated, make or copy it again"
    )


def patch_digest(patch: Patch) -> str:
    """Return a hash of the patch's contents."""
    parts = [
        (n, tuple(t.shape), str(t.dtype), t.double().sum().item()) for n, t in sorted(patch.tensors().items())
    ]
    return digest(patch.kind, parts, patch.settings())
