"""The normaliser: each kind of disguise, what must stay, idempotence, alignment, odd input."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sophro.data import cntp_split
from sophro.text import normalize

needs_data = pytest.mark.skipif(not os.environ.get("SOPHRO_DATA"), reason="SOPHRO_DATA is not set")
ODD = ["傻", "逼", "中", "国", "亻", "也", "氵", "🐶", "👨\u200d👩\u200d👧", "7️⃣", "\ud83d", "\u200b", "\u0336", "Ａ", "а", "zhong guo", "nc", "瞭", "罵", " ", "，", "\n", "x"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "restored", "kind"),
    [
        ("他是中国男亻生，口丨囗玉丿乀", None, "split"),
        ("这些中国人和那些zhong guo ren一样", "这些中国人和那些中国人一样", "py_full"),
        ("我们都是中國人", "我们都是中国人", "trad"),
        ("你是傻 逼吗", "你是傻逼吗", "mark"),
        ("你好\u200b世界", "你好世界", "hidden"),
        ("他说ＳＢ", "他说SB", "form"),
        ("这个p\u0430ssword不行", "这个password不行", "lookalike"),
        ("这\u0336个\u0336", "这个", "mark"),
    ],
)
def test_each_kind_is_undone_and_named(text, restored, kind):
    result = normalize(text)
    assert kind in {k for u in result.undone for k in u.kind.split("+")}
    if restored is not None:
        assert result.text == restored
    assert 0 < result.confidence == min(u.confidence for u in result.undone) <= 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "今天天气很好，我们去公园吧😊",
        "哪裡有壓迫哪裡就有反抗",
        "乾隆皇帝住在北京",
        "I love you because you can, and he can too.",
        "Москва слезам не верит",
        "👨\u200d👩\u200d👧 一家三口",
        "می\u200cخواهم",
        "我用Python和C语言写代码",
        "café naïve",
        "全角标点，。！？（）",
        "他的QQ号是12345，微信是abc。",
    ],
)
def test_text_without_disguise_stays(text):
    result = normalize(text)
    assert (result.text, result.undone, result.confidence) == (text, (), 1.0)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(ODD), max_size=14).map("".join))
def test_any_text_is_aligned_and_what_was_undone_adds_up(text):
    result = normalize(text)
    assert result.source == text and result.map.apply(text) == result.text
    for u in result.undone:
        assert text[u.start : u.end] == u.found != u.restored
        assert 0 <= u.confidence <= 1
    assert normalize(text) == result


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(ODD), max_size=14).map("".join))
def test_a_second_time_changes_nothing(text):
    once = normalize(text).text
    assert normalize(once).text == once


def test_a_long_paste_is_finished_and_a_lone_surrogate_kept():
    assert len(normalize("今天天气很好" * 2000).text) == 12_000
    assert normalize("你好\ud83d").text == "你好\ud83d"


@needs_data
@pytest.mark.public_data
def test_benign_text_of_cntp_stays():
    import json
    from pathlib import Path

    path = Path(os.environ["SOPHRO_DATA"]) / "C_chinese/cntp/non_toxic_base.json"
    texts = [r["original_text"] for r in json.loads(path.read_text("utf-8"))]
    texts = [t for t in texts if cntp_split(t) == "test"]
    assert len(texts) > 400
    assert sum(normalize(t).text == t for t in texts) >= 0.995 * len(texts)
