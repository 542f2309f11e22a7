"""The closed loop's three parts: nobody of the report is met before the rules stand."""

from __future__ import annotations

import dataclasses
import random

import pytest
from arena_world import profile, session
from hypothesis import given, settings
from hypothesis import strategies as st

from sophro.care.arena import Parts, Rule, _loop, improve, shipped_profiles, split_clients
from sophro.errors import SophroError

CLIENTS = shipped_profiles()


@pytest.fixture(scope="module")
def card():
    """One score card of the bad counselor, to be renamed."""
    return session("move-en-1", "bad").score


@settings(max_examples=60, deadline=None)
@given(
    chosen=st.lists(st.sampled_from(range(len(CLIENTS))), min_size=3, max_size=20, unique=True),
    seed=st.integers(0, 10**6),
    rounds=st.integers(1, 4),
)
def test_no_client_of_the_report_is_seen_before_the_rules_stand(card, chosen, seed, rounds):
    """Whatever the scores do and whichever rules are kept: others first, then the report, and only once each way."""
    parts = split_clients([CLIENTS[i] for i in chosen])
    own = {p.id for p in parts.report}
    rng = random.Random(seed)
    seen: list[tuple[set[str], tuple[str, ...]]] = []
    with pytest.MonkeyPatch.context() as patch:
        check = _loop.check_rule

        def watched(rule, kept, clients):
            seen.append(({p.id for p in clients}, ()))
            return check(rule, kept, clients)

        patch.setattr(_loop, "check_rule", watched)

        def run(clients, rules):
            seen.append(({p.id for p in clients}, tuple(rules)))
            return [
                dataclasses.replace(card, session=p.id, profile=p.id, overall=rng.random()) for p in clients
            ]

        def write(findings, number):
            assert findings and not own & {name for f in findings for name, _ in f.turns}
            return [Rule(f"When {number}.{i}, listen.", ("S2",), number) for i in range(2)]

        loop = improve(run, parts, write=write, rounds=rounds)
    met = [bool(ids & own) for ids, _ in seen]
    first = met.index(True)
    assert not any(met[:first]) and all(met[first:])
    assert all(ids == own for ids, _ in seen[first:]), "the report is measured with nobody else among it"
    texts = tuple(r.text for r in loop.rules)
    assert [rules for _, rules in seen[first:]] == ([(), texts] if texts else [()])
    assert {s.profile for s in loop.before} == {s.profile for s in loop.after} == own
    assert texts or loop.after == loop.before


def test_parts_that_share_a_client_or_lack_one_are_refused():
    a, b = profile("move-en-1"), profile("work-en-1")

    def never(clients, rules):
        raise AssertionError("nobody may be asked")

    with pytest.raises(SophroError, match="'move-en-1' stands in two parts"):
        improve(never, Parts((a,), (b,), (a,)))
    with pytest.raises(SophroError, match="no client for report"):
        improve(never, Parts((a,), (b,), ()))


def test_rules_that_only_please_the_clients_of_acceptance_show_no_gain(card):
    """What the old loop reported: the best of several trials on the very clients that chose it."""
    parts = split_clients(CLIENTS[:9])
    accepting = {p.id for p in parts.acceptance}

    def run(clients, rules):
        lift = 0.2 * len(rules)
        return [
            dataclasses.replace(card, profile=p.id, overall=0.1 + (lift if p.id in accepting else 0.0))
            for p in clients
        ]

    loop = improve(run, parts, write=lambda _, n: [Rule(f"When {n}, listen.", (), n)], rounds=2)
    assert [r.kept for r in loop.rounds] == [True, True] and loop.rounds[1].acceptance > 0.4
    assert [s.overall for s in loop.after] == [s.overall for s in loop.before] == [0.1] * 3
