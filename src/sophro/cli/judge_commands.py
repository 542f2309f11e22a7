"""``sophro judge list``, ``score``, ``validate`` and ``override``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def score_(
    *,
    judge: str = "embedded-refusal",
    in_: Annotated[Path, Parameter(name="--in")],
    out: Path,
) -> None:
    """Judge responses: JSONL {id, prompt, response} in, verdicts out.

    Args:
        judge: Name of the judge; a rubric or guard on a model is ADAPTER@MODEL (see `sophro judge list`). Such
            a run goes on where it was stopped.
        in_: File with one object a line: id, prompt, response.
        out: File to write: id, outcome, harmful, score, reason, judge, version.
    """
    from sophro.files import separate
    from sophro.judge import judge as find_judge
    from sophro.judge import score_file

    separate(in_, out)
    by = find_judge(judge)
    rows = score_file(by, in_, out)
    unscored = sum(row["outcome"] == "unscored" for row in rows)
    print(f"{out}: {len(rows)} verdicts by {judge}, {unscored} of them unscored")
    _show_usage(by)


def list_(*, json: bool = False) -> None:
    """List the judges; those with an @ run on any Inspect model.

    Args:
        json: Print as JSON.
    """
    from sophro.cli._print import show_json, show_table
    from sophro.judge import judges
    from sophro.judge.llm import ADAPTERS

    rows = [
        *({"name": name, "title": title, "served": ""} for name, title in judges().items()),
        *({"name": f"{a.name}@MODEL", "title": a.title, "served": a.served} for a in ADAPTERS.values()),
    ]
    if json:
        show_json(rows)
        return
    show_table(("judge", "answers"), [(row["name"], row["title"]) for row in rows])


def validate_(*, judge: str = "embedded-refusal", labels: Path, json: bool = False) -> None:
    """Measure a judge against labels: kappa, sensitivity, specificity with intervals, by language and length.

    Args:
        judge: Name of the judge, or ADAPTER@MODEL.
        labels: JSONL {id, prompt, response, label}; label is an outcome, full_refusal / not_full_refusal, or
            0 / 1 for harm.
        json: Print the card as JSON.
    """
    from sophro.cli._print import note, show_json, show_table
    from sophro.judge import judge as find_judge
    from sophro.judge import read_labels, validate
    from sophro.judge._card import MIN_GROUP

    by = find_judge(judge)
    card = validate(by, read_labels(labels), labelled_set=labels.name)
    values = card.to_dict()
    if json:
        show_json(values)
        return
    print(f"{judge} on {labels.name}: n = {card.n}, unscored = {card.unscored} (they count as wrong)")
    print(f"kind {card.kind}, positive {card.positive}, version {card.version}, labels {card.labelled_hash}")
    measures = ("kappa", "sensitivity", "specificity")
    show_table(
        ("group", "n", "unscored", *measures),
        [
            (name, part["n"], part["unscored"], *(_estimate(part[m]) for m in measures))
            for name, part in (("all", values), *values["groups"].items())
        ],
    )
    if not values["groups"]:
        note(f"no language or length group has {MIN_GROUP} responses and is not the whole set")
    _show_usage(by)


def _estimate(part: Mapping[str, float | None]) -> str:
    value, low, high = (part[key] for key in ("value", "low", "high"))
    if value is None or low is None or high is None:
        return "undefined"
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _show_usage(by: object) -> None:
    from sophro.cli._print import note
    from sophro.judge.llm import LlmJudge

    if isinstance(by, LlmJudge):
        u = by.usage
        cost = "" if u.cost is None else f", cost {u.cost:.4f}"
        mean = u.seconds / u.calls if u.calls else 0.0
        note(
            f"{u.calls} calls ({u.retries} retries, {u.errors} errors), {u.input_tokens} + {u.output_tokens} tokens, "
            f"{mean:.2f} s a call{cost}"
        )


def override_(run: Path, /, *, in_: Annotated[Path, Parameter(name="--in")], json: bool = False) -> None:
    """Import verdicts by people into a run and score it again; who, when and why are kept.

    Args:
        run: Run directory, or the folder of one assessment.
        in_: JSONL {id, question, label, author, reason} and, where an id is not unique, arm, task, attack or stage;
            question is refusal, harm or helpful; optional response and date.
        json: Print the result as JSON.
    """
    from sophro.assess.overrides import apply_overrides
    from sophro.cli._print import show_json

    done = apply_overrides(run, in_)
    if json:
        show_json({"changed": done.changed, "unchanged": done.unchanged, "folders": done.folders})
        return
    print(f"{run}: {done.changed} verdicts set by people, {done.unchanged} stood already")
    if (run / "stages").is_dir():
        print(f"write the report again: sophro report {run} --out {run / 'report.html'}")
