"""Claims about searching attacks: they run as a whole on a tiny model, and their recipes are valid."""

from __future__ import annotations

import dataclasses
import json

import pytest
import tiny

from sophro.evidence import _search
from sophro.recipe._checks import problems
from sophro.recipe._names import installed_names


@pytest.fixture
def tiny_embedded(monkeypatch):
    import sophro.models

    monkeypatch.setattr(sophro.models, "load_chat", lambda name: tiny.moving_model(), raising=False)


def test_gradient_beats_chance_and_a_shuffled_gradient_does_not(tiny_embedded, tmp_path):
    checks, notes = _search.gcg_beats_random(tmp_path, True)
    assert [c.control for c in checks] == [False, False, True]
    assert all(c.passed for c in checks), (checks, notes)
    again, _ = _search.gcg_beats_random(tmp_path, True)
    assert again == checks, "the second call reads the kept steps"
    # Without a difference the claim does not hold, and the control would.
    assert not dataclasses.replace(checks[0], value=0.0).passed


def test_recipes_of_the_unsafe_parent_are_valid(tmp_path):
    openings = _search._openings(tmp_path / "openings.jsonl")
    rows = [json.loads(line) for line in openings.read_text().splitlines()]
    assert len(rows) > 80 and all(r["answer"] == r["opening"] for r in rows)
    (tmp_path / "config.json").write_text("{}")
    for recipe in (_search.parent_recipe(True), _search.descendants(tmp_path, openings, 24, True)):
        assert not list(problems(recipe, installed_names()))
    assert len(_search._ATTACKS) >= 4, "three of them must show it"


def test_scripted_roles_give_exactly_the_known_rates(tmp_path, monkeypatch):
    from sophro.evidence import _dialog

    monkeypatch.setenv("SOPHRO_CACHE", str(tmp_path / "cache"))
    checks, _ = _dialog.search_known_asr(tmp_path, True)
    assert len(checks) == 5 and all(c.passed for c in checks), checks
    assert 0 < checks[0].value < 1, "a rate of 0 or 1 would be reached by luck"
