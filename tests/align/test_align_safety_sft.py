"""safety_sft: exactly the answer is trained, refusals fit, bad data is refused."""

from __future__ import annotations

import dataclasses

import pytest
import tiny

from sophro.align import default_options, training_items
from sophro.align.safety_sft import RefusalBook
from sophro.data import load_set
from sophro.errors import SophroError
from sophro.models import ChatModel


@pytest.fixture(scope="module")
def model() -> ChatModel:
    tokenizer = tiny.tokenizer("chatml")
    return ChatModel("tiny", tokenizer, tiny.tiny_llama(len(tokenizer)))


def trained(model, item) -> str:
    return model.tokenizer.decode([i for i, w in zip(item.ids, item.weights, strict=True) if w])


def test_decoded_trained_part_is_the_refusal_and_the_end_of_turn(model):
    records = load_set("starter/harmful:en", split="train", limit=24)
    book = RefusalBook()
    for record, item in zip(records, training_items("safety_sft", model, {"harmful": records}), strict=True):
        assert trained(model, item) == book.choose(record) + "<|im_end|>"
        assert record.prompt not in trained(model, item)


def test_benign_answers_are_trained_with_their_weight(model):
    harmful = load_set("starter/harmful:en", split="train", limit=2)
    benign = [dataclasses.replace(r, answer="Bake it.") for r in load_set("starter/plain:en", limit=2)]
    data = {"harmful": harmful, "benign": benign}
    items = training_items("safety_sft", model, data, {"benign_weight": 0.5})
    assert trained(model, items[2]) == "Bake it.<|im_end|>"
    assert set(items[2].weights) == {0.0, 0.5} and set(items[0].weights) == {0.0, 1.0}


def test_a_records_own_answer_wins(model):
    record = dataclasses.replace(load_set("starter/harmful:en", limit=1)[0], answer="No. Please stop.")
    (item,) = training_items("safety_sft", model, {"harmful": [record]})
    assert trained(model, item) == "No. Please stop.<|im_end|>"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("style", ["plain", "full"])
def test_refusals_are_stable_and_in_the_language_of_the_request(lang, style):
    records = load_set(f"starter/harmful:{lang}", limit=24)
    first, second = RefusalBook(style), RefusalBook(style)
    texts = [first.choose(r) for r in records]
    assert texts == [second.choose(r) for r in records]
    assert len(set(texts)) > 10
    assert all(("\u4e00" <= t[0] <= "\u9fff") == (lang == "zh") for t in texts)


@pytest.mark.parametrize(
    ("data", "options", "part"),
    [
        ({}, {}, "harmful"),
        ({"harmful": "H", "other": "H"}, {}, "other"),
        ({"harmful": "H", "benign": "H"}, {}, "no answer"),
        ({"harmful": "H"}, {"benign_weight": 0}, "greater than 0"),
        ({"harmful": "H"}, {"epoch": 2}, "epochs"),
        ({"harmful": "H"}, {"epochs": "two"}, "epochs"),
        ({"harmful": "H"}, {"refusal_style": "loud"}, "plain, full"),
        ({"harmful": "H"}, {"learning_rate": "fast"}, "learning_rate"),
    ],
)
def test_bad_data_and_options(model, data, options, part):
    records = load_set("starter/harmful:en", limit=1)
    with pytest.raises(SophroError, match=part):
        training_items("safety_sft", model, dict.fromkeys(data, records), options)


def test_numbers_written_the_yaml_way_are_accepted(model):
    records = load_set("starter/harmful:en", limit=1)
    assert training_items("safety_sft", model, {"harmful": records}, {"learning_rate": "1e-3"})
    assert default_options("safety_sft")["learning_rate"] == 1e-3
