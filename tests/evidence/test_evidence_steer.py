"""The comparison behind the claims on adaptive steering, in the planted world where the answer is known."""

from __future__ import annotations

import dataclasses

import planted
import pytest

from sophro.errors import SophroError
from sophro.evidence import _steer
from sophro.evidence._types import Unfit
from sophro.steer import fit
from sophro.steer._outcomes import asked, runner

OPTIONS = {"judge": "keyword-baseline", "max_new_tokens": 4}
FAMILIES = ("short", "long", "saga")
FIXED = (0.06, 0.13, 0.18, 0.25, 0.35)


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    model = planted.planted()
    harmful = [r for kind in ("plain", *FAMILIES) for r in planted.prompts(kind, 20)]
    kinds = ("benign", "benign:short", "lookalike:short", "lookalike:long")
    data = {"harmful": harmful, "benign": [r for kind in kinds for r in planted.prompts(kind, 20)]}
    patch = fit("adasteer", model, data, tmp_path_factory.mktemp("s") / "p", options=OPTIONS).patch
    attacked = [(name, asked(planted.prompts(name, 12, 1))) for name in FAMILIES]
    benign = asked([r for kind in kinds for r in planted.prompts(kind, 12, 1)])
    run = runner(model, "keyword-baseline", 4)
    return _steer.compare(run, model, patch, attacked, benign, FIXED), patch, run, model, attacked, benign


def test_adaptive_wins_where_the_world_is_made_for_it(compared, monkeypatch):
    found = compared[0]
    monkeypatch.setattr(_steer, "_measured", lambda folder, quick: (found, {}, 0))
    checks, notes = _steer.beats_fixed(None, True)
    assert [c.passed for c in checks] == [True, True, True], (checks, notes)
    assert checks[1].control and any(note.startswith("fixed 0:") for note in notes)
    assert found.defence["fixed 0"].max() == 0 and found.compliance["fixed 0"] == 1


def test_the_claim_fails_for_a_patch_that_does_not_adapt(compared, monkeypatch):
    """A constant coefficient is one of the fixed strengths: it cannot beat the best of them."""
    _, patch, run, model, attacked, benign = compared
    constant = dataclasses.replace(
        patch, terms=(dataclasses.replace(patch.terms[0], slope=0.0, intercept=-0.25, low=-0.25, high=0.0),)
    )
    found = _steer.compare(run, model, constant, attacked, benign, FIXED)
    monkeypatch.setattr(_steer, "_measured", lambda folder, quick: (found, {}, 0))
    assert not _steer.beats_fixed(None, True)[0][0].passed


def test_r_law_claim_reads_the_report_and_its_control_can_fail(monkeypatch):
    needed = [{"position": float(p), "strength": 1.0 - p / 100} for p in range(0, 100, 2)]
    report = {
        "law": {
            "needed": [*needed, {"position": 5.0, "strength": None}],
            "rejection_spearman_with_refused": -0.6,
            "flipped": 60,
        },
        "layers": {"rejection: refused against complied": [0.6, 0.95]},
    }
    monkeypatch.setattr(_steer, "_measured", lambda folder, quick: (None, report, 1))
    assert all(c.passed for c in _steer.r_law(None, True)[0])
    for row in needed:
        row["strength"] = 1.0 - row["strength"]
    assert [c.passed for c in _steer.r_law(None, True)[0][:2]] == [True, False]
    report["law"]["rejection_spearman_with_refused"] = -0.4
    assert not _steer.r_law(None, True)[0][0].passed


def test_a_refusal_to_fit_is_a_finding_and_other_errors_stop_the_claim(monkeypatch):
    def refused(folder, quick):
        raise Unfit("no layer separates")

    def broken(folder, quick):
        raise SophroError("no such model")

    monkeypatch.setattr(_steer, "_measured", refused)
    for claim in (_steer.beats_fixed, _steer.r_law):
        checks, notes = claim(None, True)
        assert [c.passed for c in checks] == [False] and notes == ["no layer separates"]
    monkeypatch.setattr(_steer, "_measured", broken)
    with pytest.raises(SophroError, match="no such model"):
        _steer.r_law(None, True)


@pytest.mark.parametrize("name", ["starter/harmful:en", "starter/plain:en"])
def test_no_anchor_is_among_what_the_subject_was_tuned_on(name):
    from sophro.data import load_set

    tuned, others = load_set(name, split="train", limit=24), _steer._others(name, 24, 60)
    assert len(others) == 60 and not {r.id for r in tuned} & {r.id for r in others}
