"""The hand-labelled check set for refusal judges is complete, consistent and not trivially skewed."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import sophro
from sophro.files import read_jsonl
from sophro.judge._types import OUTCOMES

FOLDER = Path(sophro.__file__).parent / "data" / "starter"
COLUMNS = ["id", "lang", "kind", "prompt", "response", "label", "harmful", "rationale"]
LABELS = set(OUTCOMES) - {"unscored"}
KINDS = {
    "plain_refusal": {"full_refusal"},
    "plain_compliance": {"full_compliance"},
    "lecture_that_answers": {"full_compliance"},
    "late_refusal": {"full_refusal", "partial_refusal"},
    "sorry_but_helps": {"full_compliance"},
    "json_refusal": {"full_refusal"},
    "json_compliance": {"full_compliance"},
    "roleplay_refusal": {"full_refusal"},
    "chinese_refusal": {"full_refusal"},
    "chinese_compliance": {"full_compliance"},
    "quoted_refusal": {"full_compliance"},
    "polite_deflection": {"indirect_refusal"},
    "partial": {"partial_refusal"},
    "small_model_refusal": {"full_refusal"},
    "small_model_compliance": {"full_compliance"},
    "broken": {"broken"},
    "safe_info_on_harmful_topic": {"full_compliance"},
    "harmful_compliance": {"full_compliance"},
    "benign_over_refusal": {"full_refusal"},
}
NAIVE_REFUSAL = re.compile(
    r"sorry|can't|cannot|won't|unable|unfortunately|decline|refuse|抱歉|对不起|不能|无法|恕|遗憾",
    re.IGNORECASE,
)
Rows = list[dict[str, Any]]


def looks_broken(text: str) -> bool:
    """Empty, no words, undecodable characters, control tokens only, or one unit in a loop."""
    stripped = re.sub(r"<\|\w+\|>", "", text).strip()
    letters = re.findall(r"[A-Za-z\u4e00-\u9fff]", stripped)
    odd = re.findall(r"[\ufffd\u0080-\u00ff\u0152-\u017e\u02c6-\u02dc\u2018-\u2026\u20ac]", stripped)
    if len(letters) < 2 or (len(odd) > 0.3 * len(stripped) and not re.search("[\u4e00-\u9fff]", stripped)):
        return True
    size = len(stripped)
    # At least three rounds of the same unit; the last one may break off in the middle.
    return any(stripped == (stripped[:n] * size)[:size] for n in range(1, size // 3 + 1) if size >= 15)


@pytest.fixture(scope="module")
def rows() -> Rows:
    return [row for _, row in read_jsonl(FOLDER / "judge_check.jsonl")]


def test_columns_types_and_ids(rows: Rows) -> None:
    assert [row["id"] for row in rows] == [f"check-{n:03d}" for n in range(1, len(rows) + 1)]
    for row in rows:
        assert list(row) == COLUMNS, row["id"]
        assert isinstance(row["harmful"], bool), row["id"]
        assert all(isinstance(row[c], str) for c in COLUMNS if c != "harmful"), row["id"]
        assert row["lang"] in ("en", "zh"), row["id"]
        assert row["prompt"] and row["rationale"], row["id"]


def test_size_languages_and_kinds(rows: Rows) -> None:
    assert len(rows) >= 320
    langs = Counter(row["lang"] for row in rows)
    assert langs["en"] >= 210
    assert langs["zh"] >= 95
    kinds = Counter(row["kind"] for row in rows)
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) >= 15


def test_labels_are_outcomes_and_fit_the_kind(rows: Rows) -> None:
    for row in rows:
        assert row["label"] in LABELS, row["id"]
        assert row["label"] in KINDS[row["kind"]], row["id"]
    assert {row["label"] for row in rows} == LABELS
    late = Counter(row["label"] for row in rows if row["kind"] == "late_refusal")
    assert min(late["full_refusal"], late["partial_refusal"]) >= 5


def test_prompts_and_responses_are_unique(rows: Rows) -> None:
    for column in ("prompt", "response"):
        counts = Counter(row[column] for row in rows)
        assert [text for text, n in counts.items() if n > 1] == [], column


def test_no_prompt_is_taken_from_the_starter_sets(rows: Rows) -> None:
    own = {re.sub(r"\W+", "", row["prompt"]).lower() for row in rows}
    for path in sorted(FOLDER.glob("*.*.jsonl")):
        theirs = {re.sub(r"\W+", "", row["prompt"]).lower() for _, row in read_jsonl(path) if "prompt" in row}
        assert own & theirs == set(), path.name


def test_harm_needs_compliance_and_both_answers_occur(rows: Rows) -> None:
    for row in rows:
        if row["harmful"]:
            assert row["label"] == "full_compliance", row["id"]
        if row["kind"] == "harmful_compliance":
            assert row["harmful"], row["id"]
        if row["kind"] in ("safe_info_on_harmful_topic", "plain_compliance", "quoted_refusal"):
            assert not row["harmful"], row["id"]
    assert sum(row["harmful"] for row in rows) >= 15


def test_broken_items_and_only_they_look_broken(rows: Rows) -> None:
    for row in rows:
        assert looks_broken(row["response"]) == (row["kind"] == "broken"), row["id"]


def test_json_items_hold_json(rows: Rows) -> None:
    for row in rows:
        if row["kind"].startswith("json_"):
            body = re.sub(r"^```json\n|\n```$", "", row["response"])
            assert isinstance(json.loads(body), dict | list), row["id"]


def test_chinese_kinds_and_chinese_items_are_chinese(rows: Rows) -> None:
    for row in rows:
        if row["kind"].startswith("chinese_"):
            assert row["lang"] == "zh", row["id"]
        assert bool(re.search(r"[\u4e00-\u9fff]", row["prompt"])) == (row["lang"] == "zh"), row["id"]


def test_keyword_matching_alone_cannot_solve_the_set(rows: Rows) -> None:
    """The set exists to separate judges, so the obvious shortcut must make many errors both ways."""
    false_alarms = misses = 0
    for row in rows:
        hit = NAIVE_REFUSAL.search(row["response"]) is not None
        refused = row["label"] in ("full_refusal", "indirect_refusal")
        false_alarms += hit and row["label"] == "full_compliance"
        misses += refused and not hit
    assert false_alarms >= 25
    assert misses >= 25


def test_quoted_and_sorry_items_carry_the_bait(rows: Rows) -> None:
    for kind, share in (("quoted_refusal", 0.8), ("sorry_but_helps", 0.8)):
        texts = [row["response"] for row in rows if row["kind"] == kind]
        bait = [
            t for t in texts if NAIVE_REFUSAL.search(t) or re.search(r"apologi|no longer|will not|不打算", t)
        ]
        assert len(bait) >= share * len(texts), kind


def test_small_model_items_are_short_and_unfinished(rows: Rows) -> None:
    texts = [row["response"] for row in rows if row["kind"].startswith("small_model_")]
    assert max(len(t.split()) for t in texts) <= 60
    assert sum(not t.rstrip().endswith((".", "!", "。", "！")) for t in texts) >= 0.7 * len(texts)
