"""The eight disguises: what each does, seeds, budget, alignment, odd input; the released files where present."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sophro.attack.perturb import NAMES, perturb
from sophro.data import cntp_split
from sophro.errors import SophroError
from sophro.text import find_lexicon, tables

needs_data = pytest.mark.skipif(not os.environ.get("SOPHRO_DATA"), reason="SOPHRO_DATA is not set")
TEXT = "我们说中国男人和女人都喜欢吃苹果"
SPANS = ["中国男人", "喜欢"]
PIECES = [
    "中国",
    "男人",
    "骂",
    "abc",
    "985",
    "🐶",
    "👨\u200d👩\u200d👧",
    "7️⃣",
    "\ud83d",
    "\u0301",
    "，",
    "喜欢",
    "重庆",
    " ",
]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("trad", "我们说中國男人和女人都喜歡吃苹果"),
        ("py_init", "我们说zgnr和女人都xh吃苹果"),
        ("py_full", "我们说zhong guo nan ren和女人都xi huan吃苹果"),
        ("split", "我们说口丨囗玉田力丿乀和女人都喜又欠吃苹果"),
    ],
)
def test_deterministic_disguises(name, expected):
    assert perturb(TEXT, name, spans=SPANS).text == expected


@pytest.mark.parametrize("name", ["vsim", "homo", "emoji"])
def test_each_replacement_is_of_the_relation(name):
    made = perturb(TEXT, name, spans=SPANS)
    assert made.changed
    for start, end, new in made.edits:
        old = made.source[start:end]
        if name == "vsim":
            assert new in tables.lookalikes()[old]
        elif name == "homo":
            assert tables.default_readings()[new] == tables.default_readings()[old] and new != old
        else:
            assert new == tables.emoji()[old]


def test_shuffle_keeps_the_characters_and_a_single_one_trades_places():
    made = perturb(TEXT, "shuff", spans=SPANS)
    assert sorted(made.text) == sorted(TEXT) and made.text != TEXT
    single = perturb("他骂我", "shuff", spans=["骂"])
    assert single.text == "他我骂"
    assert not perturb("哈哈哈", "shuff", spans=["哈哈"]).changed


@pytest.mark.parametrize("name", NAMES)
def test_seeds_and_only_the_spans(name):
    first = perturb(TEXT, name, spans=SPANS, seed=3)
    assert first == perturb(TEXT, name, spans=SPANS, seed=3)
    assert first.spans == ((3, 7), (11, 13))
    inside = set(range(3, 7)) | {11, 12}
    alike = set("".join(SPANS)) if name in ("trad", "emoji") else set()
    for start, end, _ in first.edits:
        assert all(i in inside or TEXT[i] in alike for i in range(start, end))
    assert perturb(TEXT, name, spans=["不在里面"]).text == TEXT
    if name in ("vsim", "homo", "shuff"):
        assert len({perturb(TEXT, name, spans=SPANS, seed=s).text for s in range(8)}) > 1


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from(PIECES), max_size=12),
    st.lists(st.integers(0, 11), max_size=3),
    st.sampled_from(NAMES),
    st.integers(0, 5),
    st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0]),
)
def test_any_text_is_aligned_and_within_the_budget(pieces, chosen, name, seed, budget):
    text = "".join(pieces)
    spans = [pieces[i] for i in chosen if i < len(pieces)]
    made = perturb(text, name, spans=spans, seed=seed, budget=budget)
    assert made.map.apply(text) == made.text and made == perturb(
        text, name, spans=spans, seed=seed, budget=budget
    )
    if budget < 1:
        assert sum(e.end - e.start for e in made.edits) <= budget * len(text) + sum(
            not c.isprintable() or c in "\u200d\u0301\ufe0f" for c in text
        )
    for i in range(len(text)):
        start, end = made.map.to_new(i)
        assert all(made.map.to_source(j)[0] <= i < made.map.to_source(j)[1] for j in range(start, end))


def test_empty_text_no_spans_and_the_lexicon():
    for name in NAMES:
        assert perturb("", name).text == "" and not perturb("今天天气很好", name).changed
    text = "你这个骗子。"
    made = perturb(text, "py_full")
    assert list(made.spans) == find_lexicon(text) and made.text == "你这个pian zi。"


def test_the_longer_of_two_overlapping_spans_wins():
    made = perturb("中国男人", "py_init", spans=["男", "中国男"])
    assert made.text == "zgn人"


@pytest.mark.parametrize(("name", "budget", "part"), [("homoo", 1.0, "did you mean homo"), ("homo", 1.5, "between 0 and 1"), ("homo", float("nan"), "between 0 and 1")])  # fmt: skip
def test_bad_settings(name, budget, part):
    with pytest.raises(SophroError, match=part):
        perturb(TEXT, name, spans=SPANS, budget=budget)


@needs_data
@pytest.mark.public_data
@pytest.mark.parametrize(
    ("name", "file", "least"),
    [
        ("trad", "Traditional_transform", 0.99),
        ("py_init", "pinyin_transform", 0.99),
        ("py_full", "pinyin_full_transform", 0.99),
        ("split", "chaizi_transform", 0.95),
    ],
)
def test_the_released_files_are_reproduced(name, file, least):
    path = Path(os.environ["SOPHRO_DATA"]) / f"C_chinese/cntp/{file}.json"
    rows = json.loads(path.read_text("utf-8"))
    rows = rows["results"] if isinstance(rows, dict) else rows
    equal = sum(
        perturb(r["original_text"], name, spans=r["toxic_entity"]).text == r["perturbed_text"] for r in rows
    )
    assert equal >= least * len(rows) and len(rows) > 1600


def test_the_split_is_stable_and_ignores_spelling_of_spaces():
    parts = [cntp_split(f"句子{i}") for i in range(2000)]
    assert abs(parts.count("train") / 2000 - 0.5) < 0.04 and abs(parts.count("dev") / 2000 - 0.2) < 0.03
    assert cntp_split("你 好，ＡＢＣ") == cntp_split("你好，ABC")
    assert cntp_split("\ud83d") in ("train", "dev", "test")


def test_nothing_heavy_is_imported():
    import subprocess
    import sys

    code = "import sys, sophro.attack.perturb, sophro.text; print('torch' in sys.modules, 'transformers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"False False\s*", done.stdout)
