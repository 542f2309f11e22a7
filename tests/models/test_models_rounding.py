"""Rounding and stacks: what every patch promises, and what rounding means."""

from __future__ import annotations

import pytest
import tiny
import torch

from sophro.chat import Transcript
from sophro.errors import SophroError
from sophro.models import (
    GenerationConfig,
    LowRankPatch,
    RoundingPatch,
    StackPatch,
    load_patch,
    save_patch,
)
from sophro.models._rounding import rounded

PROMPT = Transcript.of("what is the capital of France?")


def low_rank() -> LowRankPatch:
    g = torch.Generator().manual_seed(0)
    return LowRankPatch(
        {"model.layers.1.mlp.down_proj": (torch.randn(4, 128, generator=g), torch.randn(64, 4, generator=g))}
    )


def logits(model):
    with torch.inference_mode():
        return model.network(input_ids=torch.tensor([list(model.render(PROMPT).ids)])).logits


def test_rounding_by_hand():
    weight = torch.tensor([[7.0, 3.4, -1.6, 0.0], [0.0, 0.0, 0.0, 0.0]])
    assert rounded(weight, 4).tolist() == [[7.0, 3.0, -2.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    # Two inputs a group: the second group has a finer step of its own.
    assert rounded(weight, 4, 2)[0, 2].item() == pytest.approx(-1.6, abs=1e-6)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_levels_and_error_are_bounded(bits):
    weight = torch.randn(5, 64, generator=torch.Generator().manual_seed(bits))
    got = rounded(weight, bits, 32)
    for row, half in ((r, h) for r in range(5) for h in (slice(0, 32), slice(32, 64))):
        step = weight[row, half].abs().max() / (2 ** (bits - 1) - 1)
        assert len(got[row, half].unique()) <= 2**bits - 1
        assert (got[row, half] - weight[row, half]).abs().max() <= step / 2 + 1e-6


@pytest.mark.parametrize(
    "make", [lambda: RoundingPatch(4, 32), lambda: StackPatch((low_rank(), RoundingPatch(8)))]
)
def test_reversible_and_the_same_from_the_disk(make, tmp_path):
    model = tiny.moving_model()
    before, state = logits(model), {k: v.clone() for k, v in model.network.state_dict().items()}
    with model.patched(make()):
        changed = logits(model)
    assert not torch.equal(changed, before) and torch.equal(logits(model), before)
    assert all(torch.equal(v, state[k]) for k, v in model.network.state_dict().items())
    with model.patched(make(), 0.0):
        assert torch.equal(logits(model), before)
    with pytest.raises(RuntimeError, match="boom"), model.patched(make()):
        raise RuntimeError("boom")
    assert torch.equal(logits(model), before)
    save_patch(make(), tmp_path / "p")
    with model.patched(load_patch(tmp_path / "p")):
        assert torch.equal(logits(model), changed)


def test_a_stack_rounds_what_the_patches_before_left():
    model = tiny.moving_model()
    layer = model.network.get_decoder().layers[1].mlp.down_proj
    with model.patched(low_rank()):
        expected = rounded(layer.weight.data, 4)
    with model.patched(StackPatch((low_rank(), RoundingPatch(4)))):
        assert torch.equal(layer.weight.data, expected)


def test_one_scale_for_all_prompts():
    model, config = tiny.moving_model(), GenerationConfig(max_new_tokens=2)
    for patch in (RoundingPatch(2), StackPatch((low_rank(), RoundingPatch(2)))):
        with pytest.raises(SophroError, match="one scale for all"):
            model.generate([PROMPT, PROMPT], config, [(patch, torch.tensor([0.0, 1.0]))])


def test_bad_input(tmp_path):
    for bits, group in ((1, 0), (9, 0), (4, -1)):
        with pytest.raises(SophroError, match="bits"):
            RoundingPatch(bits, group)
    model = tiny.moving_model()
    before = logits(model)
    wrong = LowRankPatch({"nowhere": (torch.zeros(1, 2), torch.zeros(2, 1))})
    with (
        pytest.raises(SophroError, match="does not fit"),
        model.patched(StackPatch((RoundingPatch(4), wrong))),
    ):
        pass
    assert torch.equal(logits(model), before)
