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
from sophro.judge import _lexicon

if TYPE_CHECKING:
    from sophro.judge._network import ExchangeNetwork

NAME = "embedded"


def weights_folder() -> Path:
    """Return the folder of the shipped weights."""
    return Path(str(files("sophro.judge"))) / "weights"


@functools.lru_cache(maxsize=4)
def card(folder: Path | None = None) -> dict[str, Any]:
    """Return the card that was written with the weights: settings, data hashes, measured agreement.

    Raises:
        SophroError: If the files are missing or the weights are not those of the card.
    """
    root = folder or weights_folder()
    weights, path = root / f"{NAME}.safetensors", root / f"{NAME}.json"
    if not (weights.is_file() and path.is_file()):
        raise SophroError(f"{root}: weights of the embedded judges are missing; reinstall sophro")
    found = json.loads(path.read_text(encoding="utf-8"))
    if file_sha256(weights) != found["weights_sha256"]:
        raise SophroError(f"{weights}: not the weights that {path.name} describes; reinstall sophro")
    return found


def version(folder: Path | None = None) -> str:
    """Return the hash of weights, temperatures and phrase groups."""
    found = card(folder)
    return digest(found["weights_sha256"], found["temperatures"], _lexicon.fingerprint())


@functools.lru_cache(maxsize=2)
def network(folder: Path | None = None) -> ExchangeNetwork:
    """Return the network with the shipped deltas merged.

    Raises:
        SophroError: If the weights or the encoder package are missing.
    """
    from safetensors.torch import load_file

    from sophro.judge._network import ExchangeNetwork
    from sophro.models._encoder import encoder

    found = card(folder)
    tensors = load_file((folder or weights_folder()) / f"{NAME}.safetensors")
    return ExchangeNetwork(encoder(), tensors, found["temperatures"])
