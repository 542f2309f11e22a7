"""Training, selection and validation never share a question; each case here can fail."""

import importlib
import json
import os

import pytest

from sophro.data import load_labels
from sophro.errors import SophroError
from sophro.judge import _heldout
from sophro.judge._corpus import Example, corpus, folds, question_key
from sophro.judge._heldout import check_roles, held_questions

needs_data = pytest.mark.skipif(not os.environ.get("SOPHRO_DATA"), reason="SOPHRO_DATA is not set")


def test_the_shipped_roles_are_there_and_apart():
    roles = held_questions()
    assert len(roles["selection"]) > 250 and len(roles["validation"]) >= 450
    assert not roles["selection"] & roles["validation"]
    check_roles({})


@pytest.mark.parametrize(
    "name",
    [
        "judge_fresh_refusal", "judge_fresh_harm", "judge_fresh_empty", "judge_blind_refusal", "judge_blind_harm",
        "judge_blind2_refusal", "judge_blind2_harm",
        "judge_check",
    ],
)  # fmt: skip
def test_a_question_in_another_spelling_is_caught(name):
    prompt = load_labels(f"starter/{name}")[5].prompt
    role = "selection" if name == "judge_check" else "validation"
    with pytest.raises(SophroError, match=f"training and {role} share 1 questions"):
        check_roles({"training": ["something else", f"  {prompt.upper()} !!"]})


def test_selection_and_validation_are_compared_too():
    with pytest.raises(SophroError, match="selection and validation share 1"):
        check_roles({"selection": ["What is new?"], "validation": ["what is NEW"]})


def test_the_corpus_drops_a_question_that_became_a_validation_question(monkeypatch):
    from sophro.judge import _corpus

    rows = [Example(str(i), "own", f"Question {i}?", "a", 0, 0, 1, 0) for i in range(4)]
    for source in ("xstest", "gptfuzz", "requests"):
        monkeypatch.setattr(_corpus, source, lambda: [])
    monkeypatch.setattr(_corpus, "_own", lambda name: rows if name == "own" else [])
    assert len(corpus()) == 4
    monkeypatch.setattr(_corpus, "held_questions", lambda: {"validation": {question_key("question 2")}})
    assert [e.id for e in corpus()] == ["0", "1", "3"]


@pytest.mark.parametrize("name", ["train", "train_reader"])
def test_training_refuses_to_start_on_a_shared_question(monkeypatch, tmp_path, name):
    module = importlib.import_module(f"sophro.judge.{name}")
    prompt = load_labels("starter/judge_fresh_harm")[0].prompt
    monkeypatch.setattr(module, "corpus", lambda part: [Example("1", "own", prompt, "a", 0, 0, 1, 0)])
    with pytest.raises(SophroError, match="training and validation share"):
        getattr(module, name)(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_folds_of_one_question_stay_together_whatever_the_spelling():
    rows = [
        Example(str(i), "own", p, "a", 0, 0, 1, 0)
        for i, p in enumerate(["Why?", "why", "WHY!", "How?", "how ?"] * 9)
    ]
    place = folds(rows, 3)
    assert len({p for r, p in zip(rows, place, strict=True) if r.question == "why"}) == 1


def test_every_fresh_file_is_held():
    names = {
        p.name for p in (_heldout.Path(str(_heldout.files("sophro.data"))) / "starter").glob("judge_*.jsonl")
    }
    assert names == {*_heldout.SELECTION, *_heldout.VALIDATION}, "a new judge set needs a role"


@needs_data
@pytest.mark.public_data
def test_the_real_corpus_and_the_public_validation_set_keep_their_roles():
    public = [r.prompt for r in load_labels("jailbreakeval_labels/jailjudge")]
    assert len(public) > 50
    check_roles({"training": [e.prompt for e in corpus()]})
    try:
        check_roles({"training": [e.prompt for e in corpus()], "validation": public})
    except SophroError as error:
        pytest.fail(f"JAILJUDGE-mini is not unseen: {error}")


def test_rows_of_the_check_sets_are_valid_json_lines():
    for name in (*_heldout.SELECTION, *_heldout.VALIDATION):
        path = _heldout.Path(str(_heldout.files("sophro.data"))) / "starter" / name
        assert all(json.loads(line)["prompt"].strip() for line in path.read_text("utf-8").splitlines())
