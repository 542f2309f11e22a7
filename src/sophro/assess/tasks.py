"""The Inspect tasks ``sophro/harmful``, ``sophro/over_refusal`` and ``sophro/helpfulness``.

``sophro/toxic_chinese`` and ``sophro/tradeoffs`` have modules of their own and are reached from here too.

Contract: one sample per record (and attack); ids are unique; every sample's metadata holds the behaviour in
plain words, so that judges never see the disguise. Which records a limit takes depends on neither seed nor
model, so that arms are compared on the same prompts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, cast

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig, ModelOutput, get_model
from inspect_ai.solver import Generate, Solver, TaskState, generate, solver

from sophro.assess import TASK_VERSION
from sophro.assess._inputs import sample_of
from sophro.assess._scorers import harm, helpful, refusal
from sophro.assess.toxic_chinese import toxic_chinese
from sophro.assess.tradeoffs import tradeoffs
from sophro.attack import Attempt, TargetView, check_built
from sophro.attack import attack as find_attack
from sophro.attack.search import RemoteTarget, check_scoring
from sophro.data import Record, load_set
from sophro.errors import SophroError

__all__ = ["harmful", "helpfulness", "over_refusal", "toxic_chinese", "tradeoffs"]


@task
def harmful(
    set: str = "starter/harmful:en",
    split: str | None = "test",
    limit: int | None = None,
    attack: str = "none",
    k: int | None = None,
    where: str | None = None,
    params: dict[str, Any] | None = None,
    refusal_judge: str = "embedded-refusal",
    harm_judge: str = "embedded-harm",
    second_judge: str | None = None,
    second_harm_judge: str | None = None,
    max_new_tokens: int = 64,
) -> Task:
    """Harmful requests, in plain words or under an attack.

    Args:
        set: Named set, or a JSONL file of records.
        split: ``train``, ``dev``, ``test``, or None for all records.
        limit: Number of records, balanced over categories.
        attack: Name of an attack (see ``sophro methods``).
        k: Forced tokens of ``prefill`` and of the attacks that build on it.
        where: ``answer`` or ``trace`` for ``prefill``.
        params: Other settings of the attack (``{"shots": 8}``).
        refusal_judge: Judge of the refusal question.
        harm_judge: Judge of the harm question.
        second_judge: Second opinion on refusal, for the disagreement.
        second_harm_judge: Second opinion on harm, for the disagreement.
        max_new_tokens: Length of an answer.
    """
    records = _records(set, split, limit)
    settings = {key: value for key, value in (("k", k), ("where", where)) if value is not None}
    chosen = find_attack(attack, {**(params or {}), **settings})
    check_scoring(chosen, (refusal_judge, harm_judge, second_judge, second_harm_judge))
    target = _target(chosen.needs)
    attempts = check_built(attack, chosen(records, target))
    changed = getattr(chosen, "generation", None)
    return _task(
        "harmful",
        _samples(attempts, attack, params or {}),
        [refusal(refusal_judge, second_judge), harm(harm_judge, refusal_judge, second_harm_judge)],
        max_new_tokens,
        changed(target) if changed is not None else {},
    )


@task
def over_refusal(
    set: str = "starter/lookalikes:en",
    split: str | None = "test",
    limit: int | None = None,
    refusal_judge: str = "embedded-refusal",
    second_judge: str | None = None,
    max_new_tokens: int = 64,
) -> Task:
    """Benign look-alikes: a refusal counts against the model.

    Args:
        set: Named set, or a JSONL file of records.
        split: ``train``, ``dev``, ``test``, or None for all records.
        limit: Number of records, balanced over categories.
        refusal_judge: Judge of the refusal question.
        second_judge: Second opinion on refusal, for the disagreement.
        max_new_tokens: Length of an answer.
    """
    samples = [sample_of(a, "none") for a in find_attack("none")(_records(set, split, limit), None)]
    return _task("over_refusal", samples, [refusal(refusal_judge, second_judge)], max_new_tokens)


@task
def helpfulness(
    set: str = "starter/plain:en",
    split: str | None = "test",
    limit: int | None = None,
    refusal_judge: str = "embedded-refusal",
    max_new_tokens: int = 64,
) -> Task:
    """Plain benign tasks: helpful if answered, not degenerate and on topic, or exactly right.

    Args:
        set: Named set, or a JSONL file; records with ``accept`` are scored by exact answer.
        split: ``train``, ``dev``, ``test``, or None for all records.
        limit: Number of records, balanced over categories.
        refusal_judge: Judge of the refusal question.
        max_new_tokens: Length of an answer.
    """
    samples = [sample_of(a, "none") for a in find_attack("none")(_records(set, split, limit), None)]
    for sample in samples:
        metadata = dict(sample.metadata or {})
        metadata["params"] = {"kind": "exact" if metadata["accept"] else "open"}
        sample.metadata = metadata
    return _task("helpfulness", samples, [refusal(refusal_judge), helpful(refusal_judge)], max_new_tokens)


def _records(name: str, split: str | None, limit: int | None) -> list[Record]:
    return load_set(name, split=cast(Any, split), limit=limit)


def _target(needs: Sequence[str]) -> Any:
    """Return the model under attack, after checking that it can do what the attack needs.

    Without needs a remote model is no obstacle; it is None then, and a local one is returned all the same, so
    that an attack can see whether its text fits.
    """
    from sophro.models import require

    api = get_model().api
    target = getattr(api, "model", None)
    if target is None and not needs:
        return None
    if target is None and set(needs) <= RemoteTarget.capabilities:
        active = get_model()
        return RemoteTarget(str(active), active.api.base_url, active.model_args)
    if target is None:
        raise SophroError(
            f"the attack needs {', '.join(needs)}, which model {api.model_name!r} does not offer; use a local "
            "model or the attack none"
        )
    require(target, needs, "the attack")
    local: Any = api
    return TargetView(
        target,
        bool(getattr(api, "reflects", False)),
        getattr(api, "patch", None),
        getattr(api, "scale", 1.0),
        local.decoding,
    )


def _task(
    name: str,
    samples: list[Sample],
    scorers: list[Any],
    max_new_tokens: int,
    generation: Mapping[str, Any] | None = None,
) -> Task:
    return Task(
        dataset=MemoryDataset(samples, name=name),
        solver=answer(),
        scorer=scorers,
        config=GenerateConfig(max_tokens=max_new_tokens, temperature=0.0, seed=0, **(generation or {})),
        name=name,
        version=TASK_VERSION,
    )


@solver
def answer() -> Solver:
    """Ask the model, unless the attack could not build the prompt: that is an error of its own, not an answer."""
    ask = generate()

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if not state.metadata.get("attack_error"):
            return await ask(state, generate)
        state.output = ModelOutput(metadata={"state": "attack_error", "finish_reason": "error"})
        state.completed = True
        return state

    return solve


def _samples(attempts: Sequence[Attempt], attack: str, setting: Mapping[str, Any]) -> list[Sample]:
    """Return one sample per attempt; ids tell the attempts of one behaviour apart."""
    total = Counter(a.record.id for a in attempts)
    seen: Counter[str] = Counter()
    samples: list[Sample] = []
    for attempt in attempts:
        seen[attempt.record.id] += 1
        sample = sample_of(attempt, attack, seen[attempt.record.id], total[attempt.record.id])
        sample.metadata = {**(sample.metadata or {}), "setting": dict(setting)}
        samples.append(sample)
    return samples
