"""Short versions of what scripts/load_guard.py measures; the long ones are in docs/serve_load.md."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from script_loader import load_script
from served import serving

guard = load_script("load_guard")
ENFORCED, DRY = guard.POLICY.format(dry="false"), guard.POLICY.format(dry="true")


def test_streams_at_once_end_whole_and_are_measured():
    with serving(guard.make_app(delay=0.001, policy=ENFORCED)) as url:
        found = asyncio.run(guard.load(url, os.getpid(), streams=4, seconds=0.5, delay=0.001))
    assert found["errors"] == 0 and found["answers"] >= 4, found["faults"]
    assert found["pushes"] > 0 and found["push_p99_ms"] > 0 and found["server_cpu_ms_per_token"] > 0
    good = {**found, "errors": 0, "push_p99_ms": 19.0, "memory_mb": {"growth": 1.0}}
    assert guard.load_held(good) and not guard.load_held({**good, "memory_mb": {"growth": 33.0}})
    assert not guard.load_held({**good, "errors": 1}) and not guard.load_held({**good, "push_p99_ms": 21.0})


def test_answers_of_the_load_are_long_enough_to_stream_and_the_first_word_is_told_apart_from_its_wait():
    assert len(guard.ANSWERS) >= 4 and all(len(a.split(" ")) >= 120 for a in guard.ANSWERS.values())
    answer = "word " * 100
    # 60 characters do not outweigh the 64 that wait, so the second window (220) is the first to let text go.
    assert guard.wait_of(answer, 0.05, 60, 160, 64, hold=0) == pytest.approx(0.05 * 45)
    assert guard.wait_of(answer, 0.05, 60, 160, 0, hold=0) == pytest.approx(0.05 * 13)
    assert guard.wait_of(answer, 0.05, 60, 160, 64, hold=64) == pytest.approx(0.05 * 101), (
        "never longer than the answer"
    )
    from sophro.guard import Policy

    for policy in (Policy.load(), Policy.parse(ENFORCED)):
        assert {n: getattr(policy.streaming, n) for n in guard.WINDOWS} == guard.WINDOWS


def test_no_held_word_reaches_the_wire_however_it_is_cut():
    async def behind(policy: str, count: int) -> dict[str, Any]:
        async with guard.upstream() as address:
            with serving(guard.make_app(policy=policy, upstream=address)) as url:
                return await guard.harm(url, "upstream", count)

    with serving(guard.make_app(policy=ENFORCED)) as url:
        kinds = [asyncio.run(guard.harm(url, kind, 20)) for kind in ("reflection", "rule")]
    kinds.append(asyncio.run(behind(ENFORCED, 30)))
    for found in kinds:
        assert (found["leaks"], found["held"], found["odd"]) == (0, found["streams"], {}), found
    control = asyncio.run(behind(DRY, 6))
    assert control["leaks"] == 6, "a guard that only logs lets the word through, so the search can find it"


def test_text_behind_a_reflection_is_not_lost_in_one_batch():
    from sophro.guard.server._back_end import Delta
    from sophro.guard.server._pieces import runs_of

    batch = [
        Delta(kind="reflection", text="Wait."),
        Delta(tokens=1),
        Delta(text="Safe."),
        Delta(finish="stop"),
    ]
    assert [(run[0].kind, "".join(d.text for d in run)) for run in runs_of(batch)] == [
        ("reflection", "Wait."),
        ("answer", "Safe."),
    ]


def test_faults_of_the_upstream_are_read_as_errors_and_the_server_stands():
    async def run() -> dict[str, Any]:
        async with guard.upstream() as address:
            with serving(guard.make_app(policy=ENFORCED, upstream=address, seconds=0.4)) as url:
                return await guard.faults(url)

    found = asyncio.run(run())
    assert found["wrong"] == [] and found["faults"] == 2 * len(guard.FAULTS)


def test_strange_unicode_comes_back_whole():
    with serving(guard.make_app(policy=ENFORCED)) as url:
        found = asyncio.run(guard.fuzz(url, 60))
    assert found["wrong"] == [] and found["echoed"] >= 50, found
    assert set(found["statuses"]) <= {200, 400}


def test_requests_made_from_the_schema_meet_no_server_error():
    pytest.importorskip("schemathesis", reason="schemathesis is not installed (extra dev)")
    found = guard.api(40)
    assert found["bad"] == [] and found["cases"] >= 40 and found["operations"] >= 8
    assert {"2", "4"} <= {status[0] for status in found["statuses"]}
