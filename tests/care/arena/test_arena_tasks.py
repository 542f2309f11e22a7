"""The Inspect tasks, on a scripted model."""

from __future__ import annotations

from pathlib import Path

import pytest

from sophro.models import STUBS


def _eval(task, tmp_path, name):
    import inspect_ai

    from sophro.models import provider

    del provider
    log = inspect_ai.eval(
        task,
        model=f"sophro/stub/{name}",
        log_dir=str(tmp_path),
        display="none",
        log_level="error",
        score_display=False,
    )[0]
    assert log.status == "success", log.error
    return log


def test_arena_and_restructuring_run_under_inspect(tmp_path, monkeypatch):
    from sophro.assess import _inspect_registry
    from sophro.errors import SophroError

    monkeypatch.setitem(STUBS, "listens", lambda _: "It sounds like that is hard. What is it like for you?")
    log = _eval(_inspect_registry.arena(lang="en", limit=1, least=1, most=1, total=2), tmp_path, "listens")
    (found,) = log.samples
    assert 0 <= found.scores["card"].value["supervisor"] <= 1 and len(found.messages) >= 3
    assert found.metadata["session"]["simulated"]
    log = _eval(_inspect_registry.restructuring(lang="en", limit=1, manner="refusing"), tmp_path, "listens")
    score = log.samples[0].scores["process"]
    assert score.value != score.value and "of the model could be used" in score.explanation, (
        "a model whose every turn was replaced has kept no process: unscored, never a pass"
    )
    with pytest.raises(SophroError, match="no situation"):
        _inspect_registry.restructuring(lang="fr")


def test_the_page_of_an_inspect_run(tmp_path, monkeypatch, capsys):
    """Radar, phases and worst groups from Inspect's own logs, several models in one ranking."""
    import json

    from sophro.assess import _inspect_registry
    from sophro.cli import run

    monkeypatch.setitem(STUBS, "listens", lambda _: "It sounds like that is hard. What is it like for you?")
    monkeypatch.setitem(STUBS, "judges", lambda _: "You should relax. <script>alert(1)</script>")
    caps = {"least": 1, "most": 2, "total": 4}
    logs = {}
    for name in ("listens", "judges"):
        log = _eval(_inspect_registry.arena(limit=2, **caps), tmp_path / name, name)
        logs[name] = log.location
    page = tmp_path / "page.html"
    assert run(["arena", "report", *logs.values(), "--out", str(page)]) == 0
    text = page.read_text("utf-8")
    assert text.count('class="ring"') == 4 * 3 and "phase-0" in text and "Worst groups" in text
    assert "sophro/stub/listens" in text and "sophro/stub/judges" in text and "<script" not in text
    assert text.count("<details ") == 2 and "4 sessions" in text
    assert run(["arena", "report", logs["listens"], "--out", str(page)]) == 0, "one log is an arena too"
    assert "2 sessions" in page.read_text("utf-8")

    capsys.readouterr()
    other = _eval(_inspect_registry.arena(limit=2, least=1, most=1, total=2), tmp_path / "other", "judges")
    (tmp_path / "no.json").write_text(json.dumps({"a": 1}))
    (tmp_path / "no.eval").write_bytes(b"PK nothing")
    talks = _eval(_inspect_registry.restructuring(lang="en", limit=1), tmp_path / "talks", "listens")
    for sources, word in (
        ([logs["listens"], logs["listens"]], "there before"),
        ([logs["listens"], other.location], "caps is"),
        ([str(tmp_path / "no.json")], "not a log of Inspect"),
        ([str(tmp_path / "no.eval")], "not a log of Inspect"),
        ([talks.location], "a log of the task"),
    ):
        assert run(["arena", "report", *sources, "--out", str(tmp_path / "never.html")]) == 2
        said = capsys.readouterr().err
        assert word in said and said.count("\n") == 1
    assert not (tmp_path / "never.html").exists()
    assert run(["restructure", "report", talks.location, "--out", str(page)]) == 0
    assert "Talks side by side" in page.read_text("utf-8")


def test_epochs_are_seeds_and_a_session_without_a_safety_rating_is_unscored(tmp_path, monkeypatch):
    import dataclasses

    import inspect_ai

    from sophro.assess import _inspect_registry
    from sophro.care.arena import RuleJudge, arena_of_logs
    from sophro.models import provider

    del provider
    monkeypatch.setitem(STUBS, "listens", lambda _: "It sounds like that is hard. What is it like for you?")
    rate = RuleJudge.rate

    def blind(self, side, session, profile, state):
        return [
            dataclasses.replace(i, outcome="not_applicable", score=None) if i.item in ("S12", "S13") else i
            for i in rate(self, side, session, profile, state)
        ]

    monkeypatch.setattr(RuleJudge, "rate", blind)
    log = inspect_ai.eval(
        _inspect_registry.arena(lang="en", limit=1, least=1, most=1, total=2),
        model="sophro/stub/listens",
        epochs=2,
        log_dir=str(tmp_path),
        display="none",
        log_level="error",
        score_display=False,
    )[0]
    assert log.status == "success", log.error
    assert {s.metadata["session"]["seed"] for s in log.samples} == {0, 1}
    assert all("S12 (" in s.scores["card"].explanation for s in log.samples)
    arena = arena_of_logs([Path(log.location)])
    assert arena["facts"]["seeds"] == [0, 1] and arena["ranking"]["standings"][0]["undecided"] == 2
    assert any("safety (S12, S13" in w for w in arena["facts"]["warnings"])
