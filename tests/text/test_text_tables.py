"""The shipped tables: readings against known ones, relations in both directions, licences named."""

from __future__ import annotations

import importlib.util
from importlib.resources import files

import pytest

from sophro.text import find_lexicon, lexicon, pinyin, tables


@pytest.mark.parametrize(
    ("text", "syllables"),
    [
        ("银行", ["yin", "hang"]),
        ("行走", ["xing", "zou"]),
        ("重庆", ["chong", "qing"]),
        ("女生", ["nv", "sheng"]),
        ("黑gou3人", ["hei", "gou3", "ren"]),
        ("", []),
        ("985", ["985"]),
    ],
)
def test_syllables(text, syllables):
    assert pinyin(text) == syllables


@pytest.mark.skipif(importlib.util.find_spec("pypinyin") is None, reason="pypinyin is not installed")
def test_syllables_equal_pypinyin():
    from pypinyin import lazy_pinyin

    words = list(tables.words())[::40]
    assert sum(pinyin(w) == lazy_pinyin(w) for w in words) >= 0.995 * len(words)


def test_variants_are_single_characters_and_lead_back():
    for c, t in tables.to_traditional().items():
        assert len(c) == len(t) == 1 and c != t
    for simple, full in (("国", "國"), ("猪", "豬"), ("骂", "罵")):
        assert tables.to_traditional()[simple] == full and tables.to_simplified()[full] == simple


def test_homophones_share_the_usual_reading_and_lookalikes_a_component():
    for syllable, chars in tables.homophones().items():
        assert all(tables.default_readings()[c] == syllable for c in chars)
    parts = {c: set(ps[-1]) | {c} for c, ps in tables.components().items()}
    for c, near in tables.lookalikes().items():
        assert c not in near and all(parts[c] & parts[d] for d in near)


def test_every_table_names_its_licence():
    shipped = files("sophro.text").joinpath("shipped")
    notice = shipped.joinpath("LICENCES.md").read_text("utf-8")
    for file in shipped.iterdir():
        assert file.name == "LICENCES.md" or f"`{file.name}`" in notice, file.name


def test_the_lexicon_finds_the_longest_word():
    longest = max((w for w, kind in lexicon().items() if kind == "insult"), key=len)
    assert find_lexicon(f"他说{longest}。") == [(2, 2 + len(longest))]
    assert find_lexicon("今天天气很好") == []
