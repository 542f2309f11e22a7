"""refusal_direction and pca in the planted world, stacks, and the patch directory that other commands load."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import planted
import pytest
import tiny
import torch

from sophro.errors import SophroError
from sophro.models import GenerationConfig, LowRankPatch, StackPatch, collect, load_patch, save_patch
from sophro.steer import default_options, fit
from sophro.steer._outcomes import asked, runner

HARMFUL, HARMLESS = planted.prompts("plain", 30), planted.prompts("benign", 30)


@pytest.fixture(scope="module")
def model():
    return planted.planted()


def refused(model, patches, kind):
    found = runner(model, "keyword-baseline", 4)(asked(planted.prompts(kind, 20, 1)), patches)
    return found.count("refused") / len(found)


def test_adding_the_direction_makes_benign_prompts_refused_and_removing_it_frees_harmful_ones(
    model, tmp_path
):
    data = {"harmful": HARMFUL, "harmless": HARMLESS}
    add = fit("refusal_direction", model, data, tmp_path / "add").patch
    ablate = fit("refusal_direction", model, data, tmp_path / "cut", options={"mode": "ablate"})
    assert refused(model, (), "plain") == 1 and refused(model, (), "benign") == 0
    assert refused(model, [(load_patch(tmp_path / "add"), 2.0)], "benign") == 1
    assert refused(model, [(ablate.patch, 1.0)], "plain") == 0
    assert list(add.vectors) == [ablate.report["layer"]]
    # A direction of equal length that means nothing does not do that.
    other = torch.randn(planted.WIDTH, generator=torch.Generator().manual_seed(0))
    (layer,) = add.vectors
    other *= add.vectors[layer].norm() / other.norm()
    assert refused(model, [(dataclasses.replace(add, vectors={layer: other}), 2.0)], "benign") < 1


def test_direction_is_the_difference_of_means_of_two_thirds(model, tmp_path):
    made = fit("refusal_direction", model, {"harmful": HARMFUL, "harmless": HARMLESS}, tmp_path / "p")
    means = [
        np.delete(
            collect(model, [a.transcript for a in asked(side)])[:, 0].astype(float), np.s_[::3], 0
        ).mean(0)
        for side in (HARMFUL, HARMLESS)
    ]
    layer = made.report["layer"]
    np.testing.assert_allclose(made.patch.vectors[layer].numpy(), (means[0] - means[1])[layer], atol=1e-5)


@pytest.mark.parametrize("variant", ["diff", "centre"])
def test_pca_finds_the_axis_and_its_sign(model, tmp_path, variant):
    """Pairs that differ in how much role-play they hold; the positive side is the one with more."""
    short = planted.prompts("short", 20)
    pairs = []
    for i, record in enumerate(short):
        # The number of extra words differs between pairs: a constant difference has no principal component.
        text = f"{record.prompt} {' '.join([planted.ROLE] * (1 + i % 4))}"
        pairs.append(dataclasses.replace(record, id=f"{record.id}-more", prompt=text))
    made = fit(
        "pca", model, {"positive": pairs, "negative": short}, tmp_path / "p",
        options={"variant": variant, "start": 0.0, "end": 1.0},
    )  # fmt: skip
    assert sorted(made.patch.vectors) == [0, 1, 2, 3]
    for vector in made.patch.vectors.values():
        assert vector.norm().item() == pytest.approx(1, abs=1e-5)
        assert vector[1] > 0.5, vector
    assert refused(model, [(made.patch, -3.0)], "long") > refused(model, (), "long")


def test_pca_equals_sklearn_on_the_differences(model, tmp_path):
    from sklearn.decomposition import PCA

    left, right = planted.prompts("long", 12), planted.prompts("plain", 12)
    left = [dataclasses.replace(r, behaviour=str(i)) for i, r in enumerate(left)]
    right = [dataclasses.replace(r, behaviour=str(i)) for i, r in enumerate(right)]
    made = fit("pca", model, {"positive": left, "negative": right}, tmp_path / "p")
    by = {a.record.behaviour: a.transcript for a in asked(right)}
    high = collect(model, [a.transcript for a in asked(left)])[:, 0]
    low = collect(model, [by[a.record.behaviour] for a in asked(left)])[:, 0]
    for layer, vector in made.patch.vectors.items():
        component = PCA(1).fit((high - low)[:, layer].astype(float)).components_[0]
        assert abs(component @ vector.numpy()) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "data", "options", "message"),
    [
        ("refusal_direction", {"harmful": HARMFUL, "harmless": HARMLESS}, {"mode": "cut"}, "add or ablate"),
        (
            "refusal_direction",
            {"harmful": HARMFUL, "harmless": HARMLESS},
            {"layer": 9},
            "layer 9 does not exist",
        ),
        (
            "refusal_direction",
            {"harmful": HARMFUL, "harmless": HARMLESS},
            {"layer": 1.5},
            "layer must be of type int",
        ),
        ("refusal_direction", {"harmful": HARMFUL[:4], "harmless": HARMLESS}, {}, "fewer than 5"),
        ("refusal_direction", {"harmful": HARMFUL, "harmless": HARMFUL}, {}, "same mean|separates"),
        ("refusal_direction", {"harmful": HARMFUL}, {}, "'harmless' is empty"),
        ("pca", {"positive": HARMFUL, "negative": HARMLESS}, {}, "0 pairs"),
        ("pca", {"positive": HARMFUL, "negative": HARMFUL}, {}, "0 independent"),
        ("pca", {"positive": HARMFUL, "negative": HARMLESS}, {"start": 0.9}, "start < end"),
    ],
)
def test_what_cannot_be_fitted_is_refused(model, tmp_path, name, data, options, message):
    with pytest.raises(SophroError, match=message):
        fit(name, model, data, tmp_path / "p", options=options)
    assert not list(tmp_path.iterdir())


def test_a_base_patch_is_read_kept_and_stacked(model, tmp_path):
    """Fitting on an adapter: the result holds both and gives on the plain model what both give."""
    g = torch.Generator().manual_seed(0)
    name = "model.layers.1.mlp.down_proj"
    base = LowRankPatch({name: (0.1 * torch.randn(2, 8, generator=g), 0.1 * torch.randn(16, 2, generator=g))})
    save_patch(base, tmp_path / "base")
    data = {"harmful": HARMFUL, "harmless": HARMLESS}
    made = fit("refusal_direction", model, data, tmp_path / "p", base=tmp_path / "base")
    stack = load_patch(tmp_path / "p")
    assert isinstance(stack, StackPatch) and [p.kind for p in stack.members] == ["low_rank", "steering"]
    items = [a.transcript for a in asked(HARMLESS[:6])]
    config = GenerationConfig(max_new_tokens=3)
    both = model.generate(items, config, [(load_patch(tmp_path / "base"), 1.0), (made.patch.members[1], 1.0)])
    assert [c.ids for c in model.generate(items, config, [(stack, 1.0)])] == [c.ids for c in both]
    assert json.loads((tmp_path / "p/steering.json").read_text())["base"] == str(tmp_path / "base")


def test_a_stack_takes_off_what_it_put_on_when_a_member_does_not_fit():
    other = tiny.moving_model()
    wide = LowRankPatch({"model.layers.0.mlp.down_proj": (torch.ones(1, 9), torch.ones(9, 1))})
    fine = LowRankPatch({"model.layers.0.self_attn.q_proj": (torch.ones(1, 64), torch.ones(64, 1))})
    before = other.network.model.layers[0].self_attn.q_proj.weight.data_ptr()
    with pytest.raises(SophroError, match="does not fit"), other.patched(StackPatch((fine, wide))):
        pass
    assert other.network.model.layers[0].self_attn.q_proj.weight.data_ptr() == before


def test_methods_are_registered_with_their_options(capsys):
    from sophro.cli import run

    for name in ("adasteer", "refusal_direction", "pca"):
        assert default_options(name)
        assert run(["methods", name]) == 0
    assert "arXiv 2504.09466" in capsys.readouterr().out


def test_the_command_writes_a_directory_that_loads(tmp_path, capsys):
    from sophro.cli import run

    folder = tmp_path / "model"
    planted.planted().network.save_pretrained(folder)
    planted.planted().tokenizer.save_pretrained(folder)
    for role, records in (("harmful", HARMFUL), ("harmless", HARMLESS)):
        rows = [{"id": r.id, "prompt": r.prompt} for r in records]
        (tmp_path / f"{role}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    common = ["--model", str(folder), "--out", str(tmp_path / "p")]
    data = [f"--data={role}={tmp_path / role}.jsonl" for role in ("harmful", "harmless")]
    assert run(["steer", "fit", "refusal_direction", *data, *common, "--set", "coefficient=2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["options"]["coefficient"] == 2.0 and load_patch(tmp_path / "p").kind == "steering"
    for wrong, message in (
        (["steer", "fit", "refusal_direction", *data, *common], "exists already"),
        (["steer", "fit", "safety_sft", *data, *common], "unknown method"),
        (
            ["steer", "fit", "pca", *data, "--model", str(folder), "--out", str(tmp_path / "q")],
            "is unknown; known",
        ),
    ):
        assert run(wrong) == 2
        assert message in capsys.readouterr().err
    file = tmp_path / "p/patch.safetensors"
    file.write_bytes(file.read_bytes()[:30])
    with pytest.raises(SophroError, match="truncated"):
        load_patch(tmp_path / "p")
