"""The process: what it says when it cannot start, reloads, shutdowns, and what survives a kill."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import threading
import time
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from served import BAD, WordGuard, ended, process, serving

from sophro.cli import run
from sophro.guard.server import (
    Event,
    EventStore,
    FixedGuards,
    ScriptedBackEnd,
    Server,
    Settings,
    create_app,
)
from sophro.guard.server._events import Query, connect, select
from sophro.models import ScriptedModel

RULE = "{detector: personal_data, label: email, action: refuse}"
MAIL = "Please write to ann.lee@mailbox.org today."
ANY = f"format: 1\nname: strict\ninput: [{RULE}]\n"
NONE = "format: 1\nname: open\n"


def body(text=MAIL, **more):
    return {"messages": [{"role": "user", "content": text}], **more}


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_a_kill_during_traffic_loses_no_event_of_an_answer_that_was_given(tmp_path):
    file, policy = tmp_path / "events.sqlite", tmp_path / "policy.yaml"
    policy.write_text(NONE)
    given, lock = [], threading.Lock()
    with process("--model", "stub/always-comply", "--events", file, "--policy", policy) as (started, url):

        def ask(streamed):
            with httpx.Client(timeout=60) as http:
                while True:
                    try:
                        found = http.post(url + "/v1/chat/completions", json=body(stream=streamed)).text
                    except httpx.HTTPError:
                        return
                    if streamed and "[DONE]" not in found:
                        return
                    last = json.loads(found.split("data: ")[-2] if streamed else found)
                    with lock:
                        given.append([d["id"] for d in last["sophro"]["decisions"]])

        threads = [threading.Thread(target=ask, args=(i % 2 == 0,)) for i in range(6)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(given) >= 40)
        started.send_signal(signal.SIGKILL)
        for thread in threads:
            thread.join()
    found = {e["id"]: e for e in select(file, Query())}
    assert len(given) >= 40 and all(len(ids) == 2 for ids in given)
    assert not [i for ids in given for i in ids if i not in found]
    assert connect(file).execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_policy_and_keys_are_read_again_and_a_shutdown_ends_streams_cleanly(tmp_path):
    policy, keys = tmp_path / "policy.yaml", tmp_path / "keys"
    policy.write_text(NONE + f"tenants:\n  closed:\n    input: [{RULE}]\n")
    keys.write_text("open " + "a" * 20 + "\nclosed " + "b" * 20 + "\n")
    http = httpx.Client(timeout=60)
    options = ("--policy", policy, "--keys", keys, "--no-events", "--delay", "0.2", "--stop-seconds", "2")
    with process("--model", "stub/always-comply", *options) as (started, url):

        def ask(key="a", **more):
            head = {"Authorization": "Bearer " + key * 20}
            return http.post(url + "/v1/chat/completions", json=body(max_tokens=1, **more), headers=head)

        def refused(key="a"):
            return ask(key).json()["choices"][0]["finish_reason"] == "content_filter"

        assert not refused() and refused("b")  # one tenant's own rules
        version = http.get(url + "/readyz").json()["policy"]
        policy.write_text(ANY)
        wait_for(refused)  # the file changed, nobody said anything
        assert http.get(url + "/readyz").json()["policy"] != version
        policy.write_text("format: 1\ninput: [{detector: nothing_like_it, action: refuse}]\n")
        keys.write_text("open " + "c" * 20 + "\n")
        started.send_signal(signal.SIGHUP)
        wait_for(lambda: ask("c").status_code == 200)
        assert ask("a").status_code == 401 and refused("c")  # a broken policy leaves the old one in force
        policy.write_text(NONE)
        wait_for(lambda: not refused("c"))

        ends = {}

        def stream(tokens):
            with httpx.Client(timeout=60) as own:
                head = {"Authorization": "Bearer " + "c" * 20}
                asked = body(stream=True, max_tokens=tokens)
                ends[tokens] = own.post(url + "/v1/chat/completions", json=asked, headers=head).text

        threads = [threading.Thread(target=stream, args=(n,)) for n in (3, 1000)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        head = {"Authorization": "Bearer " + "c" * 20}
        wait_for(
            lambda: "sophro_answers_running 2.0" in http.get(url + "/metrics", headers=head).text or 3 in ends
        )
        started.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        assert '"finish_reason":"length"' in ends[3] and ends[3].endswith("data: [DONE]\n\n")
        assert "server_shutting_down" in ends[1000] and ends[1000].endswith("data: [DONE]\n\n")
        assert started.wait(60) == 0
        assert "policy not reloaded, the old one stays" in started.stderr.read()


def test_a_server_that_cannot_be_closed_says_so_in_its_exit_code(tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text(NONE)
    broken = (
        "import sys; from sophro.cli import run; from sophro.guard.server import ScriptedBackEnd as S;"
        "S.close = None; sys.exit(run(sys.argv[1:]))"
    )
    options = ("--model", "stub/always-comply", "--policy", policy, "--events", tmp_path / "events.sqlite")
    with process(*options, start=("-c", broken)) as (started, url):
        asked = httpx.post(url + "/v1/chat/completions", json=body(max_tokens=1), timeout=60)
        code, log = ended(started)
    assert asked.status_code == 200 and code == 2
    assert "Traceback" in log and "did not start or end cleanly" in log
    # What was decided is on the disk all the same, and its log is folded in.
    assert (
        not (tmp_path / "events.sqlite-wal").exists()
        and len(list(select(tmp_path / "events.sqlite", Query()))) == 2
    )


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_what_is_wrong_at_the_start_is_one_sentence(tmp_path, taken, capsys):
    empty, short, wrong = tmp_path / "empty", tmp_path / "short", tmp_path / "wrong.yaml"
    empty.write_text("# nothing\n")
    short.write_text("acme secret\n")
    wrong.write_text("format: 1\ninput: [{detector: prompt_harm, action: shout}]\n")
    text = tmp_path / "text.sqlite"
    text.write_text("not a database " * 100)
    light = tmp_path / "light.yaml"
    light.write_text(NONE)
    stub = ["--model", "stub/always-comply", "--port", "0", "--policy", str(light), "--no-events"]
    cases = [
        ([], "either --model or --upstream"),
        (["--model", "stub/always-comply", "--upstream", "http://x/v1"], "either --model or --upstream"),
        (["--model", "stub/nobody", *stub[2:]], "unknown model 'stub/nobody'"),
        (["--model", "stub/always-comply", "--port", str(taken)], f"port {taken} on 127.0.0.1 is taken"),
        (["--model", "stub/always-comply", "--port", "70000"], "between 0 and 65535"),
        ([*stub, "--keys", str(empty)], "no key in it"),
        ([*stub, "--keys", str(short)], "line 1: the key has 6 characters"),
        ([*stub, "--keys", str(tmp_path / "none")], "no such file"),
        ([*stub[:4], "--policy", str(wrong)], "input[0].action"),
        ([*stub, "--host", "0.0.0.0"], "there are no API keys"),
        ([*stub, "--patch", str(tmp_path)], "no weights to patch"),
        ([*stub, "--max-tokens", "0"], "limit max_tokens is 0"),
        ([*stub[:-1], "--events", str(text)], "not usable as an event file"),
        (["--upstream", "x", *stub[2:]], "a URL is needed"),
        (["--upstream", "http://x/v1", "--patch", "p", *stub[2:]], "needs a local model"),
    ]
    for options, message in cases:
        assert run(["serve", *options]) == 2, options
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1, (options, error)


def filled(file, **options):
    """Write three people's events."""
    import asyncio

    async def write():
        store = EventStore(file, **options)
        rows = [
            Event(
                tenant="t",
                user=u,
                text=f"words of {u}",
                action="refuse",
                enforced="refuse",
                request=f"r{u}",
                time=1e9 + i,
            )
            for i, u in enumerate(["ann", "bob", "ann", "cat"])
        ]
        await asyncio.gather(*(store.record(r) for r in rows))
        store.close()
        return rows

    return asyncio.run(write())


def test_the_record_is_append_only_and_hides_texts(tmp_path):
    rows = filled(tmp_path / "a")
    found = list(select(tmp_path / "a", Query()))
    assert [f["id"] for f in found] == [r.id for r in rows] and {f["text"] for f in found} == {None}
    assert found[0]["user"] == found[2]["user"] != found[1]["user"] and "ann" not in json.dumps(
        found[0]["user"]
    )
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connect(tmp_path / "a").execute("UPDATE events SET action = 'allow'")
    filled(tmp_path / "b", store_text=True)
    assert [f["text"] for f in select(tmp_path / "b", Query(user="bob", tenant="t"))] == ["words of bob"]
    # The same text has another hash in another file: short texts cannot be guessed from a stolen export.
    hashes = [next(iter(select(tmp_path / n, Query(text="words of bob"))))["text_hash"] for n in "ab"]
    assert hashes[0] != hashes[1]
    filled(tmp_path / "c", days=30)
    EventStore(tmp_path / "c", days=30).close()  # events of 2001
    assert list(select(tmp_path / "c", Query())) == []


def test_events_are_listed_exported_and_deleted_for_good(tmp_path, capsys):
    file, out = tmp_path / "events.sqlite", tmp_path / "out.jsonl"
    filled(file, store_text=True)
    base = ["events", "--events", str(file)]
    assert run([*base, "--decision", "refuse", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 4
    assert run([*base, "--since", "2001-09-09T01:46:42", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2
    assert run(["events", "export", "--events", str(file), "--out", str(out), "--json"]) == 0
    assert len(out.read_text().splitlines()) == 4 and json.loads(capsys.readouterr().out)["events"] == 4
    assert b"words of ann" in file.read_bytes() + _wal(file)
    assert run(["events", "delete", "--events", str(file), "--user", "ann", "--tenant", "t", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"deleted": 2}
    assert b"words of ann" not in file.read_bytes() + _wal(file) and b"words of bob" in file.read_bytes()
    kinds = [e["kind"] for e in select(file, Query())]
    assert kinds.count("deletion") == 1 and len(kinds) == 3
    assert run(base) == 0 and "deletion" in capsys.readouterr().out
    for options, message in (
        (["delete", "--events", str(file)], "needs a selection"),
        (["--events", str(file), "--user", "ann"], "--user needs --tenant"),
        (["--events", str(tmp_path / "none")], "no such event file"),
        (["--events", str(file), "--since", "yesterday"], "write it as"),
        (["export", "--events", str(file)], "export needs it"),
    ):
        assert run(["events", *options]) == 2 and message in capsys.readouterr().err


def _wal(file: Path) -> bytes:
    log = file.with_name(file.name + "-wal")
    return log.read_bytes() if log.exists() else b""


def test_people_are_told_of_escalations_and_the_record_says_what_became_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr("sophro.guard.server._escalate._PAUSE", 0.01)
    told, hook = [], FastAPI()

    @hook.post("/{how}")
    async def take(how: str, request: Request) -> Response:
        told.append((how, await request.json()))
        return Response(status_code=503 if how == "never" or len(told) < 3 else 204)

    def outcomes(url):
        file = tmp_path / f"{url[-5:]}.sqlite"
        settings = Settings()
        back_end = ScriptedBackEnd(ScriptedModel(lambda _: "hi", "scripted"), settings)
        guards = FixedGuards(WordGuard("escalate", "Talk to us."), url=url)
        server = Server(settings, back_end, lambda: guards, EventStore(file))
        with serving(create_app(server)) as own:
            # Half of a surrogate pair in the text must not keep anybody from being told.
            raw = json.dumps(body(f"{BAD} \ud83d")).encode()
            asked = httpx.post(
                own + "/v1/chat/completions", content=raw, headers={"content-type": "application/json"}
            )
            assert asked.json()["choices"][0]["message"]["content"] == "Talk to us."
            wait_for(lambda: list(select(file, Query(kind="escalation"))))
        return next(iter(select(file, Query(kind="escalation"))))["detail"]

    with serving(hook) as url:
        found = outcomes(url + "/later")
        assert (found["outcome"], found["tries"]) == ("delivered", 3)
        assert told[-1][1]["event"] == found["event"] and "text" not in told[-1][1]
        found = outcomes(url + "/never")
        assert (found["outcome"], found["tries"]) == ("status 503", 3)
    assert outcomes("")["outcome"] == "no webhook is set"
    assert outcomes("ftp://somewhere")["outcome"].startswith("UnsupportedProtocol")
