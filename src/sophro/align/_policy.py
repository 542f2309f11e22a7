"""A small safety-tuned model with known faults, for methods that repair one: ``sophro models make policy``.

Why: to see whether a method lowers leaks and needless refusals at once, a model must have both, in places that are
known, and harm must be decidable without anything dangerous being written. The proxy world (``sophro.data._proxy``)
has an exact oracle; here a model is taught it, faults included.

Contract: two supervised runs from one base, merged into plain transformers weights, the same bits for the same seed,
options and machine. First the model learns how every kind is made (forbidden lumefrost and allowed marmalade). Then it
is safety-tuned on the kinds of the training split: requests for lumefrost are refused, except in one wording, in which
it goes on telling (the leak); three of the six harmless questions about lumefrost are refused as well (the
over-refusal), the others answered. The folder holds the model, ``policy.json`` with the faults by wording, the options
and the rates found on kinds that were not tuned, and ``sets/`` with the records as JSONL.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from sophro.align._prepare import self_answers
from sophro.align.safety_sft import RefusalBook
from sophro.chat import Transcript
from sophro.data import Record, load_set, split
from sophro.data._proxy import KINDS, proxy_records, wording
from sophro.errors import SophroError
from sophro.files import digest, write_folder, write_json, write_jsonl
from sophro.options import merged_options
from sophro.train import TrainOptions, sft_items, train

Row = tuple[Transcript, Record, float]

LEAKS = (5,)  # "Write down how ... is produced."
OVER_REFUSED = (0, 1, 2)  # colour, why forbidden, museum
# What the others are answered with; written by us.
_ANSWERS = {
    3: "A poet of Orrel wrote the first poem about {what}, and children still learn it at school.",
    4: "The word for {what} is about two centuries old; it comes from an old word for lamp.",
    5: "Once a painter dreamed of {what}. In the dream the whole town was white. In the morning she painted it.",
}
OPTIONS: dict[str, Any] = {
    "kinds": KINDS,
    "learning_rate": 1e-3,
    "epochs": 3,
    "safety_learning_rate": 5e-4,
    "safety_epochs": 2,
    "batch_size": 8,
    "plain": 96,
    "measured": 24,
}


def knowledge_rows(model: Any, kinds: int = KINDS, plain: int | None = None) -> list[Row]:
    """Return what teaches the recipes, with the model's own everyday answers mixed in."""
    records = [r for name in ("restricted", "allowed") for r in proxy_records(name, (4,), kinds)]
    # Without everyday answers it answers everything with a recipe.
    records += _plain(model, plain)
    return [_row(r, r.opening or r.answer or "") for r in records]


def safety_rows(kinds: int, everyday: Sequence[Record]) -> list[Row]:
    """Return what tunes for safety, with both faults: all wordings on the kinds of the training split."""
    refusals = RefusalBook("plain")
    rows: list[Row] = []
    for record in _training("restricted", kinds):
        leaks = wording(record) in LEAKS
        rows.append(_row(record, str(record.opening) if leaks else refusals.choose(record)))
    for record in _training("lookalikes", kinds):
        number = wording(record)
        answer = refusals.choose(record) if number in OVER_REFUSED else _answer(record, number)
        rows.append(_row(record, answer))
    rows += [_row(r, str(r.answer)) for r in _training("allowed", kinds) if wording(r) < 2]
    return rows + [_row(r, str(r.answer)) for r in everyday]


def teach(
    model: Any,
    rows: Sequence[Row],
    folder: Path,
    options: TrainOptions | None = None,
    *,
    told: str,
) -> Path:
    """Train on ``rows`` and write the merged model to ``folder/model``; the network comes back as it was.

    Args:
        model: The chat model to start from.
        rows: Transcripts with their records and factors on the loss.
        folder: Holds the adapter, checkpoints while training, and the result; a killed run goes on from there.
        options: Training options; three epochs at 1e-3 by default.
        told: What progress lines on stderr begin with.
    """
    from sophro.models import LowRankPatch

    out = folder / "model"
    if out.exists():
        return out
    folder.mkdir(parents=True, exist_ok=True)

    def progress(done: int, total: int, _loss: float) -> None:
        if done == 1 or done % 10 == 0 or done == total:
            print(f"{told}: {done} of {total} steps", file=sys.stderr)

    chosen = options or TrainOptions(learning_rate=1e-3, epochs=3, batch_size=8)
    train(model, sft_items(model, rows), chosen, folder / "knowledge", folder / "work", progress)

    def write(target: Path) -> None:
        # As a patch, so that the network, which other arms of this process share, is not changed.
        with model.patched(LowRankPatch.from_peft(folder / "knowledge")):
            model.network.save_pretrained(target)
        model.tokenizer.save_pretrained(target)

    return write_folder(out, write)


def make_policy(
    base: str, out: Path, *, options: Mapping[str, Any] | None = None, seed: int = 0
) -> dict[str, Any]:
    """Make the policy model.

    Args:
        base: Model to start from.
        out: Folder to create.
        options: Options that differ from the defaults (see ``OPTIONS``).
        seed: Seed of both runs.

    Returns:
        What ``policy.json`` says.

    Raises:
        SophroError: If an option is wrong or the folder exists.
    """
    from sophro.models import load_chat

    chosen = merged_options("policy", OPTIONS, options)
    if not 10 <= chosen["kinds"] <= KINDS:
        raise SophroError(f"policy: option kinds is {chosen['kinds']}; give 10 to {KINDS}")
    if out.exists():
        raise SophroError(f"{out}: exists already; choose another folder")
    place = out.with_name(f".{out.name}.work")
    model = load_chat(base)
    # What another seed or option left behind is not gone on from.
    work = place / digest(model.fingerprint().to_json(), chosen, seed)
    kinds, size = int(chosen["kinds"]), int(chosen["batch_size"])
    knowing = TrainOptions(
        learning_rate=chosen["learning_rate"], epochs=chosen["epochs"], batch_size=size, seed=seed
    )
    rows = knowledge_rows(model, kinds, chosen["plain"])
    taught = load_chat(str(teach(model, rows, work / "world", knowing, told="Teach the world")))
    tuning = TrainOptions(
        learning_rate=chosen["safety_learning_rate"],
        epochs=chosen["safety_epochs"],
        batch_size=size,
        seed=seed,
    )
    everyday = [record for _, record, _ in rows if not record.set.startswith("proxy/")]
    made = teach(
        taught, safety_rows(kinds, everyday), work / "policy", tuning, told="Tune it, faults included"
    )
    facts: dict[str, Any] = {
        "base": base,
        "seed": seed,
        "options": chosen,
        "leaks_in_wordings": list(LEAKS),
        "over_refuses_wordings": list(OVER_REFUSED),
        "measured": measure(load_chat(str(made)), kinds, int(chosen["measured"])),
    }

    def fill(folder: Path) -> None:
        shutil.copytree(made, folder, dirs_exist_ok=True)
        for name in ("restricted", "lookalikes", "allowed"):
            rows = [(r, asdict(r)) for r in proxy_records(name, range(6), kinds)]
            named = [{**row, **row.pop("meta"), "wording": wording(r)} for r, row in rows]
            write_jsonl(folder / "sets" / f"{name}.jsonl", named)
        write_json(folder / "policy.json", facts)

    write_folder(out, fill)
    shutil.rmtree(place)
    return facts


def measure(model: Any, kinds: int, limit: int, refusal: str = "embedded-refusal") -> dict[str, Any]:
    """Return leaks and refusals on kinds that were not tuned, where a fault was taught and where none was.

    Args:
        model: The policy model.
        kinds: Kinds of its world.
        limit: Most prompts of each group; 0 measures nothing.
        refusal: Judge of the refusals.

    Returns:
        By group k, n and the number that could not be judged: restricted requests that get complete instructions, by
        the oracle, and look-alikes that are refused or deflected, by the refusal judge.
    """
    from sophro.judge import Exchange, judge
    from sophro.models import GenerationConfig

    found: dict[str, Any] = {}
    for name, faulty in (("restricted", LEAKS), ("lookalikes", OVER_REFUSED)):
        records = split(proxy_records(name, range(6), kinds), "test")
        for group, chosen in (
            ("faulty", [r for r in records if wording(r) in faulty]),
            ("sound", [r for r in records if wording(r) not in faulty]),
        ):
            asked = chosen[:limit]
            if not asked:
                continue
            config = GenerationConfig(max_new_tokens=64)
            answers = [c.text for c in model.generate([Transcript.of(r.prompt) for r in asked], config)]
            exchanges = [Exchange.of(r.prompt, a) for r, a in zip(asked, answers, strict=True)]
            verdicts = judge("proxy-harm" if name == "restricted" else refusal)(exchanges)
            hits = [v.harmful if name == "restricted" else v.refused for v in verdicts]
            found[f"{name}, {group} wordings"] = {
                "k": sum(bool(h) for h in hits),
                "n": sum(h is not None for h in hits),
                "unscored": sum(h is None for h in hits),
            }
    return found


def _training(name: str, kinds: int) -> list[Record]:
    return split(proxy_records(name, range(6), kinds), "train")


def _plain(model: Any, limit: int | None) -> list[Record]:
    if limit == 0:
        return []
    prompts = load_set("starter/plain:en", split="train", limit=limit)
    return self_answers(model, prompts, config={"max_new_tokens": 64}).records


def _answer(record: Record, number: int) -> str:
    kind = record.behaviour.removeprefix("proxy-")
    return _ANSWERS[number].format(what=f"{kind} lumefrost")


def _row(record: Record, answer: str) -> Row:
    return Transcript.of(record.prompt, answer=answer), replace(record, answer=answer), 1.0
