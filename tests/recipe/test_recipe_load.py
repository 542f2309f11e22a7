"""Reading recipes: every error names file, line and field; overrides; round trip."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sophro._yaml import dump, parse
from sophro.errors import SophroError
from sophro.recipe import Names, dump_recipe, load_recipe

RECIPES = Path(__file__).parents[2] / "recipes"


OPTIONS = {"epochs": 1, "learning_rate": 1e-3, "layers": (), "mask": True, "steps": None, "seed": 0}
NAMES = Names(
    methods=["safety_sft", "stair"],
    tasks=["harmful", "over_refusal", "helpfulness"],
    attacks=lambda: ["prefill", "past_tense"],
    sets=["starter/harmful:en", "starter/plain:en", "starter/lookalikes:en", "advbench"],
    judges=["embedded-refusal", "embedded-harm", "keyword-baseline", "model"],
    options=lambda method: OPTIONS if method == "safety_sft" else None,
)

GOOD = """\
name: small
model: smollm2-135m
seeds: [0]
arms:
  base: {}
  tuned:
    method: safety_sft
    data:
      harmful: {set: "starter/harmful:en", split: train, limit: 8}
      benign: {set: "starter/plain:en"}
    options:
      epochs: 1
      learning_rate: 1e-3
assessments:
  - {task: harmful, set: advbench, limit: 4}
  - task: harmful
    set: advbench
    attack: prefill
    params: {k: [5, 10]}
judges:
  second: keyword-baseline
"""


def load(tmp_path: Path, text: str = GOOD, *overrides: str):
    path = tmp_path / "r.yaml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(path, overrides, names=NAMES)


# (what to replace, by what, fragments that the message must hold)
BAD = {
    "unknown top key": ("seeds: [0]", "seed: [0]", ["line 3, seed:", "did you mean seeds"]),
    "unknown arm key": ("    method: safety_sft", "    methd: safety_sft", ["line 7, arms.tuned.methd:", "method"]),
    "unknown data key": ("split: train", "spilt: train", ["line 9, arms.tuned.data.harmful.spilt:", "split"]),
    "unknown assessment key": ("limit: 4", "limits: 4", ["line 15, assessments.0.limits:", "limit"]),
    "unknown judge role": ("  second:", "  third:", ["line 21, judges.third:", "known: harm, refusal, second"]),
    "unknown method": ("safety_sft", "safety_stf", ["line 7, arms.tuned.method:", "did you mean safety_sft"]),
    "unknown task": ("- task: harmful", "- task: harmfull", ["line 16, assessments.1.task:", "harmful"]),
    "unknown attack": ("attack: prefill", "attack: pre", ["line 18, assessments.1.attack:", "did you mean prefill"]),
    "unknown set": ('"starter/plain:en"', '"starter/plain:fr"', ["line 10, arms.tuned.data.benign.set:", "starter/plain:en"]),
    "unknown assessment set": ("set: advbench, limit", "set: advbnch, limit", ["line 15, assessments.0.set:", "advbench"]),
    "unknown judge": ("keyword-baseline", "keywords", ["line 21, judges.second:", "keyword-baseline"]),
    "unknown option": ("      epochs: 1", "      epoch: 1", ["line 12, arms.tuned.options.epoch:", "did you mean epochs"]),
    "option of wrong type": ("epochs: 1", "epochs: two", ["line 12, arms.tuned.options.epochs:", "takes a number", "'two'"]),
    "option text for number": ("1e-3", "'1e-3'", ["line 13, arms.tuned.options.learning_rate:", "takes a number"]),
    "option true for number": ("epochs: 1", "epochs: true", ["line 12, arms.tuned.options.epochs:", "takes a number, this is True"]),
    "option number for truth": ("epochs: 1", "mask: 1", ["line 12, arms.tuned.options.mask:", "true or false"]),
    "seed as option": ("epochs: 1", "seed: 1", ["line 12, arms.tuned.options.seed:", "no such option"]),
    "duplicate key": ("model: smollm2-135m", "name: again", ["line 2, name:", "already set in line 1"]),
    "duplicate arm": ("  tuned:", "  base:", ["line 6, arms.base:", "already set in line 5"]),
    "no name": ("name: small\n", "", ["line 1, name: is needed"]),
    "bad name": ("name: small", "name: ../up", ["line 1, name:", "letters, digits"]),
    "bad arm label": ("  tuned:", "  tu.ned:", ["line 6, arms.tu.ned", "letters, digits"]),
    "no task": ("{task: harmful, set", "{set", ["line 15, assessments.0.task: is needed"]),
    "seed as text": ("[0]", "['0']", ["line 3, seeds.0:", "valid integer", '"0"']),
    "seed twice": ("[0]", "[1, 1]", ["line 3, seeds:", "twice"]),
    "no seeds": ("[0]", "[]", ["line 3, seeds:", "at least 1"]),
    "negative seed": ("[0]", "[-1]", ["line 3, seeds.0:", "greater than or equal to 0", "-1"]),
    "bool as number": ("limit: 4", "limit: true", ["line 15, assessments.0.limit:", "valid integer", "true"]),
    "limit zero": ("limit: 4", "limit: 0", ["line 15, assessments.0.limit:", "greater than or equal to 1"]),
    "seeds not a list": ("[0]", "0", ["line 3, seeds:", "this is 0"]),
    "arm not a mapping": ("  base: {}", "  base: yes", ["line 5, arms.base:", "a mapping with model", '"yes"']),
    "arms empty": (GOOD[GOOD.index("  base") : GOOD.index("assess")], "  {}\n", ["line 4, arms:", "at least 1"]),
    "no model": ("model: smollm2-135m\n", "", ["line 4, arms.base:", "needs a model"]),
    "data without method": ("    method: safety_sft\n", "", ["line 7, arms.tuned.data:", "name a method", "(and 1 more)"]),
    "adapter and method": ("    method: safety_sft", "    adapter: .\n    method: safety_sft", ["line 7, arms.tuned.adapter:"]),
    "adapter missing": ("base: {}", "base: {adapter: ./gone}", ["line 5, arms.base.adapter:", "no such folder"]),
    "model folder missing": ("smollm2-135m", "./gone", ["line 2, model:", "no such folder"]),
    "set file missing": ("set: advbench, limit", "set: my.jsonl, limit", ["line 15, assessments.0.set:", "no such file"]),
    "self answers without benign": (
        '      benign: {set: "starter/plain:en"}\n    options:',
        "    options:\n      benign_answers: self",
        ["line 11, arms.tuned.options.benign_answers:", "data.benign"],
    ),
    "self answers misspelt": ("      epochs: 1", "      benign_answers: own", ["line 12", "'self' or left out"]),
    "params without attack": ("    attack: prefill\n", "", ["line 18, assessments.1.params:", "attack"]),
    "empty params list": ("[5, 10]", "[]", ["line 19, assessments.1.params.k:", "empty list"]),
    "same assessment twice": ("  - task: harmful\n", "  - {task: harmful, set: advbench, limit: 4}\n  - task: harmful\n", ["line 16, assessments.1:", "the same as assessments.0"]),
    "tab": ("  base: {}", "\tbase: {}", ["line 5: not YAML", "'\\t'"]),
    "unclosed": ("[0]", "[0", ["line 4: not YAML"]),
    "python tag": ("base: {}", "base: !!python/object/apply:os.system [id]", ["line 5, arms.base:", "not allowed"]),
    "scalar tag": ("smollm2-135m", "!!binary aGk=", ["line 2, model:", "not allowed"]),
    "not finite": ("1e-3", "1e999", ["line 13, arms.tuned.options.learning_rate:", "finite"]),
    "key not text": ("  base: {}", "  7: {}", ["line 5, arms:", "'7'", "quotes"]),
    "recursive alias": ("base: {}", "base: &a {options: *a}", ["line 5", "contains itself"]),
    "unknown alias": ("base: {}", "base: *nobody", ["line 5: not YAML", "undefined alias"]),
    "two documents": ("seeds: [0]", "---\nseeds: [0]", ["line 3: not YAML", "single document"]),
    "empty file": (GOOD, "", ["a recipe is a mapping"]),
    "a list": (GOOD, "- 1\n", ["a recipe is a mapping"]),
    "control character": ("small", "sm\x01all", ["line 1", "control character"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_recipe_names_file_line_and_field(tmp_path: Path, case: str) -> None:
    old, new, fragments = BAD[case]
    assert GOOD.count(old) >= 1
    with pytest.raises(SophroError) as caught:
        load(tmp_path, GOOD.replace(old, new, 1))
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "r.yaml")) and "\n" not in message
    for fragment in fragments:
        assert fragment in message, message


def test_good_recipe(tmp_path: Path) -> None:
    recipe = load(tmp_path)
    assert recipe.arms["tuned"].options == {"epochs": 1, "learning_rate": 0.001}
    assert recipe.judges.second == "keyword-baseline" and recipe.generation.max_new_tokens == 48
    with pytest.raises(ValueError, match="frozen"):
        recipe.name = "other"


def test_nothing_to_do(tmp_path: Path) -> None:
    with pytest.raises(SophroError, match="nothing to do"):
        load(tmp_path, "name: x\nmodel: m\narms: {base: {}}\n")


def test_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SophroError, match=r"none\.yaml: no such file"):
        load_recipe(tmp_path / "none.yaml", names=NAMES)


def test_aliases_cannot_explode(tmp_path: Path) -> None:
    lines = ["a: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(SophroError, match="aliases multiply"):
        load(tmp_path, "\n".join(lines))


def test_merge_key_and_its_lines(tmp_path: Path) -> None:
    text = GOOD.replace("    options:\n", "    options: &o\n").replace(
        "assessments:",
        "  more:\n    <<: {method: stair, data: {benign: {set: advbench}}}\n    options: {<<: *o, epochs: 3}\nassessments:",
    )
    recipe = load(tmp_path, text)
    assert recipe.arms["more"].options == {"epochs": 3, "learning_rate": 0.001}
    assert recipe.arms["more"].method == "stair"
    with pytest.raises(SophroError, match=r"line 15, arms\.more\.method"):
        load(tmp_path, text.replace("stair", "stairs"))


@pytest.mark.parametrize(
    ("override", "read"),
    [
        ("arms.tuned.options.epochs=2", lambda r: r.arms["tuned"].options["epochs"] == 2),
        ("arms.tuned.options.learning_rate=5e-4", lambda r: r.arms["tuned"].options["learning_rate"] == 5e-4),
        ("arms.tuned.options.layers=[1, 2]", lambda r: r.arms["tuned"].options["layers"] == [1, 2]),
        ("seeds=[0, 1]", lambda r: r.seeds == (0, 1)),
        ("assessments.0.limit=9", lambda r: r.assessments[0].limit == 9),
        ("assessments.1.params.k=20", lambda r: r.assessments[1].params == {"k": 20}),
        ("generation.temperature=0.7", lambda r: r.generation.temperature == 0.7),
        ("budget.minutes=3", lambda r: r.budget.minutes == 3),
        ("model=org/name=x", lambda r: r.model == "org/name=x"),
        ("arms.tuned.data.benign.limit=", lambda r: r.arms["tuned"].data["benign"].limit is None),
        ("arms.tuned.data.benign={set: advbench}", lambda r: r.arms["tuned"].data["benign"].set == "advbench"),
        ("description=a: b", None),
    ],
)  # fmt: skip
def test_override(tmp_path: Path, override: str, read) -> None:
    if read is None:
        with pytest.raises(SophroError, match="--set description=a: b"):
            load(tmp_path, GOOD, override)
    else:
        assert read(load(tmp_path, GOOD, override))


@pytest.mark.parametrize(
    ("override", "fragments"),
    [
        ("arms.tuned.options", ["write it as"]),
        ("=3", ["write it as"]),
        ("arms..x=3", ["write it as"]),
        ("arms.tund.options.epochs=2", ["no key 'tund' in arms", "did you mean tuned"]),
        ("arms.tund={}", ["no key 'tund' in arms", "tuned"]),
        ("arms.tuned.data.bening.limit=2", ["no key 'bening' in arms.tuned.data", "benign"]),
        ("sedes=[1]", ["no key 'sedes'", "seeds"]),
        ("generation.temprature=1", ["no key 'temprature' in generation", "temperature"]),
        ("assessments.7.limit=1", ["an index from 0 to 1", "'7'"]),
        ("assessments.first.limit=1", ["an index from 0 to 1"]),
        ("name.x=1", ["name is a plain value"]),
        ("seeds=[1", ["--set seeds=[1", "not YAML"]),
        ("arms.tuned.options.epochs=two", ["--set arms.tuned.options.epochs=two, arms.tuned.options.epochs:", "takes a number"]),
        ("arms.tuned.options.epoch=2", ["arms.tuned.options.epoch:", "did you mean epochs"]),
        ("assessments.0.task=nope", ["--set assessments.0.task=nope, assessments.0.task:", "unknown task"]),
    ],
)  # fmt: skip
def test_wrong_override(tmp_path: Path, override: str, fragments: list[str]) -> None:
    with pytest.raises(SophroError) as caught:
        load(tmp_path, GOOD, override)
    for fragment in fragments:
        assert fragment in str(caught.value)


def test_paths_are_relative_to_the_file_and_overrides_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    for folder in (home / "lora", home / "models/mine", elsewhere / "lora2"):
        folder.mkdir(parents=True)
    (home / "own.jsonl").write_text("{}\n")
    monkeypatch.chdir(elsewhere)
    text = GOOD.replace("base: {}", "base: {adapter: lora, model: models/mine}").replace(
        "set: advbench, limit", "set: own.jsonl, limit"
    )
    names = dataclasses.replace(NAMES, sets=None)
    (home / "r.yaml").write_text(text)
    recipe = load_recipe("../home/r.yaml", names=names)
    assert recipe.arms["base"].adapter == str(home / "lora")
    assert recipe.arms["base"].model == str(home / "models/mine")
    assert recipe.assessments[0].set == str(home / "own.jsonl")
    assert recipe.model == "smollm2-135m"
    changed = load_recipe("../home/r.yaml", ["arms.base.adapter=lora2"], names=names)
    assert changed.arms["base"].adapter == str(elsewhere / "lora2")


def test_stored_recipe_reads_back_as_the_same(tmp_path: Path) -> None:
    recipe = load(tmp_path, GOOD, "arms.tuned.options.epochs=2", "generation.temperature=1e-5")
    assert load(tmp_path, dump_recipe(recipe)) == recipe


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text() | st.sampled_from(["1e-3", "no", "on", "<<", "~", "2020-01-01", "0o7", "010", "1:30", "=", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from(["<<", "no", "1"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(JSON)
def test_yaml_round_trip_here_and_for_yaml_11_readers(value: object) -> None:
    text = dump(value)
    assert parse(text, "x").value == value
    assert yaml.safe_load(text) == value


@pytest.mark.parametrize("name", ["frontier", "full", "quickstart", "reflection", "remote"])
def test_shipped_recipes_load(name: str) -> None:
    assert load_recipe(RECIPES / f"{name}.yaml", names=Names()).name == name


def test_shipped_recipes_use_names_of_this_installation() -> None:
    for name in ("frontier", "full", "quickstart", "reflection", "remote"):
        load_recipe(RECIPES / f"{name}.yaml")


def test_suffixes_of_sets_and_judges() -> None:
    names = Names(sets=["starter/plain"], judges=["model"], tasks=["a"])
    assert names.check("set", "starter/plain:en") is None
    assert names.check("judge", "model:openai/x") is None
    assert names.check("task", "a:b") is not None
    assert names.check("method", "anything") is None


def test_a_wrong_setting_of_an_attack_shows_when_the_recipe_is_read(tmp_path):
    from sophro.attack import attack

    names = dataclasses.replace(NAMES, attacks=["prefill", "many_shot"], settings=attack)
    path = tmp_path / "r.yaml"
    for params, part in (("{k: [5, 0]}", "at least 1"), ("{depth: 3}", "depth")):
        path.write_text(GOOD.replace("{k: [5, 10]}", params), encoding="utf-8")
        with pytest.raises(SophroError, match=part) as caught:
            load_recipe(path, names=names)
        assert "assessments.1.params" in str(caught.value)
    path.write_text(GOOD, encoding="utf-8")
    assert load_recipe(path, names=names).assessments[1].params == {"k": [5, 10]}
