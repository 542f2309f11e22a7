"""Who wants to stop is let go, in whatever words; who speaks of stopping something else is not."""

from __future__ import annotations

import pytest

from sophro.care.interview._controller import stops

STOP = [
    "stop", "I want to stop here", "let's end this", "can we stop now?", "please stop asking", "that's enough for today", "I don't want to continue",
    "quit", "end the interview", "I'd rather not go on with this", "no more questions please", "I have to go now", "let's finish here", "I'm done answering",
    "我想停了", "不想继续了", "结束吧", "到此为止吧", "别再问了", "我不想回答了，结束", "先到这里吧", "我要走了", "停", "退出",
]  # fmt: skip
GO_ON = [
    "I want to stop feeling like this", "I stopped going to work", "it never stops", "I can't stop crying", "nothing ends well", "I quit my job",
    "I had enough sleep", "I've had enough of this weather", "I want to end it", "I want to end it all", "I don't want to go on", "I don't want to go on living",
    "我停不下来", "我停药了", "一直没有停过", "我想结束这一切", "我不想活了", "工作结束了", "我走了很远的路",
]  # fmt: skip


@pytest.mark.parametrize("text", STOP)
def test_stopping(text):
    assert stops(text)


@pytest.mark.parametrize("text", GO_ON)
def test_not_stopping(text):
    assert not stops(text)
