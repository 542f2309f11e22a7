"""Supervised training, then preferences from there, then the bias: three steps, one adapter.

Contract: the untrained network comes back unchanged. Every step is resumable by itself (its own folder in
``work``); ``out`` appears once, complete.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from sophro.align._run import Progress, RunJob, stored_facts
from sophro.align.self_reflection._build import BENIGN_ROLES
from sophro.align.self_reflection._dial import recall, tune
from sophro.align.self_reflection._items import pairs, supervised
from sophro.data import Record, load_set
from sophro.files import digest, write_folder, write_json
from sophro.models._patches import load_patch
from sophro.models._reflection import FILE, ReflectionSettings, initial_row
from sophro.train import (
    DpoLoss,
    PairExample,
    SftLoss,
    TrainOptions,
    TrainResult,
    first_process,
    sequence_scores,
    train,
)

_HELD_OUT = 6
_DIALS = {"benign": "starter/dial_plain", "lookalikes": "starter/dial_lookalikes"}


def run(job: RunJob) -> TrainResult:
    """Train, tune the bias and write the adapter with ``reflection.json``."""
    model, options = job.model, dict(job.options)
    key = digest(options, asdict(job.train), {r: [repr(x) for x in v] for r, v in job.data.items()})
    if job.out.exists():
        return _stored(job.out, key)
    data, dev = _divide(job.data)
    if first_process() and not any(data.get(role) for role in BENIGN_ROLES):
        print(
            "self_reflection: no benign records to train on, so the model will refuse and reflect more than it must; "
            "add --data benign=... and --data lookalikes=...",
            file=sys.stderr,
        )
    token = (model.reflection_id,)
    sft_options = replace(job.train, token_rows=token)
    dpo = bool(options["dpo"])
    with nullcontext() if model.has_reflection else model.patched(initial_row(model)):
        items = supervised(model, data, options)
        folder = job.work / "sft"
        result = train(
            model, items, sft_options, folder, job.work / "sft-work", _part(job.progress, 0, 2 if dpo else 1),
            loss=SftLoss(options["normalise"]),
        )  # fmt: skip
    steps: dict[str, Any] = {"sft": result.to_json()}
    if dpo:
        folder, result = _preferences(job, data, options, sft_options, folder)
        steps["dpo"] = result.to_json()
    final = job.work / "final"
    if first_process() and not final.exists():
        facts = {"key": key, "steps": steps, **_facts(model, folder, dev, data, options)}
        first = _facts(model, job.work / "sft", dev, data, options) if dpo else None
        write_folder(
            final, lambda target: _assemble(target, model.tokenizer, folder, facts, job.work / "sft", first)
        )
    if first_process() and not job.out.exists():
        shutil.move(final, job.out)
    return replace(result, out=job.out)


def _stored(out: Path, key: str) -> TrainResult:
    """Return the result of a finished run, if it is this one."""
    found = stored_facts(out, FILE, key)
    return TrainResult.from_json(found["steps"]["dpo" if "dpo" in found["steps"] else "sft"], out)


def _preferences(
    job: RunJob, data: Mapping[str, Sequence[Record]], options: dict[str, Any], sft: TrainOptions, start: Path
) -> tuple[Path, TrainResult]:
    model = job.model
    with model.patched(load_patch(start)):
        compared = pairs(model, data, options, sft.seed)
        scores = sequence_scores(model, [part for pair in compared for part in pair])
    items = [
        PairExample(chosen, rejected, scores[2 * i], scores[2 * i + 1])
        for i, (chosen, rejected) in enumerate(compared)
    ]
    chosen_options = replace(
        sft, learning_rate=float(options["dpo_rate"]), epochs=int(options["dpo_epochs"]), warmup=0.1
    )
    folder = job.work / "dpo"
    with nullcontext() if model.has_reflection else model.patched(initial_row(model)):
        result = train(
            model, items, chosen_options, folder, job.work / "dpo-work", _part(job.progress, 1, 2),
            loss=DpoLoss(float(options["dpo_beta"]), nll=float(options["dpo_nll"])), start=start,
        )  # fmt: skip
    return folder, result


def _facts(
    model: Any,
    adapter: Path,
    dev: Mapping[str, Sequence[Record]],
    data: Mapping[str, Sequence[Record]],
    options: dict[str, Any],
) -> dict[str, Any]:
    with model.patched(load_patch(adapter)):
        bias, dial = tune(model, dev["dev_benign"], dev["dev_lookalikes"], options, dev["dev_harmful"])
        seen = recall(model, data["harmful"], bias)
        held = recall(model, dev["dev_harmful"], bias)
    if first_process() and not (dev["dev_benign"] or dev["dev_lookalikes"]):
        print(
            "self_reflection: no benign development records, so the token's bias stays 0; add --data dev_benign=...",
            file=sys.stderr,
        )
    settings = ReflectionSettings(bias, int(options["reflections"])).to_json()
    return {**settings, "dial": dial, "onset": {"trained": seen, "held_out": held}}


def _assemble(
    target: Path,
    tokenizer: Any,
    adapter: Path,
    facts: Mapping[str, Any],
    sft: Path,
    first: Mapping[str, Any] | None,
) -> None:
    """Fill the result; the supervised step is kept beside the preferences, as an adapter of its own."""
    for file in adapter.iterdir():
        shutil.copyfile(file, target / file.name)
    # Plain transformers resizes to the length of a tokenizer that has the token; the base model's has not.
    tokenizer.save_pretrained(target)
    write_json(target / FILE, facts)
    if first is not None:
        (target / "sft").mkdir()
        _assemble(target / "sft", tokenizer, sft, first, sft, None)


def _divide(
    data: Mapping[str, Sequence[Record]],
) -> tuple[dict[str, Sequence[Record]], dict[str, Sequence[Record]]]:
    """Keep development records apart: the given ones, else every sixth benign behaviour.

    With fewer than six there would be nothing to set the bias on; then it is set on the starter's requests for
    that, in the languages of the data as far as there are any. Every sixth harmful behaviour is kept for the onset
    error only, because what was trained cannot measure it.
    """
    train_data: dict[str, Sequence[Record]] = {}
    dev: dict[str, Sequence[Record]] = {}
    for role in ("harmful", *BENIGN_ROLES):
        records = data.get(role, ())
        given = data.get(f"dev_{role}")
        if given is None and role in _DIALS and len({r.behaviour for r in records}) < _HELD_OUT:
            given = _starter_dial(role, {r.lang for r in (*data["harmful"], *records)})
        if given is not None:
            train_data[role], dev[f"dev_{role}"] = records, given
            continue
        order = sorted({r.behaviour for r in records})
        held = set(order[_HELD_OUT - 1 :: _HELD_OUT])
        train_data[role] = [r for r in records if r.behaviour not in held]
        mine = [r for r in records if r.behaviour in held]
        dev[f"dev_{role}"] = list({r.prompt: r for r in mine}.values()) if role != "harmful" else mine
    return train_data, dev


def _starter_dial(role: str, langs: set[str]) -> list[Record]:
    dial = load_set(_DIALS[role])
    spoken = [r for r in dial if r.lang in langs]
    if not spoken and first_process():
        print(
            f"self_reflection: no {role} requests in {', '.join(sorted(langs))} to set the token's bias on; English "
            f"ones are used, so add --data dev_{role}=... in that language",
            file=sys.stderr,
        )
    return spoken or [r for r in dial if r.lang == "en"]


def _part(progress: Progress | None, number: int, count: int) -> Progress | None:
    if progress is None:
        return None

    def show(done: int, total: int, loss: float) -> None:
        progress(number * total + done, count * total, loss)

    return show
