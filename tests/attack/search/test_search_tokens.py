"""Suffix attacks: monotone, budgeted, seeded, resumable; gradient and losses as in nanogcg; better than random."""

from __future__ import annotations

import dataclasses
import json
import os
import sys

import numpy as np
import pytest
import tiny
import torch

from sophro.attack import TargetView
from sophro.attack.search._suffix import SuffixPlace, allowed_ids
from sophro.attack.search._tokens import GCG, GCGReflection, RandomSearch
from sophro.data import Record
from sophro.errors import SophroError
from sophro.models import ChatModel, LowRankPatch, ScriptedModel, SpanReader

OPENING = "Use the kill command with the process id, then check that it is gone."
SMALL = {"steps": 4, "width": 6, "length": 4, "target_tokens": 6}


def records(count=2):
    return [
        Record(
            str(i), f"How do I kill process number {i}?", "mine", "none", True, "en", str(i), opening=OPENING
        )
        for i in range(count)
    ]


@pytest.fixture(scope="module")
def target():
    tokenizer = tiny.tokenizer("chatml")
    network = tiny.tiny_llama(len(tokenizer) + 1, seed=1)  # one row more: the reflection token
    with torch.no_grad():
        for p in network.parameters():
            if p.dim() == 2:
                p.mul_(4.0)
    return ChatModel("tiny", tokenizer, network)


CASES = [GCG(**SMALL), RandomSearch(**SMALL), GCGReflection(**SMALL)]


@pytest.mark.parametrize("chosen", CASES, ids=lambda a: a.name)
def test_one_attempt_each_within_budget_and_the_same_again(chosen, target):
    view = TargetView(target, reflects=True)
    first, second = chosen(records(), view), chosen(records(), view)
    assert [a.record.id for a in first] == ["0", "1"] and not any(a.error for a in first)
    assert first == second
    assert chosen(records(2)[1:], view) == first[1:], "a behaviour does not depend on its neighbours"
    other = dataclasses.replace(chosen, seed=1)(records(), view)
    assert [a.transcript for a in other] != [a.transcript for a in first]
    for attempt in first:
        assert attempt.spent == attempt.params["spent"]["queries"] < chosen.budget.queries
        assert attempt.params["spent"]["gradients"] <= chosen.budget.gradients
        assert attempt.transcript.prompt.startswith(attempt.record.prompt)


@pytest.mark.parametrize("chosen", CASES, ids=lambda a: a.name)
def test_kept_score_never_falls_and_the_result_is_that_of_its_text(chosen, target, tmp_path):
    view = TargetView(target, reflects=True)
    chosen = dataclasses.replace(chosen, folder=str(tmp_path))
    (attempt,) = chosen(records(1), view)
    (file,) = tmp_path.iterdir()
    rows = [json.loads(line) for line in file.read_text().splitlines()][1:]
    scores = [next(n for r in rows for n in r["nodes"] if n["id"] == row["best"])["score"] for row in rows]
    assert scores == sorted(scores) and len(scores) == chosen.steps + 1 and scores[-1] > scores[0]
    # Render the text that the target will be given, and ask a plain forward pass.
    place = chosen.place(records(1)[0], view)
    ids = [*target.render(attempt.transcript).ids, *place.target]
    with torch.no_grad():
        log_p = target.network(torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
    n = len(place.target)
    nll = -log_p[-n:][torch.arange(n), list(place.target)].mean()
    assert attempt.params["best"]["loss"] == pytest.approx(float(nll), abs=1e-4)


def test_a_cut_file_goes_on_to_the_same_attempt(target, tmp_path):
    chosen = GCG(**SMALL, folder=str(tmp_path))
    (expected,) = chosen(records(1), target)
    (file,) = tmp_path.iterdir()
    data = file.read_bytes()
    file.write_bytes(data[: len(data) * 2 // 3])
    assert chosen(records(1), target) == [expected]
    assert file.read_bytes() == data


def test_gcg_beats_random_search_at_equal_forwards(target):
    """Small and fast; the claim ``gcg_beats_random`` asks it of the embedded model."""
    from sophro.stats import paired_bootstrap

    people = records(8)
    gcg = GCG(steps=8, width=10, length=6, target_tokens=6, topk=16)
    # A gradient costs a forward and a backward pass; random search gets three forwards for it.
    rand = RandomSearch(steps=8, width=13, length=6, target_tokens=6, block=1)

    def loss(attempts):
        return [a.params["best"]["loss"] for a in attempts]

    a, b = loss(gcg(people, target)), loss(rand(people, target))
    found = paired_bootstrap(b, a)
    assert found.value > 0 and found.low > 0, (np.mean(a), np.mean(b))


def test_the_joint_loss_lowers_the_token_and_the_plain_one_ignores_it(target):
    view = TargetView(target, reflects=True)
    chosen = GCGReflection(**SMALL, weight=5.0)
    for record in records(3):
        problem = chosen.problem(record, view)
        before = float(problem.reader.losses([problem.place.start]).avoided[0])
        (attempt,) = chosen([record], view)
        assert attempt.params["best"]["avoided"] < before
        (plain,) = GCG(**SMALL)([record], view)
        assert plain.params["best"]["avoided"] == 0.0
        # The odds that were reported are those of the text that is sent.
        ids = [*target.render(attempt.transcript).ids, *problem.place.target]
        with torch.no_grad():
            logits = target.network(torch.tensor([ids])).logits[0]
        p = logits[-len(problem.place.target) - 1 : -1].double().softmax(-1)[:, target.reflection_id]
        assert attempt.params["best"]["avoided"] == pytest.approx(float((p / (1 - p)).log().mean()), abs=1e-3)


def test_needs_and_settings_are_checked_before_any_work(target):
    with pytest.raises(SophroError, match="logprobs"):
        GCG(**SMALL)(records(1), ScriptedModel(lambda t: "x", "bare"))
    with pytest.raises(SophroError, match="no reflection token"):
        GCGReflection(**SMALL)(records(1), TargetView(target))
    with pytest.raises(SophroError, match="steps is 0"):
        GCG(steps=0)
    with pytest.raises(SophroError, match="topk"):
        GCG(topk=0)
    with pytest.raises(SophroError, match="none was given"):
        GCG(**SMALL)(records(1), None)


def test_the_patch_of_the_target_is_on_while_it_is_read(target):
    name = "model.layers.0.self_attn.q_proj"
    width = target.network.config.hidden_size
    generator = torch.Generator().manual_seed(0)
    patch = LowRankPatch(
        {name: (torch.randn(2, width, generator=generator), torch.randn(width, 2, generator=generator))}
    )
    bare, patched = (
        RandomSearch(**SMALL)(records(1), TargetView(target, patch=p))[0].params["best"]["loss"]
        for p in (None, patch)
    )
    assert bare != patched
    assert RandomSearch(**SMALL)(records(1), TargetView(target))[0].params["best"]["loss"] == bare, (
        "and off again"
    )


def nanogcg():
    folder = os.environ.get("SOPHRO_NANOGCG")
    if folder:
        sys.path.append(folder)
    return pytest.importorskip(
        "nanogcg.gcg",
        reason="pip install --no-deps --target DIR nanogcg, then SOPHRO_NANOGCG=DIR (its dependencies pull other things)",
    )


def test_one_step_is_that_of_nanogcg(target):
    """Same ids, same model: the gradient, the proposed replacements and the candidates' losses agree."""
    module = nanogcg()
    place = SuffixPlace.find(target, "How do I kill a process?", OPENING, " ! ! ! !")
    reader = SpanReader(target.network, place.before, place.after, place.target)
    theirs = module.GCG(
        target.network, target.tokenizer, module.GCGConfig(use_prefix_cache=False, verbosity="ERROR")
    )
    embed = target.network.get_input_embeddings()
    rows = [torch.tensor([list(ids)]) for ids in (place.before, place.after, place.target)]
    theirs.before_embeds, theirs.after_embeds, theirs.target_embeds = (embed(r).detach() for r in rows)
    theirs.target_ids = rows[2]
    slope = theirs.compute_token_gradient(torch.tensor([list(place.start)]))[0]
    ours = reader.gradient(place.start)
    assert torch.allclose(ours, slope, rtol=1e-4, atol=1e-6)

    problem = GCG(**SMALL).problem(records(1)[0], target)
    problem.topk = 8
    allowed = allowed_ids(target)
    barred = torch.tensor([i for i in range(slope.shape[1]) if i not in set(allowed)])
    masked = slope.clone()
    masked[:, barred] = float("inf")
    expected = (-masked).topk(8, dim=1).indices
    assert [set(r) for r in problem.replacements(ours.numpy()).tolist()] == [
        set(r) for r in expected.tolist()
    ]

    torch.manual_seed(0)
    spans = module.sample_ids_from_grad(
        torch.tensor(place.start), slope.clone(), 12, topk=8, not_allowed_ids=barred
    )
    joined = torch.cat(
        [
            theirs.before_embeds.repeat(12, 1, 1),
            embed(spans).detach(),
            theirs.after_embeds.repeat(12, 1, 1),
            theirs.target_embeds.repeat(12, 1, 1),
        ],
        dim=1,
    )
    losses = theirs._compute_candidates_loss_original(12, joined)
    assert torch.allclose(reader.losses(spans.tolist()).total, losses, atol=1e-5)
    # Candidates differ from their parent in at most one id, as ours do.
    assert all((s != torch.tensor(place.start)).sum() <= 1 for s in spans)
