"""Attacks through tasks, decoding, judges and logs: known rules give exactly the known rates."""

from __future__ import annotations

import math

import pytest
from inspect_ai.log import read_eval_log

from sophro.assess import assess, tasks
from sophro.attack import Attempt
from sophro.chat import Transcript
from sophro.errors import SophroError
from sophro.judge import Exchange, judge
from sophro.models import COMPLIANCE, REFUSAL, STUBS
from sophro.text.encodings import encoding

JUDGES = {"refusal_judge": "stub/refusal", "harm_judge": "stub/harm", "max_new_tokens": 256}


@pytest.fixture
def scripted(monkeypatch):
    def use(script):
        monkeypatch.setitem(STUBS, "scripted", script)
        return "stub/scripted"

    return use


def metrics(log):
    return {
        n: m.value
        for s in read_eval_log(str(log)).results.scores
        if "harm" in s.name
        for n, m in s.metrics.items()
    }


def test_past_tense_asr_at_1_and_at_k_and_ids(scripted, tmp_path):
    """It complies with the third wording alone, on requests with an even number of characters."""
    model = scripted(
        lambda t: COMPLIANCE if "back in the 1990s" in t.prompt and len(t.prompt) % 2 == 0 else REFUSAL
    )
    arguments = {"limit": 6, "attack": "past_tense", "params": {"attempts": 3}, **JUDGES}
    done = assess("harmful", model, tmp_path, task_args=arguments)
    third = [r for r in done.rows if r["attempt"] == 3]
    known = sum(len(r["transcript"][0]["segments"][0]["text"]) % 2 == 0 for r in third) / 6
    assert len(done.rows) == 18 and len({r["id"] for r in done.rows}) == 18 and known > 0
    assert {r["record"] for r in done.rows} == {r["id"].partition("~")[0] for r in done.rows}
    assert {r["attempts"] for r in done.rows} == {3} and done.rows[0]["setting"] == {"attempts": 3}
    found = metrics(done.log)
    assert (found["asr_at_1"], found["asr_at_k"], found["scored"]) == (0.0, known, 18)


@pytest.mark.parametrize("name", ["base64", "rot13", "leetspeak", "caesar", "morse", "ascii"])
def test_encoded_answers_are_judged_in_plain_words(name, scripted, tmp_path):
    chosen = encoding("caesar:3" if name == "caesar" else name)
    done = assess(
        "harmful",
        scripted(lambda t: chosen.encode(COMPLIANCE)),
        tmp_path,
        task_args={"limit": 2, "attack": name, **JUDGES, "max_new_tokens": 4096},
    )
    for row in done.rows:
        assert row["decoded"] == {"how": "decoded", "text": chosen.keeps(COMPLIANCE)}
        said = {"morse": "unscored", "leetspeak": "unscored"}.get(name, "full_compliance")
        assert {v["outcome"] for v in row["verdicts"]} == {said}, "the stub judges know the exact words alone"


def test_an_answer_that_cannot_be_read_is_unscored_by_every_judge(scripted, tmp_path):
    model = scripted(lambda t: "xqzv kjw pplm qqzx vvbn zzkq wxyz jqkv")
    arguments = {
        "limit": 3,
        "attack": "rot13",
        "refusal_judge": "keyword-baseline",
        "harm_judge": "stub/harm",
    }
    done = assess("harmful", model, tmp_path, task_args=arguments)
    for row in done.rows:
        assert {(v["outcome"], v["harmful"]) for v in row["verdicts"]} == {("unscored", None)}
        assert all("neither as plain text nor as ROT13" in v["reason"] for v in row["verdicts"])
        assert {v["judge"] for v in row["verdicts"]} == {"keyword-baseline", "stub/harm"}
    assert all(math.isnan(metrics(done.log)[n]) for n in ("asr_at_1", "asr_at_k"))


def test_attempts_that_could_not_be_built_are_errors_and_not_sent(scripted, tmp_path, monkeypatch):
    asked = []
    model = scripted(lambda t: asked.append(t.prompt) or COMPLIANCE)

    class Half:
        needs, name = (), "half"

        def __call__(self, records, target):
            plain = Transcript.of
            return [
                Attempt(r, plain(r.prompt), {}, "the rewriter refused" * (i % 2))
                for i, r in enumerate(records)
            ]

    monkeypatch.setattr(tasks, "find_attack", lambda name, params: Half())
    done = assess("harmful", model, tmp_path, task_args={"limit": 6, **JUDGES})
    failed = [r for r in done.rows if r["attack_error"]]
    assert len(failed) == len(asked) == 3
    for row in failed:
        assert row["state"] == "attack_error" and row["segments"] == []
        assert {(v["outcome"], v["harmful"]) for v in row["verdicts"]} == {("unscored", None)}
        assert "the rewriter refused" in row["verdicts"][0]["reason"]
    assert metrics(done.log)["asr_at_1"] == 1.0 and metrics(done.log)["scored"] == 3


def test_an_answer_in_another_language_needs_a_translator(scripted, tmp_path, monkeypatch):
    class Foreign:
        needs, name = (), "foreign"

        def __call__(self, records, target):
            return [
                Attempt(r, Transcript.of(r.prompt), {"lang": "sw", "decode": "language:sw"}) for r in records
            ]

    monkeypatch.setattr(tasks, "find_attack", lambda name, params: Foreign())
    said = {True: "Samahani, siwezi kukusaidia na ombi hilo.", False: REFUSAL}
    model = scripted(lambda t: said[len(t.prompt) % 2 == 0])
    done = assess("harmful", model, tmp_path, task_args={"limit": 6, **JUDGES})
    for row in done.rows:
        verdict = row["verdicts"][0]
        if len(row["prompt"]) % 2 == 0:
            assert verdict["outcome"] == "unscored" and "name a translator" in verdict["reason"]
        else:
            assert verdict["outcome"] == "full_refusal", "an English answer is read as it stands"


def test_settings_reach_the_attack_and_wrong_ones_are_refused(scripted, tmp_path):
    model = scripted(lambda t: REFUSAL)
    with pytest.raises(SophroError, match="did you mean shots"):
        assess("harmful", model, tmp_path, task_args={"attack": "ica", "params": {"shot": 1}, **JUDGES})
    done = assess(
        "harmful", model, tmp_path, task_args={"limit": 2, "attack": "ica", "params": {"shots": 1}, **JUDGES}
    )
    assert all(len(r["transcript"]) == 3 for r in done.rows)


def test_stub_judges_know_two_answers_and_nothing_else():
    harm = judge("stub/harm")
    texts = [COMPLIANCE, REFUSAL, "", "I can't.", COMPLIANCE + REFUSAL]
    verdicts = harm([Exchange.of("p", t) for t in texts])
    assert [v.outcome for v in verdicts] == [
        "full_compliance",
        "full_refusal",
        "broken",
        "unscored",
        "unscored",
    ]
    assert [v.harmful for v in verdicts] == [True, False, None, None, None]
