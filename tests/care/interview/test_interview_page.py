"""The live page: whole interviews through the application, restarts, a crisis, hostile input, and the command."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from sophro.care.crisis import Records
from sophro.care.dialogue import ScriptedAgent, replay
from sophro.care.interview import Interview
from sophro.care.interview import _phrases as phrases
from sophro.care.interview._page import render_page
from sophro.care.interview._participants import make
from sophro.care.interview._visits import Visits
from sophro.care.interview._web import COOKIE, LARGEST, create_app
from sophro.care.interview._web_page import WORDS, Start
from sophro.cli import run
from sophro.errors import SophroError
from sophro.evidence._interview import held, walk


def client(
    folder: Path, module: str = "social_fear", lang: str = "en", start: Start | None = None, **settings
):
    """A browser without scripts before a server that was just started."""

    def made(agent, visit):
        return Interview(module, agent, lang, session=visit.id, **settings)

    app = create_app(Visits(folder), made, lang, start or Start(), ["127.0.0.1"])
    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)


def hand_over(secret: str, browser) -> None:
    browser.cookies.set(COOKIE, secret, domain="127.0.0.1", path="/")


def shown(page) -> str:
    """What a person reads."""
    return html.unescape(re.sub(r"<[^>]+>", "", page.text.split("</head>")[1].split("<script>")[0]))


def place(page) -> str:
    return re.search(r'name="at" value="(\d+)"', page.text)[1]


def say(browser, text: str, page=None, do: str = "send"):
    page = page or browser.get("/")
    return browser.post("/answer", data={"at": place(page), "message": text, "do": do})


def log(folder: Path) -> Path:
    (found,) = folder.glob("*/log.jsonl")
    return found


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_whole_interview_with_the_server_restarted_in_the_middle(tmp_path, lang):
    person = make("low_mood", lang, "vague", 2)
    browser = client(tmp_path, "low_mood", lang)
    page = browser.get("/")
    assert WORDS[lang]["danger"] in shown(page) and not list(tmp_path.iterdir())
    assert f'<html lang="{ {"en": "en", "zh": "zh-Hans"}[lang] }">' in page.text
    page = browser.post("/begin")
    kept = browser.cookies[COOKIE]
    answers = 0
    while 'id="answer"' in page.text:
        asked = replay(log(tmp_path)).turns[-1]
        module, node = asked.meta.get("module"), asked.meta.get("node")
        text = phrases.SAFE[lang][0] if asked.strategy == "crisis" else phrases.STAYING[lang]
        if asked.strategy in ("probe", "explain"):
            said = person.answers[f"{module}.{node}"]
            text = said[min(asked.meta["attempt"], len(said) - 1)]
        page = say(browser, text, page)
        assert page.status_code == 200 and text.strip() in shown(page)
        answers += 1
        if answers == 5:  # another process, the same cookie
            browser = client(tmp_path, "low_mood", lang)
            hand_over(kept, browser)
            page = browser.get("/")
            assert text.strip() in shown(page)
    wanted = walk("low_mood", person.gold)
    done = replay(log(tmp_path))
    assert {n: m["path"] for n, m in done.outcome["modules"].items()} == wanted.paths
    assert (done.outcome["level"], done.outcome["risk"]) == (wanted.level, wanted.risk)
    assert [t.text for t in done.turns] == [t.text for t in held(person).turns], (
        "as the script at the terminal"
    )
    folder = log(tmp_path).parent
    assert json.loads((folder / "result.json").read_text()) == done.outcome
    assert (folder / "interview.html").read_text("utf-8") == render_page(done)
    # The person reads the closing sentence and no result, and can hide what was written.
    assert done.turns[-1].text in shown(page) and WORDS[lang]["end"] in shown(page)
    for secret in ("verdict", "not_met", done.outcome["summary"], "result.json"):
        assert secret not in page.text
    for address in ("/result.json", f"/{folder.name}/interview.html", "/../result.json"):
        assert browser.get(address).status_code == 404
    assert WORDS[lang]["begin"] in shown(browser.post("/leave")) and done.turns[-1].text not in shown(
        browser.get("/")
    )


def test_a_kill_between_the_end_and_the_result_is_made_good(tmp_path):
    browser = client(tmp_path)
    page = browser.post("/begin")
    for _ in range(3):
        page = say(browser, "no", page)
    folder = log(tmp_path).parent
    for name in ("result.json", "interview.html"):
        (folder / name).unlink()
    assert Visits(tmp_path).complete() == 1 and Visits(tmp_path).complete() == 0
    (folder / "interview.html").unlink()
    browser.get("/")
    assert (folder / "interview.html").exists()


@pytest.mark.parametrize(("lang", "text"), [("en", "I want to kill myself."), ("zh", "我想结束自己的生命。")])
def test_a_disclosure_is_answered_first_and_prominently_and_somebody_is_told(tmp_path, lang, text):
    told = []
    records = Records(tmp_path / "events.jsonl")
    out = tmp_path / "out"
    settings = {"hook": lambda *facts: told.append(facts) or True, "records": records}
    browser = client(out, "worry", lang, Start(told=True), **settings)
    assert WORDS[lang]["told"] in shown(browser.get("/"))
    browser.post("/begin")
    kept = browser.cookies[COOKIE]
    answer = browser.post(
        "/answer", data={"at": place(browser.get("/")), "message": text}, follow_redirects=False
    )
    assert answer.headers["location"] == "/#now", "the reply is what the page opens at"
    page = browser.get("/")
    now = re.search(r'<section class="([^"]*)" id="now"[^>]*aria-label="([^"]*)"', page.text)
    assert now[1] == "turn crisis" and now[2] == WORDS[lang]["important"]
    assert ("988" if lang == "en" else "12356") in shown(page)
    assert replay(log(out)).turns[-1].strategy == "crisis", "the tree waits for the answer to it"
    for _ in range(3):  # neither reloading nor a new server tells again
        browser.get("/")
        browser = client(out, "worry", lang, **settings)
        hand_over(kept, browser)
    page = say(browser, {"en": "I can call my sister.", "zh": "我可以给姐姐打电话。"}[lang])
    assert 'id="answer"' in page.text and replay(log(out)).turns[-1].meta["module"] == "suicide_risk"
    assert [int(level) for level, *_ in told] == [3] and told[0][1] == log(out).parent.name
    events = [json.loads(line) for line in records.path.read_text().splitlines()]
    assert [e["level"] for e in events if e["raised"]] == ["ACTIVE"] and events[0]["notified"] is True
    assert text not in records.path.read_text() and "text" not in events[0]


def test_words_are_recorded_only_with_the_persons_consent(tmp_path):
    for agreed in ("yes", ""):
        visits = Visits(tmp_path / f"out{agreed}")
        file = tmp_path / f"events{agreed}.jsonl"

        def made(agent, visit, file=file):
            return Interview("worry", agent, records=Records(file, keep_text=visit.keep_words))

        app = create_app(visits, made, "en", Start(ask_words=True), ["127.0.0.1"])
        browser = TestClient(app, base_url="http://127.0.0.1")
        assert WORDS["en"]["keep_words"] in shown(browser.get("/"))
        browser.post("/begin", data={"keep_words": agreed})
        say(browser, "I want to die. Call me at 0170 1234567.")
        (event,) = [json.loads(line) for line in file.read_text().splitlines()]
        assert event.get("text") == ("I want to die. Call me at [removed]." if agreed else None)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        '"></textarea></section><form action="https://example.org"><button>x</button>',
        "{{ 7 * 7 }} {% raw %} ${1}",
        "\u202e\u2066evil\u2069 \x00 \x1b[2J \ufeff",
        "nearly every day " * 3000,
        "很" * 50_000,
        "",
        "%ud83d \ud83d".encode("utf-8", "surrogatepass"),
    ],
)
def test_hostile_input_is_shown_and_does_nothing(tmp_path, text):
    browser = client(tmp_path)
    page = browser.post("/begin")
    asked = re.findall(r"<section", page.text)
    page = say(browser, text, page)
    assert page.status_code == 200
    assert page.text.count("<script>") == 1 and "<img" not in page.text and page.text.count("<form") == 1
    assert not set("\u202e\x00\x1b\ufeff") & set(page.text)
    assert len(re.findall(r"<section", page.text)) == len(asked) + 2, "heard, and asked on"
    if isinstance(text, str) and "<" in text:
        assert text in shown(page)
    assert len(page.text) < 60_000
    assert browser.get("/").status_code == 200


def test_nobody_gets_anothers_interview(tmp_path):
    first, second = client(tmp_path), client(tmp_path)
    say(first, "no, my secret is blue", first.post("/begin"))
    (folder,) = [f for f in tmp_path.iterdir() if f.is_dir()]
    assert folder.stat().st_mode & 0o077 == 0
    genuine = first.cookies[COOKIE]
    for forged in (folder.name, "../" + folder.name, genuine[:-1] + ("A" if genuine[-1] != "A" else "B"), "x" * 43,
                   genuine + "A", "é", "." * 43, ""):  # fmt: skip
        second.cookies.clear()
        headers = {"cookie": f"{COOKIE}={forged}".encode()}
        page = second.get("/", headers=headers)
        assert (
            page.status_code == 200 and "my secret" not in page.text and WORDS["en"]["begin"] in shown(page)
        )
        page = second.post("/answer", data={"at": "3", "message": "yes"}, headers=headers)
        assert "my secret" not in page.text
    assert len(list(tmp_path.iterdir())) == 1 and len(replay(log(tmp_path)).turns) == 4
    assert genuine not in "".join(p.read_text() for p in folder.iterdir()), "the folder does not give it away"
    cookie = client(tmp_path).post("/begin", follow_redirects=False).headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "max-age" not in cookie


def test_an_answer_counts_once_and_only_for_its_own_question(tmp_path):
    browser = client(tmp_path)
    page = browser.post("/begin")
    say(browser, "no", page)
    for stale in (place(page), "", "x", "99", "-1", "٣"):
        again = browser.post("/answer", data={"at": stale, "message": "yes"})
        assert again.status_code == 200
    assert [t.text for t in replay(log(tmp_path)).turns if t.speaker == "participant"] == ["no"]
    browser.post("/begin")
    assert len(list(tmp_path.iterdir())) == 1, "beginning twice goes on with the first"


def test_buttons_leave_out_and_stop(tmp_path):
    for lang in ("en", "zh"):
        out = tmp_path / lang
        browser = client(out, "social_fear", lang)
        say(browser, "", browser.post("/begin"), "skip")
        page = say(browser, "", do="stop")
        done = replay(log(out))
        assert done.outcome["status"] == "stopped"
        assert done.outcome["modules"]["social_fear"]["refused"] == ["fear"]
        assert 'id="answer"' not in page.text


def test_requests_from_elsewhere_and_too_large_ones_are_refused(tmp_path, capsys):
    browser = client(tmp_path)
    assert browser.post("/begin", headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert browser.get("/", headers={"host": "evil.example"}).status_code == 400
    assert not list(tmp_path.iterdir())
    page = browser.post("/begin")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert "form-action 'self'" in policy and "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
    answer = browser.post("/answer", content=b"message=" + b"x" * LARGEST)
    assert answer.status_code == 413 and WORDS["en"]["long"] in shown(answer)
    assert browser.post("/answer", content=b"a=1&" * 500).status_code == 400
    assert not re.search(r"https?://|@import|url\(", page.text)


def test_what_is_wrong_on_the_machine_is_not_told_to_the_person(tmp_path):
    browser = client(tmp_path)
    browser.post("/begin")
    kept = browser.cookies[COOKIE]
    other = client(tmp_path, "worry")
    hand_over(kept, other)
    page = other.get("/")
    assert page.status_code == 503 and WORDS["en"]["why"] in shown(page) and str(tmp_path) not in page.text
    log(tmp_path).write_bytes(b"not a log\n")
    assert browser.get("/").status_code == 503


# ---- an interview that is watched --------------------------------------------------------------------------------


def watching(folder: Path, player, lang: str = "en", module: str = "low_mood", seed: int = 0):
    app = create_app(
        Visits(folder, "the script 'vague'"),
        lambda agent, visit: Interview(module, agent, lang, session=visit.id, played="the script 'vague'"),
        lang,
        Start(player="the script 'vague'"),
        ["127.0.0.1"],
        player=player,
        seed=seed,
    )
    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_scripted_person_is_watched_answer_by_answer_and_across_a_restart(tmp_path, lang):
    person = make("low_mood", lang, "vague", 2)
    browser = watching(tmp_path, person.agent(), lang, seed=2)
    words = WORDS[lang]
    page = browser.get("/")
    assert words["watch"] in shown(page) and "the script 'vague'" in shown(page)
    assert words["what"] not in shown(page) and words["danger"] not in shown(page)
    page = browser.post("/begin")
    kept = browser.cookies[COOKIE]
    steps = 0
    while 'id="watch"' in page.text:
        assert "<textarea" not in page.text
        before = len(replay(log(tmp_path)).turns)
        old = place(page)
        page = say(browser, "what a browser sends is nobody's answer", page, do=("next", "run")[steps > 2])
        said = [t.speaker for t in replay(log(tmp_path)).turns[before:]]
        assert page.status_code == 200 and said.count("participant") == 1, "one answer a step"
        assert ("data-run" in page.text) == (steps > 2 and 'id="watch"' in page.text)
        steps += 1
        if steps == 2:  # pressed twice, and another process
            browser.post("/answer", data={"at": old, "do": "next"})
            browser = watching(tmp_path, person.agent(), lang, seed=2)
            hand_over(kept, browser)
            page = browser.get("/")
    done = replay(log(tmp_path))
    wanted = held(person)
    assert [t.text for t in done.turns] == [t.text for t in wanted.turns] and done.outcome == wanted.outcome
    assert done.seed == 2 and steps == sum(t.speaker == "participant" for t in done.turns) > 5
    assert (
        words["end"] in shown(page) and words["played"] in shown(page) and words["you"] + "<" not in page.text
    )
    assert "nobody's answer" not in page.text and done.outcome["summary"] not in page.text
    folder = log(tmp_path).parent
    assert json.loads((folder / "result.json").read_text()) == {**done.outcome, "simulated": True}
    report = (folder / "interview.html").read_text("utf-8")
    assert "Simulated: nobody was interviewed; the person was played by the script &#39;vague&#39;" in report
    # A server that was killed before it wrote the result writes it at its next start, as simulated.
    (folder / "interview.html").unlink()
    (folder / "result.json").unlink()
    assert Visits(tmp_path).complete() == 1
    assert json.loads((folder / "result.json").read_text())["simulated"] is True
    assert (folder / "interview.html").read_text("utf-8") == report


def test_a_script_does_not_go_on_with_what_a_person_began(tmp_path):
    browser = client(tmp_path, "low_mood")
    browser.post("/begin")
    kept = browser.cookies[COOKIE]
    other = watching(tmp_path, make("low_mood", "en", "clear", 0).agent())
    hand_over(kept, other)
    assert WORDS["en"]["watch"] in shown(other.get("/"))
    other.post("/answer", data={"at": "2", "do": "next"})
    assert [t.speaker for t in replay(log(tmp_path)).turns] == ["interviewer"] * 2


def test_a_player_that_is_evil_fails_or_is_silent(tmp_path):
    said = iter(["<script>alert(1)</script>\u202e", SophroError("/secret/model: no such file"), "", "no"])

    def speak(view):
        now = next(said)
        if isinstance(now, Exception):
            raise now
        return now

    browser = watching(tmp_path, ScriptedAgent("participant", speak))
    page = browser.post("/begin")
    page = say(browser, "", page, do="next")
    assert "<script>alert" not in page.text and "&lt;script&gt;alert(1)" in page.text
    broken = say(browser, "", page, do="run")
    assert broken.status_code == 503 and "/secret" not in broken.text
    turns = replay(log(tmp_path)).turns
    page = browser.get("/")
    assert replay(log(tmp_path)).turns == turns and 'id="watch"' in page.text, "nothing lost, and it goes on"
    for _ in range(2):
        page = say(browser, "", page, do="next")
        assert page.status_code == 200
    assert replay(log(tmp_path)).turns[-1].speaker == "interviewer"


def test_a_model_is_watched_and_another_seed_is_another_visit(tmp_path, monkeypatch, capsys):
    from sophro.care.interview import _serve

    found = []
    monkeypatch.setattr(_serve, "serve", lambda app, listener, announce: found.append(app))
    words = [
        "interview",
        "worry",
        "--participant",
        "model",
        "--model",
        "stub/always-refuse",
        "--page",
        "--port",
        "0",
    ]
    for seed in ("0", "1"):
        assert run([*words, "--out", str(tmp_path), "--seed", seed]) == 0, capsys.readouterr().err
    first, second = (TestClient(app, base_url="http://127.0.0.1") for app in found)
    page = say(first, "", first.post("/begin"), do="next")
    assert "stub/always-refuse" not in shown(page) and replay(log(tmp_path)).turns[2].speaker == "participant"
    hand_over(first.cookies[COOKIE], second)
    page = second.get("/")
    assert page.status_code == 200 and "stub/always-refuse, seed 1" in shown(page)
    assert replay(log(tmp_path)).settings["played"] == "stub/always-refuse, seed 0"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_crisis_in_a_watched_interview_is_shown_as_one(tmp_path, lang):
    said = {"en": "I want to kill myself tonight.", "zh": "我今晚就想自杀。"}[lang]
    browser = watching(tmp_path, ScriptedAgent("participant", lambda view: said), lang)
    page = say(browser, "", browser.post("/begin"), do="next")
    assert 'class="turn crisis"' in page.text and WORDS[lang]["important"] in shown(page)


def test_the_command_lets_a_script_be_watched(tmp_path, monkeypatch, capsys):
    from sophro.care.interview import _serve

    found = []
    monkeypatch.setattr(_serve, "serve", lambda app, listener, announce: found.append(app))
    text = (Path(__file__).resolve().parents[3] / "docs/interview.md").read_text("utf-8")
    (command,) = re.findall(r"^sophro (interview \w+ --participant script[^\n#]* --page[^\n#]*)", text, re.M)
    monkeypatch.chdir(tmp_path)
    assert run([*command.split(), "--port", "0"]) == 0, capsys.readouterr().err
    browser = TestClient(found[0], base_url="http://127.0.0.1")
    page = browser.post("/begin")
    while 'id="watch"' in page.text:
        page = say(browser, "", page, do="next")
    assert WORDS["en"]["end"] in shown(page) and "the script" not in shown(page)
    (result,) = tmp_path.glob("runs/*/*/result.json")
    assert json.loads(result.read_text())["simulated"] is True


# ---- the command -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["nothing", "--page"], "unknown module 'nothing'"),
        (["worry", "--page", "--host", "0.0.0.0"], "reaches beyond this machine"),
        (["worry", "--page", "--host", "example.org"], "an address of this machine"),
        (["worry", "--page", "--port", "70000"], "between 0 and 65535"),
        (["worry", "--page", "--json"], "nothing to print"),
        (["worry", "--page", "--participant", "script", "--records", "e.jsonl"], "are for a person"),
        (["worry", "--page", "--participant", "script", "--script", "nobody"], "nobody"),
        (["worry", "--page", "--participant", "model", "--model", "nobody"], "unknown model 'nobody'"),
        (["worry", "--participant", "model", "--webhook", "https://example.org"], "are for a person"),
        (["worry", "--webhook", "example.org"], "an address like"),
        (["worry", "--page", "--records-text"], "needs --records"),
        (["worry", "--page", "--judge", "nobody"], "unknown model 'nobody'"),
        (["worry", "--page", "--lang", "fr"], "fr"),
    ],
)
def test_what_is_wrong_at_the_start_is_one_sentence(tmp_path, monkeypatch, capsys, options, message):
    monkeypatch.chdir(tmp_path)
    assert run(["interview", *options]) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1 and list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_named(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert run(["interview", "worry", "--page", "--port", port]) == 2
    assert f"port {port} on 127.0.0.1 is taken" in capsys.readouterr().err


def test_the_command_of_the_page_serves_is_killed_and_goes_on(tmp_path):
    import httpx

    text = (Path(__file__).resolve().parents[3] / "docs/interview.md").read_text("utf-8")
    commands = re.findall(r"^sophro (interview \w+ --page[^\n#]*)", text, re.M)
    assert len(commands) == 2, "the second also tells somebody, and goes on with what the first began"
    secret = None
    for command, number in zip(commands, (signal.SIGKILL, signal.SIGTERM), strict=True):
        start = [sys.executable, "-m", "sophro", *command.split(), "--port", "0"]
        process = subprocess.Popen(
            start, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
        )
        try:
            url = process.stdout.readline().split()[-1]
            with httpx.Client(base_url=url, follow_redirects=True, trust_env=False, timeout=60) as browser:
                if secret is None:
                    page = browser.post("/begin")
                    assert say(browser, "no, not that I know", page).status_code == 200
                    secret = browser.cookies[COOKIE]
                else:
                    browser.cookies.set(COOKIE, secret)
                    assert "no, not that I know" in browser.get("/").text
            process.send_signal(number)
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0 and "Traceback" not in err, err
    assert log(tmp_path / "runs/visits").exists()
