"""Time and polarity: what was so before does not count for the window that is asked about, and the other way round."""

from __future__ import annotations

import pytest

from sophro.care.interview import read_answer

ANSWERS = [
    ("I used to, but not any more", "yes_no", (0,)),
    ("I used to be sad, not any more", "yes_no", (0,)),
    ("Before, yes, not in these two weeks", "yes_no", (0,)),
    ("Not until last week", "yes_no", (None,)),
    ("以前有，现在没有了", "yes_no", (0,)),
    ("以前有过", "yes_no", (0, None)),
    ("没有，从来没有", "yes_no", (0,)),
    ("不是没有", "yes_no", (1, None)),
    ("It's not that I don't", "yes_no", (1, None)),
    ("I did for years, then it stopped in spring", "yes_no", (0, None)),
    ("Yes, but that was when I was in school", "yes_no", (0, None)),
    ("Now I do, before I didn't", "yes_no", (1,)),
    ("I didn't use to, now I do", "yes_no", (1,)),
    ("以前没有，现在有", "yes_no", (1,)),
    ("最近没有，以前天天这样", "yes_no", (0,)),
    ("Not now", "yes_no", (0,)),
    ("never ever", "yes_no", (0,)),
    ("I never don't", "yes_no", (1, None)),
    ("Only last year", "yes_no", (0, None)),
    ("It went away in May", "yes_no", (0, None)),
    ("It came back last week", "yes_no", (1, None)),
    ("no more", "yes_no", (0,)),
    ("No longer", "yes_no", (0,)),
    ("有时候", "yes_no", (None,)),
    ("有，一直到现在", "yes_no", (1,)),
    ("已经好了", "yes_no", (0, None)),
    ("上个月有，这两周没有", "yes_no", (0,)),
    ("这两周有，上个月没有", "yes_no", (1,)),
    ("Every day last year, not once since", "frequency", (0,)),
    ("Nearly every day until March, since then not at all", "frequency", (0,)),
    ("Not at all in March, but nearly every day now", "frequency", (3,)),
    ("以前几乎每天，现在一天都没有", "frequency", (0,)),
    ("以前一天都没有，现在几乎每天", "frequency", (3,)),
    ("I wish I could say no", "yes_no", (1, None)),
    ("I can't say no to that", "yes_no", (1, None)),
    ("I wouldn't say that I don't", "yes_no", (1, None)),
    ("Yes. I mean, no.", "yes_no", (0,)),
    ("No. I mean, yes.", "yes_no", (1,)),
    ("Hardly ever", "yes_no", (0, None)),
    ("don't I ever", "yes_no", (1, None)),
    ("Back then yes, today no", "yes_no", (0,)),
    ("那时候有，如今没了", "yes_no", (0,)),
    ("Not these days", "yes_no", (0,)),
    ("These days, yes", "yes_no", (1,)),
    ("Earlier this year I did, it's gone now", "yes_no", (0, None)),
    ("去年天天这样，现在不了", "yes_no", (0, None)),
    ("目前没有", "yes_no", (0,)),
    ("目前有", "yes_no", (1,)),
    ("Yes but it was years ago", "yes_no", (0, None)),
    ("I do now", "yes_no", (1,)),
    ("Currently no", "yes_no", (0,)),
    ("Before the divorce I was, now I'm not", "yes_no", (0,)),
    ("Formerly never, now every day", "frequency", (3,)),
    ("现在几乎每天", "frequency", (3,)),
    ("These two weeks not a single day", "frequency", (0,)),
    ("It used to be every day, now it is a few days", "frequency", (1, None)),
    ("Yes, now and then", "frequency", (1, None)),
    ("有，但那是小时候", "yes_no", (0, None)),
    ("no, not at the moment", "yes_no", (0,)),
    ("Right now I can't say no", "yes_no", (1, None)),
]


@pytest.mark.parametrize(("text", "kind", "values"), ANSWERS)
def test_an_answer_is_read_in_its_time(text, kind, values):
    assert read_answer(text, kind, False).value in values
