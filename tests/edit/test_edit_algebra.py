"""The algebra of edits against hand cases, numpy, PEFT's own merging code, and properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sophro.edit import algebra
from sophro.errors import SophroError
from sophro.models import Edit

matrices = st.integers(0, 2**31).map(
    lambda seed: torch.randn(7, 9, generator=torch.Generator().manual_seed(seed))
)
shares = st.floats(0.0, 1.0)
quick = settings(derandomize=True, deadline=None, max_examples=40)


@quick
@given(matrices, shares, st.integers(1, 4))
def test_top_mask_has_exactly_so_many_entries_and_none_outside_is_larger(m, share, levels):
    # Few levels: most scores are equal.
    score = (m * levels).round().abs()
    mask = algebra.top_mask(score, share)
    assert int(mask.sum()) == round(share * score.numel())
    if mask.any() and not mask.all():
        assert score[mask].min() >= score[~mask].max()


def test_top_mask_takes_the_first_of_equal_scores():
    assert algebra.top_mask(torch.tensor([0.0, 2.0, 1.0, 1.0, 1.0]), 0.6).tolist() == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert algebra.top_mask(torch.zeros(4), 0.5).tolist() == [True, True, False, False]


def test_a_score_that_is_not_a_number_is_refused():
    with pytest.raises(SophroError, match="NaN"):
        algebra.top_mask(torch.tensor([1.0, math.nan]), 0.5)
    with pytest.raises(SophroError, match=r"option top: 1\.5 is no share"):
        algebra.top_mask(torch.ones(2), 1.5)


def test_retention_keeps_p_of_the_entries_within_three_sigma_and_all_at_one():
    n, p = 40_000, 0.3
    mask = algebra.retention_mask((200, 200), p, algebra.stream(0, "safety", "w"))
    assert abs(int(mask.sum()) - n * p) < 3 * math.sqrt(n * p * (1 - p))
    assert algebra.retention_mask((200, 200), 1.0, algebra.stream(0, "safety", "w")).all()
    assert not algebra.retention_mask((200, 200), 0.0, algebra.stream(0, "safety", "w")).any()


def test_masks_of_two_patches_are_independent_and_repeatable():
    p, n = 0.3, 40_000
    one = algebra.retention_mask((n,), p, algebra.stream(0, "safety", "w"))
    two = algebra.retention_mask((n,), p, algebra.stream(0, "over", "w"))
    both = int((one & two).sum())
    assert abs(both - n * p * p) < 3 * math.sqrt(n * p * p * (1 - p * p))
    assert torch.equal(one, algebra.retention_mask((n,), p, algebra.stream(0, "safety", "w")))
    assert not torch.equal(one, algebra.retention_mask((n,), p, algebra.stream(0, "safety", "v")))
    assert not torch.equal(one, algebra.retention_mask((n,), p, algebra.stream(1, "safety", "w")))


def test_rescaling_keeps_the_expected_edit():
    delta, p = torch.ones(40_000), 0.3
    mask = algebra.retention_mask(delta.shape, p, algebra.stream(0, "w"))
    assert algebra.retain(delta, mask).unique().tolist() == [0.0, 1.0]
    assert float(algebra.retain(delta, mask, rescale=p).mean()) == pytest.approx(1.0, abs=0.03)


@quick
@given(st.lists(matrices, min_size=1, max_size=4), st.floats(0.05, 1.0), st.data())
def test_ties_is_that_of_peft(deltas, density, data):
    from peft.utils.merge_utils import ties

    weights = data.draw(
        st.lists(st.sampled_from([-1.0, 0.5, 1.0, 2.0]), min_size=len(deltas), max_size=len(deltas))
    )
    # PEFT keeps int(density * n) entries, sophro round(...): take a density at which both are the same.
    count = max(1, int(density * 63))
    exact = min(1.0, (count + 1e-6) / 63)
    # PEFT elects the sign before it weighs, sophro after; weighing beforehand makes that the same.
    weighed = [w * d for w, d in zip(weights, deltas, strict=True)]
    expected = ties(weighed, torch.ones(len(deltas)), exact, "total")
    got = algebra.ties(deltas, weights, exact)
    # Where the trimmed deltas cancel out exactly PEFT elects plus; sophro elects nothing.
    total = sum(torch.where(algebra.top_mask(d.abs(), exact), d, 0.0) for d in weighed)
    torch.testing.assert_close(got[total != 0], expected[total != 0], atol=1e-6, rtol=1e-5)
    assert not got[total == 0].any()


@quick
@given(st.lists(matrices, min_size=1, max_size=4), st.data())
def test_task_arithmetic_is_the_weighted_sum(deltas, data):
    weights = data.draw(st.lists(st.floats(-2.0, 2.0), min_size=len(deltas), max_size=len(deltas)))
    expected = sum(w * d.double().numpy() for w, d in zip(weights, deltas, strict=True))
    np.testing.assert_allclose(algebra.task_arithmetic(deltas, weights).numpy(), expected, atol=1e-5)


def test_ties_by_hand():
    a, b = torch.tensor([4.0, -1.0, 0.1, 2.0]), torch.tensor([-1.0, -3.0, 0.2, 2.0])
    # Half of each is kept: a: 4, 2; b: -3, 2. Signs of the sums: +, -, 0, +.
    assert algebra.ties([a, b], [1.0, 1.0], 0.5).tolist() == [4.0, -3.0, 0.0, 2.0]


@quick
@given(matrices, matrices)
def test_agreement_is_that_of_numpy(one, two):
    one, two = one * (one > 0.5), two * (two > 0.0)
    found = algebra.agreement(one, two)
    a, b = one.double().numpy().ravel(), two.double().numpy().ravel()
    assert (found.first, found.second) == (np.count_nonzero(a), np.count_nonzero(b))
    assert found.both == np.count_nonzero(a * b) == found.same_sign
    assert found.first_norm == pytest.approx(np.linalg.norm(a))
    assert found.cosine == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    swapped = algebra.agreement(two, one)
    assert (swapped.cosine, swapped.jaccard) == pytest.approx((found.cosine, found.jaccard))
    same = algebra.agreement(one, -one)
    assert same.cosine == pytest.approx(-1) and same.jaccard == 1 and same.same_sign == 0


def test_agreement_with_nothing_has_no_cosine():
    found = algebra.agreement(torch.zeros(3), torch.zeros(3))
    assert found.cosine is None and found.jaccard is None


@quick
@given(st.integers(0, 2**31), st.integers(1, 4))
def test_low_rank_finds_the_factors_and_refuses_what_has_more(seed, rank):
    g = torch.Generator().manual_seed(seed)
    delta = torch.randn(9, rank, generator=g) @ torch.randn(rank, 7, generator=g)
    a, b = algebra.low_rank(delta, 5)
    assert a.shape == (5, 7) and b.shape == (9, 5)
    torch.testing.assert_close(b @ a, delta, atol=1e-4, rtol=1e-4)
    if rank > 1:
        assert algebra.low_rank(delta, rank - 1) is None


@quick
@given(matrices, st.floats(0.0, 1.0), st.floats(-3.0, 3.0))
def test_an_edit_keeps_every_bit_in_either_form(m, share, scale):
    delta = torch.where(algebra.top_mask(m, share), m, 0.0)
    edit = Edit.of(delta)
    assert (edit.index is None) == (2 * int((delta != 0).sum()) > delta.numel())
    assert torch.equal(edit.dense(), delta) and edit.nonzero == int((delta != 0).sum())
    weight = m.flip(0)
    expected = weight.clone().add_(delta, alpha=scale)
    assert torch.equal(edit.added_to(weight, scale), expected)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (Edit((2,), torch.tensor([1.0, math.nan])), "NaN"),
        (Edit((2,), torch.tensor([math.inf]), torch.tensor([0])), "NaN or infinite"),
        (Edit((2,), torch.tensor([1.0, 1.0]), torch.tensor([1, 0])), "rising"),
        (Edit((2,), torch.tensor([1.0, 1.0]), torch.tensor([1, 1])), "rising"),
        (Edit((2,), torch.tensor([1.0]), torch.tensor([2])), "inside"),
        (Edit((2,), torch.tensor([1.0]), torch.tensor([-1])), "inside"),
        (Edit((2,), torch.tensor([1.0, 2.0]), torch.tensor([1])), "one a value"),
        (Edit((2,), torch.tensor([1.0])), "shape"),
    ],
)
def test_a_malformed_edit_is_refused_by_name(edit, message):
    with pytest.raises(SophroError, match=message) as error:
        edit.check("layers.3")
    assert "layers.3" in str(error.value)
