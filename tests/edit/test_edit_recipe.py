"""Edits as arms of a recipe, and the commands that docs/patches.md shows."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from edit_world import pairs
from small_model import save_model

from sophro.cli import run
from sophro.errors import SophroError
from sophro.files import write_jsonl
from sophro.models import load_patch
from sophro.recipe import load_recipe, plan

PAGE = Path(__file__).resolve().parents[2] / "docs" / "patches.md"
RECIPE = """
name: toy
model: {model}
seeds: [0, 1]
arms:
  base: {{}}
  patched:
    method: safe_patching
    data: {{harmful: {{set: {data}}}}}
    options: {{steps: 1, learning_rate: 0.003, top_safety: 0.2}}
"""


@pytest.fixture
def recipe(tmp_path):
    rows = [{"id": r.id, "prompt": r.prompt, "opening": r.opening} for r in pairs()]
    write_jsonl(tmp_path / "mine.jsonl", rows)
    path = tmp_path / "toy.yaml"
    path.write_text(RECIPE.format(model=save_model(tmp_path / "m"), data=tmp_path / "mine.jsonl"))
    return path


def test_an_edit_is_planned_once_a_seed_with_all_its_options(recipe):
    stages = plan(load_recipe(recipe))
    assert [(s.kind, s.name) for s in stages] == [("edit", "edit-patched-s0"), ("edit", "edit-patched-s1")]
    assert stages[0].inputs["options"]["retention"] == 0.3 and stages[0].inputs["options"]["steps"] == 1
    keys = {s.key for s in stages}
    changed = plan(load_recipe(recipe, ["arms.patched.options.beta=0.5"]))
    assert len(keys) == 2 and not keys & {s.key for s in changed}


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("arms.patched.options.stepps=3", "did you mean steps"),
        ("arms.patched.options.steps=many", "a number"),
        ("arms.patched.method=safe_patchin", "safe_patching"),
        ("arms.patched.options.tuned_arm=base", "tuned_arm"),
    ],
)
def test_wrong_edit_arms_are_refused(recipe, override, says):
    with pytest.raises(SophroError, match=says):
        plan(load_recipe(recipe, [override]))


def test_a_run_makes_the_patches_and_the_page_shows_the_overlap(recipe, tmp_path, capsys):
    assert run(["run", str(recipe), "--plan"]) == 0
    assert "2 of 2 stages to do" in capsys.readouterr().out
    assert run(["run", str(recipe), "--out", str(tmp_path / "run")]) == 0
    folders = sorted((tmp_path / "run" / "stages").glob("edit-patched-*"))
    patches = [load_patch(f) for f in folders]
    assert len(patches) == 2 and patches[0].nonzero and patches[0].fingerprint == patches[1].fingerprint
    assert any(
        patches[0].edits[n].values.tolist() != patches[1].edits[n].values.tolist() for n in patches[0].edits
    ), "another seed, another draw"
    assert "patched: edit of weights by safe_patching" in (tmp_path / "run/report.html").read_text("utf-8")


def test_every_command_of_the_page_works(tmp_path, monkeypatch, capsys):
    """As printed, on a tiny model and with less of everything."""
    model = save_model(tmp_path / "tiny")
    less = {
        "models make": f"--model {model} --set kinds=10 --set epochs=1 --set safety_epochs=1 --set plain=0 --set measured=0",
        "edit": "--set steps=1 --set learning_rate=0.003",
        "assess": "--max-new-tokens 4",
    }
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```bash\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    commands = [line for block in blocks for line in block.splitlines() if line.strip()]
    assert len(commands) >= 8 and all(c.startswith("sophro ") for c in commands)
    for command in commands:
        command = command.replace("--limit 24", "--limit 2")
        more = next((v for k, v in less.items() if command.startswith(f"sophro {k}")), "")
        assert run(shlex.split(f"{command} {more}")[1:]) == 0, f"{command}\n{capsys.readouterr().err}"
    assert json.loads((tmp_path / "runs/safer2/edit.json").read_text())["start"] == "runs/safer"
