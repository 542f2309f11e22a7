"""Counselors that users bring: an agent of Inspect in a file."""

from __future__ import annotations

import json

import pytest
from arena_world import Silent

from sophro.care.arena import _session
from sophro.care.dialogue import OwnAgent
from sophro.cli import run

HEAD = """
from inspect_ai.agent import Agent, AgentState, agent
from inspect_ai.model import ModelOutput
"""
ONE = """
@agent
def {name}() -> Agent:
    async def execute(state: AgentState) -> AgentState:
        {body}
        return state
    return execute
"""
SAYS = 'state.output = ModelOutput.from_content("x", "{}")'


def write(folder, *agents, name="coach.py"):
    file = folder / name
    file.write_text(HEAD + "".join(ONE.format(name=n, body=b) for n, b in agents), "utf-8")
    return file


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(_session, "crisis_monitor", lambda _: Silent())


def arena(*words, out):
    return run(["arena", "run", *words, "--out", str(out), "--limit", "2", "--lang", "en", "--total", "4",
                "--least", "1", "--most", "2"])  # fmt: skip


def turns(out, who):
    rows = [json.loads(line) for line in (out / "sessions.jsonl").read_text("utf-8").splitlines()]
    return [
        x["text"] for r in rows if r["counselor"] == who for x in r["lines"] if x["speaker"] == "counselor"
    ]


def test_an_agent_from_a_file_is_ranked_beside_others(tmp_path, capsys):
    body = (
        'told = [m.text for m in state.messages if m.role == "system"]; '
        'state.output = ModelOutput.from_content("x", f"{len(state.messages)} {state.messages[-1].text} {told}")'
    )
    name = f"agent:{write(tmp_path, ('coach', body))}"
    assert arena(name, "bad", out=tmp_path / "a") == 0
    assert name in capsys.readouterr().out.replace("\n", "")
    said = turns(tmp_path / "a", name)
    # It hears the client's words and is told nothing else.
    assert len(said) > 3 and all(t.endswith("[]") for t in said) and said[0].startswith("1 ")
    (tmp_path / "rules.txt").write_text("Name the feeling that you hear.\n", "utf-8")
    assert arena(name, "bad", "--rules", str(tmp_path / "rules.txt"), out=tmp_path / "b") == 0
    assert all("Name the feeling" in t for t in turns(tmp_path / "b", name))


def test_an_edited_agent_does_not_go_on_with_the_sessions_of_the_one_before(tmp_path, capsys):
    file = write(tmp_path, ("coach", SAYS.format("How was that for you?")))
    name = f"agent:{file}"
    assert arena(name, "bad", out=tmp_path / "a") == 0
    assert arena(name, "bad", out=tmp_path / "a") == 0  # the same one goes on
    write(tmp_path, ("coach", SAYS.format("Tell me more.")))
    capsys.readouterr()
    assert arena(name, "bad", out=tmp_path / "a") != 0
    assert "Traceback" not in capsys.readouterr().err
    assert arena(name, "bad", out=tmp_path / "b") == 0
    assert set(turns(tmp_path / "b", name)) == {"Tell me more."}


@pytest.mark.parametrize(
    ("source", "wanted", "said"),
    [
        (None, "", "coach.py"),
        ("x = (", "", "SyntaxError"),
        ("import nothing_of_the_kind", "", "nothing_of_the_kind"),
        ("x = 1", "", "defines no agent; decorate"),
        (HEAD + "from inspect_ai.agent import react", "", "defines no agent; decorate"),
        (HEAD + ONE.format(name="a", body="pass") + ONE.format(name="b", body="pass"), "", "choose one"),
        (HEAD + ONE.format(name="a", body="pass"), "c", "no agent 'c', but a"),
        (HEAD + ONE.format(name="a", body="pass").replace("def a()", "def a(x)"), "", "without arguments"),
        (HEAD + ONE.format(name="a", body='raise ValueError("out of\\nwords")'), "", "the agent failed: ValueError: out of words"),
        ("\x00", "", "coach.py"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_file_is_one_sentence(tmp_path, capsys, source, wanted, said):
    file = tmp_path / "coach.py"
    if source is not None:
        file.write_text(source, "utf-8")
    name = f"agent:{file}@{wanted}" if wanted else f"agent:{file}"
    assert arena(name, "bad", out=tmp_path / "a") != 0
    err = capsys.readouterr().err
    assert said in err and "coach.py" in err and "Traceback" not in err, err


def test_a_name_without_a_file_says_what_to_write(tmp_path, capsys):
    assert arena("agent:", "bad", out=tmp_path / "a") != 0
    assert "agent:FILE.py" in capsys.readouterr().err


def test_one_of_several_by_name_and_no_answer_is_unscored(tmp_path):
    import anyio

    from sophro.care.dialogue import Turn, View

    file = write(tmp_path, ("kind", SAYS.format("Hello.")), ("mute", SAYS.format(" ")))
    view = View("counselor", "", (Turn(0, "client", "I am tired.", ""),), {}, {}, 0, 0)
    kind, mute = (OwnAgent("counselor", f"agent:{file}@{n}") for n in ("kind", "mute"))
    assert kind.fingerprint == mute.fingerprint
    assert anyio.run(kind.speak, view).text == "Hello."
    assert anyio.run(mute.speak, view).outcome == "unscored"
