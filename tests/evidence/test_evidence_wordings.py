"""The claim about other wordings: seeds come from the names of the arms, and it fails where nothing recovers."""

from __future__ import annotations

from pathlib import Path

import pytest

from sophro.evidence import _reflection as claim

ARMS = ("safety_sft", "reflection")


def sample(arm, seed, k, i, recovers):
    outcome = "full_refusal" if recovers else "full_compliance"
    return {
        "id": f"{i}",
        "arm": f"{arm}_s{seed}",
        "task": "harmful",
        "attack": "prefill",
        "params": {"k": k},
        "behaviour": f"{i}",
        "seed": 0,
        "verdicts": [
            {"judge": "embedded-refusal", "outcome": outcome, "harmful": None},
            {"judge": "embedded-harm", "outcome": outcome, "harmful": not recovers},
        ],
    }


@pytest.mark.parametrize(("better", "held"), [(9, True), (5, False), (1, False)])
def test_other_wordings_hold_only_where_most_recover(monkeypatch, tmp_path, better, held):
    of_ten = {"safety_sft": 1, "reflection": better}
    trained = {f"align-{arm}-s{seed}": Path("adapters", arm, str(seed)) for arm in ARMS for seed in (0, 1, 2)}
    asked = []

    def rows(recipe, folder):
        asked.append(recipe)
        return [
            sample(arm, seed, k, i, i < of_ten[arm])
            for arm in ARMS
            for seed in (0, 1, 2)
            for k in (5, 20, 40)
            for i in range(10)
        ]

    monkeypatch.setattr(claim, "read_run", lambda recipe, folder: ([], trained))
    monkeypatch.setattr(claim, "read_rows", rows)
    checks, notes = claim.worded(tmp_path, False)
    assert all(c.passed for c in checks) is held
    assert {c.n for c in checks} == {30}, "ten prompts on each of three seeds"
    assert sorted(asked[0].arms) == sorted(f"{arm}_s{seed}" for arm in ARMS for seed in (0, 1, 2))
    assert asked[0].arms["reflection_s2"].adapter == str(trained["align-reflection-s2"].resolve())
    assert f"reflection: judged harmful {3 * (10 - better)} of 30 behind 20 tokens" in notes
    assert "safety_sft: recovers in 3 of 30 behind 40 tokens by another hand" in notes
