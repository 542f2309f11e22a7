"""Rows that join and leave while others decode say what they would have said alone."""

from __future__ import annotations

import random

import pytest
from tiny import moving_model

from sophro.chat import Transcript
from sophro.models import GenerationConfig
from sophro.models._live import Live, LiveRow


@pytest.fixture(scope="module")
def model():
    return moving_model()


PROMPTS = [
    "hello world",
    "Use the kill command " * 12,
    "你好",
    "one two three",
    "What is the capital of France?",
]


def row_for(model, prompt, **config):
    return LiveRow(
        model.render(Transcript.of(prompt)).ids, GenerationConfig(**{"max_new_tokens": 24, **config})
    )


def alone(model, prompt, stream=0, **config):
    config = GenerationConfig(**{"max_new_tokens": 24, **config})
    return model.generate([Transcript.of(prompt)] * (stream + 1), config)[stream].ids


def drive(live, said, limit=500):
    while live.ready and limit:
        limit -= 1
        for step in live.step():
            if step.token is not None:
                said.setdefault(id(step.row), []).append(step.token)
    assert not live.rows


@pytest.mark.parametrize("rows", [1, 3, 16])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_rows_that_come_and_go_do_not_change_each_other(model, rows, temperature):
    rng = random.Random(rows)
    live, said, asked = Live(model, rows), {}, []
    for number, prompt in enumerate(PROMPTS):
        own = {
            "temperature": temperature,
            "top_p": 0.9,
            "seed": number,
            "max_new_tokens": 6 + 5 * (number % 4),
        }
        row = row_for(model, prompt, **own)
        live.add(row)
        asked.append((row, prompt, own))
        for _ in range(rng.randrange(5)):  # the next one joins while this one is at work
            for step in live.step():
                if step.token is not None:
                    said.setdefault(id(step.row), []).append(step.token)
    drive(live, said)
    for row, prompt, own in asked:
        assert tuple(said.get(id(row), [])) == alone(model, prompt, **own)


def test_settings_belong_to_rows(model):
    """Greedy, sampled, biased and limited rows in one batch."""
    token = alone(model, "hello world")[0]
    mixed = [
        {},
        {"temperature": 1.0, "seed": 3},
        {"logit_bias": {token: -1e9}},
        {"logit_bias": {model.reflection_id: -1e9}, "max_new_tokens": 3},
    ]
    live, said = Live(model), {}
    rows = [row_for(model, "hello world", **m) for m in mixed[:3]]
    for row in rows:
        live.add(row)
    drive(live, said)
    for row, own in zip(rows, mixed, strict=False):
        assert tuple(said[id(row)]) == alone(model, "hello world", **own)
    assert said[id(rows[2])][0] != token


def test_choices_of_one_request_draw_from_their_own_streams(model):
    live, said = Live(model), {}
    rows = [row_for(model, "hello world", temperature=1.0, seed=7) for _ in range(3)]
    for stream, row in enumerate(rows):
        row = rows[stream] = LiveRow(row.ids, row.config, stream)
        live.add(row)
    drive(live, said)
    found = [tuple(said[id(r)]) for r in rows]
    assert found == [alone(model, "hello world", s, temperature=1.0, seed=7) for s in range(3)]
    assert len(set(found)) == 3


def test_a_cancelled_row_leaves_and_a_paused_one_waits(model):
    live, said = Live(model), {}
    rows = [row_for(model, p) for p in PROMPTS[:3]]
    for row in rows:
        live.add(row)
    for _ in range(3):
        for step in live.step():
            said.setdefault(id(step.row), []).append(step.token)
    rows[0].cancelled, rows[1].paused = True, True
    made = [r.made for r in rows]
    for _ in range(4):
        for step in live.step():
            said.setdefault(id(step.row), []).append(step.token)
    assert [r.made for r in rows[:2]] == made[:2] and rows[2].made == made[2] + 4
    assert rows[0] not in live.rows and rows[1] in live.rows
    rows[1].paused = False
    drive(live, said)
    for row, prompt in zip(rows[1:], PROMPTS[1:], strict=False):
        assert tuple(t for t in said[id(row)] if t is not None) == alone(model, prompt)


def test_nothing_is_ready_when_everyone_pauses_and_a_cancelled_one_still_goes(model):
    live = Live(model)
    row = row_for(model, "hello world")
    live.add(row)
    live.step()
    row.paused = True
    assert not live.step() and not live.ready
    row.cancelled = True
    assert live.ready and not live.step() and not live.rows


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_one_reflection_too_many_ends_the_row(model, limit):
    # The tiny model has no row for the token; an id of its own vocabulary stands in for it.
    token = alone(model, "hello world")[0]
    live = Live(model)
    live._reflection = token
    row = row_for(model, "hello world", logit_bias={token: 1e9}, reflections=limit)
    live.add(row)
    steps = []
    while live.ready:
        steps += live.step()
    assert [s.token for s in steps] == [token] * limit + [None]
    assert [s.ended for s in steps] == [None] * limit + ["exceeded"]
