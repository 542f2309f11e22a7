"""Answers held to a schema: whatever the network, what ends is JSON of the schema, and neighbours change nothing."""

from __future__ import annotations

import json
from typing import Literal

import anyio
import jsonschema
import pytest
from pydantic import BaseModel, Field
from small_model import save_model
from tiny import moving_model

from sophro.care.dialogue import ModelAgent, View, chat
from sophro.chat import Transcript
from sophro.errors import SophroError
from sophro.models import GenerationConfig
from sophro.models._live import LiveRow

PROMPTS = [
    "hello world",
    "你好",
    "one two three",
    "Use the kill command " * 9,
    "What is it?",
    "hello",
    "Paris",
]
SCHEMAS = [
    {
        "type": "object",
        "properties": {"level": {"enum": ["NONE", "ACTIVE"]}, "sure": {"type": "boolean"}},
        "required": ["level", "sure"],
        "additionalProperties": False,
    },
    {
        "type": "object",
        "properties": {
            "scores": {
                "type": "array",
                "items": {"type": "integer", "minimum": 1, "maximum": 5},
                "minItems": 2,
                "maxItems": 4,
            },
            "why": {"type": "string", "maxLength": 8},
        },
        "required": ["scores", "why"],
        "additionalProperties": False,
    },
    {"anyOf": [{"type": "null"}, {"type": "object", "properties": {}, "additionalProperties": False}]},
]


@pytest.fixture(scope="module")
def model():
    return moving_model()


def said(model, prompts, schema, **config):
    asked = GenerationConfig(**{"max_new_tokens": 160, "json_schema": json.dumps(schema), **config})
    return model.generate([Transcript.of(p) for p in prompts], asked)


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_what_ends_fits_the_schema(model, schema, temperature):
    free = model.generate(
        [Transcript.of(p) for p in PROMPTS], GenerationConfig(max_new_tokens=40, temperature=temperature)
    )
    assert not any(c.text.lstrip().startswith("{") for c in free), "by itself this network writes no JSON"
    for answer in said(model, PROMPTS, schema, temperature=temperature, max_rows=3):
        assert answer.finish_reason == "stop" and answer.state == "ok"
        jsonschema.validate(json.loads(answer.text), schema)


def test_rows_that_leave_and_join_change_nothing(model):
    alone = [said(model, [p], SCHEMAS[1])[0] for p in PROMPTS]
    together = said(model, PROMPTS, SCHEMAS[1], max_rows=2)
    assert [a.ids for a in alone] == [b.ids for b in together]
    assert len({len(a.ids) for a in alone}) > 1, "rows of one length never leave one by one"


def test_what_is_too_long_is_cut_and_not_closed(model):
    cut = said(model, PROMPTS[:2], SCHEMAS[1], max_new_tokens=5)
    assert {c.finish_reason for c in cut} == {"length"}
    for answer in cut:
        with pytest.raises(ValueError):
            json.loads(answer.text)


@pytest.mark.parametrize(
    ("schema", "why"),
    [("{", "no JSON"), ("[]", "must be an object"), ('{"type": "thing"}', "cannot be followed")],
)
def test_what_is_no_schema_is_refused_by_name(model, schema, why):
    with pytest.raises(SophroError, match=why):
        model.generate([Transcript.of("hello")], GenerationConfig(json_schema=schema))


def test_a_served_row_is_not_held_to_a_schema_in_silence(model):
    with pytest.raises(SophroError, match="json_schema"):
        LiveRow((1, 2), GenerationConfig(json_schema="{}"))


class Grade(BaseModel):
    score: int = Field(ge=1, le=5)
    verdict: Literal["met", "not met"]


def test_a_local_role_answers_in_its_schema_at_once(tmp_path):
    folder = str(save_model(tmp_path / "model"))
    view = View("judge", "", (), {}, {}, 0, 7)
    held = anyio.run(ModelAgent("judge", folder, lambda v: chat(v, "Grade."), schema=Grade).speak, view)
    assert held.scored and Grade.model_validate(held.fields, strict=True)
    free = anyio.run(ModelAgent("judge", folder, lambda v: chat(v, "Grade."), max_tokens=40).speak, view)
    assert "{" not in free.text, "by itself this network writes no JSON"
