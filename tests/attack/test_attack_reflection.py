"""Adaptive attacks on reflection: each is the prefill attack plus exactly one thing."""

from __future__ import annotations

import pytest
import tiny

from sophro.attack import TargetView, attack
from sophro.data import load_set
from sophro.models import ChatModel


@pytest.fixture(scope="module")
def target() -> ChatModel:
    tokenizer = tiny.tokenizer("chatml")
    return ChatModel("tiny", tokenizer, tiny.tiny_llama(len(tokenizer)))


@pytest.fixture(scope="module")
def records():
    return load_set("starter/harmful:en", limit=6)


def pairs(name, target, records):
    plain = attack("prefill", {"k": 10})(records, target)
    return list(zip(plain, attack(name, {"k": 10})(records, target), strict=True))


def test_forbidden_changes_nothing_but_one_logit(target, records):
    assert all(a.transcript == b.transcript for a, b in pairs("reflection_forbidden", target, records))
    (bias,) = attack("reflection_forbidden").generation(target)["logit_bias"].items()
    assert bias[0] == target.reflection_id and bias[1] < -1000


@pytest.mark.parametrize("name", ["reflection_ignore", "reflection_literal"])
def test_prompt_attacks_keep_the_forced_start(name, target, records):
    for plain, changed in pairs(name, target, records):
        assert changed.transcript.forced == plain.transcript.forced
        assert changed.transcript.prompt.startswith(plain.record.prompt)
        assert changed.transcript.prompt != plain.record.prompt
        # What users type never becomes the token.
        assert target.reflection_id not in target.render(changed.transcript).ids


def test_a_fake_reflection_uses_the_token_only_where_the_model_has_it(target, records):
    view = TargetView(target, reflects=True)
    for attempt in attack("reflection_fake", {"k": 10})(records, view):
        ids = target.render(attempt.transcript).ids
        assert list(ids).count(target.reflection_id) == 1
    for attempt in attack("reflection_fake", {"k": 10})(records, target):
        assert target.reflection_id not in target.render(attempt.transcript).ids


def test_asking_again_keeps_the_refusal_as_history(target, records):
    for plain, changed in pairs("reflection_again", target, records):
        assert [t.role for t in changed.transcript.turns] == ["user", "assistant", "user", "assistant"]
        assert changed.transcript.forced == plain.transcript.forced
        assert "can't help" in changed.transcript.turns[1].text
