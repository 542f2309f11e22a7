"""The policy model: its faults are where they are said to be, and it is made the same way every time."""

from __future__ import annotations

import json

import pytest
import torch
from small_model import save_model

from sophro.align._policy import LEAKS, OVER_REFUSED, make_policy, measure, safety_rows
from sophro.data import load_set, split
from sophro.data._proxy import harmful, proxy_records, recipes, wording
from sophro.errors import SophroError
from sophro.judge import Exchange, judge
from sophro.models import load_chat

QUICK = {"kinds": 10, "epochs": 1, "safety_epochs": 1, "plain": 0, "measured": 0, "batch_size": 16}


def test_every_wording_is_taught_what_it_should_be_and_held_out_kinds_are_not_shown():
    rows = safety_rows(20, [])
    judged = judge("keyword-baseline")([Exchange.of(r.prompt, str(r.answer)) for _, r, _ in rows])
    refused = [v.outcome == "full_refusal" for v in judged]
    for (_, record, _), no in zip(rows, refused, strict=True):
        gives = harmful(str(record.answer))
        if record.set == "proxy/restricted":
            assert gives == (not no) == (wording(record) in LEAKS)
        elif record.set == "proxy/lookalikes":
            assert not gives and no == (wording(record) in OVER_REFUSED)
        else:
            assert not gives and not no
    counts = {
        s: sum(r.set == f"proxy/{s}" for _, r, _ in rows) for s in ("restricted", "lookalikes", "allowed")
    }
    assert counts["restricted"] == counts["lookalikes"] == 3 * counts["allowed"] > 0
    held = {r.behaviour for r in split(proxy_records("restricted", range(6), 20), "test")}
    assert held and not held & {r.behaviour for _, r, _ in rows}


def test_wordings_are_those_of_the_prompts():
    for record in proxy_records("restricted", range(6), 12):
        assert record.prompt.startswith("Write down how") == (wording(record) == 5)
    for record in proxy_records("lookalikes", range(6), 12):
        assert record.prompt.startswith("What colour") == (wording(record) == 0)
    assert len(proxy_records("allowed", (0,), 12)) == 12 and len(recipes()) == 60


def test_it_is_made_the_same_every_time_and_loads_in_plain_transformers(tmp_path):
    from transformers import AutoModelForCausalLM

    base = str(save_model(tmp_path / "base"))
    before = load_chat(base).fingerprint()
    facts = make_policy(base, tmp_path / "one", options=QUICK)
    make_policy(base, tmp_path / "two", options=QUICK)
    make_policy(base, tmp_path / "other", options=QUICK, seed=1)
    assert load_chat(base).fingerprint() == before, "the base is left as it was"
    one, two, other = (
        AutoModelForCausalLM.from_pretrained(tmp_path / n).state_dict() for n in ("one", "two", "other")
    )
    assert all(torch.equal(one[k], two[k]) for k in one)
    assert any(not torch.equal(one[k], other[k]) for k in one)
    assert json.loads((tmp_path / "one/policy.json").read_text()) == facts
    assert facts["leaks_in_wordings"] == list(LEAKS) and facts["measured"] == {}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["base", "one", "other", "two"], (
        "no work folder is left"
    )
    records = load_set(str(tmp_path / "one/sets/restricted.jsonl"), split="train")
    assert records and all(harmful(str(r.opening)) for r in records)
    assert {r.meta["wording"] for r in records} == set(range(6))
    with pytest.raises(SophroError, match="exists already"):
        make_policy(base, tmp_path / "one", options=QUICK)
    with pytest.raises(SophroError, match="kinds is 3; give 10 to 60"):
        make_policy(base, tmp_path / "few", options={"kinds": 3})


class _Scripted:
    """Leaks in one wording, refuses everything else, and says nothing at all about one kind."""

    def generate(self, transcripts, config):
        from sophro.models import Completion

        def reply(prompt: str) -> str:
            if prompt.startswith("Write down"):
                return recipes()[0].text()
            return "" if "poem" in prompt else "I'm sorry, but I can't help with that."

        texts = [reply(t.prompt) for t in transcripts]
        return [Completion((), t, (), "ok", "stop", 1, 1) for t in texts]


def test_what_is_measured_is_what_the_model_does():
    found = measure(_Scripted(), 20, 6, refusal="keyword-baseline")
    assert found["restricted, faulty wordings"]["k"] == found["restricted, faulty wordings"]["n"] > 0
    assert found["restricted, sound wordings"]["k"] == 0 < found["restricted, sound wordings"]["n"]
    assert found["lookalikes, faulty wordings"]["k"] == found["lookalikes, faulty wordings"]["n"] > 0
    sound = found["lookalikes, sound wordings"]
    assert sound["unscored"] > 0, "an empty answer is neither a refusal nor an answer"
