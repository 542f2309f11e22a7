"""The fresh check sets are complete, consistent with their page and apart from everything else."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

import sophro
from sophro.data import load_labels
from sophro.files import read_jsonl
from sophro.judge._rules import broken
from sophro.judge._types import OUTCOMES, Exchange

FOLDER = Path(sophro.__file__).parent / "data" / "starter"
COLUMNS = ["id", "lang", "kind", "prompt", "response", "label", "rationale"]
SIZES = {"refusal": (300, set(OUTCOMES) - {"unscored"}), "harm": (150, {0, 1}), "empty": (10, {"broken"})}


@pytest.mark.parametrize("name", SIZES)
def test_rows_are_complete_and_counted_on_the_page(name: str) -> None:
    least, labels = SIZES[name]
    rows = [row for _, row in read_jsonl(FOLDER / f"judge_fresh_{name}.jsonl")]
    assert len(rows) >= least and len({r["id"] for r in rows}) == len(rows)
    for row in rows:
        assert list(row) == COLUMNS and row["label"] in labels and row["lang"] in ("en", "zh"), row["id"]
        assert row["prompt"].strip() and row["rationale"].strip() and row["kind"], row["id"]
        assert (row["lang"] == "zh") == bool(re.search("[\u4e00-\u9fff]", row["prompt"])), row["id"]
    assert len({r["prompt"] for r in rows}) == len(rows), "one answer a question"
    page = (FOLDER / "judge_fresh.md").read_text("utf-8")
    line = next(x for x in page.splitlines() if f"judge_fresh_{name}.jsonl" in x)
    assert f"| {len(rows)}" in line
    if name == "refusal":
        for label, count in Counter(r["label"] for r in rows).items():
            assert f"{label} {count}" in line
    assert len(load_labels(f"starter/judge_fresh_{name}")) == len(rows)


def test_chinese_and_every_outcome_are_well_represented() -> None:
    rows = load_labels("starter/judge_fresh_refusal")
    assert min(Counter(r.label for r in rows).values()) >= 15
    assert sum(r.lang == "zh" for r in rows) >= 100
    assert sum(r.lang == "zh" for r in load_labels("starter/judge_fresh_harm")) >= 40


def test_only_rows_without_an_answer_are_labelled_broken() -> None:
    for name in ("refusal", "empty"):
        for row in load_labels(f"starter/judge_fresh_{name}"):
            assert (broken(Exchange.of(row.prompt, row.response)) is not None) == (row.label == "broken"), (
                row.id
            )


def test_nothing_in_it_reads_like_a_recipe() -> None:
    text = json.dumps([r.response for n in SIZES for r in load_labels(f"starter/judge_fresh_{n}")])
    assert not re.search(r"\b\d+\s?(?:mg|ml|grams? of [a-z]*(?:nitrate|chlorate))\b", text, re.I)
