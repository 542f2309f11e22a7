"""From harmful requests and a model tuned on them to trigger-matched benign data.

Contract: three passes over models (tuned: scores of occlusions, hidden states; untrained: scores of triggers,
answers), all batched. Every record, trigger and request that is dropped is counted with its reason. Two roles come
out: ``harmful`` as it went in (with refusals chosen by training) and ``benign``, answered by the untrained model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from sophro.align._prepare import Prepared, PrepareJob, need, self_answers
from sophro.align.refusal_triggers._extract import Extraction, OcclusionPlan, Trigger, down_weighted
from sophro.align.refusal_triggers._llm import llm_messages, parse_llm
from sophro.align.refusal_triggers._mechanism import mechanism
from sophro.align.refusal_triggers._requests import requests
from sophro.align.refusal_triggers._score import probability, refusal_scores
from sophro.align.refusal_triggers._spans import spans
from sophro.data import Record, find_set, leak_check, load_set, normalise
from sophro.errors import SophroError
from sophro.judge import Exchange, judge
from sophro.models import encoder, load_patch

NAME = "refusal_triggers"
MIN_TOKENS = 20


def prepare(job: PrepareJob) -> Prepared:
    """Extract triggers, keep the active ones, and make benign requests of them.

    Args:
        job: Roles ``harmful`` (trained on) and, optionally, ``source``: the harmful requests whose triggers are
            taken instead (the control with shuffled triggers), and ``diagnose``: benign prompts on which the
            mechanism is examined.

    Raises:
        SophroError: If there is no tuned model to diagnose, or no trigger survives.
    """
    need(NAME, job.data, ("harmful",), ("source", "diagnose"))
    if job.tuned is None:
        raise SophroError(
            f"{NAME} diagnoses a model that was tuned on refusals before: in a recipe set the option tuned_arm, "
            "on the command line --tuned FOLDER"
        )
    source = list(job.data.get("source") or job.data["harmful"])
    model, tuned = job.model, load_patch(job.tuned)
    plan = OcclusionPlan()
    rules = job.options["extractor"] == "rules"
    texts = [plan.occlusions(r.prompt) if rules else [] for r in source]
    examined = job.data.get("diagnose", ())
    total = sum(map(len, texts)) + 4 * len(source) + len(examined)
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done += count
        job.advance(min(done, total), total)

    if rules:
        with model.patched(tuned):
            scores = iter(refusal_scores(model, [t for group in texts for t in group], progress))
        percentile = float(job.options["percentile"])
        extractions = [
            plan.extract(r.id, r.prompt, [next(scores) for _ in group], frozenset(r.triggers), percentile)
            for r, group in zip(source, texts, strict=True)
        ]
    else:
        extractions = _asked_of(str(job.options["extractor"]), source)
    rows = _activity(job, source, extractions, tuned)
    active = [row for row in rows if row["active"]]
    if not active:
        raise SophroError(f"{NAME}: none of {len(rows)} triggers from {len(source)} records is active")
    benign, dropped, leaks = _requests(job, source, active, tuned, progress)
    if not benign:
        raise SophroError(
            f"{NAME}: no usable answer to any benign request ({dict(dropped)}); see the options"
        )
    residues = sorted({r for e in extractions for r in e.residue})
    facts: dict[str, Any] = {
        "records": len(source),
        "without_task_trigger": dict(Counter(e.reason for e in extractions if e.reason)),
        "triggers": len(rows),
        "active": len(active),
        "inactive": dict(Counter(row["why_not"] for row in rows if row["why_not"])),
        "by_kind": _by_kind(rows),
        "benign": len(benign),
        "dropped_requests": dict(dropped),
        "too_close_to_assessments": leaks,
        "list": rows,
        "residues": residues,
    }
    if examined:
        facts["diagnosis"] = mechanism(
            model,
            tuned,
            examined,
            sorted({row["text"] for row in active}),
            residues,
            load_set("starter/plain:en", split="train"),
            job.seed,
            progress,
        )
    return Prepared({"harmful": job.data["harmful"], "benign": benign}, facts)


def _asked_of(name: str, source: Sequence[Record]) -> list[Extraction]:
    """Have a language model extract the triggers; an unreadable answer is an extraction without any."""
    import asyncio

    from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser, GenerateConfig, get_model

    target = get_model(name, config=GenerateConfig(temperature=0.0, max_tokens=300))
    kinds = {"system": ChatMessageSystem, "user": ChatMessageUser}

    async def ask(record: Record) -> Extraction:
        messages: list[ChatMessage] = [
            kinds[m["role"]](content=m["content"]) for m in llm_messages(record.prompt)
        ]
        said = (await target.generate(messages)).completion
        try:
            return parse_llm(said, record.prompt, record.id)
        except SophroError as error:
            return Extraction(record.id, (), (), f"unreadable answer: {error}")

    async def everyone() -> list[Extraction]:
        return list(await asyncio.gather(*(ask(r) for r in source)))

    return asyncio.run(everyone())


def _activity(
    job: PrepareJob, source: Sequence[Record], extractions: Sequence[Extraction], tuned: Any
) -> list[dict[str, Any]]:
    """Return one row per trigger with its refusal before and after tuning."""
    model = job.model
    found = [(e, t) for e in extractions for t in e.triggers]
    prompts = {r.id: r.prompt for r in source}
    texts = list(dict.fromkeys(t.text for _, t in found))
    if not texts:
        raise SophroError(f"{NAME}: no trigger could be extracted from {len(source)} records")
    before = probability(refusal_scores(model, texts))
    with model.patched(tuned):
        after = probability(refusal_scores(model, texts))
    delta = dict(zip(texts, after - before, strict=True))
    refused = dict(zip(texts, after, strict=True))
    # A trigger that an untrained model answers harmfully is none; the judge reads the model's own answer.
    answers = model.generate([_asked(t) for t in texts], _short())
    harmful = judge(str(job.options["harm_judge"]))(
        [Exchange.of(t, c.text) for t, c in zip(texts, answers, strict=True)]
    )
    wrong = {
        t: "unsafe answer" if v.harmful else "answer not judged"
        for t, v in zip(texts, harmful, strict=True)
        if v.harmful is not False
    }
    # What still means nearly the same as its request carries the harm in other words ("jokes that make ... look").
    said, meant = (
        encoder().encode([t.text for _, t in found]),
        encoder().encode([prompts[e.id] for e, _ in found]),
    )
    near = (said * meant).sum(1)
    bound = float(job.options["max_similarity"])
    reasons = [
        wrong.get(t.text)
        or ("too near its request" if t.kind != "opener" and float(n) >= bound else "")
        or ("" if float(delta[t.text]) > float(job.options["min_delta"]) else "not refused more than before")
        for (_, t), n in zip(found, near, strict=True)
    ]
    return [
        {
            "record": e.id,
            **asdict(t),
            "delta": round(float(delta[t.text]), 4),
            "refused": round(float(refused[t.text]), 4),
            "similarity": round(float(n), 3),
            "active": not reason,
            "why_not": reason,
        }
        for (e, t), n, reason in zip(found, near, reasons, strict=True)
    ]


def _asked(text: str) -> Any:
    from sophro.chat import Transcript

    return Transcript.of(text)


def _short() -> Any:
    from sophro.models import GenerationConfig

    return GenerationConfig(max_new_tokens=32)


def _requests(
    job: PrepareJob,
    source: Sequence[Record],
    active: Sequence[dict[str, Any]],
    tuned: Any,
    progress: Any,
) -> tuple[list[Record], Counter[str], int]:
    """Make, verify, answer and filter benign requests; stop at ``limit`` records."""
    made = _candidates(source, active, int(job.options["completions"]))
    # What the tuned model already answers teaches nothing: the most refused come first.
    texts = [r.prompt for r in made]
    delta = _delta(job.model, tuned, texts, progress)
    kept_first = np.argsort(
        -delta * np.asarray(down_weighted([r.meta["trigger"] for r in made])), kind="stable"
    )
    limit = int(job.options["limit"])
    answered_already = int((delta <= float(job.options["min_delta"])).sum())
    made = [
        replace(made[i], meta={**made[i].meta, "request_delta": round(float(delta[i]), 4)})
        for i in map(int, kept_first)
        if delta[i] > float(job.options["min_delta"])
    ][: 2 * limit]
    near = _near_assessments(made, job.assessed)
    made = [r for r in made if r.id not in near]
    answered = self_answers(
        job.model, made, config={"max_new_tokens": int(job.options["answer_tokens"])}, progress=progress
    )
    dropped = Counter(answered.dropped)
    dropped["not refused more than before"] = answered_already
    verdicts = judge(str(job.options["harm_judge"]))(
        [Exchange.of(r.prompt, r.answer or "") for r in answered.records]
    )
    kept: list[Record] = []
    for record, verdict in zip(answered.records, verdicts, strict=True):
        tokens = len(job.model.tokenizer(record.answer, add_special_tokens=False)["input_ids"])
        reason = "harmful" if verdict.harmful else "harm not judged" if verdict.harmful is None else ""
        reason = reason or ("under 20 tokens" if tokens < MIN_TOKENS else "")
        reason = reason or ("not on topic" if not _on_topic(record) else "")
        if reason:
            dropped[reason] += 1
        else:
            kept.append(record)
    dropped["above the limit"] += max(0, len(kept) - limit)
    return kept[:limit], dropped, len(near)


def _candidates(source: Sequence[Record], active: Sequence[dict[str, Any]], completions: int) -> list[Record]:
    """Return the distinct requests that can be made of the active triggers."""
    by_id = {r.id: r for r in source}
    wanted: dict[str, Record] = {}
    for row in active:
        record = by_id[row["record"]]
        opener = next(
            (record.prompt[s.start : s.end] for s in spans(record.prompt) if s.kind == "opener"), ""
        )
        trigger = Trigger(row["text"], row["kind"], tuple(row["residue"]))
        for number, text in enumerate(requests(trigger, opener, completions, record.id)):
            wanted.setdefault(
                normalise(text),
                Record(
                    id=f"{record.id}-{row['kind']}-{number}-{len(wanted)}",
                    prompt=text,
                    set="matched",
                    category=record.category,
                    harmful=False,
                    lang=record.lang,
                    # Not the record's own behaviour: nothing of its harmful part is left.
                    behaviour=f"matched:{normalise(text)}",
                    meta={"trigger": row["text"], "kind": row["kind"], "delta": row["delta"]},
                ),
            )
    return list(wanted.values())


def _delta(model: Any, tuned: Any, texts: Sequence[str], progress: Any = None) -> np.ndarray:
    """Return how much likelier the tuned model refuses each text than the untrained one."""
    before = probability(refusal_scores(model, texts))
    with model.patched(tuned):
        return probability(refusal_scores(model, texts, progress)) - before


def _on_topic(record: Record) -> bool:
    a, b = encoder().encode([record.prompt, record.answer or ""])
    return bool(float(a @ b) >= 0.3)


# Sets of which a prompt may be assessed; a request that is near one must not be trained on.
_ASSESSED = (
    "starter/lookalikes", "starter/plain", "starter/exact", "starter/maths", "starter/instructions",
    "starter/dial_lookalikes", "starter/dial_plain", "xstest", "oktest", "oktest/heldout",
)  # fmt: skip


def _near_assessments(records: Sequence[Record], assessed: Sequence[Record] = ()) -> set[str]:
    """Return ids of requests that are too close to a prompt that is or may be assessed, as far as sets are here."""
    tested = [r for s in _ASSESSED if find_set(s)[0].available for r in load_set(s)]
    # Triggers come from the training part of the harmful requests.
    tested += [*load_set("starter/harmful", split="test"), *assessed]
    report = leak_check(tested, list(records), encoder=encoder())
    groups = (report.exact, report.ngram, report.embedding or ())
    return {leak.assess.rsplit(":", 1)[-1] for group in groups for leak in group}


def _by_kind(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for kind in ("opener", "task"):
        mine = [r for r in rows if r["kind"] == kind]
        if mine:
            out[kind] = {
                "n": len(mine),
                "active": sum(r["active"] for r in mine),
                "mean_refused": round(float(np.mean([r["refused"] for r in mine])), 3),
            }
    return out
