"""The controls of the arena's order: they are gone with the order, and fail where a judge goes by the name."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from sophro.care.arena import scripted_counselor, select, shipped_profiles
from sophro.evidence import _arena_order
from sophro.evidence._arena_order import (
    ORDER,
    label_checks,
    named,
    play_one,
    relived,
    reordered,
    under_each_name,
)

CLIENTS = select(shipped_profiles(), None, 12)


@pytest.fixture(scope="module")
def played():
    """All three counselors with twelve clients."""
    return [play_one(p, scripted_counselor(n), n) for p in CLIENTS for n in ORDER]


def _by(checks):
    return {c.what.split(" (chance")[0]: c for c in checks}


def test_shuffled_names_lose_the_order_that_the_true_ones_show(played):
    checks, notes = label_checks(under_each_name(played), 400)
    assert all(c.passed for c in checks), [c for c in checks if not c.passed]
    own = _by(checks)
    assert (
        own["finished transcripts rated again under their own names: smallest gap of neighbours"].value > 0.2
    )
    share = own["control: shuffles of the names that still stand good > medium > bad"]
    assert 0.1 < share.value < 0.24 and share.control
    assert "names shuffled" in notes[0]


def test_a_judge_that_goes_by_the_name_fails_the_control(played, monkeypatch):
    """The planted fault: with it the order survives every shuffle, and the checks say so."""
    whole = _arena_order.rated

    def partial(session, profile, state):
        card = whole(session, profile, state)
        return replace(card, overall=card.overall + 9.0 * (2 - ORDER.index(session.counselor)))

    monkeypatch.setattr(_arena_order, "rated", partial)
    failed = [c.what for c in label_checks(under_each_name(played), 100)[0] if not c.passed]
    assert any("still stand good > medium > bad" in w for w in failed)
    assert any("mean gap" in w for w in failed)


def test_transcripts_that_do_not_differ_have_no_order_to_lose(played):
    """The claim itself can fail: one counselor under three names."""
    medium = [p for p in played if p.session.counselor == "medium"]
    failed = [
        c.what
        for c in label_checks(under_each_name([p for p in medium for _ in ORDER]), 50)[0]
        if not c.passed
    ]
    assert any("under their own names" in w for w in failed)


def test_a_name_changes_nothing_but_the_name(played):
    first = played[0].session
    other = named(first, "bad")
    assert other.lines == first.lines and other.counselor == "bad" and other.id != first.id
    table = under_each_name(played[:3])
    assert all(len(set(scores.values())) == 1 for scores in table[first.profile])


def test_reordered_turns_are_the_same_turns_in_other_places(played):
    for p in played[:3]:
        mixed = reordered(p, random.Random(1)).session
        assert [x.speaker for x in mixed.lines] == [x.speaker for x in p.session.lines]
        assert [x.phase for x in mixed.lines] == [x.phase for x in p.session.lines]
        assert [x.index for x in mixed.lines] == list(range(len(mixed.lines)))
        assert Counter(x.text for x in mixed.lines) == Counter(x.text for x in p.session.lines)
        assert [x.text for x in mixed.lines] != [x.text for x in p.session.lines]


def test_the_good_counselor_loses_by_its_turns_in_another_order(played):
    (check,), notes = _arena_order._turn_checks(played)
    assert check.passed and check.control and 0.02 < check.low < check.high < 0.4
    # What the control does not say must be told: counting rules keep the order of the counselors.
    assert any("not from" in n for n in notes)
    bad = [p for p in played if p.session.counselor == "bad"]
    silent = [
        replace(p, session=named(p.session, "good"), score=replace(p.score, counselor="good")) for p in bad
    ]
    assert not _arena_order._turn_checks(silent)[0][0].passed, (
        "who never builds on what was said loses nothing"
    )


def test_a_client_lived_again_over_the_same_course_is_the_same_client(played):
    for p in played:
        profile = next(c for c in CLIENTS if c.id == p.session.profile)
        again = relived(profile, p.session, p.state)
        assert again == p.state, p.session.id
