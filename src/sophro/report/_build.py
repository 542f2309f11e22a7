"""From run directories to one HTML file, or to the same numbers as JSON.

Contract: the page is self-contained. Its content policy allows nothing but the one style sheet and the one
small script that this module writes, each by its hash, so text that escaped the escaping would still not
run. Autoescape is on, and every string passes ``visible`` on its way out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sophro.files import write_text
from sophro.pages import MISSING, environment, sealed, source, visible
from sophro.report import _charts, _steering, _text
from sophro.report import _metrics as m
from sophro.report import _svg as svg
from sophro.report._analysis import Analysis, Difference, analyse, cards_of
from sophro.report._attacks import attack_cost, attack_names
from sophro.report._finding import findings
from sophro.report._read import Run, read_runs
from sophro.report._samples import grouped

_TEMPLATES = Path(__file__).with_name("templates")
_OUTCOMES = {
    "full_compliance": "complied",
    "partial_refusal": "partly refused",
    "indirect_refusal": "deflected",
    "full_refusal": "refused",
    "broken": "broken",
    "unscored": "not scored",
}


def build_report(run_dirs: Sequence[Path], out: Path) -> Path:
    """Write the report of one run, or of several side by side.

    Args:
        run_dirs: Run directories; with several, arms carry the name of their run.
        out: HTML file to write, atomically.

    Returns:
        ``out``.

    Raises:
        SophroError: If a folder is no run directory or a file in it is broken.
    """
    runs = read_runs([Path(d) for d in run_dirs])
    write_text(out, render(runs))
    return Path(out)


def summary(run_dir: Path) -> dict[str, Any]:
    """Return the numbers of the page as JSON-able values.

    Raises:
        SophroError: If the folder is no run directory or a file in it is broken.
    """
    run = read_runs([Path(run_dir)])[0]
    a = analyse([run])
    return {
        "name": run.name,
        "model": run.facts.get("model"),
        "samples": len(run.samples),
        "findings": findings(a),
        "arms": {arm: _arm_numbers(a, arm) for arm in a.arms},
        "differences": [
            {
                "arm": d.arm,
                "reference": d.reference,
                "metric": d.metric.name,
                "prefill_tokens": d.depth,
                **d.comparison.to_dict(),
                "p_holm": d.p_holm,
                "clear": d.clear,
                "perhaps": d.perhaps,
            }
            for d in a.differences
        ],
        "categories": {
            metric: {c: {arm: x.to_dict() for arm, x in row.items()} for c, row in rows.items()}
            for metric, rows in a.categories.items()
        },
        "outcomes": [{**vars(o), "counts": dict(o.counts)} for o in a.outcomes],
        "human_verdicts": {q: {"n": n, "authors": who} for q, (n, who) in a.people.items()},
        "judge_disagreement": [{**vars(d), "kappa": d.kappa.to_dict()} for d in a.disagreements],
    }


def _arm_numbers(a: Analysis, arm: str) -> dict[str, Any]:
    return {
        **{name: measure.to_dict() for name, measure in a.headline[arm].items()},
        "coverage": a.coverage[arm].to_dict(),
        "prefill": {str(k): x.to_dict() for k, x in a.depth[arm].items() if k},
        "attacks": {name: x.to_dict() for name, x in a.attacks[arm].items()},
        "attack_scores": {name: x.to_dict() for name, x in a.scores.get(arm, {}).items()},
        "all_attacks": _summary(a, arm),
        "toxic_chinese": {how: x.to_dict() for how, x in a.toxic[arm].items()},
        "recovery": {str(k): x.to_dict() for k, x in a.recovery[arm].items()},
        "reflection": {
            name: {
                **x.rate.to_dict(),
                "raw_harmful": x.raw.to_dict() if x.raw else None,
                "delay": x.delay,
                "tokens": x.tokens,
            }
            for name, x in a.reflection.get(arm, {}).items()
        },
    }


def _summary(a: Analysis, arm: str) -> dict[str, Any] | None:
    found = a.summaries.get(arm)
    return found and {"worst": found.worst, "attacks": found.attacks, "asr_at_1": found.together.to_dict()}


def render(runs: Sequence[Run]) -> str:
    """Return the page for runs that were read."""
    from markupsafe import Markup

    made = environment(_TEMPLATES)
    for name in ("percent", "span", "points", "points_span", "p_value", "seconds", "count", "moment"):
        made.filters[name] = getattr(_text, name)
    made.filters["tie"] = _tie
    style, script = ((_TEMPLATES / name).read_text("utf-8") for name in ("report.css", "report.js"))
    analysis = analyse(runs)
    index = {arm: i for i, arm in enumerate(analysis.arms)}
    return made.get_template("report.html").render(
        **sealed(style, script),
        missing=MISSING,
        runs=runs,
        a=analysis,
        findings=findings(analysis),
        metrics=m.METRICS,
        outcome_names=_OUTCOMES,
        index=index,
        pairs=_pairs(analysis),
        cards={run.name: cards_of(run) for run in runs},
        groups=grouped([s for run in runs for s in run.samples]),
        charts={
            size: (Markup(_charts.tradeoff(analysis, width)), Markup(_charts.depth(analysis, width)))
            for size, width in (("wide", 680), ("narrow", 340))
        },
        layers=lambda d: Markup(_charts.layers(d)),
        overlap=lambda rows: Markup(_charts.overlap(rows)),
        totals=_charts.totals,
        sweep=lambda f: Markup(_steering.sweep(f)),
        heatmap=lambda f: Markup(_steering.heatmap(f)),
        curve=lambda t: Markup(_charts.curve(t, index.get(t.arm, 0))),
        mark=lambda arm: Markup(svg.picture(16, 16, arm, svg.marker(8, 8, index[arm], size=5), "glyph")),
        strip=_strip(index),
        stack=lambda o: Markup(
            svg.stack([(k, o.counts.get(k, 0)) for k in _OUTCOMES], f"Outcomes of {o.arm} on {o.task}")
        ),
        arm_class=lambda arm: svg.arm_class(index.get(arm, 0)),
        worst=_worst,
        attack_names=attack_names(analysis.scores),
        attack_cost=lambda name: attack_cost(analysis.scores, name),
    )


def _tie(text: str) -> Any:
    """Escape a sentence and keep each ``93 % [86–97 %]`` on one line."""
    from markupsafe import Markup, escape

    safe = str(escape(visible(text)))
    return Markup(re.sub(r"[\d.]+ %(?: \[[\d.]+–[\d.]+ %\])?", r'<span class="nb">\g<0></span>', safe))


def _pairs(analysis: Analysis) -> dict[tuple[str, str], list[Difference]]:
    pairs: dict[tuple[str, str], list[Difference]] = {}
    for difference in analysis.differences:
        pairs.setdefault((difference.arm, difference.reference), []).append(difference)
    return pairs


def script_source() -> str:
    """Return the ``sha256-...`` source of the one script that a report carries, for content policies of servers."""
    return source((_TEMPLATES / "report.js").read_text("utf-8"))


def _strip(index: dict[str, int]) -> Any:
    from markupsafe import Markup

    def strip(arm: str, value: float, low: float, high: float, least: float = 0.0) -> Any:
        title = f"{_text.percent(value)}, 95 % interval {_text.span(low, high)}"
        if least < 0:
            title = f"{_text.points(value)}, 95 % interval {_text.points_span(low, high)}"
        return Markup(svg.strip(value, low, high, index[arm], title, (least, 1.0)))

    return strip


def _worst(rows: dict[str, dict[str, m.Measure]], arm: str) -> tuple[str, m.Measure] | None:
    """Return the category with the highest rate, the better attested one where several share it."""
    scored = [(name, row[arm]) for name, row in rows.items() if row[arm].rate.n]
    return max(scored, key=lambda item: (item[1].rate.value or 0.0, item[1].rate.n), default=None)
