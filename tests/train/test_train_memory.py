"""The memory plan against real parameter counts and against what autograd keeps."""

from __future__ import annotations

import pytest
import torch
from train_world import network
from transformers import LlamaConfig, LlamaForCausalLM

from sophro.errors import SophroError
from sophro.train import Example, ModelShape, SftLoss, TrainOptions, plan_memory
from sophro.train._adapter import attach, trainable
from sophro.train._batch import collate
from sophro.train._network import TrainingNetwork


def model(tied=True):
    config = LlamaConfig(
        vocab_size=512,
        hidden_size=192,
        intermediate_size=576,
        num_hidden_layers=4,
        num_attention_heads=6,
        num_key_value_heads=2,
        tie_word_embeddings=tied,
    )
    return LlamaForCausalLM(config)


def kept_bytes(net, batch, parameters):
    """Bytes of distinct storages that autograd holds after a forward pass, weights left out."""
    seen = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in parameters:
            seen[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        net(batch)
    return sum(size for size, _ in seen.values())


@pytest.mark.parametrize("tied", [True, False])
def test_counts_parameters_exactly(tied):
    made = model(tied)
    shape = ModelShape.from_config(made.config.to_dict())
    assert shape.parameters == sum(p.numel() for p in made.parameters())
    assert plan_memory(shape, TrainOptions(), 10).weights == 4 * shape.parameters
    options = TrainOptions()
    lora = sum(p.numel() for p in trainable(attach(made, options)).values())
    plan = plan_memory(shape, options, 10)
    assert plan.adapter == plan.gradients == 4 * lora and plan.optimizer == 8 * lora


@pytest.mark.parametrize(("adapter", "dropout"), [("lora", 0.0), ("lora", 0.1), ("full", 0.0)])
def test_activations_are_what_autograd_keeps(adapter, dropout):
    options = TrainOptions(adapter=adapter, dropout=dropout, micro_tokens=400)
    made = model()
    shape = ModelShape.from_config(made.config.to_dict())
    attached = attach(made, options).train()
    parameters = {p.untyped_storage().data_ptr() for p in attached.parameters()}
    items = [Example([1] * 100, [0.0] * 95 + [1.0] * 5)] * 4
    batch = collate(items, total_items=4, total_weight=20.0)
    kept = kept_bytes(TrainingNetwork(attached, SftLoss()), batch, parameters)
    assert plan_memory(shape, options, 100).activations == pytest.approx(kept, rel=0.1)


def test_more_tokens_or_a_trained_head_cost_more():
    shape = ModelShape.from_config(network().config.to_dict())
    small, large = (plan_memory(shape, TrainOptions(micro_tokens=t), 10) for t in (1000, 4000))
    assert large.activations == 4 * small.activations and large.head == small.head
    rows = plan_memory(shape, TrainOptions(micro_tokens=1000, token_rows=(1,)), 10)
    full = plan_memory(shape, TrainOptions(micro_tokens=1000, adapter="full"), 10)
    assert rows.head > small.head and full.optimizer == 8 * shape.parameters
    assert plan_memory(shape, TrainOptions(micro_tokens=1), 50, sequences=2).activations == 100 * (
        small.activations // 1000
    )


def test_unknown_architecture_is_named():
    with pytest.raises(SophroError, match="hidden_size"):
        ModelShape.from_config({"d_model": 5})
