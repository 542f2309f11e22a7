"""What the person answers to the crisis layer is no answer to the tree; the operator is told once, and never twice."""

from __future__ import annotations

import http.server
import json
import logging
import threading
import time
from dataclasses import replace

import anyio
import pytest

from sophro.care.crisis import Level, Records
from sophro.care.dialogue import (
    Crisis,
    Diverged,
    ScriptedAgent,
    Session,
    Watch,
    _watch,
    crisis_monitor,
    run_sync,
    session_hash,
    verify,
    webhook,
)
from sophro.care.interview import Interview, model_judge, read_answer
from sophro.care.interview._participants import make
from sophro.care.interview._speech import ONWARD
from sophro.errors import SophroError
from sophro.evidence._interview import held, walk

DEATH = {"en": "I want to kill myself.", "zh": "我想结束自己的生命。"}
SAFE = {"en": "Yes, I am safe, every day my brother is here.", "zh": "我很安全，每天都有哥哥陪着。"}


def answering(**by_node):
    """Says no, but for the nodes that are named."""
    return ScriptedAgent("participant", lambda v: by_node.get(v.task["node"], "no"))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_answer_to_are_you_safe_is_no_answer_to_the_tree(lang):
    """At the gate of worry the person speaks of death; what is said next would otherwise settle `control` or `wish`."""
    person = make("worry", lang, "clear", 3)
    answers = {**person.answers, "worry.tense": (DEATH[lang],), ".safety": (SAFE[lang],)}
    done = held(replace(person, answers=answers))
    said = next(t.index for t in done.turns if t.text == DEATH[lang])
    crisis, answer, asked = done.turns[said + 1 : said + 4]
    assert crisis.strategy == "crisis" and "?" in crisis.text.replace("？", "?")
    assert answer.text == SAFE[lang]
    assert asked.strategy == "probe" and asked.text.startswith(ONWARD[lang]) and asked.meta["node"] == "wish"
    used = [t for m in done.outcome["modules"].values() for n in m["nodes"].values() for t in n["turns"]]
    assert answer.index not in used and done.outcome["modules"]["worry"]["path"] == ["tense"]
    # The control: the same words, given to the tree, would have decided the open question.
    assert read_answer(SAFE[lang], "yes_no", safety=True).value is not None


def test_the_same_with_a_concern_and_with_a_yes_to_a_question_about_death():
    hopeless = "Every day. Everything is hopeless, I am only a burden to everybody."
    done = run_sync(Interview("worry", answering(tense=hopeless, safety="nearly every day, but I am safe")))
    first = done.turns[2:6]
    assert [t.strategy for t in first] == ["", "crisis", "", "probe"] and first[3].meta["node"] == "control"
    main = done.outcome["modules"]["worry"]["nodes"]
    assert main["tense"]["value"] == 3 and main["control"]["value"] == 0
    done = run_sync(Interview("suicide_risk", answering(wish="yes", safety="yes, my mother is with me")))
    nodes = done.outcome["modules"]["suicide_risk"]["nodes"]
    assert (nodes["wish"]["value"], nodes["active"]["value"]) == (1, 0), (
        "the yes to the reply is not one to `active`"
    )
    assert done.outcome["risk"] == 2


def test_in_the_safety_question_a_rise_is_answered_stopping_works_and_it_ends():
    texts = iter(["I want to die.", "I will kill myself tonight, the pills are in my hand."])
    agent = ScriptedAgent("participant", lambda v: next(texts, "no"))
    done = run_sync(Interview("worry", agent))
    assert [t.strategy for t in done.turns[2:7]] == ["", "crisis", "", "crisis", "stay"]
    assert done.outcome["status"] == "urgent_stop" and done.outcome["risk"] == 4
    stopped = run_sync(Interview("worry", answering(tense="I wish I were dead.", safety="stop")))
    assert stopped.outcome["status"] == "stopped" and [t.strategy for t in stopped.turns[-2:]] == [
        "crisis",
        "closing",
    ]
    # Long after the disclosure, at a question of the tree: one word ends it.
    later = run_sync(
        Interview("worry", answering(tense="I wish I were dead.", safety="I am safe", wish="stop"))
    )
    said = next(t.index for t in later.turns if t.text == "stop")
    assert [t.strategy for t in later.turns[said + 1 :]] == ["crisis", "closing"]
    assert later.outcome["status"] == "stopped"
    staying = run_sync(Interview("worry", answering(tense="I will kill myself tonight.", stay="stop")))
    assert (
        sum(t.strategy == "stay" for t in staying.turns) == 1 and staying.outcome["status"] == "urgent_stop"
    )
    left = run_sync(Interview("worry", ScriptedAgent("participant", ["I wish I were dead."])))
    assert left.outcome["status"] == "left" and left.outcome["refer"]
    # Who says the same again and again is answered and asked on; it ends.
    again = run_sync(Interview("worry", ScriptedAgent("participant", lambda v: "I wish I were dead.")))
    assert again.outcome["risk"] >= 2 and len(again.turns) < 80


def test_stop_is_honoured_whichever_judge_reads():
    judge = model_judge("smollm2-135m")
    done = run_sync(Interview("worry", ScriptedAgent("participant", ["stop", "no", "no"]), judge=judge))
    assert done.outcome["status"] == "stopped"


# ---- telling the operator --------------------------------------------------------------------------------------


class Told(list):
    """A hook that notes its calls."""

    def __init__(self, answer=True):
        super().__init__()
        self.answer = answer

    def __call__(self, level, session, reason):
        self.append((level, session, reason))
        return self.answer


def test_the_hook_is_called_once_however_often_the_log_is_read_again(tmp_path):
    told, records = Told(), Records(tmp_path / "events.jsonl")
    person = make("worry", "en", "clear", 3)
    person = replace(person, answers={**person.answers, "worry.control": (DEATH["en"],)})

    def again():
        return Interview("worry", person.agent(), hook=told, records=records, session="mine")

    whole = tmp_path / "a" / "log.jsonl"
    done = run_sync(again(), log=whole)
    assert told[0][:2] == (Level.ACTIVE, session_hash("mine"))
    levels = [level for level, *_ in told]
    assert levels == sorted(set(levels)), "once for each level"
    calls, events = list(told), records.path.read_bytes()
    lines = whole.read_bytes().splitlines(keepends=True)
    said = next(i for i, line in enumerate(lines) if DEATH["en"].encode() in line)
    assert json.loads(lines[said])["meta"]["crisis"]["notified"] is True
    for kept in (said + 1, said + 2, len(lines) - 1, len(lines)):
        before = {"told": len(told), "events": len(records.path.read_bytes())}
        part = tmp_path / "log.jsonl"
        part.write_bytes(b"".join(lines[:kept]))
        assert run_sync(again(), log=part) == done and part.read_bytes() == whole.read_bytes()
        if kept >= len(lines) - 1:
            assert (len(told), len(records.path.read_bytes())) == tuple(before.values())
        assert (Level.ACTIVE, session_hash("mine")) not in [t[:2] for t in told[before["told"] :]]
    assert anyio.run(verify, again(), whole) == done
    del told[len(calls) :]
    assert told == calls and events in records.path.read_bytes()
    # Killed before the line was written: rather twice than never.
    part.write_bytes(b"".join(lines[:said]))
    run_sync(again(), log=part)
    assert told[len(calls)][:2] == (Level.ACTIVE, session_hash("mine"))


def test_what_the_tree_finds_is_told_too_once_and_the_person_hears_whether_somebody_knows(tmp_path):
    """No message says anything by itself: only the tree knows what each yes means."""
    answers = {
        "wish": "yes",
        "active": "yes",
        "prepared": "never",
        "today": "yes",
        "safety": "my brother is here",
    }
    for answer, words in (
        (True, "I have let a person on the team here know"),
        (False, "I cannot send a person"),
    ):
        told, records = Told(answer), Records(tmp_path / f"{answer}.jsonl")
        log = tmp_path / f"{answer}-log.jsonl"

        def again(told=told, records=records):
            return Interview("suicide_risk", answering(**answers), hook=told, records=records)

        done = run_sync(again(), log=log)
        assert [level for level, *_ in told] == [3, 4]
        assert told[0][2] == "risk ACTIVE by node active of the interview suicide_risk"
        urgent = [t.text for t in done.turns if t.strategy == "crisis" and t.meta["level"] == 4]
        assert all(words in text for text in urgent) and len(urgent) >= 2
        raised = [
            e for e in map(json.loads, records.path.read_text().splitlines()) if e["layer"] == "controller"
        ]
        assert [(e["level"], e["notified"]) for e in raised] == [("ACTIVE", answer), ("IMMINENT", answer)]
        assert run_sync(again(), log=log) == done and len(told) == 2
        silent = Interview("suicide_risk", answering(**answers))
        assert anyio.run(verify, silent, log) == done, (
            "whether there is a hook does not change how a log is read"
        )


def test_a_hook_or_a_record_that_fails_leaves_the_person_answered(tmp_path, caplog):
    def broken(level, session, reason):
        raise RuntimeError("pager is down")

    folder = tmp_path / "is-a-folder"
    folder.mkdir()
    with caplog.at_level(logging.ERROR):
        done = run_sync(
            Interview("worry", answering(tense=DEATH["en"]), hook=broken, records=Records(folder))
        )
    assert (
        done.turns[3].strategy == "crisis"
        and "pager is down" in caplog.text
        and "not recorded" in caplog.text
    )
    assert done.turns[2].meta["crisis"].get("notified") is None


def test_a_monitor_of_a_dialogue_recalls_without_acting(tmp_path):
    told, records = Told(), Records(tmp_path / "e.jsonl", keep_text=True)
    watch = crisis_monitor("en", hook=told, records=records, session="s")
    assert isinstance(watch, Watch)
    watch.recall("I will kill myself tonight.", Crisis(4, (), True, "reply", True))
    assert told == [] and not records.path.exists()
    later = watch.see("nobody is here with me")
    assert later.level == 4 and told == [] and not later.notified
    assert "I have let a person on the team here know" in later.reply, "it still knows that somebody was told"
    (event,) = map(json.loads, records.path.read_text().splitlines())
    assert event["session"] == session_hash("s") and event["text"] == "nobody is here with me"
    plain = crisis_monitor("en").see("Lovely weather")
    assert plain == Crisis() and "notified" not in plain.to_json()


def test_an_act_outside_is_done_once_and_its_record_stands_in():
    lines = []

    class Log:
        def append(self, line):
            lines.append(line)

    first = Session("s", log=Log())
    assert first.once("rang", lambda: {"heard": True}) == {"heard": True} and len(lines) == 1
    again = Session("s", lines=list(lines))
    assert again.once("rang", lambda: pytest.fail("rang twice")) == {"heard": True}
    assert again.events == [{"event": "rang", "heard": True}]
    with pytest.raises(Diverged, match="records 'sang'"):
        Session("s", lines=list(lines)).once("sang", dict)
    with pytest.raises(SophroError, match="ends before"):
        Session("s", live=False).once("rang", dict)


@pytest.fixture
def pager():
    """An operator's endpoint; ``answers`` holds the status of each call to come."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            time.sleep(server.slow)
            self.send_response(server.answers.pop(0) if server.answers else 204)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.answers, server.slow = [], [], 0.0
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_a_slow_operator_keeps_nobody_waiting_and_is_reached_all_the_same(pager, caplog, monkeypatch):
    monkeypatch.setattr(_watch, "_WAIT", 0.1)
    monkeypatch.setattr(_watch, "_PAUSES", (0.01, 0.01))
    pager.slow, pager.answers[:] = 0.5, [500, 204]
    hook, began = webhook(f"http://127.0.0.1:{pager.server_port}/alarm"), time.monotonic()
    assert hook(Level.IMMINENT, "s", "r") is False, "who has not answered does not know"
    assert time.monotonic() - began < 0.45
    posts = [t for t in threading.enumerate() if t.name == "sophro-webhook"]
    assert len(posts) == 1 and not posts[0].daemon, "a program that ends waits for it"
    posts[0].join(20)
    assert len(pager.got) == 2 and "not reached" not in caplog.text


def test_the_webhook_says_who_and_how_grave_but_no_word(pager, caplog, monkeypatch):
    monkeypatch.setattr(_watch, "_PAUSES", (0.01,))
    hook = webhook(f"http://127.0.0.1:{pager.server_port}/alarm")
    done = run_sync(
        Interview("worry", answering(tense="I will kill myself tonight."), hook=hook, session="x")
    )
    (got,) = pager.got
    assert set(got) == {"event", "time", "level", "session", "reason"}
    assert (got["level"], got["session"]) == ("IMMINENT", session_hash("x")) and "tonight" not in json.dumps(
        got
    )
    assert "I have let a person on the team here know" in done.turns[3].text
    pager.answers[:] = [500, 200]
    assert hook(Level.ACTIVE, "s", "r") is True and len(pager.got) == 3
    pager.answers[:] = [302, 500]
    assert hook(Level.ACTIVE, "s", "r") is False and "status 500" in caplog.text
    pager.shutdown()
    pager.server_close()
    assert hook(Level.ACTIVE, "s", "r") is False and "not reached" in caplog.text
    for bad in ("", "alarm", "file:///etc/passwd", "http://", "https://[::1", "http://h:99999999"):
        with pytest.raises(SophroError, match="webhook"):
            webhook(bad)


def test_paths_hold_when_participants_answer_the_safety_question():
    """The full set is the claim ``interview_navigation``; here those who raise the level most."""
    for lang in ("en", "zh"):
        for seed in range(6):
            person = make("suicide_risk", lang, "clear", seed)
            done = held(person)
            wanted = walk("suicide_risk", person.gold)
            assert {n: m["path"] for n, m in done.outcome["modules"].items()} == wanted.paths
            assert done.outcome["risk"] == wanted.risk
