"""Training items of self-reflection: supervised records with exact masks, then preference pairs.

Contract: a harmful prefix never has a loss weight; the first trained id of a recovery is the reflection token.
Both sides of a pair share their ids up to the point where they part, and only what follows is scored: the
shared part cancels in the difference of log-probabilities.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from sophro.align.self_reflection._texts import needless_reflection, reflection_text, resolve_text
from sophro.chat import SFT_TABLE, Segment, Transcript, check_trainable, loss_weights
from sophro.data import Record
from sophro.errors import SophroError
from sophro.train import Example, TrainItem, sft_items

_BENIGN = ("benign", "lookalikes")


def transcript(record: Record, *segments: Segment) -> Transcript:
    """Return the conversation with ``segments`` as the model's turn."""
    return Transcript.of(record.prompt).with_assistant(*segments)


def supervised(
    model: Any, data: Mapping[str, Sequence[Record]], options: Mapping[str, Any]
) -> list[TrainItem]:
    """Return recoveries, plain refusals and benign answers."""
    rows: list[tuple[Transcript, Record, float]] = []
    for record in data["harmful"]:
        rows.append((transcript(record, Segment("answer", str(record.answer))), record, 1.0))
        for number, depth in enumerate(record.meta.get("depths", ())):
            rows.append((_recovery(model, record, depth, number), record, float(options["recovery_weight"])))
    for role in _BENIGN:
        for record in data.get(role, ()):
            rows.append((_answered(record), record, float(options["benign_weight"])))
    items = sft_items(model, rows, SFT_TABLE)
    for item, (spoken, record, _) in zip(items, rows, strict=True):
        _check(model, item.parts[0], spoken, record)
    return [_weighted(item.parts[0], model.reflection_id, float(options["token_weight"])) for item in items]


def _weighted(example: Example, token: int, factor: float) -> Example:
    # The decision to reflect is one token among some fifty of its record; alone it would be learned last.
    weights = [w * factor if i == token else w for i, w in zip(example.ids, example.weights, strict=True)]
    return Example(example.ids, weights, example.meta)


def _answered(record: Record) -> Transcript:
    """Return the turn that answers, behind the start that was put into the model's mouth, if there is one."""
    return transcript(record, *_start(record), Segment("answer", str(record.answer)))


def _start(record: Record) -> list[Segment]:
    start = record.meta.get("start")
    return [Segment("harm", str(start))] if start else []


def _recovery(model: Any, record: Record, depth: int, number: int) -> Transcript:
    ids = record.meta["unsafe_ids"]
    own = record.meta.get("reflection_text") if number == 0 else None
    caught = [
        Segment("harm", str(model.tokenizer.decode(list(ids[:depth])))),
        Segment("reflection", str(own or reflection_text(record, number))),
    ]
    template = model.template
    if template.trace is not None and not template.closed and number % 2:
        # A model that thinks aloud goes wrong there first: every second recovery happens inside the trace.
        caught.append(Segment("trace", resolve_text(record)))
    return transcript(record, *caught, Segment("answer", str(record.meta["continuation"])))


def _check(model: Any, example: Example, spoken: Transcript, record: Record) -> None:
    """Refuse an item whose mask is not what the method says; a mistake here would teach harm."""
    first = next(i for i, w in enumerate(example.weights) if w)
    recovers = any(s.kind == "reflection" for s in spoken.turns[-1].segments)
    starts = example.ids[first] == model.reflection_id
    if recovers != starts or (not recovers and model.reflection_id in example.ids):
        raise SophroError(
            f"self_reflection: {record.set} {record.id}: the trained part "
            f"{'does not start with' if recovers else 'holds'} the reflection token"
        )


def pairs(
    model: Any, data: Mapping[str, Sequence[Record]], options: Mapping[str, Any], seed: int
) -> list[tuple[Example, Example]]:
    """Return ``(chosen, rejected)`` of both types.

    P, "reflect when it repairs": a harmful prefix, then reflection and refusal against going on.
    Q, "do not when already safe": the answer itself against its own prefix with a needless reflection, on
    refusals, benign requests and look-alikes.
    """
    rng = random.Random(f"sophro-pairs-{seed}")
    out: list[tuple[Example, Example]] = []
    for record in data["harmful"]:
        for number, depth in enumerate(record.meta.get("depths", ())):
            chosen = _example(model, _recovery(model, record, depth, number), record, "P")
            whole = transcript(record, Segment("answer", str(record.meta["unsafe_response"])))
            out.append(_parted(chosen, _example(model, whole, record, "P")))
    safe = [r for role in _BENIGN for r in data.get(role, ())]
    count = round(len(out) * float(options["q_ratio"]))
    refusals = min(round(count * float(options["q_refusals"])), len(data["harmful"]))
    chosen_records = rng.sample(list(data["harmful"]), refusals)
    chosen_records += rng.sample(safe, min(len(safe), count - refusals))
    for record in chosen_records:
        chosen = _example(model, _answered(record), record, "Q")
        out.append(_parted(chosen, _needless(model, record, rng), int(options["q_tokens"])))
    return out


def _needless(model: Any, record: Record, rng: random.Random) -> Example:
    """Return the losing side of a pair Q: cut anywhere inside the safe answer, then reflect."""
    ids = list(model.tokenizer(str(record.answer), add_special_tokens=False)["input_ids"])
    usable = [
        n
        for n in range(1, len(ids))
        if list(model.tokenizer(str(model.tokenizer.decode(ids[:n])), add_special_tokens=False)["input_ids"])
        == ids[:n]
    ] or [len(ids)]
    prefix = str(model.tokenizer.decode(ids[: rng.choice(usable)]))
    refusal = (
        "抱歉，我不能帮你做这件事。" if record.lang == "zh" else "I'm sorry, but I can't help with that."
    )
    spoken = transcript(
        record,
        *_start(record),
        Segment("answer", prefix),
        Segment("reflection", needless_reflection(record)),
        Segment("answer", refusal),
    )
    return _example(model, spoken, record, "Q")


def _example(model: Any, spoken: Transcript, record: Record, kind: str) -> Example:
    tokenized = model.render(spoken, close=True)
    model.template.check_length(tokenized, model.context)
    weights = loss_weights(tokenized, {**SFT_TABLE, "harm": 1.0})
    check_trainable(tokenized, weights, f"{record.set} {record.id}")
    meta = {"id": record.id, "set": record.set, "tokenized": tokenized, "pair": kind}
    return Example(list(tokenized.ids), weights, meta)


def _parted(chosen: Example, rejected: Example, tokens: int = 10**9) -> tuple[Example, Example]:
    """Weigh only what follows the shared ids, at most ``tokens`` of it on either side.

    One token is the decision itself. Pushing down the text of a needless reflection as well would push down every
    reflection's text and what follows it.
    """
    shared = next(
        (i for i, (a, b) in enumerate(zip(chosen.ids, rejected.ids, strict=False)) if a != b),
        min(len(chosen.ids), len(rejected.ids)),
    )

    def behind(example: Example) -> Example:
        end = shared + tokens
        weights = [w if shared <= i < end else 0.0 for i, w in enumerate(example.weights)]
        return Example(example.ids, weights, example.meta)

    return behind(chosen), behind(rejected)
