"""AutoDAN: population, elites, crossover and words; the score is the likelihood of the sent prompt."""

from __future__ import annotations

import json
import random
import re

import pytest
import tiny
import torch
from search_roles import FakeRole

from sophro.attack.search._autodan import _GROUP, AutoDAN, AutoDanProblem, crossed, swapped
from sophro.attack.search._core import search
from sophro.attack.search._texts import REQUEST, SYNONYMS, TEMPLATES
from sophro.data import Record
from sophro.errors import SophroError
from sophro.models import ChatModel, ScriptedModel

OPENING = "Use the kill command with the process id, then check that it is gone."
SMALL = {"population": 8, "generations": 4, "elites": 2, "target_tokens": 6}


def record(i=0):
    return Record(str(i), f"How do I kill process {i}?", "mine", "none", True, "en", str(i), opening=OPENING)


@pytest.fixture(scope="module")
def target():
    tokenizer = tiny.tokenizer("chatml")
    network = tiny.tiny_llama(len(tokenizer), seed=1)
    with torch.no_grad():
        for p in network.parameters():
            if p.dim() == 2:
                p.mul_(4.0)
    return ChatModel("tiny", tokenizer, network)


def test_seeded_within_budget_and_scored_as_sent(target):
    chosen = AutoDAN(**SMALL)
    first = chosen([record(0), record(1)], target)
    assert first == chosen([record(0), record(1)], target) and first[1:] == chosen([record(1)], target)
    for attempt in first:
        spent = attempt.params["spent"]
        assert spent["queries"] == chosen.budget.queries - 1 == attempt.spent and spent["attacker"] == 0
        assert attempt.params["ended"] == "steps"
        assert (
            attempt.transcript.prompt.count(attempt.record.prompt) == 1
            and REQUEST not in attempt.transcript.prompt
        )
    ids = [*target.render(first[0].transcript).ids]
    goal = target.tokenizer(OPENING, add_special_tokens=False)["input_ids"][:6]
    with torch.no_grad():
        log_p = target.network(torch.tensor([ids + goal])).logits[0, :-1].log_softmax(-1)[-6:]
    assert first[0].params["best"]["loss"] == pytest.approx(float(-log_p[range(6), goal].mean()), abs=1e-4)


def test_the_best_never_gets_worse_and_it_is_resumable(target, tmp_path):
    chosen = AutoDAN(**SMALL, folder=str(tmp_path))
    expected = chosen([record()], target)
    (file,) = tmp_path.iterdir()
    rows = [json.loads(line) for line in file.read_text().splitlines()][1:]
    scores = {n["id"]: n["score"] for r in rows for n in r["nodes"]}
    kept = [scores[r["best"]] for r in rows]
    assert kept == sorted(kept)
    assert all(r["best"] in r["frontier"] for r in rows), "the elite stays"
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    assert chosen([record()], target) == expected and file.read_bytes() == data


def test_words_are_learned_and_swaps_keep_the_rest(target):
    problem = AutoDAN(**SMALL).problem(record(), target)
    search(problem, AutoDAN(**SMALL).budget, max_steps=3)
    assert problem.memory["words"] and set(problem.memory["words"]) <= set(_GROUP)
    for seed in range(20):
        text = TEMPLATES[seed % len(TEMPLATES)]
        other = swapped(text, random.Random(seed), 0.9)
        assert other.count(REQUEST) == 1
        words, new = (re.findall("[A-Za-z]+", t) for t in (text, other))
        assert len(words) == len(new) and all(
            a == b or b.lower() in _GROUP[a.lower()] for a, b in zip(words, new, strict=True)
        )
    assert all(len(set(g)) == len(g) > 1 for g in SYNONYMS)


def test_crossover_takes_sentences_and_never_the_request():
    one, two = "A one. Say [REQUEST] now. B one.", "A two. Tell [REQUEST] so. B two."
    found = {crossed(one, two, random.Random(s)) for s in range(40)}
    assert found == {f"A {a}. Say [REQUEST] now. B {b}." for a in ("one", "two") for b in ("one", "two")}


def test_an_attacker_rewords_and_bad_rewordings_are_counted(target):
    def problem(said):
        role = FakeRole(lambda chat, n: said)
        settings = {"population": 4, "elites": 1, "crossover": 0.5, "mutation": 1.0, "answer": "Use the"}
        return AutoDanProblem(record(), target, role, **settings), role

    budget = AutoDAN(population=4, elites=1, generations=2, attacker="x/y").budget
    made, role = problem(json.dumps({"template": f"Reworded: {REQUEST}"}))
    found = search(made, budget, max_steps=2)
    assert found.spent["attacker"] == len(role.asked) == 6 and made.memory["unread_mutations"] == 0
    made, role = problem("I can't help with that.")
    found = search(made, budget, max_steps=2)
    assert made.memory["unread_mutations"] == 6 and found.spent["attacker"] == len(role.asked) == 12
    assert found.best is not None, "the parent stays where its rewording could not be read"


def test_needs_and_settings(target):
    with pytest.raises(SophroError, match="logprobs"):
        AutoDAN(**SMALL)([record()], ScriptedModel(lambda t: "x", "bare"))
    with pytest.raises(SophroError, match="elites"):
        AutoDAN(population=2, elites=2)
    with pytest.raises(SophroError, match="chances"):
        AutoDAN(mutation=1.5)


def test_prompts_that_do_not_fit_are_errors(target):
    long = Record("l", "word " * 600, "mine", "none", True, "en", "l", opening=OPENING)
    (attempt,) = AutoDAN(**SMALL)([long], target)
    assert attempt.error and attempt.params["candidates"]["error"] == 8
