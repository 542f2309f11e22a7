"""Read a recipe: YAML, overrides, schema, rules; every error names file, line and field.

Contract: nothing is executed or fetched. Paths in the file are relative to the file's folder, paths in
overrides to the working folder; both become absolute, so the recipe stored in a run directory stands alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sophro import _yaml
from sophro.errors import SophroError
from sophro.files import read_text
from sophro.recipe._checks import Problem, arm_result, from_arm, problems
from sophro.recipe._names import Names, installed_names
from sophro.recipe._override import apply_override, near
from sophro.recipe._schema import Recipe, slots

_Places = Mapping[_yaml.Path, str]
_SET_FILES = (".jsonl", ".json", ".csv")


def load_recipe(path: Path | str, overrides: Sequence[str] = (), *, names: Names | None = None) -> Recipe:
    """Read and validate a recipe.

    Args:
        path: A YAML file.
        overrides: ``path.to.key=value`` texts, applied in order before validation.
        names: The names that exist; default: those of this installation.

    Raises:
        SophroError: For the first problem, with file, line and field (or the override), and how many more
            there are.
    """
    source = str(path)
    document = _yaml.parse(read_text(path), source)
    if not isinstance(document.value, dict):
        raise SophroError(f"{source}: a recipe is a mapping with 'name', 'arms' and 'assessments'")
    tree: dict[str, Any] = document.value
    places: dict[_yaml.Path, str] = {p: f"{source}, line {n}" for p, n in document.lines.items()}
    overridden: list[_yaml.Path] = []
    for text in overrides:
        changed = apply_override(tree, text)
        _yaml.forget(places, changed)
        places[changed] = f"--set {text}"
        overridden.append(changed)
    _absolute_paths(tree, Path(path).resolve().parent, overridden, places)
    try:
        recipe = Recipe.model_validate_json(json.dumps(tree))
    except ValidationError as error:
        found = [Problem(tuple(d["loc"]), _sentence(d)) for d in error.errors(include_url=False)]
        raise _report(found, places, source) from None
    wrong = list(problems(recipe, names if names is not None else installed_names()))
    if wrong:
        raise _report(wrong, places, source)
    return recipe


def dump_recipe(recipe: Recipe) -> str:
    """Return the recipe as YAML with every default written out; ``load_recipe`` reads the same recipe."""
    return _yaml.dump(recipe.model_dump(mode="json", exclude_none=True))


def _report(found: Sequence[Problem], places: _Places, source: str) -> SophroError:
    path, message = found[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    name = f", {_yaml.dotted(path)}" if path else ""
    return SophroError(f"{_place(path, places, source)}{name}: {message}{more}")


def _place(path: _yaml.Path, places: _Places, source: str) -> str:
    for length in range(len(path), 0, -1):
        if path[:length] in places:
            return places[path[:length]]
    return places.get((), source)


def _sentence(detail: ErrorDetails) -> str:
    loc, value = tuple(detail["loc"]), detail["input"]
    kind = detail["type"]
    if kind == "missing":
        return "is needed"
    if kind == "extra_forbidden":
        return f"unknown key; {near(str(loc[-1]), slots(loc[:-1])[0])}"
    if kind == "string_pattern_mismatch":
        return f"{value!r} may hold letters, digits, '_' and '-' only"
    if kind == "model_type" or kind == "dict_type":
        known = slots(loc)[0]
        keys = f" with {', '.join(known)}" if known else ""
        return f"a mapping{keys} is needed, this is {_shown(value)}"
    return f"{detail['msg'].removeprefix('Input ').replace('should be', 'must be')}, this is {_shown(value)}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _absolute_paths(tree: Any, folder: Path, overridden: Sequence[_yaml.Path], places: _Places) -> None:
    """Make models, adapters and set files that are local paths absolute; names stay names."""
    for path in _path_fields(tree):
        *parents, key = path
        node = tree
        for part in parents:
            node = node[part]
        if isinstance(node, dict) and isinstance(node.get(key), str):
            base = Path.cwd() if any(path[: len(o)] == o for o in overridden) else folder
            place = f"{places.get(path, folder)}, {_yaml.dotted(path)}"
            node[key] = _absolute(str(key), node[key], base, place)


def _path_fields(tree: Any) -> Iterator[_yaml.Path]:
    """Yield where paths may stand in a tree that is not validated yet."""
    yield ("model",)
    for label, arm in _items(tree.get("arms")):
        yield from (("arms", label, "model"), ("arms", label, "adapter"))
        for role, _ in _items(arm.get("data") if isinstance(arm, dict) else None):
            yield ("arms", label, "data", role, "set")
    assessments = tree.get("assessments")
    for index in range(len(assessments) if isinstance(assessments, list) else 0):
        yield ("assessments", index, "set")


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _absolute(key: str, value: str, base: Path, place: str) -> str:
    if from_arm(value) is not None or (key == "adapter" and arm_result(value) is not None):
        return value
    path = base / Path(value).expanduser()
    if key == "set":
        certain, maybe, there, wanted = value.endswith(_SET_FILES), False, path.is_file(), "file"
    else:
        # A hub id looks like a relative path: without "./" it is one only where the folder is there.
        certain = key == "adapter" or value.startswith((".", "/", "~"))
        maybe, there, wanted = "/" in value, path.is_dir(), "folder"
    if certain and not there:
        raise SophroError(f"{place}: no such {wanted}: {path}; check the path")
    return str(path.resolve()) if there and (certain or maybe) else value
