"""One recipe from file to report: what the command line and the evidence call."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sophro.assess import TASK_PARAMS
from sophro.errors import SophroError, unknown_name
from sophro.files import read_jsonl
from sophro.recipe._checks import from_arm
from sophro.recipe._estimate import Throughput, describe, estimate
from sophro.recipe._folder import RunFolder
from sophro.recipe._jobs import RunResult
from sophro.recipe._load import load_recipe
from sophro.recipe._plan import Stage, plan
from sophro.recipe._progress import RunProgress
from sophro.recipe._record import write_record
from sophro.recipe._run import run
from sophro.recipe._schema import Arm, Assessment, Generation, Judges, Recipe
from sophro.recipe._suites import (
    ATTACKS,
    TASK_SETS,
    UNLEARNING,
    default_split,
    expand,
    samples,
    tables,
    unlearning_arms,
    variants,
)


def plan_recipe(path: Path, overrides: Sequence[str], *, as_json: bool = False) -> None:
    """Print what a recipe would do, how long it would take and how much memory; load nothing."""
    recipe = load_recipe(path, overrides)
    stages = plan(recipe)
    cost = estimate(stages, _throughput())
    if as_json:
        rows = [
            {
                "name": s.name,
                "key": s.key,
                "kind": s.kind,
                "minutes": c.minutes,
                "memory_bytes": c.memory_bytes,
            }
            for s, c in zip(stages, cost.stages, strict=True)
        ]
        _print({"stages": rows, "minutes": cost.minutes, "memory_bytes": cost.memory_bytes})
        return
    home = RunFolder(Path("runs") / recipe.name)
    done = [s.key for s in stages if home.stage(s).is_dir()]
    print("\n".join(describe(recipe, stages, cost, done)))


def run_recipe(
    path: Path, out: Path | None, overrides: Sequence[str] = (), *, as_json: bool = False
) -> RunResult:
    """Run a recipe file, write its report and print where it is."""
    recipe = load_recipe(path, overrides)
    result = execute(recipe, out, quiet=as_json)
    page = finish(result)
    if as_json:
        from sophro.report import summary

        _print({"report": str(page), **summary(result.out)})
    else:
        print(page)
    return result


def execute(recipe: Recipe, out: Path | None, *, quiet: bool = False) -> RunResult:
    """Run ``recipe`` with sophro's own executors, with progress on stderr."""
    from sophro.models import check_name
    from sophro.recipe.executors import executors

    # A user's own thread count wins; else a busy second process would fight for the same cores.
    os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))
    for arm in recipe.arms:
        check_name(recipe.model_of(arm))
    stages = plan(recipe)
    home = RunFolder(Path("runs") / recipe.name if out is None else out)
    facts = session_facts(recipe, stages, home)
    if not quiet:
        print(f"leak check: {facts['leaks']['summary']}", file=sys.stderr)
    with RunProgress(stages, estimate(stages, _throughput())) as progress:
        result = run(recipe, out, executors(), progress, facts)
    made = {s.name for s in stages if s.kind in ("answers", "prepare")}
    if made.intersection(result.executed):
        # Prompts that a method made itself, and those that stand in for dropped ones, are known only now.
        found = leaks(stages, home)
        if found != facts["leaks"]:
            write_record(home, recipe, stages, {**facts, "leaks": found})
            if not quiet:
                print(f"leak check with the prepared data: {found['summary']}", file=sys.stderr)
    return result


def finish(result: RunResult) -> Path:
    """Write ``report.html`` of a finished run."""
    from sophro.report import build_report

    return build_report([result.out], result.out / "report.html")


def session_facts(recipe: Recipe, stages: Sequence[Stage], home: RunFolder) -> dict[str, Any]:
    """Return what the run directory records beside its stages: arms, judge cards, leak check, command."""
    found = leaks(stages, home)  # reads every set first: a wrong one is refused before anything is loaded
    arms = [
        {
            "name": name,
            "method": arm.method or "none",
            "description": _described(arm, recipe.model_of(name)),
            **({"curve": arm.curve} if arm.curve else {}),
        }
        for name, arm in recipe.arms.items()
    ]
    return {
        "name": recipe.name,
        "description": recipe.description,
        "model": recipe.model or ", ".join(dict.fromkeys(recipe.model_of(a) for a in recipe.arms)),
        "arms": arms,
        "judges": _cards(recipe),
        "leaks": found,
        "command": f"sophro run {recipe.name}.yaml",
    }


def _described(arm: Arm, model: str) -> str:
    if arm.method is None:
        return f"{model} as it is" + (f" with adapter {arm.adapter}" if arm.adapter else "")
    parts = [f"{role}: {spec.limit or 'all'} of {spec.set}" for role, spec in arm.data.items()]
    base = f" + {arm.adapter}" if arm.adapter else ""
    return f"{model}{base} + {arm.method} ({'; '.join(parts)})"


def _cards(recipe: Recipe) -> list[dict[str, Any]]:
    from sophro.judge import judges, shipped_cards

    named = (recipe.judges.refusal, recipe.judges.harm, recipe.judges.second, recipe.judges.second_harm)
    known = judges()
    return [
        dict(card) for name in dict.fromkeys(n for n in named if n in known) for card in shipped_cards(name)
    ]


def leaks(stages: Sequence[Stage], home: RunFolder) -> dict[str, Any]:
    """Compare every training prompt of the plan, those that methods have made included, with every assessed one."""
    from sophro.align._prepare import Prepared
    from sophro.data import leak_check
    from sophro.recipe.executors import records

    train: dict[str, Any] = {}
    tested: dict[str, Any] = {}
    for stage in stages:
        if stage.kind in ("align", "edit", "steer"):
            for spec in stage.inputs["data"].values():
                if from_arm(str(spec["set"])) is not None:
                    continue  # its sources are data of that arm, and checked as such
                train |= {f"{r.set}/{r.id}": r for r in records(spec)}
        elif stage.kind == "prepare" and (folder := home.stage(stage)).is_dir():
            for role in Prepared.read(folder).data.values():
                train |= {f"{r.set}/{r.id}": r for r in role}
        elif stage.kind == "answers" and (folder := home.stage(stage)).is_dir():
            answered = {row["id"] for _, row in read_jsonl(folder / "answers.jsonl")}
            every = records({**stage.inputs["data"], "limit": None})
            train |= {f"{r.set}/{r.id}": r for r in every if r.id in answered}
        elif stage.kind == "assess":
            tested |= {f"{r.set}/{r.id}": r for r in records(stage.inputs)}
    if not train or not tested:
        return {"summary": "nothing is trained, so nothing can leak", "pairs": 0}
    from sophro.models import encoder

    report = leak_check(list(train.values()), list(tested.values()), encoder=encoder())
    return {"summary": report.sentence(), **report.to_dict()}


def assess_once(
    tasks: Sequence[str],
    *,
    model: str,
    attacks: Sequence[str],
    k: Sequence[int],
    params: Mapping[str, Any],
    patch: Path | None,
    data_set: str | None,
    split: str | None,
    limit: int | None,
    max_new_tokens: int,
    judges: Mapping[str, str],
    out: Path | None,
    quiet: bool,
    settings: Mapping[str, Any] | None = None,
    forget: str | None = None,
) -> dict[str, Any]:
    """Assess one model without a recipe file: the same stages, resume and report as a run.

    Returns:
        JSON values: ``out``, ``report``, the rates of every arm, and the tables of the suites that were asked for.
    """
    from sophro.files import digest
    from sophro.recipe._checks import problems
    from sophro.recipe._names import installed_names
    from sophro.registry import methods
    from sophro.report import summary

    if (limit is not None and limit < 1) or max_new_tokens < 1:
        raise SophroError(f"assess: --limit {limit} and --max-new-tokens {max_new_tokens} must be at least 1")
    if not tasks:
        raise SophroError(f"assess: name at least one task of {', '.join((*TASK_SETS, UNLEARNING))}")
    known = (*methods("assess"), UNLEARNING)
    for task in tasks:
        if task not in known:
            raise unknown_name("task", task, known)
    suite = UNLEARNING in tasks
    attacks = attacks or (ATTACKS if suite else ())
    assessments: list[Assessment] = []
    for task, chosen in expand(tasks, data_set):
        for attack in attacks or ("none",):
            if task != "harmful" and attack != "none":
                continue  # attacks disguise harmful requests; the benign tasks stay as they are
            chosen_params = _settings(attack, attacks, params)
            if attack == "prefill" and k:
                chosen_params["k"] = list(k)
            chosen_params |= {n: v for n, v in (settings or {}).items() if n in TASK_PARAMS.get(task, ())}
            assessments += [
                Assessment(
                    task=task,
                    set=str(Path(chosen).resolve()) if chosen.endswith(".jsonl") else chosen,
                    split=split or default_split(chosen),
                    limit=limit,
                    attack=None if attack == "none" else attack,
                    params=variant,
                )
                for variant in variants(task, chosen_params)
            ]
    if out is None:
        key = digest(
            list(tasks), model, str(patch), [a.model_dump(mode="json") for a in assessments], max_new_tokens
        )
        out = Path("runs") / f"assess-{key[:8]}"
    if suite:
        arms = unlearning_arms(model, patch, out, forget)
    else:
        arm = Arm(model=model, adapter=str(patch.resolve()) if patch else None)
        arms = {"patched" if patch else "model": arm}
    recipe = Recipe(
        name="assess",
        description=f"{model} on {', '.join(tasks)}",
        arms=arms,
        assessments=tuple(assessments),
        generation=Generation(max_new_tokens=max_new_tokens),
        judges=Judges(**judges),
    )
    for problem in problems(recipe, installed_names()):
        raise SophroError(f"assess: {problem.message}")
    result = execute(recipe, out, quiet=quiet)
    page = finish(result)
    own = tables(samples(result.stages), patch)
    return {"out": str(result.out), "report": str(page), **summary(result.out), **own}


def _settings(attack: str, attacks: Sequence[str], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of one attack: those that name it, and those that name none."""
    found: dict[str, Any] = {}
    for key, value in params.items():
        owner, dot, name = key.rpartition(".")
        if dot and owner not in attacks:
            raise SophroError(f"--param {key}: attack {owner!r} is not asked for with --attack")
        if attack != "none" and owner in ("", attack):
            found[name] = value
    return found


def _throughput() -> Throughput:
    from sophro.attack._table import ROWS
    from sophro.models._load import EMBEDDED

    # A search on log-probabilities pays a forward pass per query (0.04 s) and no answer (0.4 s); one that asks an
    # attacker pays for its answers too.
    queries = {
        row.name: row.budget.queries / 10
        if "logprobs" in row.needs
        else row.budget.queries + row.budget.attacker / 2
        for row in ROWS
    }
    return Throughput(parameters={EMBEDDED: 134.5e6}, queries=queries)


def _print(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))
