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
        runs: Run directories; or logs of one of sophro/crisis, sophro/interview, sophro/arena, sophro/restructuring, or
            folders of such logs.
        out: HTML file to write.
    """
    from sophro.errors import SophroError
    from sophro.report import build_report, log_files, log_report

    if not runs:
        raise SophroError("report: name at least one run directory, or logs of Inspect")
    for path in runs:
        if not path.exists():
            raise SophroError(f"{path}: no such file or folder; name run directories, or logs of Inspect")
    logs = {path: log_files(path) for path in runs}
    if all(logs.values()):
        print(log_report([log for found in logs.values() for log in found], out))
        return
    for path, found in logs.items():
        if found:
            raise SophroError(
                f"{path}: logs of Inspect and run directories make pages of their own; name one kind"
            )
    for path in runs:
        if not (path / "stages").is_dir():
            raise SophroError(
                f"{path}: not a run directory (no stages/) and no log of Inspect; run a recipe or a task first"
            )
    print(build_report(list(runs), out))
