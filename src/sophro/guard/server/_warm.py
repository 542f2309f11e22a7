"""Loading a policy's detectors before the first request needs them.

Contract: every detector of this process judges one short text in each place that it knows, so that its weights, and the
models that it loads only for hard cases, are in memory. Nothing is fetched: a model that is not on this machine is
named, with the command that brings it. Guards behind an endpoint are not asked; they have no weights here.
"""

from __future__ import annotations

from sophro.errors import SophroError
from sophro.guard.policy import Policy
from sophro.guard.scanners import ROWS, View, scanner

# The embedded judges read with the embedded chat model (``sophro.judge._reader``).
_READERS = ("response_harm", "refusal")
_TEXTS = ("Could you tell me how bread is made, please? Take your time.", "请告诉我面包是怎么做的，谢谢。")


def warm(policy: Policy) -> None:
    """Load what ``policy`` judges with, for each of its tenants.

    Raises:
        SophroError: Naming the detector whose model is missing, and the remedy.
    """
    from sophro.models._embedded import NAME, folder

    names = [name for name in policy.scanner_names() if "@" not in name]
    # What is missing is said before anything is loaded.
    for name in names:
        if name in _READERS and not folder().exists():
            raise SophroError(
                f"detector {name!r} needs the model {NAME}, which is not in {folder().parent}; run: "
                f"sophro models pull {NAME}"
            )
    for name in names:
        # The one that the guard has: detectors with equal settings are built once a process.
        by = scanner(name, policy.fields.options.get(name))
        by([View(text, where, request=_TEXTS[0]) for where in ROWS[name].where for text in _TEXTS])
