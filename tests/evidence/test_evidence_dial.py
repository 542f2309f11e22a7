"""Two adapters at equal recovery, by hand."""

from __future__ import annotations

import pytest

from sophro.evidence._dial import Dial, at_equal_recovery


def dial(bias, harmful, plain):
    return Dial(bias, {"harmful": harmful, "plain": plain})


def test_the_second_fires_as_often_and_is_counted_there():
    # The first fires on 3 of 4 starts at bias 1 and on 2 of 4 plain prompts.
    first = dial(1.0, [0.5, 0.0, -0.9, -3.0], [-0.5, -0.99, -1.5, -9.0])
    # The second needs bias 2 for three starts and then reflects on one plain prompt.
    second = dial(9.0, [4.0, -1.0, -2.0, -7.0], [-1.9, -2.5, -8.0, -9.0])
    found = at_equal_recovery([first], [second])
    assert (found.fired, found.n) == (3, 4)
    assert found.biases[0] == pytest.approx((0.9, 2.0), abs=1e-3)
    change = found.change["plain"]
    # At 0.9 the first reflects on one plain prompt, at 2.0 the second on none but the one at -1.9.
    assert (change.only_a, change.only_b, change.n_pairs) == (0, 0, 4) and change.difference == 0.0


def test_less_reflection_at_as_many_firings_is_seen():
    first = dial(0.0, [2.0, 1.0, 0.5], [0.9, 0.6, -1.0])
    second = dial(0.0, [9.0, 8.0, 7.0], [0.9, 0.6, -1.0])
    change = at_equal_recovery([first], [second]).change["plain"]
    assert (change.only_a, change.only_b) == (0, 2)


def test_a_shift_of_every_peak_changes_nothing():
    # What the dial can undo is no gain: all margins half a nat lower, and the bias half a nat higher.
    first = dial(1.0, [0.5, 0.0, -0.9, -3.0], [-0.5, -0.99, -1.5, -9.0])
    moved = dial(0.0, [p - 0.5 for p in first.peaks["harmful"]], [p - 0.5 for p in first.peaks["plain"]])
    found = at_equal_recovery([first], [moved]).change["plain"]
    assert (found.only_a, found.only_b, found.difference) == (0, 0, 0.0)


def test_seeds_are_matched_one_by_one_and_prompts_are_clusters():
    a = [dial(0.0, [1.0, -1.0], [1.0, -1.0]), dial(0.0, [-1.0, -1.0], [-1.0, -1.0])]
    b = [dial(0.0, [2.0, -5.0], [-3.0, -3.0]), dial(0.0, [3.0, 3.0], [-9.0, 5.0])]
    found = at_equal_recovery(a, b)
    assert found.fired == 1 and found.n == 4
    # In the second seed the first never fires, so the bias keeps the second from firing behind every start.
    assert found.biases[1][1] <= -3.0
    assert found.change["plain"].n_pairs == 4 and found.change["plain"].n_behaviours == 2
