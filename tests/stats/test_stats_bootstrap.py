import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap

from sophro.errors import SophroError
from sophro.stats import bootstrap_mean, paired_bootstrap
from sophro.stats._bootstrap import resample_totals

floats = st.floats(-1e3, 1e3, allow_nan=False)


def test_bootstrap_of_a_mean_equals_scipy() -> None:
    values = np.random.default_rng(3).gamma(2.0, size=80)
    ours = bootstrap_mean(values.tolist(), resamples=40_000)
    theirs = bootstrap((values,), np.mean, method="percentile", n_resamples=40_000, rng=4).confidence_interval
    width = theirs.high - theirs.low
    assert ours.value == pytest.approx(values.mean())
    assert ours.low == pytest.approx(theirs.low, abs=0.03 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.03 * width)


def test_bootstrap_of_clusters_equals_scipy_on_cluster_sums() -> None:
    rng = np.random.default_rng(5)
    sizes = rng.integers(1, 6, size=40)
    names = np.repeat(np.arange(40), sizes)
    values = (rng.random(40)[names] + 0.2 * rng.random(len(names))).round(3)
    sums = np.bincount(names, values)
    ours = bootstrap_mean(values.tolist(), names.tolist(), resamples=40_000)

    def ratio(s: np.ndarray, c: np.ndarray, axis: int) -> np.ndarray:
        return s.sum(axis=axis) / c.sum(axis=axis)

    theirs = bootstrap(
        (sums, sizes), ratio, paired=True, method="percentile", n_resamples=40_000, vectorized=True, rng=6
    ).confidence_interval
    assert ours.value == pytest.approx(values.mean())
    assert (ours.low, ours.high) == pytest.approx(
        (theirs.low, theirs.high), abs=0.03 * (theirs.high - theirs.low)
    )


def test_few_and_many_different_rows_draw_from_the_same_distribution() -> None:
    # 60 units in 60 kinds take the multinomial path, 200 in 200 kinds the gathering one.
    for units in (60, 200):
        totals = np.column_stack([np.arange(units, dtype=float), np.ones(units)])
        drawn = resample_totals(totals, 20_000, seed=0)
        assert (drawn[:, 1] == units).all()
        assert drawn[:, 0].mean() == pytest.approx(totals[:, 0].sum(), rel=0.005)
        assert drawn[:, 0].var() == pytest.approx(units * totals[:, 0].var(), rel=0.04)


def test_memory_stays_bounded_and_chunks_do_not_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sophro.stats._bootstrap._CHUNK", 1000)
    totals = np.column_stack([np.arange(100.0), np.ones(100)])
    drawn = resample_totals(totals, 50, seed=0)
    assert drawn.shape == (50, 2) and len(np.unique(drawn[:, 0])) > 40


def test_degenerate_inputs_are_typed() -> None:
    assert bootstrap_mean([]).method == "none" and bootstrap_mean([]).value is None
    single = bootstrap_mean([0.2, 0.4], clusters=["x", "x"])
    assert single.method == "constant" and single.units == 1
    assert single.low == single.high == single.value == pytest.approx(0.3)
    with pytest.raises(SophroError, match=r"values\[1\] is not a finite number"):
        bootstrap_mean([1.0, float("nan")])
    with pytest.raises(SophroError, match="paired values"):
        paired_bootstrap([1.0], [1.0, 2.0])
    with pytest.raises(SophroError, match="resamples 0"):
        bootstrap_mean([1.0, 2.0], resamples=0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(floats, floats, st.integers(0, 8)), min_size=1, max_size=30), st.randoms())
def test_paired_bootstrap_properties(rows: list[tuple[float, float, int]], random: object) -> None:
    def run(rows: list[tuple[float, float, int]], seed: int = 0):
        return paired_bootstrap(
            [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], resamples=200, seed=seed
        )

    result = run(rows)
    assert result.low <= result.value <= result.high
    assert run(rows) == result
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert run(shuffled) == result
    swapped = run([(b, a, c) for a, b, c in rows])
    assert swapped.value == pytest.approx(-result.value, abs=1e-9)
    assert (swapped.low, swapped.high) == pytest.approx((-result.high, -result.low), abs=1e-9)


def test_another_seed_draws_otherwise() -> None:
    values = np.random.default_rng(0).random(50).tolist()
    assert bootstrap_mean(values, seed=1) != bootstrap_mean(values, seed=2)
    assert bootstrap_mean(values, seed=1) == bootstrap_mean(values, seed=1)
