"""One alignment run: records to training items to an adapter on the disk."""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

from sophro.align._prepare import Advance, Prepared, PrepareJob
from sophro.data import Record
from sophro.errors import SophroError
from sophro.files import digest, read_text, write_folder
from sophro.options import merged_options
from sophro.registry import method as find_method
from sophro.registry import resolve
from sophro.train import TrainItem, TrainOptions, TrainResult, first_process
from sophro.train import sft_items as sft_items

BuildItems = Callable[[Any, Mapping[str, Sequence[Record]], Mapping[str, Any]], list[TrainItem]]
Progress = Callable[[int, int, float], None]


@dataclass(frozen=True)
class RunJob:
    """What a method that trains in several steps gets.

    Attributes:
        model: The untrained chat model.
        data: Prepared records by role.
        options: The method's own options.
        train: Training options.
        out: Folder to create.
        work: Folder that outlives a kill.
        progress: As in ``align``.
    """

    model: Any
    data: Mapping[str, Sequence[Record]]
    options: Mapping[str, Any]
    train: TrainOptions
    out: Path
    work: Path
    progress: Progress | None = None


@dataclass(frozen=True)
class AlignMethod:
    """What one alignment method brings.

    Attributes:
        name: Its name in the registry.
        items: ``(model, data by role, own options) -> training items``.
        options: Its own options with their defaults; training options are common to all methods.
        train: Defaults of the training options that suit the method.
        prepare: Makes what is trained on from what the user named (answers, unsafe texts, triggers).
        prepare_options: Own options on which ``prepare`` depends.
        run: Replaces the single training run, for methods with several steps.
        tuned: Whether ``prepare`` diagnoses a model that was tuned before.
        invents: Whether ``prepare`` makes prompts of its own, which must be kept away from what is assessed.
        version: Raised when ``prepare`` or the making of items changes; what an older one made is not taken over.
    """

    name: str
    items: BuildItems
    options: Mapping[str, Any]
    train: Mapping[str, Any] | None = None
    prepare: Callable[[PrepareJob], Prepared] | None = None
    prepare_options: tuple[str, ...] = ()
    run: Callable[[RunJob], TrainResult] | None = None
    tuned: bool = False
    invents: bool = False
    version: int = 1


# One pass, high rate, small batches: what moves a 135M model in two minutes on two cores.
_DEFAULTS: dict[str, Any] = {"learning_rate": 1e-3, "epochs": 1, "batch_size": 8, "rank": 16, "alpha": 32}


def default_options(name: str) -> dict[str, Any]:
    """Return all options of method ``name`` with their defaults (its own and those of training)."""
    found = _method(name)
    training = {f.name: f.default for f in fields(TrainOptions)}
    return {**training, **_DEFAULTS, **(found.train or {}), **found.options}


def align(
    name: str,
    model: Any,
    data: Mapping[str, Sequence[Record]],
    out: Path,
    *,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    work: Path | None = None,
    progress: Progress | None = None,
    prepared: bool = False,
    tuned: Path | None = None,
    advance: Advance = lambda done, total: None,
) -> TrainResult:
    """Align ``model`` with method ``name`` and write a plain PEFT adapter to ``out``.

    Args:
        name: Method of the room ``align``.
        model: A local chat model; it comes back unchanged.
        data: Records by role.
        out: Folder to create.
        options: The method's own and the training options that differ from the defaults.
        seed: Seed of initialisation and order.
        work: Folder for checkpoints; a killed run goes on from there.
        progress: Called with (steps done, steps in all, loss).
        prepared: Whether ``data`` is what ``prepare`` returned.
        tuned: Adapter of a model that was tuned before, for methods that diagnose one.
        advance: Called with (done, all) while data is prepared.

    Raises:
        SophroError: If the method or an option is unknown, or the data cannot be trained on.
    """
    from sophro.train import train

    found, chosen, own = _checked(name, model, options, seed)
    with contextlib.ExitStack() as stack:
        folder = work
        if folder is None and (found.run is not None or found.prepare is not None):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sophro-align-")))
        if found.prepare is not None and not prepared:
            assert folder is not None
            job = PrepareJob(model, data, own, seed, tuned, advance=advance)
            data = _prepare_once(found, job, folder / "prepared").data
        if found.run is not None:
            assert folder is not None
            folder.mkdir(parents=True, exist_ok=True)
            return found.run(RunJob(model, data, own, chosen, out, folder, progress))
        return train(model, found.items(model, data, own), chosen, out, work, progress)


def prepare(
    name: str,
    model: Any,
    data: Mapping[str, Sequence[Record]],
    *,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    tuned: Path | None = None,
    assessed: Sequence[Record] = (),
    advance: Advance = lambda done, total: None,
) -> Prepared:
    """Make what method ``name`` trains on; methods that need no preparation return the data as it is.

    Args:
        name: Method of the room ``align``.
        model: A local chat model; it comes back unchanged.
        data: Records by role.
        options: The method's own options that differ from the defaults.
        seed: Seed of whatever is drawn.
        tuned: Adapter of a model that was tuned before, for methods that diagnose one.
        assessed: Prompts on which the result will be assessed; new prompts are kept away from them.
        advance: Called with (done, all).
    """
    found, _, own = _checked(name, model, options, seed)
    if found.prepare is None:
        return Prepared(data)
    return found.prepare(PrepareJob(model, data, own, seed, tuned, assessed, advance))


def _prepare_once(found: AlignMethod, job: PrepareJob, folder: Path) -> Prepared:
    """Prepare, or read what an earlier attempt prepared from the same inputs."""
    assert found.prepare is not None
    chosen = {k: job.options[k] for k in found.prepare_options}
    key = digest(
        found.name, chosen, job.seed, str(job.tuned), {r: [repr(x) for x in v] for r, v in job.data.items()}
    )
    target = folder / key
    if not first_process():
        # Under accelerate the first process prepares; the launcher ends the others if it fails.
        while not target.exists():
            time.sleep(0.2)
    if not target.exists():
        made = found.prepare(job)
        write_folder(target, made.write)
    return Prepared.read(target)


def stored_facts(out: Path, file: str, key: str) -> dict[str, Any]:
    """Return what ``file`` of a finished run says.

    Raises:
        SophroError: If the folder is not the result of the run with this ``key``.
    """
    path = out / file
    found: dict[str, Any] = json.loads(read_text(path)) if path.exists() else {}
    if found.get("key") != key:
        raise SophroError(
            f"{out}: exists and is not the result of this run; delete it or choose another folder"
        )
    return found


def training_items(
    name: str,
    model: Any,
    data: Mapping[str, Sequence[Record]],
    options: Mapping[str, Any] | None = None,
    advance: Advance = lambda done, total: None,
) -> list[TrainItem]:
    """Return what method ``name`` would train on; ``meta["tokenized"]`` of each part holds its segments."""
    found, _, own = _checked(name, model, options, 0)
    if found.prepare is not None:
        data = found.prepare(PrepareJob(model, data, own, advance=advance)).data
    return found.items(model, data, own)


def find(name: str) -> AlignMethod:
    """Return the method ``name`` of the room ``align``."""
    return _method(name)


def _checked(
    name: str, model: Any, options: Mapping[str, Any] | None, seed: int
) -> tuple[AlignMethod, TrainOptions, dict[str, Any]]:
    """Check the model and the options, and divide them between method and trainer."""
    from sophro.models import require

    found = _method(name)
    require(model, find_method(name, "align").needs, f"method {name}")
    merged = merged_options(name, default_options(name), options)
    merged["seed"] = seed
    own = {key: merged[key] for key in found.options}
    training = {f.name: merged[f.name] for f in fields(TrainOptions)}
    return found, TrainOptions(**training), own


def _method(name: str) -> AlignMethod:
    return cast(AlignMethod, resolve(find_method(name, "align")))
