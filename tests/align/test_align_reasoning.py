"""The reasoning subject: problems by rule, two styles, exact masks, and the whole command on a tiny model."""

from __future__ import annotations

import json
import operator
import re

import pytest
import small_model

from sophro.align._reasoning import make_reasoning, measure, reasoning_rows, thinking_model
from sophro.chat import Transcript, think
from sophro.data._arithmetic import arithmetic_records, problems
from sophro.errors import SophroError
from sophro.judge.verify import verify_maths
from sophro.models import load, load_chat
from sophro.train import sft_items

SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
FAST = {"examples": 6, "test": 4, "epochs": 1, "batch_size": 3, "measured": 2, "max_new_tokens": 8}


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> str:
    return str(small_model.save_model(tmp_path_factory.mktemp("tiny") / "m"))


def test_problems_are_right_different_and_the_same_every_time():
    found = problems(300, 3)
    assert len(set(found)) == 300 == len({p.prompt for p in found}) and problems(50, 3) == found[:50]
    assert problems(50, 4) != found[:50]
    for problem in found:
        assert all(0 < v <= 99 for v in problem.values)
        for style in ("terse", "verbose"):
            trace = problem.trace(style)
            assert verify_maths(trace, [str(problem.result)]).outcome == "right"
            equations = re.findall(r"(\d+) ([-+*/]) (\d+) = (\d+)", trace)
            assert len(equations) >= len(problem.steps)
            for left, sign, right, value in equations:
                assert SIGNS[sign](int(left), int(right)) == int(value), trace
        assert len(problem.trace("verbose")) > 2 * len(problem.trace("terse"))
        assert verify_maths(problem.answer, [str(problem.result)]).outcome == "right"


def test_new_problems_are_not_the_trained_ones():
    trained, new = arithmetic_records(40, 1), arithmetic_records(20, 1, skip=40)
    assert not {r.prompt for r in trained} & {r.prompt for r in new}
    assert not {r.id for r in trained} & {r.id for r in new}


def test_trace_tags_and_answer_are_trained_and_the_question_is_not(base):
    model = thinking_model(load(base))
    rows = reasoning_rows(8, 0, 0.5)
    assert len({len(t.forced[0].text) > 150 for t, _, _ in rows}) == 2, "both styles occur"
    assert reasoning_rows(8, 0, 0.5) == rows and reasoning_rows(8, 1, 0.5) != rows
    for item, (transcript, record, _) in zip(sft_items(model, rows), rows, strict=True):
        (part,) = item.parts
        said = model.tokenizer.decode([i for i, w in zip(part.ids, part.weights, strict=True) if w])
        trace, answer = (s.text for s in transcript.forced)
        assert said == f"<think>\n{trace}\n</think>\n{answer}<|im_end|>"
        # The whole thought, forced, is what the model would have written itself, token by token.
        forced = think(
            Transcript.of(record.prompt), "less", model.template, thought=trace, keep=1.0
        ).transcript
        ids = list(model.render(forced).ids)
        assert list(part.ids[: len(ids)]) == ids
        assert record.prompt in model.tokenizer.decode(part.ids) and record.prompt not in said


def test_the_command_leaves_a_model_that_thinks_and_is_the_same_again(base, tmp_path, capsys):
    from sophro.cli import run

    options = [f"--set={k}={v}" for k, v in FAST.items()]
    assert (
        run(
            ["models", "make", "reasoning", "--model", base, "--out", str(tmp_path / "a"), "--json", *options]
        )
        == 0
    )
    facts = json.loads(capsys.readouterr().out)
    assert facts["measured"]["thoughts that ended"]["n"] == 2 and facts["options"]["examples"] == 6
    again = make_reasoning(base, tmp_path / "b", options=FAST)
    names = sorted(f.name for f in (tmp_path / "a").iterdir())
    assert "reasoning.json" in names and not list(tmp_path.glob(".a*"))
    first, second = ((tmp_path / n / "model.safetensors").read_bytes() for n in "ab")
    assert first == second and again["measured"] == facts["measured"]
    made = load_chat(str(tmp_path / "a"))
    assert (
        made.template.trace is not None and made.template.trace.open == "<think>" and not made.template.opened
    )
    test = [json.loads(x) for x in (tmp_path / "a/sets/test.jsonl").read_text().splitlines()]
    assert len(test) == 4 and all(row["accept"] for row in test)
    with pytest.raises(SophroError, match="exists already"):
        make_reasoning(base, tmp_path / "a", options=FAST)


def test_measuring_counts_what_cannot_be_read_apart(base):
    model = thinking_model(load(base))
    found = measure(model, arithmetic_records(3), 6)["measured"]["right results on new problems"]
    assert found["n"] + found["unscored"] == 3
    assert measure(model, [], 6) == {"measured": {}, "thought_tokens": None}


def test_bad_options(base, tmp_path):
    for options, part in (
        ({"verbose": 1.5}, "verbose"),
        ({"examples": 0}, "examples"),
        ({"shape": 1}, "shape"),
    ):
        with pytest.raises(SophroError, match=part):
            make_reasoning(base, tmp_path / "x", options=options)
    assert not (tmp_path / "x").exists()
    with pytest.raises(SophroError, match="1 to 6"):
        problems(3, 0, (0, 2))
