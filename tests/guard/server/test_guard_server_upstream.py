"""Another server behind the guard: handed on as asked, and whatever it does wrong has a name."""

from __future__ import annotations

import asyncio
import json
import time

import httpx
import openai
import pytest
from served import BAD, WordGuard, serving

from sophro.errors import SophroError
from sophro.guard.server import FixedGuards, Limits, Server, Settings, create_app
from sophro.guard.server._upstream import UpstreamBackEnd

HTTP = httpx.Client(timeout=20)
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"city": "Paris"}'}}


def chunk(index=0, finish=None, **delta):
    return {"choices": [{"index": index, "delta": delta, "finish_reason": finish}]}


def sse(*events, done=True):
    body = b"".join(b"data: " + json.dumps(e).encode() + b"\n\n" for e in events)
    return [body + (b"data: [DONE]\n\n" if done else b"")]


class Bytes(httpx.AsyncByteStream):
    """Pieces of a body; an exception among them is raised, a number slept."""

    def __init__(self, pieces):
        self.pieces, self.closed, self.given = pieces, False, 0

    async def __aiter__(self):
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            if isinstance(piece, float):
                await asyncio.sleep(piece)
                continue
            self.given += 1
            yield piece

    async def aclose(self):
        self.closed = True


class Upstream:
    """Answers with what ``plan`` says for the last user text."""

    def __init__(self):
        self.asked, self.streams, self.plan = [], [], {}

    async def __call__(self, request):
        if request.url.path.endswith("/models"):
            return httpx.Response(200, json={"data": [{"id": "big", "object": "model"}]})
        body = json.loads(request.content)
        self.asked.append((body, request.headers))
        text = body["messages"][-1]["content"] if "messages" in body else body["prompt"]
        found = self.plan[text]
        if isinstance(found, Exception):
            raise found
        if isinstance(found, httpx.Response):
            return found
        if isinstance(found, dict):
            return httpx.Response(200, json=found)
        self.streams.append(Bytes(found))
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=self.streams[-1])


@pytest.fixture(scope="module")
def place():
    upstream = Upstream()
    settings = Settings(limits=Limits(request_seconds=8.0))
    back_end = UpstreamBackEnd(
        "http://up.test/v1", settings, seconds=0.5, transport=httpx.MockTransport(upstream)
    )
    server = Server(settings, back_end, lambda: FixedGuards(WordGuard()))
    with serving(create_app(server)) as url:
        yield upstream, url, server


def client_of(url):
    return openai.OpenAI(base_url=url + "/v1", api_key="secret-of-the-client", max_retries=0)


def post(url, text, **more):
    body = {"model": "big", "messages": [{"role": "user", "content": text}], **more}
    return HTTP.post(url + "/v1/chat/completions", json=body)


def test_tools_n_and_unknown_fields_are_handed_on_and_the_client_s_key_is_not(place):
    upstream, url, _ = place
    message = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    upstream.plan["tools"] = {
        "object": "chat.completion",
        "model": "big",
        "choices": [
            {"index": 0, "message": message, "finish_reason": "tool_calls"},
            {"index": 1, "message": {"role": "assistant", "content": "text"}, "finish_reason": "stop"},
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        "secret_note": "unjudged",
    }
    tools = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
    found = client_of(url).chat.completions.create(
        model="big",
        messages=[{"role": "user", "content": "tools"}],
        tools=tools,
        n=2,
        extra_body={"guided_json": {"a": 1}, "sophro": {"scores": True}},
    )
    assert found.choices[0].message.tool_calls[0].function.name == "look"
    assert found.choices[1].message.content == "text" and found.usage.total_tokens == 5
    assert "secret_note" not in found.model_dump()
    body, headers = upstream.asked[-1]
    assert (
        body["tools"] == tools and body["n"] == 2 and body["guided_json"] == {"a": 1} and "sophro" not in body
    )
    assert "authorization" not in headers
    assert [m.id for m in client_of(url).models.list()] == ["big"]


def test_streamed_calls_of_tools_leave_whole_and_judged(place):
    upstream, url, _ = place

    def plan(city):
        first = {
            "index": 0,
            "id": "call_1",
            "type": "function",
            "function": {"name": "look", "arguments": ""},
        }
        parts = [{"index": 0, "function": {"arguments": a}} for a in ('{"city": ', f'"{city}"', "}")]
        calls = [chunk(tool_calls=[p]) for p in (first, *parts)]
        return sse(chunk(role="assistant", content="Let me look. "), *calls, chunk(finish="tool_calls"))

    upstream.plan["good"], upstream.plan["bad"] = plan("Paris"), plan(BAD)
    chunks = list(
        client_of(url).chat.completions.create(
            model="big", messages=[{"role": "user", "content": "good"}], stream=True
        )
    )
    calls = [c for k in chunks if k.choices for c in k.choices[0].delta.tool_calls or []]
    assert [json.loads(c.function.arguments) for c in calls] == [{"city": "Paris"}]
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    wire = post(url, "bad", stream=True).text
    assert BAD not in wire and '"finish_reason":"content_filter"' in wire


@pytest.mark.parametrize("pieces", [1, 3, 7, 1000])
def test_a_bad_stream_leaks_nothing_in_any_chunking_and_is_closed(place, pieces):
    upstream, url, _ = place
    events = [chunk(content=w + " ") for w in f"all is well {BAD} then more words to come".split()]
    data = sse(*events, chunk(finish="stop"))[0]
    upstream.plan["leak"] = [data[i : i + pieces] for i in range(0, len(data), pieces)]
    wire = post(url, "leak", stream=True).text
    assert BAD not in wire and "then" not in wire and "well" in wire and "No." in wire
    assert upstream.streams[-1].closed


def test_reasoning_in_tags_or_fields_is_hidden_and_judged(place):
    upstream, url, _ = place
    upstream.plan["tags"] = sse(
        chunk(content="<thi"), chunk(content="nk>hm</think>\n\nYes."), chunk(finish="stop")
    )
    upstream.plan["field"] = sse(chunk(reasoning_content="hm"), chunk(content="Yes."), chunk(finish="stop"))
    upstream.plan["bad"] = sse(chunk(reasoning=f"hm {BAD}"), chunk(content="Yes."), chunk(finish="stop"))
    for text in ("tags", "field"):
        wire = post(url, text, stream=True).text
        assert "Yes." in wire and "hm" not in wire
    assert "Yes" not in post(url, "bad", stream=True).text
    message = {"role": "assistant", "content": "Yes.", "reasoning_content": "hm", "annotations": ["unjudged"]}
    upstream.plan["whole"] = {"choices": [{"message": message, "finish_reason": "stop"}]}
    assert post(url, "whole").json()["choices"][0]["message"] == {"role": "assistant", "content": "Yes."}


FAULTS = {
    "refused connection": (httpx.ConnectError("no"), 502, "upstream_unreachable"),
    "silent": (httpx.ReadTimeout("slow"), 504, "upstream_timeout"),
    "broken": (httpx.RemoteProtocolError("cut"), 502, "upstream_died"),
    "its fault": (httpx.Response(500, text="<html>oops"), 502, "upstream_error"),
    "its key": (httpx.Response(401, json={"error": {"message": "bad key"}}), 502, "upstream_key"),
    "our fault": (httpx.Response(400, json={"error": {"message": "too hot"}}), 400, "upstream_refused"),
    "busy": (httpx.Response(429, json={"error": {}}, headers={"retry-after": "7"}), 429, "upstream_refused"),
    "html": (httpx.Response(200, text="<html>hello " + BAD), 502, "upstream_garbage"),
    "nothing": (httpx.Response(200, text=""), 502, "upstream_garbage"),
    "list": (httpx.Response(200, json=[1]), 502, "upstream_garbage"),
    "no choices": (httpx.Response(200, json={"choices": []}), 502, "upstream_garbage"),
    "no message": (httpx.Response(200, json={"choices": [{"text": "hi"}]}), 502, "upstream_garbage"),
    "numbers": (
        httpx.Response(200, json={"choices": [{"message": {"content": 7}, "finish_reason": "stop"}]}),
        502,
        "upstream_garbage",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("stream", [False, True])
def test_every_fault_has_a_name_and_nothing_unjudged_leaves(place, name, stream):
    upstream, url, _ = place
    fault, status, code = FAULTS[name]
    upstream.plan[name] = fault
    found = post(url, name, stream=stream)
    if stream:
        # The input was judged and the stream opened, so the error is an event in it.
        assert found.status_code == 200 and found.text.endswith("data: [DONE]\n\n")
        error = json.loads(found.text.split("data: ")[-2])["error"]
    else:
        assert found.status_code == status
        error = found.json()["error"]
        assert found.headers.get("retry-after") == ("7" if name == "busy" else None)
    assert error["code"] == code and BAD not in found.text


STREAM_FAULTS = {
    "dies": ([*sse(chunk(content="one two "), done=False), httpx.ReadError("gone")], "upstream_died"),
    "stalls": ([*sse(chunk(content="one two "), done=False), 30.0], "upstream_timeout"),
    "stops early": (sse(chunk(content="one two ")), "upstream_incomplete"),
    "ends early": (sse(chunk(content="one two "), done=False), "upstream_incomplete"),
    "not json": ([b"data: {nope\n\n"], "upstream_garbage"),
    "wrong type": (sse({"choices": [{"index": 0, "delta": {"content": 5}}]}), "upstream_garbage"),
    "wrong choice": (sse(chunk(index=4, content="x")), "upstream_garbage"),
    "wrong finish": (sse(chunk(finish="bored")), "upstream_garbage"),
    "endless line": ([b"data: " + b"x" * 600_000] * 3, "upstream_garbage"),
    "error event": (sse({"error": {"message": "out of memory"}}), "upstream_error"),
}


@pytest.mark.parametrize("name", STREAM_FAULTS)
def test_a_stream_that_goes_wrong_ends_with_a_name(place, name):
    upstream, url, server = place
    pieces, code = STREAM_FAULTS[name]
    if name == "stalls":
        # httpx times real sockets only; the transport of this test does it itself.
        pieces = [pieces[0], 0.3, httpx.ReadTimeout("silent")]
    upstream.plan[name] = pieces
    with pytest.raises(openai.APIError) as caught:
        list(
            client_of(url).chat.completions.create(
                model="big", messages=[{"role": "user", "content": name}], stream=True
            )
        )
    assert caught.value.code == code
    end = time.monotonic() + 10
    while server.gate.total:
        assert time.monotonic() < end, "the place of a failed stream was not given back"
        time.sleep(0.02)
    assert HTTP.get(url + "/healthz").status_code == 200


def test_completions_and_logprobs(place):
    upstream, url, _ = place
    upstream.plan["p"] = {
        "choices": [{"text": "go on", "finish_reason": "stop", "logprobs": {"tokens": ["go"]}}]
    }
    found = HTTP.post(url + "/v1/completions", json={"model": "big", "prompt": "p", "logprobs": 1}).json()
    assert found["choices"][0]["text"] == "go on" and found["choices"][0]["logprobs"] == {"tokens": ["go"]}
    upstream.plan["q"] = {"choices": [{"text": BAD, "finish_reason": "stop", "logprobs": {"tokens": [BAD]}}]}
    assert (
        BAD
        not in HTTP.post(url + "/v1/completions", json={"model": "big", "prompt": "q", "logprobs": 1}).text
    )
    assert post(url, "p", stream=True, logprobs=True).json()["error"]["param"] == "logprobs"


def test_half_a_surrogate_pair_does_not_stop_the_guard(place):
    upstream, url, _ = place
    upstream.plan["half"] = [
        b'data: {"choices": [{"index": 0, "delta": {"content": "a\\ud83d b"}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
    ]
    assert '"content":"a? "' in post(url, "half", stream=True).text


def test_an_upstream_that_is_away_is_not_ready_and_no_crash(monkeypatch):
    settings = Settings()
    server = Server(
        settings, UpstreamBackEnd("http://127.0.0.1:9/v1", settings), lambda: FixedGuards(WordGuard())
    )
    with serving(create_app(server)) as url:
        ready = HTTP.get(url + "/readyz")
        assert ready.status_code == 503 and "ConnectError" in ready.json()["reason"]
        assert HTTP.get(url + "/healthz").status_code == 200
        assert post(url, "hi").json()["error"]["code"] == "upstream_unreachable"
    for wrong, message in (("up.test", "a URL is needed"), ("http://x", "empty or not set")):
        with pytest.raises(SophroError, match=message):
            UpstreamBackEnd(wrong, settings, "NO_SUCH_VARIABLE" if wrong.startswith("http") else None)


# ---- reasoning between tags ---------------------------------------------------------------------------------------

TAGGED = "<think>\nthe plan is hidden\n</think>\n\nThe answer is seen."
INSIDE = TAGGED.removeprefix("<think>\n")
LATER = "Write <think> to begin and </think> to end."  # tags in an answer are text


def served_as(settings, upstream=None):
    upstream = upstream or Upstream()
    back_end = UpstreamBackEnd(
        "http://up.test/v1", settings, seconds=5.0, transport=httpx.MockTransport(upstream)
    )
    return upstream, Server(settings, back_end, lambda: FixedGuards(WordGuard()))


def whole(text, **more):
    message = {"role": "assistant", "content": text, **more}
    return {"choices": [{"message": message, "finish_reason": "stop", "logprobs": {"content": [text]}}]}


@pytest.mark.parametrize("traces", [False, True])
@pytest.mark.parametrize("opened", [False, True])
def test_reasoning_between_tags_of_a_whole_answer_is_hidden_and_judged(traces, opened):
    upstream, server = served_as(Settings(traces=traces, upstream_trace_opened=opened))
    tagged = INSIDE if opened else TAGGED
    upstream.plan["tagged"] = whole(tagged)
    upstream.plan["bad"] = whole(tagged.replace("plan", BAD))
    upstream.plan["field"] = whole("The answer is seen.", reasoning_content="the plan is hidden")
    upstream.plan["endless"] = whole("the plan is hidden and goes on" if opened else "<think>the plan is")
    upstream.plan["later"] = whole(LATER, **({"reasoning": "the plan is hidden"} if opened else {}))
    upstream.plan["p"] = {
        "choices": [{"text": tagged, "finish_reason": "stop", "logprobs": {"tokens": ["plan"]}}]
    }
    with serving(create_app(server)) as url:
        for text in ("tagged", "field"):
            found = post(url, text)
            choice = found.json()["choices"][0]
            assert choice["message"]["content"] == "The answer is seen."
            # Log-probabilities of a text that was split would tell what was cut from it.
            assert (choice["logprobs"] is None) == (text == "tagged")
            assert ("plan" in found.text) == traces
            assert (choice["message"].get("reasoning_content") == "the plan is hidden") == traces
        bad = post(url, "bad")
        assert BAD not in bad.text and bad.json()["choices"][0]["finish_reason"] == "content_filter"
        cut = post(url, "endless")
        assert cut.json()["choices"][0]["message"]["content"] == "" and ("plan" in cut.text) == traces
        assert post(url, "later").json()["choices"][0]["message"]["content"] == LATER
        plain = HTTP.post(url + "/v1/completions", json={"model": "big", "prompt": "p", "logprobs": 1})
        assert plain.json()["choices"][0]["text"] == "The answer is seen." and "plan" not in plain.text


@pytest.mark.parametrize("traces", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 200])
def test_a_stream_that_starts_inside_a_trace_hides_it_in_any_cutting(size, traces):
    upstream, server = served_as(Settings(traces=traces, upstream_trace_opened=True))

    def plan(text, before=()):
        pieces = [text[i : i + size] for i in range(0, len(text), size)]
        return sse(*before, *(chunk(content=p) for p in pieces), chunk(finish="stop"))

    upstream.plan["inside"] = plan(INSIDE)
    upstream.plan["bad"] = plan(INSIDE.replace("plan", BAD))
    upstream.plan["endless"] = plan("the plan is hidden and goes on")
    # A server that does parse sends its reasoning apart; then nothing of the answer is taken for a trace.
    upstream.plan["field"] = plan("The answer is seen.", [chunk(reasoning_content="the plan is hidden")])
    upstream.plan["later"] = plan(LATER, [chunk(reasoning="hm")])

    def read(url, text):
        found = post(url, text, stream=True).text
        events = [json.loads(line[6:]) for line in found.splitlines() if line.startswith("data: {")]
        deltas = [c["delta"] for e in events for c in e["choices"]]
        return ["".join(d.get(k) or "" for d in deltas) for k in ("content", "reasoning_content")], found

    with serving(create_app(server)) as url:
        for text in ("inside", "field"):
            (answer, thought), wire = read(url, text)
            assert answer == "The answer is seen." and thought == ("the plan is hidden" if traces else "")
            assert ("plan" in wire) == traces
        (answer, thought), wire = read(url, "bad")
        assert BAD not in wire and "answer" not in answer
        (answer, thought), wire = read(url, "endless")
        assert answer == "" and ("goes on" in thought) == traces
        assert read(url, "later")[0][0] == LATER


def test_control_without_the_option_a_stream_that_starts_inside_a_trace_shows_it():
    upstream, server = served_as(Settings())
    upstream.plan["inside"] = sse(chunk(content=INSIDE), chunk(finish="stop"))
    with serving(create_app(server)) as url:
        assert "hidden" in post(url, "inside", stream=True).text


def test_the_option_is_about_upstreams(capsys):
    from sophro.cli import run

    assert run(["serve", "--model", "stub/always-comply", "--upstream-trace-opened"]) == 2
    assert "is about an upstream" in capsys.readouterr().err


# ---- several answers, clients that go, upstreams that do not end -----------------------------------------------------


def test_several_streamed_answers_of_an_upstream_are_kept_apart(place):
    upstream, url, _ = place
    words = {0: "first of the two ", 1: f"second {BAD} of them ", 2: "third and last "}
    events = [
        chunk(index, content=word + " ")
        for turn in range(5)
        for index, text in words.items()
        for word in text.split()[turn : turn + 1]
    ]
    upstream.plan["three"] = sse(*events, *(chunk(i, finish="stop") for i in words))
    got, ends = dict.fromkeys(words, ""), {}
    for event in client_of(url).chat.completions.create(
        model="big", messages=[{"role": "user", "content": "three"}], n=3, stream=True
    ):
        for choice in event.choices:
            got[choice.index] += choice.delta.content or ""
            ends[choice.index] = choice.finish_reason or ends.get(choice.index)
    assert got[0] == words[0] and got[2] == words[2] and got[1] == "second \n\nNo."
    assert ends == {0: "stop", 1: "content_filter", 2: "stop"} and upstream.asked[-1][0]["n"] == 3


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_closes_the_upstream(stream):
    upstream, server = served_as(Settings())
    endless = [p for _ in range(400) for p in (*sse(chunk(content="tick "), done=False), 0.05)]
    upstream.plan["long"] = endless
    with serving(create_app(server)) as url:
        if stream:
            with HTTP.stream(
                "POST",
                url + "/v1/chat/completions",
                json={"model": "big", "messages": [{"role": "user", "content": "long"}], "stream": True},
            ) as response:
                pieces = response.iter_bytes()
                next(pieces)
                wait_for(lambda: upstream.streams and upstream.streams[0].given > 2)
        else:
            with pytest.raises(httpx.ReadTimeout):
                HTTP.post(
                    url + "/v1/chat/completions",
                    json={"model": "big", "messages": [{"role": "user", "content": "long"}]},
                    timeout=0.5,
                )
        wait_for(lambda: upstream.streams[0].closed and server.gate.total == 0)
        assert upstream.streams[0].given < 390


def wait_for(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


class Endless(Bytes):
    """Never ends, and never is silent."""

    async def __aiter__(self):
        while True:
            self.given += 1
            yield self.pieces[0]
            await asyncio.sleep(0.002)


ENDLESS = {
    "words": sse(chunk(content="tick " * 50), done=False)[0],
    "comments": b": still here\n\n" * 50,
    "empty": sse({"choices": []}, done=False)[0] * 50,
}


@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.parametrize("bound", ["bytes", "seconds"])
def test_an_upstream_that_never_ends_is_cut_off_with_a_name(monkeypatch, name, bound):
    if bound == "bytes":
        monkeypatch.setattr("sophro.guard.server._upstream._STREAM", 200_000)
    limits = Limits(request_seconds=2.0 if bound == "seconds" else 60.0, max_tokens=10**6)
    made = Endless([ENDLESS[name]])

    class Never(Upstream):
        async def __call__(self, request):
            return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=made)

    _, server = served_as(Settings(limits=limits), Never())
    with serving(create_app(server)) as url:
        start = time.monotonic()
        wire = post(url, "x", stream=True).text
        assert time.monotonic() - start < 30 and wire.endswith("data: [DONE]\n\n")
        code = json.loads(wire.split("data: ")[-2])["error"]["code"]
        assert code == ("upstream_too_long" if bound == "bytes" else "answer_timeout")
        wait_for(lambda: made.closed and server.gate.total == 0)
        if bound == "bytes":
            assert made.given * len(ENDLESS[name]) < 200_000 + 2 * len(ENDLESS[name])
            assert counted(url) == {"upstream_too_long": 1.0}


def counted(url):
    lines = HTTP.get(url + "/metrics").text.splitlines()
    found = [line for line in lines if line.startswith("sophro_upstream_errors_total{")]
    return {line.split('"')[1]: float(line.rsplit(" ", 1)[1]) for line in found}


def test_errors_of_the_upstream_are_counted_once_each_by_code():
    upstream, server = served_as(Settings())
    upstream.plan["gone"] = httpx.ConnectError("no")
    upstream.plan["broken"] = httpx.Response(500, text="oops")
    upstream.plan["garbage"] = [b"data: {nope\n\n"]
    upstream.plan["good"] = sse(chunk(content="fine"), chunk(finish="stop"))
    upstream.plan["bad request"] = httpx.Response(400, json={"error": {"message": "too hot"}})
    with serving(create_app(server)) as url:
        assert counted(url) == {}
        post(url, "good", stream=True)
        for stream in (False, True):
            post(url, "gone", stream=stream)
        post(url, "broken")
        post(url, "garbage", stream=True)
        post(url, "bad request")
        post(url, BAD)  # ended by the guard: nobody's error
        wanted = {"unreachable": 2.0, "error": 1.0, "garbage": 1.0, "refused": 1.0}
        assert counted(url) == {f"upstream_{k}": v for k, v in wanted.items()}
    away = Server(
        Settings(), UpstreamBackEnd("http://127.0.0.1:9/v1", Settings()), lambda: FixedGuards(WordGuard())
    )
    with serving(create_app(away)) as url:
        HTTP.get(url + "/readyz")
        assert counted(url) == {}
        assert HTTP.get(url + "/v1/models").status_code == 502
        assert counted(url) == {"upstream_unreachable": 1.0}
