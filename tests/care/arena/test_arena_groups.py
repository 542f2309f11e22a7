"""Worst groups beside the mean."""

from __future__ import annotations

import pytest

from sophro.care.arena import SIDES, SessionScore, rank
from sophro.stats import bootstrap_mean


def card(client, problem, overall, counselor="m"):
    sides = dict.fromkeys(SIDES, overall)
    return SessionScore(
        f"{counselor}{client}", counselor, client, {}, sides, overall, overall, 0.0, (), 0, (), problem
    )


def test_groups_are_means_over_their_clients_and_the_lowest_comes_first():
    scores = [
        *(card(f"work-{i}", "work", 0.9) for i in range(4)),
        *(card(f"grief-{i}", "grief", v) for i, v in enumerate((0.1, 0.5, 0.6))),
        card("grief-0", "grief", 0.3),  # another seed of the same client
        card("sleep-1", "sleep", 0.4),
        card("money-1", "money", None),
    ]
    (standing,) = rank(scores).standings
    assert standing.overall.value == pytest.approx((4 * 0.9 + 0.2 + 0.5 + 0.6 + 0.4) / 8)
    assert [g.name for g in standing.problems] == ["sleep", "grief", "work", "money"]
    grief = standing.problems[1]
    assert grief.overall == bootstrap_mean([0.2, 0.5, 0.6], ["grief-0", "grief-1", "grief-2"])
    assert grief.lowest == pytest.approx(0.2) and grief.overall.low < grief.overall.value < grief.overall.high
    assert standing.problems[0].overall.low is None, "one client has no interval"
    assert standing.problems[3].without == 1 and standing.problems[3].overall.value is None
    assert (standing.lowest.client, standing.lowest.problem) == ("grief-0", "grief")
    assert standing.worst.name == "sleep"
    reordered = rank(scores[::-1]).standings[0]
    assert reordered.to_dict() == standing.to_dict()


def test_nothing_scored_has_no_worst():
    (standing,) = rank([card("a", "work", None)]).standings
    assert standing.lowest is None and standing.worst is None and standing.problems[0].without == 1
