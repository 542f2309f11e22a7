"""``sophro guard check``, ``calibrate`` and ``list``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def check_(
    *,
    in_: Annotated[Path, Parameter(name="--in")],
    out: Path,
    policy: Path | None = None,
    tenant: str | None = None,
    json: bool = False,
) -> None:
    """Decide about conversations: JSONL {id, messages} in, {id, action, scores, reasons} out.

    A conversation that ends with a reply is judged as that reply (its trace apart), any other as a request.

    Args:
        in_: File with one object a line: id, messages (a list of role and content).
        out: File to write, one object a line in the same order.
        policy: Policy file; the shipped one without it.
        tenant: Use the overrides of this tenant of the policy.
        json: Print the counts as JSON.
    """
    from sophro.cli._print import show_json
    from sophro.files import separate
    from sophro.guard import Policy, check_file

    separate(in_, out)
    found = Policy.load(policy)
    if tenant is not None:
        found.check_tenant(tenant)
    counts = check_file(found.for_tenant(tenant), in_, out)
    if json:
        show_json(counts)
        return
    actions = ", ".join(f"{n} {action}" for action, n in counts["actions"].items())
    print(f"{out}: {counts['n']} decisions by {found.name}: {actions}")
    if found.dry_run:
        print("the policy is a dry run: nothing of this would be carried out")
    for name, n in counts["not_evaluated"].items():
        print(f"not evaluated by {name}: {n}")


def calibrate_(
    *,
    in_: Annotated[Path, Parameter(name="--in")],
    out: Path,
    policy: Path | None = None,
    false_alarms: float = 0.02,
    json: bool = False,
) -> None:
    """Choose thresholds for a false-alarm target on labelled conversations, and write the policy.

    Half of the file chooses, the other half measures; what is printed was measured.

    Args:
        in_: File with one object a line: id, messages, label (harmful or benign).
        out: Policy file to write.
        policy: Policy whose rules get thresholds; the shipped one without it.
        false_alarms: Share of harmless conversations that may be flagged, by all rules of a place together.
        json: Print the result as JSON.
    """
    from sophro.cli._print import interval, percent, show_json, show_table
    from sophro.guard import Policy, choose_thresholds
    from sophro.guard.calibrate import write_policy

    found = Policy.load(policy)
    chosen = choose_thresholds(found, in_, false_alarms)
    rows = [
        (item.where, when, name, f"{r.k}/{r.n}", percent(r.value), interval(r.low, r.high))
        for item in chosen
        for when, rates in (("before", item.before), ("after", item.after))
        for name, r in rates.items()
    ]
    note = [
        f"Thresholds for {false_alarms:g} false alarms, by `sophro guard calibrate`; measured on half of the file:"
    ]
    note += [
        f"{where}: {name} {shown} {ends} ({k})"
        for where, when, name, k, shown, ends in rows
        if when == "after"
    ]
    write_policy(found, chosen, out, "\n".join(note))
    if json:
        show_json(
            [
                {
                    "where": item.where,
                    "thresholds": item.thresholds,
                    "chosen_on": {"harmless": item.chosen_on[0], "harmful": item.chosen_on[1]},
                    **{
                        when: {
                            n: {"k": r.k, "n": r.n, "value": r.value, "low": r.low, "high": r.high}
                            for n, r in rates.items()
                        }
                        for when, rates in (("before", item.before), ("after", item.after))
                    },
                }
                for item in chosen
            ]
        )
        return
    print(f"{out}: thresholds for {100 * false_alarms:g} % false alarms")
    for item in chosen:
        print(
            f"{item.where}, chosen on {item.chosen_on[0]} harmless and {item.chosen_on[1]} harmful conversations:"
        )
        show_table(("rule", "threshold"), [(k, f"{v:.4f}") for k, v in item.thresholds.items()], indent="  ")
    print("measured on the other half:")
    show_table(("place", "thresholds", "rate", "count", "value", "95 % interval"), rows, indent="  ")


def list_(*, json: bool = False) -> None:
    """List the detectors that a policy can name.

    Args:
        json: Print as JSON.
    """
    from sophro.cli._print import show_json, show_table
    from sophro.guard.scanners import ROWS
    from sophro.judge.llm import ADAPTERS

    rows = [
        *(
            {"name": n, "finds": r.title, "labels": list(r.labels), "where": list(r.where)}
            for n, r in ROWS.items()
        ),
        *(
            {"name": f"{a.name}@MODEL", "finds": a.title, "labels": ["harmful"], "where": ["input", "output"]}
            for a in ADAPTERS.values()
        ),
    ]
    if json:
        show_json(rows)
        return
    show_table(
        ("detector", "labels", "looks at", "finds"),
        [(r["name"], ", ".join(r["labels"]), ", ".join(r["where"]), r["finds"]) for r in rows],
    )
