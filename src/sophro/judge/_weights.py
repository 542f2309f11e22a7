"""Loads the shipped weights of the embedded judges, once a process.

Contract: safetensors and JSON only; the card names the hash of the weights and loading refuses others, so a
verdict's version always means one set of numbers.
"""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sophro.errors import SophroError
from sophro.files import digest, file_sha256
from sophro.judge import _control, _lexicon

if TYPE_CHECKING:
    from sophro.judge._heads import SecondOpinion
    from sophro.judge._network import ExchangeNetwork

NAME = "embedded"
READER = "reader"
# The encoder's part in what both readers say; part of the version, because it decides verdicts like the weights do.
# Chosen on texts that neither had seen (2,162 of our own, the reader in folds): there the encoder by itself agrees with
# the labels at kappa 0.24 to 0.29, and asking a second opinion only where it was less than nine tenths sure cost 0.1.
# It earns its part on XSTest and on torn texts (JAILJUDGE).
FIRST = 0.25


def weights_folder() -> Path:
    """Return the folder of the shipped weights."""
    return Path(str(files("sophro.judge"))) / "weights"


@functools.lru_cache(maxsize=8)
def card(folder: Path | None = None, name: str = NAME) -> dict[str, Any]:
    """Return the card that was written with the weights: settings, data hashes, measured agreement.

    Args:
        folder: Folder of the weights; the shipped ones by default.
        name: ``embedded`` (the fine-tuned encoder) or ``reader`` (the nets behind the chat model's states).

    Raises:
        SophroError: If the files are missing or the weights are not those of the card.
    """
    root = folder or weights_folder()
    weights, path = root / f"{name}.safetensors", root / f"{name}.json"
    if not (weights.is_file() and path.is_file()):
        raise SophroError(f"{root}: weights of the embedded judges are missing; reinstall sophro")
    found = json.loads(path.read_text(encoding="utf-8"))
    if file_sha256(weights) != found["weights_sha256"]:
        raise SophroError(f"{weights}: not the weights that {path.name} describes; reinstall sophro")
    return found


def version(folder: Path | None = None) -> str:
    """Return the hash of weights, temperatures, mixture, phrase groups and what is left out of answers."""
    parts = [card(folder, name) for name in (NAME, READER)]
    return digest(
        *[(p["weights_sha256"], p["temperatures"]) for p in parts],
        FIRST,
        _lexicon.fingerprint(),
        _control.fingerprint(),
    )


@functools.lru_cache(maxsize=2)
def network(folder: Path | None = None) -> ExchangeNetwork:
    """Return the encoder with the shipped deltas merged.

    Raises:
        SophroError: If the weights or the encoder package are missing.
    """
    from safetensors.torch import load_file

    from sophro.judge._network import ExchangeNetwork
    from sophro.models._encoder import encoder

    found = card(folder)
    tensors = load_file((folder or weights_folder()) / f"{NAME}.safetensors")
    return ExchangeNetwork(encoder(), tensors, found["temperatures"])


@functools.lru_cache(maxsize=2)
def second(folder: Path | None = None) -> SecondOpinion:
    """Return the nets behind the second reader.

    Raises:
        SophroError: If the weights are missing, or the chat model cannot be fetched.
    """
    from safetensors.torch import load_file

    from sophro.judge._heads import SecondOpinion, load_heads
    from sophro.judge._reader import reader

    found = card(folder, READER)
    tensors = load_file((folder or weights_folder()) / f"{READER}.safetensors")
    return SecondOpinion(reader(), load_heads(tensors), found["temperatures"])
