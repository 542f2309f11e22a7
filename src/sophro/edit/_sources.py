"""Where edits come from: a patch folder, a PEFT adapter, or a tuned checkpoint against its base; read by matrix.

Contract: a source knows the names of its matrices and gives the edit of one at a time, so that whoever walks through a
model holds a few matrices and not several models. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch

from sophro.edit.algebra import difference
from sophro.errors import SophroError
from sophro.models import ChatModel, Edit, Fingerprint, LowRankPatch, load_patch
from sophro.models._patches import damaged, patch_header
from sophro.models._weights import restored, stored_shapes


class Source(Protocol):
    """Edits of one model, read by matrix.

    Attributes:
        label: How messages and tables call it.
        fingerprint: The model that it belongs to; None for an adapter, which does not say.
    """

    label: str
    fingerprint: Fingerprint | None

    def names(self) -> list[str]:
        """Return the parameters that it edits."""
        ...

    def edit(self, name: str) -> Edit | None:
        """Return what is added to ``name``; None if it leaves it alone."""
        ...


class PatchSource:
    """A folder with a weight patch."""

    def __init__(self, folder: Path) -> None:
        self.label = str(folder)
        self._folder = folder
        settings = patch_header(folder).get("settings", {})
        self.source: dict[str, Any] = dict(settings.get("source") or {})
        self._tensors = _Files([folder / "patch.safetensors"])
        try:
            self._shapes = stored_shapes(settings)
            self.fingerprint: Fingerprint | None = Fingerprint.from_json(
                settings.get("fingerprint"), "weight patch"
            )
        except SophroError as error:
            raise SophroError(f"{folder}: {error}") from None

    def names(self) -> list[str]:
        """See ``Source.names``."""
        return list(self._shapes)

    def edit(self, name: str) -> Edit | None:
        """See ``Source.edit``."""
        if name not in self._shapes:
            return None
        try:
            found = restored(name, self._shapes[name], self._tensors.get)
            found.check(name)
        except SophroError as error:
            raise SophroError(f"{self.label}: {error}") from None
        return found


class AdapterSource:
    """A low-rank patch; the product of its factors is made when it is asked for."""

    def __init__(self, patch: LowRankPatch, label: str, fingerprint: Fingerprint | None = None) -> None:
        if patch.rows:
            raise SophroError(
                f"{label}: the adapter replaces embedding rows, which is no sum of weights; use adapters without "
                "token rows"
            )
        self.label, self.fingerprint = label, fingerprint
        self.patch = patch

    def names(self) -> list[str]:
        """See ``Source.names``."""
        return [f"{module}.weight" for module in self.patch.factors]

    def edit(self, name: str) -> Edit | None:
        """See ``Source.edit``."""
        found = self.patch.factors.get(name.removesuffix(".weight"))
        if found is None:
            return None
        edit = Edit.of(found[1].float() @ found[0].float())
        edit.check(f"{self.label}, {name}")
        return edit


class CheckpointSource:
    """A tuned model folder, as the difference to the model that it was tuned from."""

    def __init__(self, folder: Path, base: ChatModel) -> None:
        self.label = str(folder)
        self.fingerprint: Fingerprint | None = base.fingerprint()
        self._base = dict(base.network.named_parameters())
        self._tensors = _Files(_shards(folder))
        missing = [name for name in self._base if name not in self._tensors.names]
        if missing:
            raise SophroError(
                f"{folder}: parameter {missing[0]!r} of the base model is not in it; name one of the same model"
            )

    def names(self) -> list[str]:
        """See ``Source.names``."""
        return list(self._base)

    def edit(self, name: str) -> Edit | None:
        """See ``Source.edit``."""
        tuned = self._tensors.get(name)
        assert tuned is not None
        if not tuned.is_floating_point():
            raise SophroError(
                f"{self.label}: {name!r} is quantised ({tuned.dtype}); use a checkpoint in full precision"
            )
        try:
            delta = difference(tuned, self._base[name].detach().cpu())
        except SophroError as error:
            raise SophroError(f"{self.label}, {name}: {error}") from None
        edit = Edit.of(delta)
        edit.check(f"{self.label}, {name}")
        return edit if edit.nonzero else None


class _Files:
    """Tensors of one or several safetensors files, read when asked for."""

    def __init__(self, files: Sequence[Path]) -> None:
        from safetensors import SafetensorError, safe_open

        self.names: dict[str, Any] = {}
        for file in files:
            try:
                handle = safe_open(str(file), framework="pt")
            except FileNotFoundError:
                raise SophroError(f"{file}: no such file; make or copy the folder again") from None
            except SafetensorError as error:
                raise damaged(file.parent, error) from None
            self.names |= dict.fromkeys(handle.keys(), handle)

    def get(self, name: str) -> torch.Tensor | None:
        """Return a tensor, or None if there is no such name."""
        handle = self.names.get(name)
        return None if handle is None else handle.get_tensor(name)


def _shards(folder: Path) -> list[Path]:
    index = folder / "model.safetensors.index.json"
    if index.exists():
        try:
            return [
                folder / name
                for name in sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
            ]
        except (json.JSONDecodeError, KeyError, AttributeError) as error:
            raise damaged(folder, error) from None
    return [folder / "model.safetensors"]


def open_source(folder: Path, base: ChatModel | None = None) -> Source:
    """Open a weight patch, an adapter, or a tuned checkpoint of ``base``.

    Raises:
        SophroError: If the folder is none of them, or a checkpoint is given without its base.
    """
    if (folder / "adapter_config.json").exists():
        made_for = base.fingerprint() if base is not None else None
        return AdapterSource(LowRankPatch.from_peft(folder), str(folder), made_for)
    if (folder / "patch.json").exists():
        kind = patch_header(folder)["kind"]
        found = load_patch(folder) if kind == "low_rank" else None
        if isinstance(found, LowRankPatch):
            return AdapterSource(found, str(folder), base.fingerprint() if base is not None else None)
        if kind != "weights":
            raise SophroError(
                f"{folder}: a patch of kind {kind!r} edits no weights; name a weight patch or an adapter"
            )
        return PatchSource(folder)
    if (folder / "config.json").exists():
        if base is None:
            raise SophroError(f"{folder}: a checkpoint is compared with its base; name that with --model")
        return CheckpointSource(folder, base)
    raise SophroError(f"{folder}: neither a weight patch, an adapter nor a checkpoint; check the path")


def common_fingerprint(sources: Sequence[Source]) -> Fingerprint:
    """Return the model that all sources belong to.

    Raises:
        SophroError: If they belong to different models, or none says.
    """
    known = [(s.label, s.fingerprint) for s in sources if s.fingerprint is not None]
    if not known:
        raise SophroError("adapters do not say which model they belong to; name it with --model")
    for label, fingerprint in known[1:]:
        assert fingerprint is not None and known[0][1] is not None
        fingerprint.refuse(known[0][1], label)
    assert known[0][1] is not None
    return known[0][1]


def walk(sources: Sequence[Source]) -> Iterator[tuple[str, list[Edit | None]]]:
    """Yield every parameter that a source edits, with the edit of each source; one matrix at a time.

    Raises:
        SophroError: If two sources give one parameter different shapes.
    """
    for name in dict.fromkeys(name for source in sources for name in source.names()):
        edits = [source.edit(name) for source in sources]
        shapes = {edit.shape for edit in edits if edit is not None}
        if len(shapes) > 1:
            raise SophroError(
                f"{name}: the patches have different shapes {sorted(shapes)}; use one model for all"
            )
        if shapes:
            yield name, edits
