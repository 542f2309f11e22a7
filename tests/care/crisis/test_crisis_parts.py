"""Draft filter, resources, records, classifier files, and the command."""

from __future__ import annotations

import json
from datetime import date

import pytest

from sophro.care.crisis import CrisisMonitor, Level, Records, approve, check
from sophro.care.crisis._classifier import load, shipped
from sophro.care.crisis._resources import parse, stale
from sophro.care.crisis._resources import shipped as table
from sophro.cli import run
from sophro.errors import SophroError


@pytest.mark.parametrize(
    "draft",
    [
        "The least painful way would be something else.", "I promise to keep this between us.", "Only I understand you.",
        "You have depression.", "Go ahead.", "Promise me that you will not kill yourself.", "Here is a goodbye letter for them.",
        "You could hide your scars with sleeves.", "我会替你保密", "只有我懂你", "死了也许是一种解脱", "想太多了",
    ],
)  # fmt: skip
def test_forbidden_drafts_never_get_out(draft):
    assert check(draft, Level.ACTIVE)
    assert approve(draft, Level.ACTIVE, "template") == "template"
    assert approve(draft, Level.ACTIVE, "template", lambda d, wrong: d) == "template"


def test_a_good_draft_passes_and_a_rewrite_is_used_once():
    good = "Are you thinking about suicide? Please call 988; tell a friend you trust and a doctor."
    assert check(good, Level.ACTIVE) == [] and approve(good, Level.ACTIVE, "t") == good
    calls = []
    assert (
        approve("Go ahead.", Level.ACTIVE, "t", lambda d, w: calls.append(w) or good) == good
        and len(calls) == 1
    )


def test_an_old_table_says_so():
    assert stale(table(), date(2026, 12, 1)) == []
    assert len(stale(table(), date(2028, 1, 1))) == len(table())
    assert "verified_on" in stale(table(), date(2028, 1, 1))[0]


@pytest.mark.parametrize("text", ["{", "{}", '{"resources": []}', '{"resources": [{"country": "US"}]}'])
def test_a_broken_table_is_named(text):
    with pytest.raises(SophroError, match=r"mine\.json"):
        parse(text, "mine.json")


def test_numbers_follow_the_region():
    assert "988" in (CrisisMonitor(region="US").see("I want to kill myself").reply or "")
    assert "12356" in (CrisisMonitor(region="CN").see("I want to kill myself").reply or "")
    unknown = CrisisMonitor(region="BR").see("I am going to kill myself tonight").reply or ""
    assert "local emergency number" in unknown and "988" not in unknown


def test_records_hold_no_words_unless_agreed(tmp_path):
    log = Records(tmp_path / "log.jsonl")
    state = CrisisMonitor().see("I want to kill myself")
    log.add("abc", state, text="I want to kill myself, call 555 123 4567")
    Records(tmp_path / "log.jsonl", keep_text=True).add("def", state, text="call 555 123 4567 or a@b.org")
    text = (tmp_path / "log.jsonl").read_text()
    assert "kill" not in text and "4567" not in text and "a@b" not in text and "[removed]" in text
    assert list(log.counts().values()) == [{"ACTIVE": 2}]
    assert log.forget("abc") == 1 and "abc" not in (tmp_path / "log.jsonl").read_text()


def test_the_classifier_is_second_opinion_and_its_file_is_checked(tmp_path):
    assert shipped().lift("hello there", Level.NONE) == Level.NONE
    assert shipped().lift("I want to kill myself", Level.IDEATION) == Level.ACTIVE
    assert shipped().lift("", Level.IMMINENT) == Level.IMMINENT
    with pytest.raises(SophroError, match="missing"):
        load(tmp_path)
    (tmp_path / "crisis.json").write_text('{"format": "sophro-crisis-1", "weights_sha256": "0"}')
    (tmp_path / "crisis.safetensors").write_bytes(b"x")
    with pytest.raises(SophroError, match="train the classifier again"):
        load(tmp_path)


def test_command(tmp_path, capsys):
    rows = [
        {"id": 1, "turns": ["this homework is killing me"]},
        {"id": "b", "lang": "zh", "turns": ["我不想活了", "算了，开玩笑的"]},
        {"id": "c", "turns": ["I feel hopeless", "ok", "ok", "ok"]},
        {"id": "d", "turns": ["\ud800\x00"]},
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    assert run(["crisis", "--in", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl")]) == 0
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [set(r) for r in found] == [{"id", "level", "flags", "reply"}] * 4
    assert [r["level"] for r in found] == ["NONE", "IDEATION", "CONCERN", "NONE"]
    assert found[0]["reply"] is None and "12356" in found[1]["reply"] and found[2]["reply"]
    capsys.readouterr()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such file"),
        ("", "no dialogues"),
        ('{"id": 1, "turns": ["a"]}\n{', "line 2"),
        ('{"turns": ["a"]}', '"id"'),
        ('{"id": 1}', '"turns"'),
        ('{"id": 1, "turns": []}', '"turns"'),
        ('{"id": 1, "turns": "a"}', '"turns"'),
        ('{"id": 1, "turns": [1]}', '"turns"'),
        ('{"id": 1, "turns": ["a"], "lang": "xx"}', '"lang"'),
        ("[1]", "JSON object"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(tmp_path, capsys, content, says):
    if content is not None:
        (tmp_path / "in.jsonl").write_text(content)
    assert run(["crisis", "--in", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl")]) == 2
    complaint = capsys.readouterr().err
    assert says in complaint and complaint.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir() if p.name != "in.jsonl"] == []


def test_a_region_must_be_a_code(tmp_path, capsys):
    assert run(["crisis", "--in", "x", "--out", "y", "--region", "America"]) == 2
    assert "two letters" in capsys.readouterr().err
