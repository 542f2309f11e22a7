"""The closed loop goes on where it was killed; nobody is asked twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from arena_world import Silent

from sophro.care.arena import Finding, ModelWriter, _reflect, _session
from sophro.care.dialogue import Utterance
from sophro.cli import run
from sophro.files import read_jsonl


def test_sigkill_in_the_middle_of_the_loop_and_go_on(tmp_path):
    program = textwrap.dedent(
        f"""
        import json, os, signal, sys
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from arena_world import Silent, profile
        from sophro.care.arena import Parts, Trials, _session, improve, scripted_counselor
        from sophro.care.dialogue import ScriptedAgent
        _session.crisis_monitor = lambda _: Silent()
        out, die = Path(sys.argv[1]), int(sys.argv[2])
        calls = out / "calls"
        def make(rules):
            inner = scripted_counselor("bad", tuple(rules))
            async def speak(view):
                if calls.exists() and calls.stat().st_size >= die:
                    os.kill(os.getpid(), signal.SIGKILL)
                with calls.open("a") as f:
                    f.write("x")
                return await inner.speak(view)
            return ScriptedAgent("counselor", speak)
        out.mkdir(exist_ok=True)
        clients = [profile(i) for i in ("move-en-1", "study-en-1", "work-zh-1", "grief-zh-1")]
        trials = Trials("bad", out / "trials", make=make)
        loop = improve(trials, Parts(clients[:2], clients[2:3], clients[3:]), rounds=2)
        print(json.dumps(loop.to_dict(), ensure_ascii=True))
        """
    )

    def go(out, die):
        return subprocess.run(
            [sys.executable, "-c", program, str(out), str(die)],
            capture_output=True,
            text=True,
            check=False,
            env=dict(os.environ),
        )

    whole = go(tmp_path / "whole", 10**6)
    assert whole.returncode == 0, whole.stderr
    total = (tmp_path / "whole/calls").stat().st_size
    assert total > 60 and json.loads(whole.stdout)["rules"]
    for die in (7, total // 2, total - 3):
        assert go(tmp_path / "killed", die).returncode == -signal.SIGKILL
        assert (tmp_path / "killed/calls").stat().st_size == die, (
            "what was answered before is asked of nobody again"
        )
    last = go(tmp_path / "killed", 10**6)
    assert last.returncode == 0 and last.stdout == whole.stdout
    assert (tmp_path / "killed/calls").stat().st_size == total


def test_the_command_goes_on_from_what_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(_session, "crisis_monitor", lambda _: Silent())
    out = tmp_path / "better"
    command = ["arena", "improve", "bad", "--limit", "4", "--rounds", "1", "--lang", "en", "--out", str(out)]
    assert run(command) == 0
    before = {p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    logs = sorted(out.glob("trials/*/logs/*.jsonl"))
    trials = json.loads((out / "loop.json").read_text())["trials"]
    assert len(trials) == 6 and sum(t["clients"] for t in trials) == len(logs)
    assert all((out / "trials" / t["folder"] / "arena.json").is_file() for t in trials)
    for log in logs[::2]:  # as after a kill: cut logs, and what follows from them not written yet
        log.write_bytes(log.read_bytes()[: log.stat().st_size // 2])
    for file in [out / "loop.json", out / "rules.txt", *list(out.glob("trials/*/rated/*.json"))[::2]]:
        file.unlink()
    assert run(command) == 0
    assert {p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    page = tmp_path / "trial.html"
    assert run(["arena", "report", str(out / "trials" / trials[0]["folder"]), "--out", str(page)]) == 0


def test_ratings_of_a_model_are_kept_too(tmp_path, monkeypatch):
    from sophro.care.arena import ModelJudge, RuleJudge, Trials, flow_by_rules, shipped_profiles

    monkeypatch.setattr(_session, "crisis_monitor", lambda _: Silent())
    asked = []

    class Counting(ModelJudge):
        async def rate(self, side, session, profile, state):
            asked.append(side)
            return RuleJudge().rate(side, session, profile, state)

        async def flow(self, session, profile):
            asked.append("flow")
            return flow_by_rules(session, profile)

    clients = shipped_profiles()[:2]
    first = Trials("bad", tmp_path, judge=Counting("m", 1))(clients, [])
    assert len(asked) == 8
    assert Trials("bad", tmp_path, judge=Counting("m", 1))(clients, []) == first and len(asked) == 8
    Trials("bad", tmp_path, judge=Counting("other", 1))(clients, [])
    assert len(asked) == 16, "another judge rates for itself"


def test_written_rules_are_asked_for_once(tmp_path, monkeypatch):
    asked = []

    class Fake:
        def __init__(self, role, model, build, **_):
            pass

        async def speak(self, view):
            asked.append(view)
            if len(asked) == 1:
                return Utterance("", outcome="unscored", reason="no JSON")
            return Utterance(
                "", {"rules": [{"text": f"When {len(asked)}, listen.", "sources": ["S2", "no"]}]}
            )

    monkeypatch.setattr(_reflect, "ModelAgent", Fake)
    finding = Finding("S2", "supervisor", 1.0, 2, (("s", 1),), "r")
    assert ModelWriter("m", folder=tmp_path)([finding], 1) == [], "an unread answer is not kept"
    first = ModelWriter("m", folder=tmp_path)([finding], 1)
    assert first[0].sources == ("S2",) and ModelWriter("m", folder=tmp_path)([finding], 1) == first
    assert len(asked) == 2
    assert ModelWriter("m", folder=tmp_path)([finding], 2) != first and len(asked) == 3


@pytest.mark.parametrize("kept", [3, 9])
def test_a_dialogue_of_a_trial_that_was_cut_is_whole_again(tmp_path, monkeypatch, kept):
    from sophro.care.arena import Trials, shipped_profiles

    monkeypatch.setattr(_session, "crisis_monitor", lambda _: Silent())
    clients = shipped_profiles()[:1]
    first = Trials("bad", tmp_path)(clients, [])
    (log,) = tmp_path.glob("*/logs/*.jsonl")
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:kept]) + lines[kept][:10])
    assert Trials("bad", tmp_path)(clients, []) == first
    assert len(list(read_jsonl(log))) == len(lines)
