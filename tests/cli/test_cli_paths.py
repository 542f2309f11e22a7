"""Paths and counts that cannot be: one sentence, exit code 2, nothing written."""

from __future__ import annotations

import json

import pytest

from sophro.cli import run

INPUT = {
    "crisis": {"id": "1", "turns": ["hello"]},
    "text": {"id": "1", "text": "你好"},
    "guard": {"id": "1", "messages": [{"role": "user", "content": "hello"}]},
    "judge": {"id": "1", "prompt": "p", "response": "r"},
    "phq9": {"id": "1", "answers": [0] * 9},
}
WRITING = [
    ("crisis", ["crisis"]),
    ("text", ["perturb", "split"]),
    ("text", ["normalize"]),
    ("guard", ["guard", "check"]),
    ("judge", ["judge", "score", "--judge", "keyword-baseline"]),
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, row in INPUT.items():
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row) + "\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept")
    return tmp_path


def said(capsys) -> str:
    err = capsys.readouterr().err.strip().splitlines()[-1]
    assert err.startswith("sophro: error: ") and "Traceback" not in err
    return err


@pytest.mark.parametrize(("kind", "words"), WRITING)
@pytest.mark.parametrize("out", ["folder", "file/under", "itself"])
def test_an_output_that_cannot_be(here, capsys, kind, words, out):
    source = f"{kind}.jsonl"
    before = {p: p.read_bytes() for p in here.rglob("*") if p.is_file()}
    assert run([*words, "--in", source, "--out", source if out == "itself" else out]) == 2
    found = said(capsys)
    assert {"folder": "is a folder", "file/under": "cannot be written", "itself": "is the input itself"}[
        out
    ] in found
    assert {p: p.read_bytes() for p in here.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    "words",
    [
        ["arena", "run", "good", "--limit", "2", "--out", "file"],
        ["interview", "phq9", "--participant", "script", "--out", "file/x"],
        ["assess", "over_refusal", "--model", "stub/always-refuse", "--limit", "0"],
        ["assess", "over_refusal", "--model", "stub/always-refuse", "--limit", "-1"],
        ["arena", "run", "good", "--limit", "0", "--out", "a"],
        ["restructure", "generate", "--number", "0", "--out", "r"],
    ],
)
def test_what_cannot_be_is_one_sentence(here, capsys, words):
    assert run(words) == 2
    found = said(capsys)
    assert "Unknown" not in found and ("at least 1" in found or "file" in found), found


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"x": 1}', '{"items": [1], "red": []}', "null"])
def test_a_damaged_rating_is_named(here, capsys, damage):
    arena = ["arena", "run", "good", "--limit", "1", "--out", "a"]
    assert run(arena) == 0
    (rating,) = (here / "a" / "rated").glob("*.json")
    whole = rating.read_text()
    rating.write_text(damage)
    capsys.readouterr()
    assert run(arena) == 2
    assert rating.name in said(capsys)
    rating.unlink()
    assert run(arena) == 0 and rating.read_text() == whole
