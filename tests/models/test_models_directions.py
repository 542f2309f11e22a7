"""Directions against hand cases, scikit-learn, and the invariants of the method cards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from sophro.errors import SophroError
from sophro.models.directions import (
    Moments,
    difference_of_means,
    onto,
    shared_and_specific,
    svd_subspace,
    unit,
    without,
)

RNG = np.random.default_rng(0)


def test_difference_of_means_by_hand():
    np.testing.assert_array_equal(difference_of_means([[1.0, 2], [3, 4]], [[0.0, 0], [0, 2]]), [2.0, 2.0])


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_parts_along_and_across_an_axis_make_the_whole(seed):
    rng = np.random.default_rng(seed)
    vectors, axis = rng.normal(size=(3, 7)), rng.normal(size=7)
    along, across = onto(vectors, axis), without(vectors, axis)
    np.testing.assert_allclose(along + across, vectors, atol=1e-12)
    np.testing.assert_allclose(across @ axis, 0, atol=1e-10)
    np.testing.assert_allclose(onto(along, axis), along, atol=1e-12)
    np.testing.assert_allclose(onto(vectors, -3 * axis), along, atol=1e-12)


def test_layers_have_their_own_axis():
    vectors, axes = RNG.normal(size=(4, 7)), RNG.normal(size=(4, 7))
    for i in range(4):
        np.testing.assert_allclose(onto(vectors, axes)[i], onto(vectors[i], axes[i]))


def test_subspace_equals_sklearn_and_its_signs_are_fixed():
    data = RNG.normal(size=(30, 8)) * np.arange(1, 9)
    ours, theirs = svd_subspace(data, 3), PCA(3).fit(data)
    np.testing.assert_allclose(np.abs(ours.basis @ theirs.components_.T), np.eye(3), atol=1e-8)
    np.testing.assert_allclose(ours.explained, theirs.explained_variance_ratio_, atol=1e-10)
    mirrored = svd_subspace(2 * data.mean(0) - data, 3)
    np.testing.assert_allclose(mirrored.basis, ours.basis, atol=1e-8)


def test_moments_do_not_depend_on_the_cut_into_batches():
    data = RNG.normal(size=(50, 2, 3)) + 1e6  # far from zero: a sum of squares would lose everything
    one, many = Moments((2, 3)), Moments((2, 3))
    one.add(data)
    for part in np.split(data, [1, 7, 7, 30]):
        many.add(part)
    np.testing.assert_allclose(many.mean, data.mean(0), rtol=1e-14)
    np.testing.assert_allclose(many.variance, data.var(0, ddof=1), rtol=1e-6)
    np.testing.assert_allclose(one.variance, many.variance, rtol=1e-9)


def test_shared_and_specific_keep_the_invariants_of_lens():
    means = RNG.normal(size=(4, 9)) + 5
    found = shared_and_specific(means)
    assert found.specific.shape == (3, 9)
    back = found.shared + (means - found.shared) @ found.specific.T @ found.specific
    np.testing.assert_allclose(back, means, rtol=1e-6)
    np.testing.assert_allclose((means[:, None] - means) @ found.shared, 0, atol=1e-9)
    np.testing.assert_allclose(means @ found.shared, found.shared @ found.shared)
    # The card's own formula: a = pinv(M)^T 1, scaled by 1/|a|^2.
    raw = np.linalg.pinv(means.T).T @ np.ones(4)
    np.testing.assert_allclose(found.shared, raw / (raw @ raw), atol=1e-9)
    order = shared_and_specific(means[[2, 0, 3, 1]])
    np.testing.assert_allclose(
        order.specific.T @ order.specific, found.specific.T @ found.specific, atol=1e-9
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: difference_of_means([[1.0, 2]], [[1.0, 2]]), "same mean"),
        (
            lambda: difference_of_means(np.ones((2, 3, 4)), np.ones((2, 3, 4)) + np.eye(3, 4)[[0, 0]].sum()),
            None,
        ),
        (lambda: difference_of_means(np.zeros((0, 4)), np.ones((2, 4))), "empty"),
        (lambda: difference_of_means([[np.nan, 1.0]], [[0.0, 1.0]]), "NaN"),
        (lambda: unit([0.0, 0.0]), "zero"),
        (lambda: unit([np.inf, 0.0]), "NaN or infinite"),
        (lambda: svd_subspace(np.ones((5, 3)), 1), "0 independent"),
        (lambda: svd_subspace(np.eye(3), 3), "2 independent"),
        (lambda: shared_and_specific([[1.0, 2.0]]), "two classes"),
        (lambda: shared_and_specific([[1.0, 2], [3, 4], [1, 2]]), "classes 1 and 3"),
        (lambda: Moments((2,)).add(np.array([[1.0, np.inf]])), "overflows"),
        (lambda: Moments((2,)).add(np.ones((1, 3))), "shape"),
    ],
)
def test_a_direction_that_is_not_there_is_an_error(call, message):
    if message is None:
        assert np.isfinite(call()).all()
        return
    with pytest.raises(SophroError, match=message):
        call()
