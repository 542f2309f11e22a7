"""Unlearning: what is trained, what a run leaves behind, strength 0, and the probes, on a tiny model."""

from __future__ import annotations

import dataclasses
import json

import pytest
import small_model
import torch
from safetensors.torch import load_file

from sophro.align import align, training_items
from sophro.align.unlearning import OPTIONS
from sophro.align.unlearning._losses import RmuLoss
from sophro.align.unlearning._run import scale_adapter, typical_norm
from sophro.chat import Transcript
from sophro.data import Record, load_set
from sophro.errors import SophroError
from sophro.models import LowRankPatch, load, load_patch
from sophro.train import sequence_scores

# Every step sees all records, so that losses of different steps can be compared.
FAST = {"epochs": 3, "batch_size": 6, "learning_rate": 3e-3, "rank": 2, "alpha": 4}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load(str(small_model.save_model(tmp_path_factory.mktemp("tiny") / "m")))


@pytest.fixture(scope="module")
def data() -> dict[str, list[Record]]:
    benign = load_set("starter/plain:en", limit=5)
    answers = [dataclasses.replace(r, answer=f"Take {i} apples and wash them.") for i, r in enumerate(benign)]
    return {"harmful": load_set("starter/harmful:en", limit=6), "benign": answers}


def own(name: str) -> dict[str, object]:
    return {**FAST, **({"layer": 1} if name == "unlearn_rmu" else {})}


def logits(model) -> torch.Tensor:
    ids = torch.tensor([list(model.render(Transcript.of("What is the capital of France?")).ids)])
    with torch.inference_mode():
        return model.network(input_ids=ids).logits


def said(model, part) -> str:
    return model.tokenizer.decode([i for i, w in zip(part.ids, part.weights, strict=True) if w])


def test_the_answer_is_trained_and_the_end_of_a_cut_harmful_one_is_not(model, data):
    found = training_items("unlearn_mismatch", model, data)
    assert len(found) == 6 and all(len(item.parts) == 3 for item in found)
    for i, (item, record) in enumerate(zip(found, data["harmful"], strict=True)):
        away, kept, other = item.parts
        assert said(model, away) == record.opening
        assert said(model, kept) == data["benign"][i % 5].answer + "<|im_end|>"
        assert said(model, other).startswith("Take") and said(model, other) != said(model, kept)
        assert record.prompt in model.tokenizer.decode(other.ids)
    assert all(len(item.parts) == 1 for item in training_items("unlearn_ga", model, data))


@pytest.mark.parametrize(
    ("name", "change", "part"),
    [
        ("unlearn_npo", {"benign": []}, "benign"),
        ("unlearn_ga", {"harmful": []}, "harmful"),
        ("unlearn_ga", {"other": "benign"}, "other"),
        ("unlearn_kl", {"benign": "bare"}, "no answer"),
        ("unlearn_ga", {"harmful": "bare"}, "nothing to forget"),
    ],
)
def test_bad_data(model, data, name, change, part):
    bare = [dataclasses.replace(r, answer=None, opening=None) for r in data["benign"]]
    named = {k: bare if v == "bare" else data["benign"] if v == "benign" else v for k, v in change.items()}
    with pytest.raises(SophroError, match=part):
        training_items(name, model, {**data, **named})


@pytest.mark.parametrize("name", OPTIONS)
def test_a_run_leaves_adapter_and_facts_and_the_network_as_it_was(model, data, name, tmp_path):
    before = logits(model)
    result = align(name, model, data, tmp_path / "a", options=own(name))
    assert torch.equal(logits(model), before)
    facts = json.loads((tmp_path / "a/unlearning.json").read_text())
    assert facts["steps"] == result.steps == 3 and facts["diverged"] in (True, False)
    assert facts["retain_source"] == ["starter/plain"] and facts["nll"]["forget"]["n"] == 6
    with model.patched(load_patch(tmp_path / "a")):
        assert not torch.equal(logits(model), before)
    # The others also raise the likelihood of benign text, which lifts a random model's likelihood of any text.
    if name in ("unlearn_ga", "unlearn_kl", "unlearn_npo", "unlearn_task_vector"):
        assert facts["nll"]["forget"]["after"] > facts["nll"]["forget"]["before"]
    again = align(name, model, data, tmp_path / "a", options=own(name))
    assert again == dataclasses.replace(result, out=tmp_path / "a")
    with pytest.raises(SophroError, match="not the result of this run"):
        align(name, model, data, tmp_path / "a", options={**own(name), "strength": 0.25})
    rows = [json.loads(line) for line in (tmp_path / "a/training.jsonl").read_text().splitlines()]
    assert rows[-1]["loss"] < rows[0]["loss"]
    first = rows[0]
    # Before the first step trained and untrained model are one.
    if name == "unlearn_npo":
        assert first["forget_weight"] == pytest.approx(1.0, abs=1e-3)
    if name in ("unlearn_kl", "unlearn_mismatch"):
        assert first["retain_kl"] == pytest.approx(0.0, abs=1e-5)
    if name == "unlearn_eul":
        assert first["kept_kl"] == pytest.approx(0.0, abs=1e-5)
    if name == "unlearn_rmu":
        assert first["retain_mse"] == 0.0 and first["forget_mse"] > 0
        trained = {n.split(".mlp.")[0][-1] for n in load_file(tmp_path / "a/adapter_model.safetensors")}
        assert trained == {"0", "1"}
    if name == "unlearn_eul":
        assert all("down_proj" in n for n in load_file(tmp_path / "a/adapter_model.safetensors"))


def test_strength_zero_is_the_untrained_model_bit_for_bit(model, data, tmp_path):
    before = logits(model)
    for name in ("unlearn_ga", "unlearn_task_vector"):
        align(name, model, data, tmp_path / name, options={**own(name), "strength": 0.0})
        with model.patched(load_patch(tmp_path / name)):
            assert torch.equal(logits(model), before)


def test_the_task_vector_is_the_fitted_change_taken_off(model, data, tmp_path):
    align("unlearn_task_vector", model, data, tmp_path / "a", options={**own(""), "strength": 1.0})
    (tmp_path / "back").mkdir()
    scale_adapter(tmp_path / "a", tmp_path / "back", -1.0)
    records = data["harmful"]
    items = training_items("unlearn_task_vector", model, {"harmful": records})
    base = sum(sequence_scores(model, items))
    with model.patched(LowRankPatch.from_peft(tmp_path / "back")):
        fitted = sum(sequence_scores(model, items))
    with model.patched(LowRankPatch.from_peft(tmp_path / "a")):
        negated = sum(sequence_scores(model, items))
    assert negated < base < fitted
    twice = tmp_path / "twice"
    twice.mkdir()
    scale_adapter(tmp_path / "back", twice, -1.0)
    one, two = (load_file(f / "adapter_model.safetensors") for f in (tmp_path / "a", twice))
    assert all(torch.equal(one[n], two[n]) for n in one)


def test_control_vector_has_the_asked_norm_and_depends_on_the_seed(model, data):
    items = training_items("unlearn_rmu", model, data, {"layer": 1})
    norm = typical_norm(model, [i.parts[0] for i in items], 1)
    assert norm > 0
    loss = RmuLoss(1, 3 * norm, 1.0)
    assert loss.control(64).norm().item() == pytest.approx(3 * norm, rel=1e-5)
    assert not torch.equal(loss.control(64), dataclasses.replace(loss, seed=1).control(64))


def test_probes_round_and_relearn(model, data, tmp_path):
    chosen = {**FAST, "probes": ["int8", "int4", "relearn"], "relearn_pairs": 6}
    align("unlearn_ga", model, data, tmp_path / "a", options=chosen)
    items = [i.parts[0] for i in training_items("unlearn_ga", model, data)]
    scores = {}
    for name in ("", "int8", "int4", "relearn"):
        with model.patched(load_patch(tmp_path / "a" / name)):
            scores[name] = sum(sequence_scores(model, items))
    assert scores["relearn"] > scores[""]
    assert abs(scores["int8"] - scores[""]) < abs(scores["int4"] - scores[""])


def test_kept_prompts_that_talk_about_the_forgotten_are_counted_and_warned_of(model, data, tmp_path, capsys):
    close = dataclasses.replace(data["harmful"][0], answer="Take it.", harmful=False)
    align("unlearn_kl", model, {**data, "benign": [*data["benign"], close]}, tmp_path / "a", options=own(""))
    assert json.loads((tmp_path / "a/unlearning.json").read_text())["retain_overlap"] == 1
    assert "1 kept prompts share" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "options", "part"),
    [
        ("unlearn_ga", {"probes": ["int3"]}, "int8"),
        ("unlearn_ga", {"strength": -1.0}, "between 0 and 2"),
        ("unlearn_rmu", {"layer": 9}, "blocks 0 to 1"),
        ("unlearn_npo", {"beta": 0.0}, "greater than 0"),
    ],
)
def test_bad_options(model, data, name, options, part, tmp_path):
    with pytest.raises(SophroError, match=part):
        align(name, model, data, tmp_path / "a", options={**FAST, **options})
    assert not (tmp_path / "a").exists()
