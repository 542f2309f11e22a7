"""``sophro run`` and ``sophro report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def run(
    recipe: Path,
    *,
    out: Path | None = None,
    set_: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
    plan: bool = False,
    json: bool = False,
) -> None:
    """Align the arms of a recipe, attack and assess them, and write the report. Resumes by itself.

    Args:
        recipe: YAML file.
        out: Run directory; runs/<recipe name> by default.
        set_: Override, as key=value (arms.safety_sft.options.epochs=2); may be repeated.
        plan: Print stages, expected minutes and memory, and do nothing.
        json: Print the result as JSON.
    """
    from sophro.recipe.session import plan_recipe, run_recipe

    if plan:
        plan_recipe(recipe, set_, as_json=json)
    else:
        run_recipe(recipe, out, set_, as_json=json)


def report(runs: tuple[Path, ...], /, *, out: Path) -> None:
    """Write one self-contained HTML file about run directories, or about logs of Inspect of the tasks with people.

    Args:
        runs: Run directories; or logs of one of sophro/crisis, sophro/interview, sophro/arena, sophro/restructuring.
        out: HTML file to write.
    """
    from sophro.errors import SophroError
    from sophro.report import build_report, is_log, log_report

    if not runs:
        raise SophroError("report: name at least one run directory, or logs of Inspect")
    if all(is_log(path) for path in runs):
        print(log_report(runs, out))
        return
    for folder in runs:
        if not (folder / "stages").is_dir():
            raise SophroError(f"{folder}: not a run directory (no stages/); run a recipe first")
    print(build_report(list(runs), out))
