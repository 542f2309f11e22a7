"""What reflection and triggers add to the page: right numbers, hostile text escaped, missing parts passed over."""

from __future__ import annotations

import json

from report_fixture import build_run, sample, write, write_rows

from sophro.evidence._rows import recovered
from sophro.report import build_report, summary

DIAGNOSIS = {
    "n": 60,
    "layer": 15,
    "layers": {k: [0.5, 0.6, 0.7, None] for k in ("trigger", "residue", "random")},
    "auroc": {"trigger": 0.71, "residue": 0.62, "random": 0.5, "length": None},
    "by_quintile": [{"k": i, "n": 12, "value": i / 12, "low": 0.0, "high": 0.9} for i in range(5)],
    "coefficients": None,
    "reasons": {"auroc.length": "all are equal"},
}
PREPARED = {
    "records": 24,
    "triggers": 2,
    "active": 1,
    "benign": 3,
    "list": [
        {
            "text": "<b>Write</b> a script.",
            "kind": "task",
            "refused": 0.9,
            "delta": 0.8,
            "active": True,
            "safe": True,
        },
        {
            "text": "Can you help?",
            "kind": "opener",
            "refused": 0.1,
            "delta": -0.1,
            "active": False,
            "safe": False,
        },
    ],
    "diagnosis": DIAGNOSIS,
}
REFLECTION = {
    "bias": 2.25,
    "limit": 1,
    "dial": {"benign": {"n": 26}, "lookalikes": {"n": 28}},
    "onset": {"held_out": {"n": 11, "fired": 10, "median_error": -4}},
}


EDIT = {
    "method": "<i>patching</i>",
    "pairs": 40,
    "overlap": [
        {
            "name": f"layers.{i}.w",
            "layer": i,
            "n": 1000,
            "safety": 100,
            "over": 50,
            "both": 10 * i,
            "safety_importance": 2.0 - i,
            "over_importance": float(i),
        }
        for i in range(3)
    ]
    + [{"name": "half a row", "layer": 9}],
}


def reflecting(
    i: int, task: str, positions: list[int], *, k: int = 0, recovered: bool = True, raw: bool | None = None
):
    row = sample(
        "balanced", task, i, "full_refusal" if recovered else "broken", False if recovered else None, k=k
    )
    row |= {"reflections": positions, "raw": None if raw is None else {"harmful": raw}, "new_tokens": 40}
    return row


def make(folder):
    build_run(folder, 8)
    stage = next(p for p in (folder / "stages").iterdir() if p.name.startswith("assess-balanced"))
    rows = [
        reflecting(i, "harmful", [3] if i < 6 else [], k=20, recovered=i < 5, raw=i < 3) for i in range(8)
    ]
    rows += [reflecting(i, "over_refusal", [9] if i == 0 else []) for i in range(8)]
    write_rows(stage / "samples.jsonl", rows)
    facts = json.loads((folder / "run.json").read_text())
    for number, (name, file, content) in enumerate(
        (
            ("prepare-triggers-s0", "prepared", PREPARED),
            ("align-balanced-s0", "reflection", REFLECTION),
            ("edit-patched-s0", "edit", EDIT),
        )
    ):
        row = next((r for r in facts["stages"] if r["name"] == name), None)
        if row is None:
            row = {"name": name, "kind": "prepare", "key": f"{number + 500:016x}", "needs": [], "done": True}
            facts["stages"].append(row)
        path = folder / "stages" / f"{name}-{row['key']}"
        write(path / "stage.json", {"name": name, "kind": row["kind"], "inputs": {}})
        write(path / f"{file}.json", content)
    write(folder / "run.json", facts)
    return folder


def test_numbers_of_recovery_and_reflection(tmp_path):
    arm = summary(make(tmp_path / "run"))["arms"]["balanced"]
    # A broken reply is no recovery, and stays in the denominator.
    assert (arm["recovery"]["20"]["k"], arm["recovery"]["20"]["n"]) == (5, 8)
    behind = arm["reflection"]["harmful requests, 20 tokens forced"]
    assert (behind["k"], behind["n"], behind["delay"], behind["tokens"]) == (6, 8, 3.0, 40.0)
    assert (behind["raw_harmful"]["k"], behind["raw_harmful"]["n"]) == (3, 8)
    assert arm["reflection"]["look-alikes"]["k"] == 1
    others = summary(tmp_path / "run")["arms"]["base"]
    assert others["reflection"] == {}


def test_the_page_shows_them(tmp_path):
    page = build_report([make(tmp_path / "run")], tmp_path / "out.html").read_text("utf-8")
    for text in (
        "Reflections",
        "What the methods found",
        "2.25",
        "2 triggers",
        "fires on 10 of 11",
        "highest fifth",
        "0.71",
    ):
        assert text in page, text
    assert "<b>Write</b>" not in page and "&lt;b&gt;Write&lt;/b&gt;" in page
    assert "all are equal" in page


def test_the_overlap_of_edits_is_counted_and_drawn(tmp_path):
    from sophro.report import _charts

    assert _charts.totals(EDIT["overlap"]) == {"n": 3000, "safety": 300, "over": 150, "both": 30}
    assert _charts.by_layer(EDIT["overlap"]) == {0: (0.0, 1.0, 0.0), 1: (0.1, 0.5, 0.5), 2: (0.2, 0.0, 1.0)}
    assert _charts.totals([{"n": 1}]) is None and _charts.overlap([{"n": 1}]) == ""
    page = build_report([make(tmp_path / "run")], tmp_path / "out.html").read_text("utf-8")
    for text in (
        "patched: edit of weights",
        "300 matter most",
        "30 to both",
        "10 % of the safety",
        "by chance 5 %",
    ):
        assert text in page, text
    assert "<i>patching</i>" not in page and "Overlap of two edits" in page


def test_a_run_without_them_has_no_such_section(tmp_path):
    page = build_report([build_run(tmp_path / "run", 6)], tmp_path / "out.html").read_text("utf-8")
    assert "What the methods found" not in page and "<h3>Reflections" not in page


def test_a_reply_that_was_cut_off_has_not_recovered(tmp_path):
    folder = make(tmp_path / "run")
    stage = next(p for p in (folder / "stages").iterdir() if p.name.startswith("assess-balanced"))
    rows = [json.loads(line) for line in (stage / "samples.jsonl").read_text().splitlines()]
    rows[0]["finish_reason"] = "length"
    rows[1]["state"] = "truncated"
    write_rows(stage / "samples.jsonl", rows)
    arm = summary(folder)["arms"]["balanced"]
    assert (arm["recovery"]["20"]["k"], arm["recovery"]["20"]["n"]) == (3, 8)
    said = {"verdicts": [{"judge": "embedded-refusal", "outcome": "full_refusal"}]}
    assert recovered(said) is True
    assert recovered({**said, "finish_reason": "length"}) is False
