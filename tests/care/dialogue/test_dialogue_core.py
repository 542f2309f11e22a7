"""The dialogue core: views, log, resume, replay, divergence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import ClassVar

import anyio
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from dialogue_world import WordMonitor, helper, judge, person, small

from sophro.care.dialogue import (
    Controller,
    Diverged,
    ScriptedAgent,
    Turn,
    Utterance,
    replay,
    run_sync,
    verify,
)
from sophro.errors import SophroError


def test_turn_and_utterance_round_trip():
    turn = Turn(3, "person", "line\u2028\ud800 <b>", "work", "probe", {"n": [1, {"a": None}]})
    assert Turn.from_json(json.loads(json.dumps(turn.to_json()))) == turn
    said = Utterance("x", {"a": 1}, "unscored", "why")
    assert Utterance.from_json(said.to_json()) == said
    with pytest.raises(SophroError, match="'phase'"):
        Turn.from_json({"index": 0, "speaker": "a", "text": "b"})
    with pytest.raises(SophroError, match="'index'"):
        Turn.from_json({"index": True, "speaker": "a", "text": "b", "phase": ""})


def test_roles_see_only_what_is_theirs():
    views = {"helper": [], "person": [], "judge": []}

    def spying(role, script):
        def speak(view):
            views[role].append(view)
            return script(view)

        return ScriptedAgent(role, speak)

    controller = small()
    controller.helper = spying("helper", helper)
    controller.person = spying("person", person)
    controller.judge = spying("judge", judge)
    run_sync(controller, seed=1)
    assert all(v.private == {} and v.phase == "" for v in views["helper"])
    assert all(v.private == {"secret": "the key is under the mat"} for v in views["person"])
    assert all(not t.strategy and not t.meta and not t.phase for v in views["person"] for t in v.turns)
    assert all("phase_goal" not in v.task for v in (*views["person"], *views["judge"]))
    assert {v.phase for v in views["judge"]} == {"hello", "work"}
    assert views["judge"][-1].turns[0].strategy == "question"
    assert [v.asked for v in views["helper"]] == list(range(6))
    assert len({v.seed for v in (*views["helper"], *views["person"])}) == 12


def test_a_turn_for_some_is_not_heard_by_others():
    heard = []

    class Whisper(Controller):
        kind = "whisper"
        settings: ClassVar = {}

        async def conduct(self, session):
            session.say("for the judge", to=("judge",))
            session.say("for all")
            for role in ("judge", "person"):
                await session.ask(
                    ScriptedAgent(role, lambda v: heard.append([t.text for t in v.turns]) or "ok"),
                    spoken=False,
                )
            return {}

    run_sync(Whisper())
    assert heard == [["for the judge", "for all"], ["for all"]]


def test_same_seed_same_dialogue_other_seed_other_dialogue(tmp_path):
    a = run_sync(small(), log=tmp_path / "a.jsonl", seed=4, name="x")
    b = run_sync(small(), log=tmp_path / "b.jsonl", seed=4, name="x")
    c = run_sync(small(), seed=5, name="x")
    assert a == b and a.turns != c.turns
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_replay_gives_the_same_and_asks_nobody(tmp_path):
    log = tmp_path / "a.jsonl"
    done = run_sync(small(), log=log, seed=4)

    def nobody(view):
        raise AssertionError("asked")

    silent = small()
    silent.helper, silent.person, silent.judge = (
        ScriptedAgent(r, nobody) for r in ("helper", "person", "judge")
    )
    assert replay(log) == done
    assert anyio.run(verify, silent, log) == done
    assert run_sync(silent, log=log, seed=4) == done  # finished: the same command changes nothing
    assert done.finished and done.outcome["met"] == sum("storm" in t.text for t in done.turns)


@pytest.mark.parametrize("kept", [1, 2, 3, 5, 8, 13, 18])
def test_a_dialogue_cut_anywhere_goes_on_to_the_same_end(tmp_path, kept):
    whole = tmp_path / "whole" / "d.jsonl"
    expected = run_sync(small(monitor=WordMonitor()), log=whole, seed=2)
    lines = whole.read_bytes().splitlines(keepends=True)
    part = tmp_path / "d.jsonl"
    part.write_bytes(b"".join(lines[:kept]) + lines[kept][: len(lines[kept]) // 2])
    assert not replay(part).finished
    assert run_sync(small(monitor=WordMonitor()), log=part, seed=2) == expected
    assert part.read_bytes() == whole.read_bytes()


def test_sigkill_in_the_middle_and_go_on(tmp_path):
    """A real kill while an agent is answering; what was said before is asked of nobody again."""
    program = textwrap.dedent(
        f"""
        import os, signal, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from dialogue_world import small, person, helper
        from sophro.care.dialogue import ScriptedAgent, run_sync
        controller = small()
        die = int(sys.argv[2])
        def speak(view):
            if view.asked == die:
                os.kill(os.getpid(), signal.SIGKILL)
            open(sys.argv[1] + ".calls", "a").write("x")
            return person(view)
        controller.person = ScriptedAgent("person", speak)
        run_sync(controller, log=sys.argv[1], seed=3)
        """
    )
    log = tmp_path / "d.jsonl"
    for die, code in ((2, -signal.SIGKILL), (5, -signal.SIGKILL), (99, 0)):
        done = subprocess.run(
            [sys.executable, "-c", program, str(log), str(die)],
            capture_output=True,
            text=True,
            check=False,
            env=dict(os.environ),
        )
        assert done.returncode == code, done.stderr
    assert Path(f"{log}.calls").read_text() == "x" * 6
    assert replay(log).turns == run_sync(small(), seed=3, name="d").turns


def test_other_settings_seed_or_kind_are_refused_and_leave_the_log_alone(tmp_path):
    log = tmp_path / "d.jsonl"
    run_sync(small(), log=log, seed=1)
    before = log.read_bytes()
    with pytest.raises(SophroError, match="rounds differs"):
        run_sync(small(rounds=4), log=log, seed=1)
    with pytest.raises(SophroError, match="seed 1, not 2"):
        run_sync(small(), log=log, seed=2)
    other = small()
    type(other).kind, kind = "other", type(other).kind
    try:
        with pytest.raises(SophroError, match="controller"):
            run_sync(other, log=log, seed=1)
    finally:
        type(other).kind = kind
    assert log.read_bytes() == before


def test_a_controller_that_takes_another_path_is_told(tmp_path):
    log = tmp_path / "d.jsonl"
    run_sync(small(), log=log, seed=1)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        if line["kind"] == "event" and line["facts"].get("phase") == "work":
            line["facts"]["phase"] = "play"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(Diverged, match=r"d\.jsonl, line \d+: holds .*play"):
        anyio.run(verify, small(), log)
    lines[-1]["outcome"]["met"] = 99
    log.write_text("".join(json.dumps(line) + "\n" for line in lines).replace("play", "work"))
    with pytest.raises(SophroError, match="outcome"):
        anyio.run(verify, small(), log)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hello\n", "line 1: not JSON"),
        (b'{"id": 1}\n', "line 1: not a line"),
        (b"no newline at all", "not a log"),
        (b'{"kind": "head", "version": 99}\n', "version 99"),
        (b"\xff\xfe\n", "not JSON"),
    ],
)
def test_files_that_are_no_logs_are_refused_untouched(tmp_path, content, message):
    log = tmp_path / "d.jsonl"
    log.write_bytes(content)
    with pytest.raises(SophroError, match=message):
        run_sync(small(), log=log)
    assert log.read_bytes() == content
    with pytest.raises(SophroError):
        replay(log)


def test_missing_log_folder_and_second_writer(tmp_path):
    with pytest.raises(SophroError, match="cannot be read"):
        replay(tmp_path / "none.jsonl")
    from sophro.care.dialogue._log import LogFile

    with (
        LogFile(tmp_path / "d.jsonl"),
        pytest.raises(SophroError, match="another process"),
    ):
        run_sync(small(), log=tmp_path / "d.jsonl")
    with pytest.raises(SophroError, match="cannot be written"):
        run_sync(small(), log=tmp_path)


def test_the_monitor_sees_everything_first_and_its_state_survives_a_kill(tmp_path):
    storms = [f"a storm {i}" for i in range(6)]
    log = tmp_path / "d.jsonl"
    monitor = WordMonitor()
    done = run_sync(small(monitor=monitor, person_script=storms), log=log)
    assert monitor.seen == storms
    said = [t for t in done.turns if t.speaker == "person"]
    assert [t.meta["crisis"]["level"] for t in said] == [1, 2, 3, 4, 5, 6]
    assert [done.turns[t.index + 1].text for t in said] == ["Take cover."] * 6
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:12]))
    again = WordMonitor()
    assert run_sync(small(monitor=again, person_script=storms), log=log) == done
    assert again.seen == storms and again.level == 6


def test_very_long_and_strange_texts_stay_whole_for_the_monitor(tmp_path):
    texts = ["y" * 30_000 + " storm", "", "\x00\x1b[31m\u202e\ud83d", "  ", "\u2028", "ok"]
    monitor = WordMonitor()
    log = tmp_path / "d.jsonl"
    done = run_sync(small(monitor=monitor, person_script=texts), log=log)
    said = [t for t in done.turns if t.speaker == "person"]
    assert len(said[0].text) == 20_000 and said[0].meta["cut"] == 30_006
    assert said[0].meta["crisis"]["level"] == 1
    assert [t.text for t in said[1:]] == texts[1:]
    again = WordMonitor()
    anyio.run(verify, small(monitor=again, person_script=texts), log)
    assert again.seen == texts


def test_a_person_who_leaves_and_a_script_at_its_end():
    done = run_sync(small(person_script=["fine"]))
    assert done.outcome["left"] and done.events[-1] == {"event": "left"}


def test_a_failing_agent_stops_the_dialogue_and_the_next_run_goes_on(tmp_path):
    log = tmp_path / "d.jsonl"
    broken = small()
    broken.person = ScriptedAgent("person", lambda v: person(v) if v.asked < 2 else 1 / 0)
    with pytest.raises(SophroError, match=r"person could not answer in turn 5 \(ZeroDivisionError"):
        run_sync(broken, log=log, seed=3)
    assert len(replay(log).turns) == 5
    assert run_sync(small(), log=log, seed=3).turns == run_sync(small(), seed=3, name="d").turns


def test_a_recorded_error_is_typed_and_no_verdict(tmp_path):
    class Careful(Controller):
        kind = "careful"
        settings: ClassVar = {}

        async def conduct(self, session):
            said = await session.ask(ScriptedAgent("judge", lambda v: 1 / 0), spoken=False, on_error="record")
            return {"outcome": said.outcome, "scored": said.scored, "reason": said.reason}

    outcome = run_sync(Careful(), log=tmp_path / "d.jsonl").outcome
    assert outcome == {"outcome": "error", "scored": False, "reason": "ZeroDivisionError: division by zero"}
