"""An agent of Inspect from a file of the user's, in a role: ``agent:coach.py`` or ``agent:coach.py@kind_coach``.

Contract: the file is the user's own program and is run as such, once in a process. What names an agent names its file's
content too (``fingerprint``), so that a log of an older version is not gone on with. What is wrong with the file, or
goes wrong in the agent, is one sentence that names the file.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from sophro.care.dialogue._agents import InspectAgent
from sophro.care.dialogue._types import Utterance, View
from sophro.errors import SophroError
from sophro.files import read_text

PREFIX = "agent:"


def is_own(name: str) -> bool:
    """Tell whether a name asks for an agent from a file."""
    return name.startswith(PREFIX)


class OwnAgent(InspectAgent):
    """An agent from a file, in a role.

    Args:
        role: Its role.
        name: ``agent:FILE.py``, with ``@NAME`` if the file defines several.
        system: What it is told first, if anything.

    Attributes:
        name: As it was given.
        fingerprint: Hash of the file.

    Raises:
        SophroError: If the file cannot be read or run, or does not define that agent.
    """

    def __init__(self, role: str, name: str, system: str = "") -> None:
        path, _, wanted = name.removeprefix(PREFIX).partition("@")
        if not path:
            raise SophroError(f"{name!r} names no file; write {PREFIX}FILE.py")
        self.name = name
        self._file = Path(path)
        source = read_text(self._file)
        self.fingerprint = hashlib.sha256(source.encode("utf-8")).hexdigest()[:16]
        super().__init__(role, _made(_defined(self._file, self.fingerprint), self._file, wanted), system)

    async def speak(self, view: View) -> Utterance:
        """Answer one view."""
        try:
            return await super().speak(view)
        except SophroError:
            raise
        except Exception as error:  # the user's code raises what it likes
            raise SophroError(f"{self._file}: the agent failed: {_said(error)}") from error


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def _defined(file: Path, fingerprint: str) -> ModuleType:
    """Run the file as a module, and keep it under a name of its own, so that two of a name do not meet."""
    name = f"sophro_own_{file.stem}_{fingerprint}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise SophroError(f"{file}: an agent needs a Python file, ending in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise SophroError(f"{file}: cannot be run: {_said(error)}") from error
    return module


def _made(module: ModuleType, file: Path, wanted: str) -> Any:
    """Call the factory that the file decorates with ``@agent``."""
    from inspect_ai.util import registry_info

    def kind(value: Any) -> str:
        try:
            return registry_info(value).type
        except ValueError:  # nothing that Inspect knows
            return ""

    found = {
        n: v
        for n, v in vars(module).items()
        # What the file imports is not what it defines.
        if callable(v) and getattr(v, "__module__", None) == module.__name__ and kind(v) == "agent"
    }
    if not found:
        raise SophroError(f"{file}: defines no agent; decorate a function with @agent of inspect_ai.agent")
    if not wanted and len(found) > 1:
        raise SophroError(
            f"{file}: defines {', '.join(found)}; choose one, as in {PREFIX}{file}@{next(iter(found))}"
        )
    if wanted and wanted not in found:
        raise SophroError(f"{file}: defines no agent {wanted!r}, but {', '.join(found)}")
    try:
        return (found[wanted] if wanted else next(iter(found.values())))()
    except Exception as error:
        raise SophroError(f"{file}: the agent cannot be made without arguments: {_said(error)}") from error
