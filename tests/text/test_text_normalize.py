"""The normaliser: each kind of disguise, what must stay, idempotence, alignment, odd input."""

from __future__ import annotations

import gzip
import math
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sophro.data import cntp_split
from sophro.text import language_model, normalize
from sophro.text._counts import count_triples, pack_triples, read_triples
from sophro.text._model import ranks

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


@pytest.mark.parametrize(
    ("text", "restored"),
    [
        ("他总说女人不如难人，真是可笑的煮张", None),
        ("今天我们去公🈶玩，那里有一个很大的🎡场", None),
        ("你们这些hei rene si也没人管", "你们这些黑人饿死也没人管"),
    ],
)
def test_a_repair_leaves_the_rest_of_the_text_alone(text, restored):
    result = normalize(text)
    if restored is not None:
        assert result.text == restored
    outside = text
    for u in reversed(result.undone):
        outside = outside[: u.start] + u.restored + outside[u.end :]
    assert outside == result.text


def test_a_model_that_saw_a_word_reads_it_where_the_shipped_one_cannot():
    text = "怎么总有扑新南在这里"
    word = "普信男"
    learned = language_model().learned([f"怎么总有{word}", f"总有{word}在说话", f"{word}在这里"] * 4)
    assert word not in normalize(text).text
    assert normalize(text, learned).text == "怎么总有普信男在这里"
    # The shipped model is not changed by what another one learned.
    assert word not in normalize(text).text


def test_a_model_adds_up_to_one_and_prefers_what_it_saw():
    model = language_model()
    seen, strange = model.cost("中国", "人"), model.cost("中国", "蜢")
    assert seen < strange
    common = sorted(ranks(), key=lambda c: ranks()[c])
    total = sum(math.exp(-model.cost("中国", c) / 4) for c in [*common, "$"])
    assert 0.7 < total < 1.05


def test_counts_survive_their_file():
    counts = count_triples(["我们都是人，人", "我们"])
    assert counts["^^我"] == 2 and counts["是人$"] == 1 and counts["^人$"] == 1
    lines = gzip.decompress(pack_triples(counts)).decode().splitlines()
    back = read_triples(tuple(line.split("\t")) for line in lines)  # type: ignore[arg-type]
    assert back == counts


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
