"""Loads a program of ``scripts/`` as a module; they are no package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "scripts"


def load_script(name: str) -> Any:
    """Return ``scripts/NAME.py`` as the module ``NAME``; what it imports from its own folder is found."""
    path = FOLDER / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    found = importlib.util.module_from_spec(spec)
    sys.modules[name] = found
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    spec.loader.exec_module(found)
    return found
