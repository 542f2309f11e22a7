"""The task ``sophro/interview`` in Inspect: a model that reads, one that says yes to everything, one that cannot be read."""

from __future__ import annotations

import json
import math

import pytest
from inspect_ai import eval as run_task
from inspect_ai.model import ModelOutput, ModelUsage, get_model

from sophro.assess.interview import interview
from sophro.care.interview import read_answer


def judge(script):
    def answer(input, tools, tool_choice, config):
        asked = input[-1].text
        said = asked.split(" begins ===\n", 1)[1].split("\n=== ANSWERS", 1)[0].splitlines()[-1]
        made = ModelOutput.from_content("mock", script(asked, said))
        made.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return made

    return get_model("mockllm/model", custom_outputs=answer, memoize=False)


def verdict(value, quote):
    return json.dumps(
        {"evidence": quote, "decision": "decided", "value": value, "missing": "", "confidence": 1.0}
    )


def reads(asked, said):
    kind = "recency" if "longer ago" in asked else "frequency" if "several days" in asked else "yes_no"
    return verdict(read_answer(said, kind, safety=True).value, said)


def always(asked, said):
    return verdict(1 if "1 = yes" in asked else 3, said)


@pytest.mark.parametrize(
    ("script", "low", "high", "usable"),
    [(reads, 1.0, 1.0, True), (always, 0.0, 0.8, True), (lambda a, s: "met", 0.0, 0.0, False)],
)
def test_scores(script, low, high, usable, tmp_path):
    (log,) = run_task(
        interview(module="social_fear", policies="clear,turned"),
        model=judge(script),
        log_dir=str(tmp_path),
        display="none",
    )
    assert log.status == "success" and len(log.samples) == 2
    if not usable:
        assert all(math.isnan(s.scores["as_meant"].value) for s in log.samples)
        assert {score.unscored_samples for score in log.results.scores} == {2}
        return
    shares = [s.scores["as_meant"].value["nodes"] for s in log.samples]
    assert all(low <= share <= high for share in shares), shares
    assert all(s.metadata["interview"]["turns"] for s in log.samples)
