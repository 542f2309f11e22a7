"""What every searching attack shares: from behaviours to searches to attempts.

Contract: one search and one attempt per behaviour. What a behaviour gets depends on it, the settings and the seed,
never on its neighbours. A search without any scored candidate gives an attempt with ``error``, never the plain
request under the attack's name. With ``folder`` every search keeps its steps there and goes on from them.
"""

from __future__ import annotations

import dataclasses
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from sophro.attack._types import Attempt, Budget
from sophro.attack.search._core import Found, Node, Problem, search
from sophro.attack.search._target import patched
from sophro.chat import Transcript
from sophro.data import Record
from sophro.errors import SophroError
from sophro.files import digest

Told = Callable[[Record, int, float | None], None]
"""Called after every step of every search: behaviour, step, best score so far."""

_SHOWN = 500  # characters of a text that an attempt repeats from its search
_IN_TRANSCRIPT = ("prompt", "template")
_SILENT = ("folder",)  # settings that change no result


@dataclass(frozen=True)
class SearchAttack(ABC):
    """An attack that searches.

    Attributes:
        seed: Source of all randomness; every behaviour has a stream of its own.
        folder: Folder of the step files; empty keeps nothing and cannot resume.
    """

    seed: int = 0
    folder: str = ""
    name: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ()

    @property
    @abstractmethod
    def budget(self) -> Budget:
        """What one behaviour costs at most: the search, and one query for the attempt itself."""

    @property
    @abstractmethod
    def max_steps(self) -> int:
        """Most expansions of one search."""

    @abstractmethod
    def problem(self, record: Record, target: Any) -> Problem:
        """Return the search for one behaviour."""

    @abstractmethod
    def transcript(self, problem: Problem, node: Node) -> Transcript:
        """Return what the target is given for the best node."""

    def session(self, target: Any) -> AbstractContextManager[Any]:
        """Return what is open while the searches run: the target's patch, where nobody else uses the network."""
        return patched(target)

    def settings(self) -> dict[str, Any]:
        """Return the settings that can change a result."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in _SILENT}

    def __call__(self, records: Sequence[Record], target: Any) -> list[Attempt]:
        """See ``Attack.__call__``."""
        return self.run(records, target)

    def run(self, records: Sequence[Record], target: Any, told: Told | None = None) -> list[Attempt]:
        """Search for every behaviour in turn.

        Args:
            records: Behaviours.
            target: The model under attack.
            told: Progress.

        Raises:
            SophroError: If the target lacks what the attack needs, or a step file belongs to another search.
        """
        from sophro.models import require

        if target is None:
            raise SophroError(f"attack {self.name} asks the target while it searches, and none was given")
        require(target, self.needs, f"attack {self.name}")
        with self.session(target):
            return [self._attempt(record, target, told) for record in records]

    def _attempt(self, record: Record, target: Any, told: Told | None) -> Attempt:
        problem = self.problem(record, target)
        file = None
        if self.folder:
            key = digest(self.settings(), json.dumps([record.id, record.prompt]), *_who(target))
            file = Path(self.folder) / f"{self.name}-{key}.jsonl"
        found = search(
            problem,
            replace(self.budget, queries=self.budget.queries - 1),
            seed=int(digest(self.seed, json.dumps(record.id)), 16),
            max_steps=self.max_steps,
            file=file,
            progress=None if told is None else lambda step, best, _spent: told(record, step, best),
        )
        return self._built(record, problem, found)

    def _built(self, record: Record, problem: Problem, found: Found) -> Attempt:
        params = {
            **self.settings(),
            "ended": found.ended,
            "steps_done": found.steps,
            "spent": dict(found.spent),
            "candidates": dict(found.counts),
        }
        queries = found.spent["queries"]
        if found.best is None:
            told = ", ".join(f"{n} {status}" for status, n in found.counts.items() if n) or "none made"
            reason = f"{self.name}: no candidate was scored ({told}); ended: {found.ended}"
            return Attempt(record, Transcript.of(record.prompt), params, error=reason, spent=queries)
        shown = {
            k: v[:_SHOWN] if isinstance(v, str) else v
            for k, v in found.best.state.items()
            if isinstance(v, str | int | float | bool) and k not in _IN_TRANSCRIPT
        }
        best = {"score": found.best.score, "found_at_step": found.best.step, **shown}
        return Attempt(record, self.transcript(problem, found.best), {**params, "best": best}, spent=queries)


def _who(target: Any) -> tuple[str, ...]:
    """Return what tells one target from another: its name and its patch."""
    patch = getattr(target, "patch", None)
    if patch is None:
        return (str(target.name),)
    from sophro.models import patch_digest

    return (str(target.name), patch_digest(patch), str(target.scale))
