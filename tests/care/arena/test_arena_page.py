"""The page of an arena, its commands, and their errors."""

from __future__ import annotations

import html
import json
import re

import pytest
from arena_world import Silent

from sophro.care.arena import DIMENSIONS, RED, _session
from sophro.cli import run
from sophro.report import arena_report


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("arena") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_session, "crisis_monitor", lambda _: Silent())
        command = [
            "arena",
            "run",
            "good",
            "bad",
            "--limit",
            "3",
            "--least",
            "1",
            "--most",
            "3",
            "--total",
            "7",
            "--out",
            str(out),
        ]
        assert run(command) == 0
        before = (out / "arena.json").read_bytes()
        assert run(command) == 0, "the same folder goes on"
        assert (out / "arena.json").read_bytes() == before
    return out


def test_the_page_is_self_contained_and_shows_all_parts(folder):
    page = (folder / "arena.html").read_text("utf-8")
    assert (
        "default-src &#39;none&#39;" in page
        and "<script" not in page
        and "http" not in page.replace("http-equiv", "")
    )
    assert page.count('class="ring"') == 4 * 3 and "prefers-color-scheme: dark" in page
    for part in (
        "Ranking",
        "Worst groups",
        "Three sides",
        "Course of the sessions",
        "Every dimension",
        "side by side",
        "simulated",
        "by rules",
    ):
        assert part in page
    assert all(f"{d} " in page for d in ("C12", "S14", "K7")) and page.count("<details ") == 3


def test_the_worst_group_stands_beside_the_mean(folder, capsys):
    """In the file, on the page and in the terminal; a single client has no interval."""
    arena = json.loads((folder / "arena.json").read_text("utf-8"))
    page = (folder / "arena.html").read_text("utf-8")
    for s in arena["ranking"]["standings"]:
        own = {
            x["profile"]: x["score"]["overall"] for x in arena["sessions"] if x["counselor"] == s["counselor"]
        }
        assert s["lowest"]["client"] == min(own, key=own.get)
        assert s["lowest"]["overall"] == pytest.approx(min(own.values()))
        means = [g["overall"]["value"] for g in s["problems"]]
        assert means == sorted(means) and len(means) == 3
        assert all(g["overall"]["low"] is None and g["overall"]["units"] == 1 for g in s["problems"])
        place = next(i for i, p in enumerate(arena["profiles"]) if p["id"] == s["lowest"]["client"])
        assert f'<a href="#client-{place}">{s["lowest"]["client"]}</a>' in page
        assert f'<details id="client-{place}">' in page
    assert (
        run(
            [
                "arena",
                "run",
                "bad",
                "--limit",
                "3",
                "--least",
                "1",
                "--most",
                "3",
                "--total",
                "7",
                "--out",
                str(folder.parent / "again"),
            ]
        )
        == 0
    )
    shown = capsys.readouterr().out
    assert "lowest client" in shown and "worst problem" in shown and "by problem" in shown


def test_the_page_shows_the_crisis_flow_and_the_languages_of_its_clients(folder, tmp_path):
    arena = json.loads((folder / "arena.json").read_text("utf-8"))

    def page(lang):
        for p in arena["profiles"]:
            p["lang"] = lang
        (tmp_path / "arena.json").write_text(json.dumps(arena))
        return arena_report(tmp_path, tmp_path / "a.html").read_text("utf-8")

    for session in arena["sessions"]:
        for red in session["score"]["red"]:
            red["answer"] = {"R13": "yes", "R12": "no", "R9": "undecided"}.get(red["item"], "no_occasion")
    english, chinese = page("en"), page("zh")
    (flow,) = re.findall(r'<section id="safety">.*?</section>', english, re.S)
    row = {r: flow.split(f"<th>{r} ")[1].split("</tr>")[0] for r in ("R9", "R12", "R13", "R14")}
    assert "3 of 3" in row["R13"] and "0 of 3" in row["R12"] and "no occasion" in row["R14"]
    assert "3 undecided" in row["R9"] and flow.count("<tr>") == 1 + 14
    d, red = DIMENSIONS["S6"], RED["R9"]
    for text in (d.question, d.title, red.question):
        assert html.escape(text) in english and html.escape(text) not in _table(chinese)
    for text in (d.question_zh, d.title_zh, red.question_zh):
        assert text in chinese and text not in english
    for session in arena["sessions"]:
        del session["score"]["red"]
    assert 'id="safety"' not in page("en"), "a file of before has no flow"


def _table(page):
    return "".join(re.findall(r'<section id="(?:safety|dimensions)">.*?</section>', page, re.S))


def test_hostile_text_stays_text(folder, tmp_path):
    arena = json.loads((folder / "arena.json").read_text("utf-8"))
    evil = '</style><script>alert(1)</script>\u202e"><img src=x onerror=alert(2)>'
    text = json.dumps(arena).replace("good", "EVIL")
    arena = json.loads(text)
    for session in arena["sessions"]:
        session["lines"][1]["text"] = evil
        session["problems"] = [evil]
        session["score"]["vetoes"] = [evil]
        session["score"]["undecided"] = [evil]
    for standing in arena["ranking"]["standings"]:
        standing["lowest"]["client"] = standing["lowest"]["problem"] = evil
        standing["problems"][0]["name"] = evil
    arena["facts"]["judge"] = evil
    (tmp_path / "arena.json").write_text(json.dumps(arena).replace("EVIL", json.dumps(evil)[1:-1]))
    page = arena_report(tmp_path, tmp_path / "a.html").read_text("utf-8")
    assert "<script" not in page and "<img" not in page and "\u202e" not in page
    assert "&lt;script&gt;" in page and page.count("</style>") == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["arena", "run", "--out", "x"], "at least one counselor"),
        (["arena", "run", "good", "good", "--out", "x"], "each only once"),
        (["arena", "run", "good", "--lang", "fr", "--out", "x"], "no client profile"),
        (["arena", "run", "good", "--least", "9", "--out", "x"], "impossible"),
        (["arena", "run", "good", "--seeds", "0", "--out", "x"], "--seeds"),
        (["arena", "run", "gud", "--out", "x"], "unknown counselor 'gud'; did you mean good?"),
        (["arena", "run", "good", "--judge", "nosuch", "--out", "x"], "unknown model 'nosuch'"),
        (["arena", "run", "good", "--client", "nosuch", "--out", "x"], "unknown model 'nosuch'"),
        (["arena", "run", "good", "--rules", "/dev/null", "--out", "x"], "holds no rule"),
        (["arena", "run", "good", "--profiles", "nowhere.jsonl", "--out", "x"], "no such file"),
        (["arena", "improve", "bad", "--limit", "2", "--out", "x"], "raise --limit to 3"),
        (["arena", "report", "nowhere", "--out", "x.html"], "no arena.json"),
        (["arena", "report", "--out", "x.html"], "name the folder"),
        (["arena", "report", "a.eval", "b.eval", "--out", "x.html"], "no such file"),
        (["arena", "improve", "bad", "--writer", "nosuch", "--out", "x"], "unknown model 'nosuch'"),
        (["arena", "agreement"], "SOPHRO_DATA"),
        (["restructure", "generate", "--out", "x.jsonl", "-n", "0"], "at least 1"),
        (["restructure", "generate", "--out", "x.jsonl", "--lang", "fr"], "no situation"),
        (["restructure", "generate", "--out", "x.jsonl", "--strategies", "loud"], "tokens or hidden"),
        (["restructure", "generate", "--out", "x.html"], "one a line"),
        (["restructure", "check", "nowhere.jsonl"], "no such file"),
        (["restructure", "report", "nowhere.jsonl", "--out", "x.html"], "no such file"),
        (["restructure", "report", "nowhere.eval", "--out", "x.html"], "no such file"),
        (["restructure", "chat", "--lang", "fr"], "Choose from"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(arguments, word, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOPHRO_DATA", raising=False)
    assert run(arguments) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert word in said[-1] and said[-1].startswith("sophro: error:")
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".jsonl"]
    assert not (tmp_path / "x.jsonl").exists()


def test_a_broken_arena_file_is_named(tmp_path, capsys):
    (tmp_path / "arena.json").write_text("{")
    assert run(["arena", "report", str(tmp_path), "--out", str(tmp_path / "a.html")]) == 2
    (tmp_path / "arena.json").write_text(
        '{"facts": {}, "ranking": {}, "items": {}, "profiles": [], "sessions": []}'
    )
    assert run(["arena", "report", str(tmp_path), "--out", str(tmp_path / "a.html")]) == 2
    assert re.findall("not JSON|lacks what the page needs", capsys.readouterr().err) == [
        "not JSON",
        "lacks what the page needs",
    ]
    assert not (tmp_path / "a.html").exists()


def test_improve_and_profiles_and_check(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_session, "crisis_monitor", lambda _: Silent())
    assert (
        run(["arena", "improve", "bad", "--limit", "6", "--rounds", "1", "--lang", "en", "--out", "better"])
        == 0
    )
    rules = (tmp_path / "better/rules.txt").read_text().splitlines()
    assert rules and all(r.startswith("When ") for r in rules)
    values = json.loads((tmp_path / "better/loop.json").read_text())
    assert values["report_gain"]["value"] > 0
    assert sum(map(len, values["clients"].values())) == 6 and values["without_score"] == {
        "before": 0,
        "after": 0,
    }
    capsys.readouterr()
    assert run(["arena", "profiles", "--lang", "zh", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) >= 15
    assert (
        run(
            [
                "restructure",
                "generate",
                "-n",
                "2",
                "--lang",
                "en",
                "--out",
                "r.jsonl",
                "--dialogues",
                "d.jsonl",
            ]
        )
        == 0
    )
    capsys.readouterr()
    assert run(["restructure", "check", "d.jsonl", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["dialogues"] == 2 and all(c["k"] == c["n"] for c in found["checks"].values())


def test_chat_in_the_terminal(monkeypatch, capsys):
    said = iter(["My manager moved my presentation.", "I always fail.", "If I fail once, I am nothing."])

    def answer(_):
        try:
            return next(said)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", answer)
    assert run(["restructure", "chat"]) == 0
    shown = capsys.readouterr()
    assert (
        "program, not a therapist" in shown.out
        and "stop here" in shown.out
        and "Nothing is stored" in shown.err
    )
    assert "question+" not in shown.out and "restatement" not in shown.out
