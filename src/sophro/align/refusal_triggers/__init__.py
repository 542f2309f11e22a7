"""Refusal triggers: find the harmless cues that a tuned model refuses, and train it to comply with them.

Paper: Xue, Qi, Liu, Chen, Pedarsani, Deactivating Refusal Triggers, TrustNLP 2026 (2026.trustnlp-main.26, arXiv
2603.11388).

Contract: ``prepare`` diagnoses a model that was tuned on the same harmful requests, takes the harmful spans out of
them by occlusion, keeps what it refuses more than before (active triggers), and has the untrained model answer
benign requests made of these. Training then is likelihood on refusals and on these answers, from the untrained
model. Roles of the data: ``harmful``; optional ``source`` (other harmful requests to take triggers from, the
control) and ``diagnose`` (benign prompts on which the mechanism is examined). Option ``extractor``: ``rules``, or the
name of any Inspect model.

Regimes: ``sft``; ``psft``, where half of the records start with the opening of a compliant answer that is not
trained (refusal follows on harmful requests, help on benign ones, so that the opening itself says nothing);
``rlvr``, reinforcement learning from the rule in ``_reward`` (see ``_online``), from the untrained model.

Deviations and inferences (the full paper was not available): the paper asks GPT-4o for the triggers, here a rule
extractor with the model's own refusal score does it offline; the verification step, the completions of a trigger
and every number are ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sophro.align._prepare import Prepared, PrepareJob, need
from sophro.align._run import AlignMethod, RunJob
from sophro.align.safety_sft import RefusalBook
from sophro.chat import Segment, Transcript
from sophro.data import Record
from sophro.errors import SophroError
from sophro.train import TrainItem, TrainResult, sft_items

OPTIONS: dict[str, Any] = {
    "refusal_style": "plain",
    "regime": "sft",
    "benign_weight": 1.0,
    "extractor": "rules",
    "limit": 96,
    "completions": 3,
    "percentile": 70.0,
    "min_delta": 0.05,
    "max_similarity": 0.6,
    "answer_tokens": 72,
    "harm_judge": "embedded-harm",
    "rl_group": 8,
    "rl_prompts": 4,
    "rl_steps": 24,
    "rl_kl": 0.02,
    "rl_tokens": 64,
    "rl_learning_rate": 1e-3,
    "refusal_judge": "embedded-refusal",
}
PREPARE_OPTIONS = (
    "extractor",
    "limit",
    "completions",
    "percentile",
    "min_delta",
    "max_similarity",
    "answer_tokens",
    "harm_judge",
)
REGIMES = ("sft", "psft", "rlvr")
_OPENING_WORDS = 8


def prepare(job: PrepareJob) -> Prepared:
    """See ``_build.prepare``."""
    from sophro.align.refusal_triggers import _build

    return _build.prepare(job)


def items(model: Any, data: Mapping[str, Sequence[Record]], options: Mapping[str, Any]) -> list[TrainItem]:
    """Build the training items from prepared data.

    Raises:
        SophroError: If the regime is unknown or a benign record has no answer.
    """
    need("refusal_triggers", data, ("harmful", "benign"), ())
    regime = str(options["regime"])
    if regime not in REGIMES:
        raise SophroError(f"refusal_triggers: option regime is {regime!r}; known: {', '.join(REGIMES)}")
    book = RefusalBook(str(options["refusal_style"]))
    openings = [" ".join(r.opening.split()[:_OPENING_WORDS]) for r in data["harmful"] if r.opening]
    if regime == "psft" and not openings:
        raise SophroError("refusal_triggers: regime psft needs harmful records with an opening")
    rows: list[tuple[Transcript, Record, float]] = []
    for record in data["harmful"]:
        start = " ".join(record.opening.split()[:_OPENING_WORDS]) if record.opening else ""
        rows.append((_spoken(record, record.answer or book.choose(record), regime, start), record, 1.0))
    for number, record in enumerate(data["benign"]):
        if not record.answer:
            raise SophroError(f"refusal_triggers: benign record {record.id!r} has no answer")
        start = openings[number % len(openings)] if openings else ""
        rows.append((_spoken(record, record.answer, regime, start), record, float(options["benign_weight"])))
    return sft_items(model, rows)


def _spoken(record: Record, answer: str, regime: str, start: str) -> Transcript:
    said = [Segment("answer", answer)]
    if regime == "psft" and start and _half(record.id):
        said = [Segment("harm", start + " "), *said]
    return Transcript.of(record.prompt).with_assistant(*said)


def _half(name: str) -> bool:
    return hashlib.sha256(name.encode("utf-8")).digest()[0] % 2 == 0


def run(job: RunJob) -> TrainResult:
    """Train offline (``sft``, ``psft``) or online (``rlvr``)."""
    if job.options["regime"] == "rlvr":
        from sophro.align.refusal_triggers._online import reinforce

        need("refusal_triggers", job.data, ("harmful", "benign"), ())
        return reinforce(job)
    from sophro.train import train

    built = items(job.model, job.data, job.options)
    return train(job.model, built, job.train, job.out, job.work, job.progress)


METHOD = AlignMethod(
    "refusal_triggers",
    items,
    OPTIONS,
    prepare=prepare,
    prepare_options=PREPARE_OPTIONS,
    run=run,
    tuned=True,
    invents=True,
    version=3,
)

__all__ = ["METHOD", "OPTIONS"]
