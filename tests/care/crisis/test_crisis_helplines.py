"""Helplines grow old: the table is checked against today, and the commands that people start say so."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from sophro.care.crisis import _resources
from sophro.care.crisis._resources import MAX_AGE_DAYS, WORLD, shipped, stale, stale_note
from sophro.cli import run


def test_every_shipped_helpline_was_looked_up_lately():
    """This fails with time, on purpose: somebody has to look the lines up again before the next release."""
    today = datetime.now(UTC).date()
    old = [
        f"{r.country} {r.name}: number {r.phone or 'none'}, text {r.text or 'none'}, address {r.url_name or 'none'}, "
        f"hours {r.hours or 'none'}, emergency number {r.emergency} (source then: {r.source}; {r.age(today)} days ago)"
        for r in shipped()
        if not 0 <= r.age(today) <= MAX_AGE_DAYS
    ]
    assert not old, (
        "look up at the line's own site or its health authority whether these still hold, correct them, and set "
        "verified_on and source in src/sophro/care/crisis/data/resources.json (never from memory):\n"
        + "\n".join(old)
    )


def test_the_age_is_counted_in_days():
    first = shipped()[0]
    table = [replace(first, verified_on="2026-01-01")]
    assert stale_note(table, date(2026, 6, 30)) == "" and stale(table, date(2026, 6, 30)) == []
    said = stale_note(table, date(2026, 7, 1))
    assert "1 of 1" in said and first.phone in said and "2026-01-01" in said and "\n" not in said
    world = next(r for r in shipped() if r.country == WORLD)
    assert "findahelpline.com" in stale_note([world], date(2030, 1, 1))


@pytest.fixture
def old(monkeypatch):
    table = tuple(replace(r, verified_on="2020-01-01") for r in shipped())
    monkeypatch.setattr(_resources, "shipped", lambda: table)


def warnings(text):
    return [line for line in text.splitlines() if "warning" in line and "helplines" in line]


def test_doctor_tells_of_old_helplines(old, capsys):
    assert run(["doctor", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["python"] and len(warnings(said.err)) == 1 and "988" in said.err


def test_serve_tells_of_old_helplines_when_it_starts(old, capsys, monkeypatch):
    started = []
    monkeypatch.setattr("sophro.guard.server._run.serve", started.append)
    assert run(["serve", "--model", "stub/always-comply", "--no-events"]) == 0
    assert len(started) == 1 and len(warnings(capsys.readouterr().err)) == 1


def test_fresh_helplines_are_not_mentioned(capsys, monkeypatch):
    table = tuple(replace(r, verified_on=datetime.now(UTC).date().isoformat()) for r in shipped())
    monkeypatch.setattr(_resources, "shipped", lambda: table)
    monkeypatch.setattr("sophro.guard.server._run.serve", lambda asked: None)
    assert run(["doctor"]) == 0 and run(["serve", "--model", "stub/always-comply", "--no-events"]) == 0
    assert warnings(capsys.readouterr().err) == []
