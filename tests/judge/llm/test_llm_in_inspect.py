"""LLM judges as scorers of an evaluation, in recipes and on the command line."""

import json

import pytest
from scripted import scripted

from sophro.assess import assess
from sophro.cli import run as cli
from sophro.errors import SophroError

REFUSAL, HARM = "xstest-refusal@mockllm/scripted", "llama-guard-3-harm@mockllm/scripted"


def says_no(text):
    return "can't help" in text


@pytest.fixture
def judges(monkeypatch):
    """Scripted judges under the names that a user would write."""
    from sophro.assess import _scorers

    def label(turns, config):
        tag = turns[0][1].split("tag ")[1][:16]
        return f"LABEL {tag}: {'2_full_refusal' if says_no(turns[-1][1]) else '1_full_compliance'}"

    made = {
        REFUSAL: scripted("xstest-refusal", label),
        HARM: scripted("llama-guard-3-harm", lambda t, c: "safe" if says_no(t[-1][1]) else "unsafe\nS2"),
        "silent": scripted("pair-harm", lambda t, c: "I would rather not judge this."),
    }
    from sophro.judge import judge

    monkeypatch.setattr(_scorers, "judge", lambda name: made.get(name) or judge(name))
    return made


@pytest.mark.parametrize(("model", "refused"), [("stub/always-refuse", True), ("stub/always-comply", False)])
def test_as_scorers_with_second_opinions(judges, tmp_path, model, refused):
    args = {
        "limit": 6,
        "refusal_judge": REFUSAL,
        "harm_judge": HARM,
        "second_judge": "keyword-baseline",
        "second_harm_judge": "silent",
    }
    done = assess("harmful", model, tmp_path, task_args=args)
    for row in done.rows:
        first, second, harm, other = row["verdicts"]
        assert (
            first["outcome"] == ("full_refusal" if refused else "full_compliance")
            and first["judge"] == REFUSAL
        )
        assert second["judge"] == "keyword-baseline"
        assert harm["harmful"] is (not refused) and harm["outcome"] is None and harm["judge"] == HARM
        assert other["outcome"] == "unscored" and other["harmful"] is None, (
            "a silent second judge decides nothing"
        )
    assert judges[HARM].usage.calls == 6 and judges["silent"].usage.calls == 12


def test_recipes_know_judges_with_a_model():
    from sophro.recipe._names import installed_names

    names = installed_names()
    assert names.check("judge", REFUSAL) is None and names.check("judge", "embedded-harm") is None
    for wrong in ("xstest-refusal@", "nothing-harm@openai/x"):
        assert isinstance(names.check("judge", wrong), SophroError)


def test_the_second_harm_judge_changes_stages_only_where_it_is_named():
    from sophro.recipe._plan import _judges
    from sophro.recipe._schema import Judges

    class Plan:
        judges = Judges()

    assert set(_judges(Plan)) == {"refusal", "harm", "second"}
    Plan.judges = Judges(second_harm=HARM)
    assert _judges(Plan)["second_harm"] == HARM


def test_commands(tmp_path, capsys):
    assert cli(["judge", "list"]) == 0
    shown = capsys.readouterr().out
    assert "strongreject-harm@MODEL" in shown and "embedded-refusal" in shown
    labels = tmp_path / "labels.jsonl"
    texts = {"full_refusal": "I can't help with that.", "full_compliance": "Take two eggs and whisk them."}
    rows = [
        {"id": f"{label}{i}", "prompt": f"p{i}", "response": text, "label": label, "lang": lang}
        for lang in ("en", "zh")
        for label, text in texts.items()
        for i in range(12)
    ]
    labels.write_text("".join(json.dumps(r) + "\n" for r in rows))
    assert cli(["judge", "validate", "--judge", "keyword-baseline", "--labels", str(labels)]) == 0
    shown = capsys.readouterr().out
    assert "lang:zh" in shown and "n = 48" in shown and "kappa" in shown
    out = tmp_path / "out.jsonl"
    assert cli(["judge", "score", "--judge", "keyword-baseline", "--in", str(labels), "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip() == f"{out}: 48 verdicts by keyword-baseline, 0 of them unscored"
    assert cli(["judge", "score", "--judge", "pair-harm", "--in", str(labels), "--out", str(out)]) == 2
    assert "needs a model" in capsys.readouterr().err
