"""The Inspect tasks, on a scripted model."""

from __future__ import annotations

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
    value = log.samples[0].scores["process"].value
    assert value == {"process": 1.0, "own_turns": 0.0}, (
        "a model that cannot answer in form is replaced, and that shows"
    )
    with pytest.raises(SophroError, match="no situation"):
        _inspect_registry.restructuring(lang="fr")
