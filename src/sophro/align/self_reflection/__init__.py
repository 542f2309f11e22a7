"""Self-reflection: the model notices that its own answer has turned harmful, says why, and recovers.

Paper: Huang, Zhai, Huang, Dou, Self-Reflection Improves Safety of Large Reasoning Models, Findings of ACL 2026
(2026.findings-acl.678); masked prefixes and both pair types as in Zhang et al., Backtracking Improves Generation
Safety, ICLR 2025 (arXiv 2409.14586).

Contract: one control token, a reflection that names why, a safe continuation. Supervised training on recoveries
at several depths (the harmful prefix is never trained), plain refusals and benign answers; then, with ``dpo``, DPO
from that model with pairs P (reflect when it repairs) and Q (do not when the answer is already safe, on refusals,
benign requests and look-alikes); then a logit bias chosen on benign development prompts. Roles of the data: ``harmful``
(required), ``benign``, ``lookalikes`` (answered by the untrained model where they have no answer),
``dev_benign``, ``dev_lookalikes`` (else every sixth benign behaviour is kept back).

Deviations and inferences (the full paper was not available): LoRA and the new row instead of full training; the
reflections are ours, by kind of harm; where a response starts with a written opening, its onset is the first depth
that is trained, because an opening announces from its first words what follows, and sophro's embedded judge searches
the others (a free answer that it never flags gives way to one behind the opening); look-alikes also appear with the
start of a harmful answer, so that the start alone does not give the kind away; the token weighs more than the text
around it; DPO is off unless asked for (on the embedded model it costs as much time again and lowers nothing); of a
pair Q only the decision (one token on either side) is scored; all hyper-parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sophro.align._prepare import Prepared, PrepareJob
from sophro.align._run import AlignMethod, RunJob
from sophro.data import Record
from sophro.train import TrainItem, TrainResult

OPTIONS: dict[str, Any] = {
    "refusal_style": "plain",
    "onset_judge": "embedded-harm",
    "unsafe_tokens": 40,
    "opening_tokens": 40,
    "answer_tokens": 72,
    "depth_min": 6,
    "depth_max": 36,
    "recoveries": 2,
    "hard_negatives": True,
    "recovery_weight": 1.0,
    "benign_weight": 1.0,
    "token_weight": 8.0,
    "normalise": "sequences",
    "dpo": False,
    "dpo_rate": 3e-5,
    "dpo_epochs": 1,
    "dpo_beta": 0.1,
    "dpo_nll": 0.2,
    "q_ratio": 1.5,
    "q_refusals": 0.2,
    "q_tokens": 1,
    "false_reflection": 0.03,
    "lookalike_reflection": 0.1,
    "recovery": 0.95,
    "bias_margin": 1.0,
    "dev_tokens": 48,
    "reflections": 1,
}
PREPARE_OPTIONS = (
    "refusal_style", "onset_judge", "unsafe_tokens", "opening_tokens", "answer_tokens", "depth_min",
    "depth_max", "recoveries", "hard_negatives",
)  # fmt: skip


# Planning a recipe reads the options above; what follows needs torch and waits until it is called.
def prepare(job: PrepareJob) -> Prepared:
    """See ``_build.prepare``."""
    from sophro.align.self_reflection import _build

    return _build.prepare(job)


def items(model: Any, data: Mapping[str, Sequence[Record]], options: Mapping[str, Any]) -> list[TrainItem]:
    """See ``_items.supervised``."""
    from sophro.align.self_reflection import _items

    return _items.supervised(model, data, options)


def run(job: RunJob) -> TrainResult:
    """See ``_run.run``."""
    from sophro.align.self_reflection import _run

    return _run.run(job)


METHOD = AlignMethod(
    "self_reflection",
    items,
    OPTIONS,
    train={"epochs": 2},
    prepare=prepare,
    prepare_options=PREPARE_OPTIONS,
    run=run,
    version=2,
)
