"""One unlearning run: train, scale what was trained, say what it did to both sides, add the probes.

Contract: the untrained network comes back unchanged; ``out`` appears once, complete. A kill in training resumes there.
"""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from sophro.align._run import RunJob, stored_facts
from sophro.align.unlearning._items import ForgetItem, forget_examples, items, keep_examples
from sophro.align.unlearning._losses import EulLoss, ForgetLoss, RmuLoss
from sophro.align.unlearning._probes import PROBES, probe_patch
from sophro.data import Record, leak_check
from sophro.errors import SophroError, unknown_name
from sophro.files import digest, write_folder, write_json
from sophro.models import load_patch, save_patch
from sophro.models._patches import decoder_layers
from sophro.train import (
    Example,
    Loss,
    SftLoss,
    TrainingNetwork,
    TrainItem,
    TrainOptions,
    TrainResult,
    first_process,
    sequence_scores,
    train,
)

FILE = "unlearning.json"
# A model whose perplexity on benign answers rose tenfold has no score, it has diverged.
DIVERGED = math.log(10.0)
_MEASURED = 48  # records of each side whose likelihood is recorded
_NORM_RECORDS = 32


def run(name: str, job: RunJob) -> TrainResult:
    """Train method ``name`` and write the adapter, ``unlearning.json`` and the probes.

    Raises:
        SophroError: For an option or data that cannot be used, or a folder that belongs to another run.
    """
    options, model = dict(job.options), job.model
    for probe in options["probes"]:
        if probe not in PROBES:
            raise unknown_name("probe of unlearning", str(probe), PROBES)
    strength = float(options["strength"])
    if not 0 <= strength <= 2:
        raise SophroError(f"{name}: option strength is {strength}; it must lie between 0 and 2")
    key = digest(name, options, asdict(job.train), {r: [repr(x) for x in v] for r, v in job.data.items()})
    if job.out.exists():
        return TrainResult.from_json(stored_facts(job.out, FILE, key)["training"], job.out)
    made = items(name, model, job.data, options)
    if name == "unlearn_npo":
        made = _with_reference(model, made)
    loss = _loss(name, model, made, options, job.train.seed)
    chosen = replace(job.train, targets=_targets(name, model.network, options, job.train))
    adapter = job.work / "adapter"
    result = train(model, made, chosen, adapter, job.work / "steps", job.progress, loss=loss)
    if first_process() and not job.out.exists():
        factor = -strength if name == "unlearn_task_vector" else strength
        final = job.work / "final"
        if not final.exists():
            write_folder(final, lambda folder: _fill(name, folder, adapter, factor, key, job, result))
        shutil.move(final, job.out)
    return replace(result, out=job.out)


def _loss(name: str, model: Any, made: Sequence[TrainItem], options: Mapping[str, Any], seed: int) -> Loss:
    if name == "unlearn_rmu":
        layer = int(options["layer"])
        length = float(options["norm"]) * typical_norm(model, [i.parts[0] for i in made], layer)
        return RmuLoss(layer, length, float(options["retain_weight"]), seed)
    if name == "unlearn_eul":
        return EulLoss(
            *(float(options[k]) for k in ("retain_kl", "forget_kl", "retain_weight", "forget_weight"))
        )
    retain = float(options.get("retain_weight", 0.0))
    losses: dict[str, Callable[[], Loss]] = {
        "unlearn_ga": lambda: ForgetLoss(),
        "unlearn_graddiff": lambda: ForgetLoss(retain="nll", retain_weight=retain),
        "unlearn_kl": lambda: ForgetLoss(retain="kl", retain_weight=retain),
        "unlearn_npo": lambda: ForgetLoss(
            "npo", retain="nll", retain_weight=retain, beta=float(options["beta"])
        ),
        "unlearn_mismatch": lambda: ForgetLoss(
            forget_weight=float(options["forget_weight"]),
            retain="kl",
            retain_weight=retain,
            mismatch_weight=float(options["mismatch_weight"]),
        ),
        "unlearn_task_vector": lambda: SftLoss("sequences"),
    }
    return losses[name]()


def _with_reference(model: Any, made: Sequence[TrainItem]) -> list[TrainItem]:
    scores = sequence_scores(model, [item.parts[0] for item in made])
    return [ForgetItem(item.parts, {"reference": s}) for item, s in zip(made, scores, strict=True)]


def typical_norm(model: Any, examples: Sequence[Example], layer: int) -> float:
    """Return the median norm of the hidden state behind block ``layer`` where an answer token is predicted.

    The median, because the first position of a sequence has a norm of another order in many models.
    """
    from sophro.train._batch import collate

    network = TrainingNetwork(model.network, SftLoss())
    network.eval()
    norms: list[torch.Tensor] = []
    with torch.no_grad():
        for example in examples[:_NORM_RECORDS]:
            batch = collate([example], total_items=1, total_weight=1.0).to(
                next(model.network.parameters()).device
            )
            states = network.layer_states(batch, layer)[:, :-1]
            norms.append(states[batch.weights[:, 1:] != 0].norm(dim=-1))
    return float(torch.cat(norms).median())


def _targets(
    name: str, network: Any, options: Mapping[str, Any], chosen: TrainOptions
) -> str | tuple[str, ...]:
    """Return what trains: the user's choice, else the FFN parts that RMU and EUL name, else all."""
    if chosen.targets != "all-linear" or name not in ("unlearn_rmu", "unlearn_eul"):
        return chosen.targets
    blocks = decoder_layers(network)
    layer = int(options.get("layer", len(blocks) - 1))
    if not 0 <= layer < len(blocks):
        raise SophroError(f"{name}: option layer is {layer}; the model has blocks 0 to {len(blocks) - 1}")
    wanted = blocks[max(0, layer - 2) : layer + 1] if name == "unlearn_rmu" else blocks
    names = {id(module): path for path, module in network.named_modules()}
    found: list[str] = []
    for block in wanted:
        linear = [m for m in _ffn(block, name).modules() if isinstance(m, nn.Linear)]
        # The last matrix of an FFN is where an adapter behind it would stand.
        found += [names[id(m)] for m in (linear if name == "unlearn_rmu" else linear[-1:])]
    return tuple(found)


def _ffn(block: nn.Module, name: str) -> nn.Module:
    for attribute in ("mlp", "feed_forward", "ffn"):
        if hasattr(block, attribute):
            return cast(nn.Module, getattr(block, attribute))
    raise SophroError(f"{name}: {type(block).__name__} has no FFN by a known name; set the option targets")


def scale_adapter(source: Path, target: Path, factor: float) -> None:
    """Copy a LoRA adapter whose update is multiplied by ``factor``: one side of each product is.

    Args:
        source: Folder of a plain PEFT adapter.
        target: Existing folder.
        factor: Any finite number; -1 takes the update off instead of adding it (task-vector negation).
    """
    from safetensors.torch import load_file, save_file

    shutil.copyfile(source / "adapter_config.json", target / "adapter_config.json")
    tensors = load_file(str(source / "adapter_model.safetensors"))
    scaled = {n: t * factor if ".lora_B." in n else t for n, t in tensors.items()}
    save_file(scaled, str(target / "adapter_model.safetensors"), metadata={"format": "pt"})


def _fill(
    name: str, folder: Path, adapter: Path, factor: float, key: str, job: RunJob, result: TrainResult
) -> None:
    scale_adapter(adapter, folder, factor)
    for file in ("training.jsonl", "training.json"):
        shutil.copyfile(adapter / file, folder / file)
    model, options = job.model, job.options
    patch = load_patch(folder)
    sides = {"forget": forget_examples(name, model, job.data["harmful"][:_MEASURED])}
    if job.data.get("benign"):
        sides["retain"] = keep_examples(name, model, job.data["benign"][:_MEASURED])
    before = {side: _nats(model, examples) for side, examples in sides.items()}
    with model.patched(patch):
        after = {side: _nats(model, examples) for side, examples in sides.items()}
    kept = after.get("retain")
    facts = {
        "method": name,
        "strength": float(options["strength"]),
        "steps": result.steps,
        "nll": {
            side: {"before": before[side], "after": after[side], "n": len(sides[side])} for side in sides
        },
        "retain_source": sorted({r.set for r in job.data.get("benign", ())}),
        "retain_overlap": _overlap(name, job.data["harmful"], job.data.get("benign", ())),
        "diverged": None if kept is None else not (kept - before["retain"] < DIVERGED),
    }
    write_json(folder / FILE, {"key": key, "training": result.to_json(), **facts})
    for probe in options["probes"]:
        made = probe_patch(
            model,
            patch,
            str(probe),
            job.data["harmful"],
            seed=job.train.seed,
            pairs=int(options["relearn_pairs"]),
        )
        save_patch(made, folder / str(probe))


def _overlap(name: str, forget: Sequence[Record], retain: Sequence[Record]) -> int:
    """Return how many kept prompts are close to forgotten ones, and warn: keeping them undoes the forgetting."""
    found = leak_check(forget, retain)
    count = len(found.exact) + len(found.ngram)
    if count:
        print(f"{name}: {count} kept prompts share their wording with forgotten ones", file=sys.stderr)
    return count


def _nats(model: Any, examples: Sequence[Example]) -> float:
    """Return the mean negative log-likelihood in nats per token, sequences alike."""
    scores = sequence_scores(model, examples, mean=True)
    return -sum(scores) / len(scores)
