"""README's second block is text, not bash, because two of its lines wait or need a network; the others run here."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from sophro.cli import run

README = Path(__file__).resolve().parents[2] / "README.md"
# What is appended so that a line has less to do; nothing of the printed line itself is changed.
LESS = {
    "sophro arena run": "--limit 1 --least 1 --most 1 --total 2",
    "sophro interview": "",
    "sophro crisis": "",
}


def printed():
    (block,) = re.findall(r"```text\n(.*?)```", README.read_text("utf-8"), re.S)
    lines = [re.sub(r"\s+#.*", "", line).strip() for line in block.splitlines() if line.strip()]
    return {start: [line for line in lines if line.startswith(start)] for start in LESS}


@pytest.mark.parametrize("start", sorted(LESS))
def test_the_line_runs_as_printed(start, tmp_path, monkeypatch, capsys):
    (line,) = printed()[start]
    monkeypatch.chdir(tmp_path)
    dialogues = [
        {"id": "a", "lang": "en", "turns": ["The train was late."]},
        {"id": "b", "turns": ["我很累。"]},
    ]
    (tmp_path / "dialogues.jsonl").write_text("".join(json.dumps(d) + "\n" for d in dialogues))
    words = shlex.split(f"{line} {LESS[start]}")
    assert words[0] == "sophro" and run(words[1:]) == 0, capsys.readouterr().err
    made = {p.name for p in tmp_path.rglob("*") if p.is_file()} - {"dialogues.jsonl"}
    if start == "sophro crisis":
        rows = [json.loads(x) for x in (tmp_path / "levels.jsonl").read_text("utf-8").splitlines()]
        assert [r["id"] for r in rows] == ["a", "b"] and all("level" in r for r in rows)
    if start == "sophro interview":
        assert not made, "without --out nothing is kept"
    if start == "sophro arena run":
        (page,) = tmp_path.glob("runs/arena-*/arena.html")
        assert f"{page.relative_to(tmp_path)}: 3 simulated sessions" in capsys.readouterr().out


def test_a_default_folder_belongs_to_its_settings(tmp_path, monkeypatch, capsys):
    """The same command goes on in its folder; with other settings it is another folder, never a refusal."""
    monkeypatch.chdir(tmp_path)
    command = ["arena", "run", "bad", "--limit", "1", "--least", "1", "--most", "1", "--total", "2"]
    assert run(command) == 0 and run(command) == 0 and run([*command[:-1], "1"]) == 0
    assert len(list((tmp_path / "runs").iterdir())) == 2
    capsys.readouterr()
