import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from sophro.errors import SophroError
from sophro.stats import agreement, corrected_rate, kappa, kappa_interval, rate, wilson

labels = st.sampled_from(["comply", "partial", "refuse"])


@settings(deadline=None)
@given(st.lists(st.tuples(labels, labels), min_size=1, max_size=60))
def test_kappa_equals_sklearn(pairs: list[tuple[str, str]]) -> None:
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    ours = kappa(a, b)
    if len(set(a) | set(b)) == 1:
        assert ours is None
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ours == pytest.approx(cohen_kappa_score(a, b), abs=1e-12)
    assert ours == kappa(b, a)


def test_kappa_by_hand() -> None:
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed 0.7, chance 0.5.
    a = ["y"] * 25 + ["n"] * 25
    b = ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    assert kappa(a, b) == pytest.approx(0.4)
    ends = kappa_interval(a, b)
    # Cohen's large-sample standard error is about 0.127 here.
    assert (ends.low, ends.high) == pytest.approx((0.4 - 0.25, 0.4 + 0.25), abs=0.03)


def test_kappa_degenerate_cases_are_typed() -> None:
    assert kappa([], []) is None and kappa_interval([], []).method == "none"
    assert kappa_interval([1] * 9, [1] * 9).value is None
    perfect = kappa_interval(["a", "b"] * 20, ["a", "b"] * 20)
    assert (perfect.value, perfect.high, perfect.method) == (1.0, 1.0, "bound")
    assert perfect.low == pytest.approx(1 - 2 * wilson(0, 40)[1])
    one = kappa_interval(["a", "b", "a"], ["a", "b", "b"], clusters=["q"] * 3)
    assert one.method == "bound" and one.low < one.value < one.high
    with pytest.raises(SophroError, match="labels in pairs"):
        kappa(["a"], [])


def test_kappa_interval_covers() -> None:
    rng = np.random.default_rng(2)
    # True table with kappa = (0.8 - 0.5) / 0.5 = 0.6.
    runs, hits = 600, 0
    for seed in range(runs):
        cell = rng.choice(4, size=200, p=[0.4, 0.1, 0.1, 0.4])
        ends = kappa_interval((cell // 2).tolist(), (cell % 2).tolist(), resamples=600, seed=seed)
        hits += ends.low <= 0.6 <= ends.high
    assert 0.925 <= hits / runs <= 0.975


def test_agreement_counts_sides_and_unscored() -> None:
    truth = ["refuse"] * 4 + ["comply"] * 6
    said = ["refuse", "refuse", "comply", None, "comply", "comply", "comply", "refuse", "comply", None]
    result = agreement(truth, said, "refuse")
    assert (result.n, result.unscored) == (8, 2)
    assert (result.sensitivity.k, result.sensitivity.n, result.sensitivity.unscored) == (2, 3, 1)
    assert (result.specificity.k, result.specificity.n, result.specificity.unscored) == (4, 5, 1)
    assert (result.accuracy.k, result.accuracy.n) == (6, 8)
    pairs = [(t, s) for t, s in zip(truth, said, strict=True) if s is not None]
    assert result.kappa.value == pytest.approx(
        cohen_kappa_score([t for t, _ in pairs], [s for _, s in pairs])
    )
    assert "NaN" not in json.dumps(result.to_dict())


def test_agreement_with_an_absent_class_says_so() -> None:
    result = agreement(["comply"] * 5, ["comply"] * 5, "refuse")
    assert result.sensitivity.n == 0 and result.sensitivity.value is None and result.sensitivity.low is None
    assert result.kappa.value is None and result.specificity.value == 1.0
    empty = agreement([], [], "refuse")
    assert empty.n == 0 and empty.kappa.value is None and empty.accuracy.value is None
    silent = agreement(["comply", "refuse"], [None, None], "refuse")
    assert (silent.n, silent.unscored, silent.kappa.value) == (0, 2, None)


def test_agreement_refuses_bad_input() -> None:
    with pytest.raises(SophroError, match=r"truth\[1\] is None"):
        agreement(["a", None], ["a", "a"], "a")
    with pytest.raises(SophroError, match="labels in pairs"):
        agreement(["a"], ["a", "a"], "a")
    with pytest.raises(SophroError, match="cluster names"):
        agreement(["a"], ["a"], "a", clusters=["q", "r"])


def test_agreement_resamples_questions() -> None:
    truth, said = ["r", "c"] * 50, ["r", "c", "c", "c"] * 25
    wide = agreement(truth, said, "r", clusters=[i // 20 for i in range(100)])
    narrow = agreement(truth, said, "r")
    assert wide.sensitivity.clusters == 5 and narrow.sensitivity.clusters == 50
    assert wide.kappa.units == 5 and narrow.kappa.units == 100


def test_corrected_rate_by_hand() -> None:
    # 30 % observed, Se 0.9, Sp 0.8: (0.3 + 0.8 - 1) / 0.7.
    result = corrected_rate(30, 100, 90, 100, 80, 100)
    assert result.value == pytest.approx(0.1 / 0.7) and result.refused is None
    assert 0.0 <= result.low <= result.value <= result.high <= 1.0
    assert corrected_rate(5, 100, 90, 100, 80, 100).value == 0.0
    assert corrected_rate(99, 100, 90, 100, 80, 100).value == 1.0
    assert corrected_rate(30, 100, 90, 100, 80, 100) == result


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ((3, 10, 5, 10, 5, 10), "no information"),
        ((3, 10, 2, 10, 1, 10), "no information"),
        ((3, 10, 0, 0, 9, 10), "no truly positive"),
        ((3, 10, 9, 10, 0, 0), "no truly negative"),
        ((0, 0, 9, 10, 9, 10), "no response was scored"),
    ],
)
def test_a_useless_judge_is_refused_with_the_reason(counts: tuple[int, ...], reason: str) -> None:
    result = corrected_rate(*counts)
    assert (result.value, result.low, result.high) == (None, None, None)
    assert result.refused is not None and reason in result.refused


def test_impossible_counts_are_errors() -> None:
    with pytest.raises(SophroError, match="sensitivity: 11 of 10"):
        corrected_rate(1, 10, 11, 10, 1, 10)


def test_a_judge_with_no_seen_error_is_not_taken_for_perfect() -> None:
    few, many = (
        corrected_rate(30, 100, 10, 10, 10, 10),
        corrected_rate(30, 100, 10_000, 10_000, 10_000, 10_000),
    )
    assert few.value == many.value == pytest.approx(0.3)
    assert few.high - few.low > 1.1 * (many.high - many.low)
    assert (many.low, many.high) == pytest.approx(wilson(30, 100), abs=0.01)


def test_a_barely_useful_judge_excludes_nothing() -> None:
    result = corrected_rate(50, 100, 11, 20, 10, 20)
    assert (result.low, result.high) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("p", "se", "sp", "n", "checked"),
    [(0.3, 0.9, 0.9, 300, 150), (0.1, 0.85, 0.95, 400, 100), (0.5, 0.7, 0.8, 200, 200)],
)
def test_corrected_rate_covers_at_the_nominal_level(
    p: float, se: float, sp: float, n: int, checked: int
) -> None:
    rng = np.random.default_rng(7)
    runs, hits = 1500, 0
    for seed in range(runs):
        k = rng.binomial(n, p * se + (1 - p) * (1 - sp))
        s, t = rng.binomial(checked, se), rng.binomial(checked, sp)
        r = corrected_rate(int(k), n, int(s), checked, int(t), checked, resamples=1000, seed=seed)
        assert r.low is not None and r.high is not None
        hits += r.low <= p <= r.high
    assert 0.93 <= hits / runs <= 0.975


def test_rate_carries_the_correction() -> None:
    truth = [True] * 50 + [False] * 50
    said: list[bool | None] = [True] * 45 + [False] * 5 + [False] * 40 + [True] * 10
    judge = agreement(truth, said, True)
    flags = [True] * 60 + [False] * 140
    plain = rate(flags, judge=judge)
    assert plain.corrected is not None
    assert plain.corrected.value == pytest.approx((0.3 + 0.8 - 1) / 0.7)
    assert plain.corrected == corrected_rate(60, 200, 45, 50, 40, 50)
    clustered = rate(flags, [i // 10 for i in range(200)], judge=judge)
    assert clustered.corrected is not None and plain.corrected.high is not None
    assert clustered.corrected.value == plain.corrected.value
    assert clustered.corrected.high > plain.corrected.high
    none = rate([None], judge=judge)
    assert none.corrected is not None and none.corrected.refused == "no response was scored"
    zero = rate([False] * 40, [i // 4 for i in range(40)], judge=judge)
    apart = rate([False] * 40, judge=judge)
    assert zero.corrected is not None and apart.corrected is not None
    assert zero.corrected.value == 0.0 and zero.corrected.high > apart.corrected.high
    json.dumps(clustered.to_dict())
