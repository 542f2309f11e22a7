"""Recipes: a YAML file says which arms to make and what to assess; a run directory holds what came out.

Contract: ``load_recipe`` -> ``plan`` -> ``estimate`` or ``run``. The work inside a stage is done by executors
that the caller passes in; this room knows neither models nor data. Names are loaded on first use, so that
importing the room costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sophro._lazy import lazy

if TYPE_CHECKING:
    from sophro.recipe._estimate import PlanEstimate, StageEstimate, Throughput, describe, estimate
    from sophro.recipe._folder import RunFolder
    from sophro.recipe._jobs import Job, Progress, RunResult, StageExecutor
    from sophro.recipe._load import dump_recipe, load_recipe
    from sophro.recipe._names import Names, installed_names
    from sophro.recipe._plan import Kind, Stage, plan
    from sophro.recipe._progress import RunProgress
    from sophro.recipe._run import run
    from sophro.recipe._schema import Arm, Assessment, DataSpec, Generation, Judges, Recipe

__all__ = [
    "Arm",
    "Assessment",
    "DataSpec",
    "Generation",
    "Job",
    "Judges",
    "Kind",
    "Names",
    "PlanEstimate",
    "Progress",
    "Recipe",
    "RunFolder",
    "RunProgress",
    "RunResult",
    "Stage",
    "StageEstimate",
    "StageExecutor",
    "Throughput",
    "describe",
    "dump_recipe",
    "estimate",
    "installed_names",
    "load_recipe",
    "plan",
    "run",
]

_HOMES = {
    "_estimate": ("PlanEstimate", "StageEstimate", "Throughput", "describe", "estimate"),
    "_folder": ("RunFolder",),
    "_jobs": ("Job", "Progress", "RunResult", "StageExecutor"),
    "_load": ("dump_recipe", "load_recipe"),
    "_names": ("Names", "installed_names"),
    "_plan": ("Kind", "Stage", "plan"),
    "_progress": ("RunProgress",),
    "_run": ("run",),
    "_schema": ("Arm", "Assessment", "DataSpec", "Generation", "Judges", "Recipe"),
}


__getattr__ = lazy(__name__, {name: module for module, names in _HOMES.items() for name in names})
