"""The Inspect tasks ``sophro/harmful``, ``sophro/over_refusal`` and ``sophro/helpfulness``.

``sophro/toxic_chinese`` has a module of its own and is reached from here too.

Contract: one sample per record (and attack); ids are unique; every sample's metadata holds the behaviour in
plain words, so that judges never see the disguise. Which records a limit takes depends on neither seed nor
model, so that arms are compared on the same prompts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    Content,
    ContentReasoning,
    ContentText,
    GenerateConfig,
    get_model,
)
from inspect_ai.solver import generate

from sophro.assess import TASK_VERSION
from sophro.assess._scorers import harm, helpful, refusal
from sophro.assess.toxic_chinese import toxic_chinese
from sophro.attack import Attempt, TargetView
from sophro.attack import attack as find_attack
from sophro.chat import Transcript
from sophro.data import Record, load_set
from sophro.errors import SophroError

__all__ = ["harmful", "helpfulness", "over_refusal", "toxic_chinese"]


@task
def harmful(
    set: str = "starter/harmful:en",
    split: str | None = "test",
    limit: int | None = None,
    attack: str = "none",
    k: int | None = None,
    where: str | None = None,
    refusal_judge: str = "embedded-refusal",
    harm_judge: str = "embedded-harm",
    second_judge: str | None = None,
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
        refusal_judge: Judge of the refusal question.
        harm_judge: Judge of the harm question.
        second_judge: Second opinion on refusal, for the disagreement.
        max_new_tokens: Length of an answer.
    """
    records = _records(set, split, limit)
    params = {key: value for key, value in (("k", k), ("where", where)) if value is not None}
    chosen = find_attack(attack, params)
    target = _target(chosen.needs)
    attempts = chosen(records, target)
    changed = getattr(chosen, "generation", None)
    return _task(
        "harmful",
        [_sample(a, attack) for a in attempts],
        [refusal(refusal_judge, second_judge), harm(harm_judge, refusal_judge)],
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
    samples = [_sample(a, "none") for a in find_attack("none")(_records(set, split, limit), None)]
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
    samples = [_sample(a, "none") for a in find_attack("none")(_records(set, split, limit), None)]
    for sample in samples:
        metadata = dict(sample.metadata or {})
        metadata["params"] = {"kind": "exact" if metadata["accept"] else "open"}
        sample.metadata = metadata
    return _task("helpfulness", samples, [refusal(refusal_judge), helpful(refusal_judge)], max_new_tokens)


def _records(name: str, split: str | None, limit: int | None) -> list[Record]:
    return load_set(name, split=cast(Any, split), limit=limit)


def _target(needs: Sequence[str]) -> Any:
    """Return the model under attack, after checking that it can do what the attack needs."""
    if not needs:
        return None
    from sophro.models import require

    api = get_model().api
    target = getattr(api, "model", None)
    if target is None:
        raise SophroError(
            f"the attack needs {', '.join(needs)}, which model {api.model_name!r} does not offer; use a local "
            "model or the attack none"
        )
    require(target, needs, "the attack")
    return TargetView(target, bool(getattr(api, "reflects", False)))


def _task(
    name: str,
    samples: list[Sample],
    scorers: list[Any],
    max_new_tokens: int,
    generation: Mapping[str, Any] | None = None,
) -> Task:
    return Task(
        dataset=MemoryDataset(samples, name=name),
        solver=generate(),
        scorer=scorers,
        config=GenerateConfig(max_tokens=max_new_tokens, temperature=0.0, seed=0, **(generation or {})),
        name=name,
        version=TASK_VERSION,
    )


def _sample(attempt: Attempt, attack: str) -> Sample:
    record = attempt.record
    return Sample(
        id=record.id,
        input=_messages(attempt.transcript),
        metadata={
            "prompt": record.prompt,
            "behaviour": record.behaviour,
            "category": record.category,
            "lang": record.lang,
            "set": record.set,
            "harmful": record.harmful,
            "attack": attack,
            "params": dict(attempt.params),
            "keywords": list(record.keywords),
            "accept": list(record.accept),
            "transcript": [
                {"role": t.role, "segments": [{"kind": s.kind, "text": s.text} for s in t.segments]}
                for t in attempt.transcript.turns
            ],
        },
    )


def _messages(transcript: Transcript) -> list[ChatMessage]:
    messages: list[ChatMessage] = []
    for turn in transcript.turns:
        if turn.role == "system":
            messages.append(ChatMessageSystem(content=turn.text))
        elif turn.role == "user":
            messages.append(ChatMessageUser(content=turn.text))
        else:
            pieces: list[Content] = [
                ContentReasoning(reasoning=s.text, internal={"kind": s.kind})
                if s.kind in ("trace", "reflection")
                else ContentText(text=s.text)
                for s in turn.segments
            ]
            messages.append(ChatMessageAssistant(content=pieces))
    return messages
