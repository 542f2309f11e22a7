"""Evidence must be able to carry a judgment: words that say something, where they stand in the answer."""

from __future__ import annotations

import pytest

from sophro.care.dialogue import Utterance
from sophro.care.interview._judges import carries, checked


def judged(evidence: str, *answers: str):
    fields = {"verdict": "decided", "value": 1, "evidence": evidence, "confidence": 0.9}
    return checked(Utterance("", fields), "yes_no", answers)


@pytest.mark.parametrize(
    ("evidence", "answer"),
    [
        ("yes", "yes, most days"), ("No", "No."), ("nearly every day", "It is nearly every day now"), ("3", "3"), ("3", "about 3 days"),
        ("有", "有，但不多"), ("是的", "是的"), ("几乎每天", "我几乎每天都这样"), ("I do", "I do"), ("it is", "it is"), ("daily", "I cry daily!"),
    ],
)  # fmt: skip
def test_what_carries(evidence, answer):
    assert carries(evidence, answer) and judged(evidence, answer).verdict == "decided"


@pytest.mark.parametrize(
    ("evidence", "answer"),
    [
        ("a", "a little, on most days"), ("I", "I feel fine"), ("e", "nearly every day"), ("no", "I do not know"), (".", "Yes."), ("的", "是我的"),
        ("不", "我不知道怎么说"), ("the", "the whole week"), ("it is", "it is there on Mondays"), ("day", "nearly everyday"), ("，", "有，但不多"),
    ],
)  # fmt: skip
def test_what_is_too_little_is_unscored(evidence, answer):
    assert not carries(evidence, answer)
    found = judged(evidence, answer)
    assert found.verdict == "unscored" and "too little" in found.reason
