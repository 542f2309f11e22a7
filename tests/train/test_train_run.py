"""One training run: what it computes, what it writes, what it leaves behind."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from train_world import VOCABULARY, examples, network, pairs

from sophro.errors import SophroError
from sophro.train import (
    DpoLoss,
    Example,
    Objective,
    PairExample,
    SftLoss,
    TrainOptions,
    sequence_scores,
    train,
)
from sophro.train._batch import collate, item_weight
from sophro.train._network import TrainingNetwork

OPTIONS = TrainOptions(learning_rate=1e-3, batch_size=6)


def adapter(folder):
    return load_file(folder / "adapter_model.safetensors")


def distance(a, b):
    assert a.keys() == b.keys()
    return max(float((a[k] - b[k]).abs().max()) for k in a)


def batch_of(items):
    return collate(items, total_items=len(items), total_weight=sum(item_weight(i) for i in items))


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("kind", ["frozen head", "trained head"])
def test_head_on_trained_positions_equals_the_plain_pass(tied, kind):
    model = network(tied=tied).requires_grad_(kind == "trained head")
    model.get_decoder().layers.requires_grad_(True)
    batch = batch_of(examples(5))
    results = []
    for plain in (True, False):
        net = TrainingNetwork(model, SftLoss(), plain=plain)
        model.zero_grad()
        loss, _ = net(batch)
        loss.backward()
        results.append(
            (loss.detach(), {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None})
        )
    assert results[1][1].keys() == results[0][1].keys()
    torch.testing.assert_close(results[1][0], results[0][0])
    for name, grad in results[0][1].items():
        torch.testing.assert_close(results[1][1][name], grad, rtol=1e-4, atol=1e-6)


def test_loss_equals_the_loss_of_the_library_with_an_attention_mask():
    model, items = network(), examples(5)
    batch = batch_of(items)
    labels = torch.where(batch.weights > 0, batch.ids, -100)
    expected = model(input_ids=batch.ids, attention_mask=batch.mask.long(), labels=labels).loss
    torch.testing.assert_close(TrainingNetwork(model, SftLoss())(batch)[0], expected)


def test_a_model_that_scales_its_logits_takes_the_plain_pass():
    class Scaled(type(network())):
        def forward(self, *args, **kwargs):
            result = super().forward(*args, **kwargs)
            result.logits = result.logits / 4
            return result

    model = network()
    model.__class__ = Scaled
    batch = batch_of(examples(3))
    got = TrainingNetwork(model, SftLoss()).log_probs(batch)
    expected = TrainingNetwork(model, SftLoss(), plain=True).log_probs(batch)
    torch.testing.assert_close(got, expected)
    assert not torch.allclose(got, TrainingNetwork(network(), SftLoss()).log_probs(batch))


def test_dpo_equals_trl(tmp_path):
    """The loss of trl's DPOTrainer on the same pairs, with its own reference pass and its own collator."""
    from datasets import Dataset
    from tiny import tokenizer
    from trl import DPOConfig, DPOTrainer

    processing = tokenizer("chatml")
    torch.manual_seed(0)
    config = network().config
    config.vocab_size = len(processing)
    config.pad_token_id = processing.pad_token_id if processing.pad_token_id is not None else 0
    policy, reference = type(network())(config), type(network())(config)
    # Random networks are nearly uniform; far from it, the loss is far from log 2 and the comparison means something.
    policy.get_output_embeddings().weight.data.mul_(20)
    rows = {
        "prompt": ["How do I kill a process?", "What is the capital?"],
        "chosen": [" Use the kill command.", " Paris."],
        "rejected": [" I cannot help with that.", " Tell me more, please."],
    }
    args = DPOConfig(
        output_dir=str(tmp_path),
        beta=0.3,
        report_to="none",
        per_device_train_batch_size=2,
        use_cpu=True,
        disable_dropout=True,
        save_strategy="no",
    )
    trainer = DPOTrainer(
        policy,
        ref_model=reference,
        args=args,
        train_dataset=Dataset.from_dict(rows),
        processing_class=processing,
    )
    inputs = next(iter(trainer.get_train_dataloader()))
    expected = trainer.compute_loss(trainer.model, dict(inputs))
    sequences = [
        Example(ids[mask.bool()].tolist(), done[mask.bool()].float().tolist())
        for ids, mask, done in zip(
            inputs["input_ids"], inputs["attention_mask"], inputs["completion_mask"], strict=True
        )
    ]
    scores = sequence_scores(reference, sequences)
    ours = batch_of([PairExample(sequences[i], sequences[i + 2], scores[i], scores[i + 2]) for i in range(2)])
    loss, diagnostics = TrainingNetwork(policy, DpoLoss(beta=0.3))(ours)
    assert loss.item() == pytest.approx(expected.item(), abs=1e-5)
    assert abs(loss.item() - math.log(2)) > 0.05, "the control: policy and reference differ"
    assert set(diagnostics) >= {"accuracy", "margin"}


def test_writes_a_plain_adapter_and_leaves_the_network_alone(tmp_path):
    model = network()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    calls = []
    result = train(model, examples(), OPTIONS, tmp_path / "out", progress=lambda *a: calls.append(a))
    assert result.steps == 4 and [c[:2] for c in calls] == [(i, 4) for i in range(1, 5)]
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {"adapter_config.json", "adapter_model.safetensors", "training.jsonl", "training.json"}
    after = model.state_dict()
    assert after.keys() == before.keys() and all(torch.equal(after[k], before[k]) for k in before)
    assert all(p.requires_grad and p.grad is None for p in model.parameters()) and not model.training
    ids = torch.tensor([examples()[0].ids])
    base = model(ids).logits
    loaded = PeftModel.from_pretrained(network(), str(tmp_path / "out")).eval()
    assert not torch.allclose(loaded(ids).logits, base, atol=1e-4)
    # Loaded weights are the trained ones: the loss on the data went down.
    nll = [-sum(sequence_scores(m, examples())) for m in (model, loaded.merge_and_unload())]
    assert nll[1] < nll[0]


def test_rows_of_the_log(tmp_path):
    result = train(network(), examples(), OPTIONS, tmp_path / "out")
    rows = [json.loads(line) for line in (tmp_path / "out" / "training.jsonl").read_text().splitlines()]
    assert [r["step"] for r in rows] == [1, 2, 3, 4]
    assert all({"step", "loss", "lr", "tokens", "seconds"} <= r.keys() for r in rows)
    assert sum(r["tokens"] for r in rows) == sum(len(e.ids) for e in examples()) == result.tokens
    assert rows[0]["lr"] == pytest.approx(5e-4) and rows[1]["lr"] == pytest.approx(1e-3)
    assert result.tokens_per_second == pytest.approx(result.tokens / result.seconds, rel=0.05)
    assert 0 <= result.padding < 0.5


def test_equals_a_loop_written_by_hand(tmp_path):
    """AdamW on the padded batches of the plan, full logits, torch's cross entropy."""
    from sophro.train import plan_batches
    from sophro.train._schedule import rate

    items, options = examples(), replace(OPTIONS, batch_size=8)
    train(network(), items, options, tmp_path / "out")
    base = network()
    torch.manual_seed(options.seed)
    model = get_peft_model(
        base, LoraConfig(task_type="CAUSAL_LM", r=16, lora_alpha=32, target_modules="all-linear")
    )
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=options.learning_rate, weight_decay=0.0)
    plan = plan_batches([len(e.ids) for e in items], batch_size=8, seed=0, epoch=0)
    for step, rows in enumerate(plan):
        for group in optimizer.param_groups:
            group["lr"] = options.learning_rate * rate(step, len(plan), options.warmup, "cosine")
        batch = batch_of([items[i] for i in rows])
        labels = torch.where(batch.weights > 0, batch.ids, -100)
        model(input_ids=batch.ids, attention_mask=batch.mask.long(), labels=labels).loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, options.max_grad_norm)
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(tmp_path / "hand", save_embedding_layers=False)
    assert distance(adapter(tmp_path / "out"), adapter(tmp_path / "hand")) < 2e-5


@pytest.mark.parametrize("items", [examples(), pairs()], ids=["examples", "pairs"])
def test_small_forward_passes_give_the_same_adapter(items, tmp_path):
    for micro in (2048, 60):
        train(network(), items, replace(OPTIONS, micro_tokens=micro), tmp_path / str(micro))
    near = distance(adapter(tmp_path / "2048"), adapter(tmp_path / "60"))
    assert near < 2e-5
    train(network(), items, replace(OPTIONS, seed=1), tmp_path / "other")
    assert distance(adapter(tmp_path / "2048"), adapter(tmp_path / "other")) > 100 * near, "the control"


def test_same_seed_same_bits(tmp_path):
    for name in ("a", "b"):
        torch.manual_seed(hash(name) % 1000)
        train(network(), examples(), replace(OPTIONS, dropout=0.1), tmp_path / name)
    first, second = ((tmp_path / n / "adapter_model.safetensors").read_bytes() for n in ("a", "b"))
    assert first == second


@pytest.mark.parametrize("tied", [True, False])
def test_token_rows_train_and_the_others_do_not(tied, tmp_path):
    row, other = 100, 101
    items = [Example([1, 2, row, row, 4], [0.0, 0.0, 1.0, 1.0, 1.0]) for _ in range(6)]
    base = network(tied=tied)
    train(base, items, replace(OPTIONS, token_rows=(row,), learning_rate=1e-2, epochs=3), tmp_path / "out")
    assert torch.equal(base.get_input_embeddings().weight, network(tied=tied).get_input_embeddings().weight)
    loaded = PeftModel.from_pretrained(network(tied=tied), str(tmp_path / "out")).eval()
    ids = torch.tensor([[1, 2, row]])
    with torch.no_grad():
        live = loaded(ids).logits
    merged = loaded.merge_and_unload()
    torch.testing.assert_close(merged(ids).logits, live, rtol=1e-4, atol=1e-5)
    keep = torch.arange(VOCABULARY) != row
    for old, new in [
        (base.get_input_embeddings(), merged.get_input_embeddings()),
        (base.get_output_embeddings(), merged.get_output_embeddings()),
    ]:
        assert torch.equal(old.weight[keep], new.weight[keep]), "other rows must not move"
        assert not torch.allclose(old.weight[row], new.weight[row], atol=1e-4), "the row must move"
        assert torch.equal(old.weight[other], new.weight[other])
    with torch.no_grad():
        gain = merged(ids).logits.log_softmax(-1)[0, 1, row] - base(ids).logits.log_softmax(-1)[0, 1, row]
    assert gain > 0


def test_full_training_writes_a_whole_model(tmp_path):
    from transformers import AutoModelForCausalLM

    model = network()
    result = train(model, examples(), replace(OPTIONS, adapter="full"), tmp_path / "out")
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert result.trainable == sum(p.numel() for p in network().parameters())
    ids = torch.tensor([[1, 2, 3]])
    torch.testing.assert_close(loaded(ids).logits, model(ids).logits)
    assert not torch.allclose(loaded(ids).logits, network()(ids).logits)


def test_dpo_starts_at_log_two_and_separates_the_pair(tmp_path):
    model, raw = network(), pairs(6)
    chosen, rejected = (sequence_scores(model, [getattr(p, k) for p in raw]) for k in ("chosen", "rejected"))
    items = [replace(p, ref_chosen=c, ref_rejected=r) for p, c, r in zip(raw, chosen, rejected, strict=True)]
    train(model, items, replace(OPTIONS, epochs=5), tmp_path / "out", loss=DpoLoss(beta=0.5, nll=0.1))
    rows = [json.loads(line) for line in (tmp_path / "out" / "training.jsonl").read_text().splitlines()]
    assert rows[0]["loss"] - 0.1 * rows[0]["nll"] == pytest.approx(math.log(2), abs=1e-4)
    assert abs(rows[0]["margin"]) < 1e-3 < rows[-1]["margin"] and rows[-1]["accuracy"] == 1.0


def test_a_method_brings_its_own_loss_and_reads_the_reference(tmp_path):
    from sophro.train.objectives import kl_to_reference

    def tied_to_reference(net, batch):
        with net.reference():
            before = net.logits(batch)
        likelihood = SftLoss()(net, batch)
        kl = kl_to_reference(net.logits(batch), before, batch.mask, total_weight=batch.total_weight)
        return Objective(likelihood.loss + kl.loss, {**likelihood.diagnostics, **kl.diagnostics})

    train(network(), examples(), replace(OPTIONS, epochs=3), tmp_path / "out", loss=tied_to_reference)
    rows = [json.loads(line) for line in (tmp_path / "out" / "training.jsonl").read_text().splitlines()]
    assert abs(rows[0]["kl"]) < 1e-6 < rows[-1]["kl"]


def test_scores_do_not_depend_on_company_or_order():
    model, items = network(), examples(9)
    together = sequence_scores(model, items, micro_tokens=100)
    assert together == pytest.approx([sequence_scores(model, [e])[0] for e in items], abs=1e-4)
    counts = [sum(e.weights[1:]) for e in items]
    means = sequence_scores(model, items, mean=True)
    assert means == pytest.approx([t / c for t, c in zip(together, counts, strict=True)], abs=1e-5)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([], "no training examples"),
        ([Example([1, 2], [0.0, 0.0])], "nothing would be learned"),
        ([Example([1, 2], [1.0, 0.0])], "nothing would be learned"),
        ([Example([1, 2, 3], [0.0, 1.0])], "3 ids but 2 weights"),
        ([Example([1], [1.0])], "at least two"),
        ([Example([1, VOCABULARY], [0.0, 1.0], {"id": "r7"})], "r7"),
        ([Example([1] * 65, [1.0] * 65)], "65 tokens, the model reads 64"),
        ([Example([1, 2], [0.0, math.nan])], "finite"),
        ([PairExample(*[Example([1, 2], [0.0, 1.0])] * 2, math.nan, 0.0)], "ref_chosen"),
        ([Example([1, 2], [0.0, 1.0]), pairs(1)[0]], "2 sequences, the first has 1"),
    ],
)
def test_unusable_data_is_refused_and_nothing_is_written(items, message, tmp_path):
    with pytest.raises(SophroError, match=message):
        train(network(), items, OPTIONS, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_unknown_target_and_row_are_refused(tmp_path):
    model = network()
    with pytest.raises(SophroError, match="targets"):
        train(model, examples(), replace(OPTIONS, targets=("nowhere",)), tmp_path / "out")
    with pytest.raises(SophroError, match="token_rows"):
        train(model, examples(), replace(OPTIONS, token_rows=(VOCABULARY,)), tmp_path / "out")
    train(model, examples(6), OPTIONS, tmp_path / "out")


def test_a_loss_that_is_not_finite_stops_the_run_and_frees_the_network(tmp_path):
    def broken(net, batch):
        result = SftLoss()(net, batch)
        return Objective(result.loss * float("nan"), {})

    model = network()
    with pytest.raises(SophroError, match=r"step 1.*lower the learning rate"):
        train(model, examples(), OPTIONS, tmp_path / "out", loss=broken)
    assert not (tmp_path / "out").exists()
    assert model.state_dict().keys() == network().state_dict().keys()


def test_finished_run_is_returned_and_another_is_not_overwritten(tmp_path):
    first = train(network(), examples(), OPTIONS, tmp_path / "out")
    assert train(network(), examples(), OPTIONS, tmp_path / "out", progress=lambda *a: 1 / 0) == first
    for options, loss in [(replace(OPTIONS, seed=9), None), (OPTIONS, SftLoss("sequences"))]:
        with pytest.raises(SophroError, match="choose another folder"):
            train(network(), examples(), options, tmp_path / "out", loss=loss)
    with pytest.raises(SophroError, match="choose another folder"):
        train(network(seed=1), examples(), OPTIONS, tmp_path / "out")


def test_a_loss_that_needs_the_reference_is_refused_in_full_training(tmp_path):
    def compare(net, batch):
        with net.reference():
            pass
        return SftLoss()(net, batch)

    with pytest.raises(SophroError, match="use adapter lora"):
        train(network(), examples(), replace(OPTIONS, adapter="full"), tmp_path / "out", loss=compare)


def test_nothing_asks_the_network(tmp_path, monkeypatch):
    import socket

    from huggingface_hub.constants import HF_HUB_OFFLINE
    from peft import get_peft_model_state_dict

    attempts = []

    def refuse(*args, **kwargs):
        attempts.append(args)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    model = network()
    model.config._name_or_path = model.name_or_path = "someone/some-model"
    train(model, examples(), replace(OPTIONS, token_rows=(3,)), tmp_path / "out", tmp_path / "work")
    loaded = PeftModel.from_pretrained(model, str(tmp_path / "out"))
    assert not attempts
    # The control: peft's own default does ask whether the vocabulary was resized.
    get_peft_model_state_dict(loaded)
    assert attempts or HF_HUB_OFFLINE


def test_stdout_stays_clean(tmp_path, capfd):
    train(network(), examples(), OPTIONS, tmp_path / "out")
    assert capfd.readouterr().out == ""


def test_bfloat16_weights_train_a_float32_adapter(tmp_path):
    model = network().to(torch.bfloat16)
    result = train(model, examples(), replace(OPTIONS, epochs=2), tmp_path / "out")
    assert {t.dtype for t in adapter(tmp_path / "out").values()} == {torch.float32}
    rows = [json.loads(line) for line in (tmp_path / "out" / "training.jsonl").read_text().splitlines()]
    assert rows[-1]["loss"] < rows[0]["loss"] and result.steps == 8
