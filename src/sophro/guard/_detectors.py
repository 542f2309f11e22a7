"""Detectors by name.

Contract: ``toxic_zh`` always means the shipped weights, so that a number belongs to one detector. Detectors trained on
this machine lie in the user's cache, or in any folder that is named by its path.
"""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from sophro.errors import SophroError, unknown_name
from sophro.files import cache_root, file_sha256
from sophro.guard._linear import NgramDetector, load_detector
from sophro.guard._types import Detector

SHIPPED = ("toxic_zh",)
# Name -> the sources it is trained on; trained by the user, because their licences forbid passing weights on.
LOCAL = {"toxic_zh_local": ("cold", "cntp", "toxicn")}


def shipped_folder() -> Path:
    """Return the folder of the shipped detectors."""
    return Path(str(files("sophro.guard"))) / "weights"


def scanner_card(folder: Path, name: str, format_: str, hash_: str) -> tuple[Path, dict[str, Any]]:
    """Return the weights ``NAME.safetensors`` of a folder and their card ``NAME.json``.

    Args:
        folder: Where both lie.
        name: Of the detector.
        format_: What the card must name as ``format``.
        hash_: What it must name as ``hash``.

    Raises:
        SophroError: Naming the file, if one is missing, changed, or of another format.
    """
    path, card_path = folder / f"{name}.safetensors", folder / f"{name}.json"
    if not (path.is_file() and card_path.is_file()):
        raise SophroError(f"{path}: the weights of {name} are missing; reinstall sophro")
    card = json.loads(card_path.read_text(encoding="utf-8"))
    if card.get("format") != format_ or card.get("hash") != hash_:
        raise SophroError(f"{card_path}: another format than this sophro reads; reinstall sophro")
    if file_sha256(path) != card["weights_sha256"]:
        raise SophroError(f"{path}: not the weights that {card_path.name} describes; reinstall sophro")
    return path, card


def local_folder() -> Path:
    """Return the folder of the detectors that were trained on this machine."""
    return cache_root() / "detectors"


def detectors() -> tuple[str, ...]:
    """Return the names of all detectors, trained or not."""
    return (*SHIPPED, *LOCAL)


def detector(name: str) -> Detector:
    """Return a detector; its weights are read once a process.

    Args:
        name: One of ``detectors()``, or the path of a folder with ``NAME.safetensors`` and ``NAME.json``, as
            ``FOLDER/NAME``.

    Raises:
        SophroError: If the name is unknown, a local detector has not been trained, or its files are not whole.
    """
    if name in SHIPPED:
        return _load(shipped_folder(), name)
    if name in LOCAL:
        if not (local_folder() / f"{name}.json").is_file():
            raise SophroError(
                f"detector {name!r} is not trained on this machine; run: python -m sophro.guard.train {name}"
            )
        return _load(local_folder(), name)
    path = Path(name)
    if path.with_name(path.name + ".json").is_file():
        return _load(path.parent.resolve(), path.name)
    raise unknown_name("detector", name, detectors())


@functools.lru_cache(maxsize=8)
def _load(folder: Path, name: str) -> NgramDetector:
    return load_detector(folder, name)
