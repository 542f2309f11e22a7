"""The probe equals scikit-learn's regression, also where there are more columns than rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sophro.errors import SophroError
from sophro.stats import logistic_probe, spearman


@pytest.mark.parametrize(("n", "d", "ridge"), [(60, 4, 1.0), (20, 50, 1.0), (30, 30, 0.1), (40, 3, 10.0)])
def test_probe_equals_sklearn(n, d, ridge):
    rng = np.random.default_rng(n)
    x = rng.normal(size=(n, d)) + 0.5
    y = x[:, 0] + rng.normal(size=n) > 0.5
    theirs = LogisticRegression(C=1 / ridge, tol=1e-12, max_iter=20_000).fit(x, y)
    ours = logistic_probe(x, y, ridge)
    np.testing.assert_allclose(ours.weights, theirs.coef_[0], atol=2e-5)
    assert ours.bias == pytest.approx(theirs.intercept_[0], abs=2e-5)
    np.testing.assert_allclose(ours(x), theirs.decision_function(x), atol=1e-4)


def test_duplicate_and_constant_columns_do_no_harm():
    x = np.column_stack([np.arange(10.0), np.arange(10.0), np.zeros(10)])
    got = logistic_probe(x, np.arange(10) > 4)
    assert got.weights[0] == pytest.approx(got.weights[1]) and got.weights[2] == 0


@pytest.mark.parametrize(
    ("x", "y", "ridge", "message"),
    [
        ([[1.0], [2.0]], [True, True], 1.0, "both classes"),
        ([[1.0], [np.nan]], [True, False], 1.0, "finite"),
        ([[1.0]], [True, False], 1.0, "N labels"),
        ([[1.0], [2.0]], [True, False], 0.0, "ridge"),
    ],
)
def test_bad_input(x, y, ridge, message):
    with pytest.raises(SophroError, match=message):
        logistic_probe(x, y, ridge)


def test_spearman_needs_pairs():
    with pytest.raises(SophroError, match="both sides"):
        spearman([1.0, 2.0], [1.0])
