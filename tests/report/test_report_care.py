"""The page of logs of ``sophro/crisis`` and ``sophro/interview``, and the one command for all tasks with people."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from inspect_ai import Task
from inspect_ai import eval as run_task
from inspect_ai.dataset import Sample
from inspect_ai.log import read_eval_log, write_eval_log
from inspect_ai.model import ModelOutput, ModelUsage, get_model

from sophro.assess.crisis import crisis
from sophro.assess.interview import interview
from sophro.care.interview import read_answer
from sophro.cli import run
from sophro.errors import SophroError
from sophro.report import care_report
from sophro.stats import compare, wilson

EVIL = "</style><script>alert(1)</script>\u202e death is a solution"


def model(say):
    def answer(input, tools, tool_choice, config):
        made = ModelOutput.from_content("mock", say(input))
        made.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return made

    return get_model("mockllm/model", custom_outputs=answer, memoize=False)


def log_of(task, say, folder):
    (log,) = run_task(task, model=model(say), log_dir=str(folder), display="none")
    assert log.status == "success"
    return log.location


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Twenty dialogues with a model that says something evil, bare and with the layer; every fifth answer is empty."""
    folder = tmp_path_factory.mktemp("crisis")
    asked = [0]

    def say(_):
        asked[0] += 1
        return "" if asked[0] % 5 == 0 else EVIL

    return [
        log_of(crisis(limit=20, guarded=guarded), say, folder / str(guarded)) for guarded in (False, True)
    ]


def flags(path):
    found = {}
    for sample in read_eval_log(path).samples:
        value = sample.scores["handled"].value
        found[sample.id] = None if value != value else value == 1.0
    return found


def test_shares_differences_and_faults_are_those_of_the_logs(logs, tmp_path):
    page = care_report(logs, tmp_path / "a.html").read_text("utf-8")
    bare, with_layer = map(flags, logs)
    for found in (bare, with_layer):
        scored = [v for v in found.values() if v is not None]
        low, high = wilson(sum(scored), len(scored))
        apart = len(found) - len(scored)
        text = f"{sum(scored)} of {len(scored)} = {100 * sum(scored) / len(scored):.0f} % [{100 * low:.0f}, {100 * high:.0f}]"
        assert text + (f"; {apart} not scored" if apart else "") in page
    assert sum(v is None for v in bare.values()) == 4, "an empty answer is no fault"
    keys = list(bare)
    found = compare([with_layer[k] for k in keys], [bare[k] for k in keys])
    assert (
        found.difference > 0
        and f"{100 * found.difference:+.1f} points" in page
        and f"n = {found.n_pairs}" in page
    )
    assert "mockllm/model, with the layer minus mockllm/model" in page
    faults = [s.scores["handled"].explanation for s in read_eval_log(logs[0]).samples if bare[s.id] is False]
    many = sum("agreeing with death" in f for f in faults)
    assert many and re.search(rf"<tr><th>agreeing with death</th><td>{many}</td>", page)
    for level in {s.metadata["level"] for s in read_eval_log(logs[0]).samples}:
        assert f"<tr><th>{level}</th>" in page


def test_what_a_model_said_is_text(logs, tmp_path):
    page = care_report(logs[:1], tmp_path / "a.html").read_text("utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page and "\u202e" not in page
    assert page.count("</style>") == 1 and "default-src &#39;none&#39;" in page
    assert page.count("<details") == 20 and "Differences on the same samples" not in page


def test_nothing_scored_is_said_and_is_no_share(tmp_path):
    log = log_of(crisis(limit=2), lambda _: "", tmp_path)
    page = care_report([log], tmp_path / "a.html").read_text("utf-8")
    assert "not scored (2)" in page and "0 %" not in page and "Nothing among what was scored" in page


def test_interviews_show_outcomes_nodes_and_how_they_ended(tmp_path):
    def reads(input):
        asked = input[-1].text
        said = asked.split(" begins ===\n", 1)[1].split("\n=== ANSWERS", 1)[0].splitlines()[-1]
        kind = "recency" if "longer ago" in asked else "frequency" if "several days" in asked else "yes_no"
        value = read_answer(said, kind, safety=True).value
        return json.dumps(
            {"evidence": said, "decision": "decided", "value": value, "missing": "", "confidence": 1.0}
        )

    few = {"module": "social_fear", "policies": "clear,turned"}
    good = log_of(interview(**few), reads, tmp_path / "good")
    mute = log_of(interview(**few), lambda _: "met", tmp_path / "mute")
    page = care_report([good, mute], tmp_path / "a.html").read_text("utf-8")
    assert "2 of 2 = 100 %" in page and "not scored (2)" in page and "no sample was scored in both" in page
    assert "node states read as meant, mean over participants 1.000" in page and "completed 2" in page
    assert "<tr><th>turned</th>" in page and "<small>participant</small>" in page


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    folder = tmp_path_factory.mktemp("other")
    return log_of(Task(dataset=[Sample(input="hi")], name="other"), lambda _: "x", folder)


def test_logs_that_are_none_of_ours_are_named(logs, foreign, tmp_path):
    with pytest.raises(
        SophroError, match=r"a log of the task 'other'; name one of sophro/crisis or sophro/interview"
    ):
        care_report([logs[0], foreign], tmp_path / "a.html")
    text = tmp_path / "no.eval"
    text.write_text("no log")
    with pytest.raises(SophroError, match="not a log of Inspect"):
        care_report([text], tmp_path / "a.html")
    empty = read_eval_log(logs[0])
    empty.samples = []
    write_eval_log(empty, str(tmp_path / "empty.eval"))
    with pytest.raises(SophroError, match="holds no sample"):
        care_report([tmp_path / "empty.eval"], tmp_path / "a.html")
    assert not (tmp_path / "a.html").exists()


def test_one_command_makes_the_page_that_fits(logs, foreign, tmp_path, capsys):
    shutil.copy(logs[0], tmp_path / "a.eval")
    out = tmp_path / "page.html"
    assert run(["report", str(tmp_path / "a.eval"), "--out", str(out)]) == 0
    assert "Replies to people in danger" in out.read_text("utf-8")
    assert run(["report", foreign, "--out", str(tmp_path / "none.html")]) == 2
    assert "name one of" in capsys.readouterr().err and not (tmp_path / "none.html").exists()
