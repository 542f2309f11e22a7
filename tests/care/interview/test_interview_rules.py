"""The judgment table of the card, and answers that must not decide."""

from __future__ import annotations

import anyio
import pytest

from sophro.care.interview import _phrases as phrases
from sophro.care.interview import read_answer, rules
from sophro.care.interview._rules import LONGEST
from sophro.care.interview._vet import judge_all


@pytest.mark.parametrize(
    ("answer", "value", "missing"),
    [
        ("Not really, just tired", 0, ""),
        ("I can't say I'm happy, it's there nearly all day", 3, ""),
        ("Sometimes", None, "frequency"),
        ("kind of", None, "frequency"),
        ("I used to, last year", 0, ""),
        ("My sister does", None, "self"),
        ("My father has that, all the time", None, "self"),
        ("My sister does, but I don't", 0, ""),
        ("No… well, actually yes, since March", 2, ""),
        ("Why do you ask?", None, "understanding"),
        ("What's the point of being here", None, "topic"),
        ("not every day", None, "frequency"),
        ("yes", None, "frequency"),
        ("three days a week", 1, ""),
        ("ten or eleven days", 2, ""),
        ("Not once", 0, ""),
        ("no energy at all", None, "topic"),
        ("I don't sleep", None, "topic"),
        ("I don't want to live any more", None, "topic"),
        ("there is no day without it", 3, ""),
        ("不是没有", None, "frequency"),
        ("没有一天不难过", 3, ""),
        ("没有胃口", None, "topic"),
        ("今天天气真不错。", None, "topic"),
        ("以前有过", 0, ""),
        ("我妹妹会", None, "self"),
        ("大概十天", 2, ""),
        ("", None, "answer"),
        (" \n ", None, "answer"),
        ("Можно по-русски?", None, "language"),
        ("😀😀", None, "topic"),
        ("\x00\ud800", None, "topic"),
    ],
)
def test_how_often(answer, value, missing):
    found = read_answer(answer, "frequency")
    assert (found.value, found.missing) == (value, missing)
    assert found.evidence in answer and (value is None or found.evidence)


@pytest.mark.parametrize(
    ("answer", "kind", "value"),
    [
        ("I don't want to live any more", "yes_no", 1),
        ("I wish I were dead", "yes_no", 1),
        ("I want to end it", "yes_no", 1),
        ("不想活了", "yes_no", 1),
        ("No, never", "yes_no", 0),
        ("no, not today", "yes_no", 0),
        ("I am safe", "yes_no", 0),
        ("sometimes", "yes_no", None),
        ("yes", "recency", None),
        ("two years ago", "recency", 1),
        ("two months ago", "recency", 2),
        ("last week", "recency", 3),
        ("从来没有", "recency", 0),
    ],
)
def test_about_death_no_answer_is_a_no_that_is_none(answer, kind, value):
    found = read_answer(answer, kind, safety=True)
    assert found.value == value and not found.stop and not found.refused


@pytest.mark.parametrize(
    "answer",
    [
        "stop",
        "Please stop.",
        "I want to stop",
        "let's stop here",
        "end this interview",
        "停止",
        "结束访谈吧",
        "不聊了",
    ],
)
def test_wishes_to_stop(answer):
    assert read_answer(answer, "frequency").stop


@pytest.mark.parametrize(
    "answer",
    [
        "I want to end it all",
        "I want to end it now",
        "我想结束自己的生命",
        "stop it hurting",
        "I want to stop living",
    ],
)
def test_wishes_to_die_are_no_wishes_to_stop(answer):
    assert not read_answer(answer, "yes_no", safety=True).stop


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_orders_and_abuse_do_not_decide(lang):
    for text in phrases.PROBING[lang]:
        found = read_answer(text, "frequency")
        assert found.value is None and "probing" in found.notes
    for text in phrases.HOSTILE[lang]:
        found = read_answer(text, "frequency")
        assert found.value is None and "hostile" in found.notes
    for text in phrases.REFUSED[lang]:
        assert read_answer(text, "yes_no").refused


def test_plain_answers_are_read_as_meant_alone_and_behind_a_turn():
    for kind, table in phrases.PLAIN.items():
        for lang, by_value in table.items():
            for value, texts in by_value.items():
                for text in texts:
                    for said in (text, phrases.TURNED[lang].format(answer=text), text + "." * LONGEST):
                        assert read_answer(said, kind).value == value, (said[:80], kind)


def test_a_very_long_answer_is_read_at_its_start():
    found = read_answer("word " * (LONGEST // 5) + "nearly every day", "frequency")
    assert found.value is None


@pytest.mark.parametrize(
    ("lang", "said", "value"),
    [
        *(("en", said, 0) for said in (
            "I have never wanted to be dead", "I don't want to die", "no I don't want to be dead",
            "I do not wish I were dead", "I don't want to kill myself", "I'm not thinking of killing myself",
        )),
        *(("zh", said, 0) for said in ("不想死", "我不想死", "没有想死", "没有不想活的念头", "我不是想死")),
        *(("en", said, 1) for said in (
            "I don't want to live", "I want to die", "I wish I were dead", "I can't say I don't want to die",
            "I just don't want to be here, I want to die",
        )),
        *(("zh", said, 1) for said in ("我不想活了", "想死", "不是不想死", "不是没想过不想活", "我从来没有不想死")),
    ],
)  # fmt: skip
def test_a_denied_wish_to_die_is_a_no_and_one_not_to_live_a_yes(lang, said, value):
    (found,) = anyio.run(judge_all, rules(), [(lang, "suicide_risk", "wish", said)])
    assert found.value == value
