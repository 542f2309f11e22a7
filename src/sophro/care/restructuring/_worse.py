"""Whether a new thought is as harsh as the old one: then nothing was restructured, whatever a reader says of it.

Contract: a pure predicate over the person's own words. It counts words that condemn oneself or foretell the worst, and
how absolutely they are said; words that weigh ("sometimes", "not only", 有时候) count against them. It finds what is said in
so many words and no irony; a thought without such words is not called harsh.
"""

# ruff: noqa: E501

from __future__ import annotations

import re

_CONDEMNS = re.compile(
    r"\b(?:failures?|fail(?:ed|ing|s)? (?:at |in )?(?:every\w+|all|life|always|again|as an? |my )|loser|worthless|useless|hopeless|stupid|idiot|dumb|incompetent|pathetic|disgusting|disgrace|ugly|unlov(?:able|ed)|unwanted|burden|waste|"
    r"fraud|fake|weak(?:ling)?|broken|ruin(?:s|ed|ing)?|destroy(?:s|ed|ing)?|mess(?:ed)? (?:up )?everything|damag(?:e|es|ed|ing)|drag(?:ging|s)? (?:\w+ )?down|let(?:s|ting)? (?:\w+ ){0,2}down|"
    r"deserve(?:s|d)? (?:it|this|nothing|to (?:suffer|be (?:alone|punished|hated|left)))|my (?:own )?fault|to blame|blame myself|hate (?:me|myself)|hates me|despise[sd]?(?: me| myself)?|laugh(?:s|ed|ing)? at me|"
    r"against me|nobody (?:likes|loves|wants|needs|cares)|no one (?:likes|loves|wants|needs|cares)|doomed|pointless|disaster|catastrophe|terrible (?:person|mother|father|friend|partner|human)|"
    r"bad (?:person|mother|father|friend|partner|human)|monster|never (?:\w+ ){0,3}(?:good enough|change|get better|succeed|be (?:loved|happy|better|forgiven))|not (?:good )?enough|can'?t do anything|unfit|inferior|"
    r"horrible|toxic|poison|wreck(?:s|ed|ing)?|disgust(?:s|ed|ing)?|bore (?:people|everyone|them|her|him)|boring|weak(?:er|est)|crazy|lazy|nothing but|only pretend|pity me|(?:no one|nobody) (?:will|would|could|can|is going to) ever|always will|any other (?:father|mother|friend|partner|man|woman|person)|better life|not worth|waste of|hopelessly|too (?:\w+ )?(?:ugly|old|fat|stupid|weak|disgusting|broken|damaged)|will (?:all )?(?:fire|leave|hate|reject|drop|dump) me|every reason to|reject(?:s|ed)? me|better off without me|made of failure|a joke|embarrass(?:ment|ing)|selfish|evil|replace(?:d|able)|leave me|abandon(?:s|ed)? me|get(?:ting)? fired|be alone)\b"
    r"|没用|废物|失败|拖累|累赘|活该|(?:都|全)?(?:是|怪)我(?:的错|不好|害的|一个人)|怪我|笨|蠢|讨厌我|恨我|嫌弃|看不起|丢人|丢脸|毁了?|害了?|一事无成|不配|不值得|没人(?:爱|喜欢|在乎|要|需要|会)|没有人(?:爱|喜欢|在乎|要|需要|会)|"
    r"没救|没希望|完蛋|完了|糟糕透|最差|差劲|垃圾|不够好|比不上|不如(?:别人|人|死)|永远(?:都)?(?:不会|不可能|做不|好不|改不)|什么都(?:做|干)不(?:好|了|成)|多余|骗子|懦弱|坏(?:人|妈妈|爸爸|孩子)|嘲笑|孤独终老|被开除|离开我|抛弃|倒霉|巴不得|恶心|天生(?:就)?(?:是|的)|救不了|这辈子|不会好|累死|烦死|矫情|懒|自作自受|样样|不可救药|受不了我|摊上"
)
_ABSOLUTE = re.compile(
    r"\b(?:always|never|every(?:one|body|thing|where|time)?|no ?body|no one|nothing|nowhere|all|only|complete(?:ly)?|total(?:ly)?|utter(?:ly)?|absolute(?:ly)?|entire(?:ly)?|whole|forever|for good|ever|definitely|certainly|obviously|"
    r"truly|really|worst|most|impossible|fundamentally|thoroughly|deep down|even)\b"
    r"|总是|总|从来|永远|所有|一切|什么都|全都?|都|没有?人|只有|只会|彻底|完全|绝对|肯定|一定|根本|最|每次|谁都|不可能|真的|一辈子|果然|更"
)
_WEIGHS = re.compile(
    r"\b(?:sometimes|maybe|perhaps|might|may|could be|partly|part of|in part|not (?:always|only me|just me|all|every\w*|entirely|completely|necessarily|the (?:only|whole))|some of|some (?:people|things|days|friends)|at times|occasionally|"
    r"(?:but|though|although|even if|and yet|still) (?:\w+ ){0,4}(?:also|did|do|does|can|could|try|tried|learn\w*|help\w*|manag\w*|improv\w*|good|well|better|okay|fine|enough|love\w*|care\w*|matter\w*|mean|made|have|has|had|am|was|not|it)\b|"
    r"does(?:n'?t| not) (?:mean|make|define)|do(?:n'?t| not) (?:mean|make|define)|is(?:n'?t| not) (?:the end|everything|proof|fair)|(?:this|just|only) once|(?:that|this) (?:day|time|once|week|evening|moment)|back then|it is(?:n'?t| not) who|who i am|one (?:mistake|time|exam|day|bad|failure|error)|a (?:mistake|bad day|setback)|as well|both|fair(?:er)?|human|everyone makes|everybody makes|"
    r"nobody(?:'s| is) perfect|no one(?:'s| is) perfect|learn(?:ed|ing)? from|next time|doing my best|did my best|good at|getting better|can (?:try|learn|change|improve|ask|do))\b"
    r"|有时候?|也许|可能|或许|不一定|不代表|不等于|不意味|不全是|不都是|并不是(?:所有|每|什么都|因为)|不只是?我|不光是?我|一部分|部分|(?:但|可|不过|只是)(?:是)?[^，。,.]{0,14}(?:也|还|能|可以|会|努力|尽力|做到|做得|学|帮|好|有)|也有|其实[^，。,.]{0,8}(?:也|还|能|会|可以|没那么|不)|一次|这次|谁都会|每个人都会|人人都|尽力|努力|可以(?:学|改|试|做)|慢慢|没那么|下次|正常"
)
_NEGATED = re.compile(
    r"(?:\b(?:not|never|isn'?t|aren'?t|wasn'?t|don'?t|doesn'?t|didn'?t|no longer|hardly|without|instead of|rather than|nothing|than)\s+(?:\w+\s+){0,4}|(?:并)?(?:不是|不算|不会|没有|不再|不|没|并非|哪里|谈不上|算不上)(?:什么|一个|那么|全|都|完全|真的|会|是|因为|被|有|再|有人)*)$"
)
_ONLY = re.compile(
    r"\bnot (?:only|just|merely|simply)\b|\bon top of|\bworse\b|不(?:只|仅|光|但)(?:是)?(?!我)|更(?:糟|惨|坏|差|没用)",
    re.IGNORECASE,
)


def harshness(text: str) -> int:
    """Return how harsh a thought is: condemning words that are not denied, and how absolutely they are said."""
    low = text.lower().replace("\u2019", "'")
    found = 0
    for match in _CONDEMNS.finditer(low):
        before = low[: match.start()]
        if _NEGATED.search(before[-40:]) and not _ONLY.search(before[-40:]):
            continue
        found += 1
    return found and 2 * found + min(len(_ABSOLUTE.findall(low)), 3)


def as_harsh(new: str, old: str) -> bool:
    """Return whether a new thought still condemns as much as the old one, or more.

    Args:
        new: What the person thinks now.
        old: The thought on trial.
    """
    now = harshness(new)
    if not now:
        return False
    low = new.lower().replace("\u2019", "'")
    if _ONLY.search(low):
        return True  # "not only ..., but": more than before
    return not _WEIGHS.search(low) or now > harshness(old) + 1
