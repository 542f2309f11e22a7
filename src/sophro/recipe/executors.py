"""Who does the stages: self-written answers, alignment, assessment.

Contract: an executor reads nothing but its job. It writes what later stages and the report read:
``answers.jsonl`` (answers), a plain PEFT adapter with ``training.jsonl`` (align), Inspect's log with
``samples.jsonl`` (assess).
"""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sophro.data import Record, load_set
from sophro.errors import SophroError
from sophro.files import read_jsonl, write_jsonl
from sophro.recipe._jobs import Job, StageExecutor
from sophro.recipe._plan import Kind

_SENTENCE_END = re.compile(r"[.!?。!?](?=\s|$)|\n")


def executors() -> dict[Kind, StageExecutor]:
    """Return the executor of every kind of stage."""
    return {"answers": answer, "align": align, "assess": assess}


def records(spec: Mapping[str, Any]) -> list[Record]:
    """Read a slice of a named set or of a JSONL file."""
    return load_set(str(spec["set"]), split=spec.get("split"), limit=spec.get("limit"))


def answer(job: Job) -> None:
    """Have the untrained model answer benign prompts; drop what is no good answer, and say why."""
    from sophro.chat import Transcript
    from sophro.judge import Exchange, judge
    from sophro.models import GenerationConfig, load

    inputs = job.stage.inputs
    chosen = records(inputs["data"])
    model = load(str(inputs["model"]))
    settings = {**inputs["generation"], "seed": inputs["seed"]}
    # Answers that stop where a sentence stops teach the model to end its turn; so give them room to.
    settings["max_new_tokens"] = max(96, int(settings["max_new_tokens"]))
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done += count
        job.advance(done, len(chosen))

    completions = model.generate(
        [Transcript.of(r.prompt) for r in chosen], GenerationConfig(**settings), progress=progress
    )
    texts = [_whole_sentences(c.text) if c.finish_reason == "length" else c.text.strip() for c in completions]
    verdicts = judge("embedded-refusal")(
        [Exchange.of(r.prompt, t) for r, t in zip(chosen, texts, strict=True)]
    )
    rows: list[dict[str, Any]] = []
    for record, text, verdict in zip(chosen, texts, verdicts, strict=True):
        dropped = verdict.outcome if verdict.outcome != "full_compliance" else ""
        dropped = dropped or ("short" if len(text.split()) < 5 and record.lang != "zh" else "")
        rows.append({"id": record.id, "prompt": record.prompt, "answer": text, "dropped": dropped})
    if all(row["dropped"] for row in rows):
        raise SophroError(f"{inputs['model']} gave no usable answer to {inputs['data']['set']}")
    write_jsonl(job.folder / "answers.jsonl", rows)


def _whole_sentences(text: str) -> str:
    """Cut a truncated answer after its last complete sentence; without one it stays as it is."""
    ends = [m.end() for m in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]].strip() if ends else text.strip()


def align(job: Job) -> None:
    """Train one arm."""
    from sophro.align import align as run_align
    from sophro.models import load

    inputs = job.stage.inputs
    data = {role: records(spec) for role, spec in inputs["data"].items()}
    if inputs["self_answers"]:
        role = str(inputs["self_answers"])
        (folder,) = job.needs.values()
        data[role] = _answered(data[role], folder / "answers.jsonl")
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
    )
    for file in result.iterdir():
        shutil.move(file, job.folder / file.name)
    result.rmdir()


def _answered(chosen: Sequence[Record], file: Path) -> list[Record]:
    answers = {row["id"]: row["answer"] for _, row in read_jsonl(file) if not row["dropped"]}
    return [dataclasses.replace(r, answer=answers[r.id]) for r in chosen if r.id in answers]


def assess(job: Job) -> None:
    """Assess one arm on one task under one attack."""
    from sophro.assess import assess as run_assess

    inputs = job.stage.inputs
    adapter = inputs["adapter"]
    if inputs["trained"]:
        (trained,) = job.needs.values()
        adapter = str(trained)
    settings: Mapping[str, Any] = inputs["generation"]
    judges: Mapping[str, Any] = inputs["judges"]
    task = str(inputs["task"])
    arguments: dict[str, Any] = {
        "set": inputs["set"],
        "split": inputs["split"],
        "limit": inputs["limit"],
        "refusal_judge": judges["refusal"],
        "max_new_tokens": settings["max_new_tokens"],
    }
    if task != "helpfulness":
        arguments["second_judge"] = judges["second"]
    if task == "harmful":
        arguments |= {"harm_judge": judges["harm"], "attack": inputs["attack"] or "none", **inputs["params"]}
    elif inputs["attack"] not in (None, "none") or inputs["params"]:
        raise SophroError(f"task {task} takes no attack; attacks belong to task harmful")
    total = len(records(inputs))
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done += count
        job.advance(done, total)

    run_assess(
        task,
        str(inputs["model"]),
        job.folder,
        task_args=arguments,
        patch=Path(adapter) if adapter else None,
        arm=str(inputs["arm"]),
        generation={
            "temperature": settings["temperature"],
            "top_p": settings["top_p"],
            "seed": inputs["seed"],
        },
        on_progress=progress,
    )
