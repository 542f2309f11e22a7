"""What leaves of growing text does not depend on how it arrives."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import tokenizer

from sophro.chat import REFLECTION_END, TRACE_FORMATS, add_reflection_token, parse_response
from sophro.guard.server._visible import StopTexts, TraceSplitter, Visible

THINK = TRACE_FORMATS["think"]
BITS = st.sampled_from(
    ["<think>", "</think>", "<", "think", ">", "/", "\n", "\n\n", " ", "ab", "答", "<thi", "</thinking>"]
)


def pieces(text, seed):
    rng = random.Random(seed)
    while text:
        n = rng.randint(1, 4)
        yield text[:n]
        text = text[n:]


def joined(tagged, kind):
    return "".join(t for k, t in tagged if k == kind)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.lists(BITS, max_size=14), st.booleans(), st.integers(0, 5))
def test_trace_and_answer_are_those_of_the_parser(bits, opened, seed):
    text = "".join(bits)
    splitter = TraceSplitter(THINK, opened)
    found = [p for piece in pieces(text, seed) for p in splitter.push(piece)] + splitter.finish()
    parsed = parse_response(text, THINK, opened)
    assert joined(found, "trace") == parsed.text("trace")
    assert joined(found, "answer") == parsed.text("answer")


def test_a_plain_answer_is_not_held_and_a_thought_leaves_before_its_end():
    splitter = TraceSplitter(THINK)
    assert splitter.push("Paris") == [("answer", "Paris")]
    thinking = TraceSplitter(THINK)
    out = [p for piece in pieces("<think>\n" + "step " * 20, 1) for p in thinking.push(piece)]
    assert len(joined(out, "trace")) > 80 and not joined(out, "answer")


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from(["ab", " c", None, "\n", "\n\n", "答", "x\n\ny"]), max_size=30),
    st.integers(0, 6),
)
def test_hold_never_releases_what_a_reflection_takes_back(script, size):
    stream = Visible("hold", size)
    sent, held, thought, lead, out = [], [], None, False, []
    for piece in script:
        out += stream.push(piece)
        # The rule, spelled out: a queue of pieces that a reflection empties.
        if piece is None:
            held, thought = [], ""
        elif thought is not None:
            thought += piece
            if REFLECTION_END in thought:
                piece, thought, lead = thought.split(REFLECTION_END, 1)[1], None, True
        if piece is not None and thought is None:
            piece = piece.lstrip("\n") if lead else piece
            if piece or not lead:
                held.append(piece)
                lead = False
        while len(held) > size:
            sent.append(held.pop(0))
        assert joined(out, "answer") == "".join(sent)
    out += stream.finish()
    assert joined(out, "answer") == "".join(sent + ([] if thought is not None else held))


@pytest.mark.parametrize("size", [0, 3, 64])
def test_hold_releases_what_hold_back_does(size):
    from sophro.models import HoldBack

    chosen = tokenizer("chatml")
    token = add_reflection_token(chosen)

    def ids(text):
        return chosen(text, add_special_tokens=False)["input_ids"]

    said = [
        *ids("Use the kill command, then"),
        token,
        *ids("This goes wrong."),
        *ids("\n\n"),
        *ids("I cannot help with that."),
    ]
    old, new = HoldBack(chosen, token, size), Visible("hold", size)
    before = "".join(map(old.push, said)) + old.finish()
    out = [p for i in said for p in new.push(None if i == token else chosen.decode([i]))] + new.finish()
    assert joined(out, "answer") == before
    assert new.dropped == old.dropped and joined(out, "reflection") == "This goes wrong."


def test_cut_shows_only_what_follows_the_last_reflection_and_raw_shows_all():
    script = ["bad ", "worse ", None, "oh", "\n\n", "good"]
    for visibility, answer in (("cut", "good"), ("raw", "bad worse good"), ("hold", "good")):
        stream = Visible(visibility, 64)
        out = [p for piece in script for p in stream.push(piece)]
        assert visibility != "cut" or not joined(out, "answer")
        out += stream.finish()
        assert joined(out, "answer") == answer and joined(out, "reflection") == "oh"


def test_a_reflection_behind_a_trace_is_followed_by_an_answer():
    stream = Visible("hold", 50, THINK)
    script = ["<think>", "hm", "</think>", "\n\n", "Sure, ", None, "no", "\n\n", "I cannot."]
    out = [p for piece in script for p in stream.push(piece)] + stream.finish()
    assert joined(out, "answer") == "I cannot." and "Sure" not in str(out)


@pytest.mark.parametrize("opened", [True, False])
@pytest.mark.parametrize("visibility", ["hold", "cut"])
@pytest.mark.parametrize("bad", ["bad", "bad ", "bad <", "bad </thi", "bad\n", "bad <think>inner"])
def test_a_reflection_inside_a_trace_takes_back_what_waits_for_a_tag(bad, visibility, opened):
    stream = Visible(visibility, 64, THINK, opened)
    script = [*([] if opened else ["<think>"]), *bad, None, "no", "\n\n", "better", "</think>"]
    if (
        nested := "<think>" in bad
    ):  # the model has read a second opening tag, so the first closing tag is the inner one
        script.append("</think>")
    script += ["\n\n", "I cannot."]
    out = [p for piece in script for p in stream.push(piece)] + stream.finish()
    assert joined(out, "trace") == ("better</think>" if nested else "better")
    assert joined(out, "answer") == "I cannot."


def test_raw_keeps_what_waits_for_a_tag_and_in_its_place():
    stream = Visible("raw", 0, THINK, True)
    out = [
        p
        for piece in ["bad <", None, "no", "\n\n", "better", "</think>", "\n\n", "I cannot."]
        for p in stream.push(piece)
    ]
    out += stream.finish()
    assert out[0] == ("trace", "bad <") and joined(out, "answer") == "I cannot."


@pytest.mark.parametrize("visibility", ["hold", "cut", "raw"])
@pytest.mark.parametrize("opened", [True, False])
def test_one_reflection_too_many_inside_a_trace_ends_in_an_answer(visibility, opened):
    stream = Visible(visibility, 64, THINK, opened)
    out = [p for piece in [*([] if opened else ["<think>"]), "plan ", "to "] for p in stream.push(piece)]
    out += stream.refuse("This goes wrong.", "I'm sorry, but I can't help with that.")
    out += stream.finish()
    assert joined(out, "answer") == "I'm sorry, but I can't help with that."
    assert joined(out, "reflection") == "This goes wrong." and ("plan" in joined(out, "trace")) == (
        visibility == "raw"
    )


def test_a_reflection_that_never_ends_is_followed_by_nothing():
    stream = Visible("hold", 8)
    out = [p for piece in ["bad", None, "because", " it"] for p in stream.push(piece)]
    out += stream.finish()
    assert joined(out, "answer") == "" and joined(out, "reflection") == "because it"


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.text("ab", max_size=30),
    st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=3),
    st.integers(0, 3),
)
def test_stop_texts_cut_where_the_first_one_ends_first(text, stops, seed):
    stream = StopTexts(tuple(stops))
    out = "".join(stream.push(p) for p in pieces(text, seed)) + stream.finish()
    assert text.startswith(out) and not any(s in out for s in stops)
    assert stream.found == any(s in text for s in stops)
