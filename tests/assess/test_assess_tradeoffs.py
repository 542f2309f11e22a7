"""The task tradeoffs: verdicts of scripted answers, and modes and token counts of a tiny model that thinks in tags."""

from __future__ import annotations

import pytest
import tiny
import torch

from sophro.assess import assess
from sophro.assess._thinking_table import thinking_table
from sophro.assess.tradeoffs import capability_of
from sophro.data import load_set
from sophro.errors import SophroError
from sophro.models import ScriptedModel

MATHS = {"set": "starter/maths:en", "limit": 8}


@pytest.fixture
def script(monkeypatch):
    def use(function) -> str:
        from sophro.models import provider

        monkeypatch.setattr(provider, "load", lambda name: ScriptedModel(function, name))
        return "stub/always-comply"

    return use


@pytest.fixture(scope="module")
def thinker(tmp_path_factory):
    """A random model with a template that thinks; it says something different for every prompt."""
    folder = tmp_path_factory.mktemp("thinker") / "m"
    tokenizer = tiny.tokenizer("hybrid")
    network = tiny.tiny_llama(len(tokenizer), seed=1)
    with torch.no_grad():
        for p in network.parameters():
            if p.dim() == 2:
                p.mul_(4.0)
    network.config.eos_token_id = tokenizer.eos_token_id
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def test_results_are_read_and_what_cannot_be_read_is_unscored(script, tmp_path):
    records = {r.prompt: r for r in load_set("starter/maths:en")}
    kinds: dict[str, int] = {}

    def answer(t):
        kind = kinds.setdefault(t.prompt, len(kinds) % 4)
        return [f"The answer is {records[t.prompt].accept[0]}.", "The answer is 999999.", "No idea.", ""][
            kind
        ]

    done = assess("tradeoffs", script(answer), tmp_path, task_args=MATHS)
    assert len(done.rows) == 8
    for row in done.rows:
        (verdict,) = row["verdicts"]
        assert verdict["score"] == [1.0, 0.0, None, None][kinds[row["prompt"]]]
        assert (verdict["outcome"] == "unscored") == (verdict["score"] is None)
        assert row["params"] == {"capability": "maths", "mode": "default"}
    (line,) = thinking_table(done.rows)
    assert (line.rate.k, line.rate.n, line.unread) == (2, 8, 4)


def test_instructions_are_checked_by_program(script, tmp_path):
    done = assess(
        "tradeoffs",
        script(lambda t: "no commas here at all"),
        tmp_path,
        task_args={"set": "starter/instructions:en"},
    )
    records = load_set("starter/instructions:en")
    kept = {r["id"]: r["verdicts"][0]["score"] for r in done.rows}
    assert kept["instr-en-024"] == 1.0, "describe a market without a comma"
    assert kept["instr-en-015"] == 0.0, "a JSON object"
    lines = {x.capability: x for x in thinking_table(done.rows)}
    strict, loose, rules = (lines[f"instructions{k}"].rate for k in ("", " (loose)", " (rules)"))
    assert strict.k <= loose.k and rules.n == sum(len(r.meta["kwargs"]) for r in records) and strict.n == 30


@pytest.mark.parametrize("mode", ["full", "zero", "less", "summary"])
def test_modes_force_their_start_and_count_their_tokens(thinker, mode, tmp_path):
    args = {**MATHS, "limit": 4, "mode": mode, "keep": 0.5, "max_new_tokens": 12}
    done = assess("tradeoffs", thinker, tmp_path, task_args=args)
    for row in done.rows:
        forced = row["transcript"][-1]["segments"]
        params = row["params"]
        assert row["transcript"][-1]["role"] == "assistant" and forced[0]["kind"] == "trace"
        assert len(forced) == (1 if mode == "full" else 2)
        passes = 2 if mode in ("less", "summary") else 1
        assert row["new_tokens"] <= params["generated_tokens"] <= 12 * passes
        if mode == "zero":
            assert params["forced_tokens"] == 0 and forced[0]["text"] == ""
        if mode in ("less", "summary"):
            assert params["first_state"] and params["generated_tokens"] > row["new_tokens"]
        if mode == "less":
            forced_ids = tiny.tokenizer("hybrid")(forced[0]["text"], add_special_tokens=False)["input_ids"]
            assert params["forced_tokens"] == len(forced_ids) > 0 and params["keep"] == 0.5
        if mode == "full" and row["state"] == "unclosed_trace":
            assert row["verdicts"][0]["score"] is None and params["thought_tokens"] > 0


def test_bad_input(script, thinker, tmp_path):
    model = script(lambda t: "x")
    with pytest.raises(SophroError, match="full"):
        assess("tradeoffs", model, tmp_path, task_args={**MATHS, "mode": "half"})
    mixed = [*load_set("starter/maths:en", limit=1), *load_set("starter/harmful:en", limit=1)]
    with pytest.raises(SophroError, match="mixes harmlessness, maths"):
        capability_of(mixed)
    with pytest.raises(SophroError, match="is empty"):
        capability_of([])
    with pytest.raises(SophroError, match="local model"):
        assess("tradeoffs", model, tmp_path, task_args={**MATHS, "mode": "zero"})
