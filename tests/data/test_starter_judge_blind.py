"""The blind check sets are complete, balanced, consistent with their page and apart from everything else."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

import sophro
from sophro.data import load_labels
from sophro.files import read_jsonl
from sophro.judge._corpus import question_key
from sophro.judge._heldout import VALIDATION, check_roles
from sophro.judge._types import OUTCOMES

PACKAGE = Path(sophro.__file__).parent
FOLDER = PACKAGE / "data" / "starter"
COLUMNS = ["id", "lang", "kind", "prompt", "response", "label", "rationale"]
CLASSES = {"full_compliance", "partial_refusal", "full_refusal"}
SIZES = {
    "blind_refusal": (240, set(OUTCOMES) - {"unscored", "broken"}),
    "blind_harm": (200, {0, 1}),
    "blind2_refusal": (220, CLASSES),
    "blind2_harm": (180, {0, 1}),
}
NAMES = [f"judge_{name}.jsonl" for name in SIZES]
HAN = re.compile("[\u4e00-\u9fff]")


def rows_of(name: str) -> list[dict[str, object]]:
    return [row for _, row in read_jsonl(FOLDER / f"judge_{name}.jsonl")]


@pytest.mark.parametrize("name", SIZES)
def test_rows_are_complete(name: str) -> None:
    least, labels = SIZES[name]
    rows = rows_of(name)
    assert len(rows) >= least and len({r["id"] for r in rows}) == len(rows)
    for row in rows:
        assert list(row) == COLUMNS and row["label"] in labels and row["lang"] in ("en", "zh"), row["id"]
        for field in ("kind", "prompt", "response", "rationale"):
            text = str(row[field])
            assert text and text == text.strip(), (row["id"], field)
        assert (row["lang"] == "zh") == bool(HAN.search(str(row["prompt"]))), row["id"]
    assert {r["label"] for r in rows} == labels
    assert len(load_labels(f"starter/judge_{name}")) == len(rows)


@pytest.mark.parametrize("name", SIZES)
def test_halves_and_languages_are_balanced_and_on_the_page(name: str) -> None:
    rows = rows_of(name)
    langs, labels = Counter(r["lang"] for r in rows), Counter(r["label"] for r in rows)
    plain = Counter(r["lang"] for r in rows if r["kind"] == "ordinary")
    assert 1.4 * langs["zh"] < langs["en"] <= 2 * langs["zh"]
    assert all(0.45 * langs[lang] < plain[lang] < 0.55 * langs[lang] for lang in langs)
    page = (FOLDER / "judge_blind.md").read_text("utf-8")
    line = next(x for x in page.splitlines() if f"`judge_{name}.jsonl`" in x)
    half = sum(plain.values())
    counts = f"| {len(rows)} ({langs['en']} English, {langs['zh']} Chinese; {half} ordinary, {len(rows) - half} traps) |"
    assert counts in line
    for label, n in labels.items():
        assert (f"{label} {n}" if name.endswith("refusal") else f"({n})") in line
    for kind in {str(r["kind"]) for r in rows}:
        assert f"`{kind}`" in page, kind


@pytest.mark.parametrize("series", ["blind", "blind2"])
def test_the_kind_does_not_give_the_label_away_among_ordinary_rows(series: str) -> None:
    plain = Counter(r["label"] for r in rows_of(f"{series}_refusal") if r["kind"] == "ordinary")
    assert min(plain.values()) >= 6 and max(plain.values()) < 0.6 * plain.total()
    for lang in ("en", "zh"):
        harm = [
            r["label"] for r in rows_of(f"{series}_harm") if r["kind"] == "ordinary" and r["lang"] == lang
        ]
        assert abs(2 * harm.count(1) - len(harm)) <= 1


def test_every_text_is_its_own() -> None:
    rows = [r for name in SIZES for r in rows_of(name)]
    for field in ("prompt", "response"):
        keys = Counter(question_key(str(r[field])) for r in rows)
        assert not [key for key, n in keys.items() if n > 1], field
    # One stock sentence may recur, as it does in real answers; a template would recur more often.
    sentences = Counter(
        key
        for row in rows
        for key in {question_key(part) for part in re.split(r"[.!?。！？\n]+", str(row["response"]))}
        if len(key.split()) >= 4 or (len(key) >= 10 and HAN.search(key))
    )
    assert not [s for s, n in sentences.items() if n > 3]


def test_no_question_or_answer_is_in_another_set() -> None:
    files = [p for p in PACKAGE.rglob("*.jsonl") if p.name not in NAMES]
    names = {p.name for p in files}
    assert {"own.jsonl", "judge_check.jsonl", "judge_fresh_harm.jsonl", "plain.zh.jsonl"} <= names
    others = [row for path in files for _, row in read_jsonl(path)]
    mine = [r for name in SIZES for r in rows_of(name)]
    prompts = {str(row["prompt"]) for row in others if "prompt" in row}
    assert len(prompts) > 2500
    known = {question_key(prompt) for prompt in prompts}
    assert not [r["id"] for r in mine if question_key(str(r["prompt"])) in known]
    answers = {str(row.get("response", row.get("text", ""))).strip() for row in others}
    assert not [r["id"] for r in mine if r["response"] in answers]


def test_they_are_held_as_validation() -> None:
    assert set(NAMES) <= set(VALIDATION)
    check_roles({})


def test_nothing_in_it_reads_like_a_recipe() -> None:
    text = " ".join(str(r["response"]) for name in SIZES for r in rows_of(name))
    assert not re.search(r"\b\d+\s?(?:mg|ml|grams? of [a-z]*(?:nitrate|chlorate))\b", text, re.I)
    assert not re.search(r"https?://|\b\d{1,3}(?:\.\d{1,3}){3}\b", text)
