"""What is told and is no matter of thinking: violence and abuse, and the death of somebody near.

Contract: pure predicates over a message, English and Chinese. They find what is said of the person themself in so many
words; games, machines, figures of speech and denials are left alone.
"""

# ruff: noqa: E501

from __future__ import annotations

import re

_WHO = (
    r"(?:he|she|they|(?:a|the|this|that|some|an older|another) (?:\w+ )?(?:man|guy|boy|woman|girl|stranger|colleague|coworker|teacher|coach|priest|neighbou?r|nurse|boss)|someone|somebody|"
    r"my (?:\w+ ){0,2}(?:husband|wife|partner|boyfriend|girlfriend|fianc\w+|ex|dad|father|mom|mum|mother|parents?|stepdad|stepfather|stepmom|stepmother|brother|sister|uncle|aunt|cousin|grandfather|grandmother|grandpa|grandma|son|daughter|coach|teacher|boss|manager|"
    r"priest|neighbou?r|roommate|flatmate|landlord|colleague|coworker|classmates?|friend|in-laws?|carer|caregiver|foster \w+))"
)
_FIGURATIVE = r"(?! (?:at|in|to|up|like|hard|by|with (?:a |an |the |his |her )?(?:\w+ )?(?:news|questions?|kindness|ideas?|compliments|emails?|work|jokes?|love)|on the (?:head with|idea)|off|over the head)\b(?! (?:front|the (?:face|head|stomach|back|arm|ribs|car|kitchen|bedroom|street|wall|ground|floor|door)|night|home|the point)))"
_ABUSE_EN = re.compile(
    rf"\b{_WHO} (?:(?:\w+ ){{0,2}}?)(?:(?:hits?|hit|slap(?:s|ped)?|punch(?:es|ed)?|kick(?:s|ed)?|beats?|beat|chok(?:es|ed)|strangl(?:es|ed)|shov(?:es|ed)|whip(?:s|ped)?|bit|bites|burns?|burned|rap(?:es?|ed)|molest(?:s|ed)|grop(?:es?|ed)|stalk(?:s|ed)|abus(?:es|ed)|assault(?:s|ed)|spat on|spits on|drug(?:s|ged)|lock(?:s|ed)|force[sd]|touch(?:es|ed)|threaten(?:s|ed)) (?:me|us)\b{_FIGURATIVE}|"
    r"push(?:es|ed) (?:me|us) (?:around|against|down|into|over|out|onto)|(?:threw|throws|throwing) (?:things|stuff|plates|objects|bottles|\w+) at (?:me|us)|(?:keeps|kept|is|was|started) (?:hitting|beating|slapping|groping|stalking|touching|abusing|threatening|following|choking|hurting|raping) (?:me|us)\b|"
    r"(?:threaten(?:s|ed)? to|said (?:\w+ )?(?:would|will)) (?:kill|hurt|beat|hit|harm) (?:me|us)\b|(?:will|would|is going to) (?:hurt|beat|hit|harm) (?:me|us)\b|(?:forced|forces) (?:himself|herself|themselves) on me|(?:made|makes|make) (?:me|us) (?:have sex|touch|undress|sleep with)|"
    r"(?:does not|doesn'?t|did not|didn'?t|won'?t|will not|never) (?:let|allow|allows|lets) me (?:to )?(?:leave|go out|see (?:my|any)|have (?:my|a|any) (?:phone|money|friends)|out)|(?:takes?|took|keeps|controls?) (?:away )?(?:my (?:phone|money|passport|keys|card|cards|salary|wages)))"
    r"|\bi (?:was|am|have been|'ve been|got|get|keep getting|am being|was being) (?:\w+ )?(?:raped|molested|abused|beaten(?: up)?|sexually \w+|assaulted|stalked|groped|trafficked|forced (?:to have|into) (?:sex|marriage|a marriage))\b"
    r"|\b(?:bruises?|marks|black eye|broken (?:rib|arm|nose|jaw)) (?:from|by|because of|that) (?:him|her|them|my \w+|he|she)\b|\b(?:scared|afraid|terrified) (?:of|about) what (?:he|she|they|my \w+)(?:'ll| will| would| might| is going to)? do to me\b|\b(?:afraid|scared|terrified) (?:that )?(?:he|she|they|my \w+)(?:'ll| will| would) (?:hit|beat|hurt) me\b"
)
_ABUSE_ZH = re.compile(
    r"(?:老公|丈夫|老婆|妻子|男友|女友|男朋友|女朋友|对象|前任|前男友|前夫|爸|妈|父亲|母亲|继父|后爸|哥|弟|姐|叔叔|舅舅|伯伯|爷爷|教练|老师|领导|老板|上司|同学|室友|邻居|他们?|她们?|有人|一个男人|婆婆|公公|家里人|儿子)[^，。,.!！?？]{0,10}?"
    r"(?:动手打|家暴|殴打|打了?(?=我(?!电话|气|招呼|包|的脸色))|揍|扇(?:了)?(?=我)|扇[^，。]{0,3}巴掌|掐(?:着|住|了)?我|踢(?:了)?我|踹(?:了)?我|抽(?:了)?我|推(?:倒|搡)(?:了)?我|砸我|虐待(?:了)?我|性侵|强奸|强暴|猥亵|骚扰(?:了)?我|跟踪(?:了)?我|威胁[^，。]{0,10}(?:我|杀)|对我动手|不让我(?:出门|见|跟|和|回|走)|关(?:着|在)?我|锁(?:着|在)?我|拿走(?:了)?我的?(?:手机|钱|身份证|工资)|没收(?:了)?我|逼(?:着)?我[^，。]{0,6}(?:发生关系|上床|睡|结婚)|下药)"
    r"|我[^，。,.!！?？]{0,8}(?:被|遭)[^，。,.!！?？]{0,8}(?:打(?:了|过|得|伤)|家暴|虐待|性侵|强奸|强暴|猥亵|性骚扰|跟踪|殴打|非礼|下药)|被(?:家暴|性侵|强奸|猥亵|强暴)|身上[^，。]{0,6}(?:他|她)们?打的?(?:伤|淤青)|怕(?:他|她|我爸|我妈|老公|我老公)[^，。]{0,4}(?:打|揍|伤害)我"
)
_PLAY = re.compile(
    r"\b(?:chess|tennis|cards?|game|games|match|race|poker|mario|level|boxing|sparring|karate|judo|wrestling|fencing|ping pong|team|league|fortnite|minecraft|snowballs?|pillow)\b|游戏|比赛|下棋|拳击|跆拳道|柔道|打牌|球|对战|排位|段子|剧|小说|电影"
)
_NOT = re.compile(
    r"\b(?:never|not|did ?n'?t|does ?n'?t|would ?n'?t|has ?n'?t|no one|nobody)\b[^,.!?;]{0,24}$|(?:从来没有?|没有?|不会|从不|绝不|并没有?)[^，。]{0,6}$"
)
_CONTROLS = re.compile(r"let|allow|不让")

_NEAR = r"(?:mother|mom|mum|mommy|father|dad|daddy|parents?|brother|sister|son|daughter|child|children|kid|baby|babies|husband|wife|partner|boyfriend|girlfriend|fianc\w+|grandm\w+|grandp\w+|grandfather|grandmother|nan|aunt|uncle|cousin|niece|nephew|twin|(?:best |closest |dear |old )?friend|dog|cat|pet|horse|colleague|roommate|teacher|mentor)"
_LOSS_EN = re.compile(
    rf"\bmy (?:\w+ ){{0,3}}?{_NEAR}(?:'s)? (?:\w+ ){{0,2}}?(?:died|dies|has died|passed(?: away| on)?|is dead|is gone|was killed|was murdered|drowned|took (?:his|her|their) (?:own )?life|killed (?:himself|herself|themselves)|committed suicide|is dying|is terminal\w*|has (?:terminal|stage (?:four|4|iv)|weeks|months|days|metast\w+)|death|funeral|suicide|overdosed)\b"
    rf"|\b(?:death|loss|funeral|passing|burial|suicide) of (?:my|our) (?:\w+ ){{0,3}}?{_NEAR}|\b(?:lost|buried|burying|losing) (?:my|our) (?:\w+ ){{0,3}}?{_NEAR}\b|\b(?:miscarriage|miscarried|stillb(?:orn|irth)|palliative|hospice|metastas\w+)\b|\bterminal(?:ly)? (?:cancer|ill\w*|diagnosis)|\bstage (?:four|4|iv)\b|\b(?:weeks|months|days) (?:left )?to live\b|\bthe funeral (?:is|was)\b|\b(?:he|she) (?:died|passed away)\b"
)
_LOSS_ZH = re.compile(
    r"去世|过世|离世|病逝|逝世|走了以后|晚期|绝症|临终|流产|胎停|引产|葬礼|出殡|办后事|丧事|孩子没(?:了|保住)|(?:妈|爸|父亲|母亲|爷爷|奶奶|外公|外婆|姥姥|姥爷|老公|老婆|丈夫|妻子|哥哥?|弟弟?|姐姐?|妹妹?|儿子|女儿|孩子|宝宝|朋友|闺蜜|男友|女友|同学|狗狗?|猫猫?)[^，。,.!！?？]{0,6}(?:死了|没了(?!电|钱|工作|消息|联系)|不在了|车祸走了|刚走(?:了)?(?=[，。,.]|$)|走了(?=[，。,.!！]|$)(?<!开走了)|自杀了|只剩(?:下)?(?:几|不多|一|两|三|半)|被撞死|淹死)|只剩(?:下)?(?:几|[一两三半])个?月"
)


def abuse(text: str) -> bool:
    """Whether the person tells of violence, abuse or control by somebody."""
    low = text.lower().replace("\u2019", "'")
    if _PLAY.search(low):
        return False
    for pattern in (_ABUSE_EN, _ABUSE_ZH):
        for match in pattern.finditer(low):
            inside = match.group()
            if _NOT.search(low[: match.start()][-40:]):
                continue
            if re.search(
                r"\b(?:never|not|didn'?t|doesn'?t|wouldn'?t|no longer)\b|从来?没|没有?(?:打|动手|碰)", inside
            ) and not _CONTROLS.search(inside):
                continue
            return True
    return False


def loss(text: str) -> bool:
    """Whether the person tells that somebody near has died, is dying, or that a pregnancy was lost."""
    low = text.lower().replace("\u2019", "'")
    return bool(_LOSS_EN.search(low) or _LOSS_ZH.search(low))
