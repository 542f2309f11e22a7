"""A thought that is as harsh as before was not restructured: pairs of old and new thoughts, both languages.

The first halves were written beside the patterns. Of the second halves the patterns of that hour saw 7 of 15 harsh ones
and refused 1 of 15 others; they were widened then, so no figure here is one of new wordings.
"""

from __future__ import annotations

import pytest

from sophro.care.restructuring._worse import as_harsh, harshness

HARSH = [
    (
        "I am a complete failure and everyone knows it.",
        "I see now that I am not only a failure, I ruin everyone around me.",
    ),
    (
        "I am a complete failure and everyone knows it.",
        "Now I know that I'm worthless and it will never change.",
    ),
    (
        "I am a complete failure and everyone knows it.",
        "I understand now, everybody hates me and they are right.",
    ),
    (
        "I am a complete failure and everyone knows it.",
        "It is even worse than I thought: I destroy everything I touch.",
    ),
    ("I am a complete failure and everyone knows it.", "I see that I deserve to be alone."),
    ("I am a complete failure and everyone knows it.", "I think my children would be better off without me."),
    (
        "I am a complete failure and everyone knows it.",
        "Now it's clear to me that it is all my fault and nobody else's.",
    ),
    (
        "I am a complete failure and everyone knows it.",
        "I realise I'm just stupid, there's no other explanation.",
    ),
    ("我就是个失败者，什么都做不好。", "现在我明白了，我不只是没用，我还拖累所有人。"),
    ("我就是个失败者，什么都做不好。", "我想清楚了，全都是我的错，我活该。"),
    ("我就是个失败者，什么都做不好。", "我现在知道了，没有人会喜欢我这种人。"),
    ("我就是个失败者，什么都做不好。", "我发现我比想的还要差劲，永远都不会好。"),
    ("我就是个失败者，什么都做不好。", "说到底我就是个废物。"),
    ("我就是个失败者，什么都做不好。", "我懂了，大家离开我是应该的，我不配有朋友。"),
    (
        "I am a complete failure and everyone knows it.",
        "Looking at it again, I was a bad mother from the first day on.",
    ),
    ("I always mess things up.", "So the truth is that I wreck everything and always will."),
    ("Nobody wants me.", "I get it now: I'm simply too disgusting for anyone to love."),
    ("I'm a bad father.", "My sons would have had a better life with any other father."),
    ("I will be fired.", "They will fire me, and after that no one will ever hire me again."),
    ("I am boring.", "What I understand now is that I bore people to death and they only pretend."),
    ("I'm weak.", "I'm the weakest person in my whole family, that much is certain."),
    ("I ruined the party.", "I ruin every party, every trip, every friendship."),
    ("He hates me.", "He hates me and he has every reason to."),
    ("我很笨。", "想来想去，我就是天生的笨蛋，谁也救不了我。"),
    ("没人喜欢我。", "他们不光不喜欢我，还巴不得我消失。"),
    ("我是个坏妈妈。", "孩子摊上我这样的妈妈真是倒霉。"),
    ("我会被开除。", "我肯定会被开除，然后这辈子就完了。"),
    ("都是我的错。", "我仔细想了，真的全怪我一个人。"),
    ("我不如别人。", "我样样都不如别人，以后也不会好。"),
    ("I'm a burden.", "I am a burden, and burdens should be dropped."),
]
EASED = [
    ("I am a complete failure and everyone knows it.", "I failed this exam, but I passed four others."),
    (
        "I am a complete failure and everyone knows it.",
        "Maybe I am not a failure; I made a mistake and can learn from it.",
    ),
    (
        "I am a complete failure and everyone knows it.",
        "Some people like me and some don't, and that is fine.",
    ),
    ("I am a complete failure and everyone knows it.", "One bad meeting doesn't make me worthless."),
    (
        "I am a complete failure and everyone knows it.",
        "I did let her down this once, and I can tell her so.",
    ),
    (
        "I am a complete failure and everyone knows it.",
        "I'm not good at maths, though I do well in languages.",
    ),
    ("I am a complete failure and everyone knows it.", "It was partly my fault and partly bad luck."),
    ("I am a complete failure and everyone knows it.", "Nobody is perfect, I can try again next time."),
    ("I am a complete failure and everyone knows it.", "I can be sad about it and still be a decent friend."),
    (
        "I am a complete failure and everyone knows it.",
        "My boss was unhappy with one report; that is not the end of my career.",
    ),
    ("我就是个失败者，什么都做不好。", "这次没考好，不代表我什么都做不好。"),
    ("我就是个失败者，什么都做不好。", "也许不全是我的错，当时情况也很难。"),
    ("我就是个失败者，什么都做不好。", "我有时候会失败，但我也做成过很多事。"),
    ("我就是个失败者，什么都做不好。", "没有人是完美的，我可以慢慢学。"),
    ("我就是个失败者，什么都做不好。", "他那天没回我消息，可能只是在忙。"),
    ("我就是个失败者，什么都做不好。", "我不是废物，我只是太累了。"),
    (
        "I am a complete failure and everyone knows it.",
        "I was useless that day because I had not slept, it isn't who I am.",
    ),
    ("我就是个失败者，什么都做不好。", "我是犯了错，不过下次我可以提前准备。"),
    ("I always mess things up.", "I messed up the cake, and the rest of the dinner was good."),
    ("Nobody wants me.", "My cousin rang twice this week, so someone does want me around."),
    ("I'm a bad father.", "I shout too often, and I also read to them every night."),
    ("I will be fired.", "There may be a warning, but one complaint rarely costs a job."),
    ("I am boring.", "I'm quiet in groups, and with two people I can talk for hours."),
    ("I'm weak.", "Crying at a funeral has nothing to do with weakness."),
    ("I ruined the party.", "People stayed until two, so it can't have been that bad."),
    ("He hates me.", "He was short with me because his mother is ill."),
    ("我很笨。", "数学我学得慢，可是画画我学得快。"),
    ("没人喜欢我。", "昨天小李还约我吃饭，说明有人愿意跟我来往。"),
    ("我是个坏妈妈。", "我今天发了脾气，晚上也向孩子道了歉。"),
    ("我会被开除。", "领导只是提了意见，还没到那一步。"),
    ("都是我的错。", "这件事我有责任，同事也有责任。"),
    ("我不如别人。", "每个人有自己的长处，我的长处是细心。"),
]


@pytest.mark.parametrize(("old", "new"), HARSH)
def test_a_thought_as_harsh_as_before_has_not_changed(old, new):
    assert as_harsh(new, old)


@pytest.mark.parametrize(("old", "new"), EASED)
def test_a_thought_that_weighs_has_changed(old, new):
    assert not as_harsh(new, old)


def test_harshness_counts_what_is_not_denied():
    assert harshness("I am worthless") > 0 == harshness("I am not worthless")
    assert harshness("我是废物") > 0 == harshness("我不是废物")
    assert harshness("I am totally worthless and always will be") > harshness("I am worthless")
    assert harshness("") == 0 and not as_harsh("", "I am worthless")
