"""``--set arms.safety_sft.options.epochs=2``: change one value of a recipe before it is validated.

Contract: the value is YAML; every step of the path must exist in the file or be a field of the schema, so
that a misspelt arm is an error and not a new arm; list members are named by their index.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from sophro._yaml import Path, dotted, parse
from sophro.errors import SophroError
from sophro.recipe._schema import slots


def near(name: str, known: Iterable[str]) -> str:
    """Return a hint for a wrong key: the near ones, else all."""
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.55)
    if close:
        return f"did you mean {', '.join(close)}?"
    return f"known: {', '.join(names)}" if names else "there are no keys here"


def apply_override(tree: dict[str, Any], text: str) -> Path:
    """Set one value in ``tree`` (changed in place).

    Args:
        tree: The recipe as plain values.
        text: ``path=value``, the path with dots.

    Returns:
        The path that was set.

    Raises:
        SophroError: If the form, a step of the path or the value is wrong; names near keys.
    """
    source = f"--set {text}"
    name, equals, value = text.partition("=")
    steps = [step.strip() for step in name.split(".")]
    if not equals or not all(steps):
        raise SophroError(f"{source}: write it as path.to.key=value, for example seeds=[0,1]")
    new = parse(value, source).value
    node: Any = tree
    path: Path = ()
    for position, step in enumerate(steps):
        last = position == len(steps) - 1
        if isinstance(node, list):
            index = _index(step, len(node), source, path)
            path = (*path, index)
            if last:
                node[index] = new
            node = node[index]
            continue
        if not isinstance(node, dict):
            raise SophroError(f"{source}: {dotted(path)} is a plain value and has no key {step!r}")
        fields, open_ended = slots(path)
        if step not in node and step not in fields and not open_ended:
            place = f" in {dotted(path)}" if path else ""
            raise SophroError(f"{source}: no key {step!r}{place}; {near(step, [*node, *fields])}")
        path = (*path, step)
        if last:
            node[step] = new
        elif node.get(step) is None:
            node[step] = {}
        node = node[step]
    return path


def _index(step: str, size: int, source: str, path: Path) -> int:
    if not (step.isascii() and step.isdigit()) or int(step) >= size:
        wanted = f"an index from 0 to {size - 1}" if size else "nothing: the list is empty"
        raise SophroError(f"{source}: {dotted(path)} is a list and takes {wanted}, not {step!r}")
    return int(step)
