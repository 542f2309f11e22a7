"""train_online: learns what is rewarded and nothing else, resumes bit by bit, leaves the model as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_model
import torch

from sophro.chat import Transcript
from sophro.errors import SophroError
from sophro.models import load
from sophro.train import OnlineOptions, TrainOptions, train_online

HARMFUL = [Transcript.of(t) for t in ("one", "two three", "four five six")]
BENIGN = [Transcript.of(t) for t in ("seven", "eight nine <|im_end|>", "ten")]
ONLINE = OnlineOptions(group=4, kl=0.0, max_new_tokens=6)


def options(**changes) -> TrainOptions:
    values = {
        "learning_rate": 1e-2,
        "batch_size": 4,
        "max_steps": 12,
        "rank": 4,
        "schedule": "constant",
        **changes,
    }
    return TrainOptions(**values)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    model = load(str(small_model.save_model(tmp_path_factory.mktemp("tiny") / "m")))
    # At the initial scale the largest possible logit of the tied matrix is about 1: nothing could be preferred.
    model.network.get_input_embeddings().weight.data *= 4
    return model


def odd_ids(where, answers):
    """Half of the vocabulary: the untrained model mostly repeats an even one."""
    return [sum(i % 2 == 1 for i in a.ids) / max(1, len(a.ids)) for a in answers]


def rows(folder: Path):
    import json

    return [json.loads(line) for line in (folder / "training.jsonl").read_text().splitlines()]


def weights(folder: Path) -> bytes:
    return (folder / "adapter_model.safetensors").read_bytes()


def test_what_is_rewarded_becomes_likelier(model, tmp_path):
    before = {n: p.clone() for n, p in model.network.named_parameters()}
    result = train_online(model, [HARMFUL, BENIGN], odd_ids, options(), ONLINE, tmp_path / "a")
    log = rows(tmp_path / "a")
    first, last = (sum(r["reward"] for r in part) / 3 for part in (log[:3], log[-3:]))
    assert last > first + 0.2, (first, last)
    assert result.steps == 12 and [r["step"] for r in log] == list(range(1, 13))
    assert {"reward_0", "reward_1", "without_spread", "unscored"} <= set(log[0])
    assert all(torch.equal(before[n], p) for n, p in model.network.named_parameters())
    assert not hasattr(model.network, "peft_config")


@pytest.mark.parametrize("value", [0.5, None])
def test_equal_and_unscored_rewards_teach_nothing(model, tmp_path, value):
    def reward(where, answers):
        return [value] * len(answers)

    train_online(model, [HARMFUL, BENIGN], reward, options(max_steps=2), ONLINE, tmp_path / "a")
    from safetensors.torch import load_file

    tensors = load_file(tmp_path / "a" / "adapter_model.safetensors")
    assert all(not t.any() for n, t in tensors.items() if "lora_B" in n)
    assert rows(tmp_path / "a")[0]["unscored"] == (0 if value else 16)


def test_a_stopped_run_ends_as_if_it_had_not_stopped(model, tmp_path):
    chosen = options(max_steps=6, checkpoint_every=2)
    train_online(model, [HARMFUL, BENIGN], odd_ids, chosen, ONLINE, tmp_path / "whole", tmp_path / "w1")

    def stop(step, total, loss):
        if step == 4:
            raise KeyboardInterrupt

    arguments = (model, [HARMFUL, BENIGN], odd_ids, chosen, ONLINE, tmp_path / "two", tmp_path / "w2")
    with pytest.raises(KeyboardInterrupt):
        train_online(*arguments, stop)
    assert not (tmp_path / "two").exists()
    result = train_online(*arguments)
    assert result.resumed_from in (2, 4) and result.steps == 6
    assert weights(tmp_path / "two") == weights(tmp_path / "whole")
    # A finished folder answers for the same run, and for no other.
    assert train_online(*arguments).steps == 6
    with pytest.raises(SophroError, match="not the result of this run"):
        train_online(*arguments[:3], options(max_steps=5), *arguments[4:])


def test_prompts_are_ours_and_classes_are_balanced(model, tmp_path):
    seen: list[int] = []

    def reward(where, answers):
        seen.extend(where)
        return [float(w) for w in where]

    train_online(model, [HARMFUL, BENIGN], reward, options(max_steps=3), ONLINE, tmp_path / "a")
    for step in range(3):
        part = seen[step * 16 : (step + 1) * 16]
        assert sum(w < 3 for w in part) == 8
        assert all(part.count(w) % 4 == 0 for w in part)
    # User text cannot close its own turn.
    ids = model.render(BENIGN[1]).ids
    assert list(ids).count(model.template.end_id) == list(model.render(BENIGN[0]).ids).count(
        model.template.end_id
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"max_steps": None}, "max_steps"),
        ({"batch_size": 3}, "cannot be shared"),
        ({"adapter": "full"}, "lora"),
    ],
)
def test_unusable_settings_are_refused(model, tmp_path, change, said):
    with pytest.raises(SophroError, match=said):
        train_online(model, [HARMFUL, BENIGN], odd_ids, options(**change), ONLINE, tmp_path / "a")


def test_one_answer_cannot_be_compared():
    with pytest.raises(SophroError, match="at least 2"):
        OnlineOptions(group=1)
