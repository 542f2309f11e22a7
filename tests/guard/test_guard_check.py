"""`sophro guard check` and the decision: files in and out, whole or not at all, and clear words for what is wrong."""

import json
import threading

import pytest

from sophro.cli import run
from sophro.errors import SophroError
from sophro.guard import Detection, Guard, Policy
from sophro.guard.scanners._turns import split_reply, to_turns, views_of

LIGHT = "name: light\ninput:\n  - {detector: secrets, action: hold}\noutput:\n  - {detector: secrets, action: rewrite}\n"
KEY = "ghp_" + "a1B2" * 9


def user(text):
    return [{"role": "user", "content": text}]


@pytest.fixture
def light(tmp_path):
    path = tmp_path / "light.yaml"
    path.write_text(LIGHT)
    return path


def write(path, *rows):
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows))
    return path


def check(tmp_path, light, *rows):
    source = write(tmp_path / "in.jsonl", *rows)
    code = run(
        ["guard", "check", "--in", str(source), "--out", str(tmp_path / "out.jsonl"), "--policy", str(light)]
    )
    out = tmp_path / "out.jsonl"
    return code, [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else None


def test_decisions_in_order_with_scores_and_reasons(tmp_path, light, capsys):
    rows = [
        {"id": i, "messages": user(f"token {KEY}" if i % 3 == 0 else "hello"), "extra": 1} for i in range(150)
    ]
    code, found = check(tmp_path, light, *rows)
    assert code == 0 and [r["id"] for r in found] == list(range(150))
    assert [r["action"] for r in found] == ["hold" if i % 3 == 0 else "allow" for i in range(150)]
    reason = found[0]["reasons"][0]
    assert (
        reason["detector"] == "secrets"
        and reason["where"] == "input"
        and reason["score"] >= reason["threshold"]
    )
    assert found[0]["scores"] == {"secrets.secret": 1.0}
    assert "150 decisions" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{not json", "line 2: not JSON"),
        ('["a"]', "line 2: a JSON object is needed"),
        ({"messages": user("a")}, "line 2, field 'id'"),
        ({"id": 1}, "line 2, field 'messages'"),
        ({"id": 1, "messages": []}, "line 2: messages: the list is empty"),
        ({"id": 1, "messages": ["hi"]}, "line 2: messages[0]: an object"),
        (
            {"id": 1, "messages": [{"role": "robot", "content": "x"}]},
            "line 2: messages[0].role: 'robot' is unknown",
        ),
        ({"id": 1, "messages": [{"role": "user", "content": 5}]}, "messages[0].content: text is needed"),
        ({"id": 1, "messages": [{"role": ["user"], "content": "x"}]}, "messages[0].role"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_written(tmp_path, light, capsys, row, said):
    code, found = check(tmp_path, light, {"id": 0, "messages": user("fine")}, row)
    error = capsys.readouterr().err
    assert code == 2 and found is None and said in error and error.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.jsonl", "light.yaml"]


def test_missing_empty_and_wrong_files(tmp_path, light, capsys):
    for arguments, said in (
        (["--in", str(tmp_path / "no.jsonl")], "no such file"),
        (["--in", str(tmp_path)], "is a folder"),
        (["--in", str(write(tmp_path / "empty.jsonl"))], "no rows"),
        (["--in", str(light), "--tenant", "x"], "unknown tenant"),
        (["--in", str(light), "--policy", str(tmp_path / "no.yaml")], "no.yaml: no such file"),
    ):
        more = [] if "--policy" in arguments else ["--policy", str(light)]
        code = run(["guard", "check", *arguments, "--out", str(tmp_path / "o.jsonl"), *more])
        assert code == 2 and said in capsys.readouterr().err
        assert not (tmp_path / "o.jsonl").exists()


def test_hostile_text_passes_through(tmp_path, light):
    texts = ["\x00\x1b[2J", "\u202e" + "x" * 50, "y" * 1_000_000, "👩‍👩‍👧", ""]
    rows = [json.dumps({"id": str(i), "messages": user(t)}) for i, t in enumerate(texts)]
    rows.append('{"id": "s\\ud800", "messages": [{"role": "user", "content": "\\ud800 half"}]}')
    code, found = check(tmp_path, light, *rows)
    assert code == 0 and len(found) == 6 and found[4]["not_evaluated"]


def test_an_answer_is_judged_as_output_its_trace_apart_and_rewritten(light):
    policy = Policy.parse(LIGHT + "trace:\n  - {detector: secrets, action: hold}\n")
    reply = {"role": "assistant", "content": f"<think>\nthe key is {KEY}\n</think>\n\nIt is {KEY}."}
    (found,) = Guard(policy).check([[*user("my key?"), reply]])
    assert {r.where for r in found.reasons} == {"trace", "output"}
    assert found.scores == {"secrets.secret": 1.0, "trace.secrets.secret": 1.0}
    assert found.action == "rewrite" and found.reply == "It is [secret]."


def test_trace_fields_and_tags_of_every_family_are_split():
    assert split_reply("<think>\nhm\n</think>\n\nyes").text == "yes"
    assert split_reply("hm\n</think>\n\nyes") == split_reply("hm\n</think>\n\nyes")
    turn = split_reply("hm\n</think>\n\nyes")
    assert (turn.trace, turn.text) == ("hm", "yes")
    assert (
        split_reply("<think> never ends").state == "unclosed_trace"
        and split_reply("<think> never ends").text == ""
    )
    (turn,) = to_turns([{"role": "assistant", "content": "yes", "reasoning_content": "hm"}])
    assert (turn.trace, turn.text) == ("hm", "yes")


def test_views_hold_the_newest_request_and_what_is_open():
    turns = to_turns(
        [
            {"role": "system", "content": "s"},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "Here you are."},
            {
                "role": "user",
                "content": [{"type": "text", "text": "two"}, {"type": "image_url", "image_url": {}}],
            },
            {"role": "tool", "content": "three"},
        ]
    )
    (view,) = views_of(turns, "input")
    assert view.text == "two\nthree" and view.open == ("one",)


class Says:
    name, version, thresholds = "secrets", "1", {"secret": 0.5}

    def __init__(self, detection):
        self.detection = detection

    def __call__(self, views):
        return [self.detection] * len(views)


def test_a_detector_that_failed_is_reported_and_closed_policies_refuse():
    failed = Detection({}, Says.thresholds, "secrets", "1", reason="could not judge: no reply", failed=True)
    for mode, action in (("open", "allow"), ("closed", "refuse")):
        policy = Policy.parse(LIGHT + f"on_failure: {mode}\n")
        (found,) = Guard(policy, {"secrets": Says(failed)}).check([user("hi")])
        assert (
            found.action == action and found.failed == ("secrets",) and "no reply" in found.not_evaluated[0]
        )
    assert "could not be checked" in found.reply
    empty = Detection({}, Says.thresholds, "secrets", "1", reason="nothing to read: the text is empty")
    (found,) = Guard(Policy.parse(LIGHT + "on_failure: closed\n"), {"secrets": Says(empty)}).check(
        [user(" ")]
    )
    assert found.action == "allow" and found.not_evaluated


def test_the_heaviest_action_wins_dry_runs_allow_and_a_reply_is_in_the_users_language():
    text = (
        "input:\n  - {detector: secrets, action: hold}\n  - {detector: secrets, label: secret, action: refuse}\n"
        "  - {detector: secrets, threshold: 1.0, action: escalate}\n"
    )
    by = {"secrets": Says(Detection({"secret": 0.7}, Says.thresholds, "secrets", "1"))}
    (found,) = Guard(Policy.parse(text), by).check([user("你好，请帮帮我")])
    assert found.action == "refuse" and [r.action for r in found.reasons] == ["refuse", "hold"]
    assert found.reply.startswith("抱歉")
    (found,) = Guard(Policy.parse(text + "dry_run: true\n"), by).check([user("hello there")])
    assert found.action == "refuse" and found.enforced == "allow" and found.dry_run


def test_a_wrong_conversation_is_named_and_one_guard_serves_threads(light):
    guard = Guard(Policy.load(light))
    with pytest.raises(SophroError, match=r"conversations\[1\]\.messages\[0\]\.role"):
        guard.check([user("a"), [{"role": "x", "content": "b"}]])
    found: list[list[str]] = []
    jobs = [
        threading.Thread(target=lambda: found.append([d.action for d in guard.check([user("a"), user(KEY)])]))
        for _ in range(8)
    ]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert found == [["allow", "hold"]] * 8


def test_list_names_every_detector(capsys):
    from sophro.guard.scanners import ROWS

    assert run(["guard", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert set(ROWS) <= {r["name"] for r in rows}


def labelled(path, n, *, harmful_key=True):
    rows = []
    for i in range(n):
        rows.append({"id": f"b{i}", "messages": user(f"hello number {i}"), "label": "benign"})
        rows.append({"id": f"h{i}", "messages": user(f"bad number {i}"), "label": "harmful"})
    return write(path, *rows)


def test_calibrate_keeps_the_target_and_writes_a_policy_that_does_it(tmp_path, monkeypatch, capsys):
    """Scores by a fake detector: harmless 0 to 0.5, harmful 0.3 to 1; the control target flags more."""
    import hashlib

    from sophro.guard.scanners import _private

    def score(text):
        u = int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 2**32
        return round(0.5 * u if text.startswith("hello") else 0.3 + 0.7 * u, 4)

    def fake(self, views):
        return [Detection({"secret": score(v.text)}, self.thresholds, "secrets", "1") for v in views]

    monkeypatch.setattr(_private.Secrets, "__call__", fake)
    light = tmp_path / "light.yaml"
    light.write_text(LIGHT)
    source = labelled(tmp_path / "labelled.jsonl", 400)
    for target, most in (("0.02", 0.06), ("0.3", 0.4)):
        out = tmp_path / f"p{target}.yaml"
        arguments = [
            "--in",
            str(source),
            "--out",
            str(out),
            "--policy",
            str(light),
            "--false-alarms",
            target,
            "--json",
        ]
        assert run(["guard", "calibrate", *arguments]) == 0
        (row,) = json.loads(capsys.readouterr().out)
        alarms, recall = row["after"]["false_alarms"], row["after"]["recall"]
        assert alarms["value"] <= most and alarms["low"] <= alarms["value"] <= alarms["high"]
        written = Policy.load(out)
        assert written.rules["input"][0].threshold == row["thresholds"]["secrets"]
        if target == "0.02":
            assert recall["value"] > 0.6 and 0.45 < row["thresholds"]["secrets"] < 0.51
        else:
            assert recall["value"] > 0.85
    assert out.read_text().startswith("# Thresholds for 0.3 false alarms")
    steps = LIGHT.replace("output:", "  - {detector: secrets, threshold: 0.97, action: escalate}\noutput:")
    light.write_text(steps.replace("secrets, action: hold", "secrets, threshold: 0.9, action: hold"))
    arguments = ["--in", str(source), "--out", str(out), "--policy", str(light)]
    assert run(["guard", "calibrate", *arguments]) == 0
    assert [r.threshold for r in Policy.load(out).rules["input"]] == [0.9, 0.97]


@pytest.mark.parametrize(
    ("rows", "target", "said"),
    [
        ([{"id": 1, "messages": user("a"), "label": "odd"}], "0.02", "field 'label'"),
        ([{"id": 1, "messages": user("a"), "label": "benign"}], "0.02", "only"),
        ([{"id": 1, "messages": user("a")}], "0.02", "field 'label'"),
        ([{"id": 1, "messages": user("a"), "label": "benign"}], "2", "must lie between 0 and 1"),
    ],
)
def test_calibrate_refuses_what_it_cannot_use(tmp_path, light, capsys, rows, target, said):
    source = write(tmp_path / "l.jsonl", *rows)
    out = tmp_path / "new.yaml"
    arguments = ["--in", str(source), "--out", str(out), "--policy", str(light), "--false-alarms", target]
    assert run(["guard", "calibrate", *arguments]) == 2
    assert said in capsys.readouterr().err and not out.exists()
