"""Prefill on a model with a tokenizer: exactly k tokens, where they come from, and traces that stay open."""

from __future__ import annotations

import pytest
import tiny

from sophro.attack import attack
from sophro.data import Record, load_set
from sophro.errors import SophroError
from sophro.models import ChatModel


@pytest.fixture(scope="module")
def target() -> ChatModel:
    tokenizer = tiny.tokenizer("chatml")
    return ChatModel("tiny", tokenizer, tiny.tiny_llama(len(tokenizer)))


@pytest.mark.parametrize("k", [5, 10, 20, 40])
def test_prefill_forces_exactly_k_tokens_of_the_opening(k, target):
    records = load_set("starter/harmful:en", limit=24)
    for attempt in attack("prefill", {"k": k})(records, target):
        (forced,) = attempt.transcript.forced
        ids = target.tokenizer(attempt.record.opening, add_special_tokens=False)["input_ids"]
        assert attempt.params["forced_tokens"] == k and attempt.params["source"] == "record"
        assert forced.kind == "prefill" and forced.text == target.tokenizer.decode(ids[:k])


def test_prefill_without_an_opening_is_generic_and_says_so(target):
    record = Record("1", "do the thing", "mine", "none", True, "en", "1")
    short = Record("2", "do the thing", "mine", "none", True, "en", "2", opening="Sure")
    plain, joined = attack("prefill", {"k": 40})([record, short], target)
    assert plain.params["source"] == "generic" and joined.params["source"] == "record+generic"
    assert plain.params["forced_tokens"] == joined.params["forced_tokens"] == 40
    assert joined.transcript.forced[0].text.startswith("Sure")


def test_prefill_of_the_trace_needs_a_model_that_thinks(target):
    records = load_set("starter/harmful:en", limit=1)
    with pytest.raises(SophroError, match="no reasoning trace"):
        attack("prefill", {"k": 5, "where": "trace"})(records, target)
    tokenizer = tiny.tokenizer("think")
    thinker = ChatModel("thinker", tokenizer, tiny.tiny_llama(len(tokenizer)))
    (attempt,) = attack("prefill", {"k": 5, "where": "trace"})(records, thinker)
    assert attempt.transcript.forced[0].kind == "trace"
    rendered = thinker.render(attempt.transcript)
    close = tokenizer.convert_tokens_to_ids("</think>")
    assert close not in rendered.ids, "the trace stays open, so that the model goes on thinking"
