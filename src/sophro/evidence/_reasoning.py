"""Reasoning: thoughts become shorter without getting worse, and thinking modes cost what they say.

The subject is ``sophro models make reasoning``: a model that thinks in tags about arithmetic, tersely or at length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from sophro.data import Record
from sophro.errors import SophroError
from sophro.evidence._types import Check, Unfit, unfit
from sophro.stats import compare, paired_bootstrap

_KEEPS = (0.1, 0.5, 1.0)


def subject(folder: Path, quick: bool) -> Path:
    """Return the reasoning model, made once."""
    from sophro.align._reasoning import make_reasoning

    out = folder / ("reasoning-model-quick" if quick else "reasoning-model")
    if not out.exists():
        folder.mkdir(parents=True, exist_ok=True)
        make_reasoning("smollm2-135m", out, options={"examples": 400} if quick else {})
    return out


def fresh(count: int, seed: int, *used: Sequence[Record]) -> list[Record]:
    """Return problems that the subject was not trained on and that are not among ``used``."""
    from sophro.align._reasoning import OPTIONS
    from sophro.data._arithmetic import arithmetic_records

    known = {r.prompt for r in arithmetic_records(int(OPTIONS["examples"]), 0)}
    known |= {r.prompt for group in used for r in group}
    return [r for r in arithmetic_records(2 * count, seed) if r.prompt not in known][:count]


def efficiency(folder: Path, quick: bool) -> tuple[list[Check], list[str]]:
    """Steering cuts the mean thought by 20 % within 2 points of accuracy; a random direction of equal norm does not."""
    import torch

    from sophro.models import GenerationConfig, SteeringPatch, load_chat
    from sophro.steer._method import FitJob
    from sophro.steer.efficiency import METHOD, OPTIONS
    from sophro.steer.efficiency._accounts import accounts, totals
    from sophro.steer.efficiency._fit import patch_of

    model = load_chat(str(subject(folder, quick)))
    count = 60 if quick else 150
    fitted = fresh(count, 1)
    tested = fresh(40 if quick else 150, 2, fitted)
    try:
        made = METHOD.fit(
            FitJob(model, {"problems": fitted}, {**OPTIONS, "least_pairs": 10 if quick else 20})
        )
    except SophroError as error:
        return unfit(Unfit(str(error)))
    patch = made.patch
    assert isinstance(patch, SteeringPatch)
    ((layer, vector),) = patch.vectors.items()
    drawn = torch.randn(vector.shape, generator=torch.Generator().manual_seed(0))
    arms = {
        "base": [],
        "steered": [(patch, 1.0)],
        "reversed": [(patch, -1.0)],
        "random": [(patch_of(model, layer, drawn / drawn.norm() * vector.norm()), 1.0)],
    }
    config = GenerationConfig(max_new_tokens=int(OPTIONS["max_new_tokens"]))
    found = {
        name: [a for group in accounts(model, tested, config, patches) for a in group]
        for name, patches in arms.items()
    }
    sums = {name: totals(replies) for name, replies in found.items()}
    checks: list[Check] = []
    for name, control in (("steered", False), ("random", True)):
        change = _relative(found[name], found["base"])
        accuracy = compare([bool(a.right) for a in found[name]], [bool(a.right) for a in found["base"]])
        wide = accuracy.difference is not None and accuracy.difference >= -0.02
        if control:
            good = change[0] <= -0.20 and wide
            checks.append(
                Check("control: a random direction of equal norm does both", float(good), None, None, len(tested),
                      "==", 0.0, True)
            )  # fmt: skip
            continue
        checks += [
            Check("steered: relative change of the mean thought", *change, len(tested), "<=", -0.20),
            Check("steered: change of accuracy", accuracy.difference, accuracy.low, accuracy.high, accuracy.n_pairs,
                  ">=", -0.02),
        ]  # fmt: skip
    longer = _relative(found["reversed"], found["base"])
    checks.append(
        Check("control: the reversed direction shortens by 20 %", float(longer[0] <= -0.20), None, None, len(tested),
              "==", 0.0, True)
    )  # fmt: skip
    return checks, [
        f"{name}: {s.right} of {s.n} right, {s.unread} unread, {s.empty} without a thought, thought "
        f"{s.thought_tokens:.1f} tokens (median {s.thought_median:g}), reply {s.tokens:.1f}"
        for name, s in sums.items()
    ] + [f"layer {layer}, coefficient {made.report['coefficient']}, {made.report['pairs']} pairs, longest over "
         f"shortest correct thought {made.report['median_ratio']:.2f} (median)"]  # fmt: skip


def _relative(mine: Sequence[Any], other: Sequence[Any]) -> tuple[float, float | None, float | None]:
    """Return the change of the mean thought length against the base, as a share of it, with its interval."""
    before = sum(a.thought_tokens for a in other) / len(other)
    change = paired_bootstrap(
        [a.thought_tokens / before for a in mine], [a.thought_tokens / before for a in other]
    )
    point = sum(a.thought_tokens for a in mine) / len(mine) / before - 1
    return point, change.low, change.high


def modes(folder: Path, quick: bool) -> tuple[list[Check], list[str]]:
    """Thought tokens rise strictly from zero over less to the whole thought, and thinking gains right results."""
    from sophro.assess import assess
    from sophro.assess._thinking_table import thinking_table
    from sophro.files import write_jsonl

    model = str(subject(folder, quick))
    place = folder / ("modes-quick" if quick else "modes")
    place.mkdir(parents=True, exist_ok=True)
    problems = fresh(24 if quick else 60, 3)
    write_jsonl(
        place / "problems.jsonl",
        [{"id": r.id, "prompt": r.prompt, "accept": list(r.accept)} for r in problems],
    )
    settings: list[Mapping[str, Any]] = [
        {"mode": "zero"}, *({"mode": "less", "keep": k} for k in _KEEPS), {"mode": "summary"}, {"mode": "full"},
    ]  # fmt: skip
    rows: list[dict[str, Any]] = []
    for number, setting in enumerate(settings):
        run = place / f"run-{number}"
        run.mkdir(exist_ok=True)
        asked = {"set": str(place / "problems.jsonl"), "max_new_tokens": 256, **setting}
        rows += assess("tradeoffs", model, run, task_args=asked, arm="reasoning").rows
    lines = {x.mode: x for x in thinking_table(rows)}
    order = ["zero", *(f"less {k:g}" for k in _KEEPS)]
    costs = [lines[m].thought_tokens or 0.0 for m in order]
    full, zero = lines["full"], lines["zero"]
    by_id = {
        m: {r["id"]: r["verdicts"][0]["score"] == 1.0 for r in rows if r["params"]["mode"] == m}
        for m in ("full", "zero")
    }
    ids = sorted(by_id["full"])
    gain = compare([by_id["full"][i] for i in ids], [by_id["zero"][i] for i in ids])
    rising = all(a < b for a, b in pairwise(costs))
    return [
        Check("thought tokens rise strictly from zero over less 0.1 and 0.5 to less 1", float(rising), None, None,
              full.rate.n, "==", 1.0),
        Check("control: thought tokens of zero", costs[0], None, None, zero.rate.n, "==", 0.0, True),
        Check("right results, full minus zero", gain.difference, gain.low, gain.high, gain.n_pairs, ">=", 0.10),
    ], [
        f"{m}: {x.rate.k} of {x.rate.n} right, {x.unread} unread, {x.thought_tokens or 0:.1f} tokens of thought, "
        f"{x.generated_tokens:.1f} generated"
        for m, x in lines.items()
    ]  # fmt: skip
