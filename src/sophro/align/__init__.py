"""DEVELOPMENT: alignment by training; one module per method over the shared trainer.

A method is a function ``(model, data, options) -> list[TrainItem]`` with a table of its own options; the
trainer, adapters, checkpoints and records are the same for all of them (``sophro.align.align``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sophro._lazy import lazy
from sophro.registry import Method, register

if TYPE_CHECKING:
    from sophro.align._run import align, default_options, prepare, training_items

register(
    Method(
        name="safety_sft",
        title="Plain safety fine-tuning on refusals, optionally mixed with benign answers",
        paper="baseline; benign mix as in Bianchi et al., Safety-Tuned LLaMAs, arXiv 2309.07875",
        area="development",
        room="align",
        entry="sophro.align.safety_sft:METHOD",
        primary="D4",
        also=("D5",),
        needs=("gradients",),
        evidence=("safety_sft_tradeoff", "shallow_under_prefill"),
        deviations=(
            "LoRA instead of full fine-tuning.",
            "Refusals are chosen by category from a written list, not generated for each request.",
            "Benign answers are the untrained model's own, so that its style is kept.",
        ),
    )
)

register(
    Method(
        name="self_reflection",
        title="A reflection token: notice mid-answer that it turns harmful, say why, recover",
        paper="Huang et al., Self-Reflection Improves Safety of Large Reasoning Models, 2026.findings-acl.678; "
        "Zhang et al., Backtracking Improves Generation Safety, arXiv 2409.14586",
        area="development",
        room="align",
        entry="sophro.align.self_reflection:METHOD",
        primary="D4",
        also=("D5", "C2"),
        needs=("gradients", "prefill", "logprobs"),
        evidence=(
            "reflection_recovers",
            "reflection_lowers_judged_harm",
            "reflection_is_the_cause",
            "reflection_is_rare",
            "reflection_preferences",
            "reflection_in_proxy_world",
        ),
        deviations=(
            "LoRA and one trained row instead of full training.",
            "The onset judge is sophro's embedded harm judge; reflections are written by us, by kind of harm.",
            "Benign look-alikes also appear behind the start of a harmful answer.",
            "A blank line ends the reflection; the paper does not say how it is told from the answer.",
            "Preferences (DPO) are off unless asked for: on the embedded model they cost time and lower nothing.",
        ),
    )
)

register(
    Method(
        name="refusal_triggers",
        title="Triggers found by occlusion in the model's own refusals, and benign answers that deactivate them",
        paper="Xue et al., Deactivating Refusal Triggers, TrustNLP 2026, arXiv 2603.11388",
        area="development",
        room="align",
        entry="sophro.align.refusal_triggers:METHOD",
        primary="D4",
        also=("D5",),
        needs=("gradients", "logprobs"),
        evidence=("triggers_beat_generic", "triggers_by_reinforcement"),
        deviations=(
            "A rule extractor with the model's own refusal score takes the place of GPT-4o.",
            "Verification (safe, no leak, refused more than before) is ours.",
            "Learning from the rule runs by trl's GRPO over our generation, small; it did not learn in 24 steps here.",
        ),
    )
)

_LORA = "LoRA instead of full training; weights, steps and rates are ours and not tuned at scale."
for _name, _title, _paper, _entry, _differs in (
    (
        "unlearn_ga",
        "Unlearning: gradient ascent on harmful answers",
        "Jang et al., arXiv 2210.01504",
        "GA",
        (),
    ),
    (
        "unlearn_graddiff",
        "Unlearning: gradient ascent, with benign answers kept by likelihood",
        "Liu et al., arXiv 2203.12817",
        "GRADDIFF",
        (),
    ),
    (
        "unlearn_kl",
        "Unlearning: gradient ascent, with benign answers kept by KL to the untrained model",
        "Yao et al., arXiv 2310.10683",
        "KL",
        (),
    ),
    (
        "unlearn_npo",
        "Unlearning: negative preference optimisation, an ascent that fades out",
        "Zhang et al., arXiv 2404.05868",
        "NPO",
        (),
    ),
    (
        "unlearn_mismatch",
        "Unlearning: gradient ascent, unrelated answers to harmful prompts, and KL",
        "Yao et al., arXiv 2310.10683",
        "MISMATCH",
        (),
    ),
    (
        "unlearn_task_vector",
        "Unlearning: fit harmful answers, then subtract the change of the weights",
        "Ilharco et al., arXiv 2212.04089",
        "TASK_VECTOR",
        (),
    ),
    (
        "unlearn_rmu",
        "Unlearning: steer hidden states on harmful answers to a random vector",
        "Li et al. (WMDP), arXiv 2403.03218",
        "RMU",
        (
            "The norm to steer to is a multiple of the model's own median norm; positions are those of the answer.",
        ),
    ),
    (
        "unlearn_eul",
        "Unlearning: adapters at the FFN that leave the teacher on harmful answers alone",
        "Chen and Yang (EUL), arXiv 2310.20150",
        "EUL",
        ("The adapter is a low-rank matrix on the last FFN matrix; deletions are not fused.",),
    ),
):
    register(
        Method(
            name=_name,
            title=_title,
            paper=f"{_paper}; judged as in Front. Comput. Sci. 20(2):2002319",
            area="development",
            room="align",
            entry=f"sophro.align.unlearning:{_entry}",
            primary="D6",
            also=("D4",),
            needs=("gradients", "logprobs"),
            evidence=("unlearning_tradeoff",),
            deviations=(_LORA, *_differs),
        )
    )

__all__ = ["align", "default_options", "prepare", "training_items"]


__getattr__ = lazy(__name__, dict.fromkeys(__all__, "_run"))
