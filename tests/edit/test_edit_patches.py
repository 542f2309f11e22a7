"""Patches of weights on the disk: merging, comparing, applying, exporting, and refusing what does not belong."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from edit_world import NAMES, logits, patch, same, saved, state
from edit_world import model as build_model

from sophro.cli import run
from sophro.edit import merge_sources, open_source
from sophro.errors import SophroError
from sophro.files import write_json
from sophro.models import Edit, LowRankPatch, WeightPatch, load_chat, load_patch, save_patch


@pytest.fixture(scope="module")
def chat(tmp_path_factory):
    return build_model(tmp_path_factory.mktemp("model") / "m")


def told(capsys, *command) -> dict:
    assert run([*map(str, command), "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def complaint(capsys, *command) -> str:
    assert run([*map(str, command)]) == 2
    out = capsys.readouterr()
    assert out.out == ""
    return out.err


def test_show_counts_what_changes(chat, tmp_path, capsys):
    made = patch(chat)
    found = told(capsys, "patch", "show", save_patch(made, tmp_path / "p"))
    assert found["changed"] == made.nonzero and found["matrices"] == 2
    assert found["fingerprint"] == chat.fingerprint().to_json()
    dense = {n: e.dense().double() for n, e in made.edits.items()}
    for row in found["rows"]:
        assert row["changed"] == int((dense[row["name"]] != 0).sum())
        assert row["norm"] == pytest.approx(float(dense[row["name"]].norm()))
    assert run(["patch", "show", str(tmp_path / "p")]) == 0
    assert "made by: a test" in capsys.readouterr().out


def test_merging_by_stream_is_merging_by_hand(chat, tmp_path, capsys):
    one, two = saved(chat, tmp_path / "1", 1), saved(chat, tmp_path / "2", 2, names=NAMES[:1])
    out = tmp_path / "m"
    told(capsys, "patch", "merge", one, two, "--weight", "0.5", "--weight=-1", "--out", out)
    got, a, b = (load_patch(f) for f in (out, one, two))
    first = 0.5 * a.edits[NAMES[0]].dense() - b.edits[NAMES[0]].dense()
    torch.testing.assert_close(got.edits[NAMES[0]].dense(), first)
    torch.testing.assert_close(got.edits[NAMES[1]].dense(), 0.5 * a.edits[NAMES[1]].dense())
    told(capsys, "patch", "merge", one, two, "--how", "ties", "--density", "0.1", "--out", tmp_path / "t")
    assert 0 < load_patch(tmp_path / "t").nonzero < got.nonzero
    kept = tmp_path / "kept"
    told(capsys, "patch", "merge", one, "--retention", "0.5", "--rescale", "--out", kept)
    halved = load_patch(kept)
    for name in NAMES:
        values, whole = halved.edits[name].dense(), a.edits[name].dense()
        assert torch.equal(values[values != 0], 2 * whole[values != 0])
    assert 0.3 < halved.nonzero / a.nonzero < 0.7


def test_one_matrix_at_a_time_is_in_memory(chat, tmp_path, monkeypatch):
    from sophro.edit import _merge

    sources = [open_source(saved(chat, tmp_path / str(i), i)) for i in range(3)]
    events: list[str] = []
    for i, source in enumerate(sources):
        real = source.edit
        source.edit = lambda name, i=i, real=real: events.append(f"read {i} {name}") or real(name)
    merge = _merge.algebra.merge
    monkeypatch.setattr(_merge.algebra, "merge", lambda *a: events.append("merge") or merge(*a))
    merge_sources(sources, tmp_path / "out")
    assert events == [e for name in NAMES for e in (*(f"read {i} {name}" for i in range(3)), "merge")], (
        "all sources of one matrix are read, merged and dropped before the next one"
    )


def test_the_difference_of_two_checkpoints_is_a_patch(chat, tmp_path, capsys):
    tuned = tmp_path / "tuned"
    with chat.patched(patch(chat)):
        chat.network.save_pretrained(tuned)
        expected = logits(chat.network)
    told(capsys, "patch", "merge", tuned, "--model", chat.name, "--out", tmp_path / "d")
    found = load_patch(tmp_path / "d")
    assert set(found.edits) == set(NAMES), "what did not change is left out; tied weights appear once"
    with chat.patched(found):
        torch.testing.assert_close(logits(chat.network), expected, atol=1e-5, rtol=1e-5)
    assert "name that with --model" in complaint(capsys, "patch", "show", tuned)


def test_compare_says_how_supports_and_directions_overlap(chat, tmp_path, capsys):
    one, two = saved(chat, tmp_path / "1", 1), saved(chat, tmp_path / "2", 2)
    a, b = load_patch(one), load_patch(two)
    found = told(capsys, "patch", "compare", one, two)
    flat = [torch.cat([p.edits[n].dense().flatten() for n in NAMES]).double() for p in (a, b)]
    assert found["both"] == int(((flat[0] != 0) & (flat[1] != 0)).sum())
    assert found["cosine"] == pytest.approx(float(flat[0] @ flat[1] / flat[0].norm() / flat[1].norm()))
    assert [row["layer"] for row in found["layers"]] == [0, 1]
    assert sum(row["both"] for row in found["rows"]) == found["both"]
    itself = told(capsys, "patch", "compare", one, one)
    assert itself["cosine"] == pytest.approx(1) and itself["jaccard"] == 1
    assert run(["patch", "compare", str(one), str(two)]) == 0
    assert "layer 1" in capsys.readouterr().out


def test_a_merged_checkpoint_loads_in_plain_transformers(chat, tmp_path, capsys):
    from transformers import AutoModelForCausalLM

    made = saved(chat, tmp_path / "p")
    before = state(chat)
    told(capsys, "patch", "apply", made, "--model", chat.name, "--scale", "0.5", "--out", tmp_path / "ck")
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "ck").eval()
    with chat.patched(load_patch(made), 0.5):
        assert torch.equal(logits(plain), logits(chat.network))
    assert same(chat, before)
    assert load_chat(str(tmp_path / "ck")).fingerprint().tokenizer == chat.fingerprint().tokenizer


def test_an_adapter_with_a_row_of_its_own_is_merged_too(chat, tmp_path, capsys):
    from transformers import AutoModelForCausalLM

    size = chat.network.config.vocab_size
    row = torch.randn(1, 64, generator=torch.Generator().manual_seed(0))
    made = LowRankPatch({}, {"model.embed_tokens": (torch.tensor([size]), row)})
    save_patch(made, tmp_path / "p")
    told(capsys, "patch", "apply", tmp_path / "p", "--model", chat.name, "--out", tmp_path / "ck")
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "ck").eval()
    assert torch.equal(plain.get_input_embeddings().weight[size], row[0])
    assert chat.network.config.vocab_size == size
    with chat.patched(made):
        assert torch.equal(logits(plain), logits(chat.network))
    assert "token rows" in complaint(capsys, "patch", "show", tmp_path / "p")


@pytest.mark.parametrize(("scale", "bias"), [("1.0", 2.5), ("0.5", 0.0)])
def test_a_merged_checkpoint_brings_the_dial_of_the_reflection_token(chat, tmp_path, capsys, scale, bias):
    from sophro.models.provider import SophroAPI

    size = chat.network.config.vocab_size
    save_patch(
        LowRankPatch({}, {"model.embed_tokens": (torch.tensor([size]), torch.ones(1, 64))}), tmp_path / "p"
    )
    (tmp_path / "p" / "reflection.json").write_text('{"bias": 2.5, "limit": 2}')
    told(
        capsys,
        "patch",
        "apply",
        tmp_path / "p",
        "--model",
        chat.name,
        "--scale",
        scale,
        "--out",
        tmp_path / "ck",
    )
    assert SophroAPI(str(tmp_path / "ck"))._decoding.bias == bias
    assert SophroAPI(chat.name, patch=str(tmp_path / "p"))._decoding.limit == 2


def test_a_low_rank_patch_is_exported_as_a_plain_adapter(chat, tmp_path, capsys):
    from peft import PeftModel

    g = torch.Generator().manual_seed(0)
    b, a = torch.randn(64, 3, generator=g), torch.randn(3, 64, generator=g)
    made = WeightPatch({NAMES[0]: Edit.of(b @ a)}, chat.fingerprint())
    save_patch(made, tmp_path / "p")
    facts = told(capsys, "patch", "apply", tmp_path / "p", "--model", chat.name, "--form", "adapter",
                 "--rank", "4", "--out", tmp_path / "a")  # fmt: skip
    assert facts["rank"] == 4 and facts["matrices"] == 1
    with chat.patched(made):
        expected = logits(chat.network)
    other = load_chat(str(shutil.copytree(chat.name, tmp_path / "copy")))
    wrapped = PeftModel.from_pretrained(other.network, str(tmp_path / "a")).eval()
    torch.testing.assert_close(logits(wrapped), expected, atol=1e-3, rtol=1e-3)
    assert isinstance(load_patch(tmp_path / "a"), LowRankPatch)
    told(capsys, "patch", "merge", tmp_path / "a", "--model", chat.name, "--out", tmp_path / "back")
    torch.testing.assert_close(
        load_patch(tmp_path / "back").edits[NAMES[0]].dense(), b @ a, atol=1e-3, rtol=1e-4
    )
    assert "name it with --model" in complaint(
        capsys, "patch", "merge", tmp_path / "a", "--out", tmp_path / "c"
    )
    save_patch(patch(chat), tmp_path / "full")
    assert "raise --rank" in complaint(capsys, "patch", "apply", tmp_path / "full", "--model", chat.name,
                                       "--form", "adapter", "--rank", "4", "--out", tmp_path / "b")  # fmt: skip
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("family", "qwen2", "model family qwen2, this one has llama"),
        ("width", 32, "hidden width 32, this one has 64"),
        ("layers", 30, "number of layers 30, this one has 2"),
        ("tokenizer", "0" * 16, "tokenizer 0000"),
        ("weights", "0" * 32, "base weights 0000"),
    ],
)
def test_another_model_is_refused_by_name(chat, tmp_path, field, value, says):
    folder = saved(chat, tmp_path / "p")
    header = json.loads((folder / "patch.json").read_text())
    header["settings"]["fingerprint"][field] = value
    write_json(folder / "patch.json", header)
    before = state(chat)
    with pytest.raises(SophroError, match=says), chat.patched(load_patch(folder)):
        pass
    assert same(chat, before)


def test_the_fingerprint_sees_one_changed_weight_but_no_patch(chat):
    before = chat.fingerprint()
    with chat.patched(patch(chat)):
        assert chat.fingerprint() == before
        with chat.patched(patch(chat, 5)):
            pass
    weight = chat.network.model.layers[1].mlp.up_proj.weight
    kept = weight.data.clone()
    with torch.no_grad():
        weight.view(-1)[1234] += 1e-3
    assert chat.fingerprint().weights != before.weights
    with pytest.raises(SophroError, match="base weights"), chat.patched(WeightPatch({}, before)):
        pass
    with torch.no_grad():
        weight.copy_(kept)
    assert chat.fingerprint() == before


def test_damaged_patches_are_refused_by_name(chat, tmp_path, capsys):
    folder = saved(chat, tmp_path / "p")
    whole = (folder / "patch.safetensors").read_bytes()
    for size in (0, 7, 200, len(whole) - 8):
        (folder / "patch.safetensors").write_bytes(whole[:size])
        for command in (("patch", "show", folder), ("patch", "merge", folder, "--out", tmp_path / "x")):
            assert str(folder) in (said := complaint(capsys, *command)) and "truncated" in said
        with pytest.raises(SophroError, match="truncated"):
            load_patch(folder)
    assert not (tmp_path / "x").exists()
    header = json.loads((folder / "patch.json").read_text())
    (folder / "patch.safetensors").write_bytes(whole)
    header["settings"]["shapes"]["model.layers.0.mlp.up_proj.weight"] = [128, 64]
    write_json(folder / "patch.json", header)
    with pytest.raises(SophroError, match=r"up_proj.weight' is listed but not there"):
        load_patch(folder)
    (folder / "patch.json").write_text("{")
    assert "truncated" in complaint(capsys, "patch", "show", folder)


def test_infinite_values_in_a_file_are_refused_and_nothing_is_written(chat, tmp_path, capsys):
    from safetensors.torch import load_file, save_file

    folder = saved(chat, tmp_path / "p")
    tensors = load_file(folder / "patch.safetensors")
    tensors[f"{NAMES[1]}:values"][3] = float("inf")
    save_file(tensors, folder / "patch.safetensors")
    for command in (
        ("patch", "merge", folder, "--out", tmp_path / "o"),
        ("patch", "apply", folder, "--model", chat.name, "--out", tmp_path / "o"),
    ):
        said = complaint(capsys, *command)
        assert "NaN or infinite" in said and NAMES[1] in said and str(folder) in said
        assert [p.name for p in tmp_path.iterdir()] == ["p"], "no half-written folder is left"


def test_wrong_requests_are_refused_in_one_line(chat, tmp_path, capsys):
    one = saved(chat, tmp_path / "1")
    out = tmp_path / "o"
    for more, says in (
        (["--how", "average"], "known: task_arithmetic, ties"),
        (["--weight", "1", "--weight", "2"], "2 weights for 1 patches"),
        (["--density", "2", "--how", "ties"], "no share"),
        (["--retention", "0"], "no share above 0"),
        (["--weight", "0"], "change nothing"),
    ):
        assert says in complaint(capsys, "patch", "merge", one, "--out", out, *more)
        assert not out.exists()
    assert "neither a weight patch" in complaint(capsys, "patch", "merge", tmp_path, "--out", out)
    assert "exists already" in complaint(capsys, "patch", "merge", one, "--out", one)
    assert "at least one" in complaint(capsys, "patch", "merge", "--out", out)
