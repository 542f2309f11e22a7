"""``sophro judge score`` and ``sophro judge validate``."""

from __future__ import annotations

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
        judge: Name of the judge.
        in_: File with one object a line: id, prompt, response.
        out: File to write: id, outcome, harmful, score, reason, judge, version.
    """
    from sophro.judge import judge as find_judge
    from sophro.judge import score_file

    count = score_file(find_judge(judge), in_, out)
    print(f"{out}: {count} verdicts by {judge}")


def validate_(*, judge: str = "embedded-refusal", labels: Path, json: bool = False) -> None:
    """Measure a judge against labels: kappa, sensitivity, specificity with intervals.

    Args:
        judge: Name of the judge.
        labels: JSONL {id, prompt, response, label}; label is an outcome, full_refusal / not_full_refusal, or
            0 / 1 for harm.
        json: Print the card as JSON.
    """
    from sophro.cli._print import show_json, show_table
    from sophro.judge import judge as find_judge
    from sophro.judge import read_labels, validate

    card = validate(find_judge(judge), read_labels(labels), labelled_set=labels.name)
    values = card.to_dict()
    if json:
        show_json(values)
        return
    print(f"{judge} on {labels.name}: n = {card.n}, unscored = {values.get('unscored', 0)}")
    rows = [
        (name, f"{v['value']:.3f}" if v["value"] is not None else "–", f"[{v['low']:.3f}, {v['high']:.3f}]")
        for name in ("kappa", "sensitivity", "specificity")
        for v in (values[name],)
    ]
    show_table(("measure", "value", "95 % interval"), rows)
