"""Plans: golden plan of the quickstart, sharing, seeds, hash sensitivity, estimates."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sophro
from sophro.align._run import default_options
from sophro.errors import SophroError
from sophro.recipe import Names, Recipe, Stage, Throughput, describe, dump_recipe, estimate, load_recipe, plan
from sophro.recipe import _fingerprint as fingerprint
from sophro.recipe._fingerprint import content_key

RECIPES = Path(__file__).parents[2] / "recipes"
ANY = Names()

TREE: dict[str, Any] = {
    "name": "t",
    "description": "d",
    "model": "smollm2-135m",
    "seeds": [0],
    "arms": {
        "base": {},
        "tuned": {
            "method": "safety_sft",
            "data": {
                "harmful": {"set": "h", "split": "train", "limit": 8},
                "benign": {"set": "b", "limit": 4},
            },
            "options": {"epochs": 1, "benign_answers": "self"},
        },
    },
    "assessments": [
        {"task": "harmful", "set": "h", "split": "test", "limit": 6},
        {"task": "harmful", "set": "h", "attack": "prefill", "params": {"k": [5, 10], "style": "sure"}},
    ],
    "generation": {"max_new_tokens": 48, "temperature": 0.0},
    "judges": {"refusal": "r", "harm": "h"},
    "budget": {"minutes": 5.0},
}


def stages(tree: dict[str, Any]) -> list[Stage]:
    return plan(Recipe.model_validate_json(json.dumps(tree)))


def changed(path: str, value: Any, tree: dict[str, Any] = TREE) -> dict[str, Any]:
    result = copy.deepcopy(tree)
    node: Any = result
    *parents, last = path.split(".")
    for part in parents:
        node = node[int(part)] if isinstance(node, list) else node[part]
    node[int(last) if isinstance(node, list) else last] = value
    return result


def by_kind(found: list[Stage], kind: str) -> dict[str, str]:
    return {s.name: s.key for s in found if s.kind == kind}


def test_golden_plan_of_the_quickstart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sophro, "__version__", "golden")
    found = plan(load_recipe(RECIPES / "quickstart.yaml", names=ANY))
    tail = ["harmful", "harmful-prefill-k20", "over_refusal"]
    tail += ["helpfulness"]
    assert [(s.name, s.needs) for s in found] == [
        *((f"assess-base-s0-{t}", ()) for t in tail),
        ("align-safety_sft-s0", ()),
        *((f"assess-safety_sft-s0-{t}", ("align-safety_sft-s0",)) for t in tail),
        ("answers-plain-en-s0", ()),
        ("align-safety_sft_mix-s0", ("answers-plain-en-s0",)),
        *((f"assess-safety_sft_mix-s0-{t}", ("align-safety_sft_mix-s0",)) for t in tail),
        ("prepare-triggers-s0", ("align-safety_sft_mix-s0",)),
        ("align-triggers-s0", ("prepare-triggers-s0",)),
        *((f"assess-triggers-s0-{t}", ("align-triggers-s0",)) for t in tail),
    ]
    # A key that moves throws away finished work of every user: change these only together with the version.
    keys = {s.name: s.key for s in found}
    # Keys of assessments hold the judges' versions too, and so do those of data that judges choose.
    assert keys["align-safety_sft-s0"] == "7a4af2a05065cfea"


def test_data_that_judges_choose_moves_with_the_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """An adapter trained on what an older judge chose was once taken for the new one's."""
    from sophro.judge import judge

    recipe = load_recipe(RECIPES / "reflection.yaml", names=ANY)
    before = {s.name: s.key for s in plan(recipe)}
    monkeypatch.setattr(judge("embedded-harm"), "version", "another")
    after = {s.name: s.key for s in plan(recipe)}
    moved = {name for name, key in before.items() if after[name] != key and not name.startswith("assess")}
    assert {
        "prepare-reflection-s0",
        "align-reflection-s0",
        "prepare-triggers-s0",
        "align-triggers-s0",
    } <= moved
    assert {"answers-plain-en-s0", "align-generic-s0"} <= moved
    assert not moved & {"align-safety_sft-s0"}, "nobody asked that judge there"
    monkeypatch.undo()
    monkeypatch.setattr(judge("embedded-refusal"), "version", "another")
    assert {s.key for s in plan(recipe) if s.kind == "answers"}.isdisjoint(before.values())


def test_a_method_that_makes_prompts_knows_what_is_assessed(tmp_path: Path) -> None:
    """Matched data are kept away from the recipe's own sets, so they are made anew when one joins or changes."""
    mine = tmp_path / "mine.jsonl"
    mine.write_text('{"id": "1", "prompt": "How do I rest pizza dough?"}\n', encoding="utf-8")
    text = (RECIPES / "quickstart.yaml").read_text("utf-8")

    def found(extra: str = "", path: Path = tmp_path / "a.yaml") -> dict[str, Any]:
        path.write_text(text.replace("assessments:\n", f"assessments:\n{extra}"), encoding="utf-8")
        return {s.name: s for s in plan(load_recipe(path, names=ANY))}

    before = found()
    assert {"set": "starter/lookalikes:en", "split": "test", "limit": None} in before[
        "prepare-triggers-s0"
    ].inputs["assessed"]
    more = f"  - {{task: over_refusal, set: {mine}}}\n"
    joined = found(more)
    assert joined["prepare-triggers-s0"].key != before["prepare-triggers-s0"].key
    assert joined["align-safety_sft_mix-s0"].key == before["align-safety_sft_mix-s0"].key
    fewer = found(more.replace("}}", ", limit: 1}}").replace("jsonl}", "jsonl, limit: 1}"))
    assert fewer["prepare-triggers-s0"].key == joined["prepare-triggers-s0"].key, "a limit changes nothing"
    mine.write_text('{"id": "1", "prompt": "How do I rest bread dough?"}\n', encoding="utf-8")
    assert found(more)["prepare-triggers-s0"].key != joined["prepare-triggers-s0"].key


def test_assessment_keys_move_with_the_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    from sophro.judge import judge

    recipe = load_recipe(RECIPES / "quickstart.yaml", names=ANY)
    before = {s.name: (s.kind, s.key) for s in plan(recipe)}
    monkeypatch.setattr(judge("embedded-harm"), "version", "another")
    after = {s.name: (s.kind, s.key) for s in plan(recipe)}
    assert {k: v for k, v in before.items() if v[0] == "assess"}.items().isdisjoint(after.items())
    # All but the first are trained on data that this judge chose.
    chosen = {k for k, v in before.items() if v[0] in ("answers", "prepare", "align")} - {
        "align-safety_sft-s0"
    }
    assert {k: v for k, v in before.items() if v[0] != "assess" and k not in chosen}.items() <= after.items()


@pytest.mark.parametrize("name", ["frontier", "full", "quickstart", "reflection", "remote"])
def test_plan_is_deterministic_unique_and_ordered(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(RECIPES / f"{name}.yaml", names=ANY)
    found = plan(recipe)
    assert found == plan(recipe)
    seen: set[str] = set()
    for stage in found:
        assert set(stage.needs) <= seen and stage.name not in seen
        seen.add(stage.name)
        json.dumps(stage.inputs)
    assert len({s.key for s in found}) == len(found)
    stored = tmp_path / "recipe.yaml"
    stored.write_text(dump_recipe(recipe), encoding="utf-8")
    assert plan(load_recipe(stored, names=ANY)) == found


def test_keys_do_not_depend_on_the_process() -> None:
    code = (
        "from sophro.recipe import *;"
        f"print([s.key for s in plan(load_recipe({str(RECIPES / 'quickstart.yaml')!r}, names=Names()))])"
    )
    out = [subprocess.check_output([sys.executable, "-c", code], text=True) for _ in range(2)]
    here = [s.key for s in plan(load_recipe(RECIPES / "quickstart.yaml", names=ANY))]
    assert out[0] == out[1] == f"{here}\n"


def test_remote_override() -> None:
    recipe = load_recipe(RECIPES / "remote.yaml", ["arms.target.model=mockllm/model"], names=ANY)
    assert {s.inputs["model"] for s in plan(recipe)} == {"mockllm/model"}
    assert all(s.kind == "assess" and s.inputs["trained"] is False for s in plan(recipe))


def test_inputs_of_each_kind() -> None:
    found = {s.name: s for s in stages(TREE)}
    align = found["align-tuned-s0"]
    # Options left to their defaults are there too: a new default is new work.
    known = {k: v for k, v in default_options("safety_sft").items() if k != "seed"}
    assert align.inputs["options"] == {**known, "epochs": 1}
    assert align.inputs["self_answers"] == "benign"
    assess = found["assess-tuned-s0-harmful-prefill-k10-stylesure"]
    assert assess.inputs["params"] == {"k": 10, "style": "sure"} and assess.inputs["trained"] is True
    assert assess.needs == ("align-tuned-s0",) and assess.inputs["arm"] == "tuned"


def test_equal_work_is_one_stage() -> None:
    tree = copy.deepcopy(TREE)
    tree["arms"]["again"] = copy.deepcopy(tree["arms"]["tuned"])
    tree["arms"]["longer"] = changed("options.epochs", 2, tree["arms"]["tuned"])
    found = stages(tree)
    assert len(by_kind(found, "answers")) == 1
    assert list(by_kind(found, "align")) == ["align-tuned-s0", "align-longer-s0"]
    # Samples carry the label of their arm, so each arm is assessed under its own.
    assert sum(s.name.startswith("assess-again-") and s.needs == ("align-tuned-s0",) for s in found) == 3


def test_seeds_expand_trained_arms_and_share_what_seeds_cannot_change() -> None:
    found = stages(changed("seeds", [0, 1, 2], TREE))
    assert list(by_kind(found, "align")) == [f"align-tuned-s{s}" for s in range(3)]
    assert list(by_kind(found, "answers")) == ["answers-b-s0"]
    plain = [s for s in found if s.kind == "assess" and s.inputs["attack"] is None]
    assert [(s.inputs["arm"], s.inputs["seed"]) for s in plain] == [
        ("base", 0), ("tuned", 0), ("tuned", 1), ("tuned", 2),
    ]  # fmt: skip
    attacked = [s for s in found if s.inputs.get("attack") and s.inputs["arm"] == "base"]
    assert [s.inputs["seed"] for s in attacked] == [0, 0, 1, 1, 2, 2]
    warm = stages(changed("generation.temperature", 0.7, changed("seeds", [0, 1], TREE)))
    assert len(by_kind(warm, "answers")) == 2
    assert sum(s.kind == "assess" and s.inputs["arm"] == "base" for s in warm) == 6


def test_more_seeds_keep_the_keys_of_the_first() -> None:
    one, three = stages(TREE), stages(changed("seeds", [0, 1, 2]))
    assert {s.key for s in one} <= {s.key for s in three}


def test_params_expand_to_every_combination_in_order() -> None:
    tree = changed("assessments.1.params", {"k": [1, 2], "style": ["a", "b"], "ids": [[7, 8]]})
    params = [
        s.inputs["params"] for s in stages(tree) if s.inputs.get("attack") and s.inputs["arm"] == "base"
    ]
    assert params == [{"k": k, "style": s, "ids": [7, 8]} for k in (1, 2) for s in ("a", "b")]


def test_sets_are_named_where_task_and_attack_leave_them_open() -> None:
    found = plan(load_recipe(RECIPES / "full.yaml", names=ANY))
    names = [s.name for s in found if s.inputs.get("arm") == "base" and s.inputs["seed"] == 0]
    assert "assess-base-s0-harmful-advbench" in names and "assess-base-s0-over_refusal-xstest-safe" in names
    assert "assess-base-s0-harmful-prefill-k5" in names and "assess-base-s0-helpfulness" in names


def test_colliding_names_get_numbers() -> None:
    found = stages(changed("assessments.1.params", {"k": ["a b", "a/b"]}))
    names = [s.name for s in found if s.inputs.get("attack") and s.inputs["arm"] == "base"]
    assert names == ["assess-base-s0-harmful-prefill-ka-b", "assess-base-s0-harmful-prefill-ka-b-2"]


# path -> kinds of stages of the arm "tuned" whose keys must change
SENSITIVE = {
    "model": {"answers", "align", "assess"},
    "arms.tuned.method": {"align", "assess"},
    "arms.tuned.data.harmful.set": {"align", "assess"},
    "arms.tuned.data.harmful.split": {"align", "assess"},
    "arms.tuned.data.harmful.limit": {"align", "assess"},
    "arms.tuned.data.benign.limit": {"answers", "align", "assess"},
    "arms.tuned.options.epochs": {"align", "assess"},
    "generation.max_new_tokens": {"answers", "align", "assess"},
    "generation.temperature": {"answers", "align", "assess"},
    "judges.refusal": {"assess"},
    "judges.second": {"assess"},
    "assessments.0.limit": {"assess"},
    "assessments.0.split": {"assess"},
    "assessments.0.set": {"assess"},
    "name": set(),
    "description": set(),
    "budget": set(),
}


@settings(deadline=None)
@given(st.sampled_from(sorted(SENSITIVE)), st.integers(100, 10**6))
def test_a_key_covers_exactly_what_changes_the_result(path: str, number: int) -> None:
    value: Any = f"v{number}"
    if path.endswith(("limit", "tokens", "epochs")):
        value = number
    elif path.endswith("temperature"):
        value = 1.0 + number / 10**6
    elif path == "budget":
        value = {"minutes": float(number)}

    def keys(tree: dict[str, Any]) -> dict[str, set[str]]:
        found = [s for s in stages(tree) if s.inputs.get("arm", "tuned") == "tuned"]
        plain = [s for s in found if s.kind != "assess" or s.inputs["attack"] is None]
        return {kind: set(by_kind(plain, kind).values()) for kind in ("answers", "align", "assess")}

    before, after = keys(TREE), keys(changed(path, value))
    assert {kind for kind in before if not before[kind] & after[kind]} == SENSITIVE[path]


def test_key_covers_seed_label_version_and_trained_model(monkeypatch: pytest.MonkeyPatch) -> None:
    before = stages(TREE)
    assert not {s.key for s in before} & {s.key for s in stages(changed("seeds", [1]))}
    renamed = changed("arms", {"base": {}, "other": TREE["arms"]["tuned"]})
    assert set(by_kind(before, "align").values()) == set(by_kind(stages(renamed), "align").values())
    assert not {s.key for s in before if s.needs and s.kind == "assess"} & {s.key for s in stages(renamed)}
    monkeypatch.setattr(sophro, "__version__", "other")
    assert not {s.key for s in before} & {s.key for s in stages(TREE)}


def test_key_follows_the_contents_of_local_files_not_their_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "adapter.safetensors").write_bytes(b"abc")

    def keys(folder: str) -> set[str]:
        return {s.key for s in stages(changed("arms", {"a": {"adapter": str(tmp_path / folder)}}))}

    before = keys("one")
    assert before == keys("two")
    (tmp_path / "one/adapter.safetensors").write_bytes(b"abd")
    assert not before & keys("one")
    assert not before & keys_after_rename(tmp_path, keys)
    with pytest.raises(SophroError, match="empty or missing"):
        keys("gone")


def keys_after_rename(folder: Path, keys: Any) -> set[str]:
    (folder / "two/adapter.safetensors").rename(folder / "two/other.safetensors")
    return keys("two")


def test_an_absolute_path_in_options_is_only_text() -> None:
    assert stages(changed("arms.tuned.options.model", "/nowhere/at/all"))


def test_large_files_count_by_size_and_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "_WHOLE", 10)
    file = tmp_path / "w.bin"
    file.write_bytes(b"x" * 20)
    os.utime(file, ns=(1, 1))
    before = content_key(file)
    file.rename(tmp_path / "moved.bin")
    assert content_key(tmp_path / "moved.bin") == before
    os.utime(tmp_path / "moved.bin", ns=(1, 2))
    assert content_key(tmp_path / "moved.bin") != before


def test_estimate_scales_with_size_tokens_and_records() -> None:
    tree = changed("arms.tuned.options", {"epochs": 1})
    speed = Throughput(generate=130.0, train=110.0, start_seconds=0.0)

    def cost(tree: dict[str, Any]) -> dict[str, float]:
        found = estimate(stages(tree), speed)
        assert not found.unknown and found.minutes == pytest.approx(sum(s.minutes or 0 for s in found.stages))
        return {s.name: s.minutes or 0.0 for s in found.stages}

    base = cost(tree)
    assert base["align-tuned-s0"] == pytest.approx(12 * 90 / 110 / 60)
    assert base["assess-base-s0-harmful"] == pytest.approx(6 * 48 / 130 / 60)
    assert cost(changed("arms.tuned.options.epochs", 3, tree))["align-tuned-s0"] == pytest.approx(
        3 * base["align-tuned-s0"]
    )
    assert cost(changed("model", "org/Model-1.35B-Chat", tree))["align-tuned-s0"] == pytest.approx(
        10 * base["align-tuned-s0"]
    )


def test_estimate_admits_what_it_does_not_know() -> None:
    recipe = load_recipe(RECIPES / "remote.yaml", names=ANY)
    found = plan(recipe)
    cost = estimate(found)
    assert cost.unknown == tuple(s.name for s in found) and cost.memory_bytes is None
    lines = describe(recipe, found, cost)
    assert "? min" in lines[0] and "not estimated" in lines[-1]
    assert not estimate(found, Throughput(parameters={"openai/gpt-4o-mini": 8e9})).unknown


def test_describe_warns_above_the_budget_and_skips_what_is_done() -> None:
    recipe = Recipe.model_validate_json(json.dumps(changed("budget.minutes", 0.5)))
    found = plan(recipe)
    cost = estimate(found)
    assert describe(recipe, found, cost)[-1].startswith("warning: above the budget of 0.5 min")
    lines = describe(recipe, found, cost, done=[s.key for s in found])
    assert "0 of" in lines[-1] and all("done" in line for line in lines[:-1])


def test_importing_the_room_and_planning_pull_nothing_heavy() -> None:
    code = (
        "import sys, sophro.recipe as r; light = set(sys.modules);"
        f"r.estimate(r.plan(r.load_recipe({str(RECIPES / 'full.yaml')!r}, names=r.Names())));"
        "print(sorted({'pydantic', 'yaml'} & light),"
        " sorted({'torch', 'transformers', 'inspect_ai', 'datasets', 'rich', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[] []\n"


def _arms(**arms: dict[str, object]) -> Recipe:
    return Recipe.model_validate({"name": "x", "model": "smollm2-135m", "arms": arms}, strict=False)


_HARMFUL = {"set": "starter/harmful:en", "split": "train"}


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        ({"a": {"method": "refusal_triggers", "data": {"harmful": _HARMFUL}}}, "tuned_arm"),
        (
            {
                "a": {"method": "safety_sft", "data": {"harmful": _HARMFUL}},
                "b": {"method": "safety_sft", "data": {"harmful": {"set": "arm:a/harmful"}}},
            },
            "prepares no data",
        ),
        (
            {
                "a": {"method": "self_reflection", "data": {"harmful": {"set": "arm:b/harmful"}}},
                "b": {"method": "self_reflection", "data": {"harmful": {"set": "arm:a/harmful"}}},
            },
            "need each other",
        ),
    ],
)
def test_arms_that_cannot_be_made_are_named(arms: dict[str, dict[str, object]], said: str) -> None:
    with pytest.raises(SophroError, match=said):
        plan(_arms(**arms))


def test_an_assessment_for_named_arms_is_planned_for_these_alone() -> None:
    tree = copy.deepcopy(TREE)
    tree["assessments"][0]["arms"] = ["tuned"]
    whole, part = stages(TREE), stages(tree)
    gone = {s.name for s in whole} - {s.name for s in part}
    assert gone and all(name.startswith("assess-") and "-tuned-" not in name for name in gone)
    assert {s.key for s in part} <= {s.key for s in whole}
