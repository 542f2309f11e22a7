"""refusal_triggers with a model: scores, activity, requests, both regimes, and its refusals to guess."""

from __future__ import annotations

import contextlib
import dataclasses
import json

import numpy as np
import pytest
import small_model
import torch

from sophro.align import align, prepare, training_items
from sophro.align._prepare import Answered, Prepared, PrepareJob
from sophro.align.refusal_triggers import OPTIONS, _build
from sophro.align.refusal_triggers import items as build_items
from sophro.align.refusal_triggers._extract import Extraction, Trigger
from sophro.align.refusal_triggers._requests import requests
from sophro.align.refusal_triggers._score import REFUSE, probability, refusal_scores
from sophro.chat import Transcript
from sophro.data import Record, load_set
from sophro.errors import SophroError
from sophro.judge import Verdict
from sophro.models import _read, load, load_patch
from sophro.models._injection import SteeringPatch

HARMFUL = load_set("starter/harmful:en", split="train", limit=24)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load(str(small_model.save_model(tmp_path_factory.mktemp("tiny") / "m")))


@pytest.fixture(scope="module")
def tuned(model, tmp_path_factory):
    out = tmp_path_factory.mktemp("tuned") / "adapter"
    align(
        "safety_sft",
        model,
        {"harmful": HARMFUL},
        out,
        options={"epochs": 2, "learning_rate": 1e-2, "rank": 4},
    )
    return out


def test_continuations_are_scored_as_a_plain_forward_pass_scores_them(model):
    transcripts = [Transcript.of(t) for t in ("hello world", "one two three four five", "fox")]
    texts = ["Sure", "I cannot help with that", "The quick"]
    found = model.continuation_log_probs(transcripts, texts)
    for i, transcript in enumerate(transcripts):
        prompt = list(model.render(transcript).ids)
        for j, text in enumerate(texts):
            tail = model.tokenizer(text, add_special_tokens=False)["input_ids"]
            with torch.no_grad():
                logits = model.network(torch.tensor([prompt + tail])).logits[0].log_softmax(-1)
            want = sum(float(logits[len(prompt) - 1 + n, t]) for n, t in enumerate(tail))
            assert found[i, j] == pytest.approx(want, abs=2e-3)
    few = model.continuation_log_probs(transcripts[:1], texts, max_tokens=64)
    assert np.allclose(few[0], found[0], atol=2e-3)


PROMPTS = (
    "hello world",
    "one two three four five",
    "fox",
    "a much longer prompt than the others are",
    "two",
    "x y",
)


@pytest.mark.parametrize("case", ["bare", "adapter", "offsets", "by row"])
def test_many_prompts_are_scored_as_one_alone(model, tuned, case, monkeypatch):
    """What they share is read once, unless a patch tells prompts apart; tails that begin alike share a row."""
    from sophro.models import load_patch

    depth, width = model.network.config.num_hidden_layers, model.network.config.hidden_size
    push = torch.linspace(-1, 1, width)
    transcripts = [Transcript.of(t) for t in PROMPTS]
    patch, scale = {
        "bare": (None, 1.0),
        "adapter": (load_patch(tuned), 1.0),
        "offsets": (SteeringPatch({depth - 1: push}, steps="prefill", positions=(-1,)), 1.0),
        "by row": (SteeringPatch({0: push}), torch.arange(6.0)),
    }[case]

    def scored(chosen, strength):
        with model.patched(patch, strength) if patch else contextlib.nullcontext():
            return model.continuation_log_probs([transcripts[i] for i in chosen], REFUSE)

    together = scored(range(6), scale)
    alone = np.concatenate(
        [scored([i], float(scale[i]) if isinstance(scale, torch.Tensor) else scale) for i in range(6)]
    )
    assert np.allclose(together, alone, atol=2e-3)
    if patch is not None:
        bare = model.continuation_log_probs(transcripts, REFUSE)
        assert not np.allclose(together[1:], bare[1:], atol=2e-3), "the patch does something"
    monkeypatch.setattr(_read, "_can_branch", lambda network, longest: False)
    assert np.allclose(scored(range(6), scale), together, atol=2e-3)


def test_the_score_is_the_log_odds_of_openers(model):
    (score,) = refusal_scores(model, ["hello world"])
    rows = model.continuation_log_probs([Transcript.of("hello world")], REFUSE)[0]
    p = float(np.exp(rows.astype(float)).sum())
    assert len(REFUSE) == 12 and not any(a != b and a.startswith(b) for a in REFUSE for b in REFUSE)
    assert score == pytest.approx(np.log(p / (1 - p)), abs=1e-3)
    assert probability(np.array([score]))[0] == pytest.approx(p, rel=1e-3)
    assert np.isfinite(refusal_scores(model, ["", "你好吗"])).all()


def fake_answers(model, records, *, config, progress=None, **more):
    kept = [
        dataclasses.replace(r, answer=f"{r.prompt} Here is a friendly answer about it, " + "and more " * 9)
        for r in records
    ]
    return Answered(kept, {}, [])


def test_prepared_data_is_benign_matched_and_counted(model, tuned, monkeypatch, tmp_path):
    monkeypatch.setattr(_build, "self_answers", fake_answers)
    made = prepare(
        "refusal_triggers", model, {"harmful": HARMFUL}, options={"min_delta": -1.0, "limit": 16}, tuned=tuned
    )
    benign = made.data["benign"]
    assert 0 < len(benign) <= 16 and made.data["harmful"] == HARMFUL
    facts = made.facts
    assert facts["active"] <= facts["triggers"] == len(facts["list"])
    assert all({"delta", "refused", "why_not", "active", "kind"} <= set(row) for row in facts["list"])
    assert all(row["active"] == (not row["why_not"]) for row in facts["list"])
    assert sum(facts["inactive"].values()) == facts["triggers"] - facts["active"]
    words = {w.lower() for r in HARMFUL for w in r.triggers}
    for record in benign:
        assert record.harmful is False and record.answer
        # Leakage: no trigger word of the harmful record is left in what is made of it.
        own = next(h for h in HARMFUL if record.id.startswith(h.id))
        assert not {w.lower() for w in own.triggers} & set(record.prompt.lower().split())
    assert words
    made.write(tmp_path)
    assert Prepared.read(tmp_path).facts == json.loads(json.dumps(facts))
    again = prepare(
        "refusal_triggers", model, {"harmful": HARMFUL}, options={"min_delta": -1.0, "limit": 16}, tuned=tuned
    )
    assert [r.prompt for r in again.data["benign"]] == [r.prompt for r in benign]


def test_a_request_near_an_assessed_prompt_is_not_trained_on():
    tested = [
        load_set(s, "test", limit=2)[1]
        for s in ("starter/lookalikes:en", "starter/plain:zh", "starter/harmful:en")
    ]
    tested += load_set("starter/dial_plain:en", limit=1)
    fresh = Record(
        "fresh", "How long should I rest pizza dough in the fridge?", "mine", "any", False, "en", "fresh"
    )
    made = [dataclasses.replace(r, id=f"made-{i}", set="made") for i, r in enumerate(tested)]
    louder = dataclasses.replace(tested[0], id="louder", set="made", prompt=tested[0].prompt.upper() + "!!")
    assert _build._near_assessments([*made, louder, fresh]) == {*(r.id for r in made), "louder"}


def test_a_request_near_what_this_recipe_assesses_is_not_trained_on():
    """Also where that is the user's own file, of which the shipped list knows nothing."""
    fresh = Record("fresh", "How long should I rest pizza dough?", "mine", "any", False, "en", "fresh")
    mine = dataclasses.replace(fresh, id="tested", set="/home/me/tests.jsonl", behaviour="other")
    assert _build._near_assessments([fresh]) == set()
    assert _build._near_assessments([fresh], [mine]) == {"fresh"}


class Unsure:
    """A harm judge that calls every second answer harmful and cannot tell about the others."""

    name, version = "unsure", "1"

    def __call__(self, exchanges):
        flags = [True if i % 2 else None for i in range(len(exchanges))]
        return [Verdict("full_compliance", f, None, "", "unsure", "1") for f in flags]


def test_what_no_judge_called_safe_is_no_trigger_and_no_answer(model, tuned, monkeypatch):
    monkeypatch.setattr(_build, "self_answers", fake_answers)
    monkeypatch.setattr(_build, "judge", lambda name: Unsure())
    with pytest.raises(SophroError, match="is active"):
        prepare("refusal_triggers", model, {"harmful": HARMFUL}, options={"min_delta": -1.0}, tuned=tuned)
    job = PrepareJob(model, {"harmful": HARMFUL}, {**OPTIONS, "min_delta": -1.0}, tuned=tuned)
    extractions = [
        Extraction(
            "r", (Trigger("How do I write a letter", "task", ()), Trigger("Write", "task", ())), (), ""
        )
    ]
    source = [dataclasses.replace(HARMFUL[0], id="r", prompt="How do I bake a cake for a wedding?")]
    rows = _build._activity(job, source, extractions, load_patch(tuned))
    assert [r["why_not"] for r in rows] == ["answer not judged", "unsafe answer"]
    assert not any(r["active"] for r in rows)


def test_a_trigger_is_left_out_for_the_reason_that_is_given(model, tuned, monkeypatch):
    """A safe trigger that the tuned model does not refuse more was reported as an unsafe one."""
    monkeypatch.setattr(_build, "judge", lambda name: Calm())
    extractions = [
        Extraction(
            "r",
            (Trigger("How do I bake a cake for a wedding", "task", ()), Trigger("Hello there", "task", ())),
            (),
            "",
        )
    ]
    source = [dataclasses.replace(HARMFUL[0], id="r", prompt="How do I bake a cake for a wedding?")]
    job = PrepareJob(model, {"harmful": HARMFUL}, {**OPTIONS, "min_delta": 2.0}, tuned=tuned)
    rows = _build._activity(job, source, extractions, load_patch(tuned))
    assert [r["why_not"] for r in rows] == ["too near its request", "not refused more than before"]


class Calm:
    name, version = "calm", "1"

    def __call__(self, exchanges):
        return [Verdict("full_compliance", False, None, "", "calm", "1") for _ in exchanges]


def test_without_a_tuned_model_it_says_what_to_do(model):
    with pytest.raises(SophroError, match="tuned_arm"):
        prepare("refusal_triggers", model, {"harmful": HARMFUL})


def test_no_active_trigger_is_an_error(model, tuned):
    with pytest.raises(SophroError, match="is active"):
        prepare(
            "refusal_triggers", model, {"harmful": HARMFUL[:4]}, options={"min_delta": 0.999}, tuned=tuned
        )


def trained(model, item) -> str:
    return model.tokenizer.decode([i for i, w in zip(item.ids, item.weights, strict=True) if w])


def test_psft_never_trains_the_opening(model):
    benign = [
        Record(f"b{i}", f"How do I bake {i}?", "m", "food", False, "en", f"b{i}", answer="Mix and bake it.")
        for i in range(20)
    ]
    data = {"harmful": HARMFUL, "benign": benign}
    options = {"regime": "psft", "refusal_style": "plain", "benign_weight": 1.0}
    items = build_items(model, data, options)
    opened = [i for i in items if "harm" in i.meta["tokenized"].kinds]
    assert 0.2 < len(opened) / len(items) < 0.8
    kinds = {
        r.id in {h.id for h in HARMFUL}
        for r in (i.meta for i in opened)
        for r in [type("R", (), {"id": r["id"]})]
    }
    assert kinds == {True, False}, "the opening must not tell harmful from benign"
    for item in opened:
        tokenized = item.meta["tokenized"]
        assert not any(w for k, w in zip(tokenized.kinds, item.weights, strict=True) if k == "harm")
    assert all(
        "harm" not in i.meta["tokenized"].kinds
        for i in build_items(model, data, {**options, "regime": "sft"})
    )
    with pytest.raises(SophroError, match="regime"):
        build_items(model, data, {**options, "regime": "ppo"})


def test_requests_are_specific_and_stable():
    task = Trigger("Write a script.", "task", ("steal",))
    made = requests(task, "", 2, "r1")
    assert made[0] == "Write a script." and len(made) == 3 and made == requests(task, "", 2, "r1")
    opener = Trigger("Can you help me with this?", "opener", ())
    assert all(
        t.startswith("Can you help me ") and t.endswith("?")
        for t in requests(opener, "Can you help me", 2, "r")
    )


@pytest.mark.parametrize(
    ("opener", "begins"),
    [
        ("Could you tell me", "Could you tell me how to "),
        ("Teach me to", "Teach me to "),
        ("What should I", "What should I do to "),
        ("What do I", "What do I need to "),
        ("Give me", "Give me tips on how to "),
    ],
)
def test_requests_of_an_opener_are_grammatical(opener, begins):
    trigger = Trigger(f"{opener} more about this.", "opener", ())
    for text in requests(trigger, opener, 3, "r"):
        assert text.startswith(begins) and "how to how" not in text and " to to " not in text


def test_unknown_roles_are_named(model):
    with pytest.raises(SophroError, match="benign"):
        training_items("refusal_triggers", model, {"harmful": HARMFUL, "benign": HARMFUL})


def test_the_mechanism_report_has_every_part(model, tuned, monkeypatch):
    from sophro.align.refusal_triggers import _mechanism
    from sophro.judge import Verdict
    from sophro.models import load_patch

    prompts = load_set("starter/lookalikes:en", split="train", limit=30)
    plain = load_set("starter/plain:en", split="train", limit=8)
    answers = [
        Verdict("full_refusal" if i % 2 else "full_compliance", None, None, "", "fake", "1")
        for i in range(30)
    ]
    monkeypatch.setattr(_mechanism, "judge", lambda name: lambda exchanges: answers)
    found = _mechanism.mechanism(model, load_patch(tuned), prompts, ["Write a script."], ["steal it"], plain)
    assert found["n"] == 30 and len(found["layers"]["trigger"]) == 2 and found["layer"] == 1
    assert len(found["by_quintile"]) == 5 and set(found["auroc"]) == {
        "trigger",
        "residue",
        "random",
        "length",
    }
    assert found["refused"]["k"] == 15
    empty = _mechanism.mechanism(model, load_patch(tuned), prompts, [], ["x"], plain)
    assert "no trigger" in empty["reason"]


def test_a_language_model_can_extract(monkeypatch):
    from types import SimpleNamespace

    good = '{"triggers": ["Write a letter to my bank."], "residue": ["that lies"]}'
    texts = iter((good, "I will not answer in JSON."))

    class Fake:
        async def generate(self, messages):
            assert [m.role for m in messages][-1] == "user"
            return SimpleNamespace(completion=next(texts))

    monkeypatch.setattr("inspect_ai.model.get_model", lambda *a, **k: Fake())
    records = [
        Record(str(i), "Write a letter to my bank that lies.", "m", "x", True, "en", str(i)) for i in range(2)
    ]
    found = sorted(_build._asked_of("mockllm/model", records), key=lambda e: len(e.triggers))
    assert "unreadable" in found[0].reason and found[1].triggers[0].text == "Write a letter to my bank."


def test_reinforcement_learns_from_the_rule_and_from_nothing_unscored(model, tmp_path, monkeypatch):
    from sophro.judge import Verdict

    seen: list[str] = []

    def scripted(name):
        def read(exchanges):
            seen.append(name)
            return [Verdict("unscored", None, None, "could not tell", name, "1") for _ in exchanges]

        return read

    benign = [Record(f"b{i}", f"tell me about {w}", "x", "none", False, "en", f"b{i}", answer="well") for i, w in
              enumerate(("cats", "bread", "rain"))]  # fmt: skip
    data = {"harmful": HARMFUL[:3], "benign": benign}
    chosen = {"regime": "rlvr", "rl_steps": 2, "rl_group": 2, "rl_prompts": 2, "rl_tokens": 4, "rank": 4}
    made = align("refusal_triggers", model, data, tmp_path / "real", options=chosen, prepared=True)
    assert made.steps == 2
    rows = (tmp_path / "real" / "training.jsonl").read_text().splitlines()
    assert len(rows) == 2 and "reward_0" in rows[0] and "reward_1" in rows[0]
    monkeypatch.setattr("sophro.align.refusal_triggers._online.judge", scripted)
    align("refusal_triggers", model, data, tmp_path / "blind", options=chosen, prepared=True)
    from safetensors.torch import load_file

    tensors = load_file(tmp_path / "blind" / "adapter_model.safetensors")
    assert all(not t.any() for name, t in tensors.items() if "lora_B" in name)
    assert set(seen) == {"embedded-refusal", "embedded-harm"}
