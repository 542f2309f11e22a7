"""Thinking modes: one open tag, one close tag, exact token counts, and nothing for models that cannot think."""

from __future__ import annotations

import pytest
import tiny

from sophro.chat import MODES, Template, Transcript, parse_response, render, think
from sophro.chat._thinking import count_tokens, extract, shorten
from sophro.errors import SophroError

ASK = Transcript.of("What is the capital of France?")
THOUGHT = "First, the user wants an answer. Let me think. The capital is Paris. Hello world."


@pytest.fixture(params=["think", "hybrid"])
def template(request):
    return Template(tiny.tokenizer(request.param))


def shown(template, mode, **more) -> str:
    return render(think(ASK, mode, template, **more).transcript, template).rendered


def test_each_mode_holds_one_open_tag_and_closed_ones_one_close_tag(template):
    base = render(ASK, template).rendered
    for mode in MODES:
        text = shown(template, mode, thought=THOUGHT)
        assert text.count("<think>") == 1, mode
        assert text.count("</think>") == (0 if mode == "full" else 1), mode
        assert text.startswith(base.removesuffix("<think>\n"))
    assert shown(template, "zero").endswith("<think>\n\n</think>\n\n")
    assert shown(template, "full").endswith("<think>\n")


def test_less_keeps_exactly_that_many_tokens(template):
    count = count_tokens(THOUGHT, template)
    for keep in (0.0, 0.1, 0.5, 0.9, 1.0):
        text = shorten(THOUGHT, template, keep)
        assert THOUGHT.startswith(text) and count_tokens(text, template) == int(keep * count)
        cut = shorten(THOUGHT, template, keep, by_sentence=True)
        assert THOUGHT.startswith(cut) and count_tokens(cut, template) <= int(keep * count)
        assert not cut or cut.endswith(".")
    made = think(ASK, "less", template, thought=THOUGHT, keep=0.5)
    assert made.forced_tokens == int(0.5 * count) and made.thought in shown(template, "less", thought=THOUGHT)


def test_the_whole_thought_closed_is_what_the_model_wrote_itself(template):
    whole = shown(template, "less", thought=THOUGHT, keep=1.0)
    assert whole == shown(template, "full") + THOUGHT + "\n</think>\n\n"


def test_an_empty_thought_makes_less_and_summary_zero(template):
    zero = shown(template, "zero")
    assert shown(template, "less", thought="") == zero == shown(template, "summary", thought="  ")
    assert think(ASK, "less", template, thought="").forced_tokens == 0


def test_the_summary_is_first_and_last_sentences():
    assert extract("One. Two. Three. Four. Five.") == "One. Four. Five."
    assert extract("One. Two.") == "One. Two."
    assert extract("一。二。三。四。五。") == "一。四。五。"


def test_what_follows_is_parsed_as_answer_or_as_thought(template):
    zero = think(ASK, "zero", template).transcript
    parsed = template.parse(template.tokenizer("Paris.")["input_ids"], "stop", zero.forced)
    assert parsed.text("answer") == "Paris." and "no_trace" not in parsed.flags
    full = think(ASK, "full", template).transcript
    parsed = template.parse(template.tokenizer("Well.\n</think>\n\nParis.")["input_ids"], "stop", full.forced)
    assert parsed.text("trace") == "Well." and parsed.text("answer") == "Paris."
    cut = template.parse(template.tokenizer("Well")["input_ids"], "length", full.forced)
    assert cut.state == "unclosed_trace"


@pytest.mark.parametrize("thought", ["", "one\ntwo", "你好 – ünïcode", "a < b and b > c", "a <b>tag</b>"])
def test_parse_gives_back_what_was_rendered(template, thought):
    assert template.trace is not None
    text = template.trace.opening + thought + template.trace.closing + "Paris."
    parsed = parse_response(text, template.trace)
    assert (parsed.text("trace"), parsed.text("answer")) == (thought, "Paris.")


def test_bad_input(template):
    for mode, more, part in (
        ("half", {}, "full, zero"),
        ("less", {}, "first pass"),
        ("less", {"thought": "x", "keep": 1.1}, r"\[0, 1\]"),
        ("less", {"thought": "x", "keep": -0.1}, r"\[0, 1\]"),
    ):
        with pytest.raises(SophroError, match=part):
            think(ASK, mode, template, **more)
    with pytest.raises(SophroError, match="one already"):
        think(think(ASK, "zero", template).transcript, "zero", template)
    with pytest.raises(SophroError, match="no trace tags"):
        think(ASK, "zero", Template(tiny.tokenizer("chatml")))
    with pytest.raises(SophroError, match="off already"):
        think(ASK, "zero", Template(tiny.tokenizer("hybrid"), variables={"enable_thinking": False}))
