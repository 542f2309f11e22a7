"""DEVELOPMENT: alignment by training; one module per method over the shared trainer.

A method is a function ``(model, data, options) -> list[TrainItem]`` with a table of its own options; the
trainer, adapters, checkpoints and records are the same for all of them (``sophro.align.align``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
        ),
        deviations=(
            "LoRA and one trained row instead of full training.",
            "The onset judge is sophro's embedded harm judge; reflections are written by us, by kind of harm.",
            "Benign look-alikes also appear behind the start of a harmful answer.",
            "A blank line ends the reflection; the paper does not say how it is told from the answer.",
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
        evidence=("triggers_beat_generic",),
        deviations=(
            "A rule extractor with the model's own refusal score takes the place of GPT-4o.",
            "Verification (safe, no leak, refused more than before) is ours.",
            "RLVR is not built yet.",
        ),
    )
)

__all__ = ["align", "default_options", "prepare", "training_items"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from sophro.align import _run

        return getattr(_run, name)
    raise AttributeError(f"module 'sophro.align' has no attribute {name!r}")
