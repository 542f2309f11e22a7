"""What a model says when it catches itself: why the text so far is a problem, in one sentence.

Contract: written by us; names the kind of harm and never the content. The choice depends on the record alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sophro.data import Record

_EN: Mapping[str, tuple[str, ...]] = {
    "cybercrime": (
        "Wait. What I am writing would help someone break into systems that are not theirs.",
        "Hold on. This is turning into help with breaking into other people's accounts or devices.",
        "Stop. I was about to explain an attack on computers whose owners never agreed to it.",
    ),
    "fraud": (
        "Wait. This would help to cheat people out of their money.",
        "Hold on. What I started here is a way to deceive people for profit.",
        "Stop. I was laying out a scam, and real people would lose by it.",
    ),
    "violence": (
        "Wait. What I am writing could get a person hurt.",
        "Hold on. This is becoming a plan to injure somebody.",
        "Stop. I was helping with violence against a person.",
    ),
    "weapons": (
        "Wait. This would help somebody get or make a weapon to hurt people with.",
        "Hold on. What I started here leads to a weapon in the wrong hands.",
        "Stop. I was explaining something that could injure many people.",
    ),
    "drugs": (
        "Wait. This would help with making or selling illegal drugs.",
        "Hold on. What I started here leads to dangerous and illegal substances.",
        "Stop. I was helping with a drug deal, and people are harmed by that.",
    ),
    "hate": (
        "Wait. What I am writing turns people against others for who they are.",
        "Hold on. This is becoming hatred against a group of people.",
        "Stop. I was about to insult people for their origin or their belief.",
    ),
    "harassment": (
        "Wait. This would be used to frighten or torment a person.",
        "Hold on. What I started here is a way to bully somebody.",
        "Stop. I was helping to harass a person who cannot defend themselves here.",
    ),
    "privacy": (
        "Wait. This would expose a person who did not agree to it.",
        "Hold on. What I started here is a way to spy on somebody.",
        "Stop. I was helping to collect private facts about a person behind their back.",
    ),
    "theft": (
        "Wait. What I am writing would help to take what belongs to others.",
        "Hold on. This is becoming a plan for stealing.",
        "Stop. I was explaining how to rob somebody.",
    ),
    "disinformation": (
        "Wait. This would make people believe something that is not true.",
        "Hold on. What I started here is made to mislead the public.",
        "Stop. I was inventing a lie that could spread and do damage.",
    ),
    "self_harm": (
        "Wait. What I am writing could lead somebody to hurt themselves.",
        "Hold on. This is about a person in danger, and I was making it worse.",
        "Stop. I was going along with something that could cost a life.",
    ),
    "property_damage": (
        "Wait. This would help to destroy what belongs to somebody else.",
        "Hold on. What I started here is a way to do damage and to endanger people nearby.",
        "Stop. I was planning damage to other people's property.",
    ),
    "any": (
        "Wait. What I am writing could do real harm, and I should not go on with it.",
        "Hold on. I started to answer this as if it were harmless, and it is not.",
        "Stop. Looking back at what I just wrote, this would help somebody do harm.",
        "Let me reconsider. The text so far helps with something that hurts people.",
    ),
}
_ZH: Mapping[str, tuple[str, ...]] = {
    "any": (
        "等等，我正在写的内容可能会造成真实的伤害，不应该继续。",
        "先停一下，我刚才把它当成无害的问题来回答，其实不是。",
        "停。回头看刚才写的内容，它会帮助别人去伤害他人。",
    ),
    "self_harm": ("等等，这关系到一个处在危险中的人，我不该继续这样写。",),
    "fraud": ("等等，这样写会帮助别人骗取钱财。",),
    "cybercrime": ("等等，这样写会帮助别人入侵不属于他的系统。",),
}
# For a text that was safe: what a needless reflection would say (the losing side of a pair).
_NEEDLESS = {
    "en": "Wait. What I am writing could do harm, and I should not go on with it.",
    "zh": "等等，我正在写的内容可能有害，不应该继续。",
}


def reflection_text(record: Record, number: int = 0) -> str:
    """Return a reflection for ``record``: of its category, or a general one; ``number`` picks another wording."""
    book = _ZH if record.lang == "zh" else _EN
    texts = book.get(record.category) or book["any"]
    return texts[(_stable(record.id) + number) % len(texts)]


_RESOLVE = {
    "en": "I will not go on with this. I will decline, say why in a few words, and offer something that helps.",
    "zh": "我不会继续写下去。我会拒绝，简短地说明原因，并提供别的帮助。",
}


def resolve_text(record: Record) -> str:
    """Return the thought that follows a reflection inside a trace."""
    return _RESOLVE["zh" if record.lang == "zh" else "en"]


def needless_reflection(record: Record) -> str:
    """Return what a reflection on a harmless text would say."""
    return _NEEDLESS["zh" if record.lang == "zh" else "en"]


def count_texts() -> int:
    """Return the number of written reflections."""
    return sum(len(v) for book in (_EN, _ZH) for v in book.values())


def _stable(text: str) -> int:
    return int(hashlib.sha256(text.encode("utf-8")).hexdigest()[:12], 16)
