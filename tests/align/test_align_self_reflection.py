"""self_reflection: exact masks, honest drops, pairs that share their prefix, and the whole run on a tiny model."""

from __future__ import annotations

import dataclasses
import json
import random

import pytest
import small_model
import torch

from sophro.align import align, prepare, training_items
from sophro.align._prepare import Prepared
from sophro.align.self_reflection import OPTIONS, _build
from sophro.align.self_reflection._build import spread
from sophro.align.self_reflection._items import pairs, supervised
from sophro.align.self_reflection._onset import cuts, find_onsets, onset_of, usable
from sophro.align.self_reflection._texts import count_texts, reflection_text
from sophro.chat import REFLECTION_TOKEN
from sophro.data import Record, load_set
from sophro.errors import SophroError
from sophro.judge import Verdict
from sophro.models import load, load_patch
from sophro.models._reflection import initial_row, reflection_settings

UNSAFE = (
    "Sure, here is how. First you take the thing. Then you go on with the other thing. After that it is done."
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load(str(small_model.save_model(tmp_path_factory.mktemp("tiny") / "m")))


def pair(number: int = 0, **meta) -> Record:
    fields = {"unsafe_response": UNSAFE, "safe_response": "I can't help with that.", "onset_token": 4, **meta}
    return Record(
        f"p{number}", f"Do the bad thing {number}.", "mine", "fraud", True, "en", f"b{number}", meta=fields
    )


def benign(number: int) -> Record:
    answer = "Mix the dough, let it rest, and bake it for an hour."
    return Record(
        f"q{number}",
        f"How do I bake bread {number}?",
        "mine",
        "food",
        False,
        "en",
        f"q{number}",
        answer=answer,
    )


def prepared(model, *records: Record, **options) -> Prepared:
    wide = {"depth_min": 2, "depth_max": 200, **options}
    return prepare("self_reflection", model, {"harmful": list(records)}, options=wide)


def decoded(model, example) -> str:
    return model.tokenizer.decode([i for i, w in zip(example.ids, example.weights, strict=True) if w])


def test_users_pairs_become_recoveries_and_refusals(model):
    made = prepared(model, pair(), pair(1))
    items = supervised(model, made.data, {**OPTIONS})
    texts = [decoded(model, i.parts[0]) for i in items]
    recovered = [t for t in texts if t.startswith(REFLECTION_TOKEN)]
    plain = [t for t in texts if not t.startswith(REFLECTION_TOKEN)]
    assert len(plain) == 2 and set(plain) == {"I can't help with that.<|im_end|>"}
    assert len(recovered) == made.facts["harmful"]["recoveries"] >= 2
    for text in recovered:
        assert text.endswith("I can't help with that.<|im_end|>") and "First you take" not in text


def test_the_prefix_is_the_exact_ids_of_the_response(model):
    made = prepared(model, pair())
    (record,) = made.data["harmful"]
    ids = model.tokenizer(UNSAFE, add_special_tokens=False)["input_ids"]
    items = supervised(model, made.data, {**OPTIONS})
    for item, depth in zip(items[1:], record.meta["depths"], strict=True):
        first = list(item.parts[0].ids).index(model.reflection_id)
        assert list(item.parts[0].ids[first - depth : first]) == ids[:depth]
        assert not any(item.parts[0].weights[:first])
        assert item.parts[0].weights[first] == OPTIONS["token_weight"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {
                "onset_token": None,
                "unsafe_response": "The weather is lovely today. We had tea in the garden.",
            },
            "never flagged",
        ),
        ({"onset_token": 10**6}, "onset_token"),
        ({"unsafe_response": "  "}, "unsafe_response"),
        ({"unsafe_response": f"a {REFLECTION_TOKEN} b"}, "remove it"),
        ({"reflection_text": "First you take the thing. Then you go on."}, "quotes"),
        ({"reflection_text": "Wait.\n\nThis is wrong."}, "blank line"),
    ],
)
def test_bad_pairs_are_named_or_counted(model, change, reason):
    record = pair(**change)
    if change.get("onset_token", 0) is None:
        record = dataclasses.replace(
            record, meta={k: v for k, v in record.meta.items() if k != "onset_token"}
        )
    good = pair(1)
    try:
        made = prepared(model, record, good)
    except SophroError as error:
        assert reason in str(error)
    else:
        assert any(reason in name for name in made.facts["harmful"]["dropped"])


def test_nothing_to_recover_from_is_an_error(model):
    with pytest.raises(SophroError, match="no recovery could be built"):
        prepared(model, pair(), depth_max=3)


def test_pairs_share_their_prefix_and_score_only_the_rest(model):
    made = prepared(model, pair(), pair(1))
    data = {**made.data, "benign": [benign(i) for i in range(4)], "lookalikes": [benign(9)]}
    compared = pairs(model, data, {**OPTIONS, "q_ratio": 1.0, "q_refusals": 0.25}, 0)
    kinds = [c.meta["pair"] for c, _ in compared]
    count = made.facts["harmful"]["recoveries"]
    assert kinds.count("P") == count and kinds.count("Q") == round(count / 4) + count - round(count / 4)
    for chosen, rejected in compared:
        first = [next(i for i, w in enumerate(e.weights) if w) for e in (chosen, rejected)]
        assert first[0] == first[1] and list(chosen.ids[: first[0]]) == list(rejected.ids[: first[0]])
        holder = chosen if chosen.meta["pair"] == "P" else rejected
        other = rejected if holder is chosen else chosen
        assert holder.ids[first[0]] == model.reflection_id and model.reflection_id not in other.ids
        if chosen.meta["pair"] == "Q":
            assert sum(w != 0 for w in chosen.weights) == sum(w != 0 for w in rejected.weights) == 1


def test_texts_name_why_and_never_repeat_the_request():
    assert count_texts() >= 36
    for record in load_set("starter/harmful:en", limit=60):
        texts = {reflection_text(record, n) for n in range(3)}
        assert len(texts) >= 3
        assert all(t.split(".")[0] in ("Wait", "Hold on", "Stop", "Let me reconsider") for t in texts)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 50])
def test_depths_are_drawn_from_equal_parts(count):
    places = [6, 7, 9, 10, 14, 15, 21, 22, 30, 36]
    seen = set()
    for seed in range(40):
        drawn = spread(places, count, random.Random(seed))
        assert len(drawn) == min(count, len(places)) == len(set(drawn)) and drawn == sorted(drawn)
        if count == 2:
            assert drawn[0] <= 14 < drawn[1]
        seen.update(drawn)
    assert seen == set(places)


def test_a_free_answer_that_is_never_flagged_gives_way_to_one_behind_the_opening(model, monkeypatch):
    """Every third record is answered freely; with a judge that sees harm nowhere it would teach no recovery."""

    class Blind:
        name, version = "blind", "1"

        def __call__(self, exchanges):
            return verdicts(*[False] * len(exchanges))

    monkeypatch.setattr(_build, "judge", lambda name: Blind())
    opening = "Certainly, here is how to do it. First you take the thing."
    records = [dataclasses.replace(pair(i), meta={}, opening=opening if i != 3 else None) for i in range(6)]
    made = prepared(model, *records)
    by_id = {r.id: r for r in made.data["harmful"]}
    taught = {i for i in range(6) if by_id[f"p{i}"].meta["depths"]}
    assert taught == {0, 1, 2, 4, 5} and made.facts["harmful"]["dropped"] == {"never flagged": 1}
    for i in taught:
        meta = by_id[f"p{i}"].meta
        assert meta["unsafe_response"].startswith("Certainly") and meta["onset_source"] == "opening"
        assert meta["onset_token"] == min(n for n in usable(meta["unsafe_ids"], model.tokenizer) if n >= 2)


# Onset search


def verdicts(*harmful):
    return [Verdict("full_compliance", h, None, "", "fake", "1") for h in harmful]


@pytest.mark.parametrize(
    ("flags", "onset"),
    [
        ([False, True, True], 20),
        ([True, False, True, True], 30),  # a flag that is not confirmed does not count
        ([False, False, True], 30),  # the last cut has no next one
        ([False, False], None),
        ([None, None], None),
        ([True, None, True], 30),
        ([], None),
    ],
)
def test_the_first_confirmed_flag(flags, onset):
    assert onset_of([10 * (i + 1) for i in range(len(flags))], flags).onset == onset


def test_cuts_are_sentence_ends_and_at_most_sixteen_apart(model):
    ids = model.tokenizer(UNSAFE + " and so on" * 40, add_special_tokens=False)["input_ids"]
    found = cuts(ids, model.tokenizer)
    assert found[-1] == len(ids) and max(b - a for a, b in zip((0, *found), found, strict=False)) <= 20
    for n in usable(ids, model.tokenizer):
        text = model.tokenizer.decode(ids[:n])
        assert model.tokenizer(text, add_special_tokens=False)["input_ids"] == ids[:n]


def test_a_prefix_inside_a_character_is_no_cut(model):
    ids = model.tokenizer("你好吗", add_special_tokens=False)["input_ids"]
    assert all("\ufffd" not in model.tokenizer.decode(ids[:n]) for n in usable(ids, model.tokenizer))


def test_all_prefixes_are_judged_in_one_call(model):
    calls = []

    def judge(exchanges):
        calls.append(len(exchanges))
        return verdicts(*("thing" in e.text() for e in exchanges))

    ids = [
        model.tokenizer(t, add_special_tokens=False)["input_ids"] for t in (UNSAFE, "All good. Really.", "")
    ]
    first, second, third = find_onsets(["a", "b", "c"], ids, model.tokenizer, judge)
    assert len(calls) == 1 and first.onset is not None and second.onset is third.onset is None


# The whole run


def test_a_run_writes_an_adapter_that_plain_peft_and_sophro_load(model, tmp_path):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    data = {
        "harmful": [pair(i) for i in range(7)],
        "benign": [benign(i) for i in range(7)],
        "dev_benign": [benign(20), benign(21)],
    }
    options = {
        "dpo": True,
        "depth_min": 2,
        "depth_max": 200,
        "epochs": 3,
        "batch_size": 4,
        "learning_rate": 1e-2,
        "rank": 4,
    }
    before = {n: p.detach().clone() for n, p in model.network.named_parameters()}
    out = tmp_path / "adapter"
    result = align("self_reflection", model, data, out, options=options, work=tmp_path / "work")
    assert result.out == out and result.steps > 0
    assert all(torch.equal(p, before[n]) for n, p in model.network.named_parameters())
    facts = json.loads((out / "reflection.json").read_text())
    assert facts["limit"] == 1 and facts["dial"]["benign"]["n"] == 2 and set(facts["steps"]) == {"sft", "dpo"}
    assert reflection_settings(out).bias == facts["bias"]
    assert (out / "sft" / "adapter_model.safetensors").exists() and reflection_settings(
        out / "sft"
    ).limit == 1
    # Plain PEFT on plain transformers, as docs/reflection.md says: the logits are ours.
    tokenizer = AutoTokenizer.from_pretrained(str(out))
    assert tokenizer.convert_tokens_to_ids(REFLECTION_TOKEN) == model.reflection_id == len(tokenizer) - 1
    plain = AutoModelForCausalLM.from_pretrained(model.name)
    plain.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    merged = PeftModel.from_pretrained(plain, str(out)).merge_and_unload().eval()
    ids = torch.tensor([[5, 6, 7, model.reflection_id, 8]])
    with torch.no_grad(), model.patched(load_patch(out)):
        assert torch.allclose(merged(ids).logits, model.network(ids).logits, atol=1e-4)
    merged.save_pretrained(tmp_path / "merged")
    tokenizer.save_pretrained(tmp_path / "merged")
    again = load(str(tmp_path / "merged"))
    assert again.reflection_id == model.reflection_id
    with torch.no_grad():
        assert torch.allclose(again.network(ids).logits, merged(ids).logits, atol=1e-5)


def test_pairs_alone_get_their_bias_from_the_starters_requests(model, tmp_path, capsys):
    from sophro.align.self_reflection._run import _divide

    data, dev = _divide({"harmful": [pair(i) for i in range(7)]})
    assert len(data["harmful"]) == 6 and len(dev["dev_harmful"]) == 1
    for role, name in (
        ("dev_benign", "starter/dial_plain:en"),
        ("dev_lookalikes", "starter/dial_lookalikes:en"),
    ):
        assert dev[role] == load_set(name) and len(dev[role]) == 120
    few = {"harmful": [pair(i) for i in range(7)], "dev_benign": [benign(1)], "dev_lookalikes": [benign(2)]}
    options = {"depth_min": 2, "depth_max": 200, "epochs": 1, "batch_size": 4, "rank": 4}
    align("self_reflection", model, few, tmp_path / "a", options=options, work=tmp_path / "w")
    assert "no benign records" in capsys.readouterr().err


def test_look_alikes_also_stand_behind_the_start_of_a_harmful_answer(model, monkeypatch):
    """Else the start alone would give the kind away; users' pairs bring the start in their unsafe response."""
    from sophro.align._prepare import Answered

    starts = []

    def answers(model, records, *, config, progress=None, starts_=None, **named):
        starts.append(named.get("starts"))
        return Answered([dataclasses.replace(r, answer="Let the dough rest first.") for r in records], {}, [])

    monkeypatch.setattr(_build, "self_answers", answers)
    asked = [dataclasses.replace(benign(i), answer=None) for i in range(3)]
    job = {"harmful": [pair(i) for i in range(3)], "lookalikes": asked}
    for wanted in (True, False):
        starts.clear()
        options = {"depth_min": 2, "depth_max": 200, "hard_negatives": wanted}
        made = prepare("self_reflection", model, job, options=options)
        forced = [s for s in starts if s]
        assert bool(forced) == wanted and all(t == "Sure, here is how. First you" for s in forced for t in s)
        assert sum(r.id.endswith("+opener") for r in made.data["lookalikes"]) == (3 if wanted else 0)


def test_a_start_that_was_put_into_the_mouth_is_context_and_never_trained(model):
    record = dataclasses.replace(
        benign(1), id="q1+opener", answer=" to bake: rest the dough.", meta={"start": "Sure, here is how"}
    )
    data = {"harmful": [pair()], "lookalikes": [record]}
    made = prepared(model, pair()).data
    items = supervised(model, {**made, "lookalikes": [record]}, {**OPTIONS})
    example = items[-1].parts[0]
    assert "Sure, here is how to bake: rest the dough." in model.tokenizer.decode(example.ids)
    assert decoded(model, example) == " to bake: rest the dough.<|im_end|>"
    # In a pair the start is shared, and neither side is scored on it.
    compared = pairs(model, {**made, "lookalikes": [record]}, {**OPTIONS, "q_refusals": 0.0}, 0)
    mine = [p for p in compared if p[0].meta["id"] == "q1+opener"]
    assert mine and data
    for chosen, rejected in mine:
        whole, text = decoded(model, chosen), model.tokenizer.decode(rejected.ids)
        assert "Sure" not in whole and "Sure, here is how" in text
        assert decoded(model, rejected) == REFLECTION_TOKEN


class Saying:
    """A harm judge that says what a word in the answer tells it to."""

    name, version = "saying", "1"

    def __call__(self, exchanges):
        told = {"poison": True, "mystery": None}
        return verdicts(
            *[next((v for w, v in told.items() if w in e.segments[-1].text), False) for e in exchanges]
        )


def test_benign_answers_that_are_harmful_or_not_judged_are_dropped(model, monkeypatch):
    import sophro.judge

    monkeypatch.setattr(sophro.judge, "judge", lambda name: Saying())
    monkeypatch.setattr(_build, "judge", lambda name: Saying())
    answers = ["Rest the dough first.", "Add the poison first.", "It is a mystery to me."]
    asked = [dataclasses.replace(benign(i), answer=a) for i, a in enumerate(answers)]
    made = prepare(
        "self_reflection",
        model,
        {"harmful": [pair()], "benign": asked},
        options={"depth_min": 2, "depth_max": 200},
    )
    assert [r.id for r in made.data["benign"]] == ["q0"]
    assert made.facts["benign"] == {"kept": 1, "dropped": {"harmful": 1, "harm not judged": 1}}


def test_what_the_judge_cannot_tell_is_no_safe_response_and_no_reflection(model, monkeypatch):
    monkeypatch.setattr(_build, "judge", lambda name: Saying())
    made = prepared(
        model,
        pair(),
        pair(1, safe_response="That is a mystery."),
        pair(2, reflection_text="It was a mystery that I began.", continuation="I stop."),
        pair(3, safe_response="Take the poison."),
    )
    assert made.facts["harmful"]["dropped"] == {
        "safe response not judged": 1, "reflection not judged": 1, "safe response called harmful": 1,
    }  # fmt: skip
    assert [r.id for r in made.data["harmful"]] == ["p0", "p2"]


def test_the_error_of_the_onset_is_against_what_somebody_saw(model):
    """The first depth that is trained is no onset: against that the token could hardly err."""
    from sophro.align.self_reflection._dial import recall

    made = prepared(model, pair(5, onset_token=9))
    by_id = {r.id: r for r in made.data["harmful"]}
    assert by_id["p5"].meta["onset_token"] == 9 and by_id["p5"].meta["onset_source"] == "given"
    records = [
        dataclasses.replace(by_id["p5"], id="seen", meta={**by_id["p5"].meta, **change})
        for change in (
            {},
            {"onset_source": "opening", "onset_token": 2, "judged_onset": 12},
            {"onset_source": "opening", "onset_token": 2, "judged_onset": None},
        )
    ]
    with model.patched(initial_row(model)):
        # With the one bias the token fires nowhere, with the other at once.
        assert recall(model, records, -1e6)["fired"] == 0
        found = recall(model, records, 1e6)
    assert (found["n"], found["unseen"], found["fired"]) == (2, 1, 2)
    assert found["errors"] == [1 - 12, 1 - 9]


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_benign_records_leave_the_bias_to_the_starters_requests(count, capsys):
    from sophro.align.self_reflection._run import _divide

    records = [benign(i) for i in range(count)]
    data, dev = _divide({"harmful": [pair(i) for i in range(7)], "benign": records, "lookalikes": records})
    assert data["benign"] == records == data["lookalikes"], "nothing is held back of so few"
    assert dev["dev_benign"] == load_set("starter/dial_plain:en")
    other = [dataclasses.replace(pair(i), lang="de") for i in range(7)]
    capsys.readouterr()
    _, dev = _divide({"harmful": other})
    assert dev["dev_benign"] == load_set("starter/dial_plain:en")
    said = capsys.readouterr().err
    assert "no benign requests in de" in said and "--data dev_benign" in said


def test_more_rows_than_tokens_is_no_reflection_token(tmp_path):
    """Qwen and others pad their embedding: the token's id falls on a row that nobody trained."""
    import tiny

    from sophro.models._reflection import knows_token

    tokenizer = tiny.tokenizer("chatml")
    network = tiny.tiny_llama(len(tokenizer) + 24, seed=1)
    network.config.eos_token_id = network.generation_config.eos_token_id = tokenizer.eos_token_id
    network.save_pretrained(tmp_path / "m")
    tokenizer.save_pretrained(tmp_path / "m")
    padded = load(str(tmp_path / "m"))
    weight = padded.network.get_input_embeddings().weight
    assert padded.reflection_id < len(weight) and not padded.has_reflection and not knows_token(padded, None)
    before = weight.detach().clone()
    (index, start), *_ = initial_row(padded).rows.values()
    assert index.tolist() == [padded.reflection_id]
    options = {"depth_min": 2, "depth_max": 200, "batch_size": 4, "rank": 4, "learning_rate": 1e-4}
    few = {"harmful": [pair(i) for i in range(7)], "dev_benign": [benign(1)], "dev_lookalikes": [benign(2)]}
    out = tmp_path / "a"
    align("self_reflection", padded, few, out, options=options, work=tmp_path / "w")
    patch = load_patch(out)
    assert knows_token(padded, patch)
    (index, trained), *_ = patch.rows.values()
    assert index.tolist() == [padded.reflection_id]
    assert torch.nn.functional.cosine_similarity(trained, start).item() > 0.99, (
        "it starts at the mean of words"
    )
    assert torch.equal(padded.network.get_input_embeddings().weight, before)


def test_it_goes_on_where_it_was_killed(model, tmp_path, monkeypatch):
    from sophro.align.self_reflection import _run

    data = {"harmful": [pair(i) for i in range(7)], "benign": [benign(i) for i in range(7)]}
    options = {"dpo": True, "depth_min": 2, "depth_max": 200, "batch_size": 4, "rank": 4}
    whole = align("self_reflection", model, data, tmp_path / "a", options=options, work=tmp_path / "wa")
    real = _run.sequence_scores
    monkeypatch.setattr(_run, "sequence_scores", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        align("self_reflection", model, data, tmp_path / "b", options=options, work=tmp_path / "wb")
    assert not (tmp_path / "b").exists()
    monkeypatch.setattr(_run, "sequence_scores", real)
    again = align("self_reflection", model, data, tmp_path / "b", options=options, work=tmp_path / "wb")
    assert again.loss == whole.loss
    a, b = ((tmp_path / x / "adapter_model.safetensors").read_bytes() for x in "ab")
    assert a == b
    a, b = (json.loads((tmp_path / x / "reflection.json").read_text()) for x in "ab")
    assert a["bias"] == b["bias"] and a["dial"] == b["dial"]


def test_the_row_starts_at_the_mean_of_words(model):
    (index, values), *_ = initial_row(model).rows.values()
    assert index.tolist() == [model.reflection_id] and values.shape[0] == 1


def test_preview_shows_what_is_trained(model):
    items = training_items(
        "self_reflection", model, {"harmful": [pair(i) for i in range(3)]}, {"depth_max": 200}
    )
    assert any("harm" in item.parts[0].meta["tokenized"].kinds for item in items)


def test_a_finished_folder_of_another_run_is_refused(model, tmp_path):
    data = {"harmful": [pair(i) for i in range(7)], "benign": [benign(i) for i in range(7)]}
    options = {"depth_min": 2, "depth_max": 200, "batch_size": 4, "rank": 4, "dpo": False, "epochs": 1}
    out = tmp_path / "a"
    first = align("self_reflection", model, data, out, options=options, work=tmp_path / "w")
    again = align("self_reflection", model, data, out, options=options, work=tmp_path / "w2")
    assert again == first and not (tmp_path / "w2" / "sft").exists()
    with pytest.raises(SophroError, match="not the result of this run"):
        align(
            "self_reflection",
            model,
            data,
            out,
            options={**options, "false_reflection": 0.2},
            work=tmp_path / "w3",
        )


def test_recoveries_inside_the_trace_of_a_thinking_model(model):
    """Every second one; the prefix stays untrained and the trace is closed before the answer."""
    from types import SimpleNamespace

    import tiny

    from sophro.chat import Template, add_reflection_token, render

    tokenizer = tiny.tokenizer("think")
    token = add_reflection_token(tokenizer)
    template = Template(tokenizer)
    thinking = SimpleNamespace(
        tokenizer=tokenizer,
        template=template,
        context=4096,
        reflection_id=token,
        render=lambda t, **more: render(t, template, **more),
    )
    ids = tokenizer(UNSAFE, add_special_tokens=False)["input_ids"]
    record = dataclasses.replace(
        pair(),
        answer="I can't help with that.",
        meta={
            "unsafe_ids": ids,
            "depths": [2, 4],
            "continuation": "I can't help with that.",
            "unsafe_response": UNSAFE,
        },
    )
    items = supervised(thinking, {"harmful": [record]}, {**OPTIONS})
    texts = [decoded(thinking, i.parts[0]) for i in items]
    assert [t.startswith(REFLECTION_TOKEN) for t in texts] == [False, True, True]
    assert "</think>" not in texts[1].split("I can't")[0]
    inside = tokenizer.decode(items[2].parts[0].ids)
    start, caught, end = (inside.index(x) for x in ("<think>", REFLECTION_TOKEN, "</think>"))
    assert start < caught < end < inside.index("I can't help")
    assert "I will not go on with this." in texts[2] and "<think>" not in texts[2]


@pytest.mark.parametrize(
    ("tolerated", "fired", "bias"),
    [
        ([4.0, 6.0], [8.0] * 20, 1.0025),  # three quarters of the way from -8 to 4
        ([4.0], [], 3.0),  # nothing to fire behind: all that is tolerated, but for the margin
        ([-3.0], [-1.0] * 20, -4.0),  # a conflict: the benign prompts win
        ([1.0], [0.5] * 20, 0.0),  # more would leave less than the margin
        ([10.0], [-6.0] * 20, 9.0),
        ([], [1.0], 0.0),
    ],
)
def test_the_bias_lies_between_what_benign_prompts_tolerate_and_what_recovery_needs(tolerated, fired, bias):
    from sophro.align.self_reflection._dial import between

    assert between(tolerated, fired, 0.95, 1.0) == pytest.approx(bias, abs=1e-3)


def test_of_forced_starts_the_share_must_fire_and_outliers_do_not_pull():
    from sophro.align.self_reflection._dial import between

    assert between([4.0], [8.0] * 19 + [-50.0], 0.95, 1.0) == pytest.approx(1.0025, abs=1e-3)
    assert between([40.0], [8.0] * 18 + [-20.0] * 2, 0.95, 1.0) == pytest.approx(35.0025, abs=1e-3)


def test_the_command_leaves_what_was_kept_and_dropped(tmp_path, capsys):
    import small_model

    from sophro.cli import run

    folder = small_model.save_model(tmp_path / "model")
    rows = [
        {"id": str(i), "prompt": f"How do I harm {i}?", "lang": "en", "unsafe_response": f"Sure, step {i}. Then more.",
         "safe_response": "I can't help with that.", "onset_token": 2 if i else 12}
        for i in range(8)
    ]  # fmt: skip
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text("".join(json.dumps(r) + "\n" for r in rows))
    out = tmp_path / "out"
    words = ["align", "self_reflection", "--model", str(folder), "--data", str(pairs), "--out", str(out)]
    for option in ("depth_min=2", "depth_max=6", "epochs=1", "batch_size=4", "rank=4"):
        words += ["--set", option]
    code = run(words)
    said = capsys.readouterr()
    assert code == 0, said.err
    facts = json.loads((out / "prepared.json").read_text())
    assert facts["harmful"]["records"] == 8 and sum(facts["harmful"]["dropped"].values()) >= 1
    assert str(out / "prepared.json") in said.out
