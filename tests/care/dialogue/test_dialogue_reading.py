"""Structured answers: a piece of a broken object is no answer."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from sophro.care.dialogue._reading import Unreadable, read_json
from sophro.judge.llm import Reply


class Grade(BaseModel):
    score: int


def read(text: str):
    return read_json(Reply(text), Grade)["score"]


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ('{"score": 3}', 3),
        ('```json\n{"score": 3}\n```', 3),
        ('First {"score": 1}, no: {"score": 2}.', 2),
        ('I think {maybe} so: {"score": 4}', 4),
        ('It was { fine } and {"score": 5} :}', 5),
    ],
)
def test_whole_objects(text, score):
    assert read(text) == score


@pytest.mark.parametrize(
    "text",
    [
        '{"items": [{"score": 3}, {"score": ',
        '{"outer": {"score": 3}, "rest',
        '{"score": 3} {"score": ',
        '{"a": 1, "a": {"score": 3}}',
        '{broken {"score": 3}',
        "{", "}", "", "no object",
    ],
)  # fmt: skip
def test_pieces_are_unreadable(text):
    with pytest.raises(Unreadable):
        read(text)
