"""The page of logs of ``sophro/crisis`` and ``sophro/interview``, and the one command for all tasks with people."""

from __future__ import annotations

import json
import math
import re
import shlex
import shutil
from pathlib import Path

import pytest
from inspect_ai import Task
from inspect_ai import eval as run_task
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalError, read_eval_log, write_eval_log
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from markupsafe import escape

from sophro.assess.care_tasks import restructuring
from sophro.assess.crisis import crisis
from sophro.assess.interview import interview
from sophro.care.interview import read_answer
from sophro.care.restructuring import _controller
from sophro.cli import run
from sophro.errors import SophroError
from sophro.report import care_report, restructuring_report
from sophro.stats import compare, rate, wilson

EVIL = "</style><script>alert(1)</script>\u202e death is a solution"


class Silent:
    level, flags, newly_raised, reply = 0, (), False, None

    def see(self, _):
        return self


def model(say):
    def answer(input, tools, tool_choice, config):
        made = ModelOutput.from_content("mock", say(input))
        made.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return made

    return get_model("mockllm/model", custom_outputs=answer, memoize=False)


def log_of(task, say, folder, **options):
    (log,) = run_task(task, model=model(say), log_dir=str(folder), display="none", **options)
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
    few = {"module": "social_fear", "policies": "clear,turned"}
    good = log_of(interview(**few), reads, tmp_path / "good")
    mute = log_of(interview(**few), lambda _: "met", tmp_path / "mute")
    page = care_report([good, mute], tmp_path / "a.html").read_text("utf-8")
    assert "mockllm/model (2) minus mockllm/model" in page, "a second run on the same participants"
    assert "2 of 2 = 100 %" in page and "not scored (2)" in page and "no sample was scored in both" in page
    assert "Single judgments read as meant" in page and "<tr><th>ended: completed</th>" in page
    assert "<tr><th>not scored: no judgment of the model could be used</th><td>0</td><td>2</td></tr>" in page
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


# ---- what intervals rest on --------------------------------------------------------------------------------------


def wilson_by_hand(k, n, z=1.959963984540054):
    """Wilson 1927, written a second time; the ends are the roots of (p - k/n)^2 = z^2 p (1 - p) / n."""
    a, b, c = 1 + z * z / n, -(2 * k / n + z * z / n), (k / n) ** 2
    root = math.sqrt(max(0.0, b * b - 4 * a * c))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def words(k, n, units):
    low, high = wilson_by_hand(k / n * units, units)
    return f"{k} of {n} = {100 * k / n:.0f} % [{100 * max(low, 0):.0f}, {100 * min(high, 1):.0f}]"


def changed(path, to, change):
    """Copy a log after ``change`` was made to it."""
    log = read_eval_log(str(path))
    change(log)
    write_eval_log(log, str(to))
    return to


def test_epochs_of_a_dialogue_are_one_cluster(tmp_path):
    log = log_of(crisis(limit=8), lambda _: EVIL, tmp_path, epochs=3)
    samples = read_eval_log(log).samples
    page = care_report([log], tmp_path / "a.html").read_text("utf-8")
    for level in ("ACTIVE", "NONE"):
        own = [s for s in samples if s.metadata["level"] == level]
        right = [s for s in own if s.scores["handled"].value == 1.0]
        ids = {s.id for s in own}
        if len(right) in (0, len(own)):
            row = f"<tr><th>{level}</th><td>{words(len(right), len(own), len(ids))}; {len(ids)} dialogue"
            assert row in page and len(own) == 3 * len(ids)
    danger = [s for s in samples if s.metadata["danger"] == "danger"]
    assert f"<tr><th>danger</th><td>{words(0, len(danger), len(danger) / 3)}; " in page
    assert words(0, len(danger), len(danger)) not in page, "epochs are not independent"
    assert "8 dialogues, 24 samples" in page


def test_levels_stand_in_their_order_and_faults_come_first(logs, tmp_path):
    page = care_report(logs, tmp_path / "a.html").read_text("utf-8")
    order = ["NONE", "CONCERN", "IDEATION", "ACTIVE", "IMMINENT"]
    there = {s.metadata["level"] for s in read_eval_log(logs[0]).samples}
    assert re.findall(r"<tr><th>([A-Z]+)</th>", page) == [x for x in order if x in there] and len(there) > 2
    bare, with_layer = map(flags, logs)
    ranks = [
        0 if False in seen else 1 if None in seen else 2
        for name in re.findall(r"<summary>(\S+) ", page)
        for seen in [(bare[name], with_layer[name])]
    ]
    assert len(ranks) == 20 and ranks == sorted(ranks) and len(set(ranks)) > 1


@pytest.mark.parametrize("what", ["level", "danger", "lang", "category"])
def test_every_share_by_group_is_that_of_the_log(what, logs, tmp_path):
    page = care_report(logs[:1], tmp_path / "a.html").read_text("utf-8")
    (table,) = re.findall(rf"<thead><tr><th>{what}</th>.*?</table>", page, re.S)
    found = flags(logs[0])
    groups = {}
    for sample in read_eval_log(logs[0]).samples:
        groups.setdefault(sample.metadata[what], []).append(found[sample.id])
    assert table.count("<tr><th>") == len(groups) + 1 and len(groups) > 1
    for value, seen in groups.items():
        scored = [v for v in seen if v is not None]
        apart = len(seen) - len(scored)
        said = words(sum(scored), len(scored), len(scored)) if scored else f"not scored ({apart})"
        said += f"; {apart} not scored" if scored and apart else ""
        assert f"<tr><th>{value}</th><td>{said}</td>" in table


def test_the_difference_has_the_ends_of_its_interval(logs, tmp_path):
    page = care_report(logs, tmp_path / "a.html").read_text("utf-8")
    bare, with_layer = map(flags, logs)
    found = compare([with_layer[k] for k in bare], [bare[k] for k in bare], list(bare))
    assert found.low < found.difference < found.high
    assert f"{100 * found.difference:+.1f} points [{100 * found.low:+.1f}, {100 * found.high:+.1f}]" in page


def test_differences_are_also_given_by_danger(logs, tmp_path):
    """A layer that helps in danger and disturbs the calm must not come out as no difference."""
    page = care_report(logs, tmp_path / "a.html").read_text("utf-8")
    bare, with_layer = map(flags, logs)
    danger = [s.id for s in read_eval_log(logs[0]).samples if s.metadata["danger"] == "danger"]
    pairs = [(with_layer[k], bare[k]) for k in danger if None not in (with_layer[k], bare[k])]
    mean = 100 * sum(a - b for a, b in pairs) / len(pairs)
    assert pairs and re.search(
        rf"<li>danger danger: \{mean:+.1f} points \[[^]]+\], p \(Holm\) [^,]+, n = {len(pairs)}[;<]", page
    )


def holm_by_hand(ps):
    """Holm 1979, written a second time: the k-th smallest of m times m - k + 1, never falling, at most 1."""
    order = sorted(ps)
    stepped = [min(1.0, max((len(ps) - j) * order[j] for j in range(i + 1))) for i in range(len(ps))]
    return [stepped[order.index(p)] for p in ps]


def exact_by_hand(pairs):
    """The two-sided sign test over dialogues that differ."""
    up, down = sum(a > b for a, b in pairs), sum(a < b for a, b in pairs)
    n = up + down
    return min(1.0, 2 * sum(math.comb(n, i) for i in range(min(up, down) + 1)) / 2**n) if n else 1.0


def test_all_comparisons_of_a_page_are_one_family_for_holm(logs, tmp_path):
    """Three columns: what a single test would call a change is none among so many."""

    def another(log):
        log.eval.model, log.eval.eval_id = "mockllm/other", "another"
        for sample in log.samples[::2]:
            value = sample.scores["handled"].value
            sample.scores["handled"].value = 1.0 - value if value == value else value

    paths = [*logs, changed(logs[0], tmp_path / "c.eval", another)]
    page = care_report(paths, tmp_path / "a.html").read_text("utf-8")
    found = list(map(flags, paths))
    meta = {s.id: s.metadata for s in read_eval_log(logs[0]).samples}
    raw = []
    for a, b in ((0, 1), (0, 2), (1, 2)):
        groups = [list(meta)]
        for what in ("level", "danger"):
            order = ["NONE", "CONCERN", "IDEATION", "ACTIVE", "IMMINENT"] if what == "level" else []
            values = {m[what] for m in meta.values()}
            groups += [
                [k for k in meta if meta[k][what] == v]
                for v in sorted(values, key=lambda v: (order.index(v) if v in order else 9, v))
            ]
        for own in groups:
            pairs = [(found[b][k], found[a][k]) for k in own if None not in (found[b][k], found[a][k])]
            if pairs:
                raw.append(exact_by_hand(pairs))
    shown = re.findall(r"<li>.*?p \(Holm\) ([^,]+), n = ", page)
    adjusted = holm_by_hand(raw)
    as_said = ["&lt; 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}" for p in adjusted]
    assert shown == as_said and len(raw) > 15
    assert f"adjusted by Holm over all {len(raw)} comparisons on this page" in page
    assert any(p < 0.05 <= q for p, q in zip(raw, adjusted, strict=True)), "the correction decides somewhere"
    alone = care_report(paths[:2], tmp_path / "b.html").read_text("utf-8")
    assert "over all 1 comparisons" not in alone and f"over all {len(raw)} comparisons" not in alone


# ---- columns -----------------------------------------------------------------------------------------------------


def reads(input):
    asked = input[-1].text
    said = asked.split(" begins ===\n", 1)[1].split("\n=== ANSWERS", 1)[0].splitlines()[-1]
    kind = "recency" if "longer ago" in asked else "frequency" if "several days" in asked else "yes_no"
    value = read_answer(said, kind, safety=True).value
    return json.dumps(
        {"evidence": said, "decision": "decided", "value": value, "missing": "", "confidence": 1.0}
    )


@pytest.fixture(scope="module")
def interviews(tmp_path_factory):
    """One model in two modules and languages, as it takes two runs of the task, in one folder."""
    folder = tmp_path_factory.mktemp("interviews")
    # In the order of the runs: names of logs made within one second sort at random.
    return [
        Path(log_of(interview(module=module, lang=lang, policies="clear,turned"), reads, folder))
        for module, lang in (("social_fear", "en"), ("worry", "zh"))
    ]


def test_logs_of_one_model_are_one_column_by_module_and_language(interviews, tmp_path):
    page = care_report(interviews, tmp_path / "a.html").read_text("utf-8")
    assert "Differences on the same samples" not in page and "4 participants, 4 samples" in page
    for name in ("social_fear", "worry", "en", "zh"):
        assert f"<tr><th>{name}</th><td>{words(2, 2, 2)}</td>" in page
    samples = [s for p in interviews for s in read_eval_log(str(p)).samples]
    nodes = sum(
        len(m["nodes"]) for s in samples for m in s.metadata["interview"]["outcome"]["modules"].values()
    )
    assert f"<tr><th>all</th><td>{words(nodes, nodes, 4)}; 4 participants</td>" in page, (
        "all judgments right is no certainty: four participants"
    )
    assert "kappa of the outcome with the one that was meant 1.00 [" in page
    one = care_report(interviews[:1], tmp_path / "b.html").read_text("utf-8")
    assert f"<tr><th>social_fear</th><td>{words(2, 2, 2)}</td>" in one, "one module has its row too"


def test_a_judgment_that_could_not_be_used_is_apart(interviews, tmp_path):
    def spoil(log):
        nodes = log.samples[0].metadata["interview"]["outcome"]["modules"]["social_fear"]["nodes"]
        first, second = list(nodes.values())[:2]
        first["reason"], first["value"], first["verdict"] = "not JSON", None, "unclear"
        second["value"] = 1 - second["value"] if second["value"] in (0, 1) else 0

    log = changed(interviews[0], tmp_path / "a.eval", spoil)
    page = care_report([log], tmp_path / "a.html").read_text("utf-8")
    (found,) = re.findall(
        r'id="nodes".*?<tr><th>all</th><td>(\d+) of (\d+) = [^;]+; 1 not scored;', page, re.S
    )
    assert int(found[0]) == int(found[1]) - 1


def test_settings_tell_two_runs_of_a_model_apart_and_secrets_stay_out(tmp_path):
    paths = [log_of(crisis(limit=2, max_new_tokens=n), lambda _: EVIL, tmp_path / str(n)) for n in (20, 30)]

    def hide(log):
        log.eval.model_args = {"api_key": f"hush-{log.location}", "patch": "p1"}

    paths = [changed(p, tmp_path / f"{i}.eval", hide) for i, p in enumerate(paths)]
    page = care_report(paths, tmp_path / "a.html").read_text("utf-8")
    for n in (20, 30):
        assert f"<span>mockllm/model, max_new_tokens {n}, max_tokens {n}</span>" in page
    assert "hush" not in page and "patch" not in page, "what is the same needs no name"


# ---- what a log lacks --------------------------------------------------------------------------------------------


def test_what_was_not_scored_is_counted_by_reason(logs, tmp_path):
    def spoil(log):
        first, second, third = [s for s in log.samples if s.scores["handled"].value == 0.0][:3]
        first.error = EvalError(message=EVIL, traceback="", traceback_ansi="")
        second.scores = None
        third.output.choices[0].stop_reason = "max_tokens"

    log = changed(logs[0], tmp_path / "a.eval", spoil)
    page = care_report([log], tmp_path / "a.html").read_text("utf-8")
    for what, number in (
        ("not scored: empty reply", 4),
        ("not scored: the sample failed", 1),
        ("not scored: no score in the log", 1),
        ("scored as it stands, though cut off by a limit", 1),
    ):
        assert f"<tr><th>{what}</th><td>{number}</td></tr>" in page
    right = sum(v is True for v in flags(logs[0]).values())
    assert f"{words(right, 14, 14)}; 6 not scored" in page, (
        "a failed sample is no fault, whatever score it has"
    )
    assert "<script" not in page and "\u202e" not in page


def test_a_log_that_was_cut_off_says_so(logs, tmp_path):
    def cut(log):
        log.status, log.samples = "cancelled", log.samples[:5]

    log = changed(logs[0], tmp_path / "a.eval", cut)
    page = care_report([log], tmp_path / "a.html").read_text("utf-8")
    assert '<p class="warn">a.eval: 15 of 20 samples are not in it; the run was cut off</p>' in page
    assert 'class="warn">a.eval' not in care_report(logs, tmp_path / "b.html").read_text("utf-8")


def set_value(log, value):
    log.samples[0].scores[next(iter(log.samples[0].scores))].value = value


@pytest.mark.parametrize(
    ("task", "change", "said"),
    [
        (
            "crisis",
            lambda log: set_value(log, 0.5),
            "sample 1: not a sample of sophro/crisis .*0.5, neither 0 nor 1",
        ),
        ("crisis", lambda log: set_value(log, "C"), "sample 1: not a sample of sophro/crisis"),
        (
            "crisis",
            lambda log: log.samples[1].metadata.pop("level"),
            "sample 2: not a sample of sophro/crisis",
        ),
        (
            "interview",
            lambda log: set_value(log, {"nodes": 1.0}),
            "sample 1: not a sample of sophro/interview",
        ),
        (
            "interview",
            lambda log: log.samples[0].metadata["interview"].update(turns=[3]),
            "sample 1: not a sample of sophro/interview",
        ),
        (
            "interview",
            lambda log: log.samples[0].metadata["interview"]["outcome"].pop("level"),
            "sample 1: not a sample of sophro/interview",
        ),
    ],
)
def test_a_broken_sample_is_named_and_nothing_is_written(task, change, said, logs, interviews, tmp_path):
    log = changed(logs[0] if task == "crisis" else interviews[0], tmp_path / "a.eval", change)
    with pytest.raises(SophroError, match=said):
        care_report([log], tmp_path / "a.html")
    assert not (tmp_path / "a.html").exists()


def test_a_log_without_what_was_meant_still_has_its_shares(interviews, tmp_path):
    def forget(log):
        for sample in log.samples:
            del sample.metadata["interview"]["wanted"], sample.metadata["interview"]["gold"]
        log.samples[0].scores["as_meant"].value["outcome"] = 0.0

    page = care_report([changed(interviews[0], tmp_path / "a.eval", forget)], tmp_path / "a.html").read_text()
    assert (
        words(1, 2, 2) in page
        and "meant: not recorded" in page
        and "<tr><th>not recorded</th><td>1</td>" in page
    )
    assert "kappa of the outcome" not in page and "Single judgments" not in page


def test_versions_and_repeated_samples_are_refused(logs, tmp_path):
    with pytest.raises(SophroError, match=r"the same run as .*name one of the two"):
        care_report([logs[0], changed(logs[0], tmp_path / "b.eval", lambda _: None)], tmp_path / "a.html")

    def repeat(log):
        log.samples[1] = log.samples[0]

    with pytest.raises(SophroError, match=r"sample 2: .*was there before"):
        care_report([changed(logs[0], tmp_path / "c.json", repeat)], tmp_path / "a.html")

    def older(log):
        log.eval.task_version = 0

    with pytest.raises(SophroError, match="scored by version 0 of sophro/crisis"):
        care_report([logs[1], changed(logs[0], tmp_path / "a.eval", older)], tmp_path / "a.html")
    assert not (tmp_path / "a.html").exists()


# ---- the command -------------------------------------------------------------------------------------------------


def test_folders_of_logs_and_what_stands_in_them(logs, interviews, tmp_path, capsys):
    folder, out = tmp_path / "logs", tmp_path / "page.html"
    folder.mkdir()
    shutil.copy(logs[0], folder)
    (folder / "listing.json").write_text("{}")
    assert run(["report", str(folder), "--out", str(out)]) == 0
    assert "Replies to people in danger" in out.read_text("utf-8")
    out.unlink()
    (tmp_path / "run/stages").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    capsys.readouterr()
    mixed = [str(folder), str(interviews[0])]
    for sources, word in (
        (mixed, "a log of sophro/interview, but"),
        ([str(folder), str(tmp_path / "run")], "pages of their own"),
        ([str(tmp_path / "empty")], "not a run directory (no stages/) and no log of Inspect"),
        (["nowhere.eval"], "no such file or folder"),
    ):
        assert run(["report", *sources, "--out", str(out)]) == 2
        said = capsys.readouterr().err
        assert word in said and said.count("\n") == 1 and not out.exists()
    shutil.copy(interviews[0], folder)
    assert run(["report", str(folder), "--out", str(out)]) == 2 and not out.exists()
    assert "write one page for each task" in capsys.readouterr().err


def talks_of(folder, monkeypatch):
    monkeypatch.setattr(_controller, "crisis_monitor", lambda *_: Silent())
    return log_of(restructuring(lang="en", limit=2, manner="refusing"), lambda _: EVIL, folder)


def test_restructuring_counts_own_turns_and_names_what_failed(tmp_path, monkeypatch):
    path = talks_of(tmp_path, monkeypatch)
    asked = [s.metadata["own_turns"][1] for s in read_eval_log(path).samples]
    assert all(asked)
    page = restructuring_report(path, tmp_path / "a.html").read_text("utf-8")
    own = words(0, sum(asked), 2)  # none is its own, so the interval is that of two talks
    assert f"<span>helper: mockllm/model; turns in its own words {own}</span>" in page
    assert 'class="warn">' not in page.split("</header>")[0]

    def fail(log):
        log.samples[0].error = EvalError(message="x", traceback="", traceback_ansi="")
        log.eval.model = EVIL

    page = restructuring_report(changed(path, tmp_path / "b.eval", fail), tmp_path / "b.html").read_text(
        "utf-8"
    )
    assert "1 of 2 samples hold no talk: they failed" in page and "1 talks; a thought changed in" in page
    assert words(0, asked[1], 1) in page and "<script" not in page and "\u202e" not in page

    def nothing(log):
        for sample in log.samples:
            del sample.metadata["dialogue"]

    with pytest.raises(SophroError, match="holds no dialogue"):
        restructuring_report(changed(path, tmp_path / "c.eval", nothing), tmp_path / "c.html")
    assert not (tmp_path / "c.html").exists()


def speaks(input):
    """A helper in form: it asks one question that fits every step before the close."""
    return json.dumps({"sentences": [{"strategy": "question", "text": "How was that for you?"}]})


@pytest.fixture(scope="module")
def restructured(tmp_path_factory):
    """Two helpers with the same people: one never in form, one always but at the close."""
    folder = tmp_path_factory.mktemp("restructured")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_controller, "crisis_monitor", lambda *_: Silent())
        made = [log_of(restructuring(limit=3, lang="en"), say, folder) for say in (lambda _: EVIL, speaks)]

    def name(log):
        log.eval.model = "mockllm/speaks"

    return [Path(made[0]), changed(made[1], folder / "speaks.eval", name)]


def test_several_logs_of_restructuring_are_one_page_side_by_side(restructured, tmp_path, capsys):
    out = tmp_path / "a.html"
    assert run(["report", *map(str, restructured), "--out", str(out)]) == 0
    page = out.read_text("utf-8")
    logs = [read_eval_log(str(p)).samples for p in restructured]
    assert "<span>mockllm/model</span><span>mockllm/speaks</span>" in page
    assert "<h3>mockllm/speaks minus mockllm/model</h3>" in page and "3 talks, 6 samples" in page
    ids = [s.id for s in logs[0]]
    assert re.findall(r"<summary>(\S+) ", page) == ids and [s.id for s in logs[1]] == ids
    assert page.count('<div class="sides">') == 3 and "<small>helper · automatic</small>" in page
    # Who never worded a turn that could be used has kept no process: not scored, whatever the stand-ins kept.
    assert all("could be used" in s.scores["process"].explanation for s in logs[0])
    assert "not scored (3)" in page
    right = [s.scores["process"].value["process"] == 1.0 for s in logs[1]]
    assert words(sum(right), 3, 3) in page
    own = [[s.metadata["own_turns"] for s in samples] for samples in logs]
    assert sum(o for o, _ in own[0]) == 0 < sum(o for o, _ in own[1])
    (turns,) = re.findall(r'id="own".*?<tr><th>all</th>(<td>.*?)</tr>', page, re.S)
    for mine in own:
        got = rate(
            [i < o for o, n in mine for i in range(n)], [k for k, (_, n) in enumerate(mine) for _ in range(n)]
        )
        said = f"{got.k} of {got.n} = {100 * got.value:.0f} % [{100 * got.low:.0f}, {100 * got.high:.0f}]"
        assert f"<td>{said}; 3 talks</td>" in turns
    changed_in = [[any(c["new"] for c in s.metadata["dialogue"]["channels"]) for s in x] for x in logs]
    found = compare(changed_in[1], changed_in[0], ids)
    assert f"<li>a thought changed: {100 * found.difference:+.1f} points [" in page
    for check in logs[1][0].scores["process"].metadata["checks"]:
        assert f"<tr><th>{escape(check)}</th>" in page
    many = [sum(len(t["sentences"]) for s in x for t in s.metadata["dialogue"]["turns"]) for x in logs]
    (table,) = re.findall(r'id="strategies".*?</table>', page, re.S)
    rows = re.findall(r"<tr><th>\w+</th><td>(\d+)</td><td>(\d+)</td></tr>", table)
    assert [sum(int(r[i]) for r in rows) for i in (0, 1)] == many
    assert "<tr><th>ended: closed</th><td>3</td><td>3</td></tr>" in page and "<script" not in page


def test_a_broken_talk_among_several_logs_is_named_and_a_failed_one_counts_nowhere(restructured, tmp_path):
    def fail(log):
        log.samples[0].error = EvalError(message=EVIL, traceback="", traceback_ansi="")
        log.samples[0].metadata.pop("dialogue")
        log.samples[1].metadata["dialogue"].update(end="unanswered", why="abusive")
        log.samples[2].scores["process"].metadata["checks"]["ended"] = False
        log.samples[2].scores["process"].value["process"] = 8 / 9

    paths = [restructured[0], changed(restructured[1], tmp_path / "b.eval", fail)]
    page = care_report(paths, tmp_path / "a.html").read_text("utf-8")
    assert "<tr><th>not scored: the sample failed</th><td>0</td><td>1</td></tr>" in page
    assert "<tr><th>ended: unanswered (abusive)</th><td>0</td><td>1</td></tr>" in page
    (faults,) = re.findall(r'id="faults".*?</table>', page, re.S)
    assert "<tr><th>ended</th><td>0</td><td>1</td></tr>" in faults and "<script" not in page
    for spoil, said in (
        (
            lambda log: log.samples[1].scores["process"].value.update(process=3),
            "sample 2: .*3, not between 0 and 1",
        ),
        (
            lambda log: log.samples[1].metadata.pop("own_turns"),
            "sample 2: not a sample of sophro/restructuring",
        ),
        (lambda log: log.samples[0].metadata["dialogue"].update(turns=[3]), "sample 1: not a sample of"),
    ):
        path = changed(restructured[1], tmp_path / "c.eval", spoil)
        with pytest.raises(SophroError, match=said):
            care_report([restructured[0], path], tmp_path / "never.html")
    assert not (tmp_path / "never.html").exists()


@pytest.mark.parametrize("room", ["crisis", "interview", "restructuring"])
def test_the_command_of_the_page_works(room, logs, interviews, tmp_path, monkeypatch):
    page = (Path(__file__).resolve().parents[2] / f"docs/{room}.md").read_text("utf-8")
    (line,) = re.findall(r"^sophro report .*$", page, re.M)
    (tmp_path / "logs").mkdir()
    made = {"crisis": logs, "interview": interviews}.get(room) or [talks_of(tmp_path / "made", monkeypatch)]
    for number, path in enumerate(made):
        shutil.copy(path, tmp_path / f"logs/{number}.eval")
    monkeypatch.chdir(tmp_path)
    assert run(shlex.split(line)[1:]) == 0 and len(list(tmp_path.glob("*.html"))) == 1
