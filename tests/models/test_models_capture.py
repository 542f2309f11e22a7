"""Capture: the right states, in a stream whose memory does not grow with the prompts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch

from sophro.chat import Segment, Transcript
from sophro.errors import SophroError
from sophro.models import ChatModel, SteeringPatch, capture, collect, moments

TEXTS = ["hello world", "what is the capital of France?", "one, two", "fox", "the quick brown fox jumps over"]
PROMPTS = [Transcript.of(t) for t in TEXTS]


@pytest.fixture(scope="module")
def model() -> ChatModel:
    return tiny.moving_model()


def states(model: ChatModel, transcript: Transcript) -> np.ndarray:
    """Block outputs (L, tokens, d) of one prompt, by transformers itself (its last entry is behind the norm)."""
    ids = torch.tensor([list(model.render(transcript).ids)])
    with torch.inference_mode():
        out = model.network.get_decoder()(input_ids=ids, output_hidden_states=True)
    return torch.stack(out.hidden_states[1:])[:, 0].numpy()


def test_positions_mean_what_their_names_say(model):
    got = collect(model, PROMPTS, ("last", "mean", "last:user", "mean:user", 0, -2), max_tokens=60)
    assert got.shape == (5, 6, 2, 64)
    for row, prompt in zip(got, PROMPTS, strict=True):
        first = states(model, prompt)[0]
        user = list(model.render(prompt).positions("user"))
        expected = [first[-1], first.mean(0), first[user[-1]], first[user].mean(0), first[0], first[-2]]
        np.testing.assert_allclose(row[:, 0], np.stack(expected), atol=3e-5)


def test_the_normed_last_block_is_what_transformers_calls_the_last_state(model):
    got = collect(model, PROMPTS, norm=True)
    raw = collect(model, PROMPTS)
    for row, prompt in zip(got, PROMPTS, strict=True):
        np.testing.assert_allclose(row[0, 1], states(model, prompt)[1, -1], atol=3e-5)
    assert not np.allclose(got, raw)


def test_layers_come_in_the_order_asked_for(model):
    both = collect(model, PROMPTS)
    np.testing.assert_array_equal(collect(model, PROMPTS, layers=[1, 0]), both[:, :, ::-1])


def test_answers_can_be_read_by_kind(model):
    answered = Transcript.of("hello", answer="the quick brown fox")
    got = collect(model, [answered], ("mean:answer",))
    at = list(model.render(answered).positions("answer"))
    np.testing.assert_allclose(got[0, 0, 0], states(model, answered)[0, at].mean(0), atol=3e-5)


def test_what_is_read_does_not_depend_on_the_batch(model):
    alone = np.concatenate([collect(model, [p]) for p in PROMPTS])
    np.testing.assert_allclose(collect(model, PROMPTS), alone, atol=3e-5)


def test_patches_that_are_on_are_read(model):
    with model.patched(SteeringPatch({0: torch.ones(64)}, "prefill")):
        moved = collect(model, PROMPTS, layers=[0])
    np.testing.assert_allclose(moved - collect(model, PROMPTS, layers=[0]), 1.0, atol=1e-4)


def test_moments_are_those_of_numpy_in_float64(model):
    groups = {"a": PROMPTS[:3], "b": PROMPTS[3:]}
    got = moments(model, groups, max_tokens=40)
    everything = collect(model, PROMPTS)[:, 0].astype(np.float64)
    for name, mine in (("a", everything[:3]), ("b", everything[3:])):
        assert got[name].count == len(mine) and got[name].mean.dtype == np.float64
        np.testing.assert_allclose(got[name].mean, mine.mean(0), atol=1e-5)
        np.testing.assert_allclose(got[name].variance, mine.var(0, ddof=1), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("positions", "layers", "message"),
    [
        (("first",), None, "none of last, mean"),
        (("last:nobody",), None, "kinds: system"),
        (("mean:trace",), None, "no token of kind 'trace'"),
        ((99,), None, "no position 99"),
        (("last",), [7], "layer 7 does not exist"),
        ((), None, "at least one"),
    ],
)
def test_what_cannot_be_read_is_refused_before_the_first_pass(model, positions, layers, message):
    with pytest.raises(SophroError, match=message):
        capture(model, PROMPTS, positions, layers=layers)
    with pytest.raises(SophroError, match="at least one prompt"):
        capture(model, [])


def test_a_prompt_beyond_the_context_is_refused_not_cut(model):
    with pytest.raises(SophroError, match=r"prompt 2 has \d+ tokens, the context of tiny is 512"):
        capture(model, [PROMPTS[0], Transcript.of("fox " * 600)])


def test_a_conversation_is_read_at_the_end_of_its_last_header(model):
    long = PROMPTS[0].with_assistant(Segment("answer", "hello"))
    turns = Transcript((*long.turns, *PROMPTS[1].turns))
    np.testing.assert_allclose(collect(model, [turns])[0, 0, 0], states(model, turns)[0, -1], atol=3e-5)


ACCOUNT = """
import sys
sys.path.insert(0, {tests!r})
import numpy as np, tiny, torch
from torch import nn
from sophro.chat import Transcript
from sophro.models import ChatModel, moments

LAYERS, WIDTH, PROMPTS = 30, 576, 10_000

class Block(nn.Module):
    def __init__(self, number):
        super().__init__()
        self.number = number
    def forward(self, hidden):
        return hidden + self.number

class Decoder(nn.Module):
    # The size of SmolLM2's states without its arithmetic: what is measured is memory.
    def __init__(self, vocabulary):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, WIDTH)
        self.layers = nn.ModuleList(Block(i) for i in range(LAYERS))
    def forward(self, input_ids, attention_mask=None, use_cache=False):
        hidden = self.embed(input_ids)
        for layer in self.layers:
            hidden = layer(hidden)
        return hidden

class Network(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.model = Decoder(vocabulary)
        self.config = tiny.tiny_llama(8).config
        self.config.hidden_size = WIDTH
    def get_decoder(self):
        return self.model

def peak():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]) // 1024

tokenizer = tiny.tokenizer("chatml")
network = Network(len(tokenizer))
network.config.max_position_embeddings = 512
model = ChatModel("wide", tokenizer, network)
words = ["one", "two", "three", "four"]
prompts = [Transcript.of(words[i % 4]) for i in range(PROMPTS)]
moments(model, {{"warm": prompts[:8]}})
open("/proc/self/clear_refs", "w").write("5")  # forgets the peak so far
before = peak()
got = moments(model, {{"even": prompts[::2], "odd": prompts[1::2]}}, max_tokens=4096)
print(peak() - before, got["even"].count, got["odd"].count)
ids = [model.render(p).ids[-1] for p in prompts[:1]]
truth = network.model.embed.weight[ids[0]].detach().double().numpy()
steps = np.cumsum(np.arange(LAYERS))
assert np.abs(got["even"].mean - (truth + steps[:, None])).max() < 1e-4
"""


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="peak memory is read from Linux' /proc"
)
def test_ten_thousand_prompts_times_thirty_layers_need_far_less_than_a_gigabyte():
    """Keeping all the states would take 10,000 x 30 x 576 x 4 bytes = 691 MB in float32, twice that in float64."""
    done = subprocess.run(
        [sys.executable, "-c", ACCOUNT.format(tests=str(Path(__file__).parent.parent))],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    grown, even, odd = map(int, done.stdout.split())
    assert even == odd == 5000
    assert grown < 500, f"{grown} MB"  # less than keeping them; 219 and 309 were seen
