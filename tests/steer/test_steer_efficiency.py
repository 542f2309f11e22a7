"""Efficiency steering: which thoughts make pairs, the direction, the strength, and the accounts."""

from __future__ import annotations

import numpy as np
import pytest
import tiny
import torch

from sophro.chat import Segment, Transcript
from sophro.data import Record
from sophro.errors import SophroError
from sophro.models import ChatModel, Completion, GenerationConfig
from sophro.steer._method import FitJob
from sophro.steer.efficiency import METHOD, OPTIONS
from sophro.steer.efficiency._accounts import Account, Totals, account, accounts, totals
from sophro.steer.efficiency._fit import divided, patch_of, read, sweep
from sophro.steer.efficiency._pairs import Pair, choose_strength, make_pairs, paired_direction


@pytest.fixture(scope="module")
def model() -> ChatModel:
    tokenizer = tiny.tokenizer("hybrid")
    network = tiny.tiny_llama(len(tokenizer), seed=1)
    with torch.no_grad():
        for p in network.parameters():
            if p.dim() == 2:
                p.mul_(6.0)
    return ChatModel("tiny", tokenizer, network)


def record(number: int = 0, accept: str = "42") -> Record:
    return Record(
        f"p{number}",
        f"What is the capital of France {number}?",
        "mine",
        "maths",
        False,
        "en",
        f"b{number}",
        accept=(accept,),
    )


def reply(tokens: int, right: bool | None = True, ended: bool = True) -> Account:
    return Account("p", right, "word " * tokens, tokens, tokens + 5, ended)


def total(tokens: float, right: int, n: int = 100) -> Totals:
    return Totals(n, right, 0, 0, tokens, tokens, tokens + 5)


def test_only_correct_thoughts_that_ended_make_pairs():
    found = make_pairs(
        [
            [reply(10), reply(30), reply(5, right=False), reply(90, right=None, ended=False)],
            [reply(10), reply(12)],  # too alike
            [reply(10), reply(50, right=False)],  # one correct reply only
            [reply(0), reply(50)],  # an empty thought is none
        ],
        1.5,
    )
    assert [(p.problem, p.short.thought_tokens, p.long.thought_tokens) for p in found.pairs] == [(0, 10, 30)]
    assert (found.problems, found.several) == (4, 2) and found.ratios == (3.0, 1.2)


def test_swapping_the_sides_negates_the_direction_and_equal_sides_are_refused():
    rng = np.random.default_rng(0)
    short, long = rng.normal(size=(5, 2, 8)), rng.normal(size=(5, 2, 8))
    assert np.array_equal(paired_direction(short, long), -paired_direction(long, short))
    np.testing.assert_allclose(paired_direction(short, long), np.mean(short - long, axis=0), rtol=1e-12)
    for other in (short, short[:3]):
        with pytest.raises(SophroError):
            paired_direction(short, other)


@pytest.mark.parametrize(
    ("curve", "chosen"),
    [
        ({1.0: total(80, 90), 2.0: total(60, 90), 3.0: total(40, 80)}, 2.0),
        ({1.0: total(80, 89), 2.0: total(60, 88)}, 1.0),
        ({1.0: total(110, 95)}, None),
        ({1.0: total(50, 50)}, None),
        ({1.0: total(60, 90), 2.0: total(60, 90)}, 1.0),
        ({}, None),
    ],
)
def test_the_strength_is_the_largest_cut_at_the_price(curve, chosen):
    assert choose_strength(total(100, 90), curve, 0.01) == chosen


def test_accounts_count_thought_and_reply_apart_and_never_guess(model):
    def said(*segments, state="ok", finish="stop"):
        return account(record(), Completion((), "", tuple(segments), state, finish, 9, 7), model.template)

    thought = Segment("trace", "Let me think about this.")
    good = said(thought, Segment("answer", "The answer is 42."))
    assert good.right is True and good.ended and good.tokens == 7
    assert good.thought_tokens == len(model.tokenizer("Let me think about this.")["input_ids"])
    assert said(thought, Segment("answer", "The answer is 41.")).right is False
    assert said(thought, Segment("answer", "I do not know.")).right is None
    assert said(Segment("trace", "42 42"), state="unclosed_trace", finish="length").right is None
    assert (
        said(thought, Segment("answer", "The answer is 42"), state="truncated", finish="length").right is None
    )
    added = totals(
        [good, said(thought, Segment("answer", "no")), said(Segment("answer", "The answer is 42."))]
    )
    assert (added.n, added.right, added.unread, added.empty) == (3, 2, 1, 1) and added.accuracy == 2 / 3
    with pytest.raises(SophroError, match="no replies"):
        totals([])


def test_replies_come_by_problem_and_samples_differ(model):
    config = GenerationConfig(max_new_tokens=6, temperature=1.0, seed=3)
    found = accounts(model, [record(0), record(1)], config, samples=3)
    assert [[a.id for a in group] for group in found] == [["p0"] * 3, ["p1"] * 3]
    assert len({a.thought for group in found for a in group}) > 1
    with pytest.raises(SophroError, match="accept"):
        accounts(model, [Record("x", "hi", "mine", "c", False, "en", "b")], config)


def test_both_sides_are_read_up_to_the_same_token(model):
    pair = Pair(
        0,
        Account("p0", True, "hello world", 2, 9, True),
        Account("p0", True, "Let me think about this step.", 9, 9, True),
    )
    lengths = {}
    for side in ("short", "long"):
        (transcript,) = read([pair], [record()], side, 4, model.template)
        lengths[side] = len(model.render(transcript).positions("trace"))
    assert 0 < lengths["short"] == lengths["long"] <= 4
    with pytest.raises(SophroError, match="window"):
        read([pair], [record()], "short", 0, model.template)


def test_strength_zero_is_the_base_and_only_generated_tokens_are_steered(model):
    config = GenerationConfig(max_new_tokens=6)
    asked = [Transcript.of(record(i).prompt) for i in range(3)]
    base = model.generate(asked, config)
    patch = patch_of(model, 1, torch.randn(64, generator=torch.Generator().manual_seed(0)) * 20)
    assert [c.ids for c in model.generate(asked, config, [(patch, 0.0)])] == [c.ids for c in base]
    steered = model.generate(asked, config, [(patch, 1.0)])
    assert [c.ids for c in steered] != [c.ids for c in base]
    assert [c.ids[0] for c in steered] == [c.ids[0] for c in base], (
        "the first token is read off the prompt alone"
    )
    assert [c.ids for c in model.generate(asked, config)] == [c.ids for c in base]


def test_the_sweep_measures_the_untouched_model_and_each_coefficient(model):
    options = {**OPTIONS, "max_new_tokens": 6, "coefficients": (1.0, 2.0)}
    base, curve = sweep(model, [record(0), record(1)], 1, torch.ones(64), options)
    assert base.n == 2 and list(curve) == [1.0, 2.0]


def test_a_model_without_right_replies_is_refused_with_the_counts(model):
    job = FitJob(
        model, {"problems": [record(i) for i in range(6)]}, {**OPTIONS, "samples": 2, "max_new_tokens": 4}
    )
    problems, dev = divided(job)
    assert len(problems) == 4 and len(dev) == 2 and not {r.id for r in problems} & {r.id for r in dev}
    with pytest.raises(SophroError, match=r"0 usable pairs, at least 20 are needed.*0 of 4 problems"):
        METHOD.fit(job)
