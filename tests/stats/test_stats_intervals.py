import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from sophro.errors import SophroError
from sophro.stats import rate, rule_of_three, wilson


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(6, 50, 5.6, 23.8), (0, 50, 0, 7.1), (0, 300, 0, 1.3), (10, 150, 3.7, 11.8)]
)
def test_wilson_gives_the_figures_of_the_card(k: int, n: int, low: float, high: float) -> None:
    assert [round(100 * x, 1) for x in wilson(k, n)] == [low, high]


@given(st.integers(1, 5000), st.floats(0, 1), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_wilson_equals_statsmodels(n: int, share: float, confidence: float) -> None:
    k = round(share * n)
    expected = proportion_confint(k, n, alpha=1 - confidence, method="wilson")
    assert wilson(k, n, confidence) == pytest.approx(expected, abs=1e-12)


@given(st.integers(1, 100_000), st.data())
def test_wilson_contains_the_share_and_mirrors(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1
    other = wilson(n - k, n)
    assert (1 - other[1], 1 - other[0]) == pytest.approx((low, high), abs=1e-9)


def test_wilson_covers_at_the_nominal_level() -> None:
    n, p = 150, 0.3
    ks = np.random.default_rng(1).binomial(n, p, size=20_000)
    ends = {int(k): wilson(int(k), n) for k in np.unique(ks)}
    covered = np.mean([ends[int(k)][0] <= p <= ends[int(k)][1] for k in ks])
    assert 0.93 <= covered <= 0.97


def test_wilson_refuses_impossible_counts_and_levels() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(SophroError, match="3 successes in 2 trials"):
        wilson(3, 2)
    with pytest.raises(SophroError, match=r"0\.95 for 95 %"):
        wilson(1, 2, confidence=95)


def test_rule_of_three_is_the_exact_bound() -> None:
    assert rule_of_three(300) == pytest.approx(3 / 300, rel=0.01)
    assert (1 - rule_of_three(40)) ** 40 == pytest.approx(0.05)
    assert rule_of_three(0) == 1.0
    with pytest.raises(SophroError):
        rule_of_three(-1)


def test_rate_counts_what_was_not_scored() -> None:
    r = rate([True, None, False, False, None])
    assert (r.k, r.n, r.unscored, r.value, r.coverage, r.method) == (1, 3, 2, 1 / 3, 3 / 5, "wilson")
    assert (r.low, r.high) == wilson(1, 3)


@pytest.mark.parametrize("flags", [[], [None, None]])
def test_a_rate_of_nothing_is_none(flags: list[None]) -> None:
    r = rate(flags, clusters=list(range(len(flags))))
    assert (r.value, r.low, r.high, r.n, r.unscored, r.method) == (None, None, None, 0, len(flags), "none")
    assert r.coverage == (None if not flags else 0.0)


def test_repeated_clusters_widen_the_interval() -> None:
    flags = [c % 3 == 0 for c in range(30) for _ in range(10)]
    names = [c for c in range(30) for _ in range(10)]
    independent, clustered = rate(flags), rate(flags, names)
    assert clustered.method == "bootstrap" and clustered.clusters == 30
    assert clustered.low is not None and clustered.high is not None
    assert independent.low is not None and independent.high is not None
    # Ten equal answers per behaviour carry the information of one: the width is that of n = 30.
    low, high = wilson(10, 30)
    assert clustered.high - clustered.low == pytest.approx(high - low, rel=0.15)
    assert clustered.high - clustered.low > 2 * (independent.high - independent.low)


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        ([False] * 20, [i // 2 for i in range(20)]),
        ([True] * 20, [i // 2 for i in range(20)]),
        ([True, False, True], ["one"] * 3),
        ([True, False] * 10, [i // 2 for i in range(20)]),
    ],
)
def test_without_spread_the_interval_is_wilsons_on_clusters(flags: list[bool], names: list[object]) -> None:
    r = rate(flags, names)
    count = len(set(names))
    assert r.method == "wilson_clusters" and r.value is not None
    assert (r.low, r.high) == wilson(r.value * count, count)
    assert r.high != r.low


@given(
    st.lists(st.tuples(st.sampled_from([True, False, None]), st.integers(0, 5)), max_size=40), st.randoms()
)
def test_rate_is_ordered_and_blind_to_order(rows: list[tuple[bool | None, int]], random: object) -> None:
    r = rate([f for f, _ in rows], [c for _, c in rows])
    assert r.n + r.unscored == len(rows)
    if r.value is not None:
        assert r.low is not None and r.high is not None
        assert 0 <= r.low <= r.value <= r.high <= 1
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rate([f for f, _ in shuffled], [c for _, c in shuffled]) == r
    assert "NaN" not in json.dumps(r.to_dict())


def test_rate_covers_with_thirty_clusters() -> None:
    rng, names, runs, hits = np.random.default_rng(4), np.repeat(np.arange(30), 5), 500, 0
    for seed in range(runs):
        shares = rng.beta(0.9, 2.1, size=30)  # mean 0.3, behaviours differ strongly
        r = rate((rng.random(150) < shares[names]).tolist(), names.tolist(), seed=seed)
        assert r.low is not None and r.high is not None
        hits += r.low <= 0.3 <= r.high
    assert 0.92 <= hits / runs <= 0.97


def test_rate_refuses_clusters_that_do_not_fit() -> None:
    with pytest.raises(SophroError, match="1 cluster names for 2"):
        rate([True, None], ["a"])
