"""Loss weights: only the assistant's own tokens, and a gate that refuses wrong masks."""

import dataclasses
import math

import pytest
import tiny

from sophro.chat import KINDS, Segment, Template, Transcript, Turn, check_trainable, loss_weights, render
from sophro.errors import SophroError

CHATML = Template(tiny.tokenizer("chatml"))
HYBRID = Template(tiny.tokenizer("hybrid"))
THINK = Template(tiny.tokenizer("think"))


def talk(*segments):
    return Transcript(
        (
            Turn("user", (Segment("user", "Hello"),)),
            Turn("assistant", tuple(Segment(k, t) for k, t in segments)),
        )
    )


def trained(template, transcript, table=None):
    ours = render(transcript, template, close=True)
    weights = loss_weights(ours) if table is None else loss_weights(ours, table)
    return template.tokenizer.decode(
        [i for i, w in zip(ours.ids, weights, strict=True) if w], skip_special_tokens=False
    )


def test_sft_trains_the_answer_and_the_end_of_turn():
    assert trained(CHATML, Transcript.of("Hi", system="s", answer="Yes.")) == "Yes.<|im_end|>"


def test_harm_and_prefill_are_never_trained_by_default():
    segments = [("prefill", "Sure. "), ("harm", "First, "), ("answer", "No.")]
    assert trained(CHATML, talk(*segments)) == "No.<|im_end|>"
    assert trained(CHATML, talk(("answer", "No."), ("harm", "Bad"))) == "No."


def test_tags_follow_the_trace():
    both = talk(("trace", "hm"), ("answer", "No."))
    assert trained(HYBRID, both) == "<think>\nhm\n</think>\n\nNo.<|im_end|>"
    assert trained(HYBRID, both, {"answer": 1}) == "No.<|im_end|>"
    assert trained(HYBRID, both, {"trace": 1}) == "<think>\nhm\n</think>\n\n"
    assert trained(THINK, both) == "hm\n</think>\n\nNo.<|end|>"


def test_a_forced_empty_trace_is_not_trained():
    assert trained(THINK, talk(("answer", "No."))) == "No.<|end|>"


def test_weights_are_those_of_the_table():
    ours = render(talk(("trace", "hm"), ("answer", "No.")), HYBRID, close=True)
    weights = loss_weights(ours, {"trace": 0.25, "answer": -1, "user": 2})
    for kind, segment, weight in zip(ours.kinds, ours.segment, weights, strict=True):
        owner = kind if kind != "template" or segment < 0 else ours.segments[segment].kind
        assert weight == {"trace": 0.25, "answer": -1.0, "user": 2.0}.get(owner, 0.0)


def test_earlier_answers_are_context():
    history = Transcript(
        (
            Turn("user", (Segment("user", "a"),)),
            Turn("assistant", (Segment("answer", "Earlier"),)),
            Turn("user", (Segment("user", "b"),)),
            Turn("assistant", (Segment("answer", "Later"),)),
        )
    )
    assert trained(CHATML, history) == "Later<|im_end|>"


@pytest.mark.parametrize("template", [CHATML, HYBRID, THINK])
def test_prompt_template_has_no_weight_whatever_the_table(template):
    ours = render(Transcript.of("Hi", answer="Yes."), template, close=True)
    weights = loss_weights(ours, {kind: 1.0 for kind in KINDS})
    assert all(
        w == 0 for w, k in zip(weights[: ours.prompt_length], ours.kinds, strict=False) if k == "template"
    )


@pytest.mark.parametrize(
    ("table", "message"), [({"anwser": 1}, "did you mean answer"), ({"answer": math.nan}, "finite")]
)
def test_bad_tables(table, message):
    with pytest.raises(SophroError, match=message):
        loss_weights(render(Transcript.of("a", answer="b"), CHATML), table)


def test_the_gate_before_training():
    ours = render(Transcript.of("Hi", answer="Yes."), CHATML, close=True)
    good = loss_weights(ours)
    check_trainable(ours, good, "data.jsonl:3")
    with pytest.raises(SophroError, match=r"data.jsonl:3: no token of a segment would be trained"):
        check_trainable(ours, loss_weights(ours, {"trace": 1}), "data.jsonl:3")
    with pytest.raises(SophroError, match="prompt template"):
        check_trainable(
            ours, [0.0] * (ours.prompt_length - 1) + [1.0] * (len(ours) - ours.prompt_length + 1), "x"
        )
    with pytest.raises(SophroError, match="loss weights for"):
        check_trainable(ours, good[:-1], "x")
    with pytest.raises(SophroError, match="is nan"):
        check_trainable(ours, [*good[:-1], math.nan], "x")
    forged = dataclasses.replace(ours, kinds=(*ours.kinds[:-1], "answer"))
    with pytest.raises(SophroError, match="control token inside a segment"):
        check_trainable(forged, good, "x")


@pytest.mark.parametrize("transcript", [Transcript.of("Hi"), Transcript.of("Hi", answer="")])
def test_the_gate_refuses_a_record_without_anything_to_learn(transcript):
    ours = render(transcript, CHATML, close=bool(transcript.forced))
    with pytest.raises(SophroError, match="no token of a segment"):
        check_trainable(ours, loss_weights(ours), "x")
