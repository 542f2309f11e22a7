"""Run directories to plain objects; nothing here computes a number.

Contract: the layout is the one of ``docs/design/contracts.md``. ``run.json`` may hold the following fields;
all are optional, and what is missing shows in the page as "not recorded"::

    {"name": "toy", "model": "smollm2-135m", "seeds": [0], "started": "...", "finished": "...",
     "versions": {"sophro": "0.1.0"}, "hashes": {"starter/harmful": "..."}, "host": {"cpu": "..."},
     "command": "sophro run toy.yaml", "leaks": {"pairs": 0}, "judges": [{"judge": "...", ...}],
     "arms": [{"name": "base", "method": "none", "description": "..."}],
     "timing": [{"stage": "align-sft", "seconds": 12.5}],
     "stages": ["assess-base-1f0c...", ...]}

``arms`` fixes the order (the first one is the reference that others are compared with). ``stages`` lists the
stage folders that belong to this run, so that folders left from an older recipe are passed over; without it
all are read, and of several with one name the latest ``started`` counts. An alignment belongs to the arm
in its ``stage.json`` (``"arm"``, or ``"arm"`` inside ``inputs``), else to its name without ``align-``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from sophro.errors import SophroError
from sophro.files import read_jsonl, read_text

_NEEDED = ("id", "arm", "task")


@dataclass(frozen=True)
class Sample:
    """One assessed reply.

    Attributes:
        arm: Display name of the arm; carries the run's name when several runs are shown.
        row: The object of ``samples.jsonl``.
        where: File and line that it came from.
    """

    arm: str
    row: Mapping[str, Any]
    where: str

    @property
    def id(self) -> str:
        """Identifier of the record, equal across arms."""
        return str(self.row["id"])

    @property
    def task(self) -> str:
        """Name of the task."""
        return str(self.row["task"])

    @property
    def attack(self) -> str:
        """Name of the attack; ``"none"`` for the plain prompt."""
        return str(self.row.get("attack") or "none")

    @property
    def params(self) -> Mapping[str, Any]:
        """Parameters of the attack or kind of the sample."""
        return mapping(self.row.get("params"))

    @property
    def verdicts(self) -> list[Mapping[str, Any]]:
        """Verdicts in the order in which the judges ran."""
        return [mapping(v) for v in sequence(self.row.get("verdicts"))]


@dataclass(frozen=True)
class Training:
    """Loss curve and facts of one alignment."""

    arm: str
    stage: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Arm:
    """One model variant; ``name`` is unique on the page."""

    name: str
    method: str = ""
    description: str = ""


@dataclass(frozen=True)
class Run:
    """Everything that one run directory says."""

    name: str
    folder: Path
    facts: Mapping[str, Any]
    recipe: str | None
    arms: list[Arm]
    samples: list[Sample]
    training: list[Training]
    stages: list[Mapping[str, Any]] = field(default_factory=lambda: [])


def mapping(value: Any) -> Mapping[str, Any]:
    """Return ``value`` if it is an object, else an empty one."""
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else {}


def sequence(value: Any) -> Sequence[Any]:
    """Return ``value`` if it is a list, else an empty one."""
    return cast(Sequence[Any], value) if isinstance(value, list | tuple) else []


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """Read run directories; with several, arms carry the name of their run.

    Raises:
        SophroError: If a folder does not exist or is no run directory, or a file in it is broken.
    """
    if not folders:
        raise SophroError("no run directory given; name at least one")
    names = _distinct([_run_name(Path(f)) for f in folders])
    prefixed = len(folders) > 1
    return [_read_run(Path(f), n, f"{n}: " if prefixed else "") for f, n in zip(folders, names, strict=True)]


def _run_name(folder: Path) -> str:
    if not folder.is_dir():
        raise SophroError(f"{folder}: no such run directory; give the folder that `sophro run` wrote")
    if not any((folder / part).exists() for part in ("run.json", "recipe.yaml", "stages")):
        raise SophroError(f"{folder}: no run directory (neither run.json, recipe.yaml nor stages/ is in it)")
    facts = _json_object(folder / "run.json") if (folder / "run.json").exists() else {}
    return str(facts.get("name") or folder.resolve().name)


def _distinct(names: Iterable[str]) -> list[str]:
    seen: dict[str, int] = {}
    result: list[str] = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result


def _json_object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise SophroError(f"{path}, line {error.lineno}: not JSON ({error.msg})") from None
    if not isinstance(value, dict):
        raise SophroError(f"{path}: a JSON object is needed, this is a {type(value).__name__}")
    return cast(dict[str, Any], value)


def _read_run(folder: Path, name: str, prefix: str) -> Run:
    facts = _json_object(folder / "run.json") if (folder / "run.json").exists() else {}
    recipe = read_text(folder / "recipe.yaml") if (folder / "recipe.yaml").exists() else None
    samples: list[Sample] = []
    training: list[Training] = []
    stages = _stages(folder, sequence(facts.get("stages")))
    for path, stage in stages:
        if (path / "samples.jsonl").exists():
            samples.extend(_samples(path / "samples.jsonl", prefix))
        if (path / "training.jsonl").exists():
            rows = [row for _, row in read_jsonl(path / "training.jsonl")]
            training.append(Training(prefix + _trained_arm(stage), stage, rows))
    return Run(
        name, folder, facts, recipe, _arms(facts, samples, prefix), samples, training, [s for _, s in stages]
    )


def _stages(folder: Path, wanted: Sequence[Any]) -> list[tuple[Path, dict[str, Any]]]:
    root = folder / "stages"
    if not root.is_dir():
        return []
    # Names that start with a dot are unfinished: a writer renames only what is complete.
    paths = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    if wanted:
        paths = [p for p in paths if p.name in {str(w) for w in wanted}]
    found = [
        (p, _json_object(p / "stage.json") if (p / "stage.json").exists() else {"name": p.name})
        for p in paths
    ]
    found.sort(key=lambda item: (str(item[1].get("started") or ""), item[0].name))
    if wanted:
        return found
    latest = {str(stage.get("name") or path.name): path for path, stage in found}
    return [(p, s) for p, s in found if latest[str(s.get("name") or p.name)] == p]


def _samples(path: Path, prefix: str) -> list[Sample]:
    samples: list[Sample] = []
    for number, row in read_jsonl(path):
        for name in _NEEDED:
            if row.get(name) in (None, ""):
                raise SophroError(f"{path}, line {number}: field {name!r} is missing")
        samples.append(Sample(prefix + str(row["arm"]), row, f"{path.parent.name}/{path.name}:{number}"))
    return samples


def _trained_arm(stage: Mapping[str, Any]) -> str:
    declared = stage.get("arm") or mapping(stage.get("inputs")).get("arm")
    name = str(stage.get("name") or "unnamed")
    return str(declared) if declared else name.removeprefix("align-").removeprefix("align_")


def _arms(facts: Mapping[str, Any], samples: Iterable[Sample], prefix: str) -> list[Arm]:
    arms: dict[str, Arm] = {}
    for entry in map(mapping, sequence(facts.get("arms"))):
        if entry.get("name"):
            name = prefix + str(entry["name"])
            arms[name] = Arm(name, str(entry.get("method") or ""), str(entry.get("description") or ""))
    for sample in samples:
        arms.setdefault(sample.arm, Arm(sample.arm))
    return list(arms.values())
