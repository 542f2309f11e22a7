"""``sophro edit``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def edit(
    method: str,
    /,
    *,
    model: str,
    data: tuple[str, ...],
    out: Path,
    set_: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
    patch: Path | None = None,
    seed: int = 0,
    json: bool = False,
) -> None:
    """Edit the weights of one model with one method and write a patch that can be put on, scaled and taken off.

    Args:
        method: Method of the room edit (see sophro methods --room edit).
        model: smollm2-135m, a model folder, or a hub id.
        data: Data, as role=SET[,split=S][,limit=N] or role=FILE.jsonl; the role is 'harmful' if not given.
        out: Patch folder to create.
        set_: Option of the method, as key=value; may be repeated.
        patch: Patch or adapter to go on from; the new patch then holds both.
        seed: Seed of everything that is drawn.
        json: Print the facts as JSON.
    """
    from sophro.cli._print import show_json
    from sophro.cli.training import preparing, read_data, read_options
    from sophro.edit import edit as run_edit
    from sophro.models import load_chat
    from sophro.registry import method as find_method

    find_method(method, "edit")
    facts = run_edit(
        method,
        load_chat(model),
        read_data(data),
        out,
        options=read_options(set_),
        seed=seed,
        start=patch,
        advance=preparing(json, "editing"),
    )
    if json:
        show_json({"out": str(out), **facts})
    else:
        print(f"{out}: a patch made by {method}; see it with `sophro patch show {out}`")
