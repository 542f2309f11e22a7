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
