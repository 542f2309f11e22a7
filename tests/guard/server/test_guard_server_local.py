"""A local model behind the server: the same words as offline, whatever shares the batch; patches and reflections."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import torch
from served import WordGuard, serving
from tiny import moving_model, tiny_llama, tokenizer

from sophro.chat import Transcript
from sophro.errors import SophroError
from sophro.guard.server import FixedGuards, Server, Settings, create_app
from sophro.guard.server._local import LocalBackEnd, Named, read_patches
from sophro.models import ChatModel, GenerationConfig, LogitBiasPatch, LowRankPatch, SteeringPatch, save_patch
from sophro.models._reflection import ReflectionSettings, initial_row

HTTP = httpx.Client(timeout=100)
PROMPTS = ["hello world", "Use the kill command, then check.", "你好"]


def patches_of(model):
    """Two patches that change every word: one of weights, one of activations."""
    generator = torch.Generator().manual_seed(3)
    name = "model.layers.0.mlp.down_proj"
    weight = dict(model.network.named_modules())[name].weight
    a = torch.randn(2, weight.shape[1], generator=generator)
    b = torch.randn(weight.shape[0], 2, generator=generator)
    vector = torch.randn(model.subject.width, generator=generator) * 4
    return LowRankPatch({name: (a, b)}), SteeringPatch({1: vector})


@pytest.fixture(scope="module")
def place():
    model = moving_model()
    low, steer = patches_of(model)
    offline = {}
    config = {"max_new_tokens": 8}
    for name, patch in ((None, None), ("low", low), ("steer", steer)):
        for seed, prompt in enumerate(PROMPTS):
            for temperature in (0.0, 0.9):
                own = GenerationConfig(**config, temperature=temperature, seed=seed)
                done = model.generate([Transcript.of(prompt)] * 2, own, [(patch, 1.0)] if patch else [])
                offline[name, prompt, temperature] = [d.text for d in done]
    settings = Settings(hold=4)
    named = [Named("low", low, ReflectionSettings()), Named("steer", steer, ReflectionSettings())]
    back_end = LocalBackEnd(model, settings, named, rows=4)
    server = Server(settings, back_end, lambda: FixedGuards(WordGuard()))
    with serving(create_app(server)) as url:
        yield model, url, offline, server


def ask(url, prompt, **more):
    body = {"messages": [{"role": "user", "content": prompt}], "max_tokens": 8, **more}
    return HTTP.post(url + "/v1/chat/completions", json=body).json()


def test_concurrent_requests_with_their_own_patches_and_seeds_say_what_they_say_alone(place):
    _, url, offline, _ = place
    jobs = [
        (name, prompt, seed, temperature)
        for seed, prompt in enumerate(PROMPTS)
        for name in (None, "low", "steer")
        for temperature in (0.0, 0.9)
    ]

    def go(job):
        name, prompt, seed, temperature = job
        more = {"model": f"tiny+{name}"} if name else {}
        found = ask(url, prompt, seed=seed, temperature=temperature, n=2, **more)
        return [c["message"]["content"] for c in found["choices"]]

    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(go, jobs))
    for (name, prompt, _, temperature), texts in zip(jobs, found, strict=True):
        assert texts == offline[name, prompt, temperature]
    assert (
        offline[None, PROMPTS[0], 0.0] != offline["low", PROMPTS[0], 0.0] != offline["steer", PROMPTS[0], 0.0]
    )
    assert [m["id"] for m in HTTP.get(url + "/v1/models").json()["data"]] == [
        "tiny",
        "tiny+low",
        "tiny+steer",
    ]
    assert (
        ask(url, PROMPTS[0], model="tiny+low", sophro={"scale": 0})["choices"][0]["message"]["content"]
        == (offline[None, PROMPTS[0], 0.0][0])
    )


def test_tokens_stream_while_they_are_made_and_a_lost_client_stops_them(place):
    _, url, _, server = place
    body = {"messages": [{"role": "user", "content": PROMPTS[0]}], "max_tokens": 400, "stream": True}
    with HTTP.stream("POST", url + "/v1/chat/completions", json=body) as response:
        lines = (line for line in response.iter_lines() if "content" in line)
        assert len([next(lines) for _ in range(3)]) == 3
        live = next(iter(lane for lane in server.back_end._engine._lanes.values() if lane.rows))
        row = live.rows[0]
        assert row.made < 400
    end = time.monotonic() + 30
    while live.rows and time.monotonic() < end:
        time.sleep(0.02)
    assert not live.rows and row.cancelled and row.made < 400


def test_usage_and_context_are_counted_in_tokens(place):
    model, url, _, _ = place
    found = ask(url, "hello world")
    assert found["usage"]["prompt_tokens"] == len(model.render(Transcript.of("hello world")).ids)
    assert found["usage"]["completion_tokens"] == 8 and found["choices"][0]["finish_reason"] == "length"
    long = ask(url, "word " * 600)
    assert long["error"]["code"] == "context_length_exceeded"
    assert ask(url, "x", logit_bias={"999999": 1})["error"]["param"] == "logit_bias"
    # A client must not be able to switch reflection off.
    assert ask(url, "x", logit_bias={str(model.reflection_id): -100})["error"]["param"] == "logit_bias"
    assert ask(url, "")["error"]["param"] == "messages"
    plain = HTTP.post(url + "/v1/completions", json={"prompt": "hello", "max_tokens": 5}).json()
    assert plain["usage"]["prompt_tokens"] < 5 and plain["choices"][0]["text"]


def test_a_slow_reader_pauses_its_rows_only(monkeypatch):
    model = moving_model()  # an engine has its model to itself
    monkeypatch.setattr("sophro.guard.server._engine._FULL", 16)
    monkeypatch.setattr("sophro.guard.server._engine._LOW", 4)
    import asyncio

    from sophro.guard.server._back_end import Job

    back_end = LocalBackEnd(model, Settings(), rows=4)

    async def go():
        def job(prompt, tokens):
            return Job("chat", "", [{"role": "user", "content": prompt}], tokens, body={"max_tokens": tokens})

        slow = back_end.generate(job("hello world", 48))
        first = [await anext(slow) for _ in range(3)]
        row = next(iter(back_end._engine._lanes.values())).rows[0]
        for _ in range(2000):
            await asyncio.sleep(0.02)
            if row.paused:
                break
        paused_at = row.made
        # Others are served meanwhile, and the paused one makes no more than what was under way.
        other = "".join([d.text async for d in back_end.generate(job("one two three", 12))])
        assert row.paused and row.made <= paused_at + 2 < 48
        rest = [d async for d in slow]
        return "".join(d.text for d in first + rest), other

    slow, other = asyncio.run(go())
    config = GenerationConfig(max_new_tokens=48)
    back_end._engine.close()
    assert slow == model.generate([Transcript.of("hello world")], config)[0].text
    assert (
        other == model.generate([Transcript.of("one two three")], GenerationConfig(max_new_tokens=12))[0].text
    )


@pytest.mark.parametrize("visibility", ["hold", "cut"])
def test_a_model_that_reflects_is_decoded_with_its_adapter_s_bias_and_limit(visibility):
    model = moving_model()
    row = initial_row(model)
    named = Named("", row, ReflectionSettings(bias=1e9, limit=1))
    settings = Settings(visibility=visibility)
    back_end = LocalBackEnd(model, settings, [named])
    server = Server(settings, back_end, lambda: FixedGuards(WordGuard()))
    with serving(create_app(server)) as url:
        # Under this bias the token comes at once and again: one reflection too many ends in the refusal.
        found = ask(url, "hello world")["choices"][0]
        assert found["message"]["content"] == "I'm sorry, but I can't help with that."
        assert found["finish_reason"] == "stop"
        assert HTTP.get(url + "/v1/models").json()["data"][0]["sophro"]["reflects"] is True


def test_a_patch_of_another_model_is_refused_at_the_start(tmp_path):
    chosen = tokenizer("chatml")
    other = ChatModel("wide", chosen, tiny_llama(len(chosen), hidden=32))
    low, steer = patches_of(moving_model())
    with pytest.raises(SophroError, match="does not fit"):
        LocalBackEnd(other, Settings(), [Named("", low, ReflectionSettings())])
    with pytest.raises(SophroError, match=r"vector|width|fit"):
        LocalBackEnd(other, Settings(), [Named("x", steer, ReflectionSettings())])
    folder = save_patch(LogitBiasPatch({1: 2.0}), tmp_path / "bias")
    assert [p.name for p in read_patches([str(folder), f"a={folder}"])] == ["", "a"]
    with pytest.raises(SophroError, match="name must be new"):
        read_patches([f"a={folder}", f"a={folder}"])


def test_an_engine_that_fails_ends_its_answers_with_an_error(monkeypatch, caplog):
    model = moving_model()
    server = Server(Settings(), LocalBackEnd(model, Settings()), lambda: FixedGuards(WordGuard()))
    monkeypatch.setattr("sophro.models._live.Live.step", lambda self: 1 / 0)
    with serving(create_app(server)) as url:
        assert ask(url, "hello")["error"]["code"] == "engine_failed"
        monkeypatch.undo()
        assert ask(url, "hello world")["choices"][0]["finish_reason"] == "length"
        assert server.back_end._engine.alive
    assert not server.back_end._engine.alive, "the server's end is the engine's end"


def test_memory_goes_back_once_after_a_while_without_work_and_nobody_waits_for_it(monkeypatch):
    import threading

    trimmed, go_on = [], threading.Event()

    def trim():
        trimmed.append(time.monotonic())
        assert go_on.wait(20)

    monkeypatch.setattr("sophro.guard.server._engine.trim_memory", trim)
    monkeypatch.setattr("sophro.guard.server._engine._IDLE", 0.3)
    begun = time.monotonic()  # before the engine: its idle time begins when its thread does
    engine = LocalBackEnd(moving_model(), Settings())._engine
    while not trimmed and time.monotonic() < begun + 20:
        engine.wake()  # what a client that goes away does; it is no work
        time.sleep(0.02)
    assert len(trimmed) == 1 and trimmed[0] - begun >= 0.3
    start = time.monotonic()
    engine.wake()  # the event loop calls this and `submit`: neither may wait for the memory
    assert time.monotonic() - start < 5 and not go_on.is_set()
    go_on.set()
    time.sleep(0.7)
    assert len(trimmed) == 1
    engine.close()
    assert not engine.alive
