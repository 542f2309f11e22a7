"""The search core: budget never exceeded, seeds, resume after a kill at any byte, counts that add up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_world import Climb

from sophro.attack import Budget
from sophro.attack.search._core import COSTS, Meter, Node, best_of, search
from sophro.errors import SophroError

PLENTY = Budget(queries=500, attacker=500, judge=1000)


@settings(max_examples=60, deadline=None)
@given(
    queries=st.integers(0, 60),
    attacker=st.integers(0, 60),
    judge=st.integers(0, 60),
    seed=st.integers(0, 5),
    width=st.integers(1, 5),
    branch=st.integers(1, 5),
)
def test_no_budget_is_ever_exceeded(queries, attacker, judge, seed, width, branch):
    budget = Budget(queries=queries, attacker=attacker, judge=judge)
    problem = Climb(width=width, branch=branch)
    asked = []
    inner = problem.score

    def counted(nodes, meter):
        out = inner(nodes, meter)
        asked.extend(n for n in out if n.status != "unaffordable")
        return out

    problem.score = counted
    found = search(problem, budget, seed=seed, max_steps=40)
    assert all(found.spent[c] <= getattr(budget, c) for c in COSTS)
    assert len(asked) == found.spent["queries"] and found.spent["judge"] == 2 * len(asked)
    assert (found.best is None) == (found.counts["scored"] == 0)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.integers(0, 3)), max_size=20))
def test_a_unit_is_booked_whole_or_not_at_all(orders):
    meter = Meter(Budget(queries=10, judge=7))
    for wanted, queries, judge in orders:
        before = meter.spent
        fits = meter.book(wanted, queries=queries, judge=judge)
        assert meter.spent["queries"] == before["queries"] + fits * queries <= 10
        assert meter.spent["judge"] == before["judge"] + fits * judge <= 7
        if fits < wanted:
            assert meter.refused


@pytest.mark.parametrize("records_all", [True, False])
def test_seed_decides_everything(records_all):
    def run(seed):
        return search(Climb(records_all=records_all), PLENTY, seed=seed, max_steps=12)

    assert run(1) == run(1)
    assert len({run(s).best.state["x"] for s in range(8)} | {run(s).steps for s in range(8)}) > 1


def test_ends_for_the_reason_it_says():
    assert search(Climb(), PLENTY, max_steps=200).ended == "solved"
    assert search(Climb(), PLENTY, max_steps=2).ended == "steps"
    assert search(Climb(), replace(PLENTY, queries=9), max_steps=200).ended == "budget"

    class Barren(Climb):
        def expand(self, frontier, rng, meter):
            return []

    assert search(Barren(), PLENTY, max_steps=9).ended == "no candidates"


def test_counts_add_up_and_failed_nodes_never_win():
    found = search(Climb(goal=27), PLENTY, seed=3, max_steps=60)  # 27 % 7 == 6: the goal itself errors
    assert found.counts["error"] and found.ended != "solved"
    assert found.best.status == "scored" and found.best.state["x"] != 27
    assert found.counts["scored"] + found.counts["error"] == found.spent["queries"]


def test_a_search_whose_every_query_fails_has_no_result():
    class Broken(Climb):
        def score(self, nodes, meter):
            meter.book(len(nodes), queries=1)
            return [n.failed("error", "401") for n in nodes]

    found = search(Broken(), PLENTY, max_steps=3)
    assert found.best is None and found.counts["error"] and not found.counts["scored"]


def test_best_of_takes_the_earliest_of_equals():
    nodes = [Node({}, score=1.0, status="scored", id=i) for i in (4, 2, 3)]
    assert [n.id for n in best_of(nodes, 2)] == [2, 3]


@pytest.mark.parametrize(
    ("fault", "part"),
    [
        (lambda nodes: list(reversed(nodes)), "same order"),
        (lambda nodes: nodes, "without a status"),
    ],
)
def test_a_problem_that_breaks_the_contract_is_a_defect(fault, part):
    class Wrong(Climb):
        def score(self, nodes, meter):
            return fault(nodes)

    with pytest.raises(ValueError, match=part):
        search(Wrong(), PLENTY, max_steps=1)


@pytest.mark.parametrize("records_all", [True, False])
def test_resumed_at_any_byte_gives_the_same_file_and_result(tmp_path, records_all):
    def run(path):
        return search(Climb(records_all=records_all), PLENTY, seed=7, max_steps=8, file=path)

    whole = tmp_path / "whole.jsonl"
    expected = run(whole)
    assert expected == search(Climb(records_all=records_all), PLENTY, seed=7, max_steps=8), (
        "the file changes nothing"
    )
    data = whole.read_bytes()
    for cut in [*range(0, len(data), max(1, len(data) // 40)), len(data) - 1, len(data)]:
        part = tmp_path / f"cut-{cut}.jsonl"
        part.write_bytes(data[:cut])
        assert run(part) == expected
        assert part.read_bytes() == data


def test_a_killed_process_goes_on(tmp_path):
    """SIGKILL in the middle of a step; the second process ends where an undisturbed one does."""
    script = tmp_path / "run.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import os, signal, sys
            from pathlib import Path
            sys.path.insert(0, {str(Path(__file__).parent)!r})
            from search_world import Climb
            from sophro.attack import Budget
            from sophro.attack.search._core import search

            class Killed(Climb):
                def score(self, nodes, meter):
                    if sys.argv[2] == "kill" and self.memory.get("visits", 0) > 6:
                        os.kill(os.getpid(), signal.SIGKILL)
                    return super().score(nodes, meter)

            assert "torch" not in sys.modules and "transformers" not in sys.modules
            found = search(Killed(), Budget(queries=500, attacker=500, judge=1000), seed=5, max_steps=9,
                           file=Path(sys.argv[1]))
            print(found)
            """
        )
    )

    def run(path, mode):
        return subprocess.run(
            [sys.executable, str(script), str(path), mode],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ,
        )

    steps = tmp_path / "steps.jsonl"
    assert run(steps, "kill").returncode == -signal.SIGKILL
    assert 2 <= len(steps.read_text().splitlines()) < 9
    again = run(steps, "live")
    assert again.returncode == 0, again.stderr
    assert again.stdout == run(tmp_path / "other.jsonl", "live").stdout
    assert steps.read_bytes() == (tmp_path / "other.jsonl").read_bytes()


def test_other_and_damaged_files_are_refused(tmp_path):
    path = tmp_path / "s.jsonl"
    search(Climb(), PLENTY, seed=1, max_steps=3, file=path)
    with pytest.raises(SophroError, match="another search"):
        search(Climb(), PLENTY, seed=2, max_steps=3, file=path)
    with pytest.raises(SophroError, match="another search"):
        search(Climb(goal=41), PLENTY, seed=1, max_steps=3, file=path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "nonsense", *lines[2:]]) + "\n")
    with pytest.raises(SophroError, match="line 2"):
        search(Climb(), PLENTY, seed=1, max_steps=3, file=path)
    path.write_text("\n".join([lines[0], *lines[2:]]) + "\n")
    with pytest.raises(SophroError, match="missing"):
        search(Climb(), PLENTY, seed=1, max_steps=3, file=path)
    row = json.loads(lines[1])
    path.write_text("\n".join([lines[0], json.dumps({**row, "frontier": [99]})]) + "\n")
    with pytest.raises(SophroError, match="damaged"):
        search(Climb(), PLENTY, seed=1, max_steps=3, file=path)


def test_progress_is_told_after_every_step():
    told = []
    found = search(Climb(), PLENTY, max_steps=5, progress=lambda *a: told.append(a))
    assert [t[0] for t in told] == list(range(found.steps + 1))
    assert told[-1][1] == found.best.score and told[-1][2] == found.spent
