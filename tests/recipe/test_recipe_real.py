"""A real run with a tiny network: killed, resumed, without a network; the numbers stay the same."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest
import small_model
from forked import Forks, forks

pytestmark = pytest.mark.encoder


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    """Every run of this file has the network denied; that it finishes is part of what is tested."""
    with forks(tmp_path_factory.mktemp("forks")) as made:
        yield made


def words(recipe: Path, out: Path) -> list[str]:
    return ["run", str(recipe), "--out", str(out), "--json"]


def numbers(out: Path) -> dict:
    """Everything that must not depend on kills: verdicts, texts and adapters."""
    found = {}
    for stage in sorted((out / "stages").iterdir()):
        for name in ("samples.jsonl", "training.jsonl"):
            if (stage / name).exists():
                rows = [json.loads(line) for line in (stage / name).read_text("utf-8").splitlines()]
                found[stage.name, name] = [{k: v for k, v in r.items() if k != "seconds"} for r in rows]
        if (stage / "adapter_model.safetensors").exists():
            found[stage.name, "adapter"] = (stage / "adapter_model.safetensors").read_bytes()
    return found


@pytest.fixture(scope="module")
def plain(tmp_path_factory, process):
    return finished(tmp_path_factory.mktemp("real"), small_model.JUDGES, process)


@pytest.fixture(scope="module")
def light(tmp_path_factory, process):
    """The same run judged without networks: ten kills load them ten times, and say nothing more."""
    return finished(tmp_path_factory.mktemp("light"), small_model.LIGHT, process)


def finished(folder: Path, judges: str, process: Forks):
    recipe = small_model.write_recipe(folder, judges)
    began = time.monotonic()
    code, said, errors = process.run(words(recipe, folder / "plain"))
    assert code == 0, errors
    return recipe, folder / "plain", time.monotonic() - began, json.loads(said)


def test_run_finishes_with_the_network_denied_and_reports_pairs(plain):
    _recipe, out, _, summary = plain
    assert set(summary["arms"]) == {"base", "tuned"}
    for arm in summary["arms"].values():
        assert (
            arm["harmful_compliance"]["n"]
            + arm["harmful_compliance"]["unscored"]
            + arm["harmful_compliance"]["broken"]
            == 12
        )
        assert set(arm["prefill"]) == {"5", "20"}
    page = (out / "report.html").read_text("utf-8")
    assert "<html" in page and "over-refusal" in page.lower()
    facts = json.loads((out / "run.json").read_text("utf-8"))
    assert (
        facts["complete"] and "assessment prompts" in facts["leaks"]["summary"] and len(facts["judges"]) >= 2
    )


def test_a_finished_run_executes_nothing(plain, process):
    recipe, out, *_ = plain
    before = {p: p.stat().st_mtime_ns for p in (out / "stages").rglob("*")}
    code, _, errors = process.run(words(recipe, out))
    assert code == 0, errors
    assert {p: p.stat().st_mtime_ns for p in (out / "stages").rglob("*")} == before


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_ten_random_moments_it_ends_with_the_same_numbers(light, tmp_path, process):
    recipe, reference, seconds, _ = light
    rng = random.Random(7)
    out = tmp_path / "killed"
    kills = 0
    while kills < 10:
        running = process.start(words(recipe, out))
        deadline = time.monotonic() + rng.uniform(0.3, 0.75) * seconds
        while running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        if running.kill():
            kills += 1
            names = [p.name for p in (out / "stages").iterdir()] if (out / "stages").exists() else []
            for name in (n for n in names if not n.startswith(".")):
                assert (out / "stages" / name / "stage.json").exists(), "existence means complete"
        else:
            assert running.wait() == 0
            assert numbers(out) == numbers(reference)
            # It got through before all kills: start another run, so that ten kills really happen.
            out = tmp_path / f"killed-{kills}"
    code, _, errors = process.run(words(recipe, out))
    assert code == 0, errors
    assert numbers(out) == numbers(reference)
