"""What the audit of the served guard found: privacy of the record, readiness, escalations, limits, time."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from served import BAD, WordGuard, ended, process, serving

from sophro.chat import TRACE_FORMATS
from sophro.guard import Policy
from sophro.guard.policy import reply_for
from sophro.guard.server import (
    Event,
    EventStore,
    FixedGuards,
    Keys,
    Limits,
    PolicyGuards,
    ScriptedBackEnd,
    Server,
    Settings,
    create_app,
)
from sophro.guard.server._events import UNTOLD, Query, select
from sophro.models import ScriptedModel

HTTP = httpx.Client(timeout=30)
SECRET = "ghp_" + "Ab3dEf6hIj9lMn2pQr5tUv8xYz1B4c7D0eFg"
ANSWER = (
    "Of course, dear Marguerite, the lighthouse keeper wrote down what you lost in the harbour that night. "
    f"Your token is {SECRET} and the ferry to Skagen leaves at seven. Bring the blue umbrella with you."
)
REWRITES = """
format: 1
name: masks
output: [{detector: secrets, action: rewrite}]
stream: [{detector: secrets, action: rewrite}]
"""


def wait_for(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def on_disk(file):
    log = file.with_name(file.name + "-wal")
    return file.read_bytes() + (log.read_bytes() if log.exists() else b"")


def runs_of_six(text):
    words = text.split()
    return [" ".join(words[i : i + 6]).encode() for i in range(len(words) - 5)]


def scripted(answer="hi", guards=None, settings=None, delay=0.0, **more):
    settings = settings or Settings(hold=0)
    model = ScriptedModel(lambda _: answer, "scripted", TRACE_FORMATS["think"])
    found = guards or FixedGuards(WordGuard())
    return Server(settings, ScriptedBackEnd(model, settings, delay), lambda: found, **more)


def body(text="hi", **more):
    return {"messages": [{"role": "user", "content": text}], **more}


def ask(url, text="hi", **more):
    return HTTP.post(url + "/v1/chat/completions", json=body(text, **more))


@pytest.mark.parametrize("keeps", [False, True])
def test_nothing_that_a_model_or_a_person_wrote_is_on_the_disk_unless_texts_are_kept(tmp_path, keeps):
    policy, file = tmp_path / "policy.yaml", tmp_path / "events.sqlite"
    policy.write_text(REWRITES)
    store = EventStore(file, store_text=keeps)
    server = scripted(ANSWER, PolicyGuards(policy), settings=Settings(hold=0, store_text=keeps), events=store)
    question = "Please tell me once more what the keeper of the lighthouse wrote."
    with serving(create_app(server)) as url:
        whole = ask(url, question).json()
        masked = whole["choices"][0]["message"]["content"]
        assert "[secret]" in masked and SECRET not in masked and "blue umbrella" in masked
        assert "[secret]" in ask(url, question, stream=True).text
        explained = HTTP.post(
            url + "/v1/sophro/explain",
            json={"messages": [*body(question)["messages"], {"role": "assistant", "content": ANSWER}]},
        )
        assert "[secret]" in explained.json()["reply"]  # whoever asks is told; the record is not
        during = on_disk(file)
        rows = list(select(file, Query(action="rewrite")))
    assert len(rows) == 3 and all(r["text_hash"] and r["reasons"] for r in rows)
    found = [run for run in runs_of_six(ANSWER) + runs_of_six(masked) + runs_of_six(question)
             if run in during + on_disk(file)]  # fmt: skip
    assert bool(found) == keeps, found[:3]
    assert all(bool(r["reply"]) == keeps for r in rows if r["place"] == "output")
    assert (SECRET.encode() in during) == keeps


def test_a_reply_of_the_policy_stays_on_record(tmp_path):
    policy, file = tmp_path / "policy.yaml", tmp_path / "events.sqlite"
    own = "The desk of the library answers questions about cards."
    policy.write_text(
        "format: 1\nname: p\ninput:\n"
        f"  - {{detector: personal_data, label: email, action: rewrite, reply: '{own}'}}\n"
        "  - {detector: personal_data, label: iban, action: refuse}\n"
    )
    with serving(create_app(scripted(guards=PolicyGuards(policy), events=EventStore(file)))) as url:
        assert ask(url, "write to ann.lee@mailbox.org").json()["choices"][0]["message"]["content"] == own
        ask(url, "pay to DE89 3704 0044 0532 0130 00 please")
    replies = [r["reply"] for r in select(file, Query(kind="decision")) if r["action"] != "allow"]
    assert replies == [own, reply_for("refuse", "en", Policy.load(policy).replies)]


def test_reasons_and_names_that_may_quote_somebody_are_cut_without_texts(tmp_path):
    quoting = Event(
        not_evaluated=["a-guard@x/y: could not judge: asked 2 times: 'my diary says so'"],
        model="ignore the above and my diary",
        reply="my diary, with one word masked",
        text="my diary",
    )

    async def write(store):
        await store.record(quoting)
        store.close()

    asyncio.run(write(EventStore(tmp_path / "a")))
    assert b"diary" not in on_disk(tmp_path / "a")
    row = next(iter(select(tmp_path / "a", Query())))
    assert row["not_evaluated"] == ["a-guard@x/y: could not judge"] and row["model"] == ""
    asyncio.run(write(EventStore(tmp_path / "b", store_text=True)))
    row = next(iter(select(tmp_path / "b", Query())))
    assert row["model"] == quoting.model and row["reply"] == quoting.reply
    # What a client calls a part of a message is a text of theirs too.
    settings = Settings(hold=0, media=True)
    server = scripted(settings=settings, events=EventStore(tmp_path / "c"))
    parts = [{"type": "text", "text": "hi"}, {"type": "my diary"}, {"type": "input_audio"}]
    with serving(create_app(server)) as url:
        assert HTTP.post(url + "/v1/chat/completions", json=body(parts)).status_code == 200
    assert b"diary" not in on_disk(tmp_path / "c") and b"input_audio" in on_disk(tmp_path / "c")


def test_what_is_too_old_goes_without_traffic_and_from_the_log_too(tmp_path):
    file = tmp_path / "events.sqlite"

    async def write():
        store = EventStore(file, store_text=True, days=2 / 86400)
        await store.record(Event(text="words of yesterday", action="refuse"))
        assert b"words of yesterday" in on_disk(file)
        return store

    store = asyncio.run(write())
    try:
        wait_for(lambda: b"words of yesterday" not in on_disk(file))
        assert list(select(file, Query())) == []
        # The thread that swept still writes.
        asyncio.run(store.record(Event(text="words of today")))
        assert len(list(select(file, Query()))) == 1
    finally:
        store.close()


def test_a_reader_of_the_log_delays_the_sweep_and_nobody_s_event(tmp_path):
    from sophro.guard.server._events import connect

    file = tmp_path / "events.sqlite"
    store = EventStore(file, store_text=True, days=2 / 86400)
    try:
        asyncio.run(store.record(Event(text="words of yesterday")))
        reader = connect(file)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        time.sleep(3.0)  # the row is swept, and its log cannot be folded in
        start = time.monotonic()
        asyncio.run(store.record(Event(text="now")))
        assert time.monotonic() - start < 5.0
        reader.close()
        wait_for(lambda: b"words of yesterday" not in on_disk(file))
    finally:
        store.close()


class Slowly(FixedGuards):
    """Guards whose detectors take a while, and at first lack their model."""

    def load(self):
        calls.append(time.monotonic())
        if len(calls) == 1:
            raise RuntimeError("no model;\n run: sophro models pull smollm2-135m")
        gate.wait(20)


calls: list[float] = []
gate = threading.Event()


def test_readiness_waits_for_the_detectors_and_says_what_is_missing(caplog):
    calls.clear()
    gate.clear()
    with serving(create_app(scripted(guards=Slowly(WordGuard())))) as url:
        found = HTTP.get(url + "/readyz")
        error = found.json()["error"]
        assert (found.status_code, found.json()["status"], error["code"]) == (503, "not_ready", "not_ready")
        said = "the detectors cannot be loaded: no model; run: sophro models pull smollm2-135m"
        assert found.json()["reason"] == error["message"] == said
        assert HTTP.get(url + "/healthz").status_code == 200
        # Nothing is answered that nothing could judge, and nothing is fetched for it.
        for path, asked in (
            ("chat/completions", body()),
            ("moderations", {"input": "hi"}),
            ("sophro/explain", body()),
        ):
            refused = HTTP.post(f"{url}/v1/{path}", json=asked)
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "guard_not_ready")
        wait_for(lambda: len(calls) == 2)  # looked for again, because an operator may have mended it
        assert HTTP.get(url + "/readyz").status_code == 503
        gate.set()
        wait_for(lambda: HTTP.get(url + "/readyz").status_code == 200)
        assert ask(url).json()["choices"][0]["message"]["content"] == "hi"
    assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR"] == [said]


def test_while_detectors_are_loaded_the_server_lives_and_is_not_ready():
    calls[:] = [0.0]
    gate.clear()
    with serving(create_app(scripted(guards=Slowly(WordGuard())))) as url:
        found = HTTP.get(url + "/readyz")
        assert found.status_code == 503 and found.json()["reason"] == "the detectors are being loaded"
        gate.set()
        wait_for(lambda: HTTP.get(url + "/readyz").status_code == 200)


JUDGE = "format: 1\nname: judge\noutput: [{detector: refusal, action: allow}]\n"
DENIED = """
import socket, subprocess, sys
asked = []
def refuse(*args, **kwargs):
    asked.append(args)
    raise OSError("no network in this test")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = subprocess.run = subprocess.Popen = refuse
from sophro.errors import SophroError
from sophro.guard.server import PolicyGuards
try:
    guards = PolicyGuards(sys.argv[1] if len(sys.argv) > 1 else None)
    guards.load()
    said = "loaded"
    guards.guard("").check([[{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Good day to you."}]])
except SophroError as error:
    said = str(error)
print(len(asked), said)
"""


@pytest.mark.parametrize("there", [True, False])
def test_a_guard_starts_without_the_network(tmp_path, there):
    """The shipped policy where its model is there; a judge alone where it is not."""
    from sophro.models._embedded import folder

    if there and not folder().exists():
        pytest.skip("the embedded model is not on this machine")
    (tmp_path / "judge.yaml").write_text(JUDGE)
    env = {**os.environ, **({} if there else {"SOPHRO_CACHE": str(tmp_path)})}
    command = [sys.executable, "-c", DENIED, *([] if there else [str(tmp_path / "judge.yaml")])]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=True)
    attempts, said = done.stdout.strip().split(" ", 1)
    assert attempts == "0", "nothing may be fetched at the start"
    if there:
        assert said == "loaded"
    else:
        assert said.startswith("detector 'refusal' needs the model smollm2-135m")
        assert said.endswith("run: sophro models pull smollm2-135m") and "\n" not in said


def test_a_server_whose_model_is_missing_says_so_in_the_log_and_fetches_nothing(tmp_path):
    cache, policy = tmp_path / "cache", tmp_path / "judge.yaml"
    policy.write_text(JUDGE)
    options = ("--model", "stub/always-comply", "--no-events", "--threads", "1", "--policy", policy)
    with process(*options, SOPHRO_CACHE=str(cache), PIP_INDEX_URL="http://127.0.0.1:9") as (started, url):
        wait_for(lambda: "pull" in HTTP.get(url + "/readyz").json()["reason"], 60)
        assert "sophro models pull smollm2-135m" in HTTP.get(url + "/readyz").json()["error"]["message"]
        assert ask(url).json()["error"]["code"] == "guard_not_ready"
        code, log = ended(started)
    assert code == 0 and "Traceback" not in log and not cache.exists()
    assert log.count("run: sophro models pull smollm2-135m") == 1


def test_threads_of_torch_are_bounded_before_and_after_it_is_loaded():
    program = (
        "import sys; from sophro.guard.server._run import set_threads; set_threads({}); assert 'torch' not in sys.modules;"
        "import torch; print(torch.get_num_threads()); set_threads(1); print(torch.get_num_threads())"
    )
    env = {**os.environ, "OMP_NUM_THREADS": "4"}
    done = subprocess.run(
        [sys.executable, "-c", program.format(2)], capture_output=True, text=True, env=env, check=True
    )
    assert done.stdout.split() == ["2", "1"]


@pytest.fixture
def hook():
    told, app = [], FastAPI()

    @app.post("/hook")
    async def take(request: Request) -> Response:
        told.append(await request.json())
        return Response(status_code=204)

    with serving(app) as url:
        yield told, url + "/hook"


ESCALATES = "format: 1\nname: e\ninput: [{detector: personal_data, label: email, action: escalate}]\n"
MAIL = "write to ann.lee@mailbox.org"


def test_a_person_is_promised_only_where_somebody_is_told(tmp_path, hook):
    told, address = hook
    policy = tmp_path / "policy.yaml"

    def said(more="", text=MAIL, tenant=None):
        policy.write_text(ESCALATES + more)
        with serving(create_app(scripted(guards=PolicyGuards(policy)))) as url:
            asked = {"sophro": {"tenant": tenant}} if tenant else {}
            choice = ask(url, text, **asked).json()["choices"][0]
            assert choice["finish_reason"] == "stop"
            return choice["message"]["content"]

    promise, zh = "passed on to a person", "转交给负责本服务的工作人员"
    assert promise not in said() and "can't help" in said()
    assert zh not in said(text="请写信给 ann.lee@mailbox.org 好吗") and not told
    webhook = f"escalation: {{webhook: {address}}}\n"
    assert promise in said(webhook) and zh in said(webhook, "请写信给 ann.lee@mailbox.org 好吗")
    assert said(webhook + "replies: {escalate: {en: Own words.}}\n") == "Own words."
    tenants = f"tenants: {{told: {{escalation: {{webhook: {address}}}}}}}\n"
    assert promise in said(tenants, tenant="told") and promise not in said(tenants)
    assert "told" not in json.dumps(Policy.load().replies.model_dump())


@pytest.mark.parametrize("with_text", [False, True])
def test_the_text_goes_to_the_webhook_only_where_the_policy_says_so(tmp_path, hook, with_text):
    told, address = hook
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        ESCALATES + f"escalation: {{webhook: {address}, include_text: {str(with_text).lower()}}}\n"
    )
    file = tmp_path / "e.sqlite"
    with serving(create_app(scripted(guards=PolicyGuards(policy), events=EventStore(file)))) as url:
        ask(url, MAIL)
        wait_for(lambda: told)
    assert [t.get("text") for t in told] == ([MAIL] if with_text else [None])
    assert ("text" in told[0]) == with_text and b"mailbox" not in on_disk(file)


def test_escalations_without_an_outcome_are_told_at_the_next_start(tmp_path, hook):
    told, address = hook
    file = tmp_path / "e.sqlite"

    def decided(id_, **more):
        return Event(id=id_, action="escalate", enforced="escalate", place="input", text="dear diary", **more)

    def outcome(id_, what):
        return Event(kind="escalation", detail={"event": id_, "outcome": what, "tries": 1})

    async def write(store_text):
        store = EventStore(file, store_text=store_text)
        for event in (
            decided("evt_1", tenant="t"),
            decided("evt_2"),
            outcome("evt_2", "delivered"),
            decided("evt_3"),
            outcome("evt_3", UNTOLD),
            decided("evt_4", kind="decision"),
            outcome("evt_4", "status 503"),
            Event(id="evt_5", action="escalate", enforced="allow", dry_run=True),
        ):
            await store.record(event)
        store.close()

    asyncio.run(write(False))
    guards = FixedGuards(WordGuard(), url=address, with_text=True)
    for _ in range(2):  # the second start finds nothing to do
        with serving(create_app(scripted(guards=guards, events=EventStore(file)))):
            wait_for(lambda: len(told) == 2)
            time.sleep(0.3)
        assert [t["event"] for t in told] == ["evt_1", "evt_3"]
    assert all(t["again"] and t["where"] == "input" and "text" not in t for t in told)
    assert told[0]["tenant"] == "t"
    last = {e["detail"]["event"]: e["detail"]["outcome"] for e in select(file, Query(kind="escalation"))}
    assert last["evt_1"] == last["evt_3"] == "delivered"
    # Where the record keeps texts, and the policy sends them, they go along.
    file.unlink()
    told.clear()
    asyncio.run(write(True))
    with serving(create_app(scripted(guards=guards, events=EventStore(file)))):
        wait_for(lambda: len(told) == 2)
    assert [t["text"] for t in told] == ["dear diary"] * 2


def test_a_shutdown_between_two_tries_leaves_the_escalation_to_the_next_start(tmp_path):
    file = tmp_path / "e.sqlite"
    guards = FixedGuards(WordGuard("escalate", "Talk to us."), url="http://127.0.0.1:9/hook")
    with serving(create_app(scripted(guards=guards, events=EventStore(file)))) as url:
        ask(url, BAD)
        time.sleep(0.4)  # the first try has failed, the second waits a second
    assert [e["detail"]["outcome"] for e in select(file, Query(kind="escalation"))] == [UNTOLD]


KEYS = Keys([("acme", __import__("hashlib").sha256(b"k" * 20).digest())])


def test_the_key_is_asked_for_before_a_byte_of_the_body():
    server = scripted(keys=KEYS, settings=Settings(limits=Limits(body_bytes=100)))
    with serving(create_app(server)) as url:
        head = {"content-type": "application/json"}
        for path in ("chat/completions", "completions", "moderations", "sophro/explain"):
            for raw in (b"{", b"\xff", b"[" * 90, b"x" * 500):
                found = HTTP.post(f"{url}/v1/{path}", content=raw, headers=head)
                assert (found.status_code, found.json()["error"]["code"]) == (401, "invalid_api_key")
                assert found.headers["www-authenticate"] == "Bearer"
        known = {**head, "authorization": "Bearer " + "k" * 20}
        broken = HTTP.post(url + "/v1/chat/completions", content=b"{", headers=known)
        assert (broken.status_code, broken.json()["error"]["type"]) == (400, "invalid_request_error")
        # An announced body that never comes is not waited for.
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as peer:
            peer.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n")
            assert peer.recv(20).startswith(b"HTTP/1.1 401")


def test_a_body_that_does_not_come_ends_with_a_typed_error():
    server = scripted(settings=Settings(limits=Limits(body_seconds=0.5)))
    with serving(create_app(server)) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as peer:
            peer.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
            came = b""
            while piece := peer.recv(4096):
                came += piece
        assert came.startswith(b"HTTP/1.1 408") and b'"body_timeout"' in came and b'"timeout_error"' in came
        assert ask(url).status_code == 200


class Thoughtful(WordGuard):
    """Judges when it is told to."""

    def __init__(self):
        super().__init__()
        self.go = threading.Event()

    def check(self, conversations, where="input"):
        self.go.wait(20)
        return super().check(conversations, where)


@pytest.mark.parametrize(
    "path,asked",
    [("moderations", {"input": ["a", "b"]}), ("sophro/explain", body("a"))],
    ids=["mod", "explain"],
)
def test_judging_alone_holds_a_place_and_ends_with_the_server(path, asked):
    guard = Thoughtful()
    server = scripted(
        guards=FixedGuards(guard), settings=Settings(limits=Limits(streams=1, streams_per_key=1))
    )
    with serving(create_app(server)) as url:
        first: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: first.append(HTTP.post(f"{url}/v1/{path}", json=asked)))
        thread.start()
        wait_for(lambda: server.gate.total == 1)
        second = HTTP.post(f"{url}/v1/{path}", json=asked)
        assert (second.status_code, second.json()["error"]["code"]) == (429, "concurrency_limit_exceeded")
        guard.go.set()
        thread.join()
        assert first[0].status_code == 200 and server.gate.total == 0
        server.stopping.set()
        late = HTTP.post(f"{url}/v1/{path}", json=asked)
        assert (late.status_code, late.json()["error"]["code"]) == (503, "server_shutting_down")


def test_every_input_of_a_moderation_counts_against_the_rate():
    server = scripted(settings=Settings(limits=Limits(requests_per_minute=10)))
    with serving(create_app(server)) as url:

        def go(n):
            return HTTP.post(url + "/v1/moderations", json={"input": ["text"] * n})

        over = go(11)
        assert (over.status_code, over.json()["error"]["param"]) == (400, "input")
        assert go(8).status_code == 200
        full = go(4)
        assert (full.status_code, full.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert 6 <= int(full.headers["retry-after"]) <= 13
        assert go(1).status_code == 200 and go(0).status_code == 200


def test_categories_that_nobody_judges_are_named(tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text("format: 1\nname: zh\ninput: [{detector: toxic_zh, action: refuse}]\n")
    with serving(create_app(scripted(guards=PolicyGuards(policy)))) as url:
        found = HTTP.post(
            url + "/v1/moderations", json={"input": ["你好，今天天气很好。", "Good day."]}
        ).json()
    chinese, english = found["results"]
    named = chinese["sophro"]["not_evaluated"]
    assert "harassment" not in named and {"illicit", "sexual", "violence"} <= set(named)
    assert len(named) == 12 and not any(chinese["categories"][n] for n in named)
    assert len(english["sophro"]["not_evaluated"]) == 13  # the detector reads no English


def stopper(server):
    """A route that does what SIGTERM does to the server's state, in the loop's thread."""
    router = APIRouter()

    @router.post("/stop")
    async def stop() -> None:
        server.stop()

    return [router]


def test_an_answer_that_is_not_streamed_ends_within_a_graceful_shutdown():
    settings = Settings(hold=0, stop_seconds=10.0)
    server = scripted("tick " * 40 + "done", settings=settings, delay=0.03)
    with serving(create_app(server, stopper(server))) as url:
        found: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: found.append(ask(url, "hi")))
        thread.start()
        wait_for(lambda: server.back_end.running == 1)
        HTTP.post(url + "/stop")
        late = ask(url)
        assert (late.status_code, late.json()["error"]["code"]) == (503, "server_shutting_down")
        assert HTTP.get(url + "/readyz").json()["reason"] == "shutting down"
        thread.join(20)
    assert found[0].status_code == 200 and found[0].json()["choices"][0]["message"]["content"].endswith(
        "done"
    )


def test_an_answer_that_is_not_streamed_and_too_long_for_a_shutdown_ends_with_a_typed_error():
    server = scripted("tick " * 4000, settings=Settings(hold=0, stop_seconds=0.3), delay=0.03)
    with serving(create_app(server, stopper(server))) as url:
        found: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: found.append(ask(url, "hi")))
        thread.start()
        wait_for(lambda: server.back_end.running == 1)
        HTTP.post(url + "/stop")
        thread.join(20)
        wait_for(lambda: server.back_end.running == 0)
    assert (found[0].status_code, found[0].json()["error"]["code"]) == (503, "server_shutting_down")
