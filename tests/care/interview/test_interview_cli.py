"""The commands as a user types them."""

from __future__ import annotations

import io
import json
import re
import shlex
from pathlib import Path

import pytest

from sophro.cli import run


def test_script_to_folder_and_again(tmp_path, capsys):
    out = tmp_path / "one"
    command = ["interview", "low_mood", "--participant", "script", "--script", "vague", "--out", str(out)]
    assert run(command) == 0
    shown = capsys.readouterr().out
    assert "mood" in shown and "Module low_mood" in shown
    assert sorted(p.name for p in out.iterdir()) == ["interview.html", "log.jsonl", "result.json"]
    before = (out / "log.jsonl").read_bytes()
    assert run(command) == 0 and (out / "log.jsonl").read_bytes() == before
    assert json.loads((out / "result.json").read_text())["simulated"] is True
    assert run([*command[:-1], str(out), "--lang", "zh"]) == 2
    assert "other settings" in capsys.readouterr().err


def test_a_person_reads_no_result(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\nmost days\nstop\n"))
    assert run(["interview", "low_mood"]) == 0
    shown = capsys.readouterr().out
    assert "I am a computer program" in shown and "we stop here" in shown
    assert "verdict" not in shown and "not_met" not in shown


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["interview", "nothing", "--participant", "script"], "unknown module 'nothing'"),
        (["interview", "none.yaml", "--participant", "script"], "no such file"),
        (["interview", "worry", "--participant", "script", "--script", "shy"], "unknown policy"),
        (["interview", "worry", "--participant", "robot"], "robot"),
        (["interview", "worry", "--participant", "script", "--judge", "nobody"], "unknown model 'nobody'"),
        (["instruments", "cssrs"], "is not shipped"),
        (["instruments", "phq8"], "unknown instrument"),
        (
            ["instruments", "score", "--instrument", "phq9", "--in", "none.jsonl", "--out", "o.jsonl"],
            "no such file",
        ),
    ],
)
def test_bad_commands_say_one_sentence_and_write_nothing(tmp_path, monkeypatch, capsys, command, message):
    monkeypatch.chdir(tmp_path)
    assert run(command) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_instruments(tmp_path, capsys):
    assert run(["instruments"]) == 0 and "cssrs" in capsys.readouterr().out
    assert run(["instruments", "gad7", "--lang", "zh"]) == 0 and "很难放松下来" in capsys.readouterr().out
    assert run(["instruments", "--json"]) == 0
    assert {i["name"] for i in json.loads(capsys.readouterr().out)["shipped"]} == {"phq9", "gad7"}
    (tmp_path / "in.jsonl").write_text('{"id": 1, "answers": [3, 3, 3, 3, 3, 3, 3]}\n')
    out = tmp_path / "out.jsonl"
    assert (
        run(
            [
                "instruments",
                "score",
                "--instrument",
                "gad7",
                "--in",
                str(tmp_path / "in.jsonl"),
                "--out",
                str(out),
            ]
        )
        == 0
    )
    assert json.loads(out.read_text())["band"] == "severe"


def test_the_commands_of_the_page_run_as_printed(tmp_path, monkeypatch):
    page = Path(__file__).resolve().parents[3] / "docs/interview.md"
    (block,) = re.findall(r"```bash\n(.*?)```", page.read_text("utf-8"), re.S)
    monkeypatch.chdir(tmp_path)
    for line in block.splitlines():
        assert run(shlex.split(line)[1:]) == 0, line
    assert (tmp_path / "runs/interview/interview.html").exists()
