"""What `sophro restructure` leaves: a page, the strategy tokens, and logs from which it goes on."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import anyio
import pytest

from sophro.care.dialogue import ScriptedAgent, Utterance
from sophro.care.restructuring import (
    STRATEGIES,
    _controller,
    fixed_turn,
    generate,
    records,
    special_tokens,
)
from sophro.cli import run
from sophro.cli._care import said_first
from sophro.models import STUBS
from sophro.report import render_restructuring, restructuring_report
from sophro.stats import wilson


class Silent:
    level, flags, newly_raised, reply = 0, (), False, None

    def see(self, _):
        return self


def silent(_):
    return Silent()


@pytest.fixture
def quiet(monkeypatch):
    monkeypatch.setattr(_controller, "crisis_monitor", silent)


def made(number=2, **more):
    return anyio.run(lambda: generate(number, monitor=silent, **more)).dialogues


# ---- the page ------------------------------------------------------------------------------------------------


def test_the_page_shows_both_sides_with_strategy_and_stage(tmp_path, quiet, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = [
        "restructure",
        "generate",
        "-n",
        "2",
        "--lang",
        "en",
        "--out",
        "cr.jsonl",
        "--dialogues",
        "talks.jsonl",
    ]
    assert run(command) == 0
    page = (tmp_path / "cr.html").read_text("utf-8")
    assert (
        "default-src &#39;none&#39;" in page
        and "<script" not in page
        and "prefers-color-scheme: dark" in page
    )
    assert "http" not in page.replace("http-equiv", "") and page.count("<details") == 2
    talks = [json.loads(x) for x in (tmp_path / "talks.jsonl").read_text("utf-8").splitlines()]
    sentences = [s for d in talks for t in d["turns"] for s in t["sentences"]]
    assert re.findall(r'<span class="strategy">(\w+)</span>', page) == [s["strategy"] for s in sentences]
    for stage in (
        "identify · automatic",
        "restructure · defense · thought 1",
        "restructure · verdict · thought 1",
    ):
        assert f'<div class="stage">{stage}</div>' in page
    persons = sum(t["speaker"] == "person" for d in talks for t in d["turns"])
    assert page.count('<div class="person turn">') == persons
    assert run(["restructure", "report", "talks.jsonl", "--out", "again.html"]) == 0
    assert (tmp_path / "again.html").read_text("utf-8") == page


def test_hostile_text_stays_text(tmp_path):
    evil = '</style><script>alert(1)</script>\u202e"><img src=x onerror=alert(2)>'
    (talk,) = made(1, lang="en")
    talk = json.loads(json.dumps(talk))
    for turn in talk["turns"]:
        turn["text"] = evil
        for sentence in turn["sentences"]:
            sentence["text"] = sentence["strategy"] = evil
    for channel in talk["channels"]:
        for key in channel:
            channel[key] = evil
    talk |= dict.fromkeys(("id", "lang", "domain", "end"), evil)
    talk["turns"].append({"speaker": evil, "text": evil, "stage": evil, "step": evil, "level": 3})
    file = tmp_path / "talks.jsonl"
    file.write_text(json.dumps(talk) + "\n")
    page = restructuring_report(file, tmp_path / "a.html").read_text("utf-8")
    assert "<script" not in page and "<img" not in page and "\u202e" not in page and "⟦RLO⟧" in page
    assert "&lt;script&gt;" in page and page.count("</style>") == 1
    assert "does not hold" in page, "what breaks the process is said"


def test_shares_have_intervals_and_the_stages_a_plot():
    talks = [json.loads(json.dumps(d)) for d in made(4, lang="en")]
    talks[0]["turns"] = talks[0]["turns"][:2]
    for channel in talks[0]["channels"]:
        channel["new"] = ""
    page = render_restructuring(talks)
    low, high = wilson(3, 4)
    share = f"3 of 4 = 75 % [{100 * low:.0f}, {100 * high:.0f}]"
    assert f"a thought changed in {share}" in page and f"<tr><th>restructure</th><td>{share}</td>" in page
    assert page.count('<svg viewBox="0 0 780') == 1 and "lang en (4)" in page
    turns = [
        t for d in talks for t in d["turns"] if t.get("stage") == "identify" and t["speaker"] == "helper"
    ]
    assert f"<title>identify: {len(turns) / 4:.1f} turns a talk</title>" in page


def test_a_crisis_shows_on_the_helpers_side_and_long_files_are_cut_openly():
    (talk,) = made(1, lang="zh")
    talk = json.loads(json.dumps(talk))
    talk["turns"] += [
        {"speaker": "person", "text": "x" * 9000, "level": 3},
        {"speaker": "controller", "text": "Please call now.", "stage": "crisis"},
    ]
    page = render_restructuring([talk] * 70)
    assert page.count("<details") == 60 and "10 more are in the file" in page
    assert "6500 characters cut" in page and "crisis level 3" in page
    assert re.search(r'helper turn crisis"><span class="sentence">Please call now', page)


def test_the_page_says_why_a_talk_ended_and_what_was_not_read():
    (talk,) = made(1, lang="en")
    assert (talk["end"], talk["why"], talk["cut"]) == ("closed", None, 0)
    page = render_restructuring([talk, talk | {"end": "unanswered", "why": "abusive", "cut": 6000}])
    assert "closed: 1, unanswered (abusive): 1" in page and "ended: unanswered (abusive)" in page
    assert page.count("6000 characters of long messages were not read") == 1
    old = {k: v for k, v in talk.items() if k not in ("why", "cut")}
    assert "closed: 1" in render_restructuring([old]), "talks of earlier versions have neither"


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("{}", "line 1: not a dialogue"),
        ('{"turns": [{"speaker": "person"}]}', "line 1: not a dialogue"),
        ('{"turns": [{"speaker": "person", "text": 3}]}', "line 1: not a dialogue"),
        ('{"turns": 3}', "line 1: not a dialogue"),
        ("", "holds no dialogue"),
    ],
)
def test_broken_talks_are_named(tmp_path, row, word, capsys):
    (tmp_path / "t.jsonl").write_text(row + "\n" if row else "")
    assert run(["restructure", "report", str(tmp_path / "t.jsonl"), "--out", str(tmp_path / "a.html")]) == 2
    assert word in capsys.readouterr().err and not (tmp_path / "a.html").exists()


# ---- tokens --------------------------------------------------------------------------------------------------


def test_the_tokens_of_the_records_are_single_tokens_once_added(tmp_path, quiet, monkeypatch):
    """As docs/restructuring.md says: without this a tokenizer tears them apart."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    monkeypatch.chdir(tmp_path)
    assert run(["restructure", "generate", "-n", "1", "--lang", "en", "--out", "cr.jsonl"]) == 0
    listed = json.loads((tmp_path / "cr.tokens.json").read_text("utf-8"))
    assert listed == special_tokens() and len(listed["additional_special_tokens"]) == len(STRATEGIES) == 8
    text = " ".join(json.loads(x)["answer"] for x in (tmp_path / "cr.jsonl").read_text("utf-8").splitlines())
    used = set(re.findall(r"<strategy:\w+>", text))
    assert used and used <= set(listed["additional_special_tokens"])
    plain = Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, unk_token="<unk>")
    one = sorted(used)[0]
    assert len(tokenizer(one)["input_ids"]) > 1
    assert tokenizer.add_special_tokens(listed) == 8
    assert tokenizer(one)["input_ids"] == [tokenizer.convert_tokens_to_ids(one)]
    (tmp_path / "cr.tokens.json").unlink()
    assert run(["restructure", "generate", "-n", "1", "--strategies", "hidden", "--out", "cr.jsonl"]) == 0
    assert not (tmp_path / "cr.tokens.json").exists()


# ---- going on ------------------------------------------------------------------------------------------------


def helper(count):
    def speak(view):
        count.append(view)
        task = view.task
        said = fixed_turn(task["lang"], task["lines"], view.asked, task["words"], task["step"])
        return Utterance("", {"sentences": [{"strategy": s.strategy, "text": s.text} for s in said]})

    return ScriptedAgent("helper", speak)


def test_a_cut_run_asks_only_for_what_is_missing(tmp_path):
    asked = []
    whole = made(3, lang="en", helper=helper(asked), logs=tmp_path)
    total, logs = len(asked), sorted(tmp_path.glob("*.jsonl"))
    assert total > 20 and len(logs) >= 3
    again = []
    assert made(3, lang="en", helper=helper(again), logs=tmp_path) == whole and not again
    size = logs[1].stat().st_size
    logs[1].write_bytes(logs[1].read_bytes()[: size // 2])
    logs[2].unlink()
    third = []
    assert made(3, lang="en", helper=helper(third), logs=tmp_path) == whole
    assert 0 < len(third) < total and logs[1].stat().st_size == size
    assert made(3, lang="en", helper=helper([])) == whole, "without logs the same talks"


def test_sigkill_in_the_middle_and_go_on(tmp_path):
    program = textwrap.dedent(
        f"""
        import json, os, signal, sys
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from test_restructuring_files import helper, made
        out, die = Path(sys.argv[1]), int(sys.argv[2])
        out.mkdir(exist_ok=True)
        calls = out / "calls"
        class Counting(list):
            def append(self, view):
                if calls.exists() and calls.stat().st_size >= die:
                    os.kill(os.getpid(), signal.SIGKILL)
                with calls.open("a") as f:
                    f.write("x")
        print(json.dumps(made(3, lang="en", helper=helper(Counting()), logs=out / "logs")))
        """
    )

    def go(die):
        return subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "out"), str(die)],
            capture_output=True,
            text=True,
            check=False,
            env=dict(os.environ),
        )

    asked = []
    expected = made(3, lang="en", helper=helper(asked))
    calls = tmp_path / "out/calls"
    for die in (5, len(asked) // 2, len(asked) - 1):
        done = go(die)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert calls.stat().st_size == die
    last = go(10**6)
    assert last.returncode == 0, last.stderr
    assert json.loads(last.stdout) == json.loads(json.dumps(expected))
    assert calls.stat().st_size == len(asked)


def test_the_command_keeps_what_a_model_said_and_asks_it_once(tmp_path, quiet, monkeypatch):
    calls = []

    def rambles(_):
        calls.append(1)
        return "I like trains."

    monkeypatch.setitem(STUBS, "rambles", rambles)
    monkeypatch.chdir(tmp_path)
    command = [
        "restructure",
        "generate",
        "-n",
        "1",
        "--lang",
        "en",
        "--helper",
        "stub/rambles",
        "--out",
        "cr.jsonl",
    ]
    assert run(command) == 0
    before, asked = (tmp_path / "cr.jsonl").read_bytes(), len(calls)
    (log,) = tmp_path.glob("cr.logs/*/*.jsonl")
    assert asked > 5 and log.stat().st_size
    (tmp_path / "cr.jsonl").unlink()  # killed before the records were written
    assert run(command) == 0
    assert (tmp_path / "cr.jsonl").read_bytes() == before and len(calls) == asked
    monkeypatch.setitem(STUBS, "mumbles", rambles)
    command[command.index("stub/rambles")] = "stub/mumbles"
    assert run(command) == 0 and len(calls) == 2 * asked, "another helper's talks are its own"


def test_records_of_the_page_and_of_the_file_are_the_same_talks():
    (talk,) = made(1, lang="en")
    rows = records(talk)
    page = render_restructuring([talk])
    assert all(s in page for row in rows for s in row["meta"]["strategies"])


# ---- the terminal ----------------------------------------------------------------------------------------------


def test_a_person_reads_first_what_is_kept_and_what_reads_along(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("I failed the exam.\n"))
    log, events = tmp_path / "talk.jsonl", tmp_path / "events.jsonl"
    assert run(["restructure", "chat", "--log", str(log), "--records", str(events)]) == 0
    first = capsys.readouterr().err.splitlines()[0]
    assert f"stored in {log}" in first and f"noted in {events}, without your words" in first
    assert "no model does" in first and "Nothing is stored" not in first
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run(["restructure", "chat", "--lang", "zh"]) == 0
    assert "什么都不会保存" in capsys.readouterr().err


def test_models_that_read_along_are_named_with_their_place():
    said = said_first("en", None, ["smollm2-135m", "openai/gpt-x", "openai/gpt-x"])
    assert "smollm2-135m on this computer" in said and "leaves this computer: openai/gpt-x." in said
    assert "smollm2-135m is very small" in said and "no model does" not in said
    assert "smollm2-135m 很小" in said_first("zh", None, ["smollm2-135m"], told=True)
    assert "有人被通知" in said_first("zh", None, [], told=True) and "有人被通知" not in said_first(
        "zh", None, []
    )


def test_danger_in_a_chat_reaches_records_and_the_region_its_lines(tmp_path, monkeypatch, capsys):
    events = tmp_path / "events.jsonl"
    monkeypatch.setattr("sys.stdin", io.StringIO("I want to kill myself, I have a plan\n"))
    assert run(["restructure", "chat", "--region", "US", "--records", str(events)]) == 0
    said = capsys.readouterr().out
    assert "988" in said and "tell me your country" not in said
    (event,) = [json.loads(line) for line in events.read_text().splitlines() if json.loads(line)["raised"]]
    assert event["level"] in ("ACTIVE", "IMMINENT") and "kill" not in events.read_text()
    # What was kept can be counted, and removed.
    assert run(["crisis", "records", str(events), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {event["time"][:4]: {event["level"]: 1}}
    assert run(["crisis", "records", str(events)]) == 0
    assert event["level"] in capsys.readouterr().out
    assert run(["crisis", "records", str(events), "--forget", "nobody"]) == 2
    assert "no event of session 'nobody'" in capsys.readouterr().err
    assert run(["crisis", "records", str(events), "--forget", event["session"]]) == 0
    assert events.read_text() == ""


@pytest.mark.parametrize(
    ("more", "what"), [(["--region", "America"], "two letters"), (["--records-text"], "--records FILE")]
)
def test_a_chat_with_wrong_options_does_not_begin(more, what, capsys):
    assert run(["restructure", "chat", *more]) == 2
    assert what in capsys.readouterr().err
