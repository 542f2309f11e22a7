"""The API as clients see it: the official client, streams, holds, limits, failures of the guard."""

from __future__ import annotations

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import openai
import pytest
from served import BAD, Said, WordGuard, serving

from sophro.chat import REFLECTION_TOKEN, TRACE_FORMATS
from sophro.guard.server import (
    EventStore,
    FixedGuards,
    Limits,
    ScriptedBackEnd,
    Server,
    Settings,
    create_app,
)
from sophro.guard.server._events import Query, select
from sophro.models import ScriptedModel

HTTP = httpx.Client(timeout=20)
LONG = "word " * 40
SCRIPTS = {
    "hi": "Hello there, friend.",
    "leak": LONG + BAD + " and more of it " * 3,
    "long": "tick " * 4000,
    "zh": "你好，世界。🙂 " * 3,
    "reflect": f"Sure, first take the thing {REFLECTION_TOKEN}That would hurt someone.\n\nI cannot help with that.",
    "think": "<think>\nplain thought\n</think>\n\nDone.",
    "think bad": f"<think>\nlet us {BAD} now\n</think>\n\nDone.",
}


def script(transcript):
    return SCRIPTS.get(transcript.prompt, f"You said: {transcript.prompt}")


def build(guard=None, settings=None, events=None, keys=None, delay=0.0, trace=None):
    settings = settings or Settings(hold=8)
    model = ScriptedModel(script, "scripted", TRACE_FORMATS["think"] if trace else None)
    back_end = ScriptedBackEnd(model, settings, delay)
    found = guard or WordGuard()
    return Server(settings, back_end, lambda: FixedGuards(found), events, keys)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """One plain server with a record, used by most tests."""
    file = tmp_path_factory.mktemp("events") / "events.sqlite"
    server = build(events=EventStore(file))
    with serving(create_app(server)) as url:
        yield server, url, file


@pytest.fixture(scope="module")
def client(place):
    return openai.OpenAI(base_url=place[1] + "/v1", api_key="none", max_retries=0)


def ask(client, text, **more):
    return client.chat.completions.create(
        model="scripted", messages=[{"role": "user", "content": text}], **more
    )


def streamed(client, text, **more):
    """Return text, finish reason, and everything that came, as sent."""
    chunks = list(ask(client, text, stream=True, **more))
    choices = [c.choices[0] for c in chunks if c.choices]
    text = "".join(c.delta.content or "" for c in choices)
    return text, choices[-1].finish_reason, "".join(c.model_dump_json() for c in chunks)


def test_the_official_client_gets_answers(client):
    whole = ask(client, "hi")
    assert whole.choices[0].message.content == SCRIPTS["hi"] and whole.choices[0].finish_reason == "stop"
    assert whole.usage.completion_tokens == 3
    assert [d["where"] for d in whole.sophro["decisions"]] == ["input", "output"]
    for text in ("hi", "zh"):
        assert streamed(client, text)[:2] == (SCRIPTS[text], "stop")
    cut, reason, _ = streamed(client, "hi", max_tokens=2, stop=["friend"])
    assert (cut, reason) == ("Hello there, ", "length")
    assert streamed(client, "hi", stop=["there"])[:2] == ("Hello ", "stop")
    several = ask(client, "hi", n=3)
    assert [c.message.content for c in several.choices] == [SCRIPTS["hi"]] * 3
    parts: dict[int, str] = {}
    for chunk in ask(client, "hi", n=2, stream=True, stream_options={"include_usage": True}):
        for choice in chunk.choices:
            parts[choice.index] = parts.get(choice.index, "") + (choice.delta.content or "")
        usage = chunk.usage
    assert parts == {0: SCRIPTS["hi"], 1: SCRIPTS["hi"]} and usage.completion_tokens == 6
    assert client.completions.create(model="", prompt="hi").choices[0].text == SCRIPTS["hi"]
    legacy = list(client.completions.create(model="", prompt="hi", stream=True))
    assert "".join(c.choices[0].text for c in legacy) == SCRIPTS["hi"]
    assert [m.id for m in client.models.list()] == ["scripted"]


def test_moderations_have_openai_s_shape(place, client):
    found = client.moderations.create(input=["fine", f"{BAD} here"])
    first, second = (r.model_dump(by_alias=True) for r in found.results)
    assert not first["flagged"] and second["flagged"]
    assert second["categories"]["words.bad"] is True and len(second["categories"]) >= 13
    for row in (first, second):
        assert row["flagged"] == any(v for v in row["categories"].values())
    batches = place[0].guarding.current.one.batches
    before, asked = len(batches), [f"{i} {BAD}" if i % 3 == 0 else str(i) for i in range(40)]
    many = client.moderations.create(input=asked)
    assert [r.flagged for r in many.results] == [BAD in a for a in asked]
    assert [d["choice"] for d in many.sophro["decisions"]] == list(range(40))
    assert sum(batches[before:]) == 40 and len(batches) - before <= 6, "they are judged together"
    parts = client.moderations.create(input=[{"type": "text", "text": "a"}, {"type": "text", "text": BAD}])
    assert len(parts.results) == 1 and parts.results[0].flagged
    with pytest.raises(openai.BadRequestError, match="type text"):
        client.moderations.create(input=[{"type": "image_url", "image_url": {"url": "http://x"}}])


@pytest.mark.parametrize("stream", [False, True])
def test_a_refused_request_generates_nothing(place, client, stream):
    before = place[0].back_end.running, place[0].back_end.stopped
    if stream:
        text, reason, _ = streamed(client, f"please {BAD}")
    else:
        choice = ask(client, f"please {BAD}").choices[0]
        text, reason = choice.message.content, choice.finish_reason
    assert (text, reason) == ("No.", "content_filter")
    assert (place[0].back_end.running, place[0].back_end.stopped) == before


def test_a_bad_answer_never_leaves_and_its_generation_stops(place, client):
    text, reason, wire = streamed(client, "leak")
    assert BAD not in wire and "and more" not in wire
    assert text == LONG + "\n\nNo." and reason == "content_filter"
    whole = ask(client, "leak").choices[0]
    assert (whole.message.content, whole.finish_reason) == ("No.", "content_filter")
    stopped = place[0].back_end.stopped
    assert streamed(client, "long " + BAD)[1] == "content_filter"  # input
    assert place[0].back_end.stopped == stopped


def test_the_record_says_why_and_explain_finds_it(place, client):
    _, url, file = place
    answer = ask(client, "leak")
    found = HTTP.get(f"{url}/v1/sophro/explain", params={"id": answer.id}).json()["events"]
    assert [(e["place"], e["action"]) for e in found] == [("input", "allow"), ("output", "refuse")]
    assert found[1]["reasons"][0]["detector"] == "words" and found[1]["detail"]["finish"] == "stop"
    rows = list(select(file, Query(request=answer.id)))
    assert all(r["text"] is None and len(r["text_hash"]) == 32 for r in rows)
    assert BAD.encode() not in file.read_bytes() + file.with_name(file.name + "-wal").read_bytes()
    one = HTTP.get(f"{url}/v1/sophro/explain", params={"id": rows[1]["id"]}).json()["events"]
    assert len(one) == 1 and one[0]["action"] == "refuse"
    assert HTTP.get(f"{url}/v1/sophro/explain", params={"id": "evt_none"}).status_code == 404
    now = HTTP.post(f"{url}/v1/sophro/explain", json={"messages": [{"role": "user", "content": BAD}]}).json()
    assert now["action"] == "refuse" and now["reasons"][0]["window"] == [0, 6] and now["reply"] == "No."


def test_under_hold_and_cut_the_client_sees_the_recovery_only(client):
    for body in (None, {"visibility": "cut"}, {"reflections": True}):
        more = {"extra_body": {"sophro": body}} if body else {}
        text, reason, wire = streamed(client, "reflect", **more)
        assert (text, reason) == ("I cannot help with that.", "stop")
        assert "Sure" not in wire and "take" not in wire
        assert ("hurt someone" in wire) == (body == {"reflections": True})
        assert ask(client, "reflect", **more).choices[0].message.content == "I cannot help with that."
    with pytest.raises(openai.BadRequestError, match="visibility"):
        ask(client, "reflect", extra_body={"sophro": {"visibility": "raw"}})


def test_reasoning_is_judged_and_hidden_unless_it_is_shown():
    guard = WordGuard()
    for traces in (False, True):
        server = build(guard, Settings(hold=0, traces=traces), trace=True)
        with serving(create_app(server)) as url:
            client = openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=0)
            text, reason, wire = streamed(client, "think")
            assert (text, reason) == ("Done.", "stop") and ("thought" in wire) == traces
            if traces:
                assert wire.index("thought") < wire.index("Done")
            whole = ask(client, "think").choices[0].message
            assert (
                whole.content == "Done."
                and (getattr(whole, "reasoning_content", None) == "plain thought") == traces
            )
            for stream in (True, False):
                if stream:
                    text, reason, wire = streamed(client, "think bad")
                else:
                    found = ask(client, "think bad")
                    text, reason, wire = (
                        found.choices[0].message.content,
                        found.choices[0].finish_reason,
                        found.model_dump_json(),
                    )
                assert (text, reason) == ("No.", "content_filter") and BAD not in wire and "Done" not in wire


@pytest.mark.parametrize(
    "action,reason", [("hold", "content_filter"), ("rewrite", "stop"), ("escalate", "stop")]
)
def test_actions_end_an_answer_in_their_own_way(action, reason):
    server = build(WordGuard(action, "" if action == "hold" else "Other words."))
    with serving(create_app(server)) as url:
        client = openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=0)
        text, found, wire = streamed(client, "leak")
        assert found == reason and BAD not in wire
        reply = text.removeprefix(LONG).strip()
        assert "I can't help" in reply if action == "hold" else reply == "Other words."
        # On the input, hold means that the whole answer is judged before it leaves.
        text, found, _ = streamed(client, f"say {BAD}")
        if action != "hold":
            assert (text, found) == ("Other words.", "stop")
        else:
            assert BAD not in text and found == "content_filter"


@pytest.mark.parametrize("action", ["refuse", "rewrite"])
def test_rules_for_finished_answers_see_a_streamed_one_before_its_end_leaves(action):
    class OutputOnly(Straight):
        def check(self, conversations, where="input"):
            found = super().check(conversations, where)
            return found if conversations[0][-1]["role"] == "assistant" else [Said() for _ in conversations]

    class Slow(FixedGuards):
        def output_rules(self, tenant):
            return True

    settings = Settings(hold=0)
    back_end = ScriptedBackEnd(ScriptedModel(script, "scripted"), settings, 0.001)
    server = Server(settings, back_end, lambda: Slow(OutputOnly(action, "Hidden.")))
    with serving(create_app(server)) as url:
        client = openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=0)
        assert streamed(client, "hi")[:2] == (SCRIPTS["hi"], "stop")
        text, reason, _ = streamed(client, "leak")
        # What has left is not taken back; the reply follows it, and a rewritten whole is not sent on top of it.
        assert text.startswith(LONG) and text.endswith("Hidden." if action == "refuse" else "what is safe.")
        assert reason == ("content_filter" if action == "refuse" else "stop")


def test_a_dry_run_lets_everything_pass_and_says_so():
    server = build(WordGuard(dry_run=True))
    with serving(create_app(server)) as url:
        client = openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=0)
        text, reason, _ = streamed(client, "leak")
        assert text == SCRIPTS["leak"] and reason == "stop"
        decision = ask(client, "leak").sophro["decisions"][1]
        assert (decision["action"], decision["enforced"]) == ("refuse", "allow")


def test_a_prefill_is_judged_and_not_sent_back(client):
    def go(prefill):
        messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": prefill}]
        chunks = list(client.chat.completions.create(model="", messages=messages, stream=True))
        return "".join(c.choices[0].delta.content or "" for c in chunks), chunks[-1].choices[0].finish_reason

    assert go("Well, ") == (SCRIPTS["hi"], "stop")
    assert go(f"Well, {BAD} is ") == ("No.", "content_filter")


def test_texts_that_wait_are_judged_together():
    class Slow(WordGuard):
        def check(self, conversations, where="input"):
            time.sleep(0.15)
            return super().check(conversations, where)

    guard = Slow()
    with serving(create_app(build(guard))) as url, ThreadPoolExecutor(12) as pool:
        asked = [f"{i} {BAD}" if i % 3 == 0 else f"{i}" for i in range(12)]
        body = [{"messages": [{"role": "user", "content": a}]} for a in asked]
        found = list(
            pool.map(lambda b: HTTP.post(f"{url}/v1/sophro/explain", json=b, timeout=30).json(), body)
        )
    assert [f["action"] for f in found] == ["refuse" if BAD in a else "allow" for a in asked]
    assert sum(guard.batches) == 12 and len(guard.batches) < 12


class Broken(WordGuard):
    def __init__(self, where):
        super().__init__()
        self.where = where

    def check(self, conversations, where="input"):
        if self.where == "check":
            raise RuntimeError("weights are gone")
        return super().check(conversations, where)

    def stream(self, conversation):
        found = super().stream(conversation)
        if self.where == "slow":
            found.push = lambda _: time.sleep(2.5) or ""
        if self.where == "push":
            found.push = lambda _: 1 / 0
        return found


@pytest.mark.parametrize(
    "where,code", [("check", "guard_failed"), ("push", "guard_failed"), ("slow", "guard_timeout")]
)
def test_a_guard_that_fails_lets_nothing_pass(where, code, caplog):
    patience = 1.0 if where == "slow" else 20.0
    with serving(create_app(build(Broken(where), Settings(guard_seconds=patience)))) as url:
        body = {"messages": [{"role": "user", "content": "hi"}], "stream": True}
        found = HTTP.post(f"{url}/v1/chat/completions", json=body)
        assert code in found.text and "Hello" not in found.text
        if where == "check":
            assert found.status_code == 503
        else:
            assert found.text.endswith("data: [DONE]\n\n")
            client = openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=0)
            with pytest.raises(openai.APIError, match="guard"):
                streamed(client, "hi")


def test_wrong_requests_are_400_with_the_field(place):
    url = place[1] + "/v1/chat/completions"
    good = [{"role": "user", "content": "hi"}]
    cases = [
        ({"messages": good, "temperature": 9}, "temperature"),
        ({"messages": good, "n": 99}, "n"),
        ({"messages": good, "max_tokens": 10**6}, "max_tokens"),
        ({"messages": good, "tools": [{"type": "function"}]}, "tools"),
        ({"messages": good, "logprobs": True}, "logprobs"),
        ({"messages": good, "colour": "red"}, "colour"),
        ({"messages": good, "logit_bias": {"a": 1}}, "logit_bias"),
        ({"messages": [{"role": "bard", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0]"),
        ({"messages": good, "sophro": {"visbility": "cut"}}, "sophro.visbility"),
        ({}, "messages"),
    ]
    for body, field in cases:
        found = HTTP.post(url, json=body)
        assert (found.status_code, found.json()["error"]["param"]) == (400, field), (body, found.text)
    surrogate = HTTP.post(
        url,
        content=b'{"messages": [{"role": "user", "content": "\\ud800"}]}',
        headers={"content-type": "application/json"},
    )
    assert surrogate.status_code in (200, 400)
    for raw in (b"{", b"[" * 50_000, b"\xff\xfe", b'{"messages": NaN}'):
        found = HTTP.post(url, content=raw, headers={"content-type": "application/json"})
        assert found.status_code == 400 and "error" in found.json()
    assert (
        HTTP.post(url, json={"messages": good, "model": "other"}).json()["error"]["code"] == "model_not_found"
    )
    assert HTTP.get(place[1] + "/v1/nothing").json()["error"]["code"] == "unknown_url"
    assert HTTP.get(url).status_code == 405


def test_keys_tenants_and_hosts(tmp_path):
    file = tmp_path / "keys"
    file.write_text(
        "# people\nacme " + "a" * 20 + "\nother sha256:" + __import__("hashlib").sha256(b"b" * 20).hexdigest()
    )
    from sophro.guard.server import read_keys

    keys = read_keys(file)
    store = EventStore(tmp_path / "events.sqlite")
    with serving(create_app(build(keys=keys, events=store), hosts=["127.0.0.1"])) as url:

        def go(key, path="/v1/models", **more):
            return HTTP.get(
                url + path, headers={"Authorization": f"Bearer {key}", **more.pop("headers", {})}, **more
            )

        assert go("a" * 20).status_code == 200 and go("b" * 20).status_code == 200
        for wrong in ("", "a" * 19, "a" * 21, "c" * 20):
            found = go(wrong) if wrong else HTTP.get(url + "/v1/models")
            assert (found.status_code, found.json()["error"]["code"]) == (401, "invalid_api_key")
        assert HTTP.get(url + "/metrics").status_code == 401
        assert HTTP.get(url + "/healthz").status_code == HTTP.get(url + "/readyz").status_code == 200
        assert go("a" * 20, headers={"Host": "evil.example"}).status_code == 400
        mine = HTTP.post(
            url + "/v1/chat/completions",
            json={"messages": [{"role": "user", "content": "hi"}], "user": "u1"},
            headers={"Authorization": "Bearer " + "a" * 20},
        ).json()["id"]
        assert go("a" * 20, "/v1/sophro/explain", params={"id": mine}).status_code == 200
        assert go("b" * 20, "/v1/sophro/explain", params={"id": mine}).status_code == 404
    assert {e["tenant"] for e in select(tmp_path / "events.sqlite", Query())} == {"acme"}


def test_a_back_end_that_cannot_be_closed_fails_the_tests_that_serve_it():
    server = build()
    server.back_end.close = None
    with pytest.raises(AssertionError, match="shut down cleanly"), serving(create_app(server)) as url:
        assert HTTP.get(url + "/healthz").status_code == 200


def test_limits_are_errors_and_not_queues():
    limits = Limits(body_bytes=2000, streams=2, streams_per_key=2, requests_per_minute=30)
    server = build(settings=Settings(limits=limits), delay=0.02)
    with serving(create_app(server)) as url:
        path = url + "/v1/chat/completions"
        big = HTTP.post(path, json={"messages": [{"role": "user", "content": "x" * 3000}]})
        assert (big.status_code, big.json()["error"]["code"]) == (413, "body_too_large")

        def chunks():
            yield b'{"messages": ['
            yield b" " * 3000

        undeclared = HTTP.post(path, content=chunks(), headers={"content-type": "application/json"})
        assert undeclared.status_code == 413
        body = {"messages": [{"role": "user", "content": "long"}], "stream": True}
        with HTTP.stream("POST", path, json=body) as one, HTTP.stream("POST", path, json=body) as two:
            assert one.status_code == two.status_code == 200
            third = HTTP.post(path, json=body)
            assert (third.status_code, third.json()["error"]["code"]) == (429, "concurrency_limit_exceeded")
            assert third.headers["retry-after"] == "1"
            wait_for(lambda: server.back_end.running == 2)
        wait_for(lambda: server.gate.total == 0 and server.back_end.running == 0)
        assert server.back_end.stopped == 2  # both clients went away
        codes = {HTTP.post(path, json={"messages": []}).status_code for _ in range(3)}
        assert codes == {400}
        for _ in range(40):
            last = HTTP.post(path, json={**body, "stream": False, "max_tokens": 1})
        assert (last.status_code, last.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert int(last.headers["retry-after"]) >= 1


def wait_for(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_away_stops_the_generation(tmp_path, stream):
    server = build(events=EventStore(tmp_path / "e.sqlite"), delay=0.02)
    with serving(create_app(server)) as url:
        body = {"messages": [{"role": "user", "content": "long"}], "stream": stream}
        if stream:
            with HTTP.stream("POST", url + "/v1/chat/completions", json=body) as response:
                # Kept: a dropped iterator closes the connection, and the generation may be over before anybody looks.
                pieces = response.iter_bytes()
                next(pieces)
                wait_for(lambda: server.back_end.running == 1)
        else:
            with pytest.raises(httpx.ReadTimeout):
                HTTP.post(url + "/v1/chat/completions", json=body, timeout=0.5)
        wait_for(lambda: server.back_end.running == 0 and server.gate.total == 0)
        assert server.back_end.stopped == 1
    kinds = [e["detail"].get("outcome") for e in select(tmp_path / "e.sqlite", Query(kind="outcome"))]
    assert kinds == ["disconnected"]


def test_a_client_that_reads_nothing_is_let_go_and_memory_stays_bounded():
    limits = Limits(write_seconds=0.5, max_tokens=10**6)
    settings = Settings(limits=limits)
    model = ScriptedModel(lambda _: "x" * 2000 + " " + ("y" * 2000 + " ") * 15_000, "scripted")
    server = Server(settings, ScriptedBackEnd(model, settings), lambda: FixedGuards(Straight()))
    import socket

    with serving(create_app(server)) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as peer:
            body = json.dumps({"messages": [{"role": "user", "content": "hi"}], "stream": True}).encode()
            head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            peer.sendall(head + b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)
            wait_for(lambda: server.back_end.running == 1)
            wait_for(lambda: server.back_end.running == 0, 20)
        # 30 MB were to come; the generation had to wait for the client, and then it was stopped.
        assert server.back_end.stopped == 1


class Straight(WordGuard):
    """Releases everything at once."""

    def stream(self, conversation):
        found = super().stream(conversation)
        found.push = lambda text: text
        found.finish = lambda: ""
        return found


def test_a_quiet_stream_is_kept_alive_and_its_text_leaves_by_poll():
    class Late(WordGuard):
        def stream(self, conversation):
            found = super().stream(conversation)
            found.push = lambda text: setattr(found, "text", found.text + text) or ""
            found.poll = lambda: found._release(len(found.text))
            return found

    settings = Settings(hold=0, limits=Limits(keepalive_seconds=0.1, max_tokens=3))
    with serving(create_app(build(Late(), settings, delay=0.6))) as url:
        body = {"messages": [{"role": "user", "content": "hi"}], "stream": True}
        text = HTTP.post(url + "/v1/chat/completions", json=body).text
        found = numbers(url)
    assert ": waiting" in text and text.index("Hello") < text.index("there")
    # Two words waited for a poll, 0.25 s each; none left with the push that brought it.
    assert found["sophro_held_seconds_count"] == 3 and found["sophro_held_seconds_sum"] > 0.4
    assert found["sophro_first_text_seconds_count"] == 1 and found["sophro_first_text_seconds_sum"] > 0.2


def numbers(url):
    lines = HTTP.get(url + "/metrics").text.splitlines()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line[0] != "#"}


def test_the_metrics_add_up(place, client):
    ask(client, "hi")
    values = numbers(place[1])
    assert values['sophro_requests_total{path="/v1/chat/completions",status="200"}'] >= 1
    assert values['sophro_decisions_total{action="refuse",enforced="refuse",place="stream"}'] >= 1
    assert values["sophro_held_seconds_count"] >= 1 and values["sophro_answers_running"] == 0
    assert values["sophro_dropped_tokens_total"] >= 5  # "Sure, first take the thing "


def test_a_harmful_stream_leaks_nothing_in_any_chunking_and_without_the_guard_it_does(place):
    """The control: the same script under a guard that releases everything."""
    rng = random.Random(5)

    def run(url, seed):
        # Spaces where the script breaks into tokens differ from run to run.
        letters = "".join(c + (" " if rng.random() < 0.2 else "") for c in "fine text goes here. ")
        body = {"messages": [{"role": "user", "content": f"{letters}leaks {seed}"}], "stream": True}
        return HTTP.post(url + "/v1/chat/completions", json=body).text

    settings = Settings(hold=0)

    def harmful(transcript):
        return transcript.prompt + " " + f"a{BAD} and {BAD}b end"

    class InputBlind(WordGuard):
        def check(self, conversations, where="input"):
            return [Said() for _ in conversations]

    class Blind(InputBlind, Straight):
        pass

    leaks = {}
    for name, guard in (("guarded", InputBlind()), ("open", Blind())):
        server = Server(
            settings, ScriptedBackEnd(ScriptedModel(harmful), settings), lambda g=guard: FixedGuards(g)
        )
        with serving(create_app(server)) as url, ThreadPoolExecutor(4) as pool:
            leaks[name] = sum(BAD in t for t in pool.map(lambda s, u=url: run(u, s), range(25)))
    assert leaks == {"guarded": 0, "open": 25}
