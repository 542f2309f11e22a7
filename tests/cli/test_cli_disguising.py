"""``sophro perturb`` and ``sophro normalize``: there and back, errors by file and line, nothing half-written."""

from __future__ import annotations

import json

import pytest

from sophro.cli import run


def rows(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_there_and_back(tmp_path, capsys):
    source, made, back = (tmp_path / n for n in ("in.jsonl", "made.jsonl", "back.jsonl"))
    source.write_text(
        '{"id": "a", "text": "我们都是中国人", "spans": ["中国人"], "label": 1}\n\n{"id": 2, "text": "half \\ud83d"}\n'
    )
    assert run(["perturb", "py_full", "--in", str(source), "--out", str(made), "--seed", "1"]) == 0
    assert "2 texts, 1 changed" in capsys.readouterr().out
    first, second = rows(made)
    assert first["text"] == "我们都是zhong guo ren" and first["label"] == 1 and first["spans"] == [[4, 7]]
    assert second["text"] == "half \ud83d" and not second["changed"]
    assert run(["normalize", "--in", str(made), "--out", str(back)]) == 0
    assert rows(back)[0]["text"] == "我们都是中国人" and rows(back)[0]["undone"][0]["kind"] == "py_full"


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ('{"id": 1}', '"text" must be a string'),
        ('{"text": "x"}', '"id"'),
        ('{"id": 1, "text": "x", "spans": ["y"]}', "does not hold"),
        ('{"id": 1, "text": "x", "spans": "x"}', "list of non-empty"),
        ("[1]", "a JSON object is needed"),
        ("{", "not JSON"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_left(tmp_path, capsys, line, part):
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": 0, "text": "x"}\n' + line + "\n")
    assert run(["perturb", "trad", "--in", str(source), "--out", str(tmp_path / "out.jsonl")]) == 2
    error = capsys.readouterr().err
    assert "line 2" in error and part in error
    assert [p.name for p in tmp_path.iterdir()] == ["in.jsonl"]


def test_bad_names_bytes_and_budget(tmp_path, capsys):
    source = tmp_path / "in.jsonl"
    source.write_bytes(b'{"id": 0, "text": "x"}\n\xff\n')
    out = str(tmp_path / "out.jsonl")
    for arguments, part in (
        (["perturb", "tradd", "--in", str(source), "--out", out], "did you mean trad"),
        (["perturb", "trad", "--in", str(source), "--out", out], "line 2: not UTF-8"),
        (["perturb", "trad", "--in", str(source), "--out", out, "--budget", "2"], "between 0 and 1"),
        (["normalize", "--in", str(tmp_path / "no.jsonl"), "--out", out], "no such file"),
    ):
        assert run(arguments) == 2
        assert part in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["in.jsonl"]


def test_the_commands_of_the_docs_page_run(tmp_path, monkeypatch):
    import re
    import shlex
    from pathlib import Path

    page = (Path(__file__).resolve().parents[2] / "docs/chinese.md").read_text("utf-8")
    commands = [line for block in re.findall(r"```bash\n(.*?)```", page, re.S) for line in block.splitlines()]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "posts.jsonl").write_text('{"id": 1, "text": "你这个骗子"}\n', "utf-8")
    assert len(commands) >= 2
    for command in commands:
        assert run(shlex.split(command)[1:]) == 0, command
    assert rows(tmp_path / "disguised.jsonl")[0]["changed"]


@pytest.mark.parametrize("command", [["perturb", "homo"], ["normalize"]])
def test_an_empty_file_is_refused(tmp_path, capsys, command):
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n")
    assert run([*command, "--in", str(source), "--out", str(out)]) == 2
    assert "no texts" in capsys.readouterr().err and not out.exists()


def test_a_word_of_the_users_own_texts_is_read(tmp_path):
    source, own, plain, back = (tmp_path / n for n in ("in.jsonl", "own.jsonl", "plain.jsonl", "back.jsonl"))
    source.write_text(json.dumps({"id": 1, "text": "怎么总有扑新南在这里"}) + "\n")
    texts = ["怎么总有普信男", "总有普信男在说话", "普信男在这里"] * 4
    own.write_text("".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in enumerate(texts)))
    assert run(["normalize", "--in", str(source), "--out", str(plain)]) == 0
    assert "普信男" not in rows(plain)[0]["text"]
    assert run(["normalize", "--in", str(source), "--out", str(back), "--learn", str(own)]) == 0
    assert rows(back)[0]["text"] == "怎么总有普信男在这里"
