"""Injection: where vectors land, which rows they are of, and which models refuse them."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import tiny
import torch

from sophro.chat import Segment, Transcript
from sophro.errors import SophroError
from sophro.models import (
    AblationPatch,
    AdaptivePatch,
    ChatModel,
    GenerationConfig,
    SteeringPatch,
    Subject,
    Term,
    collect,
    load_patch,
    save_patch,
)
from sophro.models.directions import without

TEXTS = ["hello world", "what is the capital of France?", "one, two", "fox", "the quick brown fox jumps over"]
PROMPTS = [Transcript.of(t) for t in TEXTS]
CONFIG = GenerationConfig(max_new_tokens=8)


@pytest.fixture
def model() -> ChatModel:
    return tiny.moving_model()


def vector(seed: int, size: float = 1.0) -> torch.Tensor:
    return size * torch.randn(64, generator=torch.Generator().manual_seed(seed))


def moved(model: ChatModel, patch, at=range(-6, 0)) -> np.ndarray:
    """Change of the first block's output at the last positions, (N, positions, d)."""
    base = collect(model, PROMPTS, list(at), layers=[0])
    with model.patched(patch):
        return (collect(model, PROMPTS, list(at), layers=[0]) - base)[:, :, 0]


def test_prefill_steers_all_prompt_tokens_and_decode_none_of_them(model):
    v = vector(0)
    np.testing.assert_allclose(
        moved(model, SteeringPatch({0: v}, "prefill")), np.broadcast_to(v, (5, 6, 64)), atol=2e-4
    )
    assert not moved(model, SteeringPatch({0: v}, "decode")).any()


def test_chosen_positions_count_from_the_end_of_each_prompt(model):
    v = vector(0)
    change = moved(model, SteeringPatch({0: v}, "prefill", (-1, -4)))
    assert [bool(np.abs(change[:, i]).max() > 0.1) for i in range(6)] == [
        False,
        False,
        True,
        False,
        False,
        True,
    ]
    np.testing.assert_allclose(change[:, [2, 5]], np.broadcast_to(v, (5, 2, 64)), atol=2e-4)


def test_answers_are_scored_as_they_are_generated(model):
    """Log-probabilities of an answer under a prefill patch are those of the steered generation, token by token."""
    for steps in ("prefill", "decode", "every"):
        patch = SteeringPatch({0: vector(1, 2.0), 1: vector(2)}, steps)
        answer = model.generate(PROMPTS[:1], CONFIG, [(patch, 1.0)])[0]
        rendered = model.render(PROMPTS[0])
        whole = dataclasses.replace(rendered, ids=rendered.ids + answer.ids)
        with model.patched(patch):
            scored = model.log_probs([whole])[0][len(rendered.ids) - 1 :]
            expected = []
            ids = torch.tensor([list(rendered.ids)])
            with torch.inference_mode():
                out = model.network(input_ids=ids, use_cache=True)
                for token in answer.ids:
                    expected.append(torch.log_softmax(out.logits[0, -1], -1)[token])
                    out = model.network(
                        input_ids=torch.tensor([[token]]), past_key_values=out.past_key_values, use_cache=True
                    )
        torch.testing.assert_close(scored, torch.stack(expected), atol=1e-4, rtol=1e-4)


def test_a_shared_prefix_is_steered_like_any_other_prompt(model):
    long = [Transcript.of("the quick brown fox jumps over the lazy dog " + t) for t in TEXTS]
    for patch in (
        SteeringPatch({0: vector(1, 2.0)}, "prefill"),
        SteeringPatch({0: vector(1, 6.0)}, "prefill", (-1, -12)),
        adaptive(model),
    ):
        together = model.generate(long, CONFIG, [(patch, 1.0)])
        alone = [model.generate([p], CONFIG, [(patch, 1.0)])[0] for p in long]
        assert [c.ids for c in together] == [c.ids for c in alone]


def test_ablation_leaves_nothing_along_the_axis(model):
    axis = vector(3)
    with model.patched(AblationPatch(axis)):
        states = collect(model, PROMPTS)
    unit = axis / axis.norm()
    assert np.abs(states @ unit.numpy()).max() < 1e-3 < np.abs(collect(model, PROMPTS) @ unit.numpy()).max()
    with model.patched(AblationPatch(5 * axis)):
        np.testing.assert_allclose(collect(model, PROMPTS), states, atol=1e-4)


def test_ablation_of_the_first_input_equals_numpy(model):
    axis = vector(3)
    layer = model.network.get_decoder().layers[0]
    seen: list[torch.Tensor] = []
    with model.patched(AblationPatch(axis), 0.5):
        handle = layer.self_attn.register_forward_hook(lambda _m, _a, out: seen.append(out[0]))
        collect(model, PROMPTS[:1])
        handle.remove()
    # A hook added later sees what the patch left: half of what was along the axis.
    raw: list[torch.Tensor] = []
    handle = layer.self_attn.register_forward_hook(lambda _m, _a, out: raw.append(out[0]))
    with model.patched(AblationPatch(axis), 0.5):
        collect(model, PROMPTS[:1])
    handle.remove()
    expected = 0.5 * (raw[0].numpy() + without(raw[0].numpy(), axis.numpy()))
    np.testing.assert_allclose(seen[0].numpy(), expected, atol=1e-4)


def adaptive(model: ChatModel, subject: Subject | None = None) -> AdaptivePatch:
    """Anchors are real states, so that positions lie around 0 and 100."""
    states = torch.from_numpy(collect(model, PROMPTS[:3])[:, 0])
    push = {0: vector(5, 2.0), 1: vector(6, 2.0)}
    return AdaptivePatch(
        (
            Term("rejection", push, 0, states[0, 0], states[1, 0], -0.01, 0.5, -2.0, 2.0),
            Term("harmfulness", {1: 0.5 * push[1]}, 1, states[0, 1], states[2, 1], 0.02, 0.1, -2.0, 2.0),
        ),
        subject,
    )


def test_positions_are_0_and_100_at_the_anchors(model):
    found = adaptive(model).read(model, PROMPTS)
    np.testing.assert_allclose(found.positions[0], [0, 0], atol=1e-3)
    assert found.positions[1, 0].item() == pytest.approx(100, abs=1e-3)
    assert found.positions[2, 1].item() == pytest.approx(100, abs=1e-3)
    np.testing.assert_allclose(found.coefficients[:, 0], (-0.01 * found.positions[:, 0] + 0.5).clamp(-2, 2))
    assert len(set(found.coefficients[:, 0].tolist())) > 2, "every prompt has its own"


def test_coefficients_do_not_depend_on_the_batch(model):
    patch = adaptive(model)
    many = patch.read(model, PROMPTS).coefficients
    alone = torch.cat([patch.read(model, [p]).coefficients for p in PROMPTS])
    torch.testing.assert_close(many, alone, atol=1e-3, rtol=0)


def test_adaptive_generation_is_fixed_steering_by_the_coefficients_of_each_row(model):
    """The second pass adds exactly what the first read: two fixed patches with one scale per prompt do the same."""
    patch = adaptive(model)
    found = patch.read(model, PROMPTS).coefficients.float()
    fixed = [(SteeringPatch(t.vectors, "prefill"), found[:, k]) for k, t in enumerate(patch.terms)]
    got = model.generate(PROMPTS, CONFIG, [(patch, 1.0)])
    assert [c.ids for c in got] == [c.ids for c in model.generate(PROMPTS, CONFIG, fixed)]
    assert [c.ids for c in got] != [c.ids for c in model.generate(PROMPTS, CONFIG)]
    mean = [(p, torch.full((5,), float(s.mean()))) for p, s in fixed]
    assert [c.ids for c in got] != [c.ids for c in model.generate(PROMPTS, CONFIG, mean)]


def test_positions_are_read_before_anything_is_steered(model):
    patch = adaptive(model)
    base = patch.read(model, PROMPTS).positions
    huge = dataclasses.replace(
        patch, terms=tuple(dataclasses.replace(t, vectors={0: vector(7, 50.0)}) for t in patch.terms)
    )
    states: list[torch.Tensor] = []
    with model.patched(huge):
        # Added last, this hook sees the output as the patch leaves it.
        handle = (
            model.network.get_decoder()
            .layers[0]
            .register_forward_hook(
                lambda _m, _a, out: states.append(out if isinstance(out, torch.Tensor) else out[0])
            )
        )
        model.generate(PROMPTS[:1], GenerationConfig(max_new_tokens=1))
    handle.remove()
    # The pass that read the position came first and saw the plain state.
    assert huge.terms[0].position(states[0][:, -1])[0].item() == pytest.approx(base[0, 0].item(), abs=1e-2)
    assert (states[1] - states[0]).abs().max() > 10


def test_zero_coefficients_are_the_base_bit_for_bit(model):
    patch = adaptive(model)
    none = dataclasses.replace(
        patch,
        terms=tuple(dataclasses.replace(t, slope=0.0, intercept=0.0, low=0.0, high=0.0) for t in patch.terms),
    )
    ids = torch.tensor([list(model.render(PROMPTS[1]).ids)])
    with torch.inference_mode():
        base = model.network(input_ids=ids).logits
        with model.patched(none):
            assert torch.equal(model.network(input_ids=ids).logits, base)
        with model.patched(patch):
            assert not torch.equal(model.network(input_ids=ids).logits, base)


def test_an_exception_in_the_reading_pass_leaves_the_model_clean(model):
    base = model.generate(PROMPTS, CONFIG)

    def boom(*_args):
        raise RuntimeError("boom")

    handle = model.network.get_decoder().layers[0].mlp.register_forward_hook(boom)
    with pytest.raises(RuntimeError, match="boom"):
        model.generate(PROMPTS, CONFIG, [(adaptive(tiny.moving_model()), 1.0)])
    handle.remove()
    assert [c.ids for c in model.generate(PROMPTS, CONFIG)] == [c.ids for c in base]
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.network.modules())


def test_two_adaptive_patches_read_without_each_other(model):
    patch = adaptive(model)
    other = dataclasses.replace(
        patch, terms=(dataclasses.replace(patch.terms[1], vectors={0: vector(8, 2.0)}),)
    )
    fixed = [
        (SteeringPatch(t.vectors, "prefill"), p.read(model, PROMPTS).coefficients[:, k].float())
        for p in (patch, other)
        for k, t in enumerate(p.terms)
    ]
    expected = [c.ids for c in model.generate(PROMPTS, CONFIG, fixed)]
    for order in ([patch, other], [other, patch]):
        assert [c.ids for c in model.generate(PROMPTS, CONFIG, [(p, 1.0) for p in order])] == expected


def test_a_forced_answer_counts_as_part_of_what_is_read(model):
    forced = PROMPTS[1].with_assistant(Segment("prefill", "Paris."))
    patch = adaptive(model)
    both = patch.read(model, [PROMPTS[1], forced]).positions
    assert abs(both[0, 0] - both[1, 0]) > 1e-3
    assert model.generate([forced], CONFIG, [(patch, 1.0)])[0].ids


def test_an_unknown_split_of_the_prompt_is_refused_not_guessed(model):
    ids = torch.tensor([list(model.render(PROMPTS[1]).ids)])
    for patch in (adaptive(model), SteeringPatch({0: vector(1)}, "prefill")):
        with torch.inference_mode(), model.patched(patch):
            first = model.network(input_ids=ids[:, :4], use_cache=True)
            with pytest.raises(SophroError, match=r"ChatModel\.generate"):
                model.network(input_ids=ids[:, 4:], past_key_values=first.past_key_values, use_cache=True)


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("family", "model family"),
        ("width", "hidden width"),
        ("layers", "number of layers"),
        ("tokenizer", "tokenizer"),
    ],
)
def test_another_model_is_refused_by_what_differs(model, what, shown):
    other = {"family": "qwen2", "width": 32, "layers": 9, "tokenizer": "0" * 16}[what]
    made_on = dataclasses.replace(model.subject, **{what: other})
    for patch in (
        SteeringPatch({0: vector(1)}, subject=made_on),
        AblationPatch(vector(1), made_on),
        adaptive(model, made_on),
    ):
        with pytest.raises(SophroError, match=rf"made for another model \({shown} {other}"):
            model.generate(PROMPTS, CONFIG, [(patch, 1.0)])


def test_the_same_model_is_recognised_after_saving(model, tmp_path):
    for name, patch in (
        ("s", SteeringPatch({1: vector(1)}, "prefill", (-2, -1), model.subject)),
        ("a", AblationPatch(vector(1), model.subject)),
        ("d", adaptive(model, model.subject)),
    ):
        save_patch(patch, tmp_path / name)
        back = load_patch(tmp_path / name)
        assert back.subject == tiny.moving_model().subject and back.settings() == patch.settings()
        before = [c.ids for c in model.generate(PROMPTS, CONFIG, [(patch, 1.0)])]
        assert [c.ids for c in model.generate(PROMPTS, CONFIG, [(back, 1.0)])] == before


def test_files_that_do_not_belong_together_are_refused(model, tmp_path):
    save_patch(adaptive(model), tmp_path / "p")
    header = json.loads((tmp_path / "p/patch.json").read_text())
    header["settings"]["terms"][0]["name"] = "other"
    (tmp_path / "p/patch.json").write_text(json.dumps(header))
    with pytest.raises(SophroError, match="do not belong together"):
        load_patch(tmp_path / "p")
    (tmp_path / "p/patch.json").write_text(json.dumps(header)[:40])
    with pytest.raises(SophroError, match="truncated"):
        load_patch(tmp_path / "p")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SteeringPatch({}), "there is none"),
        (lambda: SteeringPatch({0: torch.tensor([float("inf")])}), "NaN or infinite"),
        (lambda: SteeringPatch({0: torch.ones(1, 2)}), r"shape \(1, 2\)"),
        (lambda: SteeringPatch({0: torch.ones(2)}, "later"), "not one of every"),
        (lambda: SteeringPatch({0: torch.ones(2)}, "every", (-1,)), "go with steps 'prefill'"),
        (lambda: SteeringPatch({0: torch.ones(2)}, "prefill", (0,)), "negative offsets"),
        (lambda: AblationPatch(torch.zeros(4)), "zero"),
        (lambda: AblationPatch(torch.tensor([float("nan")])), "NaN"),
        (lambda: AdaptivePatch(()), "terms"),
        (lambda: term(zero=torch.tensor([float("nan"), 0.0])), "anchor 0 of 'x'"),
        (lambda: term(hundred=torch.zeros(2)), "same point"),
        (lambda: term(slope=float("nan")), "finite"),
        (lambda: term(low=2.0), "low <= high"),
        (lambda: AdaptivePatch((term(), term())), "different names"),
    ],
)
def test_bad_vectors_are_refused(make, message):
    with pytest.raises(SophroError, match=message):
        make()


def term(**changes) -> Term:
    plain = {
        "name": "x", "vectors": {0: torch.ones(2)}, "layer": 0, "zero": torch.zeros(2), "hundred": torch.ones(2),
        "slope": 1.0, "intercept": 0.0, "low": 0.0, "high": 1.0,
    }  # fmt: skip
    return Term(**{**plain, **changes})


def test_a_network_without_known_parts_is_refused(model):
    layer = model.network.get_decoder().layers[1]
    layer.odd = layer.mlp
    del layer.mlp
    with pytest.raises(SophroError, match="cannot be projected out"), model.patched(AblationPatch(vector(1))):
        pass
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.network.modules())
