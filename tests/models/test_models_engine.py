"""The engine against transformers' own generate, and against itself in other batches."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
import tiny
import torch

from sophro.models._engine import Generated, decode, shared_prefix
from sophro.models._types import GenerationConfig


@pytest.fixture(scope="module")
def network():
    # Wider logits than a random network's: near-ties would make arg max depend on rounding.
    net = tiny.tiny_llama(300, seed=3)
    with torch.no_grad():
        for p in net.parameters():
            if p.dim() == 2:
                p.mul_(6.0)
    return net


def run(network, prompts, stop=frozenset({7, 8, 9}), **options):
    out: list[Generated | None] = [None] * len(prompts)
    seen: list[int] = []

    def done(index: int, generated: Generated) -> None:
        assert out[index] is None
        out[index] = generated
        seen.append(index)

    options.setdefault("max_new_tokens", 24)
    decode(network, prompts, GenerationConfig(**options), stop, on_done=done)
    assert sorted(seen) == list(range(len(prompts)))
    return out


def reference(network, prompt, stop, n):
    """An independent decoder: the full forward pass again for every token, no cache, no batch."""
    ids = list(prompt)
    for _ in range(n):
        with torch.inference_mode():
            token = int(network(input_ids=torch.tensor([ids])).logits[0, -1].argmax())
        if token in stop:
            return tuple(ids[len(prompt) :]), True
        ids.append(token)
    return tuple(ids[len(prompt) :]), False


def prompts_of(seed, count, shared=0):
    rng = random.Random(seed)
    head = [rng.randrange(10, 300) for _ in range(shared)]
    return [head + [rng.randrange(10, 300) for _ in range(rng.randrange(1, 40))] for _ in range(count)]


@pytest.mark.parametrize("shared", [0, 20])
@pytest.mark.parametrize("rows", [1, 3, 64])
def test_batches_give_what_single_uncached_decoding_gives(network, shared, rows):
    prompts = prompts_of(1, 17, shared)
    stop = frozenset(range(10, 60))  # frequent stops: rows leave at different times and others join
    got = run(network, prompts, stop, max_rows=rows)
    lengths = set()
    for prompt, result in zip(prompts, got, strict=True):
        ids, stopped = reference(network, prompt, stop, 24)
        assert (result.ids, result.stopped) == (ids, stopped)
        lengths.add(len(ids))
    assert len(lengths) > 3, "the test needs rows that end at different steps"


def test_matches_transformers_generate(network):
    prompts = prompts_of(2, 6)
    got = run(network, prompts, frozenset(), max_new_tokens=16)
    for prompt, result in zip(prompts, got, strict=True):
        expected = network.generate(
            torch.tensor([prompt]), max_new_tokens=16, do_sample=False, pad_token_id=0, eos_token_id=None
        )
        assert result.ids == tuple(expected[0, len(prompt) :].tolist())


def test_token_budget_limits_rows_but_not_results(network):
    prompts = prompts_of(4, 12)
    assert run(network, prompts, max_batch_tokens=70) == run(network, prompts)


def test_sampling_depends_on_seed_and_index_only(network):
    prompts = prompts_of(5, 12, shared=12)
    sample = {"temperature": 1.0, "top_p": 0.9}
    base = run(network, prompts, seed=1, **sample)
    assert run(network, prompts, seed=1, max_rows=2, **sample) == base
    assert run(network, prompts, seed=2, **sample) != base


def test_sampling_follows_the_distribution(network):
    prompt = prompts_of(6, 1)[0]
    with torch.inference_mode():
        p = torch.softmax(network(input_ids=torch.tensor([prompt])).logits[0, -1] / 2.0, -1)
    got = run(network, [prompt] * 2000, frozenset(), max_new_tokens=1, temperature=2.0, max_rows=500)
    top = int(p.argmax())
    share = sum(r.ids[0] == top for r in got) / 2000
    error = 4 * float((p[top] * (1 - p[top]) / 2000) ** 0.5)
    assert abs(share - float(p[top])) < error


def test_top_p_keeps_only_the_nucleus(network):
    prompt = prompts_of(7, 1)[0]
    with torch.inference_mode():
        p = torch.softmax(network(input_ids=torch.tensor([prompt])).logits[0, -1], -1)
    ordered, order = p.sort(descending=True)
    kept = set(order[: int((ordered.cumsum(0) < 0.3).sum()) + 1].tolist())
    got = run(network, [prompt] * 200, frozenset(), max_new_tokens=1, temperature=1.0, top_p=0.3)
    assert {r.ids[0] for r in got} <= kept


def test_logit_bias_forbids_and_forces(network):
    prompts = prompts_of(8, 4)
    assert all(r.ids[0] == 42 for r in run(network, prompts, frozenset(), logit_bias={42: 1e4}))
    base = run(network, prompts, frozenset())
    banned = base[0].ids[0]
    got = run(network, prompts, frozenset(), logit_bias={banned: float("-inf")})
    assert all(banned not in r.ids for r in got)


def test_nothing_to_do_and_shared_prefix():
    assert shared_prefix([[1, 2, 3], [1, 2, 4, 5]]) == 2
    assert shared_prefix([[1, 2], [1, 2]]) == 1, "every prompt keeps at least one id of its own"
    assert shared_prefix([[5], [6]]) == 0


def test_running_knows_the_prompt_of_every_row_and_where_it_ends(network):
    from sophro.models import Running

    prompts = prompts_of(9, 9)
    seen: list[list[int]] = []
    prefilled: dict[int, int] = {}
    running = Running()

    def look(_module, _args, kwargs):
        seen.append(running.rows.tolist())
        assert running.decoding == (running.prompt is None)
        if running.prompt is None:
            assert kwargs["input_ids"].shape[1] == 1
        else:
            assert running.prompt.shape == kwargs["input_ids"].shape
            prefilled.update(zip(running.rows.tolist(), running.prompt.sum(1).tolist(), strict=True))

    results: dict[int, Generated] = {}
    handle = network.register_forward_pre_hook(look, with_kwargs=True)
    decode(
        network,
        prompts,
        GenerationConfig(max_new_tokens=12, max_rows=4),
        frozenset(range(10, 60)),
        on_done=results.__setitem__,
        running=running,
        share=False,
    )
    handle.remove()
    assert prefilled == {i: len(p) for i, p in enumerate(prompts)}
    assert running.rows is None and not running.decoding
    assert {i for rows in seen for i in rows} == set(range(9))
    assert all(len(set(rows)) == len(rows) for rows in seen)
    sizes = [len(rows) for rows in seen]
    assert any(a != b for a, b in pairwise(sizes)), "rows must leave or join"


def test_bad_settings_are_refused():
    from sophro.errors import SophroError

    for bad in ({"max_new_tokens": 0}, {"temperature": -1.0}, {"top_p": 0.0}, {"max_rows": 0}):
        with pytest.raises(SophroError):
            GenerationConfig(**bad)
