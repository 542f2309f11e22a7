"""From a recipe to its stages: what runs, in which order, under which hash.

Contract: deterministic; a stage comes after everything it needs. The key of a stage covers all that changes
its result (kind, inputs, the keys of what it needs, the contents of local folders and files, the versions of
sophro and of the judges) and nothing else: not its name, not the description, not the budget. Equal work is one stage.

Inputs by kind (JSON values):
    answers: model, data (its limit counts usable answers), generation, seed, harm_judge.
    prepare: model, method, data, options (those that preparing depends on), seed, tuned (the adapter of the tuned
        model comes from the last of ``needs``), sources, version (of the method), assessed (the sets to keep away
        from, for a method that makes prompts of its own).
    align: model, method, data, options, seed, self_answers (the role whose answers come from ``needs[0]``, or
        None), prepared (all data comes from ``needs[0]``), sources.
    edit: model, method, data, options, seed, sources.
    steer: model, method, data, options, seed, adapter (a ready one that is on the model, or None), trained (it comes
        from ``needs[0]``), part (the folder in it, if not the whole).
    ``sources`` says which role's records were prepared by another arm: role -> [number in ``needs``, its role].
    assess: arm, model, adapter (a ready one, or None), trained (the adapter comes from ``needs[0]``), part (the folder
        in it, if not the whole), task,
        set, split, limit, attack, params, generation, judges, seed.
Which records a limit selects must not depend on the seed, or arms of different seeds are not comparable.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import sophro
from sophro.assess import DETECTOR, TASK_VERSION
from sophro.errors import SophroError
from sophro.files import digest
from sophro.recipe._checks import SELF_ANSWERS, TUNED_ARM, arm_result, combinations, from_arm, steers
from sophro.recipe._fingerprint import content_key
from sophro.recipe._schema import Arm, Assessment, Recipe
from sophro.registry import methods

if TYPE_CHECKING:
    from sophro.align._run import AlignMethod

# What this judge calls harmful is trained as an answer nowhere, whatever judges the assessment.
DATA_JUDGE = "embedded-harm"

Kind = Literal["answers", "prepare", "align", "edit", "steer", "assess"]


@dataclass(frozen=True)
class Stage:
    """One piece of work with one folder as its result.

    Attributes:
        name: Readable and unique within a plan, ``assess-safety_sft-s0-harmful-prefill-k20``.
        kind: Which executor does it.
        inputs: JSON values, see the module header.
        needs: Names of the stages whose folders it reads.
        key: 16 hex digits; equal key means equal result.
        title: One line for people.
    """

    name: str
    kind: Kind
    inputs: Mapping[str, Any]
    needs: tuple[str, ...]
    key: str
    title: str


def plan(recipe: Recipe) -> list[Stage]:
    """Return the stages of ``recipe`` in an order in which they can run.

    An arm without training gives the same greedy answers for every seed, so that without an attack (which may
    draw at random) it is assessed for the first seed only; so are self-generated answers.
    """
    draft = _Draft()
    for label in recipe.arms:
        for seed in recipe.seeds:
            trained = _trained(draft, recipe, label, seed)
            for item in recipe.assessments:
                if item.arms is not None and label not in item.arms:
                    continue
                alike = trained is None and item.attack is None and recipe.generation.temperature == 0.0
                if not (alike and seed != recipe.seeds[0]):
                    _assess(draft, recipe, label, item, seed, trained)
    return draft.stages


class _Draft:
    """Stages so far; adding work that is already there returns the stage that does it."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self._by_key: dict[str, Stage] = {}
        self._names: set[str] = set()
        self._open: list[str] = []

    @contextlib.contextmanager
    def visiting(self, label: str) -> Generator[None]:
        """Refuse arms that need each other."""
        if label in self._open:
            raise SophroError(f"arms {' -> '.join([*self._open, label])} need each other; remove one link")
        self._open.append(label)
        try:
            yield
        finally:
            self._open.pop()

    def add(
        self, kind: Kind, name: str, title: str, inputs: Mapping[str, Any], needs: tuple[Stage, ...] = ()
    ) -> Stage:
        parts = [sophro.__version__, kind, _contents(inputs), [need.key for need in needs]]
        if kind == "assess":
            parts += [_judge_versions(inputs["judges"].values(), str(inputs["model"])), TASK_VERSION]
        if kind in ("answers", "prepare"):
            # Judges choose the data, so data that an older one chose is not taken for the new one's.
            named = [v for k, v in {**inputs, **inputs.get("options", {})}.items() if k.endswith("_judge")]
            parts.append(_judge_versions(["embedded-refusal", *named], str(inputs["model"])))
        key = digest(*parts)
        if key not in self._by_key:
            unique = next(n for n in _numbered(name) if n not in self._names)
            stage = Stage(unique, kind, inputs, tuple(need.name for need in needs), key, title)
            self.stages.append(stage)
            self._by_key[key] = stage
            self._names.add(unique)
        return self._by_key[key]


def _trained(draft: _Draft, recipe: Recipe, label: str, seed: int) -> Stage | None:
    """Return the stage whose adapter an arm uses: its own training, or another arm's."""
    arm = recipe.arms[label]
    if arm.method is not None:
        return (_steer if steers(arm.method) else _align)(draft, recipe, label, seed)
    source = arm_result(arm.adapter)
    return _trained(draft, recipe, source[0], seed) if source is not None else None


def _steer(draft: _Draft, recipe: Recipe, label: str, seed: int) -> Stage:
    """Add (or find) the stages that fit one steering arm, the one that it stands on included."""
    from sophro.steer import default_options

    arm = recipe.arms[label]
    source = arm_result(arm.adapter)
    with draft.visiting(label):
        base = _trained(draft, recipe, source[0], seed) if source is not None else None
    inputs = {
        "model": recipe.model_of(label),
        "method": arm.method,
        "data": {role: spec.model_dump(mode="json") for role, spec in arm.data.items()},
        "options": {**default_options(str(arm.method)), **arm.options},
        "seed": seed,
        "adapter": arm.adapter if source is None else None,
        "trained": base is not None,
        **({"part": source[1]} if source is not None and source[1] else {}),
    }
    title = f"Fit {label} with {arm.method} (seed {seed})"
    return draft.add("steer", f"steer-{label}-s{seed}", title, inputs, (base,) if base is not None else ())


def _align(draft: _Draft, recipe: Recipe, label: str, seed: int) -> Stage:
    """Add (or find) the stages that train or edit one arm, those that it stands on included."""
    arm = recipe.arms[label]
    model = recipe.model_of(label)
    if arm.method in methods("edit"):
        return _edit(draft, recipe, label, seed)
    found = _method(str(arm.method))
    if found is not None and found.prepare is not None:
        needs: tuple[Stage, ...] = (_prepare(draft, recipe, label, seed, found),)
        prepared, self_answers, sources = True, False, dict[str, list[Any]]()
    else:
        prepared, self_answers = False, arm.options.get(SELF_ANSWERS) == "self"
        needs = (_answers(draft, recipe, label, seed),) if self_answers else ()
        needs, sources = _sources(draft, recipe, label, seed, needs)
    inputs = {
        "model": model,
        "method": arm.method,
        "data": {role: spec.model_dump(mode="json") for role, spec in arm.data.items()},
        "options": _options(found, arm),
        "seed": seed,
        "self_answers": "benign" if self_answers else None,
        **({"prepared": True} if prepared else {}),
        **({"sources": sources} if sources else {}),
    }
    title = f"Train {label} with {arm.method} (seed {seed})"
    return draft.add("align", f"align-{label}-s{seed}", title, inputs, needs)


def _edit(draft: _Draft, recipe: Recipe, label: str, seed: int) -> Stage:
    from sophro.edit import default_options

    arm = recipe.arms[label]
    for option in (SELF_ANSWERS, TUNED_ARM):
        if option in arm.options:
            raise SophroError(
                f"arms.{label}.options.{option}: is for alignment methods; {arm.method} edits weights"
            )
    needs, sources = _sources(draft, recipe, label, seed, ())
    inputs = {
        "model": recipe.model_of(label),
        "method": arm.method,
        "data": {role: spec.model_dump(mode="json") for role, spec in arm.data.items()},
        "options": {**default_options(str(arm.method)), **arm.options},
        "seed": seed,
        **({"sources": sources} if sources else {}),
    }
    title = f"Edit {label} with {arm.method} (seed {seed})"
    return draft.add("edit", f"edit-{label}-s{seed}", title, inputs, needs)


def _answers(draft: _Draft, recipe: Recipe, label: str, seed: int) -> Stage:
    benign = recipe.arms[label].data["benign"]
    model = recipe.model_of(label)
    # Greedy answers are the same for every seed; one stage then serves them all.
    answer_seed = recipe.seeds[0] if recipe.generation.temperature == 0.0 else seed
    inputs = {
        "model": model,
        "data": benign.model_dump(mode="json"),
        "generation": recipe.generation.model_dump(mode="json"),
        "seed": answer_seed,
        "harm_judge": DATA_JUDGE,
    }
    name = f"answers-{_slug(Path(benign.set).name)}-s{answer_seed}"
    return draft.add("answers", name, f"Answer {benign.set} with {model} itself", inputs)


def _prepare(draft: _Draft, recipe: Recipe, label: str, seed: int, found: AlignMethod) -> Stage:
    arm = recipe.arms[label]
    tuned = arm.options.get(TUNED_ARM)
    if found.tuned and tuned is None:
        raise SophroError(
            f"arms.{label}: method {arm.method} diagnoses a tuned model; name the arm that trains it with "
            f"options.{TUNED_ARM}"
        )
    with draft.visiting(label):
        return _prepare_stage(draft, recipe, label, seed, found, tuned)


def _prepare_stage(
    draft: _Draft, recipe: Recipe, label: str, seed: int, found: AlignMethod, tuned: Any
) -> Stage:
    arm = recipe.arms[label]
    needs, sources = _sources(draft, recipe, label, seed, ())
    if tuned is not None:
        needs = (*needs, _align(draft, recipe, str(tuned), seed))
    inputs = {
        "model": recipe.model_of(label),
        "method": arm.method,
        "data": {role: spec.model_dump(mode="json") for role, spec in arm.data.items()},
        "options": {k: v for k, v in _options(found, arm).items() if k in found.prepare_options},
        "seed": seed,
        "tuned": tuned is not None,
        "sources": sources,
        "version": found.version,
        **({"assessed": _assessed(recipe)} if found.invents else {}),
    }
    title = f"Prepare data of {label} for {arm.method} (seed {seed})"
    return draft.add("prepare", f"prepare-{label}-s{seed}", title, inputs, needs)


def _assessed(recipe: Recipe) -> list[dict[str, Any]]:
    """Return the sets that the recipe assesses, whole: how many prompts of them are used makes no difference."""
    pairs = {(item.set, item.split) for item in recipe.assessments}
    return [{"set": s, "split": part, "limit": None} for s, part in sorted(pairs, key=str)]


def _sources(
    draft: _Draft, recipe: Recipe, label: str, seed: int, needs: tuple[Stage, ...]
) -> tuple[tuple[Stage, ...], dict[str, list[Any]]]:
    """Return the stages that prepare data which this arm takes from other arms."""
    sources: dict[str, list[Any]] = {}
    for role, spec in recipe.arms[label].data.items():
        named = from_arm(spec.set)
        if named is None:
            continue
        found = _method(str(recipe.arms[named[0]].method))
        if found is None or found.prepare is None:
            raise SophroError(
                f"arms.{label}.data.{role}: arm {named[0]!r} prepares no data; name an arm whose method does"
            )
        stage = _prepare(draft, recipe, named[0], seed, found)
        sources[role] = [len(needs), named[1]]
        needs = (*needs, stage)
    return needs, sources


def _options(found: AlignMethod | None, arm: Arm) -> dict[str, Any]:
    """Return all options of an arm, those it leaves to their defaults too: a new default is new work."""
    from sophro.align._run import default_options

    known = default_options(found.name) if found is not None else {}
    known.pop("seed", None)
    return {**known, **{k: v for k, v in arm.options.items() if k not in (SELF_ANSWERS, TUNED_ARM)}}


def _method(name: str) -> AlignMethod | None:
    from sophro.align._run import find

    try:
        return find(name)
    except SophroError:
        return None


def _assess(
    draft: _Draft, recipe: Recipe, label: str, item: Assessment, seed: int, trained: Stage | None
) -> None:
    # What a steering arm stands on is part of its own result.
    adapter = None if steers(recipe.arms[label].method) else recipe.arms[label].adapter
    source = arm_result(adapter)
    for params in combinations(item.params):
        shown = "".join(f"-{name}{_slug(str(value))}" for name, value in params.items())
        attack = f"-{_slug(item.attack)}" if item.attack is not None else ""
        said = ", ".join(f"{name}={value}" for name, value in params.items())
        under = f" under {item.attack}{f' ({said})' if said else ''}" if item.attack is not None else ""
        inputs = {
            "arm": label,
            "model": recipe.model_of(label),
            "adapter": adapter if source is None else None,
            "trained": trained is not None,
            **({"part": source[1]} if source is not None and source[1] else {}),
            **item.model_dump(mode="json", exclude={"params", "arms"}),
            "params": params,
            "generation": recipe.generation.model_dump(mode="json"),
            "judges": _judges(recipe),
            "seed": seed,
        }
        draft.add(
            "assess",
            f"assess-{label}-s{seed}-{_slug(item.task)}{_which(recipe, item)}{attack}{shown}"[:120],
            f"Assess {label}: {item.task} on {item.set}{under} (seed {seed})",
            inputs,
            (trained,) if trained is not None else (),
        )


def _which(recipe: Recipe, item: Assessment) -> str:
    # The set is part of the name only where task and attack leave it open.
    alike = [o for o in recipe.assessments if (o.task, o.attack) == (item.task, item.attack)]
    return f"-{_slug(item.set)}" if len({o.set for o in alike}) > 1 else ""


def _contents(value: Any) -> Any:
    """Replace absolute paths by what they hold, so that a key survives a move but not an edit."""
    if isinstance(value, Mapping):
        swapped = {k: v if k in ("options", "params") else _contents(v) for k, v in value.items()}
        for field in ("model", "adapter", "set"):
            local = swapped.get(field)
            if isinstance(local, str) and Path(local).is_absolute():
                swapped[field] = {"content": content_key(Path(local))}
        return swapped
    if isinstance(value, list):
        return [_contents(item) for item in cast("list[Any]", value)]
    return value


def _judges(recipe: Recipe) -> dict[str, Any]:
    found = recipe.judges.model_dump(mode="json")
    # Stages from before this role existed stay valid where nobody plays it.
    return {role: name for role, name in found.items() if role != "second_harm" or name is not None}


def _judge_versions(names: Iterable[str | None], model: str) -> list[str]:
    """Return the versions of judges and detector, so that verdicts of an older one are not taken for the new one's."""
    from sophro.judge import judge, judges

    known = judges()
    found = [judge(name).version for name in names if name and (name in known or "@" in name)]
    if model.startswith(DETECTOR):
        from sophro.guard import detector

        found.append(detector(model.removeprefix(DETECTOR)).version)
    return found


def _numbered(name: str) -> Iterator[str]:
    yield name
    for number in itertools.count(2):
        yield f"{name}-{number}"


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "-", text).strip("-.")[:40] or "x"
