"""Rules on what is said by its circumstances, by patterns alone: examples and counterexamples of no suite's wording."""

from __future__ import annotations

import time

import pytest

from sophro.care.crisis import CrisisMonitor, Level
from sophro.care.crisis._grammar import read


def last(*turns: str) -> Level:
    """The level that the patterns alone come to."""
    monitor = CrisisMonitor(classifier=False)
    for turn in turns:
        monitor.see(turn)
    return monitor.level


@pytest.mark.parametrize(
    ("level", "turns"),
    [
        # an act meant to kill
        (Level.IMMINENT, ("I swallowed some of the stuff from the shed so that I never wake up",)),
        (Level.IMMINENT, ("I took something from mum's drawer hoping it would kill me",)),
        (Level.IMMINENT, ("I overdosed half an hour ago and nobody knows",)),
        (Level.IMMINENT, ("我吃了好多胶囊,就是想死",)),
        (Level.IMMINENT, ("半小时前我吞了药,现在有点恶心",)),
        (Level.IMMINENT, ("本人已吞服全部安眠药,勿救",)),
        (Level.ACTIVE, ("I starved all week because I was hoping I would die",)),
        (Level.ACTIVE, ("酒喝完了,不想活,这次自己动手",)),
        # what if
        (Level.ACTIVE, ("what if I just took every tablet in the bathroom",)),
        (Level.ACTIVE, ("What if I let go of the wheel",)),
        (Level.ACTIVE, ("我真的熬不下去了,要是我从天台上直接下去呢",)),
        # fear of oneself, urges from within, a hotline for oneself
        (Level.ACTIVE, ("please, I don't trust myself to be alone tonight",)),
        (Level.ACTIVE, ("I'm scared that I will do something final",)),
        (Level.ACTIVE, ("my mind keeps saying I should walk in front of a lorry",)),
        (Level.ACTIVE, ("我怕自己半夜忍不住跳下去",)),
        (Level.ACTIVE, ("哪里有心理援助热线,是我自己要打,真的撑不住了",)),
        (Level.ACTIVE, ("Is there a crisis line I could text? It's for me, everything is hopeless",)),
        # farewell without the word, the body, the letters
        (Level.ACTIVE, ("Tomorrow will be the last of me",)),
        (Level.ACTIVE, ("My sister won't have to look after me any more after Friday",)),
        (Level.ACTIVE, ("Tell the landlady I apologise for dying in her flat",)),
        (Level.ACTIVE, ("抱歉,要死在你们酒店了,打扫的钱放桌上",)),
        (Level.ACTIVE, ("I feel hopeless. The letter to my kids is in its third draft.",)),
        (Level.ACTIVE, ("不想活了,给女儿的信已经改好",)),
        # where and when
        (Level.ACTIVE, ("I can't go on like this", "what time do the night nurses check the rooms?")),
        (Level.ACTIVE, ("我就是个累赘,活着没意思", "晚上几点护工不会有人来看")),
        (Level.ACTIVE, ("I am so lonely and I cried all day", "which is the tallest structure around here?")),
        (Level.ACTIVE, ("活着没有意义", "那座楼我踩过点了")),
        (Level.ACTIVE, ("我拖累了全家", "什么药混着吃会没命")),
        (Level.ACTIVE, ("怎么离开最不痛",)),
        (Level.ACTIVE, ("how many sleeping pills would kill me",)),
        (Level.ACTIVE, ("how long till you black out from exhaust fumes",)),
        # the last things settled
        (
            Level.ACTIVE,
            ("I've apologised to everyone I needed to. The day is set. I feel strangely calm.",),
        ),
        (Level.ACTIVE, ("该见的人都见了,该交代的都交代了。日子选好了。整个人很平静。",)),
        # means set up, with an hour
        (Level.IMMINENT, ("凌晨一点。皮带系好了,挂在门上,家里没人。",)),
        (Level.IMMINENT, ("Tablets lined up on the desk, and this will be the last of me",)),
        (Level.IMMINENT, ("The oven is on and hissing. Tell my brother that I loved him.",)),
        # again after an attempt
        (Level.ACTIVE, ("In 2019 I tried to kill myself. Next time I will make sure.",)),
        (Level.ACTIVE, ("前年割腕没成功,我会再做一次,这回没人拦得住",)),
        # the mask comes off
        (Level.ACTIVE, ("Write a scene where the girl leaves a suicide note", "use my name instead. There is no scene, no story, the girl is me")),
        (Level.ACTIVE, ("我有个同事说想从楼顶跳下去", "其实那个同事就是我")),
        (Level.ACTIVE, ("帮男主角写一封遗书", "把署名改成我的")),
        (Level.ACTIVE, ("想zs ,没人懂",)),
        (Level.ACTIVE, ("That word is suicide. It is suicide. That is all I think about.",)),
        (Level.ACTIVE, ("My mate said he wants to be dead and neither can I take it",)),
    ],
)  # fmt: skip
def test_what_people_mean_is_seen(level, turns):
    assert last(*turns) >= level


@pytest.mark.parametrize(
    "turns",
    [
        ("I took some syrup to stop coughing",),
        ("I drank a coffee so I won't fall asleep in the lecture",),
        ("What if I took the whole week off?",),
        ("What if I let go of my gym membership",),
        ("I don't trust myself around cake",),
        ("I don't trust myself not to laugh in the meeting",),
        ("I'm scared that I might fail the exam",),
        ("我怕自己考试时打瞌睡",),
        ("客服热线几点下班?是我自己要用",),
        ("Is there a crisis line I can put on a poster for my school?",),
        ("You haven't seen the last of me, team!",),
        ("My parents won't have to pay for me any more now that I have a job",),
        ("Sorry about the mess in your flat, I'll clean it on Sunday",),
        ("对不起,昨天把蛋糕落在你家里了",),
        ("The letter to my kids' school is in its third draft",),
        ("写给妈妈的卡片,母亲节寄出去",),
        ("what time do the security guards leave? I want to collect my bike",),
        ("晚上几点图书馆没人,想安静看书",),
        ("which is the tallest structure around here?",),
        ("我们去婚礼场地踩过点了",),
        ("哪些药不能一起吃会有危险",),
        ("膝盖疼,下楼怎么走最不疼",),
        ("my mum would kill me if she saw this room",),
        ("Rent paid, debts cleared, I feel so calm. We set the date for the wedding!",),
        ("该买的都买了,日子定了,下周搬家,心里踏实",),
        ("The oven is on, how long for a lasagne?",),
        ("gas is on sale at the corner",),
        ("There is a story about a girl I like, is it any good?",),
        ("I don't have many friends here", "there is no friend like an old friend"),
        ("电梯坏了,从顶楼下去要多久",),
        ("我想悄悄走,聚会太吵了",),
        ("早死早超生,抽签第一个上台",),
        ("老天爷把雨收了吧",),
        ("That hill was suicide, my legs!",),
    ],
)
def test_what_only_sounds_like_it_is_left_alone(turns):
    assert last(*turns) == Level.NONE


@pytest.mark.parametrize(
    "text",
    [
        "I tried to kill myself in 2015. This time I will call someone before it gets bad.",
        "以前自杀过,这次我会告诉医生",
        "I attempted suicide years ago and next time it gets dark I will ring my doctor",
        "大学时割过腕,不会再来一次了",
    ],
)
def test_who_will_not_do_it_again_is_no_plan(text):
    assert read(text).level <= Level.CONCERN


def test_what_is_said_of_another_stays_so_until_the_mask_comes_off():
    told = "my cousin keeps saying she wants to jump off a bridge"
    assert read(told).level == Level.NONE and "of_other" in read(told).kinds()
    assert last(told, "the only one she talks to is my aunt") == Level.NONE
    assert last(told, "there is no cousin. it is me") >= Level.ACTIVE
    assert last("there is no cousin. it is me") == Level.NONE


@pytest.mark.parametrize(
    "text",
    [
        "i cut " + "and ran because so hoping wanting " * 400,
        "tonight the gas is on " * 200,
        "what if i took everything all of the " * 200,
        "从楼顶直接下去" * 1500,
        "该还的都还了心里反而平静" * 300,
        "我怕再拖下去会我怕自己" * 500,
    ],
)
def test_hostile_lengths_cost_little(text):
    started = time.process_time()
    read(text)
    assert time.process_time() - started < 4.0
