"""What hangs on the question: bare answers, denials that say more, and long messages."""

from __future__ import annotations

import itertools
import time

import pytest

from sophro.care.crisis import CrisisMonitor, Level
from sophro.care.crisis._answers import affirms, affirms_all, clauses, unsafe
from sophro.care.crisis._grammar import read
from sophro.care.crisis._windows import OVERLAP, WIDE, pieces, windows

YES = [
    "yes", "Yes.", "yeah", "Yes I am thinking about it", "yeah i am", "I do.", "kind of, yes", "I guess so", "I think so", "sometimes", "a little",
    "all the time", "they are", "yes, every day", "mhm", "honestly? no wait", "it's always there", "I have been", "Yes, they are strong right now",
    "是的", "嗯，我在想", "有", "有过这样的念头", "对", "嗯", "一直都有", "是，每天都想", "可能有一点吧", "没错", "有的，很强烈",
]  # fmt: skip
YES.remove("honestly? no wait")
NOT_YES = [
    "no", "not really", "no, never", "yes, I can call my sister", "yes please, give me the number", "ok", "thank you", "yes I will talk to him",
    "I do not", "I don't think so", "why do you ask?", "are you thinking about it?", "right", "sure", "yes but not anymore", "I have a sister",
    "好的", "没有", "不是", "我会打电话的", "谢谢你", "有个朋友可以陪我", "不会", "没有过", "你是谁", "我有一个姐姐",
]  # fmt: skip


@pytest.mark.parametrize("text", YES)
def test_a_bare_yes(text):
    assert affirms(text)


@pytest.mark.parametrize("text", NOT_YES)
def test_what_says_something_else_is_no_bare_yes(text):
    assert not affirms(text)


@pytest.mark.parametrize(
    "text", ["yes, all of it", "all of them", "yes to everything", "都有", "全部都有", "是的，都准备好了"]
)
def test_yes_to_everything(text):
    assert affirms_all(text)


@pytest.mark.parametrize("text", ["yes", "all of my friends are here", "我们都有工作", "没有"])
def test_no_yes_to_everything(text):
    assert not affirms_all(text)


@pytest.mark.parametrize(
    "text",
    ["not safe", "I don't feel very safe", "Not really safe right now", "unsafe", "不安全", "我觉得不太安全"],
)
def test_unsafe(text):
    assert unsafe(text)


@pytest.mark.parametrize(
    "text", ["safe", "I'm safe", "this street is not safe for bikes", "安全", "这里晚上不安全吗"]
)
def test_not_unsafe(text):
    assert not unsafe(text)


def level(*turns: str, moved_on: bool = False) -> Level:
    monitor = CrisisMonitor(region="US")
    state = None
    for number, text in enumerate(turns):
        if moved_on and number:
            monitor.moved_on()
        state = monitor.see(text)
    assert state is not None
    return state.level


@pytest.mark.encoder
@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (("I wish I was dead", "yes"), Level.ACTIVE),
        (("I wish I was dead", "I do."), Level.ACTIVE),
        (("我不想活了", "是的"), Level.ACTIVE),
        (("我想死", "嗯，我在想"), Level.ACTIVE),
        (("I wish I was dead", "yes", "yes, all of it"), Level.IMMINENT),
        (("我想自杀", "都有"), Level.IMMINENT),
        (("I wish I was dead", "yes, I can call my sister"), Level.IDEATION),
        (("I wish I was dead", "ok"), Level.IDEATION),
        (("I am a burden to everyone and it is all hopeless", "not safe"), Level.IDEATION),
        (("I am a burden to everyone and it is all hopeless", "yes"), Level.CONCERN),
    ],
)
def test_a_bare_answer_means_what_was_asked(turns, expected):
    found = level(*turns)
    # Where the answer raises, the classifier may raise further.
    assert found == expected if turns[-1] in ("ok", "yes, I can call my sister") else found >= expected


@pytest.mark.encoder
def test_an_answer_to_something_else_means_nothing():
    assert level("I wish I was dead", "yes", moved_on=True) == Level.IDEATION
    assert level("我想死", "是的", moved_on=True) == Level.IDEATION


@pytest.mark.encoder
@pytest.mark.parametrize(
    "turns",
    [
        ("I'm not suicidal, but tonight I will take the pills I have saved.",),
        ("I would never kill myself but I wrote the letters and gave my dog away and tonight is the night",),
        ("我没事，今晚我就会跳下去",),
        ("I want to die", "No I don't have thoughts of suicide. I'll just hang myself in the garage."),
        (
            "I want to die",
            "No, I'm not thinking about it. By tomorrow I won't be here, everyone can stop worrying.",
        ),
        ("我想死", "我没有自杀的想法，就是明天大家就见不到我了"),
    ],
)
def test_a_denial_covers_its_own_clause_only(turns):
    assert level(*turns) >= Level.ACTIVE


@pytest.mark.encoder
@pytest.mark.parametrize(
    "text",
    [
        "我没有那种想法", "没有这方面的念头", "No. I want to live", "I do not want to die. I want to live.", "我不想死，我想好好活着",
        "no, nothing like that", "I have no thoughts of suicide", "I've never thought about killing myself", "我从来没有想过要死",
    ],
)  # fmt: skip
def test_a_plain_denial_is_no_crisis(text):
    assert level(text) == Level.NONE


@pytest.mark.encoder
def test_a_denial_after_the_question_lowers_and_silence_does_not():
    assert level("I want to kill myself", "No, I don't. I want to live.") == Level.IDEATION
    assert level("I wish I was dead", "我没有那种想法") == Level.CONCERN
    assert level("I want to kill myself", "let us talk about football") == Level.ACTIVE


@pytest.mark.parametrize(
    "text",
    [
        "I'm not sure I want to live",
        "I don't want to live",
        "I wish i wanted to live",
        "I don't think I want to live",
        "我不想活下去",
        "我不是想活着",
    ],
)
def test_a_wish_to_live_that_is_doubted_is_no_denial(text):
    assert not read(text).denial


STORY = (
    "We walked along the river and my aunt told a story about the bakery. Then there was tea by the stove. "
)
STORY_ZH = "我们下午沿着河边走了一会儿，姑姑讲了面包店的故事。后来喝了茶，狗在炉子边睡着了。"


@pytest.mark.encoder
@pytest.mark.parametrize("around", [1_000, 9_000, 40_000])
@pytest.mark.parametrize(
    ("fill", "said"),
    [
        (STORY, "I want to kill myself tonight with the pills I have here. "),
        (STORY_ZH, "我今晚要吃药自杀，药就在手边。"),
    ],
)
def test_the_middle_of_a_long_message_is_read(around, fill, said):
    fillers = [f"{i} {fill}" for i in range(around // len(fill))]  # not the same sentence over and over
    assert level("".join(fillers) + said + "".join(fillers)) == Level.IMMINENT
    assert level("".join(fillers)) == Level.NONE


@pytest.mark.encoder
def test_a_repeated_text_is_read_at_once():
    monitor = CrisisMonitor(region="US")
    monitor.see("我不想活")
    began = time.monotonic()
    assert CrisisMonitor(region="US").see("我不想活" * 7_500).level >= Level.IDEATION
    assert (
        CrisisMonitor(region="US").see("".join(f"我不想活{i}" for i in range(3_000))).level >= Level.IDEATION
    )
    assert time.monotonic() - began < 5, "the first alone took eight seconds"


def test_windows_hold_everything_and_overlap():
    text = "".join(f"This is sentence number {i} of the text. " for i in range(900))
    parts = windows(text)
    assert len(parts) > 3 and all(len(p) <= WIDE + 400 for p in parts)
    bare = [parts[0], *(p.split("\n", 1)[1] for p in parts[1:])]
    for i in range(900):
        assert any(f"number {i} of" in p for p in bare)
    for a, b in itertools.pairwise(bare):
        assert a[-OVERLAP:] == b[:OVERLAP]
    assert windows("short") == ["short"] and windows("") == [""]
    assert len(windows("ab" * 50_000)[0]) < 10


def test_pieces_cover_a_line():
    line = "".join(chr(97 + i % 26) for i in range(2_000))
    parts = pieces(line, 600, 80)
    assert all(len(p) <= 600 for p in parts) and parts[0] == line[:520] and parts[-1].endswith(line[-80:])
    assert line in "".join([parts[0], *(p[80:] for p in parts[1:])])


def test_clauses():
    assert clauses("No, I don't. Tonight, but only then!") == ["No", "I don't", "Tonight", "only then"]
    assert clauses("我没有，但是今晚。") == ["我没有", "今晚"] and clauses("...") == []


@pytest.mark.encoder
def test_what_a_flag_adds_is_said_once_at_a_level():
    monitor = CrisisMonitor(region="US")
    replies = [
        monitor.see(t).reply or ""
        for t in (
            "I'm 14 and I want to die",
            "just kidding, forget it",
            "my teacher is mean",
            "the weather is grey",
        )
    ]
    assert sum("since you are young" in r.lower() for r in replies) == 1
    assert [("not meant like that" in r) for r in replies] == [False, True, False, False]
    raised = monitor.see("I'm serious now, I want to kill myself").reply or ""
    assert "since you are young" in raised.lower(), "a new level says it again"
