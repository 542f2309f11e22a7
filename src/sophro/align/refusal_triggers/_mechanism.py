"""Do triggers explain which benign prompts a tuned model refuses? Behaviour and hidden states, layer by layer.

Paper: arXiv 2603.11388, diagnosis; the statistics are those of our method card (see ``_diagnose``).

Contract: hidden states are those of the last prompt token in the tuned model, centred on the benign prompts. The
regression and the quintiles use the middle layer, which is fixed beforehand: choosing the best of thirty layers
would flatter the mechanism. The AUROC of every layer is reported beside it, with both controls.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sophro.align.refusal_triggers._diagnose import auroc, centred_similarity, diagnose
from sophro.align.refusal_triggers._spans import spans
from sophro.chat import Transcript
from sophro.data import Record
from sophro.judge import Exchange, judge
from sophro.models import GenerationConfig

TOKENS = 48


def mechanism(
    model: Any,
    tuned: Any,
    prompts: Sequence[Record],
    triggers: Sequence[str],
    residues: Sequence[str],
    benign: Sequence[Record],
    seed: int = 0,
    progress: Any = lambda count: None,
) -> dict[str, Any]:
    """Return the diagnosis report as JSON values.

    Args:
        model: The untrained chat model.
        tuned: Patch of the tuned one.
        prompts: Benign development prompts.
        triggers: Trigger texts.
        residues: What was removed from the harmful requests (control).
        benign: Random benign prompts (control).
        seed: Seed of the bootstrap.
        progress: Called with the number of prompts just answered.
    """
    asked = [Transcript.of(r.prompt) for r in prompts]
    answers = model.generate(asked, GenerationConfig(max_new_tokens=TOKENS), [(tuned, 1.0)], progress)
    verdicts = judge("embedded-refusal")(
        [Exchange.of(r.prompt, c.text) for r, c in zip(prompts, answers, strict=True)]
    )
    refused = [v.refused for v in verdicts]
    groups = {"trigger": list(triggers), "residue": list(residues), "random": [r.prompt for r in benign]}
    if not all(groups.values()):
        empty = next(name for name, texts in groups.items() if not texts)
        return {"n": len(prompts), "reason": f"there are no {empty} texts to compare with"}
    with model.patched(tuned):
        own = model.activations(asked)
        others = {
            name: model.activations([Transcript.of(t) for t in texts]) for name, texts in groups.items()
        }
    layers = own.shape[1]
    similar = {
        name: np.stack(
            [centred_similarity(own[:, i], h[:, i], mean=own[:, i].mean(0)) for i in range(layers)]
        )
        for name, h in others.items()
    }
    kept = [i for i, flag in enumerate(refused) if flag is not None]
    flags = [bool(refused[i]) for i in kept]
    middle = layers // 2
    lengths = [len(model.render(t).ids) for t in asked]
    found = diagnose(
        refused,
        similar["trigger"][middle],
        similar["residue"][middle],
        similar["random"][middle],
        lengths,
        seed=seed,
        openers=[_opener(r.prompt) for r in prompts],
    )
    return {
        "n": len(prompts),
        "layer": middle,
        "layers": {
            name: [auroc(values[i][kept], flags) for i in range(layers)] for name, values in similar.items()
        },
        **found.to_dict(),
    }


def _opener(prompt: str) -> str:
    """Return the first two words of the opener, or ``none``."""
    span = next((s for s in spans(prompt) if s.kind == "opener"), None)
    return " ".join(prompt[span.start : span.end].lower().split()[:2]) if span else "none"
