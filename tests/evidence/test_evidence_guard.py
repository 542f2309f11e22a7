"""Claims about the guard that need the public sets say so in one sentence, and are then not run, never held."""

from __future__ import annotations

import pytest

from sophro.evidence import run_claims


@pytest.mark.parametrize("name", ["guard_default_policy", "guard_toxic_chinese"])
@pytest.mark.parametrize("folder", [None, "nowhere"])
def test_without_the_public_sets_one_sentence_says_what_to_do(name, folder, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("SOPHRO_DATA", raising=False)
    if folder:
        monkeypatch.setenv("SOPHRO_DATA", str(tmp_path / folder))
    assert run_claims((name,), out=tmp_path / "out", quick=True) == 2
    shown = capsys.readouterr().out
    assert shown.count("SOPHRO_DATA") == 1 and f"{name} was not measured: it needs the public sets" in shown
    assert "NOT RUN" in shown and "not measured (required" not in shown
