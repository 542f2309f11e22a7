"""The version of the layer: a hash of all that decides what it says.

Contract: changes when rules, classifier, replies or helplines change, and when the second reader comes or goes, so that
thresholds that were calibrated on one version are not used with another. Training and the suite do not count.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sophro.care.crisis._classifier import second_reader
from sophro.files import digest, file_sha256

_OFF_DUTY = frozenset(("train.py", "_fitting.py", "suite.py", "_records.py"))


@cache
def version() -> str:
    """Return the hash (16 hex digits)."""
    folder = Path(__file__).parent
    kept = [p for p in folder.rglob("*.py") if p.name not in _OFF_DUTY]
    kept += [*folder.glob("weights/crisis.*"), *folder.glob("data/*.json")]
    named = sorted((p.relative_to(folder).as_posix(), file_sha256(p)) for p in kept)
    return digest(named, second_reader() is not None)
