"""Parsing: lossless, deterministic, never a guess."""

import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from sophro.chat import (
    STATES,
    TRACE_FORMATS,
    Segment,
    Template,
    TraceFormat,
    Transcript,
    Turn,
    parse_response,
    render,
)
from sophro.errors import SophroError

THINK = TRACE_FORMATS["think"]


def parsed(text, **kwargs):
    kwargs.setdefault("trace", THINK)
    out = parse_response(text, **kwargs)
    assert "".join(t for _, t in out.pieces) == text
    return out.text("trace"), out.text("answer"), out.state


@pytest.mark.parametrize(
    ("text", "kwargs", "expected"),
    [
        ("<think>\nhm\n</think>\n\nYes", {}, ("hm", "Yes", "ok")),
        ("<think>hm</think>Yes", {}, ("hm", "Yes", "ok")),
        (" \n<think>\nhm</think>\nYes", {}, ("hm", "Yes", "ok")),
        ("hm\n</think>\n\nYes", {"opened": True}, ("hm", "Yes", "ok")),
        ("Yes", {}, ("", "Yes", "no_trace")),
        ("Yes", {"trace": None}, ("", "Yes", "ok")),
        ("I use <think> to think. </think>", {"trace": None}, ("", "I use <think> to think. </think>", "ok")),
        ("<think>a</think>b", {"trace": None}, ("", "<think>a</think>b", "ok")),
        ("<think>\n\n</think>\n\nYes", {}, ("", "Yes", "empty_trace")),
        ("</think>Yes", {"opened": True}, ("", "Yes", "empty_trace")),
        ("<think>\nI will say: Yes", {}, ("I will say: Yes", "", "unclosed_trace")),
        ("I will say: Yes", {"opened": True}, ("I will say: Yes", "", "unclosed_trace")),
        ("<think>so</thi", {"finish_reason": "length"}, ("so</thi", "", "unclosed_trace")),
        ("<think>so</think>\n\n", {}, ("so", "", "empty_answer")),
        ("<think>so</think> \n", {}, ("so", " \n", "empty_answer")),
        ("", {"trace": None}, ("", "", "empty_answer")),
        ("", {}, ("", "", "empty_answer")),
        ("", {"opened": True}, ("", "", "unclosed_trace")),
        ("<think>so</think>Well, I", {"finish_reason": "length"}, ("so", "Well, I", "truncated")),
        ("Well, I", {"finish_reason": "max_tokens"}, ("", "Well, I", "truncated")),
        ("<think>so</think>Yes", {"finish_reason": "error"}, ("so", "Yes", "broken")),
        ("<think><think>a</think>b", {}, ("<think>a", "b", "nested_trace")),
        ("<think>a<think>b</think>c</think>d", {}, ("a<think>b</think>c", "d", "nested_trace")),
        ("<think>a<think>b", {}, ("a<think>b", "", "unclosed_trace")),
        ("<think>a</think>b</think>c", {}, ("a", "b</think>c", "stray_tag")),
        ("<think>a</think>b<think>c</think>d", {}, ("a", "b<think>c</think>d", "stray_tag")),
        ("Sure <think>a</think>b", {}, ("", "Sure <think>a</think>b", "stray_tag")),
        ("a</think>b", {}, ("", "a</think>b", "stray_tag")),
        ("[THINK]a[/THINK]b", {"trace": TRACE_FORMATS["mistral"]}, ("a", "b", "ok")),
    ],
)
def test_cases(text, kwargs, expected):
    assert parsed(text, **kwargs) == expected


def test_all_flags_are_kept_beside_the_state():
    out = parse_response("<think>a<think>b", THINK, finish_reason="length")
    assert out.state == "unclosed_trace"
    assert out.flags == {"unclosed_trace", "empty_answer", "truncated", "nested_trace"}
    assert parse_response("a", None).flags == frozenset()


def test_forced_segments_decide_where_the_text_goes_on():
    trace, prefill = Segment("trace", "so "), Segment("prefill", "Sure,")
    assert parsed("on</think>Yes", forced=[trace]) == ("on", "Yes", "ok")
    assert parsed("</think>Yes", forced=[trace]) == ("", "Yes", "ok")
    assert parsed(" here it is", forced=[prefill], opened=True) == ("", " here it is", "ok")
    assert parsed("<think>a</think>b", forced=[prefill]) == ("", "<think>a</think>b", "stray_tag")
    assert parsed("x", forced=[trace, prefill]) == ("", "x", "ok")


def test_an_opened_trace_needs_a_format():
    with pytest.raises(SophroError, match="no trace format"):
        parse_response("a", None, opened=True)


@pytest.mark.parametrize("args", [("", "</x>"), ("<x>", "<x>"), ("<x>", "</x>", "pad")])
def test_bad_formats(args):
    with pytest.raises(SophroError):
        TraceFormat(*args)


soup = st.lists(
    st.sampled_from(["<think>", "</think>", "\n", " ", "a", "<", "think>", "。"]), max_size=12
).map("".join)


@given(text=soup, opened=st.booleans(), cut=st.booleans())
def test_pieces_reproduce_any_text(text, opened, cut):
    out = parse_response(text, THINK, opened, "length" if cut else "stop")
    assert "".join(t for _, t in out.pieces) == text
    assert out.state in STATES
    assert (out.state == "ok") == (not out.flags)
    assert [s.text for s in out.segments] == [t for k, t in out.pieces if k != "tag"]
    assert ("truncated" in out.flags) == cut
    assert ("empty_answer" in out.flags) == (not out.text("answer").strip())


TEMPLATES = {
    f: Template(tiny.tokenizer(f)) for f in ("think", "hybrid", "harmony", "chatml", "inst", "gemma")
}
content = st.lists(
    st.sampled_from(["\n", " ", "a", "Hello world.", "好", "<", "|", "\t"]), min_size=1, max_size=6
).map("".join)


@pytest.mark.parametrize("family", TEMPLATES)
@settings(max_examples=80, deadline=None)
@given(trace=content, answer=content, with_trace=st.booleans())
def test_parse_undoes_render(family, trace, answer, with_trace):
    template = TEMPLATES[family]
    with_trace = (with_trace or template.opened) and template.trace is not None
    segments = (Segment("trace", trace),) * with_trace + (Segment("answer", answer),)
    ours = render(
        Transcript((Turn("user", (Segment("user", "q"),)), Turn("assistant", segments))), template, close=True
    )
    out = template.parse(ours.ids[ours.prompt_length :])
    assert out.segments == segments


def test_parse_after_a_forced_trace_goes_on():
    template = TEMPLATES["hybrid"]
    start = Transcript((Turn("user", (Segment("user", "q"),)), Turn("assistant", (Segment("trace", "so "),))))
    whole = render(start.with_assistant(Segment("trace", "on"), Segment("answer", "A")), template, close=True)
    generated = whole.ids[len(render(start, template)) :]
    out = template.parse(generated, forced=start.forced)
    assert out.segments == (Segment("trace", "on"), Segment("answer", "A"))
    assert out.state == "ok"


def test_special_trace_tags_survive_decoding():
    template = TEMPLATES["harmony"]
    ids = template.tokenizer(
        "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Yes<|return|>",
        add_special_tokens=False,
    ).input_ids
    assert template.parse(ids).segments == (Segment("trace", "hm"), Segment("answer", "Yes"))
    cut = ids[: ids.index(template.tokenizer.convert_tokens_to_ids("<|end|>"))]
    assert template.parse(cut, "length").state == "unclosed_trace"
