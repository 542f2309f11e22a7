import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from sophro.errors import SophroError
from sophro.stats import compare, holm, mcnemar_exact, paired_bootstrap, wilson

flag = st.sampled_from([True, False, None])


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_equals_statsmodels(b: int, c: int) -> None:
    expected = mcnemar([[0, b], [c, 0]], exact=True).pvalue if b + c else 1.0
    assert mcnemar_exact(b, c) == pytest.approx(min(1.0, float(expected)), rel=1e-9)
    assert mcnemar_exact(b, c) == mcnemar_exact(c, b)


@pytest.mark.parametrize(("b", "c"), [(49_500, 50_500), (49_990, 50_010), (60_000, 40_000)])
def test_mcnemar_holds_for_many_pairs(b: int, c: int) -> None:
    from scipy.stats import binomtest

    expected = binomtest(min(b, c), b + c, 0.5).pvalue
    assert mcnemar_exact(b, c) == pytest.approx(expected, rel=1e-7)
    with pytest.raises(SophroError):
        mcnemar_exact(-1, 2)


@settings(max_examples=15, deadline=None)  # multipletests takes 80 ms a call
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_equals_statsmodels(ps: list[float]) -> None:
    assert holm(ps) == pytest.approx(multipletests(ps, method="holm")[1].tolist())


def test_holm_refuses_what_is_no_p_value() -> None:
    assert holm([]) == []
    for bad in (1.2, math.nan):
        with pytest.raises(SophroError, match=r"ps\[1\]"):
            holm([0.1, bad])


def test_compare_counts_pairs_and_drops() -> None:
    a = [True, True, True, False, None, False]
    b = [True, False, False, True, True, None]
    result = compare(a, b)
    assert (result.n_pairs, result.dropped, result.only_a, result.only_b) == (4, 2, 2, 1)
    assert result.difference == pytest.approx(0.25) and result.p == 1.0
    kept = paired_bootstrap([1, 1, 1, 0], [1, 0, 0, 1])
    assert (result.low, result.high) == (kept.low, kept.high)


def test_samples_of_a_behaviour_are_averaged_first() -> None:
    # Behaviour x: 3 samples, a better in two; behaviour y: 1 sample, b better.
    a, b = [True, True, False, False], [False, False, False, True]
    result = compare(a, b, ["x", "x", "x", "y"])
    assert result.difference == pytest.approx((2 / 3 - 1) / 2)
    assert (result.only_a, result.only_b, result.n_behaviours, result.n_pairs) == (1, 1, 2, 4)


def test_copies_of_every_sample_change_nothing() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.random(60) < 0.5).tolist(), (rng.random(60) < 0.3).tolist()
    once = compare(a, b)
    names = list(range(60)) * 5
    five = compare(a * 5, b * 5, names)
    assert five.n_pairs == 300
    assert (five.difference, five.low, five.high, five.p) == (once.difference, once.low, once.high, once.p)


def test_nothing_to_compare_is_typed() -> None:
    for a, b in (([], []), ([None, True], [False, None])):
        result = compare(a, b)
        assert (result.difference, result.low, result.high, result.p) == (None,) * 4
        assert result.n_pairs == 0 and result.method == "none" and result.dropped == len(a)
    with pytest.raises(SophroError, match="paired answers"):
        compare([True], [])
    with pytest.raises(SophroError, match="cluster names"):
        compare([None], [None], ["a", "b"])


def test_equal_arms_still_have_an_interval() -> None:
    same = compare([True, False] * 25, [True, False] * 25)
    upper = wilson(0, 50)[1]
    assert same.method == "bound" and same.p == 1.0
    assert (same.difference, same.low, same.high) == (0.0, -upper, upper)
    opposite = compare([True] * 50, [False] * 50)
    assert (opposite.difference, opposite.low, opposite.high) == (1.0, 1 - 2 * upper, 1.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(flag, flag, st.integers(0, 12)), max_size=40), st.randoms())
def test_compare_properties(rows: list[tuple[bool | None, bool | None, int]], random: object) -> None:
    def run(rows: list[tuple[bool | None, bool | None, int]]):
        return compare([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], resamples=300)

    result = run(rows)
    swapped = run([(b, a, c) for a, b, c in rows])
    assert (swapped.only_a, swapped.only_b, swapped.p) == (result.only_b, result.only_a, result.p)
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert run(shuffled) == result
    if result.difference is not None:
        assert -1 <= result.low <= result.difference <= result.high <= 1
        assert swapped.difference == pytest.approx(-result.difference, abs=1e-12)
        assert (swapped.low, swapped.high) == pytest.approx((-result.high, -result.low), abs=1e-12)
    assert "NaN" not in json.dumps(result.to_dict())


def test_paired_bootstrap_covers_at_the_nominal_level() -> None:
    rng = np.random.default_rng(11)
    n, truth, runs, hits = 150, 0.15, 1500, 0
    for seed in range(runs):
        # Cells: both, only a, only b, neither, so that the difference is 0.25 - 0.10.
        cell = rng.choice(4, size=n, p=[0.2, 0.25, 0.1, 0.45])
        ends = paired_bootstrap(
            (cell <= 1).tolist(), ((cell == 0) | (cell == 2)).tolist(), resamples=1000, seed=seed
        )
        hits += ends.low <= truth <= ends.high
    assert 0.93 <= hits / runs <= 0.97


def test_clustered_comparison_covers_where_pooling_would_not() -> None:
    rng = np.random.default_rng(12)
    behaviours, seeds, runs, hits, naive = 60, 5, 600, 0, 0
    names = np.repeat(np.arange(behaviours), seeds)
    for seed in range(runs):
        # Each behaviour has its own rates, equal on average between the arms: the true difference is 0.
        pa, pb = rng.beta(0.5, 0.5, behaviours), rng.beta(0.5, 0.5, behaviours)
        a, b = rng.random(len(names)) < pa[names], rng.random(len(names)) < pb[names]
        ends = paired_bootstrap(a.tolist(), b.tolist(), names.tolist(), resamples=600, seed=seed)
        pooled = paired_bootstrap(a.tolist(), b.tolist(), resamples=600, seed=seed)
        hits += ends.low <= 0 <= ends.high
        naive += pooled.low <= 0 <= pooled.high
    assert 0.92 <= hits / runs <= 0.97
    assert naive / runs < 0.85
