"""Suites: names that stand for several tasks (and arms), so that one command measures what belongs together.

Contract: a suite is a recipe; nothing is measured that a recipe could not ask for. ``tradeoffs`` without a set runs on
all four capabilities. ``unlearning`` assesses the untrained model, the patched one and the patched one under the probes
on harm (plain and under attacks), over-refusal and utility. Relearning trains on the train part of the forgotten set;
the test part is what is assessed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sophro.data import Record
from sophro.errors import SophroError
from sophro.files import digest, read_jsonl, read_text
from sophro.recipe._fingerprint import content_key
from sophro.recipe._schema import Arm

TASK_SETS: Mapping[str, tuple[str, ...]] = {
    "harmful": ("starter/harmful:en",),
    "over_refusal": ("starter/lookalikes:en",),
    "helpfulness": ("starter/plain:en",),
    "toxic_chinese": ("cntp/toxic",),
    "tradeoffs": (
        "starter/maths:en",
        "starter/instructions:en",
        "starter/harmful:en",
        "starter/plain:en",
    ),
}
UNLEARNING = "unlearning"
FORGET = "starter/harmful:en"
_AXES = (
    ("harmful", "starter/harmful:en"),
    ("over_refusal", "starter/lookalikes:en"),
    ("helpfulness", "starter/plain:en"),
    ("helpfulness", "starter/exact:en"),
)
# One for each way in: a forced start, examples of compliance, a story within a story.
ATTACKS = ("none", "prefill", "ica", "deep_inception")


def expand(tasks: Sequence[str], data_set: str | None) -> list[tuple[str, str]]:
    """Return the pairs of task and set that ``tasks`` stand for.

    Raises:
        SophroError: If ``unlearning`` is asked for with other tasks or with a set of its own.
    """
    if UNLEARNING in tasks:
        if len(tasks) > 1 or data_set is not None:
            raise SophroError(
                "assess unlearning: it has tasks and sets of its own; ask for it alone, without --set"
            )
        return list(_AXES)
    found: list[tuple[str, str]] = []
    for task in tasks:
        chosen = (data_set,) if data_set is not None else TASK_SETS.get(task, (FORGET,))
        found += [(task, name) for name in chosen]
    return found


def variants(task: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the settings of one task as one or two assessments: the share ``keep`` means something to ``less`` only.

    Raises:
        SophroError: If a share is given and the mode is not asked for.
    """
    if task != "tradeoffs" or "keep" not in params:
        return [dict(params)]
    modes = [str(m) for m in params.get("mode", ())]
    if "less" not in modes:
        raise SophroError("assess tradeoffs: --keep belongs to the mode less; add --mode less")
    others = [m for m in modes if m != "less"]
    return [{"mode": ["less"], "keep": params["keep"]}, *([{"mode": others}] if others else [])]


def default_split(name: str) -> str | None:
    """Return the part of a set that is assessed unless another is named."""
    if name.startswith(("starter/maths", "starter/instructions")):
        return None  # nothing of sophro trains on them
    return "test" if name.startswith(("starter/", "cntp/")) else None


def unlearning_arms(model: str, patch: Path | None, out: Path, forget: str | None) -> dict[str, Arm]:
    """Return the arms of the suite; probes that the patch's folder does not hold are made beside ``out``.

    Raises:
        SophroError: If there is no patch, or the forgotten set cannot be read.
    """
    if patch is None:
        raise SophroError("assess unlearning: --patch is needed, the adapter that an unlearning method wrote")
    arms = {"base": Arm(model=model), "unlearned": Arm(model=model, adapter=str(patch.resolve()))}
    for name, folder in probes(model, patch, out, forget).items():
        arms[f"unlearned-{name}"] = Arm(model=model, adapter=str(folder.resolve()))
    return arms


def probes(model: str, patch: Path, out: Path, forget: str | None) -> dict[str, Path]:
    """Return the folder of every probe of ``patch``, made where it is not there yet."""
    from sophro.align.unlearning._probes import PROBES, probe_patch
    from sophro.data import load_set
    from sophro.models import load_chat, load_patch, save_patch

    chosen = forget or FORGET
    split: Any = "train" if chosen.startswith("starter/") else None
    found: dict[str, Path] = {}
    # Relearning depends on the model under the patch and on what is trained again.
    base = content_key(Path(model)) if Path(model).is_dir() else model
    key = digest(base, content_key(patch), content_key(Path(chosen)) if Path(chosen).is_file() else chosen)
    for name in PROBES:
        made = out.with_name(f"{out.name}-probes") / f"{name}-{key}"
        found[name] = patch / name if (patch / name).is_dir() else made
        if not found[name].exists():
            records = load_set(chosen, split=split, limit=10) if name == "relearn" else []
            if records:
                _refuse_overlap(records, load_set(FORGET, split="test"))
            found[name].parent.mkdir(parents=True, exist_ok=True)
            save_patch(probe_patch(load_chat(model), load_patch(patch), name, records), found[name])
    return found


def _refuse_overlap(trained: Sequence[Record], tested: Sequence[Record]) -> None:
    """Stop where the relearning probe would train on what is assessed."""
    from sophro.data import leak_check

    found = leak_check(trained, tested)
    pairs = [*found.exact, *found.behaviour, *found.ngram]
    if pairs:
        listed = ", ".join(f"{p.train} and {p.assess}" for p in pairs[:5])
        raise SophroError(
            f"assess unlearning: {len(pairs)} forgotten records are among the assessed ones ({listed}); name another "
            "set with --forget"
        )


def tables(rows: Sequence[Mapping[str, Any]], patch: Path | None) -> dict[str, Any]:
    """Return the lines of the suites' own tables as JSON values: ``unlearning`` and ``thinking``, where they apply."""
    from sophro.assess._thinking_table import audit, thinking_table
    from sophro.assess._trilemma import trilemma

    found: dict[str, Any] = {}
    if any(r["task"] == "tradeoffs" for r in rows):
        found["thinking"] = [{**vars(x), "rate": x.rate.to_dict()} for x in thinking_table(rows)]
        found["thought_audit"] = [{"arm": a, "mode": m, **cells} for (a, m), cells in audit(rows).items()]
    if any(r["arm"] == "unlearned" for r in rows):
        gone = [
            r for r in dict.fromkeys(str(r["arm"]) for r in rows) if r == "unlearned" and _diverged(patch)
        ]
        found["unlearning"] = [
            {
                "arm": x.arm, "harm": x.harm.to_dict(), "over_refusal": x.over_refusal.to_dict(),
                "utility": x.utility.to_dict(), "degenerate": x.degenerate.to_dict(), "score": x.score, "low": x.low,
                "high": x.high, "why": x.why, "attacks": {a: r.to_dict() for a, r in x.attacks.items()},
            }
            for x in trilemma(rows, "base", diverged=gone)
        ]  # fmt: skip
    return found


def samples(stages: Mapping[str, Path]) -> list[dict[str, Any]]:
    """Return all samples of a run's assessments."""
    names = [name for name in stages if name.startswith("assess-")]
    return [row for name in names for _, row in read_jsonl(stages[name] / "samples.jsonl")]


def _diverged(patch: Path | None) -> bool:
    file = patch / "unlearning.json" if patch is not None else None
    if file is None or not file.is_file():
        return False
    if json.loads(read_text(file))["diverged"]:
        print(f"{patch}: perplexity on benign answers rose tenfold; it has no score", file=sys.stderr)
        return True
    return False
