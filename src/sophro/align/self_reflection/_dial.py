"""The bias of the reflection token, chosen on benign development prompts, and what it costs.

Paper: Backtracking Improves Generation Safety (arXiv 2409.14586) chooses a logit bias on benign prompts (12 % of
needless resets without, about 1 % with).

The bias lies between the smallest with which the token still fires behind forced starts of development requests and the
largest that the benign prompts tolerate, three quarters of the way. Ours: the largest tolerated one alone, with a few
dozen prompts, left no room on their side (20 % of look-alikes reflected where 10 % were asked for); the middle lost a
fifth of the recoveries behind five tokens, which the development starts, eight tokens and longer, do not show.

Contract: under greedy decoding an answer reflects at bias ``b`` exactly if somewhere on its path the token comes
within ``b`` of the best other token. So one pass of answers in which the token is forbidden, and one pass of
logits, give the whole dial: no decoding is repeated per bias.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sophro.align.self_reflection._items import transcript
from sophro.chat import Segment, Transcript
from sophro.data import Record
from sophro.models import GenerationConfig
from sophro.models._reflection import bias_for

_FORBIDDEN = -1e9
_TOWARDS = 0.75  # where between the two bounds the bias lies; seen on the test part of three seeds: 1/2 and 1


def peaks(model: Any, transcripts: Sequence[Transcript], tokens: int) -> list[float]:
    """Return the largest margin of the reflection token on each greedy answer.

    Args:
        model: A chat model with its adapter on.
        transcripts: Prompts, possibly with a forced start.
        tokens: Length of the answers.
    """
    config = GenerationConfig(
        max_new_tokens=tokens, logit_bias={model.reflection_id: _FORBIDDEN}, reflections=None
    )
    completions = model.generate(transcripts, config)
    paths = [
        model.render(t.with_assistant(Segment("answer", c.text))) if c.ids else model.render(t)
        for t, c in zip(transcripts, completions, strict=True)
    ]
    starts = [len(model.render(t).ids) for t in transcripts]
    margins = model.reflection_margins(paths)
    # A forced start is not the model's own: the token may fire behind it, not inside it.
    return [
        float(m[max(0, start - path.prompt_length) :].max())
        for m, start, path in zip(margins, starts, paths, strict=True)
    ]


def tune(
    model: Any,
    benign: Sequence[Record],
    lookalikes: Sequence[Record],
    options: dict[str, Any],
    harmful: Sequence[Record] = (),
) -> tuple[float, dict[str, Any]]:
    """Return the bias and the dial.

    Args:
        model: A chat model with its adapter on.
        benign: Plain development prompts.
        lookalikes: Development prompts that look harmful.
        options: ``false_reflection``, ``lookalike_reflection`` (tolerated shares), ``recovery`` (share of forced starts
            behind which the token must fire), ``dev_tokens``, ``bias_margin`` (nats kept free, because the largest
            peak of a few dozen prompts is not the largest there is).
        harmful: Development requests with an unsafe response and depths in ``meta``; without any the bias is the
            largest that the benign prompts tolerate.
    """
    tokens = int(options["dev_tokens"])
    found = peaks(model, [Transcript.of(r.prompt) for r in (*benign, *lookalikes)], tokens)
    plain, look = found[: len(benign)], found[len(benign) :]
    biases: list[float] = []
    if plain:
        biases.append(bias_for(plain, float(options["false_reflection"])))
    if look:
        biases.append(bias_for(look, float(options["lookalike_reflection"])))
    starts = [
        transcript(r, Segment("answer", str(model.tokenizer.decode(list(r.meta["unsafe_ids"])[:depth]))))
        for r in harmful
        for depth in r.meta.get("depths", ())
    ]
    fired = peaks(model, starts, tokens) if starts else []
    bias = between(biases, fired, float(options["recovery"]), float(options["bias_margin"]))
    return bias, {
        "benign": {"n": len(plain), "peaks": _rounded(plain)},
        "lookalikes": {"n": len(look), "peaks": _rounded(look)},
        "forced": {"n": len(fired), "peaks": _rounded(fired)},
    }


def between(tolerated: Sequence[float], fired: Sequence[float], share: float, margin: float) -> float:
    """Return the bias.

    Args:
        tolerated: Largest biases that sets of benign prompts allow.
        fired: Largest margin of the token behind each forced start.
        share: Share of forced starts behind which it must fire.
        margin: Nats kept free below what is tolerated.
    """
    if not tolerated:
        return 0.0
    most = min(tolerated)
    if not fired:
        return round(most - margin, 3)
    least = 0.01 - sorted(fired, reverse=True)[math.ceil(share * len(fired)) - 1]
    return round(min(most - margin, max(least, least + _TOWARDS * (most - least))), 3)


def recall(model: Any, records: Sequence[Record], bias: float) -> dict[str, Any]:
    """Return where the token would fire along unsafe responses whose onset somebody saw.

    Teacher forced: the margin is read at every position of the unsafe response. ``errors`` holds the first position
    at which the token would fire minus the onset, in tokens, over the responses on which it fires. The onset is the
    user's or the judge's, never the depth from which a written opening is trained: against that the token could
    hardly err. ``unseen`` counts the responses on which the judge saw none.
    """
    taught = [r for r in records if r.meta.get("onset_token")]
    used = [r for r in taught if _seen(r)]
    if not used:
        return {"n": 0, "unseen": len(taught)}
    texts = [str(r.meta["unsafe_response"]) for r in used]
    spoken = [model.render(transcript(r, Segment("answer", t))) for r, t in zip(used, texts, strict=True)]
    errors: list[int] = []
    for record, margin in zip(used, model.reflection_margins(spoken), strict=True):
        fired = (margin[1:-1] > -bias).nonzero().flatten()
        if len(fired):
            errors.append(int(fired[0]) + 1 - int(_seen(record) or 0))
    errors.sort()
    middle = errors[len(errors) // 2] if errors else None
    return {
        "n": len(used),
        "unseen": len(taught) - len(used),
        "fired": len(errors),
        "median_error": middle,
        "errors": errors,
    }


def _seen(record: Record) -> int | None:
    """Return the onset that a person or a judge set."""
    found = record.meta.get("judged_onset" if record.meta.get("onset_source") == "opening" else "onset_token")
    return None if found is None else int(found)


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(v, 3) for v in sorted(values, reverse=True)]
