"""Who does the stages: self-written answers, prepared data, alignment, weight edits, assessment.

Contract: an executor reads nothing but its job. It writes what later stages and the report read:
``answers.jsonl`` (answers), ``<role>.jsonl`` with ``prepared.json`` (prepare), a plain PEFT adapter
with ``training.jsonl`` (align), a weight patch with ``edit.json`` (edit), a patch with ``steering.json`` (steer),
Inspect's log with
``samples.jsonl`` (assess).
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sophro.data import Record, load_set
from sophro.errors import SophroError
from sophro.files import read_jsonl, write_jsonl
from sophro.recipe._jobs import Job, StageExecutor
from sophro.recipe._plan import Kind


def executors() -> dict[Kind, StageExecutor]:
    """Return the executor of every kind of stage."""
    return {
        "answers": answer, "prepare": prepare, "align": align, "edit": edit, "steer": steer, "assess": assess,
    }  # fmt: skip


def records(spec: Mapping[str, Any]) -> list[Record]:
    """Read a slice of a named set or of a JSONL file."""
    return load_set(str(spec["set"]), split=spec.get("split"), limit=spec.get("limit"))


def answer(job: Job) -> None:
    """Have the untrained model answer benign prompts; drop what is no good answer, and say why."""
    from sophro.align._prepare import self_answers
    from sophro.models import load

    inputs = job.stage.inputs
    chosen = records(inputs["data"])
    wanted, known = len(chosen), {r.id for r in chosen}
    every = [*chosen, *(r for r in records({**inputs["data"], "limit": None}) if r.id not in known)]
    asked, done, kept = 0, 0, 0
    rows: list[dict[str, Any]] = []

    def progress(count: int) -> None:
        nonlocal done
        done += count
        job.advance(min(done, wanted), wanted)

    # The limit counts usable answers, as it does for matched data: else arms of "equal count" would differ by as many
    # as are dropped. What is dropped is made up for by the prompts that follow.
    while kept < wanted and asked < len(every):
        more = every[asked : asked + wanted - kept]
        answered = self_answers(
            load(str(inputs["model"])),
            more,
            # Answers that stop where a sentence stops teach the model to end its turn; so give them room to.
            config={
                **inputs["generation"],
                "seed": inputs["seed"],
                "max_new_tokens": max(96, int(inputs["generation"]["max_new_tokens"])),
            },
            progress=progress,
            harm_judge=str(inputs["harm_judge"]),
        )
        asked, kept = asked + len(more), kept + len(answered.records)
        rows += [{"id": r.id, "prompt": r.prompt, "answer": t, "dropped": d} for r, t, d in answered.texts]
    if not kept:
        raise SophroError(f"{inputs['model']} gave no usable answer to {inputs['data']['set']}")
    write_jsonl(job.folder / "answers.jsonl", rows)


def prepare(job: Job) -> None:
    """Make the data that a method trains on."""
    from sophro.align import prepare as run_prepare
    from sophro.models import load

    inputs = job.stage.inputs
    folders = list(job.needs.values())
    made = run_prepare(
        str(inputs["method"]),
        load(str(inputs["model"])),
        _data(inputs, folders),
        options=inputs["options"],
        seed=int(inputs["seed"]),
        tuned=folders[-1] if inputs["tuned"] else None,
        assessed=[r for spec in inputs.get("assessed", ()) for r in records(spec)],
        advance=job.advance,
    )
    made.write(job.folder)


def _data(inputs: Mapping[str, Any], folders: Sequence[Path]) -> dict[str, Sequence[Record]]:
    """Read the records of every role: named sets, and what other arms prepared."""
    from sophro.align._prepare import Prepared

    sources: Mapping[str, Any] = inputs.get("sources") or {}
    data: dict[str, Sequence[Record]] = {}
    for role, spec in inputs["data"].items():
        if role not in sources:
            data[role] = records(spec)
            continue
        number, their = sources[role]
        found = Prepared.read(folders[number]).data
        if their not in found:
            raise SophroError(f"{spec['set']}: that arm prepared {', '.join(sorted(found))}, not {their!r}")
        data[role] = list(found[their])[: spec.get("limit")]
    return data


def align(job: Job) -> None:
    """Train one arm."""
    from sophro.align import align as run_align
    from sophro.models import load

    inputs = job.stage.inputs
    folders = list(job.needs.values())
    if inputs.get("prepared"):
        from sophro.align._prepare import Prepared

        data = Prepared.read(folders[0]).data
    else:
        data = _data(inputs, folders)
        if inputs["self_answers"]:
            role = str(inputs["self_answers"])
            every = records({**inputs["data"][role], "limit": None})
            data[role] = _answered(every, folders[0] / "answers.jsonl")
    result = job.folder / "adapter"
    run_align(
        str(inputs["method"]),
        load(str(inputs["model"])),
        data,
        result,
        options=inputs["options"],
        seed=int(inputs["seed"]),
        work=job.work,
        progress=lambda done, total, _loss: job.advance(done, total),
        prepared=bool(inputs.get("prepared")),
    )
    _lift(result)


def edit(job: Job) -> None:
    """Edit the weights of one arm."""
    from sophro.edit import edit as run_edit
    from sophro.models import load_chat

    inputs = job.stage.inputs
    result = job.folder / "patch"
    run_edit(
        str(inputs["method"]),
        load_chat(str(inputs["model"])),
        _data(inputs, list(job.needs.values())),
        result,
        options=inputs["options"],
        seed=int(inputs["seed"]),
        advance=job.advance,
    )
    _lift(result)


def _lift(folder: Path) -> None:
    """Move what a folder holds one level up."""
    for file in folder.iterdir():
        shutil.move(file, folder.parent / file.name)
    folder.rmdir()


def _answered(every: Sequence[Record], file: Path) -> list[Record]:
    by_id = {r.id: r for r in every}
    return [
        dataclasses.replace(by_id[row["id"]], answer=row["answer"])
        for _, row in read_jsonl(file)
        if not row["dropped"]
    ]


def steer(job: Job) -> None:
    """Fit one steering arm, on top of the arm or adapter that it stands on."""
    from sophro.models import load_chat
    from sophro.steer import fit

    inputs = job.stage.inputs
    result = job.folder / "patch"
    fit(
        str(inputs["method"]),
        load_chat(str(inputs["model"])),
        _data(inputs, ()),
        result,
        options=inputs["options"],
        base=_adapter(job),
        seed=int(inputs["seed"]),
        advance=job.advance,
    )
    for file in result.iterdir():
        shutil.move(file, job.folder / file.name)
    result.rmdir()


def _adapter(job: Job) -> Path | None:
    """Return the adapter that is on the model: a ready one, or (a part of) the result of the stage needed."""
    inputs = job.stage.inputs
    if not inputs["trained"]:
        return Path(inputs["adapter"]) if inputs["adapter"] else None
    (made,) = job.needs.values()
    return made / inputs["part"] if inputs.get("part") else made


def assess(job: Job) -> None:
    """Assess one arm on one task under one attack."""
    from sophro.assess import JUDGED, TASK_PARAMS
    from sophro.assess import assess as run_assess

    inputs = job.stage.inputs
    settings: Mapping[str, Any] = inputs["generation"]
    judges: Mapping[str, Any] = inputs["judges"]
    task = str(inputs["task"])
    arguments: dict[str, Any] = {
        "set": inputs["set"],
        "split": inputs["split"],
        "limit": inputs["limit"],
        "max_new_tokens": settings["max_new_tokens"],
    }
    if task in TASK_PARAMS:
        if inputs["attack"] not in (None, "none"):
            raise SophroError(f"task {task} takes no attack; its disguises are the attack")
        arguments |= inputs["params"]
        if task in JUDGED:
            arguments |= {"refusal_judge": judges["refusal"], "harm_judge": judges["harm"]}
    else:
        arguments["refusal_judge"] = judges["refusal"]
        if task != "helpfulness":
            arguments["second_judge"] = judges["second"]
    if task == "harmful":
        arguments |= {
            "second_harm_judge": judges.get("second_harm"),
            "harm_judge": judges["harm"],
            "attack": inputs["attack"] or "none",
            "params": dict(inputs["params"]),
        }
    elif task not in TASK_PARAMS and (inputs["attack"] not in (None, "none") or inputs["params"]):
        raise SophroError(f"task {task} takes no attack; attacks belong to task harmful")
    total = len(records(inputs))
    if inputs["attack"] is not None:
        from sophro.attack import attack

        chosen = attack(str(inputs["attack"]), inputs["params"])
        if hasattr(chosen, "folder"):  # a search: one attempt, and steps that outlive a kill
            arguments["params"] = {"folder": str(job.work / "search"), **arguments.get("params", {})}
        else:
            total *= chosen.budget.queries
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done += count
        job.advance(min(done, total), total)

    run_assess(
        task,
        str(inputs["model"]),
        job.folder,
        task_args=arguments,
        patch=_adapter(job),
        arm=str(inputs["arm"]),
        generation={
            "temperature": settings["temperature"],
            "top_p": settings["top_p"],
            "seed": inputs["seed"],
        },
        on_progress=progress,
    )
