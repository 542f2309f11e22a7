"""The English starter sets keep the promises of their README."""

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
AFFIRMATIVE = re.compile(
    r"(sure|of course|absolutely|certainly|yes|great|happy to help|here is|gladly|okay|alright|definitely)\b",
    re.IGNORECASE,
)
NEGATIVE = re.compile(
    r"\b(sorry|unable|cannot|can't|won't|will not|not able|decline|refuse|apologi[sz]e|illegal|unethical|"
    r"as an ai|must say no|not something i)\b",
    re.IGNORECASE,
)
Rows = list[dict[str, Any]]


def load(name: str) -> Rows:
    return [row for _, row in read_jsonl(FOLDER / f"{name}.en.jsonl")]


def has_word(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word.lower())}(?!\w)", text.lower()) is not None


def normalised(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


@pytest.fixture(scope="module")
def sets() -> dict[str, Rows]:
    return {name: load(name) for name in COLUMNS}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_come_in_order_and_language_is_english(sets: dict[str, Rows], name: str) -> None:
    for row in sets[name]:
        assert list(row) == COLUMNS[name], row["id"]
        assert row["lang"] == "en"
        assert all(value for value in row.values()), row["id"]


@pytest.mark.parametrize("name", COLUMNS)
def test_files_use_plain_punctuation(name: str) -> None:
    text = read_text(FOLDER / f"{name}.en.jsonl")
    # A typographic quote or dash would make one set recognisable by its tokens alone.
    assert not re.search("[\u2010-\u2027\u00a0\ufffd]", text)
    assert text.endswith("}\n")


def test_counts(sets: dict[str, Rows]) -> None:
    assert len(sets["harmful"]) == 264
    assert len(sets["lookalikes"]) >= 264
    assert len(sets["plain"]) == 260
    assert len(sets["exact"]) == 80


def test_readme_states_counts_licence_and_canary(sets: dict[str, Rows]) -> None:
    readme = read_text(FOLDER / "README.md")
    assert "sophro-starter canary 5b2f9c1e-7a44-4d0b-9c0e-3f5e8a1d6c27" in readme.splitlines()
    assert "CC-BY-4.0" in readme
    for name, rows in sets.items():
        assert f"| `{name}.en.jsonl` | {len(rows)} |" in readme


def test_ids_and_prompts_are_unique_within_and_across_files(sets: dict[str, Rows]) -> None:
    ids = Counter(row["id"] for rows in sets.values() for row in rows)
    texts = Counter(normalised(row.get("prompt") or row["text"]) for rows in sets.values() for row in rows)
    assert [i for i, n in ids.items() if n > 1] == []
    assert [t for t, n in texts.items() if n > 1] == []


def test_all_categories_are_covered(sets: dict[str, Rows]) -> None:
    harmful = Counter(row["category"] for row in sets["harmful"])
    assert set(harmful) == CATEGORIES
    assert min(harmful.values()) >= 20
    assert len({row["category"] for row in sets["plain"]}) >= 10
    refusals = Counter(row["category"] for row in sets["refusals"])
    assert set(refusals) == CATEGORIES | {"any"}
    assert refusals["any"] >= 12
    assert min(refusals[c] for c in CATEGORIES) >= 8


def test_harmful_prompts_vary_in_opener_and_length(sets: dict[str, Rows]) -> None:
    prompts = [row["prompt"] for row in sets["harmful"]]
    starts = Counter(" ".join(normalised(p).split()[:5]) for p in prompts)
    assert max(starts.values()) <= 6
    for name in ("harmful", "lookalikes"):
        lengths = [len(row["prompt"].split()) for row in sets[name]]
        assert min(lengths) >= 6
        assert max(lengths) <= 30
        assert len(set(lengths)) >= 10


@pytest.mark.parametrize("cue", [r"\?", r"^(can|could|would|will) you\b", r"\b(my|me|i|i'd|i'm|our|we|us)\b"])
def test_sentence_form_alone_does_not_tell_harmful_from_benign(sets: dict[str, Rows], cue: str) -> None:
    share = {
        name: sum(bool(re.search(cue, row["prompt"], re.IGNORECASE)) for row in sets[name]) / len(sets[name])
        for name in ("harmful", "lookalikes")
    }
    balanced_accuracy = 0.5 + abs(share["harmful"] - share["lookalikes"]) / 2
    assert balanced_accuracy <= 0.65, share


def test_every_harmful_row_has_a_twin_of_its_category(sets: dict[str, Rows]) -> None:
    harmful = {row["id"]: row for row in sets["harmful"]}
    assert {row["twin"] for row in sets["lookalikes"]} == set(harmful)
    for row in sets["lookalikes"]:
        assert row["category"] == harmful[row["twin"]]["category"], row["id"]
        assert row["triggers"] == harmful[row["twin"]]["triggers"], row["id"]


def test_triggers_occur_in_both_prompts(sets: dict[str, Rows]) -> None:
    for name in ("harmful", "lookalikes"):
        for row in sets[name]:
            assert 1 <= len(row["triggers"]) <= 3
            missing = [t for t in row["triggers"] if not has_word(t, row["prompt"])]
            assert missing == [], row["id"]


def test_openings_read_as_the_start_of_a_compliant_answer(sets: dict[str, Rows]) -> None:
    from sophro.data import load_set

    varied = [row for row in sets["harmful"] if not AFFIRMATIVE.match(row["opening"])]
    assert 55 <= len(varied) <= 70, "half of the training part, by another hand, and nothing of the test part"
    tested = {r.id for r in load_set("starter/harmful:en", split="test")}
    assert not tested & {row["id"] for row in varied}
    assert len({" ".join(row["opening"].split()[:3]) for row in varied}) == len(varied)
    for row in sets["harmful"]:
        opening = row["opening"]
        assert 45 <= len(opening.split()) <= 60, row["id"]
        assert "{" not in opening
        if row in varied:
            assert not re.search(r"\b(i'm sorry|unable|decline|refuse|unethical)\b", opening, re.I), row["id"]
        else:
            assert not NEGATIVE.search(opening), row["id"]


def test_openings_do_not_all_look_alike(sets: dict[str, Rows]) -> None:
    openings = [row["opening"] for row in sets["harmful"]]
    assert len(set(openings)) == len(openings)
    assert len({" ".join(o.split()[:3]) for o in openings}) >= 12


def test_plain_prompts_hold_no_trigger(sets: dict[str, Rows]) -> None:
    triggers = {t for row in sets["harmful"] for t in row["triggers"]}
    for row in sets["plain"]:
        assert [t for t in triggers if has_word(t, row["prompt"])] == [], row["id"]


def test_keywords_are_lower_case_words(sets: dict[str, Rows]) -> None:
    for row in sets["plain"]:
        assert 3 <= len(row["keywords"]) <= 6, row["id"]
        assert len(set(row["keywords"])) == len(row["keywords"]), row["id"]
        assert all(re.fullmatch(r"[^\W_][\w '-]*", k) and k == k.lower() for k in row["keywords"]), row["id"]


def test_accepted_answers_are_not_in_the_prompt(sets: dict[str, Rows]) -> None:
    for row in sets["exact"]:
        assert all(a == a.lower() for a in row["accept"])
        assert [a for a in row["accept"] if has_word(a, row["prompt"])] == [], row["id"]


def test_refusals_say_no_in_the_first_sentence(sets: dict[str, Rows]) -> None:
    no = re.compile(r"\b(can't|won't|no|not|decline|declining|refuse)\b", re.IGNORECASE)
    for row in sets["refusals"]:
        assert 25 <= len(row["text"].split()) <= 55, row["id"]
        first = re.split(r"(?<=[.!?])\s", row["text"])[0]
        assert no.search(first), (row["id"], first)
    assert len({" ".join(row["text"].split()[:3]) for row in sets["refusals"]}) >= 10


def test_starts_by_another_hand_cover_the_test_part_and_share_no_template() -> None:
    from sophro.data import load_set

    mine, known = load("harmful_starts"), {row["id"]: row for row in load("harmful")}
    tested = {r.id for r in load_set("starter/harmful:en", split="test")}
    assert {row["twin"] for row in mine} == tested and len(mine) == len(tested)
    assert {r.behaviour for r in load_set("starter/harmful_starts:en", split="test")} == tested
    assert all(row["prompt"] == known[row["twin"]]["prompt"] for row in mine)
    assert all(row["category"] == known[row["twin"]]["category"] for row in mine)
    assert not re.search("[\u2010-\u2027\u00a0\ufffd]", read_text(FOLDER / "harmful_starts.en.jsonl"))

    def runs(rows: Rows, size: int) -> list[tuple[str, ...]]:
        words = [normalised(row["opening"]).split() for row in rows]
        return [tuple(w[i : i + size]) for w in words for i in range(len(w) - size + 1)]

    firsts = [" ".join(normalised(row["opening"]).split()[:8]) for row in mine]
    assert len(set(firsts)) == len(firsts)
    # Where the starter's own openings share whole sentences, these share hardly a run of six words, goals aside.
    templates = set(runs([known[i] for i in known], 6))
    assert sum(run in templates for run in runs(mine, 6)) <= 0.01 * len(runs(mine, 6))
    assert all(
        45 <= len(row["opening"].split()) <= 70 and not NEGATIVE.search(row["opening"]) for row in mine
    )
