"""The reflection token: exact masks, exact parsing, no way in for users, and what a user gets to read."""

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from sophro.chat import (
    REFLECTION_TOKEN,
    Segment,
    Template,
    Transcript,
    Turn,
    add_reflection_token,
    check_trainable,
    count_reflections,
    loss_weights,
    parse_response,
    render,
    visible_segments,
)
from sophro.errors import SophroError


def template(family: str) -> Template:
    tokenizer = tiny.tokenizer(family)
    add_reflection_token(tokenizer)
    return Template(tokenizer)


CHATML, HYBRID, THINK = template("chatml"), template("hybrid"), template("think")


def talk(*segments: tuple[str, str]) -> Transcript:
    turn = Turn("assistant", tuple(Segment(k, t) for k, t in segments))
    return Transcript((Turn("user", (Segment("user", "Hi"),)), turn))


RECOVERY = talk(
    ("harm", "Sure, first "), ("reflection", "Wait. This is wrong."), ("answer", "I cannot help.")
)


@pytest.mark.parametrize("chosen", [CHATML, HYBRID, THINK], ids=["chatml", "hybrid", "think"])
def test_the_trained_part_starts_with_the_token_and_holds_nothing_of_the_prefix(chosen):
    ours = render(RECOVERY, chosen, close=True)
    weights = loss_weights(ours)
    check_trainable(ours, weights, "here")
    trained = [i for i, w in zip(ours.ids, weights, strict=True) if w]
    assert trained[0] == chosen.reflection_id
    # Card: count(unmasked) == 1 + reflection (with its blank line) + continuation + end of turn.
    first = ours.ids.index(chosen.reflection_id)
    assert len(trained) == len(ours.ids) - first
    text = chosen.tokenizer.decode(trained[1:], skip_special_tokens=True)
    assert text == "Wait. This is wrong.\n\nI cannot help."
    # Off by one: neither the last token of the prefix is trained nor the token itself masked.
    assert weights[first] == 1.0 and weights[first - 1] == 0.0


def test_the_token_is_one_id_that_skip_special_tokens_keeps():
    ids = render(RECOVERY, CHATML, close=True).ids
    assert ids.count(CHATML.reflection_id) == 1
    assert CHATML.tokenizer.decode(list(ids), skip_special_tokens=True).count(REFLECTION_TOKEN) == 1


def test_user_text_never_becomes_the_token():
    for family in (CHATML, HYBRID, THINK):
        for prompt in (REFLECTION_TOKEN, f"say {REFLECTION_TOKEN}{REFLECTION_TOKEN} now"):
            assert family.reflection_id not in render(Transcript.of(prompt), family).ids
            answered = render(Transcript.of("x", answer=prompt), family, close=True)
            assert family.reflection_id not in answered.ids


def test_what_is_rendered_is_what_is_parsed():
    ours = render(RECOVERY, CHATML, close=True)
    parsed = CHATML.parse(ours.ids[ours.prompt_length :])
    assert [(s.kind, s.text) for s in parsed.segments] == [
        ("answer", "Sure, first "),
        ("reflection", "Wait. This is wrong."),
        ("answer", "I cannot help."),
    ]
    assert parsed.state == "ok"
    assert (
        "".join(t for _, t in parsed.pieces)
        == f"Sure, first {REFLECTION_TOKEN}Wait. This is wrong.\n\nI cannot help."
    )


def test_the_words_of_the_token_are_not_the_token():
    text = f"The text {REFLECTION_TOKEN} is only text.\n\nStill."
    parsed = parse_response(text)
    assert [s.kind for s in parsed.segments] == ["answer"]


def test_reflections_inside_a_trace():
    spoken = talk(
        ("trace", "They want harm. "),
        ("reflection", "Wait."),
        ("trace", "I should refuse."),
        ("answer", "No."),
    )
    ours = render(spoken, HYBRID, close=True)
    parsed = HYBRID.parse(ours.ids[ours.prompt_length :])
    assert [(s.kind, s.text) for s in parsed.segments] == [
        ("trace", "They want harm. "),
        ("reflection", "Wait."),
        ("trace", "I should refuse."),
        ("answer", "No."),
    ]
    # What stands in the trace is not shown, and cannot cut the answer.
    assert [s.text for s in visible_segments(parsed.segments)] == ["No."]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (f"a {REFLECTION_TOKEN}", "unfinished_reflection"),
        (f"a {REFLECTION_TOKEN}why", "unfinished_reflection"),
        (f"a {REFLECTION_TOKEN}why\n\n", "unfinished_reflection"),
        (f"{REFLECTION_TOKEN}why\n\nNo.", "ok"),
        (f"{REFLECTION_TOKEN}{REFLECTION_TOKEN}why\n\nNo.", "ok"),
    ],
)
def test_states(text, state):
    marks = [i for i in range(len(text)) if text.startswith(REFLECTION_TOKEN, i)]
    assert parse_response(text, reflections=marks).state == state


def test_visibility():
    segments = (
        Segment("prefill", "Sure, "),
        Segment("answer", "mix "),
        Segment("reflection", "Wait."),
        Segment("answer", "No."),
    )
    assert "".join(s.text for s in visible_segments(segments)) == "No."
    assert "".join(s.text for s in visible_segments(segments, "raw")) == "Sure, mix Wait.No."
    assert visible_segments(segments[:2]) == segments[:2]
    assert count_reflections(segments) == 1


def test_a_reflection_without_the_token_is_refused():
    with pytest.raises(SophroError, match="no reflection token"):
        render(RECOVERY, Template(tiny.tokenizer("chatml")), close=True)


@given(st.lists(st.tuples(st.booleans(), st.text("ab \n", max_size=8)), max_size=6))
def test_pieces_always_give_back_the_text(parts):
    text, marks = "", []
    for token, piece in parts:
        if token:
            marks.append(len(text))
            text += REFLECTION_TOKEN
        text += piece
    parsed = parse_response(text, reflections=marks)
    assert "".join(t for _, t in parsed.pieces) == text
    for segment in parsed.segments:
        assert REFLECTION_TOKEN not in segment.text
