"""``sophro assess`` and ``sophro attack``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter


def assess(
    *tasks: str,
    model: str,
    attack: tuple[str, ...] = (),
    k: tuple[int, ...] = (),
    param: tuple[str, ...] = (),
    patch: Path | None = None,
    set_: Annotated[str | None, Parameter(name="--set")] = None,
    split: str | None = None,
    limit: int | None = None,
    max_new_tokens: int = 64,
    shots: tuple[int, ...] = (),
    normalise: bool = False,
    mode: tuple[str, ...] = (),
    keep: tuple[float, ...] = (),
    forget: str | None = None,
    refusal: str = "embedded-refusal",
    harm: str = "embedded-harm",
    out: Path | None = None,
    json: bool = False,
) -> None:
    """Assess one model on one or several tasks; resumes by itself.

    Args:
        tasks: harmful, over_refusal, helpfulness, toxic_chinese, tradeoffs; or the suite unlearning by itself.
        model: A local model, any Inspect model (openai/..., vllm/...), or detector/NAME for toxic_chinese.
        attack: Attack put before task harmful (see: sophro methods --room attack); may be repeated.
        k: Forced tokens of prefill; may be repeated.
        param: Setting of an attack as key=value (shots=8) or attack.key=value; may be repeated.
        patch: Patch or adapter folder put on the model.
        set_: Set or JSONL file instead of the task's default.
        split: Split of the set; test by default for the starter sets, all for others.
        limit: Number of prompts a task.
        max_new_tokens: Length of an answer.
        shots: Examples in the prompt of toxic_chinese; may be repeated.
        normalise: Assess toxic_chinese with disguises undone too, beside the texts as they are.
        mode: Thinking mode of tradeoffs (full, zero, less, summary); may be repeated.
        keep: Share of the thought kept by mode less; may be repeated.
        forget: Forgotten set for the relearning probe of unlearning; the starter set by default.
        refusal: Judge of the refusal question.
        harm: Judge of the harm question.
        out: Run directory; below runs/ by default.
        json: Print the rates as JSON.
    """
    from sophro.cli._print import show_json
    from sophro.cli._tables import show_rates, show_suites
    from sophro.recipe.session import assess_once

    found = assess_once(
        tasks,
        model=model,
        attacks=attack,
        k=k,
        params=settings(param),
        patch=patch,
        data_set=set_,
        split=split,
        limit=limit,
        max_new_tokens=max_new_tokens,
        judges={"refusal": refusal, "harm": harm},
        out=out,
        quiet=json,
        settings={
            **({"shots": list(shots)} if shots else {}),
            **({"normalise": [False, True]} if normalise else {}),
            **({"mode": list(mode)} if mode else {}),
            **({"keep": list(keep)} if keep else {}),
        },
        forget=forget,
    )
    if json:
        show_json(found)
        return
    show_rates(found)
    show_suites(found)
    print(found["report"])


def attack(
    name: str,
    /,
    *,
    behaviors: Path,
    out: Path,
    model: str | None = None,
    k: int | None = None,
    where: str | None = None,
    param: tuple[str, ...] = (),
    json: bool = False,
) -> None:
    """Build the attempts of an attack: JSONL {id, prompt, opening?} in, attempts out; resumes by itself.

    Args:
        name: An attack (see: sophro methods --room attack).
        behaviors: File with one behaviour a line: id, prompt, optional opening.
        out: File to write: id, behaviour, attack, attempt, params, messages, error.
        model: Model under attack; needed by attacks that force tokens, and to check that long prompts fit.
        k: Forced tokens of prefill.
        where: answer or trace for prefill and h_cot.
        param: Another setting of the attack, as key=value; may be repeated.
        json: Print the counts as JSON.
    """
    from sophro.attack import attack as find_attack
    from sophro.attack._file import build_attempts
    from sophro.attack.search import RemoteTarget
    from sophro.cli._print import show_json
    from sophro.data import read_records
    from sophro.errors import SophroError
    from sophro.models import is_local, load, require

    params = {**settings(param), **{key: v for key, v in (("k", k), ("where", where)) if v is not None}}
    chosen = find_attack(name, params)
    records = read_records(behaviors)
    target = None
    if chosen.needs and model is None:
        raise SophroError(f"attack {name} needs --model (the target must offer {', '.join(chosen.needs)})")
    if model is not None:
        remote = bool(chosen.needs) and set(chosen.needs) <= RemoteTarget.capabilities and not is_local(model)
        target = RemoteTarget(model) if remote else load(model)
        require(target, chosen.needs, f"attack {name}")
    rows = build_attempts(chosen, records, target, out, {**params, "model": model})
    errors = sum(bool(row["error"]) for row in rows)
    if json:
        show_json({"out": str(out), "behaviours": len(records), "attempts": len(rows), "errors": errors})
        return
    failed = f", {errors} of them could not be built" if errors else ""
    print(f"{out}: {len(rows)} attempts{failed}")


def settings(pairs: tuple[str, ...]) -> dict[str, Any]:
    """Read ``key=value`` settings of an attack; the value is YAML.

    Raises:
        SophroError: If a pair has no ``=`` or its value is no YAML.
    """
    from sophro._yaml import parse
    from sophro.errors import SophroError

    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise SophroError(f"--param {pair}: write it as key=value, for example shots=8")
        found[key.strip()] = parse(value, f"--param {pair}").value
    return found
