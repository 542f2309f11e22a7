"""Run directories to plain objects; nothing here computes a number.

Contract: the layout is the one of ``docs/design/contracts.md``. ``run.json`` may hold the following fields;
all are optional, and what is missing shows in the page as "not recorded"::

    {"name": "toy", "recipe": "toy", "recipe_hash": "...", "model": "smollm2-135m", "seeds": [0],
     "started": "...", "finished": "...", "complete": true, "seconds": 812.0, "sophro": "0.1.0",
     "versions": {"torch": "..."}, "hashes": {"starter/harmful": "..."}, "host": {"cores": 2},
     "command": "sophro run toy.yaml", "leaks": {"pairs": 0}, "unused": ["assess-old-..."],
     "judges": [{"judge": "embedded-refusal", "version": "...", "labelled_set": "...", "n": 300,
                 "kappa": {"value", "low", "high"}, "sensitivity": {"k", "n", "value", "low", "high"},
                 "specificity": {...}}],
     "arms": [{"name": "base", "method": "none", "description": "...", "curve": "..."}],
     "stages": [{"name", "kind", "key", "needs", "done", "started", "seconds"}]}

``arms`` fixes the order (the first one is the reference that others are compared with); without it the
order of the stages does. ``stages`` also says by their keys which stage folders belong to the run, so that
those left from an older recipe are passed over; without it all are read. An alignment belongs to the arms
whose assessments need it, else to the one in its name, ``align-<arm>-s<seed>``. A judge card is what
``JudgeCard.to_dict`` gives; ``k`` and ``n`` in it are optional, but make the corrected rates exact.
"""

from __future__ import annotations

import json
import re
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
class Finding:
    """What preparing or training of an arm found out: its JSON facts by topic."""

    arm: str
    topic: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Arm:
    """One model variant; ``name`` is unique on the page, arms of one ``curve`` are joined by a line."""

    name: str
    method: str = ""
    description: str = ""
    curve: str = ""


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
    found: list[Finding] = field(default_factory=lambda: [])

    @property
    def model(self) -> str | None:
        """Name of the model, from the facts or else from the stages."""
        named = [self.facts.get("model")] if self.facts.get("model") else []
        named += [model for s in self.stages if (model := mapping(s.get("inputs")).get("model"))]
        return ", ".join(dict.fromkeys(map(str, named[:1] if self.facts.get("model") else named))) or None

    @property
    def unfinished(self) -> list[str]:
        """Names of the stages that the recipe asks for and that are not there."""
        rows = map(mapping, sequence(self.facts.get("stages")))
        return [str(row.get("name")) for row in rows if row.get("done") is False]

    @property
    def hashes(self) -> dict[str, Any]:
        """All recorded hashes: data, recipe, stages."""
        rows = map(mapping, sequence(self.facts.get("stages")))
        found = {**mapping(self.facts.get("hashes"))}
        if self.facts.get("recipe_hash"):
            found["recipe"] = self.facts["recipe_hash"]
        return found | {str(row.get("name")): row["key"] for row in rows if row.get("key")}


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
    return str(facts.get("name") or facts.get("recipe") or folder.resolve().name)


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
    found: list[Finding] = []
    stages = _stages(folder, [mapping(row) for row in sequence(facts.get("stages"))])
    for path, stage in stages:
        if (path / "samples.jsonl").exists():
            samples.extend(_samples(path / "samples.jsonl", prefix))
        if (path / "training.jsonl").exists():
            rows = [row for _, row in read_jsonl(path / "training.jsonl")]
            arms = _trained_arms(stage, [s for _, s in stages])
            training.extend(Training(prefix + arm, stage, rows) for arm in arms)
        for topic in ("prepared", "reflection", "edit", "steering"):
            if (path / f"{topic}.json").exists():
                arm = re.fullmatch(r"(?:align|prepare|edit|steer)-(.+?)-s\d+(?:-\d+)?", str(stage["name"]))
                label = prefix + (arm[1] if arm else str(stage["name"]))
                found.append(Finding(label, topic, _json_object(path / f"{topic}.json")))
    arms = _arms(facts, samples, prefix)
    return Run(name, folder, facts, recipe, arms, samples, training, [s for _, s in stages], found)


def _stages(folder: Path, plan: Sequence[Mapping[str, Any]]) -> list[tuple[Path, Mapping[str, Any]]]:
    root = folder / "stages"
    if not root.is_dir():
        return []
    # Names that start with a dot are unfinished: a writer renames only what is complete.
    paths = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    found: list[tuple[Path, Mapping[str, Any]]] = []
    keys = {str(row.get("key")): index for index, row in enumerate(plan)}
    for path in paths:
        key = path.name.rpartition("-")[2]
        if plan and key not in keys:
            continue
        stage = _json_object(path / "stage.json") if (path / "stage.json").exists() else {}
        # The plan's row wins: an arm may have been renamed since its stage was made.
        found.append((path, {"name": path.name, **stage, **(plan[keys[key]] if plan else {})}))
    if plan:
        found.sort(key=lambda item: keys[item[0].name.rpartition("-")[2]])
    else:
        found.sort(key=lambda item: (str(item[1].get("started") or ""), item[0].name))
    return found


def _samples(path: Path, prefix: str) -> list[Sample]:
    samples: list[Sample] = []
    for number, row in read_jsonl(path):
        for name in _NEEDED:
            if row.get(name) in (None, ""):
                raise SophroError(f"{path}, line {number}: field {name!r} is missing")
        samples.append(Sample(prefix + str(row["arm"]), row, f"{path.parent.name}/{path.name}:{number}"))
    return samples


def _trained_arms(stage: Mapping[str, Any], stages: Sequence[Mapping[str, Any]]) -> list[str]:
    users = [mapping(s.get("inputs")).get("arm") for s in stages if stage["name"] in sequence(s.get("needs"))]
    named = re.fullmatch(r"(?:align[-_])?(.+?)(?:-s\d+)?", str(stage["name"]))
    return list(dict.fromkeys(str(u) for u in users if u)) or [named[1] if named else str(stage["name"])]


def _arms(facts: Mapping[str, Any], samples: Iterable[Sample], prefix: str) -> list[Arm]:
    arms: dict[str, Arm] = {}
    for entry in map(mapping, sequence(facts.get("arms"))):
        if entry.get("name"):
            name = prefix + str(entry["name"])
            curve = prefix + str(entry["curve"]) if entry.get("curve") else ""
            described = str(entry.get("description") or "")
            arms[name] = Arm(name, str(entry.get("method") or ""), described, curve)
    for sample in samples:
        arms.setdefault(sample.arm, Arm(sample.arm))
    return list(arms.values())
