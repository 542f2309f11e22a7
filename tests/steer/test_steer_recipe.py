"""Recipe arms that steer: planned on what they stand on, executed, assessed with both patches on."""

from __future__ import annotations

import json
from pathlib import Path

import planted
import pytest

from sophro.errors import SophroError
from sophro.models import load_patch
from sophro.recipe import load_recipe
from sophro.recipe._jobs import Job
from sophro.recipe._plan import plan
from sophro.recipe.executors import executors

RECIPE = """
name: steered
model: {model}
seeds: [0, 1]
arms:
  safe: {{method: safety_sft, data: {{harmful: {{set: "starter/harmful:en", limit: 8}}}}}}
  steered:
    method: refusal_direction
    adapter: {adapter}
    data: {{harmful: {{set: {folder}/harmful.jsonl}}, harmless: {{set: {folder}/harmless.jsonl}}}}
    options: {{coefficient: 2.0}}
assessments:
  - {{task: over_refusal, set: "starter/lookalikes:en", split: test, limit: 4, arms: [steered]}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("recipe")
    made = planted.planted()
    made.network.save_pretrained(out / "model")
    made.tokenizer.save_pretrained(out / "model")
    for role, kind in (("harmful", "plain"), ("harmless", "benign")):
        rows = [{"id": r.id, "prompt": r.prompt} for r in planted.prompts(kind, 20)]
        (out / f"{role}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return out


def recipe(folder: Path, adapter: str = "arm:safe", **swap: str):
    text = RECIPE.format(model=folder / "model", folder=folder, adapter=adapter)
    for old, new in swap.items():
        text = text.replace(old, new)
    path = folder / "recipe.yaml"
    path.write_text(text)
    return load_recipe(path)


def test_a_steering_arm_is_fitted_on_the_arm_that_it_stands_on(folder):
    stages = {s.name: s for s in plan(recipe(folder))}
    fit = stages["steer-steered-s0"]
    assert fit.kind == "steer" and fit.needs == ("align-safe-s0",)
    assert fit.inputs["options"]["coefficient"] == 2.0 and fit.inputs["options"]["mode"] == "add"
    assess = stages["assess-steered-s0-over_refusal"]
    assert assess.needs == ("steer-steered-s0",) and assess.inputs["adapter"] is None
    assert assess.inputs["trained"] and "part" not in assess.inputs
    assert stages["steer-steered-s1"].key != fit.key


def test_what_a_steering_arm_must_not_name_is_refused(folder):
    for wrong, message in (
        ({"adapter": "arm:nobody"}, "there is no arm 'nobody'"),
        ({"adapter": "arm:steered"}, "cannot stand on itself"),
        ({"coefficient": "coeficient"}, "no such option"),
        ({f"{folder}/harmful.jsonl": "arm:safe/harmful"}, "takes named sets"),
        ({"refusal_direction": "refusal_directoin"}, "unknown method"),
    ):
        with pytest.raises(SophroError, match=message):
            recipe(folder, wrong.pop("adapter", "arm:safe"), **wrong)
    with pytest.raises(SophroError, match="an adapter that is ready or a method that trains one"):
        recipe(folder, **{"safe: {method": "safe: {adapter: arm:steered, method"})


def test_the_stage_is_executed_and_the_patch_holds_the_base_too(folder, tmp_path):
    import torch

    from sophro.models import LowRankPatch, save_patch

    name = "model.layers.1.mlp.down_proj"
    base = save_patch(LowRankPatch({name: (torch.zeros(1, 8), torch.zeros(16, 1))}), tmp_path / "base")
    stage = next(s for s in plan(recipe(folder, str(base))) if s.kind == "steer")
    assert stage.inputs["adapter"] == str(base) and not stage.needs
    (tmp_path / "stage").mkdir()
    executors()["steer"](Job(stage, tmp_path / "stage", tmp_path / "work", {}, lambda done, total: None))
    patch = load_patch(tmp_path / "stage")
    assert [p.kind for p in patch.members] == ["low_rank", "steering"]
    assert json.loads((tmp_path / "stage/steering.json").read_text())["method"] == "refusal_direction"
