"""Suites: what a name stands for, and both of them from the command line on a tiny model."""

from __future__ import annotations

import json

import pytest
import small_model
import tiny

from sophro.align import align
from sophro.data import load_set
from sophro.errors import SophroError
from sophro.models import load
from sophro.recipe._suites import _AXES, _refuse_overlap, default_split, expand, unlearning_arms, variants


def test_what_names_stand_for():
    assert expand(["harmful", "over_refusal"], None) == [
        ("harmful", "starter/harmful:en"),
        ("over_refusal", "starter/lookalikes:en"),
    ]
    assert expand(["harmful"], "advbench") == [("harmful", "advbench")]
    assert len(expand(["tradeoffs"], None)) == 4 and expand(["tradeoffs"], "ifeval") == [
        ("tradeoffs", "ifeval")
    ]
    assert {task for task, _ in expand(["unlearning"], None)} == {"harmful", "over_refusal", "helpfulness"}
    for tasks, data_set in ((["unlearning", "harmful"], None), (["unlearning"], "advbench")):
        with pytest.raises(SophroError, match="ask for it alone"):
            expand(tasks, data_set)
    assert [default_split(s) for s in ("starter/maths:en", "starter/plain:en", "advbench")] == [
        None,
        "test",
        None,
    ]


def test_a_share_of_the_thought_belongs_to_mode_less():
    assert variants("tradeoffs", {"mode": ["less", "full", "zero"], "keep": [0.1, 0.5]}) == [
        {"mode": ["less"], "keep": [0.1, 0.5]},
        {"mode": ["full", "zero"]},
    ]
    assert variants("tradeoffs", {"mode": ["less"], "keep": [0.1]}) == [{"mode": ["less"], "keep": [0.1]}]
    assert variants("harmful", {"k": 3}) == [{"k": 3}]
    with pytest.raises(SophroError, match="--mode less"):
        variants("tradeoffs", {"mode": ["full"], "keep": [0.1]})


def test_unlearning_needs_a_patch(tmp_path):
    with pytest.raises(SophroError, match="--patch"):
        unlearning_arms("smollm2-135m", None, tmp_path / "run", None)


def test_relearning_never_trains_on_what_is_assessed():
    test = load_set("starter/harmful:en", split="test")
    _refuse_overlap(load_set("starter/harmful:en", split="train"), test)
    with pytest.raises(SophroError, match="1 forgotten records are among the assessed ones"):
        _refuse_overlap(test[:1], test)


@pytest.mark.encoder
@pytest.mark.slow
def test_at_strength_zero_every_number_of_the_suite_is_the_base(tmp_path, capsys, monkeypatch):
    from sophro.cli import run

    # Three axes and one probe: each pair is an evaluation of its own.
    monkeypatch.setattr("sophro.recipe._suites._AXES", _AXES[:3])
    monkeypatch.setattr("sophro.align.unlearning._probes.PROBES", ("int8",))

    model = str(small_model.save_model(tmp_path / "model"))
    data = {"harmful": load_set("starter/harmful:en", split="train", limit=4)}
    options = {"strength": 0.0, "max_steps": 1, "rank": 2, "alpha": 4}
    align("unlearn_ga", load(model), data, tmp_path / "forgot", options=options)
    command = ["assess", "unlearning", "--model", model, "--patch", str(tmp_path / "forgot"), "--limit", "2"]
    command += ["--max-new-tokens", "4", "--refusal", "keyword-baseline", "--harm", "proxy-harm", "--json"]
    command += ["--attack", "none"]
    assert run([*command, "--out", str(tmp_path / "run")]) == 0
    found = json.loads(capsys.readouterr().out)["unlearning"]
    lines = {x.pop("arm"): x for x in found}
    assert set(lines) == {"base", "unlearned", "unlearned-int8"}
    assert lines["unlearned"] == lines["base"]
    assert all(x["harm"]["n"] + x["harm"]["unscored"] == 2 for x in lines.values())
    # Twice the same: everything is there already.
    assert run([*command, "--out", str(tmp_path / "run")]) == 0
    assert {x.pop("arm"): x for x in json.loads(capsys.readouterr().out)["unlearning"]} == lines


def test_tradeoffs_from_the_command_line(tmp_path, capsys):
    from sophro.cli import run

    tokenizer = tiny.tokenizer("hybrid")
    network = tiny.tiny_llama(len(tokenizer), seed=1)
    network.save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    command = [
        "assess",
        "tradeoffs",
        "--model",
        str(tmp_path / "model"),
        "--set",
        "starter/maths:en",
        "--limit",
        "2",
    ]
    command += ["--mode", "less", "--mode", "zero", "--keep", "0.5", "--max-new-tokens", "6"]
    assert run([*command, "--out", str(tmp_path / "run"), "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert sorted(x["mode"] for x in values["thinking"]) == ["less 0.5", "zero"]
    assert all(x["capability"] == "maths" and x["rate"]["n"] == 2 for x in values["thinking"])
    assert run([*command, "--out", str(tmp_path / "run")]) == 0
    assert "less 0.5" in capsys.readouterr().out
    assert run([*command[:-2], "--keep", "2", "--out", str(tmp_path / "other")]) == 2
    assert "[0, 1]" in capsys.readouterr().err
