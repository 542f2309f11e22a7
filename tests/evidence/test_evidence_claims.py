"""Claims: thresholds cannot be met by nothing, stubs give exact rates, a wrong stub is caught."""

from __future__ import annotations

import json

import pytest

from sophro.errors import SophroError
from sophro.evidence import Check, Outcome, claims, run_claims


def check(value, sign=">=", bound=0.5):
    return Check("x", value, None, None, 10, sign, bound)


def test_a_claim_holds_only_if_every_check_does():
    assert Outcome("n", "s", (check(0.6), check(0.5)), 0.0).status == "held"
    assert Outcome("n", "s", (check(0.6), check(0.4)), 0.0).status == "not held"
    assert Outcome("n", "s", (), 0.0).status == "not held", "no checks, nothing held"
    assert Outcome("n", "s", (check(None),), 0.0).status == "not held", "nothing measured"
    assert not check(1.0000001, "==", 1.0).passed and check(0.3, "<=", 0.3).passed


def test_names_of_claims_and_methods():
    assert [c.name for c in claims(("stub_models",))] == ["stub_models"]
    assert {"safety_sft_tradeoff", "shallow_under_prefill"} <= {c.name for c in claims(("safety_sft",))}
    with pytest.raises(SophroError, match="did you mean"):
        claims(("safety_sft_tradeof",))


def test_a_claim_that_cannot_be_run_is_told_and_the_others_still_run(tmp_path, monkeypatch, capsys):
    from sophro.evidence import _claims
    from sophro.evidence._types import Claim

    def broken(folder, quick):
        raise SophroError("two pairs, ten are needed")

    made = (
        Claim("first", "cannot be run", ("none",), broken),
        Claim("second", "holds", ("none",), lambda folder, quick: ([check(0.6)], [])),
    )
    monkeypatch.setattr(_claims, "_ALL", made)
    assert run_claims(out=tmp_path) == 2
    said = capsys.readouterr().out
    assert "NOT RUN  first" in said and "two pairs" in said and "HELD     second" in said and "1 of 2" in said
    stored = json.loads((tmp_path / "evidence.json").read_text())["claims"]
    assert [c["status"] for c in stored] == ["not run", "held"] and stored[0]["error"]


def test_the_file_keeps_what_earlier_calls_found(tmp_path, monkeypatch, capsys):
    from sophro.evidence import _claims
    from sophro.evidence._types import Claim

    def killed(folder, quick):
        raise KeyboardInterrupt

    def claim(name, run):
        return Claim(name, "holds", ("none",), run)

    good = claim("good", lambda folder, quick: ([check(0.6)], []))
    monkeypatch.setattr(_claims, "_ALL", (good, claim("later", killed)))
    with pytest.raises(KeyboardInterrupt):
        run_claims(quick=True, out=tmp_path)
    bad = claim("later", lambda folder, quick: ([check(0.1)], []))
    monkeypatch.setattr(_claims, "_ALL", (good, bad))
    assert run_claims(("later",), out=tmp_path) == 3
    stored = {c["name"]: c for c in json.loads((tmp_path / "evidence.json").read_text())["claims"]}
    assert stored["good"]["status"] == "held" and stored["good"]["quick"]
    assert stored["later"]["status"] == "not held" and not stored["later"]["quick"]
    assert stored["later"]["finished"] >= stored["good"]["finished"]
    (tmp_path / "evidence.json").write_text("{}")
    with pytest.raises(SophroError, match="move it away"):
        run_claims(("later",), out=tmp_path)


@pytest.mark.encoder
def test_stub_claim_holds_and_is_written(tmp_path, capsys):
    assert run_claims(("stub_models",), quick=True, out=tmp_path) == 0
    assert "HELD" in capsys.readouterr().out
    stored = json.loads((tmp_path / "evidence.json").read_text())
    assert stored["claims"][0]["status"] == "held" and len(stored["claims"][0]["checks"]) == 9


@pytest.mark.encoder
def test_stub_claim_fails_when_a_stub_lies(tmp_path, monkeypatch, capsys):
    from sophro.models import _scripted

    monkeypatch.setitem(_scripted.STUBS, "always-refuse", _scripted.STUBS["always-comply"])
    assert run_claims(("stub_models",), quick=True, out=tmp_path, as_json=True) == 3
    assert json.loads(capsys.readouterr().out)["claims"][0]["status"] == "not held"


@pytest.mark.slow
def test_known_asr_holds_and_its_control_can_fail(tmp_path, monkeypatch):
    from sophro.evidence import _attacks

    checks, _ = _attacks.known_asr(tmp_path, quick=True)
    assert len(checks) == 13 and all(c.passed for c in checks)
    # A target that complies with everything is not the one whose rates are known.
    monkeypatch.setattr(_attacks, "_rule", lambda transcript: _attacks.COMPLIANCE)
    checks, _ = _attacks.known_asr(tmp_path, quick=True)
    assert not all(c.passed for c in checks) and not checks[-1].passed
