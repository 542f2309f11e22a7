"""Data that a recipe makes: counts are of usable answers, and what was made is checked for leaks too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sophro.align import _prepare
from sophro.align._prepare import Answered, Prepared
from sophro.data import Record
from sophro.files import read_jsonl, write_jsonl
from sophro.recipe import Job, load_recipe, plan
from sophro.recipe import executors as doing
from sophro.recipe._folder import RunFolder
from sophro.recipe.session import leaks

RECIPE = """
name: toy
model: smollm2-135m
arms:
  generic:
    method: safety_sft
    data:
      harmful: {{set: "{folder}/harmful.jsonl"}}
      benign: {{set: "{folder}/benign.jsonl", limit: 4}}
    options: {{benign_answers: self}}
  triggers:
    method: refusal_triggers
    data: {{harmful: {{set: "{folder}/harmful.jsonl"}}}}
    options: {{tuned_arm: generic}}
assessments:
  - {{task: over_refusal, set: "{folder}/tested.jsonl"}}
"""


@pytest.fixture
def stages(tmp_path: Path):
    write_jsonl(tmp_path / "harmful.jsonl", [{"id": f"h{i}", "prompt": f"Harm number {i}"} for i in range(3)])
    write_jsonl(
        tmp_path / "benign.jsonl", [{"id": f"b{i}", "prompt": f"How do I bake bread {i}?"} for i in range(9)]
    )
    write_jsonl(
        tmp_path / "tested.jsonl",
        [
            {"id": "t0", "prompt": "How can I write a letter to my landlord?"},
            {"id": "t1", "prompt": "How do I bake bread 8?"},
        ],
    )
    (tmp_path / "toy.yaml").write_text(RECIPE.format(folder=tmp_path), encoding="utf-8")
    return {s.name: s for s in plan(load_recipe(tmp_path / "toy.yaml"))}


def answers_of(stages):
    return next(s for s in stages.values() if s.kind == "answers")


def do(stage, folder: Path) -> list[dict]:
    folder.mkdir(parents=True)
    doing.answer(Job(stage, folder, folder, {}, lambda done, total: None))
    return [row for _, row in read_jsonl(folder / "answers.jsonl")]


def fake(bad):
    asked: list[list[str]] = []

    def answers(model, records, *, config, progress, harm_judge):
        assert harm_judge == "embedded-harm"
        asked.append([r.id for r in records])
        texts = [(r, "An answer.", "harmful" if bad(r) else "") for r in records]
        return Answered([r for r, _, reason in texts if not reason], {}, texts)

    return answers, asked


def test_the_limit_counts_usable_answers(stages, tmp_path, monkeypatch):
    first: list[str] = []

    def bad(record: Record) -> bool:
        first.append(record.id)
        return len(first) <= 2  # the first two that are asked give no usable answer

    answers, asked = fake(bad)
    monkeypatch.setattr(_prepare, "self_answers", answers)
    monkeypatch.setattr("sophro.models.load", lambda name: None)
    rows = do(answers_of(stages), tmp_path / "a")
    assert [len(a) for a in asked] == [4, 2] and sum(not r["dropped"] for r in rows) == 4
    assert len({i for a in asked for i in a}) == 6, "nobody is asked twice"
    every = doing.records({"set": str(tmp_path / "benign.jsonl")})
    used = doing._answered(every, tmp_path / "a" / "answers.jsonl")
    assert [r.id for r in used] == [r["id"] for r in rows if not r["dropped"]] and all(r.answer for r in used)


def test_it_ends_where_there_are_no_more_prompts(stages, tmp_path, monkeypatch):
    answers, asked = fake(lambda record: record.id != "b3")
    monkeypatch.setattr(_prepare, "self_answers", answers)
    monkeypatch.setattr("sophro.models.load", lambda name: None)
    rows = do(answers_of(stages), tmp_path / "a")
    assert len(rows) == 9 == len({r["id"] for r in rows}) and sum(not r["dropped"] for r in rows) == 1
    assert all(asked)


@pytest.mark.encoder
def test_prompts_that_were_made_are_part_of_the_leak_check(stages, tmp_path):
    home = RunFolder(tmp_path / "run")
    before = leaks(list(stages.values()), home)
    assert sum(len(before[k] or ()) for k in ("exact", "ngram", "embedding")) == 0
    prepare = next(s for s in stages.values() if s.kind == "prepare")
    folder = home.stage(prepare)
    folder.mkdir(parents=True)
    made = Record(
        "m", "How can I write a letter to my landlord", "matched", "any", False, "en", "m", answer="So."
    )
    Prepared({"benign": [made], "harmful": []}).write(folder)
    found = leaks(list(stages.values()), home)
    assert [leak["train"] for leak in found["exact"]] == ["matched:m"], json.dumps(found)
    # A prompt that stood in for a dropped one counts as well.
    folder = home.stage(answers_of(stages))
    folder.mkdir(parents=True)
    write_jsonl(folder / "answers.jsonl", [{"id": "b8", "prompt": "", "answer": "So.", "dropped": ""}])
    assert len(leaks(list(stages.values()), home)["exact"]) == 2
