"""Rules between the fields of a recipe, and the names it uses.

Contract: yields every problem with the path of the field that the user has to change; nothing is repaired.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sophro._yaml import Path
from sophro.assess import TASK_PARAMS
from sophro.errors import SophroError
from sophro.recipe._names import Names
from sophro.recipe._override import near
from sophro.recipe._schema import Arm, Assessment, Recipe
from sophro.registry import methods

# Read by the recipe itself; a method does not need to know it.
SELF_ANSWERS = "benign_answers"
# The arm whose trained model a method diagnoses.
TUNED_ARM = "tuned_arm"
_FROM_ARM = re.compile(r"^arm:([A-Za-z0-9][A-Za-z0-9_-]*)/([a-z][a-z0-9_]*)$")


# An adapter may also be the whole result of an arm.
_ARM_RESULT = re.compile(r"^arm:([A-Za-z0-9][A-Za-z0-9_-]*)(?:/([a-z][a-z0-9_]*))?$")


def arm_result(name: str | None) -> tuple[str, str] | None:
    """Return ``(arm, part)`` of an adapter like ``arm:safe`` or ``arm:safe/sft`` (part "" is the whole), or None."""
    found = _ARM_RESULT.match(name or "")
    return (found[1], found[2] or "") if found else None


def steers(method: str | None) -> bool:
    """Tell whether ``method`` is fitted at inference (room ``steer``) rather than trained."""
    return method is not None and method in methods("steer")


def from_arm(name: str) -> tuple[str, str] | None:
    """Return ``(arm, role)`` of a set name like ``arm:triggers/benign`` (what that arm prepared), or None."""
    found = _FROM_ARM.match(name)
    return (found[1], found[2]) if found else None


class Problem(NamedTuple):
    """What is wrong (one clause with the remedy) and where."""

    path: Path
    message: str


def problems(recipe: Recipe, names: Names) -> Iterator[Problem]:
    """Yield what is wrong with a recipe that has the right shape, in the order of the file."""
    if len(set(recipe.seeds)) != len(recipe.seeds):
        yield Problem(("seeds",), "a seed is listed twice; each seed is one repetition")
    for label, arm in recipe.arms.items():
        yield from _arm(recipe, ("arms", label), arm, names)
    for index, item in enumerate(recipe.assessments):
        here: Path = ("assessments", index)
        yield from _name(names, "task", item.task, (*here, "task"))
        yield from _name(names, "set", item.set, (*here, "set"))
        if item.attack is not None:
            yield from _name(names, "attack", item.attack, (*here, "attack"))
        elif item.params:
            known = TASK_PARAMS.get(item.task, ())
            if not known:
                yield Problem((*here, "params"), "params belong to an attack; name one with 'attack'")
            for param in item.params:
                if known and param not in known:
                    yield Problem(
                        (*here, "params", param),
                        f"task {item.task} has no such setting; {near(param, known)}",
                    )
        for name in item.arms or ():
            if name not in recipe.arms:
                yield Problem((*here, "arms"), f"there is no arm {name!r}; {near(name, recipe.arms)}")
        if item.arms == ():
            yield Problem((*here, "arms"), "an empty list stands for no arm at all; leave it out for all")
        for param, value in item.params.items():
            if value == []:
                yield Problem((*here, "params", param), "an empty list stands for no assessment at all")
        yield from _settings(here, item, names)
        if item in recipe.assessments[:index]:
            yield Problem(here, f"the same as assessments.{recipe.assessments.index(item)}; remove one")
    for role in ("refusal", "harm", "second", "second_harm"):
        name = getattr(recipe.judges, role)
        if name is not None:
            yield from _name(names, "judge", name, ("judges", role))
    if not recipe.assessments and not any(arm.method for arm in recipe.arms.values()):
        yield Problem((), "nothing to do: no arm has a method and there are no assessments")


def _settings(here: Path, item: Assessment, names: Names) -> Iterator[Problem]:
    """Build the attack with every combination of its settings: a wrong one must not show after the training."""
    if item.attack is None or names.settings is None or names.check("attack", item.attack):
        return
    for params in combinations(item.params):
        try:
            names.settings(item.attack, params)
        except SophroError as error:
            yield Problem((*here, "params"), str(error))
            return


def combinations(params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Return one set of parameters for each combination of the listed values."""
    values = [value if isinstance(value, list) else [value] for value in params.values()]
    for chosen in itertools.product(*values):
        yield dict(zip(params, chosen, strict=True))


def _name(names: Names, kind: str, name: str, path: Path) -> Iterator[Problem]:
    error = names.check(kind, name)
    if error is not None:
        yield Problem(path, str(error))


def _arm(recipe: Recipe, here: Path, arm: Arm, names: Names) -> Iterator[Problem]:
    if arm.model is None and recipe.model is None:
        yield Problem(here, "needs a model; set 'model' here or for the whole recipe")
    if (source := arm_result(arm.adapter)) is not None:
        if source[0] not in recipe.arms:
            yield Problem(
                (*here, "adapter"), f"there is no arm {source[0]!r}; {near(source[0], recipe.arms)}"
            )
        elif recipe.arms[source[0]].method is None:
            yield Problem((*here, "adapter"), f"arm {source[0]!r} is not trained; name an arm with a method")
        elif recipe.arms[source[0]] is arm:
            yield Problem((*here, "adapter"), "an arm cannot stand on itself")
    if arm.method is None:
        for field in ("data", "options"):
            if getattr(arm, field):
                yield Problem((*here, field), "is for training; name a method with 'method'")
        return
    yield from _name(names, "method", arm.method, (*here, "method"))
    if arm.adapter is not None and not steers(arm.method):
        yield Problem((*here, "adapter"), "an arm has an adapter that is ready or a method that trains one")
    if not arm.data:
        yield Problem(here, f"method {arm.method} needs data; set 'data' with a set for each role")
    for role, spec in arm.data.items():
        place: Path = (*here, "data", role, "set")
        source = from_arm(spec.set)
        if source is None:
            yield from _name(names, "set", spec.set, place)
        elif steers(arm.method):
            yield Problem(
                place, "a steering method takes named sets and files, not what another arm prepared"
            )
        elif source[0] not in recipe.arms:
            yield Problem(place, f"there is no arm {source[0]!r}; {near(source[0], recipe.arms)}")
        elif recipe.arms[source[0]] is arm:
            yield Problem(place, "an arm cannot take data from itself")
    yield from _tuned(recipe, here, arm)
    yield from _options(here, arm, arm.method, names)


def _tuned(recipe: Recipe, here: Path, arm: Arm) -> Iterator[Problem]:
    if TUNED_ARM not in arm.options:
        return
    named = arm.options[TUNED_ARM]
    field: Path = (*here, "options", TUNED_ARM)
    if named not in recipe.arms:
        yield Problem(field, f"there is no arm {named!r}; {near(str(named), recipe.arms)}")
    elif recipe.arms[str(named)].method is None:
        yield Problem(field, f"arm {named!r} is not trained; name an arm with a method")
    elif recipe.arms[str(named)] is arm or TUNED_ARM in recipe.arms[str(named)].options:
        yield Problem(field, "must be an arm that does not need another one")


def _options(here: Path, arm: Arm, method: str, names: Names) -> Iterator[Problem]:
    answers = arm.options.get(SELF_ANSWERS)
    if SELF_ANSWERS in arm.options and answers != "self":
        yield Problem((*here, "options", SELF_ANSWERS), f"is 'self' or left out, this is {answers!r}")
    elif answers == "self" and "benign" not in arm.data:
        yield Problem((*here, "options", SELF_ANSWERS), "needs benign prompts; set 'data.benign'")
    defaults = names.options(method) if names.options and not names.check("method", method) else None
    if defaults is None:
        return
    # The seed comes from the recipe's seeds: the plan repeats and names the arms by it.
    known = {name: value for name, value in defaults.items() if name != "seed"}
    for option, value in arm.options.items():
        field: Path = (*here, "options", option)
        if option in (SELF_ANSWERS, TUNED_ARM):
            continue
        if option not in known:
            yield Problem(field, f"method {method} has no such option; {near(option, known)}")
        elif (needed := _needed(known[option], value)) is not None:
            yield Problem(field, f"takes {needed}, this is {value!r}")


def _needed(default: object, value: object) -> str | None:
    """Say what an option takes, judged by its default, if ``value`` is something else."""
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "true or false"
    if isinstance(default, int | float):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if number else "a number"
    return None
