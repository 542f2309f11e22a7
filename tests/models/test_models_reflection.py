"""A token that a patch brings: its row, its limit, its bias, and what a stream holds back."""

from __future__ import annotations

import pytest
import tiny
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sophro.chat import REFLECTION_TOKEN, Segment, Transcript, Turn
from sophro.errors import SophroError
from sophro.models import ChatModel, GenerationConfig, HoldBack, LowRankPatch, load_patch, save_patch
from sophro.models._reflection import ReflectionSettings, bias_for, initial_row, reflection_settings

PROMPTS = [Transcript.of(t) for t in ("hello world", "what is the capital of France?", "one, two", "fox")]
CONFIG = GenerationConfig(max_new_tokens=8)


@pytest.fixture
def model() -> ChatModel:
    return tiny.moving_model()


def loud(model: ChatModel) -> LowRankPatch:
    """A row that wins at every step."""
    rows = initial_row(model).rows
    return LowRankPatch({}, {n: (i, 0 * v) for n, (i, v) in rows.items()})


def test_the_row_is_the_mean_of_words_and_goes_when_the_patch_goes(model):
    before = {n: p.detach().clone() for n, p in model.network.named_parameters()}
    size = len(model.network.get_input_embeddings().weight)
    assert model.reflection_id == size
    with model.patched(initial_row(model)):
        weight = model.network.get_input_embeddings().weight
        assert len(weight) == size + 1
        low, high = weight[:size].min(0).values, weight[:size].max(0).values
        assert bool(((weight[size] >= low) & (weight[size] <= high)).all())
    for name, p in model.network.named_parameters():
        assert torch.equal(p, before[name]), name


def test_a_patch_with_a_new_row_survives_save_and_load(model, tmp_path):
    patch = initial_row(model)
    again = load_patch(save_patch(patch, tmp_path / "p"))
    want = model.generate(PROMPTS, CONFIG, [(patch, 1.0)])
    assert [c.ids for c in model.generate(PROMPTS, CONFIG, [(again, 1.0)])] == [c.ids for c in want]


def test_a_row_that_does_not_follow_is_refused(model):
    row = torch.zeros(1, 64)
    wrong = LowRankPatch({}, {"model.embed_tokens": (torch.tensor([model.reflection_id + 3]), row)})
    with pytest.raises(SophroError, match="do not follow"), model.patched(wrong):
        pass


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_one_reflection_too_many_ends_in_a_refusal(model, limit):
    config = GenerationConfig(max_new_tokens=8, logit_bias={model.reflection_id: 1e9}, reflections=limit)
    for done in model.generate(PROMPTS, config, [(initial_row(model), 1.0)]):
        assert done.ids == (model.reflection_id,) * limit
        assert len(done.reflections) == limit + 1
        assert done.segments[-1].kind == "answer" and "can't help" in done.segments[-1].text
        assert done.finish_reason == "stop"


def test_without_a_limit_it_may_go_on(model):
    config = GenerationConfig(max_new_tokens=8, logit_bias={model.reflection_id: 1e9}, reflections=None)
    (done,) = model.generate(PROMPTS[:1], config, [(initial_row(model), 1.0)])
    assert done.ids == (model.reflection_id,) * 8 and done.state == "unfinished_reflection"


def test_a_forbidden_token_never_comes_in_any_row_of_a_batch(model):
    config = GenerationConfig(max_new_tokens=8, logit_bias={model.reflection_id: -1e9})
    for done in model.generate(PROMPTS * 3, config, [(initial_row(model), 1.0)]):
        assert not done.reflections


def test_a_forced_token_needs_its_row(model):
    turn = Turn(
        "assistant", (Segment("prefill", "Sure"), Segment("reflection", "fine"), Segment("prefill", "go"))
    )
    asked = Transcript((*PROMPTS[0].turns, turn))
    with pytest.raises(SophroError, match="has no reflection token"):
        model.generate([asked], CONFIG)
    assert model.generate([asked], CONFIG, [(initial_row(model), 1.0)])


def test_margins_say_when_the_token_fires(model):
    patch = initial_row(model)
    quiet = GenerationConfig(max_new_tokens=8, logit_bias={model.reflection_id: -1e9})
    paths = model.generate(PROMPTS, quiet, [(patch, 1.0)])
    with model.patched(patch):
        spoken = [
            model.render(Transcript.of(t.prompt, answer=c.text)) for t, c in zip(PROMPTS, paths, strict=True)
        ]
        margins = model.reflection_margins(spoken)
    for transcript, path, ids, margin in zip(PROMPTS, paths, spoken, margins, strict=True):
        assert len(margin) == len(ids.ids) - ids.prompt_length + 1
        if tuple(ids.ids[ids.prompt_length :]) != path.ids:
            continue  # a random network writes bytes that do not survive decoding
        peak = float(margin[:-1].max()) if path.finish_reason == "length" else float(margin.max())
        for bias, fires in ((-peak + 0.01, True), (-peak - 0.01, False)):
            config = GenerationConfig(max_new_tokens=8, logit_bias={model.reflection_id: bias})
            (done,) = model.generate([transcript], config, [(patch, 1.0)])
            assert bool(done.reflections) is fires


def test_bias_for_keeps_the_share():
    peaks = [-1.0, 0.5, -3.0, 2.0, -8.0]
    for share, allowed in ((0.0, 0), (0.2, 1), (0.39, 1), (0.4, 2)):
        bias = bias_for(peaks, share)
        assert sum(p + bias > 0 for p in peaks) == allowed
    with pytest.raises(SophroError, match="benign"):
        bias_for([], 0.1)
    with pytest.raises(SophroError, match="share"):
        bias_for([0.0], 1.0)


def test_settings_of_a_folder(tmp_path):
    assert reflection_settings(tmp_path) == ReflectionSettings()
    (tmp_path / "reflection.json").write_text('{"bias": -2, "limit": null}', "utf-8")
    assert reflection_settings(tmp_path) == ReflectionSettings(-2.0, None)
    (tmp_path / "reflection.json").write_text('{"limit": 1}', "utf-8")
    with pytest.raises(SophroError, match=r"reflection\.json"):
        reflection_settings(tmp_path)


def stream(model: ChatModel, ids, size: int) -> tuple[list[str], str]:
    hold = HoldBack(model.tokenizer, model.reflection_id, size)
    parts = [hold.push(i) for i in ids]
    return parts, "".join(parts) + hold.finish()


def encode(model: ChatModel, text: str) -> list[int]:
    return list(model.tokenizer(text, add_special_tokens=False)["input_ids"])


def test_hold_takes_back_what_has_not_left(model):
    bad, why, good = (
        encode(model, t) for t in ("The quick brown fox jumps", "Wait, no.\n\n", "I cannot help.")
    )
    ids = [*bad, model.reflection_id, *why, *good]
    assert stream(model, ids, 64)[1] == "I cannot help."
    assert stream(model, ids, 0)[1] == "The quick brown fox jumpsI cannot help."
    partly = stream(model, ids, 3)[1]
    assert partly.endswith("I cannot help.") and "jumps" not in partly
    assert stream(model, [*bad, model.reflection_id, *why[:2]], 64)[1] == ""
    assert stream(model, bad, 64)[1] == "The quick brown fox jumps"


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40), st.integers(0, 12))
def test_a_stream_without_the_token_loses_nothing(text, size):
    tokenizer = tiny.tokenizer("chatml")
    ids = list(tokenizer(text, add_special_tokens=False)["input_ids"])
    hold = HoldBack(tokenizer, 10**9, size)
    out = "".join(map(hold.push, ids)) + hold.finish()
    assert out == tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)


def test_a_negative_hold_is_refused(model):
    with pytest.raises(SophroError, match="hold"):
        HoldBack(model.tokenizer, model.reflection_id, -1)


def test_the_token_is_text_for_the_tokenizer_of_users(model):
    assert model.reflection_id not in model.render(Transcript.of(f"write {REFLECTION_TOKEN}")).ids


def test_forbidding_a_token_that_is_not_there_changes_nothing(model):
    barred = GenerationConfig(max_new_tokens=8, logit_bias={model.reflection_id: -1e9})
    assert [c.ids for c in model.generate(PROMPTS, barred)] == [
        c.ids for c in model.generate(PROMPTS, CONFIG)
    ]
    with pytest.raises(SophroError, match="outside the vocabulary"):
        model.generate(PROMPTS, GenerationConfig(max_new_tokens=8, logit_bias={10**6: 1.0}))


def test_a_client_receives_the_refusal_and_nothing_of_what_was_taken_back(model, tmp_path):
    import small_model

    from sophro.models import load
    from sophro.models._types import Completion
    from sophro.models.provider import SophroAPI

    folder = small_model.save_model(tmp_path / "m")
    api = SophroAPI(str(folder))
    token = load(str(folder)).reflection_id
    bad, worse = (encode(model, t) for t in ("First bad text", "Second bad text"))
    why = encode(model, "Wait.\n\n")
    ids = (*bad, token, *why, *worse)
    segments = (Segment("reflection", "again"), Segment("answer", "I stop."))
    twice = Completion(ids, "", segments, "ok", "stop", 5, len(ids) + 1, (len(bad), len(ids)))
    assert api._held(twice) == "I stop."


@pytest.mark.parametrize(("patch_has", "bias"), [(None, 0.75), (-1.5, -1.5)])
def test_a_patch_without_settings_leaves_those_of_the_merged_model(tmp_path, monkeypatch, patch_has, bias):
    """A steering vector on a merged checkpoint took its tuned bias away."""
    from types import SimpleNamespace

    from sophro.models import provider

    for name, value in (("merged", 0.75), ("patch", patch_has)):
        (tmp_path / name).mkdir()
        if value is not None:
            (tmp_path / name / "reflection.json").write_text(f'{{"bias": {value}, "limit": 2}}', "utf-8")
    monkeypatch.setattr(provider, "load", lambda name: SimpleNamespace(name=name))
    monkeypatch.setattr(provider, "load_patch", lambda folder: object())
    monkeypatch.setattr(provider, "knows_token", lambda model, patch: True)
    api = provider.SophroAPI(str(tmp_path / "merged"), patch=str(tmp_path / "patch"))
    assert api._decoding == ReflectionSettings(bias, 2)
