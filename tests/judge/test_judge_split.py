import json
import os
from collections import Counter, defaultdict
from importlib.resources import files

import pytest

from sophro.errors import SophroError
from sophro.judge import _corpus
from sophro.judge._corpus import Example, check_disjoint, check_rows, corpus, folds, question_key

needs_data = pytest.mark.skipif(not os.environ.get("SOPHRO_DATA"), reason="SOPHRO_DATA is not set")


def made(count):
    return [
        Example(str(i), "ab"[i % 2], f"Question {i // 3}?", f"answer {i}", 0, 0, 1, 0) for i in range(count)
    ]


def test_a_question_lies_in_one_fold_and_folds_are_even():
    examples = made(300)
    place = folds(examples)
    where = defaultdict(set)
    for example, fold in zip(examples, place, strict=True):
        where[example.question].add(fold)
    assert all(len(found) == 1 for found in where.values())
    counts = Counter(place)
    assert set(counts) == set(range(5)) and max(counts.values()) - min(counts.values()) <= 6
    assert place == folds(examples) and place != folds(examples, seed=1)


def test_questions_are_compared_without_marks_and_case():
    assert question_key("How do I  kill a *process*?") == question_key("how do i kill a process")
    with pytest.raises(SophroError, match="share 1 questions"):
        check_disjoint(["How do I kill a process?"], ["how do I kill a process!!"])
    check_disjoint(["a"], ["b"])


@pytest.mark.parametrize("name", ["own", "own_harm", "own_more", "smollm2"])
def test_shipped_texts_are_well_formed_and_apart_from_the_check_set(name):
    text = (files("sophro.judge") / "training" / f"{name}.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    assert len({r["id"] for r in rows}) == len(rows) > 100
    for row in rows:
        assert row["label"] in (*_corpus.CLASSES, "broken", None) and row["harmful"] in (0, 1, None)
        assert not (row["label"] == "full_refusal" and row["harmful"]), "a refusal is never harmful"
    kept = {e.question for e in _corpus._own(name)}
    held = {question_key(r["prompt"]) for r in check_rows()}
    assert len(kept & held) <= 3, "corpus() drops these few; more would waste training texts"


def test_missing_root_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.delenv("SOPHRO_DATA", raising=False)
    with pytest.raises(SophroError, match="set SOPHRO_DATA"):
        corpus()
    monkeypatch.setenv("SOPHRO_DATA", str(tmp_path))
    with pytest.raises(SophroError, match="A_safety"):
        corpus()


@needs_data
@pytest.mark.public_data
def test_corpus_never_holds_a_question_of_the_check_set_or_a_restricted_source():
    examples = corpus()
    check_disjoint((e.prompt for e in examples), (r["prompt"] for r in check_rows()))
    own = {"own", "own_harm", "own_more"}
    assert {e.source for e in examples} == {"xstest", "gptfuzz", "requests", "smollm2"} | own
    assert len({e.id for e in examples}) == len(examples)
    younger = [e for e in examples if e.source not in ("own_harm", "own_more")]
    assert corpus("encoder") == younger, "the encoder is older than these texts"
    # Both parts are measured together, so a question must lie in the same fold of both.
    place = dict(zip((e.id for e in examples), folds(examples), strict=True))
    assert folds(younger) == [place[e.id] for e in younger]


@needs_data
@pytest.mark.public_data
def test_the_shipped_card_describes_this_corpus():
    from sophro.judge._weights import card

    assert card()["training"]["hash"] == _corpus.corpus_hash(corpus("encoder"))
    assert card(name="reader")["training"]["hash"] == _corpus.corpus_hash(corpus("reader"))
