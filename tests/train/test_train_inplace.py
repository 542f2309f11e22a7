"""Training in memory: the offline trainer's bits, an end on request, and no file."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from train_world import examples, network

from sophro.errors import SophroError
from sophro.train import TrainOptions, train, train_in_place

OPTIONS = TrainOptions(adapter="full", learning_rate=1e-3, batch_size=6, max_steps=5, epochs=2)


def test_it_gives_the_bits_of_the_offline_trainer(tmp_path):
    import json

    one, two = network(), network()
    train(one, examples(), OPTIONS, tmp_path / "out")
    rows = train_in_place(two, examples(), OPTIONS)
    for (name, a), (_, b) in zip(one.named_parameters(), two.named_parameters(), strict=True):
        assert torch.equal(a, b), name
    stored = [json.loads(line) for line in (tmp_path / "out" / "training.jsonl").read_text().splitlines()]
    assert [r["loss"] for r in rows] == [r["loss"] for r in stored] and len(rows) == 5


def test_only_what_requires_gradients_trains_and_it_ends_when_told(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    model = network()
    model.requires_grad_(False)
    weight = model.model.layers[0].mlp.up_proj.weight.requires_grad_(True)
    before = {n: p.clone() for n, p in model.named_parameters()}
    told: list[int] = []
    rows = train_in_place(
        model,
        examples(),
        replace(OPTIONS, max_steps=None),
        enough=lambda row: row["step"] >= 3,
        progress=lambda done, total, loss: told.append(done),
    )
    assert len(rows) == 3 and told == [1, 2, 3]
    changed = [n for n, p in model.named_parameters() if not torch.equal(p, before[n])]
    assert changed == ["model.layers.0.mlp.up_proj.weight"]
    assert weight.grad is None and not model.training
    assert not list(tmp_path.iterdir()), "the scratch folder is gone"


def test_unusable_data_is_refused():
    with pytest.raises(SophroError, match="no training examples"):
        train_in_place(network(), [], OPTIONS)
