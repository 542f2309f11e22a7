"""Claims about disguised Chinese: without data they are not held, and the control's repairs are really wrong ones."""

from __future__ import annotations

import pytest

from sophro.data import ToxicText
from sophro.evidence import Outcome, claims
from sophro.evidence._chinese import _shuffled


@pytest.mark.parametrize("name", ["normaliser_recovers", "normaliser_recovers_learned", "overcorrection"])
def test_without_data_a_claim_is_not_held_and_says_why(name, tmp_path, monkeypatch):
    monkeypatch.delenv("SOPHRO_DATA", raising=False)
    (claim,) = claims([name])
    checks, notes = claim.run(tmp_path, True)
    outcome = Outcome(claim.name, claim.statement, tuple(checks), 0.0, tuple(notes))
    assert outcome.status == "not held" and all(c.value is None and not c.passed for c in checks)
    assert "not measured" in notes[0] and "SOPHRO_DATA" in notes[0]


def test_the_control_puts_another_piece_in_every_place():
    texts = [
        ToxicText(str(i), t, "", True, (), "homo") for i, t in enumerate(["甲子", "乙子", "丙子", "丁子"])
    ]
    repairs = [[(0, 1, t.text[0], r)] for t, r in zip(texts, "一二三四", strict=True)]
    made = _shuffled(repairs, texts)
    assert sorted(m[0] for m in made) == sorted("一二三四") and all(m[1:] == "子" for m in made)
    assert [m[0] for m in made] != list("一二三四")
