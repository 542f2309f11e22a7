"""One self-contained HTML page, and the same numbers as JSON, from run directories.

Contract: everything is read from files (see ``_read`` for the shape of ``run.json``); nothing is measured
here. What a run did not record shows as "not recorded", never as zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sophro.report._attacks import attack_score
    from sophro.report._build import build_report, summary
    from sophro.report._metrics import METRICS, Metric

__all__ = ["METRICS", "Metric", "attack_score", "build_report", "summary"]


def __getattr__(name: str) -> Any:
    # numpy and jinja2 load only when a report is really built.
    if name in ("build_report", "summary"):
        from sophro.report import _build

        return getattr(_build, name)
    if name == "attack_score":
        from sophro.report import _attacks

        return _attacks.attack_score
    if name in ("METRICS", "Metric"):
        from sophro.report import _metrics

        return getattr(_metrics, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
