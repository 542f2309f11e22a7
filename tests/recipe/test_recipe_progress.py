"""Remaining time and what is shown."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from fake_recipe_executors import executors
from hypothesis import given
from hypothesis import strategies as st

from sophro.recipe import Names, RunProgress, estimate, load_recipe, plan, run
from sophro.recipe._eta import Eta, spoken

TEXT = """\
name: small
model: m-1m
description: "[bold]"
arms: {base: {}, tuned: {method: a, data: {x: {set: "[red]b[/nope]"}}}}
assessments: [{task: harmful, set: "[red]h[/nope]", limit: 4}]
"""


def test_eta_starts_from_the_plan_and_follows_the_clock() -> None:
    eta = Eta({"a": 100.0, "b": 100.0, "c": 100.0})
    assert eta.remaining() == pytest.approx(300)
    eta.finished("a", 200.0)
    assert 380 < eta.remaining() < 400
    assert eta.remaining("b", 0.5, 100.0) == pytest.approx(eta.remaining() * 0.75, rel=0.02)
    eta.finished("b", None)  # there already: teaches nothing about the speed
    assert 190 < eta.remaining() < 200
    eta.finished("c", 200.0)
    assert eta.remaining() == 0.0


@given(
    st.lists(st.none() | st.floats(0.1, 1e4), min_size=1, max_size=6),
    st.floats(0.01, 100.0),
    st.floats(-1.0, 2.0),
)
def test_eta_is_never_negative_and_learns_a_constant_factor(
    expected: list[float | None], factor: float, share: float
) -> None:
    eta = Eta({str(i): value for i, value in enumerate(expected)} | {"last": 50.0})
    for i, value in enumerate(expected):
        eta.finished(str(i), None if value is None else value * factor)
    left = eta.remaining()
    low, high = sorted((1.0, factor))
    assert 50 * low * 0.999 <= left <= 50 * high * 1.001
    assert eta.remaining("last", share, 1.0) >= 0.0


def test_unknown_parts_count_like_typical_ones() -> None:
    assert Eta({"a": 10.0, "b": None, "c": 30.0}).remaining() == pytest.approx(60)
    assert Eta({"a": None}).remaining() > 0


def test_spoken() -> None:
    assert [spoken(s) for s in (0.2, 89, 90, 3600, 7500)] == ["0 s", "89 s", "2 min", "60 min", "2 h 05 min"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_shows_every_stage_as_text(
    tmp_path: Path, stream: type[io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    path = tmp_path / "r.yaml"
    path.write_text(TEXT)
    recipe = load_recipe(path, names=Names())
    stages = plan(recipe)
    for again in (False, True):
        out = stream()
        with RunProgress(stages, estimate(stages), out, plain_seconds=0.0) as progress:
            run(recipe, tmp_path / "out", executors(), progress)
        text = out.getvalue()
        if again:
            assert "3 stages were complete already" in text and "done in" not in text
            continue
        for number, stage in enumerate(stages, start=1):
            assert f"[{number}/3] {stage.title}" in text
        assert text.count("done in") == 3 and "left" in text and "[red]h[/nope]" in text


def test_live_line_ends_with_an_error_too(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(TEXT)
    stages = plan(load_recipe(path, names=Names()))
    out = Terminal()
    with pytest.raises(RuntimeError), RunProgress(stages, estimate(stages), out) as progress:
        progress.stage_started(stages[0])
        progress.advanced(stages[0], 1, 0)
        raise RuntimeError
    assert progress._bar is None and out.getvalue().endswith(("\n", "\x1b[?25h"))
    json.dumps(out.getvalue())
