"""SafePatching: the card's invariants, its traps, and what must never reach the disk."""

from __future__ import annotations

import json
import math
import os
import pickle
import sys
from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from edit_world import model as build_model
from edit_world import pairs, same, state

from sophro.edit import algebra, edit
from sophro.edit._gradients import editable, importance, trained_copy
from sophro.edit.safe_patching import OPTIONS
from sophro.edit.safe_patching._make import merged, overlap_row, regions, retained
from sophro.edit.safe_patching._sides import derive, harmful_examples, harmful_pairs, mean_loss
from sophro.errors import SophroError
from sophro.files import write_jsonl
from sophro.models import ChatModel, load_patch

FAST = {**OPTIONS, "learning_rate": 3e-3, "steps": 6, "top_safety": 0.2, "top_over": 0.2, "ascent_limit": 3.0}
SMALL = {k: FAST[k] for k in ("learning_rate", "steps", "top_safety", "top_over", "ascent_limit")}


@pytest.fixture(scope="module")
def chat(tmp_path_factory):
    return build_model(tmp_path_factory.mktemp("model") / "m")


@pytest.fixture(scope="module")
def examples(chat):
    return harmful_examples(chat, pairs())


@pytest.fixture(scope="module")
def sides(chat, examples):
    before = state(chat)
    found = derive(chat, examples, True, FAST, 0), derive(chat, examples, False, FAST, 0)
    assert same(chat, before), "deriving leaves the model as it was, bit for bit"
    assert not any(p.requires_grad != (n in before) for n, p in chat.network.named_parameters())
    return found


def names(sides):
    return list(sides[0].delta)


def test_ascent_raises_the_loss_on_the_answers_and_descent_lowers_it(chat, examples, sides):
    base = mean_loss(chat, examples)
    for side, sign in zip(sides, (1, -1), strict=True):
        with trained_copy(chat.network, editable(chat.network)):
            for name, parameter in chat.network.named_parameters():
                if name in side.delta:
                    parameter.data += side.delta[name]
            assert sign * (mean_loss(chat, examples) - base) > 0.02
        assert sign * (side.losses[-1] - side.losses[0]) > 0
    assert mean_loss(chat, examples) == pytest.approx(base, abs=1e-6)


def test_ascent_ends_once_the_loss_has_grown_enough(chat, examples):
    eager = {**FAST, "steps": 60, "ascent_limit": 1.2, "learning_rate": 1e-2}
    stopped = derive(chat, examples, True, eager, 0)
    assert len(stopped.losses) < 60 and stopped.losses[-1] >= 1.2 * mean_loss(chat, examples)
    assert max(stopped.losses[:-1]) < 1.2 * mean_loss(chat, examples)


def test_only_linear_weights_inside_the_decoder_may_be_edited(chat, sides):
    every = dict(chat.network.named_parameters())
    expected = [n for n in every if ".layers." in n and n.endswith("proj.weight")]
    assert names(sides) == expected and len(expected) == 14
    assert chat.network.get_output_embeddings().weight is every["model.embed_tokens.weight"], (
        "tied, and untouched"
    )


def test_importance_is_the_mean_of_absolute_values_over_samples(chat, examples):
    few = examples[:3]
    with trained_copy(chat.network, editable(chat.network)):
        parameters = {n: p for n, p in chat.network.named_parameters() if p.requires_grad}
        found = importance(chat.network, few, parameters)
        by_hand = {n: torch.zeros_like(p) for n, p in parameters.items()}
        mean_first = {n: torch.zeros_like(p) for n, p in parameters.items()}
        for example in few:
            ids = torch.tensor([list(example.ids)])
            # The plain way: logits of the whole network, cross entropy, autograd.
            values = chat.network(input_ids=ids).logits[0, :-1].log_softmax(-1)
            picked = values.gather(-1, ids[0, 1:, None])[:, 0]
            loss = -(picked * torch.tensor(example.weights[1:])).sum()
            for name, g in zip(parameters, torch.autograd.grad(loss, list(parameters.values())), strict=True):
                by_hand[name] += (parameters[name].detach() * g).abs() / 3
                mean_first[name] += parameters[name].detach() * g / 3
    for name in parameters:
        torch.testing.assert_close(found[name], by_hand[name], atol=1e-5, rtol=1e-3)
        assert bool((found[name] >= 0).all())
        assert (found[name] - mean_first[name].abs()).max() > 0.01 * found[name].max(), "another score"


def test_importance_is_zero_where_the_weight_is_and_doubling_the_loss_keeps_the_ranking(chat, examples):
    doubled = [replace(e, weights=[2 * w for w in e.weights]) for e in examples[:2]]
    with trained_copy(chat.network, editable(chat.network)):
        name, weight = next((n, p) for n, p in chat.network.named_parameters() if p.requires_grad)
        with torch.no_grad():
            weight[:, ::2] = 0.0
        once = importance(chat.network, examples[:2], {name: weight})[name]
        twice = importance(chat.network, doubled, {name: weight})[name]
    assert bool((once[:, ::2] == 0).all()) and bool((once[:, 1::2] > 0).any())
    torch.testing.assert_close(twice, 2 * once)
    assert torch.equal(algebra.top_mask(once, 0.1), algebra.top_mask(twice, 0.1))


def test_difference_sets_are_disjoint_and_counted_exactly(sides):
    for name in names(sides):
        found = regions(*sides, name, FAST)
        n = found.both.numel()
        assert int(found.top_safety.sum()) == int(found.top_over.sum()) == round(0.2 * n)
        assert not bool((found.safety & found.over).any())
        assert int(found.safety.sum()) == int(found.top_safety.sum()) - int(found.both.sum())
        row = overlap_row(*sides, name, found)
        assert (row["n"], row["safety"], row["both"]) == (n, round(0.2 * n), int(found.both.sum()))


def test_merged_is_the_formula_entry_by_entry(sides):
    name = names(sides)[3]
    got = merged(*sides, name, FAST, 7).numpy()
    found = regions(*sides, name, FAST)
    shape = sides[0].delta[name].shape
    kept = [
        algebra.retention_mask(shape, 0.3, algebra.stream(7, w, name)).numpy() for w in ("safety", "over")
    ]
    a, b = found.top_safety.numpy(), found.top_over.numpy()
    d = [side.delta[name].numpy() for side in sides]
    expected = 1.0 * (a & ~b & kept[0]) * d[0] + 0.75 * (b & ~a & kept[1]) * d[1]
    assert abs(got - expected).max() == 0
    assert not got[a & b].any(), "what both claim stays as it is"
    edited, region = int((got != 0).sum()), int((a ^ b).sum())
    assert abs(edited - 0.3 * region) < 3 * math.sqrt(region * 0.3 * 0.7) + 0.01 * region


def test_without_one_side_only_the_other_edits(sides):
    name = names(sides)[0]

    def changed(**options):
        return merged(*sides, name, {**FAST, "retention": 1.0, **options}, 0) != 0

    whole = regions(*sides, name, FAST)
    moved = [side.delta[name] != 0 for side in sides]
    assert torch.equal(changed(top_over=0.0), whole.top_safety & moved[0]), "b = 0: the pure safety region"
    assert torch.equal(changed(top_safety=0.0), whole.top_over & moved[1]), "a = 0: no safety edit"
    assert not bool(changed(alpha=0.0, beta=0.0).any())
    assert not bool(changed(retention=0.0).any())
    assert torch.equal(
        retained(sides[0], "safety", name, {**FAST, "retention": 1.0}, 0), sides[0].delta[name]
    )


def test_the_written_patch_gives_the_merged_model_and_comes_off_again(chat, sides, tmp_path):
    before = state(chat)
    facts = edit("safe_patching", chat, {"harmful": pairs()}, tmp_path / "p", options=SMALL)
    assert same(chat, before)
    assert sorted(p.name for p in (tmp_path / "p").iterdir()) == [
        "edit.json",
        "patch.json",
        "patch.safetensors",
    ]
    patch = load_patch(tmp_path / "p")
    with chat.patched(patch):
        for name, parameter in chat.network.named_parameters():
            expected = (
                before[name] + merged(*sides, name, FAST, 0) if name in sides[0].delta else before[name]
            )
            assert torch.equal(parameter.data, expected)
    assert same(chat, before)
    again = edit("safe_patching", chat, {"harmful": pairs()}, tmp_path / "q", options=SMALL)
    assert (tmp_path / "p/patch.safetensors").read_bytes() == (tmp_path / "q/patch.safetensors").read_bytes()
    assert (
        again["overlap"] == facts["overlap"] == json.loads((tmp_path / "p/edit.json").read_text())["overlap"]
    )
    assert len(facts["overlap"]) == 14 and facts["pairs"] == 24


def test_going_on_from_a_patch_gives_one_patch_for_both(chat, tmp_path):
    edit("safe_patching", chat, {"harmful": pairs()}, tmp_path / "1", options=SMALL)
    more = [replace(r, id=f"x{r.id}", prompt=f"Also, {r.prompt}") for r in pairs()]
    edit(
        "safe_patching", chat, {"harmful": more}, tmp_path / "2", options=SMALL, start=tmp_path / "1", seed=1
    )
    one, two = load_patch(tmp_path / "1"), load_patch(tmp_path / "2")
    assert two.nonzero > one.nonzero
    with chat.patched(one):
        alone = edit("safe_patching", chat, {"harmful": more}, tmp_path / "3", options=SMALL, seed=1)
    assert alone["seed"] == 1
    for name, both in two.edits.items():
        second = load_patch(tmp_path / "3").edits[name].dense()
        torch.testing.assert_close(both.dense(), one.edits[name].dense() + second, atol=1e-7, rtol=1e-6)


def test_nothing_of_the_over_safety_patch_reaches_the_disk(chat, sides, tmp_path, monkeypatch):
    """Every file that the process opens for writing is watched; the only tensors are those of the merged patch."""
    written: list[str] = []

    def watch(event: str, args: tuple) -> None:
        # A file opened by its number was opened by its name before.
        if watching and event == "open" and not isinstance(args[0], int):
            mode, flags = args[1] or "", args[2] or 0
            if set(mode) & set("wax+") or flags & (os.O_WRONLY | os.O_RDWR):
                written.append(str(args[0]))

    def never(*args, **more):
        raise AssertionError("whole tensors are written by nobody but the merged patch's own writer")

    # These write from native code, which the watch cannot see.
    monkeypatch.setattr("safetensors.torch.save_file", never)
    monkeypatch.setattr("torch.save", never)
    monkeypatch.setattr(type(chat.network), "save_pretrained", never)
    watching = True
    sys.addaudithook(watch)
    try:
        edit("safe_patching", chat, {"harmful": pairs()}, tmp_path / "p", options=SMALL)
    finally:
        watching = False
    outside = {w for w in written if str(tmp_path) not in w and not w.startswith("/dev/")}
    assert any("patch.safetensors" in w for w in written), "the watch sees what is written"
    assert not outside, outside
    over, data = sides[1], b"".join(p.read_bytes() for p in (tmp_path / "p").iterdir())
    merged_bytes = b"".join(e.values.numpy().tobytes() for e in load_patch(tmp_path / "p").edits.values())
    assert merged_bytes[:64] in data, "the control: what was written would be found"
    for name, delta in over.delta.items():
        top = regions(*sides, name, FAST).top_over
        for values in (delta, delta[top], chat.network.get_parameter(name).data + delta):
            raw = values.detach().contiguous().numpy().tobytes()
            assert raw[:32] not in data and raw[-32:] not in data
    facts = json.loads((tmp_path / "p/edit.json").read_text())
    header = json.loads((tmp_path / "p/patch.json").read_text())
    assert set(header["settings"]) == {"fingerprint", "shapes", "source"}
    assert set(facts) == {"method", "options", "seed", "pairs", "loss_before", "losses", "overlap"}
    with pytest.raises(TypeError, match="stays in memory"):
        pickle.dumps(over)


def test_harmful_sets_that_would_teach_the_wrong_thing_are_refused(chat, tmp_path):
    good = pairs()
    for records, says in (
        (good[:19], "19 harmful pairs; at least 20"),
        ([*good, replace(good[2], id="r99", prompt=good[2].prompt.upper())], "r99 repeats the request of r2"),
        ([*good[1:], replace(good[0], opening=None)], "r0 has no harmful answer"),
        (
            [*good[1:], replace(good[0], opening="I'm sorry, but I can't help with that.")],
            "teaches to comply",
        ),
        ([*good[1:], replace(good[0], opening="...")], "r0 reads as broken"),
    ):
        with pytest.raises(SophroError, match=says):
            edit("safe_patching", chat, {"harmful": records}, tmp_path / "p")
    assert not list(tmp_path.iterdir())
    with_own = replace(good[0], meta={"unsafe_response": "Mix it."})
    assert harmful_pairs([with_own, *good[1:]])[0][1] == "Mix it."


def test_training_that_blows_up_keeps_the_base(chat, tmp_path, monkeypatch):
    from sophro.edit.safe_patching import _sides

    before = state(chat)

    def explode(network, items, options, **more):
        for parameter in network.parameters():
            if parameter.requires_grad:
                with torch.no_grad():
                    parameter.view(-1)[0] = math.nan
        return []

    monkeypatch.setattr(_sides, "train_in_place", explode)
    with pytest.raises(SophroError, match="stopped being finite"):
        edit("safe_patching", chat, {"harmful": pairs()}, tmp_path / "p", options=SMALL)
    assert same(chat, before) and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"retention": 1.2}, "retention: 1.2 is no share"),
        ({"top_over": -0.1}, "top_over: -0.1 is no share"),
        ({"steps": 0}, "steps is 0"),
        ({"ascent_limit": 1.0}, "ascent_limit is 1.0"),
        ({"alpha": 0.0, "beta": 0.0}, "change nothing"),
        ({"retain": 0.5}, "did you mean beta, retention"),
        ({"steps": "many"}, "must be of type int"),
    ],
)
def test_wrong_options_are_refused(chat, tmp_path, options, says):
    with pytest.raises(SophroError, match=says):
        edit("safe_patching", chat, {"harmful": pairs()}, tmp_path / "p", options={"steps": 1, **options})
    assert not list(tmp_path.iterdir())


def test_a_model_that_is_not_in_full_precision_is_refused_or_widened(chat, tmp_path):
    network = chat.network
    network.config.quantization_config = {"bits": 4}
    try:
        with pytest.raises(SophroError, match="quantised"):
            edit("safe_patching", chat, {"harmful": pairs()}, tmp_path / "p")
    finally:
        del network.config.quantization_config
    from sophro.edit._run import full_precision

    before = state(chat)
    half = ChatModel("half", chat.tokenizer, deepcopy(network).to(torch.bfloat16))
    narrow = half.fingerprint()
    full_precision(half)
    assert {p.dtype for p in half.network.parameters()} == {torch.float32}
    assert half.fingerprint() == narrow != chat.fingerprint(), "the values are those of the half precision"
    half.network.model.layers[0].to("meta")
    with pytest.raises(SophroError, match="sharded"):
        full_precision(half)
    assert same(chat, before)


def test_the_command_writes_a_patch_that_assess_takes(chat, tmp_path, capsys, monkeypatch):
    from sophro.cli import run

    rows = [{"id": r.id, "prompt": r.prompt, "opening": r.opening} for r in pairs()]
    write_jsonl(tmp_path / "mine.jsonl", rows)
    out = tmp_path / "p"
    chosen = [f"--set={k}={v}" for k, v in SMALL.items()]
    command = ["edit", "safe_patching", "--model", chat.name, "--data", str(tmp_path / "mine.jsonl")]
    assert run([*command, *chosen, "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["method"] == "safe_patching"
    assert run([*command, "--out", str(out)]) == 2
    assert "exists already" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    assess = ["assess", "over_refusal", "--model", chat.name, "--patch", str(out), "--limit", "4"]
    assert run([*assess, "--max-new-tokens", "4", "--out", str(tmp_path / "run"), "--json"]) == 0
    assert "patched" in json.loads(capsys.readouterr().out)["arms"]
