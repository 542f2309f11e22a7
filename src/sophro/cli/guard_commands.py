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
    from sophro.guard import Policy, check_file

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
