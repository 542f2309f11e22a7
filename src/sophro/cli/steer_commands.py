"""``sophro steer fit``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def fit_(
    method: str,
    /,
    *,
    model: str,
    data: tuple[str, ...],
    out: Path,
    patch: Path | None = None,
    set_: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
    seed: int = 0,
    json: bool = False,
) -> None:
    """Fit one steering method and write a patch directory, for assess --patch and for recipes.

    Args:
        method: Method of the room steer (see sophro methods --room steer).
        model: smollm2-135m, a model folder, or a hub id.
        data: Prompts, as role=SET[,split=S][,limit=N] or role=FILE.jsonl.
        out: Patch directory to create.
        patch: Patch or adapter that is on the model; the result holds both.
        set_: Option of the method, as key=value; may be repeated.
        seed: Seed of whatever is drawn.
        json: Print the result as JSON.
    """
    import sys

    from sophro.cli._print import show_json
    from sophro.cli.training import preparing, read_data, read_options
    from sophro.models import load_chat
    from sophro.registry import method as find_method
    from sophro.steer import fit

    find_method(method, "steer")
    records = read_data(data)

    made = fit(
        method,
        load_chat(model),
        records,
        out,
        options=read_options(set_),
        base=patch,
        seed=seed,
        advance=preparing(json, "fitting"),
    )
    if json:
        show_json({"out": str(out), **made.report})
        return
    for warning in made.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(f"{out}: {method}, layers and strengths in {out / 'steering.json'}")
