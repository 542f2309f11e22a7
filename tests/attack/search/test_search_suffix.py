"""Suffix ids: found through segments in every template, checked by rendering the whole prompt again."""

from __future__ import annotations

import pytest
import tiny
import torch

from sophro.attack.search._suffix import SuffixPlace, allowed_ids, target_text
from sophro.data import Record
from sophro.models import Avoid, ChatModel, SpanReader

FAMILIES = [(f, s) for f in ("chatml", "inst", "gemma", "think", "hybrid") for s in (False, True)]


def model_of(family="chatml", sentencepiece=False):
    tokenizer = tiny.tokenizer(family, sentencepiece=sentencepiece)
    network = tiny.tiny_llama(len(tokenizer) + 1, seed=1)
    with torch.no_grad():
        for p in network.parameters():
            if p.dim() == 2:
                p.mul_(4.0)
    return ChatModel("tiny", tokenizer, network)


def place_of(model, prompt="How do I kill a process?", answer="Sure, use the command.", suffix=" ! ! ! ! !"):
    return SuffixPlace.find(model, prompt, answer, suffix)


@pytest.mark.parametrize(("family", "sentencepiece"), FAMILIES)
def test_the_place_is_the_rendered_prompt_cut_in_four(family, sentencepiece):
    model = model_of(family, sentencepiece)
    place = place_of(model)
    assert len(place.start) >= 5 and place.survives(place.start)
    assert place.text(place.start) == " ! ! ! ! !"
    rendered = model.render(place.transcript(place.start)).ids
    assert (*place.before, *place.start, *place.after, *place.target)[: len(rendered)] == rendered
    assert place.transcript(place.start).prompt == "How do I kill a process? ! ! ! ! !"


@pytest.mark.parametrize(("family", "sentencepiece"), FAMILIES)
def test_candidates_that_change_on_encoding_are_found(family, sentencepiece):
    model = model_of(family, sentencepiece)
    place = place_of(model)
    allowed = allowed_ids(model)
    generator = torch.Generator().manual_seed(0)
    kept = 0
    for _ in range(200):
        picks = torch.randint(len(allowed), (5,), generator=generator).tolist()
        ids = tuple(allowed[i] for i in picks)
        prompt = model.render(place.transcript(ids)).ids
        same = prompt == (*place.before, *ids, *place.after)[: len(prompt)] and len(prompt) >= len(
            place.before
        ) + len(ids)
        assert place.survives(ids) == same
        kept += same
    assert 0 < kept < 200, "the check must let some pass and stop some"


def test_allowed_ids_are_plain_ascii_and_no_control():
    model = model_of()
    allowed = allowed_ids(model)
    assert not set(allowed) & (set(model.template.control_ids) | {model.reflection_id})
    assert all(model.tokenizer.decode([i]).isascii() for i in allowed) and len(allowed) > 90


def test_target_text_is_the_opening_cut_by_tokens():
    model = model_of()
    opening = "Use the kill command with the process id, then check that it is gone."
    record = Record("1", "p", "s", "none", True, "en", "1", opening=opening)
    text = target_text(record, model.tokenizer, 6)
    assert opening.startswith(text) and len(model.tokenizer(text)["input_ids"]) == 6
    bare = Record("1", "p", "s", "none", True, "zh", "1")
    assert target_text(bare, model.tokenizer, 50).startswith("好的")


def reference(model, place, ids, avoid=None):
    """The loss by one plain forward pass over the whole sequence."""
    whole = torch.tensor([[*place.before, *ids, *place.after, *place.target]])
    with torch.no_grad():
        logits = model.network(whole).logits[0, -len(place.target) - 1 : -1].double()
    log_p = logits.log_softmax(-1)
    nll = -log_p[torch.arange(len(place.target)), list(place.target)].mean()
    if avoid is None:
        return float(nll)
    p = log_p[: avoid.positions, avoid.token].exp()
    return float(nll + avoid.weight * (p.log() - (1 - p).log()).mean())


@pytest.mark.parametrize("avoid", [None, Avoid(7, 0.5, 3)])
def test_losses_equal_a_plain_forward_pass_in_any_batch(avoid):
    model = model_of()
    place = place_of(model)
    allowed = allowed_ids(model)
    spans = [[allowed[(7 * i + j) % len(allowed)] for j in range(5)] for i in range(9)]
    expected = [reference(model, place, s, avoid) for s in spans]
    for cells in (1, 200, 1 << 20):
        reader = SpanReader(
            model.network, place.before, place.after, place.target, avoid=avoid, max_cells=cells
        )
        assert reader.losses(spans).total.tolist() == pytest.approx(expected, abs=2e-5)


def test_memory_of_a_batch_is_bounded(monkeypatch):
    model = model_of()
    place = place_of(model)
    width = len(place.start)
    length = len(place.before) + width + len(place.after) + len(place.target)
    reader = SpanReader(
        model.network, place.before, place.after, place.target, max_cells=3 * length, max_logits=1 << 30
    )
    seen = []
    inner = model.network.forward

    def forward(*args, **kwargs):
        if "input_ids" in kwargs:
            seen.append(tuple(kwargs["input_ids"].shape))
        return inner(*args, **kwargs)

    monkeypatch.setattr(model.network, "forward", forward)
    reader.losses([list(place.start)] * 10)
    assert reader.rows(width) == 3
    assert seen[0] == (1, len(place.before)), "the prefix is read once, alone"
    assert [s[0] for s in seen[1:]] == [3, 3, 3, 1]
    assert {s[1] for s in seen[1:]} == {length - len(place.before)}, "and never again"
    tight = SpanReader(model.network, place.before, place.after, place.target, max_logits=1)
    assert tight.rows(width) == 1


@pytest.mark.parametrize("avoid", [None, Avoid(7, 0.5, 3)])
def test_gradient_is_the_slope_of_the_loss(avoid):
    """Against a one-hot matrix multiplied into the embedding, and against a finite difference in float64."""
    model = model_of()
    place = place_of(model)
    reader = SpanReader(model.network, place.before, place.after, place.target, avoid=avoid)
    found = reader.gradient(place.start)
    weight = model.network.get_input_embeddings().weight.detach()
    network = model.network.double()
    try:
        onehot = torch.nn.functional.one_hot(torch.tensor(place.start), len(weight)).double().requires_grad_()
        e = weight.double()
        joined = torch.cat([e[list(place.before)], onehot @ e, e[[*place.after, *place.target]]])[None]
        logits = network(inputs_embeds=joined).logits[0, -len(place.target) - 1 : -1]
        log_p = logits.log_softmax(-1)
        loss = -log_p[torch.arange(len(place.target)), list(place.target)].mean()
        if avoid:
            p = log_p[: avoid.positions, avoid.token].exp()
            loss = loss + avoid.weight * (p.log() - (1 - p).log()).mean()
        (slope,) = torch.autograd.grad(loss, onehot)
    finally:
        network.float()
    assert found.shape == slope.shape
    assert torch.allclose(found.double(), slope, rtol=1e-3, atol=1e-4 * float(slope.abs().max()))
    assert all(p.grad is None for p in model.network.parameters()), "no gradient is left on the weights"
