"""Area under the curve and F1 against scikit-learn, the area's interval against a bootstrap."""

from __future__ import annotations

import numpy as np
import pytest

from sophro.errors import SophroError
from sophro.stats import auroc, f1_score, mean_of_rates, share_regained

RNG = np.random.default_rng(5)
TRUTH = RNG.random(400) < 0.3
SCORES = np.round(RNG.normal(size=400) + TRUTH, 1)  # rounded: many ties


def test_values_are_scikit_learn_s():
    metrics = pytest.importorskip("sklearn.metrics")
    assert auroc(TRUTH.tolist(), SCORES.tolist()).value == pytest.approx(metrics.roc_auc_score(TRUTH, SCORES))
    said = SCORES > 0.5
    assert f1_score(TRUTH.tolist(), said.tolist()).value == pytest.approx(metrics.f1_score(TRUTH, said))


def test_the_interval_of_the_area_is_that_of_a_bootstrap():
    found = auroc(TRUTH.tolist(), SCORES.tolist())
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(2000):
        i = rng.integers(0, 400, 400)
        draws.append(auroc(TRUTH[i].tolist(), SCORES[i].tolist()).value)
    assert found.low == pytest.approx(np.quantile(draws, 0.025), abs=0.01)
    assert found.high == pytest.approx(np.quantile(draws, 0.975), abs=0.01)


def test_perfect_and_missing_data():
    perfect = auroc([True] * 5 + [False] * 5, [1.0] * 5 + [0.0] * 5)
    assert (
        perfect.value == 1.0 and perfect.method == "bound" and perfect.low is not None and perfect.low < 0.7
    )
    assert auroc([True, True], [0.1, 0.2]).value is None
    assert f1_score([False, False], [False, False]).value is None
    assert f1_score([True, False], [False, False]).value == 0.0
    with pytest.raises(SophroError, match="pairs"):
        auroc([True], [0.1, 0.2])
    with pytest.raises(SophroError, match="pairs"):
        f1_score([True], [True, False])


def test_clusters_widen_the_interval_of_f1():
    truth, said = [True] * 60 + [False] * 60, ([True] * 20 + [False] * 10) * 4
    alone = f1_score(truth, said)
    tied = f1_score(truth, said, clusters=[i // 10 for i in range(120)])
    assert tied.value == alone.value and tied.high - tied.low > alone.high - alone.low


def test_groups_weigh_the_same_whatever_their_size():
    flags = [True] * 90 + [False] * 10
    groups = ["big"] * 90 + ["small"] * 10
    found = mean_of_rates(flags, groups, list(range(100)))
    assert found.value == 0.5
    mixed = mean_of_rates([True, False] * 50, ["a", "a", "b", "b"] * 25, [i // 4 for i in range(100)])
    assert mixed.value == 0.5 and mixed.method == "constant"


def test_share_regained_by_hand():
    before, under = [True] * 10, [True] * 2 + [False] * 8
    everything, nothing = (
        share_regained(before, under, before, range(10)),
        share_regained(before, under, under, range(10)),
    )
    assert everything.value == 1.0 and nothing.value == 0.0
    half = share_regained(before, under, [True] * 6 + [False] * 4, range(10))
    assert half.value == 0.5 and half.low is not None and half.low < 0.5 < half.high
    worse = share_regained(before, under, [False] * 10, range(10))
    assert worse.value is not None and worse.value < 0
    assert share_regained(under, under, before, range(10)).value is None, "nothing was lost"
    with pytest.raises(SophroError, match="threes"):
        share_regained([True], [True], [], [0])
