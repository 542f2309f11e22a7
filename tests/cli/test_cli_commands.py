"""The command line: names, errors on one line, exit codes, JSON."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sophro.cli import run

SOPHRO = [sys.executable, "-m", "sophro"]


def fails(capsys, *arguments: str) -> str:
    """Run a command that must fail and return its single line of error."""
    assert run(list(arguments)) == 2
    captured = capsys.readouterr()
    lines = captured.err.strip().splitlines()
    assert lines[-1].startswith("sophro: error: "), captured.err
    assert "Traceback" not in captured.err
    return lines[-1]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["nonsense"], ["nonsense", "run"]),
        (["methods", "safty_sft"], ["unknown method", "safety_sft"]),
        (["align", "safety_stf", "--model", "m", "--data", "d", "--out", "o"], ["unknown method", "safety_sft"]),
        (["assess", "harmfull", "--model", "stub/always-refuse"], ["unknown task", "harmful"]),
        (["assess", "unlerning", "--model", "stub/always-refuse"], ["unknown task", "unlearning"]),
        (["edit", "npo", "--model", "m", "--data", "d", "--out", "o"], ["unknown method", "unlearn_npo of `sophro align`"]),
        (["assess", "harmful", "--model", "stub/always-refuze"], ["unknown model", "stub/always-refuse"]),
        (["assess", "harmful", "--model", "smollm"], ["unknown model", "smollm2-135m"]),
        (["assess", "harmful", "--model", "stub/always-refuse", "--attack", "prefil"], ["unknown attack", "prefill"]),
        (["assess", "harmful", "--model", "stub/always-refuse", "--set", "starter/harmfull:en"], ["unknown", "set"]),
        (["assess", "harmful", "--model", "stub/always-refuse", "--refusal", "embeded"], ["unknown judge"]),
        (["assess", "harmful", "--model", "stub/always-refuse", "--set", "missing.jsonl"], ["missing.jsonl"]),
        (["assess", "--model", "stub/always-refuse"], ["at least one task"]),
        (["run", "missing.yaml"], ["missing.yaml", "no such file"]),
        (["report", "missing-dir", "--out", "x.html"], ["missing-dir"]),
        (["judge", "validate", "--labels", "missing.jsonl"], ["missing.jsonl", "no such file"]),
        (["judge", "score", "--judge", "keyword", "--in", "a", "--out", "b"], ["unknown judge", "keyword-baseline"]),
        (["attack", "prefil", "--behaviors", "a", "--out", "b"], ["unknown attack", "prefill"]),
        (["data", "show", "advbnch"], ["unknown", "advbench"]),
        (["evidence", "stub_modls"], ["stub_models"]),
        (["models", "pull", "smolm2-135m"], ["smollm2-135m"]),
        (["align", "safety_sft", "--model", "stub/always-refuse", "--data", "starter/harmful:en", "--out", "o"],
         ["scripted"]),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line(capsys, tmp_path, monkeypatch, arguments, parts):
    monkeypatch.chdir(tmp_path)
    line = fails(capsys, *arguments)
    for part in parts:
        assert part in line
    assert list(tmp_path.iterdir()) == [], "a refused command writes nothing"


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b'{"id": "a", "prompt": "x", "response": "y"}\n', ["line 1", "label"]),
        (b'{"id": "a", "prompt": "x", "response": "y", "label": "maybe"}\n', ["line 1", "label"]),
        (b'{"id": "a", "prompt": "x", "response": "y", "label": 1}\nnot json\n', ["line 2", "JSON"]),
        (b"\xff\xfe\n", ["UTF-8"]),
        (b"", ["labels.jsonl"]),
    ],
)
def test_bad_label_files_name_the_line(capsys, tmp_path, content, parts):
    file = tmp_path / "labels.jsonl"
    file.write_bytes(content)
    line = fails(capsys, "judge", "validate", "--judge", "keyword-baseline", "--labels", str(file))
    for part in parts:
        assert part in line


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ('{"id": "a", "prompt": ""}', ["line 1", "prompt"]),
        ('{"id": "a"}', ["line 1", "prompt"]),
        ('{"id": "a", "prompt": "x"}\n{"id": "a", "prompt": "y"}', ["line 2", "id"]),
        ('["a"]', ["line 1", "object"]),
        ("", ["no records"]),
    ],
)
def test_bad_prompt_files_name_line_and_field(capsys, tmp_path, monkeypatch, content, parts):
    monkeypatch.chdir(tmp_path)
    Path("p.jsonl").write_text(content, "utf-8")
    line = fails(capsys, "assess", "over_refusal", "--model", "stub/always-refuse", "--set", "p.jsonl")
    for part in parts:
        assert part in line


def test_validate_prints_a_card_as_json(capsys, tmp_path):
    rows = [
        {"id": str(i), "prompt": f"question {i}", "response": text, "label": label}
        for i, (text, label) in enumerate(
            [
                ("I'm sorry, but I can't help with that.", "full_refusal"),
                ("Sure, take two eggs.", "not_full_refusal"),
            ]
            * 8
        )
    ]
    file = tmp_path / "labels.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    assert run(["judge", "validate", "--judge", "keyword-baseline", "--labels", str(file), "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["n"] == 16
    for name in ("kappa", "sensitivity", "specificity"):
        assert card[name]["value"] == 1.0
        assert 0 <= card[name]["low"] <= 1 and card[name]["high"] == 1.0


def test_judge_score_writes_verdicts(capsys, tmp_path):
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(
        json.dumps({"id": "1", "prompt": "p", "response": "I cannot help with that."})
        + "\n"
        + json.dumps({"id": "2", "prompt": "p", "response": ""})
    )
    assert run(["judge", "score", "--judge", "keyword-baseline", "--in", str(source), "--out", str(out)]) == 0
    first, second = (json.loads(line) for line in out.read_text().splitlines())
    assert first["outcome"] == "full_refusal" and second["outcome"] == "broken"
    assert second["harmful"] is None


def test_attack_writes_attempts(capsys, tmp_path):
    source, out = tmp_path / "b.jsonl", tmp_path / "a.jsonl"
    source.write_text(json.dumps({"id": "1", "prompt": "do it", "opening": "Sure, here is one two three"}))
    assert run(["attack", "none", "--behaviors", str(source), "--out", str(out)]) == 0
    row = json.loads(out.read_text())
    assert row["messages"] == [{"role": "user", "content": "do it"}] and row["attack"] == "none"
    assert "--model" in fails(capsys, "attack", "prefill", "--behaviors", str(source), "--out", str(out))


def test_methods_and_models_as_json(capsys):
    assert run(["methods", "--json"]) == 0
    found = {m["name"]: m for m in json.loads(capsys.readouterr().out)}
    assert {"safety_sft", "harmful", "over_refusal", "helpfulness", "none", "prefill"} <= set(found)
    assert found["safety_sft"]["area"] == "development" and found["safety_sft"]["paper"]
    assert run(["models", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "smollm2-135m"


def test_control_characters_of_names_do_not_reach_the_terminal(capsys):
    assert "\x1b" not in fails(capsys, "methods", "evil\x1b[31mname")


def test_help_is_light():
    """No torch, transformers, inspect or numpy behind --help; the time itself is measured by make bench."""
    code = (
        "import sys\nfrom sophro.cli import run\nrun(['--help'])\n"
        "bad = [m for m in ('torch', 'transformers', 'inspect_ai', 'numpy', 'rich.markdown') if m in sys.modules]\n"
        "sys.exit(repr(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "evidence" in done.stdout


def test_help_answers_quickly():
    def once() -> float:
        began = time.perf_counter()
        subprocess.run([*SOPHRO, "--help"], capture_output=True, check=True)
        return time.perf_counter() - began

    # Ten times the goal: a busy CI machine must not fail the suite, an eager import of torch must.
    assert statistics.median(once() for _ in range(3)) < 3.0


@pytest.mark.parametrize(
    "command",
    ["align", "assess", "attack", "run", "report", "preview", "judge", "data", "models", "edit", "patch"],
)
def test_every_command_has_help(capsys, command):
    assert run([command, "--help"]) == 0
    assert "Usage" in capsys.readouterr().out
