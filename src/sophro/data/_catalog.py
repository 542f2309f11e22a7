"""The catalogue: every data set that sophro can name, and where its files lie.

Contract: ``catalog.json`` only describes. Starter sets are files of this package; all others are files under
the folder that ``SOPHRO_DATA`` names, each with the SHA-256 it must have. Nothing is fetched here.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sophro.errors import SophroError, unknown_name

Kind = Literal["prompts", "texts", "labels"]
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class SetFile:
    """One file of a set.

    Attributes:
        path: Path under ``SOPHRO_DATA``, or inside this package for starter sets.
        sha256: Hash it must have; None for files of this package.
        lang: Language of its prompts; None if each row says its own.
        source: Repository it was taken from.
        revision: Commit of that repository.
        upstream: Path in that repository and how it was cut.
        fields: Fields that this file fills differently from the rest of the set.
        meta: Values that go to every row's ``meta``.
    """

    path: str
    sha256: str | None = None
    lang: str | None = None
    source: str | None = None
    revision: str | None = None
    upstream: str | None = None
    fields: Mapping[str, str] = field(default_factory=lambda: {})
    meta: Mapping[str, Any] = field(default_factory=lambda: {})

    @property
    def shipped(self) -> bool:
        """True for files of this package."""
        return self.path.startswith("starter/")


@dataclass(frozen=True)
class SetInfo:
    """One set of the catalogue.

    Attributes:
        name: How it is named.
        kind: ``prompts`` (requests to a model), ``texts`` (material or texts to classify) or ``labels``
            (responses with a verdict, for ``load_labels``).
        purpose: What it is for.
        licence: As its source states it; "unknown" where no licence was found.
        commercial_use: Whether the licence allows it; None where that is unknown.
        columns: Columns of the source file.
        files: Its files.
        harmful: Whether all its prompts are harmful; None where it varies or is not the question.
        format: ``csv``, ``json``, ``jsonl``, ``lines``, ``tree`` or ``columns``.
        fields: Record field to source column; a list is joined by blank lines, a dot goes into a value.
        parallel: Rows of the languages are translations of each other.
        split_with: Set whose behaviours decide the split, so that both are split alike.
        split_by: ``base``: a row is split by the sentence before its disguise (``cntp_split``), not by category.
        harmful_if: Value of the harmful column that means harmful.
        accept_after: Mark in the answer after which the exact result stands.
        template: Prompt built from several columns.
        labels: Source label to ours.
        where: Values that a row must have to belong to the set.
        without: Values that exclude a row (see ``note``).
        hub: Where ``pull`` finds it: ``id``, ``split``, ``config``, ``prompt`` column. The ids were
            not opened when the catalogue was written.
        note: What a user should know.
    """

    name: str
    kind: Kind
    purpose: str
    licence: str
    commercial_use: bool | None
    columns: tuple[str, ...]
    files: tuple[SetFile, ...]
    format: str
    fields: Mapping[str, Any]
    harmful: bool | None = None
    parallel: bool = False
    split_with: str | None = None
    split_by: str | None = None
    harmful_if: str | None = None
    accept_after: str | None = None
    template: str | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: {})
    where: Mapping[str, str] = field(default_factory=lambda: {})
    without: Mapping[str, str] = field(default_factory=lambda: {})
    hub: Mapping[str, str] = field(default_factory=lambda: {})
    note: str = ""

    @property
    def langs(self) -> tuple[str, ...]:
        """Languages of its files."""
        return tuple(dict.fromkeys(f.lang for f in self.files if f.lang))

    @property
    def base(self) -> str:
        """Name without its part: ``xstest`` of ``xstest/safe``; starter sets keep their whole name."""
        return self.name if self.files[0].shipped else self.name.partition("/")[0]

    @property
    def available(self) -> bool:
        """True if all files are here (their hashes are checked on loading)."""
        root = data_root()
        return all(f.shipped or (root is not None and (root / f.path).is_file()) for f in self.files)


def data_root() -> Path | None:
    """Return the folder that ``SOPHRO_DATA`` names, or None."""
    value = os.environ.get("SOPHRO_DATA")
    return Path(value).expanduser() if value else None


def file_path(file: SetFile, set_name: str) -> Path:
    """Return where a file of the set lies.

    Raises:
        SophroError: If ``SOPHRO_DATA`` is not set, or the file is not in it.
    """
    if file.shipped:
        return _HERE / file.path
    root = data_root()
    if root is None:
        raise SophroError(
            f"the set {set_name!r} is not shipped; set SOPHRO_DATA to the folder that holds {file.path}"
        )
    path = root / file.path
    if not path.is_file():
        raise SophroError(f"the set {set_name!r}: {path} is missing; check the folder in SOPHRO_DATA")
    return path


@functools.cache
def _catalog() -> Mapping[str, SetInfo]:
    entries: list[dict[str, Any]] = json.loads((_HERE / "catalog.json").read_text(encoding="utf-8"))
    found: dict[str, SetInfo] = {}
    for entry in entries:
        files = tuple(SetFile(**file) for file in entry.pop("files"))
        columns = tuple(entry.pop("columns"))
        found[entry["name"]] = SetInfo(columns=columns, files=files, **entry)
    return found


def list_sets() -> list[SetInfo]:
    """Return all sets: starter sets first, then by name."""
    return list(_catalog().values())


def names() -> tuple[str, ...]:
    """Return every name that ``load_set`` and ``load_labels`` know, with and without a language."""
    return tuple(n for s in list_sets() for n in (s.name, *(f"{s.name}:{lang}" for lang in s.langs)))


def find_set(name: str) -> tuple[SetInfo, str | None]:
    """Return the set that ``name`` means and the language after its colon.

    Raises:
        SophroError: If the set or the language is unknown; the message lists near names.
    """
    base, _, lang = name.partition(":")
    info = _catalog().get(base)
    if info is None or (lang and lang not in info.langs) or name.endswith(":"):
        raise unknown_name("data set", name, names())
    return info, lang or None
