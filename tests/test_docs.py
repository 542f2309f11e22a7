"""Every command that README and docs show is run here or in ``test_docs_runs``, and the generated pages are fresh."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from printed import FEWER, ROOT, SMALLER, about_runs, commands, type_in


def test_every_table_entry_is_still_printed():
    assert set(SMALLER) <= set(commands())
    assert all(any(said in c for c in commands()) for said in FEWER)


@pytest.mark.model
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_printed_command_works(tmp_path):
    assert type_in([c for c in commands() if not about_runs(c)], tmp_path) >= 12


def test_generated_pages_are_fresh():
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/make_docs.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_method_has_a_place_on_the_map_and_claims_exist():
    from sophro.coverage import ITEMS, coverage
    from sophro.evidence import claims
    from sophro.registry import methods

    known = {c.name for c in claims()}
    for method in methods().values():
        assert method.primary in ITEMS and set(method.also) <= set(ITEMS)
        assert set(method.evidence) <= known, f"{method.name} names a claim that does not exist"
    assert coverage()["A2"] == (0, []), "an honest gap is shown as one"


def test_removing_the_evidence_of_a_method_lowers_its_level():
    import dataclasses

    from sophro.coverage import level
    from sophro.registry import method

    found = method("safety_sft")
    assert level(found, found.primary) == 3
    assert level(dataclasses.replace(found, evidence=()), found.primary) == 2


@pytest.mark.parametrize("recipe", ["frontier", "full", "quickstart", "reflection", "remote", "unlearning"])
def test_recipes_are_valid_and_plan_without_loading(recipe, capsys):
    from sophro.cli import run

    assert run(["run", str(ROOT / f"recipes/{recipe}.yaml"), "--plan"]) == 0
    assert "stages to do" in capsys.readouterr().out
    assert run(["run", str(ROOT / f"recipes/{recipe}.yaml"), "--plan", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stages"]
