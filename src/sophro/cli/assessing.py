"""``sophro assess`` and ``sophro attack``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def assess(
    *tasks: str,
    model: str,
    attack: tuple[str, ...] = (),
    k: tuple[int, ...] = (),
    patch: Path | None = None,
    set_: Annotated[str | None, Parameter(name="--set")] = None,
    split: str | None = None,
    limit: int | None = None,
    max_new_tokens: int = 64,
    shots: tuple[int, ...] = (),
    normalise: bool = False,
    refusal: str = "embedded-refusal",
    harm: str = "embedded-harm",
    out: Path | None = None,
    json: bool = False,
) -> None:
    """Assess one model on one or several tasks; resumes by itself.

    Args:
        tasks: harmful, over_refusal, helpfulness, toxic_chinese.
        model: A local model, any Inspect model (openai/..., vllm/...), or detector/NAME for toxic_chinese.
        attack: Attack put before task harmful (none, prefill); may be repeated.
        k: Forced tokens of prefill; may be repeated.
        patch: Patch or adapter folder put on the model.
        set_: Set or JSONL file instead of the task's default.
        split: Split of the set; test by default for the starter sets, all for others.
        limit: Number of prompts a task.
        max_new_tokens: Length of an answer.
        shots: Examples in the prompt of toxic_chinese; may be repeated.
        normalise: Assess toxic_chinese with disguises undone too, beside the texts as they are.
        refusal: Judge of the refusal question.
        harm: Judge of the harm question.
        out: Run directory; below runs/ by default.
        json: Print the rates as JSON.
    """
    from sophro.recipe.session import assess_once

    assess_once(
        tasks,
        model=model,
        attacks=attack,
        k=k,
        patch=patch,
        data_set=set_,
        split=split,
        limit=limit,
        max_new_tokens=max_new_tokens,
        judges={"refusal": refusal, "harm": harm},
        out=out,
        as_json=json,
        settings={
            **({"shots": list(shots)} if shots else {}),
            **({"normalise": [False, True]} if normalise else {}),
        },
    )


def attack(
    name: str,
    /,
    *,
    behaviors: Path,
    out: Path,
    model: str | None = None,
    k: int | None = None,
    where: str | None = None,
) -> None:
    """Build the attempts of an attack: JSONL {id, prompt, opening?} in, attempts out.

    Args:
        name: none or prefill.
        behaviors: File with one behaviour a line: id, prompt, optional opening.
        out: File to write: id, behaviour, attack, params, messages.
        model: Model whose tokenizer counts forced tokens; needed by attacks that force tokens.
        k: Forced tokens of prefill.
        where: answer or trace for prefill.
    """
    from sophro.attack import attack as find_attack
    from sophro.data import read_records
    from sophro.errors import SophroError
    from sophro.files import write_jsonl
    from sophro.models import load, require

    params = {key: value for key, value in (("k", k), ("where", where)) if value is not None}
    chosen = find_attack(name, params)
    records = read_records(behaviors)
    target = None
    if chosen.needs:
        if model is None:
            raise SophroError(f"attack {name} needs --model (its tokenizer counts the forced tokens)")
        target = load(model)
        require(target, chosen.needs, f"attack {name}")
    rows = [
        {
            "id": attempt.record.id,
            "behaviour": attempt.record.prompt,
            "attack": name,
            "params": dict(attempt.params),
            "messages": [{"role": t.role, "content": t.text} for t in attempt.transcript.turns],
        }
        for attempt in chosen(records, target)
    ]
    write_jsonl(out, rows)
    print(f"{out}: {len(rows)} attempts")
