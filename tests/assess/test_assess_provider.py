"""The Inspect provider: concurrent requests share batches; results go to who asked."""

from __future__ import annotations

import asyncio

import pytest
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    ContentReasoning,
    GenerateConfig,
    get_model,
)

from sophro.chat import Segment
from sophro.errors import SophroError
from sophro.models import ScriptedModel, provider
from sophro.models.provider import to_transcript


@pytest.fixture
def model(monkeypatch):
    waves = []

    class Counting(ScriptedModel):
        def generate(self, transcripts, config=None, patches=(), progress=None):
            waves.append([t.prompt for t in transcripts])
            return super().generate(transcripts, config, patches, progress)

    monkeypatch.setattr(provider, "load", lambda name: Counting(lambda t: f"echo {t.prompt}", name))
    target = get_model("sophro/stub/always-comply", memoize=False)
    target.waves = waves
    return target


def ask(model, prompts, **config):
    config.setdefault("max_connections", 1024)

    async def everything():
        return await asyncio.gather(*(model.generate(p, config=GenerateConfig(**config)) for p in prompts))

    return asyncio.run(everything())


def test_concurrent_requests_share_one_batch_and_keep_their_answers(model):
    prompts = [f"p{i}" for i in range(40)]
    got = ask(model, prompts)
    assert [o.completion for o in got] == [f"echo {p}" for p in prompts]
    assert len(model.waves) == 1 and sorted(model.waves[0]) == sorted(prompts)


def test_batch_order_does_not_depend_on_arrival(model):
    ask(model, ["b", "a", "c"])
    ask(model, ["c", "b", "a"])
    assert model.waves[0] == model.waves[1]


def test_usage_and_metadata_are_filled(model):
    (output,) = ask(model, ["one two three"], max_tokens=2)
    assert output.stop_reason == "max_tokens" and output.usage.output_tokens == 2
    assert output.metadata["state"] == "truncated"
    assert output.metadata["segments"] == [{"kind": "answer", "text": "echo one"}]


def test_messages_become_segments():
    transcript = to_transcript(
        [
            ChatMessageSystem(content="s"),
            ChatMessageUser(content="u"),
            ChatMessageAssistant(content=[ContentReasoning(reasoning="t")]),
        ]
    )
    assert transcript.forced == (Segment("trace", "t"),)
    again = to_transcript([ChatMessageUser(content="u"), ChatMessageAssistant(content="Sure")])
    assert again.forced == (Segment("prefill", "Sure"),)


def test_unknown_model_argument_is_refused():
    with pytest.raises(SophroError, match="pach"):
        get_model("sophro/stub/always-comply", memoize=False, pach="x")
