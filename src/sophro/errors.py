"""The errors a user may see: one sentence that names what is wrong, where, and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SophroError(Exception):
    """Bad input or an environment that cannot do what was asked.

    The command line prints the message on one line and exits with code 2. Anything that is not a
    ``SophroError`` is a defect of ours and keeps its traceback.
    """


def unknown_name(kind: str, name: str, known: Iterable[str]) -> SophroError:
    """Return the error for a name that is not registered, listing the near ones.

    Args:
        kind: What was looked up, in the singular ("task", "attack", "method", ...).
        name: The name that the user gave.
        known: All names that would have worked.
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(names)}"
    return SophroError(f"unknown {kind} {name!r}; {hint}")
