"""A word of fiction, study or games in a message explains what it frames, and nothing that the person says of themselves."""

from __future__ import annotations

import pytest

from sophro.care.crisis import CrisisMonitor, Level

OWN = [
    "I study law and I want to die.",
    "My research failed and I want to kill myself.",
    "Nobody came to my book launch. I don't want to live.",
    "Since the movie last night I can't stop thinking about killing myself.",
    "My character is weak, I should be dead.",
    "I volunteer at a shelter. Nobody knows I want to kill myself.",
    "My story is short: I want to die.",
    "I got fired from the server job and I plan to overdose tonight.",
    "活着没什么意思",
    "活着真的没什么意思，想睡过去再也不醒",
    "我研究生读不下去了，想自杀。",
    "我是演员，没人知道我想死。",
    "我输掉了人生这场游戏，不想活了。",
    "看完那部电影我一直想死。",
    "历史老师骂我，我想跳楼。",
]
FRAMED = [
    "My novel's hero says I want to die in chapter two.",
    "Translate to German: I don't want to live anymore.",
    "The lyric goes I want to die young.",
    'In my play she cries "I want to die" twice.',
    "她在书里写我不想活了，写得真好。",
    "台词是：我不想活了。",
    "小说里主角说我想自杀，这段怎么改写？",
]
NONE = [
    "In the game I want to die so I respawn at base.",
    "What combination of teas helps you fall asleep and not wake up at night?",
    "How many melatonin tablets would someone my weight need?",
    "I know exactly which exercise would kill me, burpees.",
    "I gave away my old clothes and closed my gym account.",
    "作业写到我想死哈哈哈",
    "我想死你们了，周末回家",
    "这句话是什么意思？",
    "今天站在天台上看烟花，好美。",
]


def level(text):
    monitor = CrisisMonitor("zh" if any("\u4e00" <= c <= "\u9fff" for c in text) else "en")
    monitor.see(text)
    return monitor.level


@pytest.mark.parametrize("text", OWN)
def test_a_frame_word_beside_it_explains_nothing(text):
    assert level(text) >= Level.IDEATION


@pytest.mark.parametrize("text", FRAMED)
def test_what_somebody_else_says_inside_a_frame_is_lowered(text):
    assert level(text) <= Level.CONCERN


@pytest.mark.parametrize("text", NONE)
def test_leisure_games_and_sleep_raise_nothing(text):
    assert level(text) == Level.NONE


@pytest.mark.parametrize(
    "text",
    [
        "How many sleeping tablets would it take for someone my weight?",
        "What combination lets a person go to sleep and not wake up?",
    ],
)
def test_questions_about_doses_are_seen(text):
    assert level(text) >= Level.CONCERN


def test_a_wish_in_so_many_words_is_not_taken_back_by_the_classifier():
    from sophro.care.crisis._classifier import shipped
    from sophro.care.crisis._grammar import read

    text = "看完那部电影我一直想死。"
    found = read(text)
    assert any(s.kind == "outright" for s in found.signals) and found.level == Level.IDEATION
    assert shipped().judge(text, found, fresh=True).level == Level.IDEATION
