"""Steering on the page: the sweep as a curve, layers as a heat map, and nothing where there is nothing."""

from __future__ import annotations

import re

from report_fixture import build_run, write

from sophro.report import build_report
from sophro.report._steering import heatmap, sweep

FACTS = {
    "method": "adasteer",
    "anchors": {"complied": 12, "refused": 9, "benign": 14},
    "probe": {"rejection": 3, "harmfulness": 4},
    "development": {
        "plain": {
            "harmful": {"refused": 2, "complied": 8, "neither": 0},
            "benign": {"refused": 0, "complied": 9, "neither": 1},
        }
    },
    "layers": {"refused against complied": [0.5, 0.75, 1.0, None]},
    "sweep": [
        {
            "strength": s,
            "harmful": {"refused": r, "complied": 10 - r},
            "benign": {"refused": b, "complied": 10 - b},
        }
        for s, r, b in ((0.0, 2, 0), (0.1, 5, 0), (0.2, 10, 4))
    ],
    "warnings": ["<script>alert(1)</script> at an end of its range"],
}


def test_sweep_has_a_point_for_each_strength_and_side():
    drawn = sweep(FACTS)
    assert (
        drawn.count("<circle") == 3 and "harmful: refused 50 %" in drawn and "benign: answered 60 %" in drawn
    )
    # Refusal grows, so its line goes up: pixel rows fall.
    heights = [float(y) for y in re.search(r'points="([^"]+)"', drawn)[1].replace(",", " ").split()[1::2]]
    assert heights == sorted(heights, reverse=True) and len(heights) == 3


def test_heatmap_is_pale_at_chance_and_dark_at_one():
    drawn = heatmap(FACTS)
    assert re.findall(r'fill-opacity="([\d.]+)"', drawn) == ["0.04", "0.50", "1.00", "0"]
    assert "layer 3: not looked at" in drawn


def test_nothing_is_drawn_from_nothing():
    assert sweep({}) == heatmap({}) == ""
    assert sweep({"sweep": [{"strength": 0.1}]}) == "" and sweep({"sweep": [{}, {}]}) == ""


def test_the_page_shows_a_steering_stage(tmp_path):
    run = build_run(tmp_path / "run", 8)
    stage = run / "stages" / "steer-adaptive-s0-00000000000000aa"
    write(stage / "stage.json", {"name": "steer-adaptive-s0", "kind": "steer", "inputs": {}})
    write(stage / "steering.json", FACTS)
    facts = __import__("json").loads((run / "run.json").read_text())
    facts["stages"].append(
        {"name": "steer-adaptive-s0", "kind": "steer", "key": "00000000000000aa", "needs": []}
    )
    write(run / "run.json", facts)
    page = build_report([run], tmp_path / "page.html").read_text()
    assert "adaptive: steering with adasteer" in page and "12 harmful requests answered, 9 refused" in page
    assert "2 of 10" in page and "<script>alert" not in page
