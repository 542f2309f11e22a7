"""The Chinese starter sets keep the same promises as the English ones."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import sophro
from sophro.files import read_jsonl, read_text

FOLDER = Path(sophro.__file__).parent / "data" / "starter"
CATEGORIES = {
    *("cybercrime", "fraud", "violence", "weapons", "drugs", "hate"),
    *("harassment", "privacy", "theft", "disinformation", "self_harm", "property_damage"),
}
COLUMNS = {
    "harmful": ["id", "lang", "category", "prompt", "triggers", "opening"],
    "lookalikes": ["id", "lang", "category", "twin", "triggers", "prompt"],
    "plain": ["id", "lang", "category", "prompt", "keywords"],
    "dial_lookalikes": ["id", "lang", "category", "triggers", "prompt"],
    "dial_plain": ["id", "lang", "category", "prompt", "keywords"],
    "exact": ["id", "lang", "category", "prompt", "accept"],
    "refusals": ["id", "lang", "category", "text"],
}
PREFIXES = {
    "harmful": "harm",
    "lookalikes": "look",
    "plain": "plain",
    "dial_lookalikes": "dial-look",
    "dial_plain": "dial-plain",
    "exact": "exact",
    "refusals": "ref",
}
AFFIRMATIVE = re.compile(
    r"(好|好的|好呀|可以|可以的|没问题|没有问题|当然|当然可以|行|有的|明白|明白了|收到|嗯|乐意效劳|"
    r"这个我可以帮你|很高兴能帮上忙|这就为你安排|这件事交给我吧)，"
)
NEGATIVE = re.compile(
    r"抱歉|对不起|不好意思|遗憾|我不能|我无法|我不会|我没办法|不能协助|不能帮|恕|拒绝回答|违法|犯法|不道德"
)
REFUSES = re.compile(r"不能|不会|不写|不做|不提供|没办法|没法|无法|不参与|帮不了|不协助|绝不|超出")
Rows = list[dict[str, Any]]


def load(name: str) -> Rows:
    return [row for _, row in read_jsonl(FOLDER / f"{name}.zh.jsonl")]


def grams(text: str, n: int) -> set[str]:
    return {text[i : i + n] for i in range(len(text) - n + 1)}


@pytest.fixture(scope="module")
def sets() -> dict[str, Rows]:
    return {name: load(name) for name in COLUMNS}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_come_in_order_and_language_is_chinese(sets: dict[str, Rows], name: str) -> None:
    for row in sets[name]:
        assert list(row) == COLUMNS[name], row["id"]
        assert row["lang"] == "zh"
        assert all(value for value in row.values()), row["id"]
        text = row.get("prompt") or row["text"]
        assert len(re.findall(r"[\u4e00-\u9fff]", text)) >= 0.5 * len(text), row["id"]


@pytest.mark.parametrize("name", COLUMNS)
def test_ids_count_up_from_one(sets: dict[str, Rows], name: str) -> None:
    expected = [f"{PREFIXES[name]}-zh-{n:03d}" for n in range(1, len(sets[name]) + 1)]
    assert [row["id"] for row in sets[name]] == expected


@pytest.mark.parametrize("name", COLUMNS)
def test_files_are_readable_utf8_without_escapes_or_full_width_letters(name: str) -> None:
    text = read_text(FOLDER / f"{name}.zh.jsonl")
    assert "\\u" not in text
    assert "\ufffd" not in text
    assert not re.search(r"[\uff21-\uff5a\uff10-\uff19]", text)
    assert text.endswith("}\n")


def test_counts(sets: dict[str, Rows]) -> None:
    assert len(sets["harmful"]) == 144
    assert len(sets["lookalikes"]) >= 144
    assert len(sets["plain"]) == 80
    assert len(sets["exact"]) == 30


def test_prompts_are_unique_within_and_across_files(sets: dict[str, Rows]) -> None:
    texts = Counter(
        re.sub(r"\W+", "", row.get("prompt") or row["text"]) for rows in sets.values() for row in rows
    )
    assert [t for t, n in texts.items() if n > 1] == []


def test_all_categories_are_covered(sets: dict[str, Rows]) -> None:
    assert Counter(row["category"] for row in sets["harmful"]) == dict.fromkeys(CATEGORIES, 12)
    assert len({row["category"] for row in sets["plain"]}) >= 8
    refusals = Counter(row["category"] for row in sets["refusals"])
    assert set(refusals) == CATEGORIES | {"any"}
    assert refusals["any"] >= 6
    assert min(refusals[c] for c in CATEGORIES) >= 4


def test_every_harmful_row_has_a_twin_of_its_category(sets: dict[str, Rows]) -> None:
    harmful = {row["id"]: row for row in sets["harmful"]}
    assert {row["twin"] for row in sets["lookalikes"]} == set(harmful)
    for row in sets["lookalikes"]:
        assert row["category"] == harmful[row["twin"]]["category"], row["id"]
        assert row["triggers"] == harmful[row["twin"]]["triggers"], row["id"]


def test_triggers_occur_in_both_prompts(sets: dict[str, Rows]) -> None:
    for name in ("harmful", "lookalikes"):
        for row in sets[name]:
            assert 1 <= len(row["triggers"]) <= 3, row["id"]
            assert [t for t in row["triggers"] if t not in row["prompt"]] == [], row["id"]


def test_a_twin_shares_little_beyond_the_triggers(sets: dict[str, Rows]) -> None:
    harmful = {row["id"]: row["prompt"] for row in sets["harmful"]}
    for row in sets["lookalikes"]:
        ours, theirs = grams(row["prompt"], 2), grams(harmful[row["twin"]], 2)
        # A paraphrase of the harmful request would not be a benign look-alike.
        assert len(ours & theirs) / len(ours | theirs) < 0.3, row["id"]


def test_prompts_vary_in_opener_and_length(sets: dict[str, Rows]) -> None:
    for name in ("harmful", "lookalikes"):
        prompts = [row["prompt"] for row in sets[name]]
        assert max(Counter(p[:4] for p in prompts).values()) <= 14, name
        assert len({len(p) for p in prompts}) >= 15, name


def test_openings_read_as_the_start_of_a_compliant_answer(sets: dict[str, Rows]) -> None:
    for row in sets["harmful"]:
        opening = row["opening"]
        assert 60 <= len(opening) <= 90, row["id"]
        assert AFFIRMATIVE.match(opening), row["id"]
        assert not NEGATIVE.search(opening), row["id"]
        # It breaks off where the content would begin.
        assert opening[-1] in "，：", row["id"]


def test_openings_restate_the_goal_of_their_own_prompt(sets: dict[str, Rows]) -> None:
    for row in sets["harmful"]:
        shared = grams(row["prompt"], 2) & grams(row["opening"], 2)
        assert len(shared) >= 2, row["id"]
    assert len({row["opening"][:14] for row in sets["harmful"]}) == 144


def test_plain_prompts_hold_no_trigger(sets: dict[str, Rows]) -> None:
    # Single characters are parts of many harmless words, so only longer triggers count.
    triggers = {t for row in sets["harmful"] for t in row["triggers"] if len(t) > 1}
    for row in sets["plain"]:
        assert [t for t in triggers if t in row["prompt"]] == [], row["id"]


def test_keywords_ask_for_more_than_an_echo_of_the_prompt(sets: dict[str, Rows]) -> None:
    for row in sets["plain"]:
        assert 3 <= len(set(row["keywords"])) == len(row["keywords"]) <= 6, row["id"]
        assert all(k == k.lower() for k in row["keywords"]), row["id"]
        assert any(k not in row["prompt"] for k in row["keywords"]), row["id"]


def test_accepted_answers_are_not_in_the_prompt(sets: dict[str, Rows]) -> None:
    for row in sets["exact"]:
        assert all(a == a.lower() for a in row["accept"]), row["id"]
        assert [a for a in row["accept"] if a in row["prompt"]] == [], row["id"]


def test_refusals_say_no_and_are_no_copies_of_each_other(sets: dict[str, Rows]) -> None:
    for row in sets["refusals"]:
        assert REFUSES.search(row["text"]), row["id"]
        assert not AFFIRMATIVE.match(row["text"]), row["id"]
    assert len({row["text"][:8] for row in sets["refusals"]}) >= 40
