"""Verdicts by people: imported once, traceable, decisive, and never half-written."""

import json
import math

import pytest
from inspect_ai.log import read_eval_log

from sophro.assess import assess
from sophro.assess.overrides import apply_overrides, read_overrides
from sophro.cli import run as cli
from sophro.errors import SophroError
from sophro.report import summary
from sophro.report._metrics import HARM, OVER_REFUSAL, measure
from sophro.report._read import Sample


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run of two arms over the same six prompts, judged by phrases alone."""
    root = tmp_path_factory.mktemp("run")
    for arm in ("always-refuse", "always-comply"):
        folder = root / "stages" / f"assess-{arm}-key{arm[-6:]}"
        folder.mkdir(parents=True)
        args = {"limit": 6, "refusal_judge": "keyword-baseline"}
        assess("over_refusal", f"stub/{arm}", folder, task_args=args, arm=arm)
    (root / "run.json").write_text(
        json.dumps({"name": "toy", "arms": [{"name": "always-refuse"}, {"name": "always-comply"}]})
    )
    return root


@pytest.fixture
def run_folder(made, tmp_path):
    import shutil

    shutil.copytree(made, tmp_path / "run")
    return tmp_path / "run"


def rows_of(folder, arm):
    (path,) = folder.glob(f"stages/assess-{arm}-*/samples.jsonl")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def write(tmp_path, *rows):
    path = tmp_path / "people.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    return path


def row(name, arm="always-refuse", **more):
    return {
        "id": name,
        "arm": arm,
        "question": "refusal",
        "label": "full_compliance",
        "author": "Ada",
        "reason": "it answers",
        **more,
    }


def test_an_override_decides_is_traceable_and_applies_once(run_folder, tmp_path):
    before = rows_of(run_folder, "always-refuse")
    first, second = before[0]["id"], before[1]["id"]
    reply = "".join(s["text"] for s in before[0]["segments"])
    source = write(
        tmp_path,
        row(first, date="2026-01-02", response=reply),
        row(second, label="unscored", reason="cannot tell"),
    )
    done = apply_overrides(run_folder, source)
    assert (done.changed, done.unchanged, len(done.folders)) == (2, 0, 1)
    after = rows_of(run_folder, "always-refuse")
    verdict = after[0]["verdicts"][0]
    assert (verdict["judge"], verdict["outcome"], verdict["author"], verdict["reason"]) == (
        "human-refusal",
        "full_compliance",
        "Ada",
        "it answers",
    )
    assert after[0]["verdicts"][1:] == before[0]["verdicts"], "the judge's verdict stays beside it"
    assert after[2:] == before[2:] and rows_of(run_folder, "always-comply") == rows_of(
        run_folder, "always-comply"
    )

    (path,) = run_folder.glob("stages/assess-always-refuse-*/*.eval")
    log = read_eval_log(str(path))
    score = next(s for s in log.samples if s.id == first).scores["refusal"]
    assert score.value == 0.0 and len(score.history) == 2 and score.history[0].provenance is None
    edit = score.history[1].provenance
    assert (
        edit.author == "Ada"
        and edit.timestamp.date().isoformat() == "2026-01-02"
        and len(edit.metadata["sha256"]) == 64
    )
    assert math.isnan(next(s for s in log.samples if s.id == second).scores["refusal"].value)
    metrics = next(s for s in log.results.scores if s.name == "refusal").metrics
    assert metrics["mean"].value == pytest.approx(4 / 5), "computed anew: one of five scored is no refusal"

    again = apply_overrides(run_folder, source)
    assert again.changed == 0 and again.unchanged == 2 and not again.folders
    assert rows_of(run_folder, "always-refuse") == after
    assert (
        len(next(s for s in read_eval_log(str(path)).samples if s.id == first).scores["refusal"].history) == 2
    )


def test_the_report_counts_with_the_person_and_shows_the_disagreement(run_folder, tmp_path):
    names = [r["id"] for r in rows_of(run_folder, "always-refuse")]
    raw = summary(run_folder)
    assert raw["arms"]["always-refuse"]["over_refusal"]["k"] == 6 and not raw["human_verdicts"]
    apply_overrides(
        run_folder,
        write(tmp_path, row(names[0]), row(names[1], author="Bo"), row(names[2], label="full_refusal")),
    )
    found = summary(run_folder)
    rate = found["arms"]["always-refuse"]["over_refusal"]
    assert (rate["k"], rate["n"], rate["judge"]) == (4, 6, "keyword-baseline") or (rate["k"], rate["n"]) == (
        4,
        6,
    )
    assert found["human_verdicts"] == {"refusal": {"n": 3, "authors": ["Ada", "Bo"]}}
    (pair,) = found["judge_disagreement"]
    assert set(pair["judges"]) == {"human-refusal", "keyword-baseline"} and (
        pair["n"],
        pair["differing"],
    ) == (3, 2)
    assert cli(["report", str(run_folder), "--out", str(tmp_path / "r.html")]) == 0
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "Verdicts set by people" in page and "Ada, Bo" in page


def test_a_later_verdict_replaces_the_earlier_one_and_keeps_it_as_history(run_folder, tmp_path):
    name = rows_of(run_folder, "always-refuse")[0]["id"]
    apply_overrides(run_folder, write(tmp_path, row(name)))
    apply_overrides(run_folder, write(tmp_path, row(name, label="partial_refusal", author="Bo")))
    found = rows_of(run_folder, "always-refuse")[0]
    assert [v["judge"] for v in found["verdicts"]].count("human-refusal") == 1
    assert found["verdicts"][0]["author"] == "Bo" and found["override_history"][0]["author"] == "Ada"


def test_harm_by_a_person_decides_even_where_a_judge_saw_a_broken_reply():
    broken = {"judge": "embedded-harm", "version": "1", "outcome": "broken", "harmful": None}
    human = {"judge": "human-harm", "version": "2", "outcome": None, "harmful": True, "author": "Ada"}
    sample = Sample("a", {"id": "1", "arm": "a", "task": "harmful", "verdicts": [human, broken]}, "")
    found = measure(HARM, [sample])
    assert (found.rate.k, found.rate.n, found.judge) == (1, 1, "embedded-harm")
    assert measure(OVER_REFUSAL, [sample]).rate.n == 0


def test_the_name_of_a_judges_model_means_nothing():
    verdict = {
        "judge": "xstest-refusal@openai/harmless-helpful",
        "version": "1",
        "outcome": "full_refusal",
        "harmful": None,
    }
    sample = Sample("a", {"id": "1", "arm": "a", "task": "harmful", "verdicts": [verdict]}, "")
    assert measure(HARM, [sample]).judge is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"author": ""}, "line 1, field 'author'"),
        ({"reason": None}, "line 1, field 'reason'"),
        ({"question": "mood"}, "line 1, field 'question'"),
        ({"label": "harmful"}, "line 1, field 'label'"),
        ({"question": "harm", "label": 2}, "line 1, field 'label'"),
        ({"date": "yesterday"}, "line 1, field 'date'"),
        ({"id": None}, "line 1, field 'id'"),
        ({"id": "nobody"}, "is in no assessment"),
        ({"arm": "third"}, "is in no assessment"),
        ({"arm": None}, "stands in 2 assessments; name its arm"),
        ({"response": "something else"}, "the run holds another reply"),
    ],
)
def test_wrong_rows_are_named_and_nothing_is_written(run_folder, tmp_path, change, message):
    names = [r["id"] for r in rows_of(run_folder, "always-refuse")]
    before = {p: p.read_bytes() for p in run_folder.rglob("*") if p.is_file()}
    bad = {**row(names[0]), **change}
    with pytest.raises(SophroError, match=message):
        apply_overrides(run_folder, write(tmp_path, bad, row(names[1])))
    assert {p: p.read_bytes() for p in run_folder.rglob("*") if p.is_file()} == before


def test_two_verdicts_on_one_question_are_refused(run_folder, tmp_path):
    name = rows_of(run_folder, "always-refuse")[0]["id"]
    with pytest.raises(SophroError, match="line 2: the same question on the same sample"):
        apply_overrides(run_folder, write(tmp_path, row(name), row(name, author="Bo")))
    with pytest.raises(SophroError, match="no overrides"):
        read_overrides(write(tmp_path))
    with pytest.raises(SophroError, match="no assessed samples"):
        apply_overrides(tmp_path, write(tmp_path, row(name)))


def test_command(run_folder, tmp_path, capsys):
    name = rows_of(run_folder, "always-refuse")[0]["id"]
    assert cli(["judge", "override", str(run_folder), "--in", str(write(tmp_path, row(name)))]) == 0
    assert "1 verdicts set by people" in capsys.readouterr().out
