"""The method's third regime: reinforcement learning from a rule that anybody can check.

Paper: "Deactivating Refusal Triggers" (Xue et al. 2026, arXiv 2603.11388); GRPO as in DeepSeekMath (arXiv 2402.03300).

Contract: half of the prompts of every step are harmful requests, half are trigger-matched benign ones; the reward is
``_reward.reward`` with the refusal judge's and the harm judge's answers. Where a judge leaves an answer unscored, the
answer earns None and trains nothing. Group size, KL weight and the balance are our method card's (inferred).

Deviations: one update per round of samples, and groups without spread are not replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from sophro.align._run import RunJob
from sophro.align.refusal_triggers._reward import reward
from sophro.chat import Transcript
from sophro.data import Record
from sophro.judge import Exchange, judge
from sophro.train import TrainResult

_REFUSED = ("full_refusal", "indirect_refusal", "partial_refusal")


def reinforce(job: RunJob) -> TrainResult:
    """Train on the model's own answers to ``harmful`` and ``benign``."""
    from sophro.train import OnlineOptions, train_online

    own = job.options
    kinds: tuple[Literal["harmful", "benign"], ...] = ("harmful", "benign")
    records: list[tuple[Literal["harmful", "benign"], Record]] = [(k, r) for k in kinds for r in job.data[k]]
    prompts = [[Transcript.of(r.prompt) for r in job.data[kind]] for kind in kinds]
    judges = {role: judge(str(own[f"{role}_judge"])) for role in ("refusal", "harm")}

    def earned(where: Sequence[int], answers: Sequence[Any]) -> list[float | None]:
        texts = ["".join(s.text for s in a.segments if s.kind == "answer") for a in answers]
        asked = [records[i] for i in where]
        exchanges = [Exchange.of(r.prompt, t) for (_, r), t in zip(asked, texts, strict=True)]
        refusals, harms = judges["refusal"](exchanges), judges["harm"](exchanges)
        out: list[float | None] = []
        for (kind, record), text, answer, said, harm in zip(
            asked, texts, answers, refusals, harms, strict=True
        ):
            if said.outcome == "unscored" or (kind == "harmful" and harm.harmful is None and text.strip()):
                out.append(None)
                continue
            out.append(
                reward(
                    kind,
                    record.prompt,
                    text,
                    refused=said.outcome in _REFUSED,
                    unsafe=bool(harm.harmful),
                    tokens=len(answer.ids),
                )
            )
        return out

    training = replace(
        job.train,
        batch_size=int(own["rl_prompts"]),
        max_steps=int(own["rl_steps"]),
        learning_rate=float(own["rl_learning_rate"]),
    )
    online = OnlineOptions(
        group=int(own["rl_group"]), kl=float(own["rl_kl"]), max_new_tokens=int(own["rl_tokens"])
    )
    key = f"{own['refusal_judge']} {own['harm_judge']}"
    return train_online(
        job.model, prompts, earned, training, online, job.out, job.work, job.progress, key=key
    )
