"""refusal_triggers: the diagnosis agrees with scikit-learn and scipy, and says where it knows nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import cosine_similarity

from sophro.align.refusal_triggers._diagnose import (
    auroc,
    centred_similarity,
    diagnose,
    quintiles,
    spearman,
)
from sophro.align.refusal_triggers._logistic import logistic
from sophro.errors import SophroError

ROWS = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.9]), st.booleans()), min_size=2, max_size=40)


@settings(deadline=None)
@given(ROWS)
def test_auroc_equals_sklearn_with_ties(rows):
    scores, labels = [s for s, _ in rows], [y for _, y in rows]
    ours = auroc(scores, labels)
    if len(set(labels)) == 1:
        assert ours is None
        return
    assert ours == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert auroc([-s for s in scores], labels) == pytest.approx(1 - ours, abs=1e-12)


@settings(deadline=None)
@given(ROWS)
def test_spearman_equals_scipy(rows):
    scores, labels = [s for s, _ in rows], [y for _, y in rows]
    ours = spearman(scores, labels)
    if len(set(labels)) == 1 or len(set(scores)) == 1:
        assert ours is None
    else:
        assert ours == pytest.approx(spearmanr(scores, labels).statistic, abs=1e-9)


def test_auroc_without_data_is_none():
    assert auroc([], []) is None and auroc([1.0], [True]) is None
    with pytest.raises(SophroError, match="finite"):
        auroc([float("nan"), 1.0], [True, False])
    with pytest.raises(SophroError, match="one value per prompt"):
        auroc([1.0], [True, False])


def test_quintiles_follow_the_scores_and_count_the_unscored():
    scores = np.random.default_rng(0).permutation(100) / 100
    refused = [None if s == 0.99 else bool(s >= 0.6) for s in scores]
    rates = quintiles(scores, refused)
    assert [(r.k, r.n, r.unscored) for r in rates] == [(0, 20, 0)] * 3 + [(20, 20, 0), (19, 19, 1)]


def test_equal_scores_stay_in_one_fifth():
    rates = quintiles([0.5] * 30, [True] * 30)
    assert sorted(r.n for r in rates) == [0, 0, 0, 0, 30]
    assert all(r.value is None for r in rates if not r.n)
    assert [r.n for r in quintiles([], [])] == [0] * 5


@pytest.mark.parametrize("top", [1, 3])
def test_similarity_equals_sklearn_after_centring(top):
    rng = np.random.default_rng(1)
    h, t = rng.normal(size=(20, 8)) + 5, rng.normal(size=(6, 8)) + 5
    mean = h.mean(axis=0)
    expected = np.sort(cosine_similarity(h - mean, t - mean), axis=1)[:, -top:].mean(axis=1)
    assert centred_similarity(h, t, top) == pytest.approx(expected)
    assert centred_similarity(h, t, top, mean=np.zeros(8)) == pytest.approx(
        np.sort(cosine_similarity(h, t), axis=1)[:, -top:].mean(axis=1)
    )


def test_trap_raw_cosine_of_states_with_a_common_direction_says_nothing():
    rng = np.random.default_rng(2)
    common = np.full(16, 50.0)
    near, far = np.eye(16)[0] * 3, np.eye(16)[1] * 3
    h = common + np.concatenate(
        [near + 0.1 * rng.normal(size=(20, 16)), far + 0.1 * rng.normal(size=(20, 16))]
    )
    t = (common + near)[None] + 0.1 * rng.normal(size=(3, 16))
    raw = centred_similarity(h, t, mean=np.zeros(16))
    assert raw.min() > 0.99
    centred = centred_similarity(h, t)
    assert centred[:20].min() > 0.9 and centred[20:].max() < -0.9


def test_similarity_needs_directions_and_shapes():
    h = np.random.default_rng(3).normal(size=(4, 3))
    with pytest.raises(SophroError, match="row 0 of h equals the mean"):
        centred_similarity(h[:1], h[1:])
    with pytest.raises(SophroError, match="row 1 of t equals the mean"):
        centred_similarity(h, np.stack([h[0], h.mean(axis=0)]))
    with pytest.raises(SophroError, match="columns"):
        centred_similarity(h, h[:, :2])
    for top in (0, 5):
        with pytest.raises(SophroError, match="top"):
            centred_similarity(h, h, top)
    with pytest.raises(SophroError, match="top"):
        centred_similarity(h, h[:0])
    with pytest.raises(SophroError, match="dimensions"):
        centred_similarity(h[0], h)
    assert len(centred_similarity(h[:0], h)) == 0


def world(n=300, seed=0, trigger=1.5, residue=0.0, length=0.0):
    """Refusal caused by the three predictors with these weights; residue is correlated with trigger."""
    rng = np.random.default_rng(seed)
    t = rng.normal(size=n)
    r = 0.6 * t + 0.8 * rng.normal(size=n)
    z = rng.normal(size=n)
    logit = trigger * t + residue * r + length * z - 0.3
    y = rng.random(n) < 1 / (1 + np.exp(-logit))
    return y.tolist(), t, r, rng.normal(size=n), 30 + 10 * z


@pytest.mark.parametrize("ridge", [0.1, 1.0, 20.0])
@pytest.mark.parametrize("seed", range(3))
def test_logistic_equals_sklearn(ridge, seed):
    y, t, r, _, length = world(n=120, seed=seed, length=1.0)
    x = np.column_stack([t, r, (length - 30) / 10])
    fit = logistic(x, y, bootstrap=50, seed=0, ridge=ridge)
    other = LogisticRegression(C=1 / ridge, tol=1e-10, max_iter=5000).fit(x, y)
    assert [c.value for c in fit.coefficients] == pytest.approx(other.coef_[0].tolist(), abs=1e-5)
    assert fit.intercept == pytest.approx(float(other.intercept_[0]), abs=1e-5)


def test_bootstrap_equals_refits_of_resampled_rows():
    y, t, r, _, _ = world(n=80, seed=5)
    x = np.column_stack([t, r])
    fit = logistic(x, y, bootstrap=200, seed=7)
    counts = np.random.default_rng(7).multinomial(80, np.full(80, 1 / 80), size=200)
    refits = np.array(
        [LogisticRegression(tol=1e-10, max_iter=5000).fit(x, y, sample_weight=c).coef_[0] for c in counts]
    )
    low, high = np.quantile(refits, [0.025, 0.975], axis=0)
    assert [c.low for c in fit.coefficients] == pytest.approx(low.tolist(), abs=1e-4)
    assert [c.high for c in fit.coefficients] == pytest.approx(high.tolist(), abs=1e-4)
    assert fit.resamples == 200 and fit == logistic(x, y, bootstrap=200, seed=7)


def test_separated_classes_stay_finite():
    x = np.concatenate([np.full(30, -1.0), np.full(30, 1.0)])[:, None]
    fit = logistic(x, [False] * 30 + [True] * 30, bootstrap=100)
    (c,) = fit.coefficients
    assert c.value is not None and c.high is not None and 2 < c.value < 10 and np.isfinite(c.high)
    wild = logistic(1e3 * x + np.arange(60)[:, None], [False] * 30 + [True] * 30, bootstrap=20)
    assert wild.reason == "" and np.isfinite(wild.coefficients[0].value)


def test_no_fit_has_a_reason():
    x = np.random.default_rng(0).normal(size=(40, 2))
    few = logistic(x, [True] * 9 + [False] * 31)
    assert (few.intercept, few.coefficients) == (None, ()) and "9 refused" in few.reason
    assert "all 40" in logistic(x, [True] * 40).reason
    assert "constant" in logistic(np.column_stack([x, np.ones(40)]), [True, False] * 20).reason
    with pytest.raises(SophroError, match="ridge"):
        logistic(x, [True, False] * 20, ridge=0)
    with pytest.raises(SophroError, match="one value per prompt"):
        logistic(x, [True])


def test_a_planted_mechanism_is_found():
    result = diagnose(*world())
    assert result.mechanism_holds is True
    assert result.coefficients is not None and set(result.coefficients) == {"trigger", "residue", "length"}
    assert (
        result.auroc["trigger"] > 0.75 > result.auroc["residue"] and abs(result.auroc["random"] - 0.5) < 0.1
    )
    assert result.by_quintile is not None and result.by_quintile[0].value < result.by_quintile[4].value
    assert result.spearman > 0.3 and result.reasons == {}


def test_trap_length_and_residue_as_confounders_are_not_the_mechanism():
    y, t, _, z, length = world(trigger=0.0, residue=1.5, seed=3)
    residue = world(trigger=0.0, residue=1.5, seed=3)[2]
    result = diagnose(y, t, residue, z, length)
    # Alone the trigger looks like a cause, because it goes along with the residue.
    assert result.auroc["trigger"] > 0.6 and result.mechanism_holds is False
    y, t, residue, z, length = world(trigger=0.0, length=2.0, seed=4)
    longer = diagnose(y, t + (length - 30) / 10, residue, z, length)
    assert longer.auroc["trigger"] > 0.65 and longer.mechanism_holds is False


def test_false_alarms_are_rare():
    runs = [diagnose(*world(n=150, seed=s, trigger=0.0), bootstrap=200).mechanism_holds for s in range(100)]
    assert sum(bool(r) for r in runs) <= 8  # 2.5 expected; 9 or more has a chance below 0.1 %


def test_openers_and_unscored_prompts_are_counted():
    y, t, r, z, length = world(n=100)
    flags = [None, None, *y[2:]]
    result = diagnose(flags, t, r, z, length, openers=["how", "please"] * 50)
    assert (result.refused.n, result.refused.unscored) == (98, 2)
    assert result.by_opener["how"].n + result.by_opener["please"].n == 98
    assert result.auroc["trigger"] == auroc(t[2:], y[2:])
    assert result.spearman == spearman(t[2:], y[2:])


@pytest.mark.parametrize("flags", [[], [None] * 3, [True] * 40, [False] * 40, [True, False] * 3])
def test_undefined_values_are_none_with_a_reason(flags):
    rng = np.random.default_rng(0)
    columns = [rng.normal(size=len(flags)) for _ in range(4)]
    result = diagnose(flags, *columns)
    values = result.to_dict()
    named = {"by_quintile", "spearman", "coefficients", "mechanism_holds"}
    missing = {name for name in named if values[name] is None}
    missing |= {f"auroc.{name}" for name, v in values["auroc"].items() if v is None}
    assert missing and missing == set(result.reasons) and all(result.reasons.values())
    assert "NaN" not in json.dumps(values)


def test_predictors_that_cannot_be_told_apart_are_refused_an_answer():
    y, t, r, z, length = world(n=100)
    same = diagnose(y, t, 2 * t + 1, z, length)
    assert same.mechanism_holds is None and "told apart" in same.reasons["coefficients"]
    flat = diagnose(y, t, r, z, np.full(100, 7))
    assert flat.coefficients is None and flat.reasons["mechanism_holds"] == "length is constant"
    constant = diagnose(y, np.zeros(100), r, z, length)
    assert constant.spearman is None and "constant" in constant.reasons["spearman"]
    assert constant.auroc["trigger"] == 0.5


def test_unequal_columns_are_refused():
    y, t, r, z, length = world(n=30)
    with pytest.raises(SophroError, match="one value per prompt"):
        diagnose(y, t[:-1], r, z, length)
    with pytest.raises(SophroError, match="s_residue holds"):
        diagnose(y, t, np.full(30, np.nan), z, length)
