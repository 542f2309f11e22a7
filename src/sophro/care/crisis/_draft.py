"""What a model may not say to a person in danger: the filter between a draft and the person.

Card: crisis_safety.md, sections 3 and 4. Contract: ``check`` names what is wrong with a draft; ``approve`` gives the draft
back if nothing is, one guided rewrite if that helps, else the template of the level. Nothing is sent unchecked.
"""

# ruff: noqa: E501

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sophro.care.crisis._banned import BANNED, FROM
from sophro.care.crisis._fold import clean
from sophro.care.crisis._types import Level

# Of the sentence, which is a question. All runs are bounded: a draft without an end must not take minutes.
_END = r"[^.!。！]{0,300}[?？]"


def _any(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.DOTALL)


_SOFTWARE = {
    "says that it is software": _any(
        r"\b(?:software|program|an? (?:ai|machine|bot|chatbot)|not (?:a |an )?(?:real )?(?:person|human))\b|软件|程序|人工智能|不是真人|机器人"
    )
}
_HELP = {"names help": _any(r"\b988\b|\b\d{3,}\b|热线|hotline|helpline|lifeline|crisis line")}
_PEOPLE = {
    "professional and trusted people": _any(
        r"\A(?=.*(?:doctor|therapist|counsell?or|professional|医生|咨询师))(?=.*(?:friend|family|relative|trust|朋友|家人|亲人|信任))"
    )
}
_DISTANCE = {
    "distance from means": _any(
        r"\b(?:distance|away from|leave the|hand it|lock away)\b|离开|远|交给|收走|距离"
    )
}
_IDEATION = {
    "acknowledges": _any(
        r"\b(?:glad|sorry|thank|hear (?:you|how|that)|matters?|painful|pain|hurts?|heavy|exhausting|unbearable|worried|concerned|seriously|alone|strength|here with you)\b|谢谢|听到|听起来|心疼|难过|不容易|痛|担心|重要|陪|认真|难以承受"
    ),
    "asks directly": _any(
        rf"(?:suicid|kill(?:ing)? yourself|end(?:ing)? your (?:own )?life|自杀|结束.{{0,4}}生命){_END}"
    ),
    **_HELP,
    **_PEOPLE,
    **_SOFTWARE,
    "coping or a safety plan": _any(
        r"safety plan|\b(?:cope|coping|calms?|calmed|calmer|steadies|grounding|distracts?)\b|安全计划|应对|平静|缓一缓|安心|稳下来"
    ),
}
_NEEDED: Mapping[Level, Mapping[str, re.Pattern[str]]] = {
    Level.CONCERN: {
        **_SOFTWARE,
        "asks how safe the person is": _any(
            rf"\b(?:safe|thoughts?|thinking|mind|hurt(?:ing)? yourself|suicid\w*|not (?:want|wanting) to (?:be here|live)|going through|cop(?:e|ing)){_END}|(?:安全|念头|想法|想些什么|伤害自己|不想活|自杀|不想待在){_END}"
        ),
    },
    Level.IDEATION: _IDEATION,
    Level.ACTIVE: {
        **_IDEATION,
        "asks about a plan": _any(rf"(?<!safety )\bplan(?:s|ned|ning)?\b{_END}|(?<!安全)计划{_END}"),
        "asks about intent": _any(
            rf"\b(?:inten[dt]\w*|act(?:ing)? on|go(?:ing)? through with|want to kill yourself){_END}|(?:念头|决心|打算|想要去做){_END}"
        ),
        "asks about means": _any(
            rf"\b(?:within reach|means|access to|at hand|near you|what you would use|close to you){_END}|(?:东西|工具|手边|身边有){_END}"
        ),
        "asks about time": _any(
            rf"\b(?:time|when|how soon|tonight|today){_END}|(?:时间|什么时候|何时|今晚|今天){_END}"
        ),
        "a human now": _any(
            r"\b(?:call|text|contact|reach|phone|talk to|speak (?:to|with)|tell)\b[^.!?]{0,300}\b(?:now|right away|immediately|today)\b|\bmost important step is a human|(?:马上|立刻|现在就?)[^。！？]{0,300}(?:联系|拨打|打电话|找)|真人的声音"
        ),
        **_DISTANCE,
    },
    Level.IMMINENT: {
        **_SOFTWARE,
        "emergency now": _any(r"emergency|\b911\b|\b112\b|\b999\b|120|110|急诊|急救"),
        "somebody with them": _any(
            r"\b(?:with (?:someone|you|them|people)|another person|not be alone|alone)\b|陪|待在一起|一个人"
        ),
        **_DISTANCE,
        "asks what is in the way": _any(
            r"\b(?:if you (?:can'?t|cannot)|cannot call|can'?t call|stops? you|in the way|makes? it hard)\b|打不了|拦住|如果(?:不能|没法|很难)"
        ),
        "stays in contact": _any(
            r"\b(?:stay(?:ing)? (?:here|in this|with you)|still here|keep (?:writing|talking|texting)|not going anywhere|here with you)\b|一直在|还在|陪着你|继续(?:跟我)?说"
        ),
    },
}
# Who worries about somebody else is told what to do for them; see the card on genuine concern for a third party.
_FOR_ANOTHER: Mapping[str, re.Pattern[str]] = {
    **_SOFTWARE,
    **_HELP,
    **_PEOPLE,
    "how to speak with them": _any(
        r"\b(?:ask|listen to|talk (?:to|with)|stay with) (?:them|him|her|your)|\blisten\b|(?:问|陪|听)(?:他|她|对方|TA)|听对方"
    ),
}


def forbidden(text: str, level: Level) -> list[str]:
    """Return what nobody may say to a person at a level, by name; empty if nothing of it occurs in the text."""
    low = clean(text).lower()
    return [
        name
        for name, pattern in BANNED.items()
        if level >= FROM.get(name, Level.CONCERN) and pattern.search(low)
    ]


def check(draft: str, level: Level, *, third: bool = False) -> list[str]:
    """Return what is wrong with a draft at a level; empty if it may be sent.

    Args:
        draft: What a model wrote.
        level: Level of the conversation.
        third: Whether it is about somebody else; below IDEATION the draft must then say what to do for them.
    """
    wrong = forbidden(draft, level)
    needed = _FOR_ANOTHER if third and level < Level.IDEATION else _NEEDED.get(level, {})
    return wrong + [f"lacks: {name}" for name, pattern in needed.items() if not pattern.search(draft)]


def approve(
    draft: str,
    level: Level,
    template: str,
    rewrite: Callable[[str, list[str]], str] | None = None,
    *,
    third: bool = False,
) -> str:
    """Return what may be said.

    Args:
        draft: What a model wrote.
        level: Level of the conversation.
        template: What is said if nothing else may be.
        rewrite: Called once with the draft and what is wrong with it.
        third: Whether it is about somebody else.
    """
    wrong = check(draft, level, third=third)
    if wrong and rewrite is not None:
        draft = rewrite(draft, wrong)
        wrong = check(draft, level, third=third)
    return template if wrong else draft
