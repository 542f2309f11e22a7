"""One self-contained HTML page, and the same numbers as JSON, from run directories.

Contract: everything is read from files (see ``_read`` for the shape of ``run.json``); nothing is measured
here. What a run did not record shows as "not recorded", never as zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sophro._lazy import lazy

if TYPE_CHECKING:
    from sophro.report._arena import arena_report
    from sophro.report._attacks import attack_score
    from sophro.report._build import build_report, script_source, summary
    from sophro.report._care import care_report, log_report
    from sophro.report._care_logs import log_files
    from sophro.report._metrics import METRICS, Metric
    from sophro.report._restructuring import render_restructuring, restructuring_report

__all__ = [
    "METRICS",
    "Metric",
    "arena_report",
    "attack_score",
    "build_report",
    "care_report",
    "log_files",
    "log_report",
    "render_restructuring",
    "restructuring_report",
    "script_source",
    "summary",
]


# numpy and jinja2 load only when a report is really built.
__getattr__ = lazy(
    __name__,
    {
        "METRICS": "_metrics",
        "Metric": "_metrics",
        "arena_report": "_arena",
        "attack_score": "_attacks",
        "build_report": "_build",
        **dict.fromkeys(("care_report", "log_report"), "_care"),
        "log_files": "_care_logs",
        "render_restructuring": "_restructuring",
        "restructuring_report": "_restructuring",
        "script_source": "_build",
        "summary": "_build",
    },
)
