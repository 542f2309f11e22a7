"""Scoring against the published rules, exhaustively; what may not be shipped is refused."""

from __future__ import annotations

import itertools
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from sophro.care.instruments import REFUSED, instrument, instruments, score, score_file
from sophro.care.instruments._registry import DATA, parse
from sophro.errors import SophroError

PHQ, GAD = instrument("phq9"), instrument("gad7")


def phq_pattern(answers):
    """The published rule, written a second time and otherwise: flags in a list, the ninth counted at any time."""
    symptoms = [a > 1 for a in answers[:8]] + [answers[8] > 0]
    if not any(symptoms[:2]):
        return "none"
    return {0: "none", 1: "none", 2: "other", 3: "other", 4: "other"}.get(sum(symptoms), "major")


BANDS = {
    "phq9": ["minimal"] * 5 + ["mild"] * 5 + ["moderate"] * 5 + ["moderately severe"] * 5 + ["severe"] * 8,
    "gad7": ["minimal"] * 5 + ["mild"] * 5 + ["moderate"] * 5 + ["severe"] * 7,
}


def test_every_answer_sheet_of_the_gad7():
    sums = Counter()
    for answers in itertools.product(range(4), repeat=7):
        found = score(GAD, answers)
        total = sum(answers)
        sums[total] += 1
        assert (found.total, found.low, found.high) == (total, total, total)
        assert found.band == BANDS["gad7"][total] and found.at_cut == (total >= 10)
        assert found.pattern is None and found.risk is None
    assert set(sums) == set(range(22)) and sum(sums.values()) == 4**7


def test_every_answer_sheet_of_the_phq9():
    sums = Counter()
    for answers in itertools.product(range(4), repeat=9):
        found = score(PHQ, answers)
        total = sum(answers)
        sums[total] += 1
        said = (found.total, found.band, found.at_cut, found.risk, found.pattern)
        assert said == (total, BANDS["phq9"][total], total >= 10, answers[8] > 0, phq_pattern(answers)), (
            answers
        )
    assert set(sums) == set(range(28)) and sum(sums.values()) == 4**9


def test_missing_items_are_bounds_and_never_filled_in():
    for holes in itertools.combinations(range(9), 2):
        for value in range(4):
            answers = [value] * 9
            for hole in holes:
                answers[hole] = None
            found = score(PHQ, answers)
            whole = [score(PHQ, fill(answers, ends)) for ends in itertools.product(range(4), repeat=2)]
            assert found.total is None and found.missing == tuple(h + 1 for h in holes)
            assert (found.low, found.high) == (min(w.total for w in whole), max(w.total for w in whole))
            for name in ("band", "at_cut", "pattern"):
                possible = {getattr(w, name) for w in whole}
                assert getattr(found, name) == (possible.pop() if len(possible) == 1 else None), name
            assert found.risk == (None if 8 in holes else value > 0)


def fill(answers, ends):
    left = iter(ends)
    return [next(left) if a is None else a for a in answers]


def test_nothing_answered_says_nothing():
    found = score(PHQ, [None] * 9)
    assert (found.total, found.low, found.high, found.band, found.at_cut, found.pattern, found.risk) == (
        None, 0, 27, None, None, None, None,
    )  # fmt: skip


def test_item_nine_alone_is_a_risk_at_a_minimal_total():
    found = score(PHQ, [0] * 8 + [1])
    assert found.risk is True and found.band == "minimal" and "not mean" in found.note


@pytest.mark.parametrize("bad", [4, -1, "2", 2.0, True, [1]])
def test_what_is_no_answer_is_refused_by_item(bad):
    with pytest.raises(SophroError, match="gad7, item 3: "):
        score(GAD, [0, 0, bad, 0, 0, 0, 0])


def test_wrong_number_of_answers():
    with pytest.raises(SophroError, match="9 answers are needed, there are 7"):
        score(PHQ, [0] * 7)


def test_wording_in_both_languages_and_free_terms():
    for name, size in (("phq9", 9), ("gad7", 7)):
        found = instruments()[name]
        assert found.size == size and set(found.languages) == {"en", "zh"}
        assert found.licence.status == "free" and found.licence.certainty == "read"
        assert all(any("\u4e00" <= c <= "\u9fff" for c in item) for item in found.languages["zh"].items)


@pytest.mark.public_data
@pytest.mark.skipif("SOPHRO_DATA" not in os.environ, reason="needs SOPHRO_DATA")
def test_english_items_bands_and_risk_item_agree_with_the_public_copy():
    public = json.loads(
        (Path(os.environ["SOPHRO_DATA"]) / "F_mental_health/phq9_gad7/phq9_gad7.json").read_text()
    )
    for name in ("phq9", "gad7"):
        found = instrument(name)
        assert [tuple(b) for b in public[name]["bands"]] == list(found.bands)
        assert public[name].get("risk_item") == found.risk_item
        assert [o["text"] for o in public[name]["options"]] == list(found.languages["en"].options)
        mine = [plain(i) for i in found.languages["en"].items]
        assert [plain(i) for i in public[name]["items"]] == mine


def plain(text):
    return "".join(c for c in text.casefold() if c.isalnum())


@pytest.mark.parametrize(
    "name",
    [
        "mini",
        "MINI",
        "M.I.N.I.",
        "C-SSRS",
        "cssrs",
        "Columbia",
        "WAI",
        "wai-sr",
        "SRS",
        "ORS",
        "CTRS",
        "PANAS",
        "LSAS",
        "SIRI-2",
    ],
)
def test_unlicensed_instruments_are_refused_by_name_with_the_reason(name):
    with pytest.raises(SophroError, match=r"is not shipped: .*\((read|from memory); .{20,}\); (use|bring)"):
        instrument(name)


def test_names_are_forgiving_and_unknown_ones_are_told():
    assert instrument("PHQ-9") is PHQ and instrument("gad 7") is GAD
    with pytest.raises(SophroError, match="did you mean phq9"):
        instrument("phq8")
    assert {"mini", "cssrs", "wai", "srs", "ctrs"} <= set(REFUSED)


def test_no_text_of_a_refused_instrument_is_in_the_package():
    assert sorted(p.stem for p in DATA.iterdir()) == ["gad7", "phq9"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v.pop("cut"), "cut"),
        (lambda v: v["bands"].pop(1), "band 'moderate' starts at 10"),
        (lambda v: v["languages"]["zh"]["items"].pop(), "language zh"),
        (lambda v: v["licence"].update(status="refused"), "only free"),
        (lambda v: v.update(risk_item=12), "no item 12"),
        (lambda v: v.update(cut=99), "cut"),
        (lambda v: v.update(bands=3), "missing or of the wrong kind"),
    ],
)
def test_a_broken_instrument_file_is_refused(change, message):
    value = json.loads((DATA / "phq9.json").read_text("utf-8"))
    change(value)
    with pytest.raises(SophroError, match=message):
        parse(value, "mine.json")


def test_files(tmp_path):
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"id": "a", "answers": [0,1,2,3,0,1,2]}\n{"id": 2, "answers": [null,1,2,3,0,1,2]}\n')
    rows = score_file("gad7", source, target)
    assert [json.loads(line) for line in target.read_text().splitlines()] == json.loads(json.dumps(rows))
    assert [r["total"] for r in rows] == [9, None]
    for text, message in (
        ('{"id": "a"}', "line 1: field 'answers'"),
        ('{"answers": []}', "line 1: field 'id'"),
        ('{"id": "a", "answers": [9,1,2,3,0,1,2]}', "line 1: gad7, item 1"),
        ("[]", "line 1: a JSON object"),
    ):
        source.write_text(text)
        other = tmp_path / "other.jsonl"
        with pytest.raises(SophroError, match=message):
            score_file("gad7", source, other)
        assert not other.exists()
