"""Conformance of every kind of patch: one row each, all checks inherited."""

from __future__ import annotations

import json

import pytest
import tiny
import torch

from sophro.chat import Transcript
from sophro.errors import SophroError
from sophro.models import (
    AblationPatch,
    AdaptivePatch,
    ChatModel,
    Edit,
    GenerationConfig,
    LogitBiasPatch,
    LowRankPatch,
    StackPatch,
    SteeringPatch,
    Term,
    WeightPatch,
    load_patch,
    save_patch,
)

PROMPTS = [Transcript.of(t) for t in ("hello world", "what is the capital of France?", "one, two", "fox")]
CONFIG = GenerationConfig(max_new_tokens=8)


@pytest.fixture
def model() -> ChatModel:
    return tiny.moving_model()


def steering() -> SteeringPatch:
    g = torch.Generator().manual_seed(0)
    return SteeringPatch({0: 3 * torch.randn(64, generator=g), 1: 3 * torch.randn(64, generator=g)})


def low_rank() -> LowRankPatch:
    g = torch.Generator().manual_seed(0)
    names = ["model.layers.0.self_attn.q_proj", "model.layers.1.mlp.down_proj"]
    shapes = [(64, 64), (64, 128)]
    return LowRankPatch(
        {
            n: (torch.randn(4, i, generator=g), torch.randn(o, 4, generator=g))
            for n, (o, i) in zip(names, shapes, strict=True)
        }
    )


def bias() -> LogitBiasPatch:
    return LogitBiasPatch({65: 50.0, 66: -50.0})


def prefill() -> SteeringPatch:
    return SteeringPatch({i: 2 * v for i, v in steering().vectors.items()}, "prefill")


def decode_only() -> SteeringPatch:
    return SteeringPatch(steering().vectors, "decode")


def chosen() -> SteeringPatch:
    return SteeringPatch({i: 4 * v for i, v in steering().vectors.items()}, "prefill", (-1, -3))


def ablation() -> AblationPatch:
    return AblationPatch(torch.randn(64, generator=torch.Generator().manual_seed(2)))


def adaptive() -> AdaptivePatch:
    """Two terms with different slopes, so that every prompt has its own strengths."""
    g = torch.Generator().manual_seed(3)
    a, b, c = (torch.randn(64, generator=g) for _ in range(3))
    push = {i: 3 * torch.randn(64, generator=g) for i in (0, 1)}
    back = {i: 0.5 * v for i, v in push.items()}
    return AdaptivePatch(
        (
            Term("rejection", push, 0, a, b, 0.05, 0.5, -3.0, 3.0),
            Term("harmfulness", back, 1, a, c, -0.02, 0.1, -2.0, 2.0),
        )
    )


def weights(dense: bool = False) -> WeightPatch:
    g = torch.Generator().manual_seed(0)
    edits = {}
    for name, shape in {
        "model.layers.0.self_attn.q_proj.weight": (64, 64),
        "model.layers.1.mlp.down_proj.weight": (64, 128),
    }.items():
        delta = 2 * torch.randn(shape, generator=g)
        edits[name] = Edit.of(delta if dense else delta * (torch.rand(shape, generator=g) < 0.2))
    return WeightPatch(edits, tiny.moving_model().fingerprint())


KINDS = {
    "steering": steering,
    "steering_prefill": prefill,
    "steering_decode": decode_only,
    "steering_chosen": chosen,
    "ablation": ablation,
    "adaptive": adaptive,
    "stack": lambda: StackPatch((low_rank(), adaptive())),
    "low_rank": low_rank,
    "logit_bias": bias,
    "weights": weights,
    "weights_dense": lambda: weights(dense=True),
}
rows = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)


def logits(model: ChatModel) -> torch.Tensor:
    """Logits of a prompt and of one decoding step behind it."""
    ids = torch.tensor([list(model.render(PROMPTS[1]).ids)])
    with torch.inference_mode():
        first = model.network(input_ids=ids, use_cache=True)
        step = model.network(input_ids=ids[:, :1], past_key_values=first.past_key_values, use_cache=True)
        return torch.cat([first.logits, step.logits], 1)


@rows
def test_patch_changes_something_and_removal_restores_every_bit(model, make):
    before = logits(model)
    state = {k: v.clone() for k, v in model.network.state_dict().items()}
    with model.patched(make()):
        assert not torch.equal(logits(model), before)
    assert torch.equal(logits(model), before)
    assert all(torch.equal(v, state[k]) for k, v in model.network.state_dict().items())


@rows
def test_scale_zero_is_the_base_bit_for_bit(model, make):
    before = logits(model)
    with model.patched(make(), 0.0):
        assert torch.equal(logits(model), before)


@rows
def test_row_scale_zero_gives_the_base(model, make):
    base = model.generate(PROMPTS, CONFIG)
    got = model.generate(PROMPTS, CONFIG, [(make(), torch.zeros(len(PROMPTS)))])
    assert [c.ids for c in got] == [c.ids for c in base]


@rows
def test_exception_removes_the_patch(model, make):
    before = logits(model)
    with pytest.raises(RuntimeError, match="boom"), model.patched(make()):
        raise RuntimeError("boom")
    assert torch.equal(logits(model), before)


@rows
def test_save_then_load_is_the_same(model, make, tmp_path):
    patch = make()
    with model.patched(patch):
        expected = logits(model)
    save_patch(patch, tmp_path / "p")
    with model.patched(load_patch(tmp_path / "p")):
        assert torch.equal(logits(model), expected)
    with pytest.raises(SophroError, match="exists already"):
        save_patch(patch, tmp_path / "p")


@rows
def test_batch_of_one_is_batch_of_many(model, make):
    many = model.generate(PROMPTS, CONFIG, [(make(), 1.0)])
    single = [model.generate([p], CONFIG, [(make(), 1.0)])[0] for p in PROMPTS]
    assert [c.ids for c in many] == [c.ids for c in single]


@rows
def test_rows_may_have_their_own_scale(model, make):
    scales = torch.tensor([0.0, 1.0, 0.0, 1.0])
    mixed = model.generate(PROMPTS, CONFIG, [(make(), scales)])
    for scale, prompt, got in zip(scales.tolist(), PROMPTS, mixed, strict=True):
        assert got.ids == model.generate([prompt], CONFIG, [(make(), scale)])[0].ids
    assert mixed[1].ids != model.generate([PROMPTS[1]], CONFIG)[0].ids


@rows
def test_two_patches_come_off_in_any_order(model, make):
    before = logits(model)
    with model.patched(make()), model.patched(low_rank(), 0.5), model.patched(make(), 2.0):
        pass
    assert torch.equal(logits(model), before)


@rows
def test_misfit_is_refused_by_name_and_leaves_no_trace(make):
    tokenizer = tiny.tokenizer("chatml")
    small = ChatModel("small", tokenizer, tiny.tiny_llama(60, hidden=32, layers=1))
    before = {k: v.clone() for k, v in small.network.state_dict().items()}
    with pytest.raises(SophroError), small.patched(make()):
        pass
    assert all(torch.equal(v, before[k]) for k, v in small.network.state_dict().items())


def test_low_rank_equals_peft(model, tmp_path):
    """An adapter written by PEFT acts as PEFT's own merged model does."""
    from peft import LoraConfig, get_peft_model

    other = tiny.moving_model()
    config = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "up_proj"])
    wrapped = get_peft_model(other.network, config)
    with torch.no_grad():
        for name, p in wrapped.named_parameters():
            if "lora_B" in name:
                p.normal_(0, 0.5, generator=torch.Generator().manual_seed(1))
    wrapped.save_pretrained(tmp_path / "adapter")
    ids = torch.tensor([[1, 2, 3, 4, 5]])
    with torch.inference_mode():
        expected = wrapped(input_ids=ids).logits
        base = model.network(input_ids=ids).logits
    with model.patched(load_patch(tmp_path / "adapter")), torch.inference_mode():
        got = model.network(input_ids=ids).logits
    assert not torch.allclose(base, expected, atol=1e-3)
    torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)


def test_broken_patch_files_name_the_folder(tmp_path):
    with pytest.raises(SophroError, match="neither a patch nor a PEFT adapter"):
        load_patch(tmp_path / "nothing")
    save_patch(steering(), tmp_path / "p")
    file = tmp_path / "p" / "patch.safetensors"
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(SophroError, match="truncated"):
        load_patch(tmp_path / "p")
    (tmp_path / "p" / "patch.json").write_text(json.dumps({"kind": "other"}))
    save_patch(bias(), tmp_path / "q")
    (tmp_path / "q" / "patch.json").write_text(json.dumps({"kind": "other"}))
    with pytest.raises(SophroError, match="other"):
        load_patch(tmp_path / "q")


def test_not_a_number_is_refused():
    with pytest.raises(SophroError, match="NaN"):
        SteeringPatch({0: torch.tensor([1.0, float("nan")])})
