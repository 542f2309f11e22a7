"""Violence, abuse and death near the person are told in many words, and are no matter of thinking."""

from __future__ import annotations

import pytest

from sophro.care.crisis import CrisisMonitor, Level
from sophro.care.crisis._hardship import abuse, loss

ABUSE = [
    "My husband hit me again last night.",
    "He slapped me in front of the kids.",
    "My boyfriend pushes me around when he drinks.",
    "My dad punches me.",
    "She throws things at me when she's angry.",
    "He won't let me leave the house.",
    "He takes my phone and my money.",
    "My uncle touched me when I was nine.",
    "I was raped last year.",
    "A man forced himself on me at the party.",
    "My partner threatens to kill me if I leave.",
    "He choked me until I blacked out.",
    "I've got bruises from my brother.",
    "My mother beats me with a belt.",
    "He locks me in the bedroom.",
    "My ex is stalking me.",
    "My boss keeps groping me.",
    "I'm scared of what he'll do to me when he gets home.",
    "He made me have sex with him.",
    "My stepfather molested me for years.",
    "我老公昨晚又动手打了我。",
    "他扇了我一巴掌。",
    "我爸喝醉了就揍我。",
    "他掐我脖子。",
    "他不让我出门，还拿走我的手机。",
    "我小时候被叔叔猥亵过。",
    "我被人强奸了。",
    "他威胁说我要是走就杀了我。",
    "我妈用皮带抽我。",
    "前男友一直跟踪我。",
    "领导总对我动手动脚。",
    "他逼我跟他发生关系。",
    "我身上都是他打的伤。",
    "我一回家就怕他又打我。",
]
NOT_ABUSE = [
    "This job is killing me.",
    "My boss beat me at chess.",
    "The news hit me hard.",
    "My alarm hit me like a truck.",
    "My team beat us last weekend.",
    "He hit on me at a bar and I laughed.",
    "The sun was beating down on me.",
    "My sister pushes me to study more.",
    "My friend called me stupid as a joke.",
    "He threw a party for me.",
    "My cat scratches me.",
    "The teacher pushed me to apply.",
    "He beat me to the last seat.",
    "老板今天批评了我。",
    "他打电话给我。",
    "我打篮球输了。",
    "这份工作快把我累死了。",
    "他打败了我，我没考上第一。",
    "妈妈打了个喷嚏。",
    "他在游戏里打我，我打不过。",
    "我被老师点名了。",
    "He never hit me, he's a kind man.",
]
LOSS = [
    "My mother died in March.",
    "I lost my baby at twenty weeks.",
    "My husband passed away.",
    "My dog died on Sunday.",
    "We buried my brother last week.",
    "Since my wife's death I can't sleep.",
    "My best friend was killed in a crash.",
    "My father has terminal cancer.",
    "I had a miscarriage.",
    "The doctors say she has weeks to live.",
    "My grandpa is gone, the funeral is tomorrow.",
    "My son took his own life.",
    "我妈妈三月去世了。",
    "我流产了。",
    "我爸刚走，下周办葬礼。",
    "奶奶没了，我还没缓过来。",
    "老公车祸走了。",
    "医生说他只剩几个月。",
    "孩子没保住。",
    "我最好的朋友不在了。",
]
NOT_LOSS = [
    "My phone died during the call.",
    "My plant died.",
    "I died of embarrassment.",
    "I lost the match.",
    "I lost my keys.",
    "My career is dead.",
    "The battery passed away, haha.",
    "He walked away from me.",
    "我手机没电了。",
    "他走了，去上班了。",
    "我把钥匙弄丢了。",
    "比赛输了。",
    "我没了动力。",
    "I lost my job in June.",
]


@pytest.mark.parametrize("text", ABUSE)
def test_abuse_is_seen(text):
    assert abuse(text)


@pytest.mark.parametrize("text", NOT_ABUSE)
def test_no_abuse(text):
    assert not abuse(text)


@pytest.mark.parametrize("text", LOSS)
def test_loss_is_seen(text):
    assert loss(text)


@pytest.mark.parametrize("text", NOT_LOSS)
def test_no_loss(text):
    assert not loss(text)


@pytest.mark.encoder
@pytest.mark.parametrize(
    "text",
    ["He slapped me in front of the kids.", "我爸喝醉了就揍我。", "A man forced himself on me at the party."],
)
def test_the_layer_answers_what_the_court_must_not_try(text):
    state = CrisisMonitor(region="US").see(text)
    assert "abuse" in state.flags and state.level >= Level.CONCERN and state.reply


@pytest.mark.parametrize("sign", ["he ", "my ", "我被", "我爸", "he hit me at "])
def test_endless_rows_are_read_at_once(sign):
    import time

    began = time.monotonic()
    abuse(sign * 4_000)
    loss(sign * 4_000)
    assert time.monotonic() - began < 2
