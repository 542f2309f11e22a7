"""The instruction rules: a kept and a broken case for each, strict and loose, and the language detector."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sophro.errors import SophroError
from sophro.judge.verify import (
    check_instructions,
    detect_language,
    instructions_of,
    loose_variants,
    rules,
)
from sophro.judge.verify._rules import sentences, words

LONG = "the cat and the dog are in the house"
CASES = [
    ("keywords:existence", {"keywords": ["Cat", "dog"]}, "A cat, a DOG.", "A cat."),
    ("keywords:existence", {"keywords": ["苹果"]}, "我喜欢苹果。", "我喜欢梨。"),
    ("keywords:frequency", {"keyword": "tea", "frequency": 2, "relation": "at least"}, "Tea, tea.", "tea"),
    ("keywords:frequency", {"keyword": "tea", "frequency": 2, "relation": "less than"}, "tea", "tea tea"),
    ("keywords:forbidden_words", {"forbidden_words": ["rock"]}, "A rocket.", "A Rock."),
    ("keywords:forbidden_words", {"forbidden_words": ["石头"]}, "山很高。", "一块石头。"),
    ("keywords:letter_frequency", {"letter": "Q", "let_frequency": 2, "let_relation": "at least"}, "quQ", "queue"),
    ("language:response_language", {"language": "de"}, "Das ist nicht der Hund und die Katze.", LONG),
    ("length_constraints:number_sentences", {"num_sentences": 2, "relation": "at least"}, "Dr. A. B. Fox ran. He won!", "Dr. Fox ran."),
    ("length_constraints:number_sentences", {"num_sentences": 3, "relation": "less than"}, "好。坏。", "一。二。三。"),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\nb\n***", "a\n***\n***\nb"),
    ("length_constraints:number_words", {"num_words": 3, "relation": "less than"}, "one two", "one two three"),
    ("length_constraints:number_characters", {"num_characters": 4, "relation": "at least"}, "今天天气好", "今天 abc"),
    ("length_constraints:nth_paragraph_first_word", {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "weekend"}, "a b\n\n\"Weekend, yes", "a\n\nb\n\nweekend"),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[name] at [address]", "[name]"),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, "Bye.\nP.P.S. milk", "Bye.\nP.S. milk"),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "Bye.\nP.S. milk", "Bye. PS milk"),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* a\n- b\n**c**", "* a\n* b\n* c"),
    ("detectable_format:constrained_response", {}, "My answer is maybe.", "Maybe."),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "*a* and **b**", "*a* and ** **"),
    ("detectable_format:multiple_sections", {"section_spliter": "SECTION", "num_sections": 2}, "SECTION 1\na\nSECTION 2\nb", "SECTION 1\na\nSECTION b"),
    ("detectable_format:json_format", {}, "```json\n{\"a\": [1, 2]}\n```", "{a: 1}"),
    ("detectable_format:title", {}, "<<a title>>\ntext", "<<>> text"),
    ("combination:two_responses", {}, "one\n******\ntwo", "one\n******\none"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say hi."}, "say hi. Hi!", "Hi! say hi."),
    ("startend:end_checker", {"end_phrase": "Peace!"}, "Go in \"peace!\"", "Peace! Go."),
    ("startend:quotation", {}, "\"all of it\"", "\"some\" of it"),
    ("change_case:capital_word_frequency", {"capital_frequency": 2, "capital_relation": "at least"}, "I go to NASA now", "Go to Nasa NOW"),
    ("change_case:english_capital", {}, LONG.upper(), "The cat AND THE DOG"),
    ("change_case:english_lowercase", {}, LONG, "The cat and the dog"),
    ("punctuation:no_comma", {}, "No pause here.", "Pause, here."),
    ("punctuation:no_comma", {}, "没有停顿。", "有，停顿。"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "arguments", "kept", "broken"), CASES)
def test_each_rule_by_hand(rule, arguments, kept, broken):
    assert check_instructions(kept, [(rule, arguments)]).strict is True
    assert check_instructions(broken, [(rule, arguments)]).strict is False
    assert check_instructions(" \n", [(rule, arguments)]).loose is False, "an empty answer keeps nothing"


def test_every_rule_has_a_case():
    assert {c[0] for c in CASES} == set(rules()) and len(rules()) == 26


@pytest.mark.parametrize(("rule", "arguments", "kept", "broken"), CASES)
def test_strict_is_never_above_loose(rule, arguments, kept, broken):
    for text in (kept, broken, f"Sure:\n{kept}\nDone.", f"**{broken}**", "x"):
        found = check_instructions(text, [(rule, arguments)])
        assert not (found.strict is True and found.loose is not True)


def test_loose_forgives_a_preamble_but_strict_does_not():
    asked = [("combination:repeat_prompt", {"prompt_to_repeat": "Say hi."})]
    found = check_instructions("Sure, here it is:\nSay hi.\nHi!", asked)
    assert found.strict is False and found.loose is True
    assert len(loose_variants("a\n*b*\nc")) == 8 and loose_variants("a\n*b*\nc")[-1] == "b"


def test_one_broken_rule_breaks_the_prompt_and_one_unknown_unscores_it():
    no_comma, german = ("punctuation:no_comma", {}), ("language:response_language", {"language": "de"})
    assert check_instructions("Nein", [no_comma, german]).strict is None
    assert check_instructions("Nein, nein", [no_comma, german]).strict is False
    assert check_instructions(LONG, [no_comma]).strict is True


def test_words_and_sentences():
    assert words("don't stop, 你好") == ["don", "t", "stop", "你", "好"]
    assert sentences('He said "Go." Then e.g. Mr. Fox left at 3.5 p.m. sharp') == [
        'He said "Go',
        "Then e.g. Mr. Fox left at 3.5 p.m. sharp",
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (LONG, "en"), ("Je ne suis pas dans la maison avec vous.", "fr"), ("El perro y la casa son muy grandes.", "es"),
        ("Não é uma coisa que você faz com ele.", "pt"), ("Il cane e la casa sono più grandi di me.", "it"),
        ("今天天气很好。", "zh"), ("これは本です。", "ja"), ("안녕하세요", "ko"), ("Это не то, что я хотел.", "ru"),
        ("Това не е това, което искам да кажа.", "bg"), ("यह मेरी किताब है और वह उसकी है।", "hi"), ("این کتاب را با خود به خانه می برم", "fa"),
        ("هذا الكتاب في البيت على الطاولة", "ar"), ("یہ کتاب میری ہے اور وہ اس کی ہے", "ur"), ("இது என் புத்தகம்", "ta"),
        ("Tôi không có một cuốn sách nào của bạn", "vi"), ("Mtoto huyu ni wa kwanza katika familia ya baba yake", "sw"),
        ("Xyzzy plugh qwrt", None), ("42", None), ("Nein", None),
    ],
)  # fmt: skip
def test_languages(text, code):
    assert detect_language(text) == code


def test_bad_input():
    with pytest.raises(SophroError, match="punctuation:no_comma"):
        check_instructions("x", [("punctuation:no_coma", {})])
    with pytest.raises(SophroError, match="num_words"):
        check_instructions("x", [("length_constraints:number_words", {"relation": "at least"})])
    with pytest.raises(SophroError, match="relation"):
        check_instructions("x", [("length_constraints:number_words", {"num_words": 3, "relation": "around"})])
    with pytest.raises(SophroError, match="without rules"):
        check_instructions("x", [])
    for meta in (
        {},
        {"instruction_id_list": ["a"], "kwargs": []},
        {"instruction_id_list": ["a"], "kwargs": [3]},
    ):
        with pytest.raises(SophroError, match="mine 1"):
            instructions_of(meta, "mine 1")


@pytest.mark.skipif(
    "SOPHRO_DATA" not in os.environ, reason="SOPHRO_DATA is not set: IFEval's prompts are not here"
)
def test_every_prompt_of_ifeval_can_be_checked():
    file = Path(os.environ["SOPHRO_DATA"]) / "B_helpfulness/ifeval/input_data.jsonl"
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert len(rows) == 541
    text = "The cat is in the house and it was not with the dog. " * 3
    for row in rows:
        found = check_instructions(text, instructions_of(row, str(row["key"])))
        assert len(found.results) == len(row["instruction_id_list"])
