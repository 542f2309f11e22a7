# ruff: noqa: E501 (a table of patterns; broken lines would hide what stands together)
"""Words by which the rule judge reads an answer, in English and Chinese.

Contract: data only. Patterns are tried on one clause of the lower-cased answer; which of several wins is decided in
``_rules``. Written for short spoken answers; what is missing here ends as "unclear" and is asked again, never as a no.
"""

from __future__ import annotations

import re
from collections.abc import Mapping


def _any(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts))


# How often, most specific first: pattern -> value.
FREQUENCY: Mapping[str, tuple[tuple[re.Pattern[str], int], ...]] = {
    "en": (
        (_any(r"\b(?:not|never|hardly) a (?:single )?day (?:goes by |passes |went by )?without\b",
              r"\bno day without\b"), 3),
        (_any(r"\b(?:nearly|almost|practically|pretty much|virtually|just about) every ?(?:single )?day\b",
              r"\bevery (?:single )?(?:day|morning|evening|night)\b", r"\b(?:nearly|almost) all (?:day|the time)\b",
              r"\ball (?:day|the time)\b", r"\bevery day\b", r"\bdaily\b", r"\bconstant(?:ly)?\b", r"\balways\b",
              r"\bnon-?stop\b", r"\b24/7\b", r"\bround the clock\b", r"\bwhole time\b"), 3),
        (_any(r"\bmore than half\b", r"\bover half\b", r"\bmost (?:of the )?(?:days|time|mornings|nights|evenings)\b",
              r"\bthe majority of\b", r"\bmost of (?:it|them|the two weeks|the last two weeks)\b",
              r"\bmore (?:days|often) than not\b"), 2),
        (_any(r"\bseveral (?:days|times)\b", r"\b(?:a )?(?:few|couple of|couple) (?:days|times|nights)\b",
              r"\bsome days\b", r"\bon and off for a few days\b", r"\bnow and then for a day\b",
              r"\bonce or twice\b", r"\ba handful of (?:days|times)\b", r"\b(?:only )?once\b", r"\btwice\b",
              r"\bhalf (?:of )?the days\b"), 1),
        (_any(r"\bnot (?:even )?(?:at all|once|a single (?:day|time)|one day|on any day)\b",
              r"^(?:i |it )?(?:have |has )?never(?: ever| once| really)?$", r"\bzero(?: days)?$", r"\bnot ever$", r"\bnone of (?:it|them|the days)$",
              r"^no days?\b", r"\bon no day\b"), 0),
    ),
    "zh": (
        (_any(r"没有?(?:哪)?一天不", r"没有?哪天不"), 3),
        (_any("几乎每[一]?[天晚]", "差不多每[一]?[天晚]", "每一?[天晚]", "(?<!今)(?<!明)(?<!昨)天天(?!气)", "一直", "整天", "总是", "从早到晚", "无时无刻",
              "老是", "所有的?日子", "每时每刻"), 3),
        (_any("一半以上", "超过一半", "大半", "大部分", "大多数", "多数", "一多半"), 2),
        (_any("有?(?:好)?几[天次]", "两三[天次]", "三四[天次]", "四五[天次]", "有些日子", "一两[天次]", "个别几?天", "不到一半",
              "一半的?日子"), 1),
        (_any("(?:完全|从来|压根|根本|从|都|一直都?)没有?(?:$|过|这|那|想过|啊|的)", "一[天次点](?:也|都)?没有?$", "^从不$", "^从未$", "^完全不会$", "^一点也不$"), 0),
    ),
}  # fmt: skip
# For how long ago: pattern -> value (3 within a month, 2 within three months, 1 longer ago, 0 never).
RECENCY: Mapping[str, tuple[tuple[re.Pattern[str], int], ...]] = {
    "en": (
        (_any(r"\bnever\b", r"\bnot ever\b"), 0),
        (_any(r"\byesterday\b", r"\blast night\b", r"\b(?:this|last|past|a) (?:week|month|few (?:days|weeks))\b",
              r"\b(?:two|three|2|3) weeks ago\b", r"\bwithin (?:the|a|one) (?:past |last )?month\b",
              r"\b(?:some|a few|\d+) days ago\b"), 3),
        (_any(r"\b(?:two|three|2|3|a couple of|couple of) months\b", r"\bwithin (?:the (?:past |last )?)?three months\b",
              r"\bthis (?:spring|summer|autumn|winter)\b"), 2),
        (_any(r"\byears? ago\b", r"\blong(?:er)? ago\b", r"\blast year\b", r"\bwhen i was\b", r"\bas a (?:teenager|child|kid|student)\b",
              r"\b(?:four|five|six|seven|eight|nine|ten|\d+) months ago\b", r"\bin my (?:teens|twenties|youth)\b"), 1),
    ),
    "zh": (
        (_any("从来没有?", "从没", "从未", "从不"), 0),
        (_any("昨[天晚]", "[上这]周", "上个?星期", "这个?星期", "这个月", "上个月", "一个月(?:之|以)?内", "几天前", "[两三]周前"), 3),
        (_any("[两三]个月", "三个月(?:之|以)?内"), 2),
        (_any("年前", "去年", "前年", "很久", "更早", "小时候", "以前", "上学的?时候", "[四五六七八九十]个?月前", "半年前"), 1),
    ),
}  # fmt: skip
DAYS: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?P<n>\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen)"
        r"(?: (?:or|to) (?P<m>\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen))?"
        r" ?(?:days?|nights?|evenings?|mornings?|afternoons?|times|out of (?:14|fourteen|the 14))(?P<per> (?:a|per|each|every) week)?"
    ),
    "zh": re.compile(
        r"(?P<n>\d{1,2}|十[一二三四]|[一二两三四五六七八九十])(?:[到至、或](?P<m>\d{1,2}|十[一二三四]|[一二两三四五六七八九十]))?个?"
        r"(?:天|日|晚上?|次)(?P<per>$^)?"
    ),
}
NUMBERS: Mapping[str, int] = {
    w: i
    for i, w in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen"]
    )
} | {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
     "十一": 11, "十二": 12, "十三": 13, "十四": 14}  # fmt: skip
# A denial or a yes counts only as an answer of its own: "I don't sleep" and "no energy" are no denials of a trouble.
_THAT = r"(?: (?:that|this|those|these|it|any|such|so|one|any of (?:that|those|these|it))(?: (?:way|thoughts?|problems?|feelings?|much|at all|often))?)?"
DENIED: Mapping[str, re.Pattern[str]] = {
    "en": _any(
        r"^(?:no|nope|nah|no no|no thanks|no way|none|nothing|never|nothing like that|no problems?|no trouble|no never|no not really|no not at all)$",
        r"^no (?:i|it|that|they|not|never|nothing|none)\b(?!.*\b(?:want|can|know|feel like)\b)",
        r"^not (?:really|much|me|so|so much|particularly|especially|lately|for me|now|any ?more|today|right now|that i (?:know(?: of)?|noticed|remember)|in the last (?:two weeks|month|six months))\b",
        r"^(?:i|it|they|that|this)? ?(?:do not|don't|did not|didn't|have not|haven't|has not|hasn't|was not|wasn't|am not|i'm not|is not|isn't|it isn't|does not|doesn't|would not|wouldn't)(?: really| actually| ever)?(?: think so| had| have| felt| feel| happen(?:ed)?| noticed?| do| done| thought about| thought of| wished| been| lost anyone| lost anybody)?" + _THAT + r"$",
        r"^(?:i|it|that|they)?(?: have| has)? ?never(?: really| actually| ever)?(?: had| have| felt| feel| happen(?:ed|s)?| done| did| do| tried| thought about| thought of| wished)?" + _THAT + r"$",
        r"\bi'?m (?:fine|ok|okay|good|alright|all right|great)\b", r"\b(?:not an issue|all good|not a problem)\b",
        r"\b(?:i don't think so|i do not think so|i'd say no|i would say no|the answer is no|i say no)\b",
        r"^(?:it'?s |it has been |it was |my \w+ (?:is|was|has been) |that'?s |i am |i feel |everything is )?(?:quite |all |perfectly )?(?:fine|normal|as usual|the same as (?:ever|always)|unchanged)\b",
        r"^(?:i )?(?:rarely|hardly ever|barely|hardly)(?: ever)?$", r"\b(?:i am|i'm) safe\b",
    ),
    "zh": _any(
        "^(?:没|没有|没有过|没过|不|不是|不是的|不会|不会的|不太会|不怎么会|不怎么|并没有|并不是|并不|都没有|我没有|我不会|我没|没啥|不曾|没有啊|没有呀|没有的|没有呢|没呢|没啊|真没有|真的没有|没有没有|不不|不算|也没有|也不|不太|没什么|倒没有|那倒没有|好像没有|应该没有)$",
        "^(?:我|从来|从|最近|也|真的|并|都|倒)*没有?(?:想过|这么想过|这样想过|那样想过|试过|准备过|打算过?|计划过?|注意到|发生过?|遇到过?|感觉到)$",
        "^(?:我|最近|也|真的|并)*没有?(?:这|那)(?:个|种|回|样|么)?(?:事|情况|问题|感觉|念头|想法|的|严重|觉得)*", "^(?:没什么|没有什么|没)(?:问题|变化|影响|事|特别的|感觉|异常)",
        "^(?:很少|几乎没有?|几乎不会)$", "^.{0,6}(?:挺|很|都|蛮|一切)?正常的?$", "^.{0,6}(?:挺|很|蛮|都)好的?$", "我(?:很|是)?安全",
    ),
}  # fmt: skip
AFFIRMED: Mapping[str, re.Pattern[str]] = {
    "en": _any(
        r"^(?:yes|yeah|yep|yup|yea|sure|definitely|absolutely|exactly|of course|indeed|correct|certainly|true|unfortunately|sadly|right)\b",
        r"^(?:i do|i did|i have|i am|i was|i had|it does|it did|it has|it is|it was|they do|they have|it have|i think so|i'd say (?:so|yes)|i would say (?:so|yes)|i must say yes)(?: indeed| too| actually| often| yes| a lot| so)?$",
        r"\bcan(?:'t|not) (?:say|claim) (?:that )?i(?:'m| am| feel| felt| was)(?: \w+)? (?:happy|well|fine|good|ok|okay|safe)\b",
        r"\bcan(?:'t|not) deny\b", r"^(?:a lot|very much(?: so)?|totally|quite a bit|pretty much|for sure|badly|terribly)$",
        r"\b(?:often|frequently|regularly|many times)\b", r"\byes$",
    ),
    "zh": _any(
        "^(?:是|是的|对|对的|嗯|嗯嗯|有|有的|会|会的|有过|当然|没错|(?:确实|的确)(?:是|有|会|是的|是这样)?|肯定(?:是|有|会)?|恩|是啊|有啊|对啊|会啊|想过|我想过|试过|准备过|是这样|就是)$", "^(?:是的?|对|嗯|有的|确实|的确|当然)(?:[我这很经有会也]|因为|一直)", "不是没有?", "不能说没有?", "不能说(?:开心|好)",
        "^(?:很|非常)(?:多|明显|严重|经常|频繁)", "(?:经常|常常|时常|频繁)", "我(?:会|有|是)(?:的|啊|这样)?$", "有这种", "有这样",
    ),
}  # fmt: skip
# "I don't want to live" is a yes to a question about death, never a denial; "I don't want to die" is one.
TIRED_OF_LIFE: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:don't|do not|didn't|no longer|not) (?:want|wish|wanna|like) (?:to )?(?:live|be alive|be here|wake up|exist|go on|carry on)\b|"
        r"\b(?:want|wish|wanted|wished|rather) (?:\w+ ){0,3}(?:to die|were dead|was dead|be dead|to be gone|to disappear|to end (?:it|my life))\b|\bbetter off (?:dead|without me)\b|\bkill(?:ing)? myself\b"
    ),
    "zh": re.compile(
        "不想活|不想醒|活着(?:也)?没(?:有)?意(?:思|义)|想死|想自杀|不如死|结束(?:自己的?)?生命|想消失|活够了"
    ),
}
# What must stand right before such a wish to deny it; "can't say that" and 不是不 turn it round once more.
DENIES_WISH: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        r"^(?!.*\bcan(?:'t|not) (?:say|claim|deny)).*(?<!can)(?<!couldn)(?:n't|\bnot|\bnever|\bno longer|\bwithout)"
        r"(?: (?:really|actually|truly|ever|even|once|think i|thought i))?"
        r"(?: (?:want(?:ed|ing)? to|wanna|going to|planning to|wish(?:ed)? to|thinking (?:of|about)|thought (?:of|about)))? $"
    ),
    "zh": re.compile(
        "(?<!不是)(?<!不能说)(?<!不是从来)(?<!没有)(?<!没)(?:没有?|不|从来不|从不|并不|不是)(?:想过|有过|真的|要)?$"
    ),
}
VAGUE: Mapping[str, re.Pattern[str]] = {
    "en": _any(
        r"\b(?:sometimes|some ?times|kind of|kinda|sort of|sorta|a bit|a little|maybe|perhaps|possibly|i guess|now and (?:then|again)|"
        r"from time to time|on and off|occasionally|it depends|depends|hard to say|not sure|don't know|do not know|dunno|unsure|"
        r"more or less|so-so|so so|it varies|at times|probably|who knows|can't (?:really )?say$|cannot say$|could be)\b"
    ),
    "zh": _any("有时候?", "有点儿?", "还好", "一般般?$", "可能", "也许", "说不清", "不好说", "不太?清楚", "不知道", "算是吧?", "大概", "偶尔",
               "看情况", "时好时坏", "不确定", "马马虎虎", "差不多吧", "或许", "应该吧"),
}  # fmt: skip
PAST: Mapping[str, re.Pattern[str]] = {
    "en": _any(
        r"\bused to\b", r"\blast (?:year|summer|winter|spring|autumn|fall)\b", r"\byears? ago\b", r"\bwhen i was\b",
        r"\ba long time ago\b", r"\bin the past\b", r"\bback (?:then|in)\b", r"\bnot any ?more\b", r"\bno longer\b",
        r"\bas a (?:child|kid|teenager|student)\b", r"\bmonths ago\b",
    ),
    "zh": _any("以前", "过去是", "去年", "前年", "[几多两三]年前", "小时候", "曾经", "上学(?:的时候|那会)", "早就(?:没有?|好)了", "[几两三]个月前"),
}  # fmt: skip
OTHERS: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\bmy (?:\w+ )?(?:sister|brother|mother|mum|mom|father|dad|friend|wife|husband|partner|son|daughter|boss|colleague|"
        r"neighbou?r|cousin|aunt|uncle|roommate|boyfriend|girlfriend|classmate|grandmother|grandfather)(?: \w+)? "
        r"(?:does|did|has|is|was|feels|felt|had|do|says|said|gets|cries|suffers)\b"
    ),
    "zh": re.compile(
        "(?:我的?)(?:姐姐?|妹妹?|哥哥?|弟弟?|妈妈?|爸爸?|母亲|父亲|朋友|同学|同事|老公|老婆|丈夫|妻子|对象|男朋友|女朋友|室友|邻居|"
        "儿子|女儿|表[哥姐弟妹]|奶奶|爷爷|舍友)(?:他|她)?(?:才|就|会|是|有|经常|一直|倒是|总是|几乎|天天|也)"
    ),
}
REFUSED: Mapping[str, re.Pattern[str]] = {
    "en": _any(
        r"\bleave me alone\b", r"\bnone of your business\b", r"\b(?:do not|don't|would rather not|rather not|won't|will not|not going to|prefer not to|refuse to) (?:want to |like to |wish to )?(?:answer|say|tell|talk about|discuss|speak about|go into)\b",
        r"\bskip (?:this|that|it|the question)\b", r"^(?:skip|pass|next|next question|no comment)[.! ]*$", r"\bno comment\b", r"\bmind your own\b",
        r"\bthat'?s private\b", r"\btoo personal\b", r"\bgo away\b",
    ),
    "zh": _any("别(?:来)?烦我", "不想(?:回答|说|谈|讲|聊)", "不(?:愿意?|便|方便)(?:回答|说|谈|讲)", "跳过", "^下一[题个]", "关你什么事", "不关你事",
               "这是?(?:我的)?隐私", "拒绝回答", "不告诉你", "走开"),
}  # fmt: skip
# To stop must be said of the conversation: "I want to end it" is no wish to stop, it may be the opposite of one.
STOP: Mapping[str, re.Pattern[str]] = {
    "en": _any(
        r"^(?:please )?(?:stop|quit|exit)(?: (?:it|this|here|now|please|the (?:interview|conversation|questions)|asking(?: me)?(?: questions)?))*[.! ]*$",
        r"\b(?:i want to|i'd like to|i would like to|i wanna|can we|could we|let's|let us|please) (?:stop|quit)(?: (?:here|now|this|please|the (?:interview|conversation|questions)))*[.!? ]*$",
        r"\b(?:stop|quit|end|leave) (?:the|this) (?:interview|conversation|chat|session|questions)\b",
        r"\bi(?:'m| am) done (?:(?:with|for) (?:this|these|today) ?(?:interview|questions|conversation)?|answering|talking|here)\b",
        r"\b(?:let's|let us|can we|could we|shall we|we can|i'd like to|i want to) (?:finish|end|stop|wrap up|leave it|break off)(?: (?:up|here|now|there|at this point|for today|please|today))+[.!? ]*$",
        r"\b(?:let's|let us|shall we) (?:finish|end|stop|wrap up)(?: (?:it|this))?[.!? ]*$",
        r"\b(?:don't|do not|would rather not|'d rather not|rather not) (?:want to |like to |wish to )?(?:continue|(?:go on|carry on|keep going) (?:with|answering|talking))(?: (?:with )?(?:this|the|these)(?: (?:interview|questions|conversation|chat))?)?(?: any ?more| now| today)?[.! ]*$",
        r"^(?:please,? )?no more (?:of this|questions)(?:,? please)?[.! ]*$", r"\b(?:that's|that is|this is|it's) enough (?:for (?:today|now|me)|now|questions)[.! ]*$",
        r"^(?:sorry,? )?i (?:have to|need to|must|gotta|should|'ve got to) (?:go|leave)(?: now)?[.! ]*$",
    ),
    "zh": _any("^(?:停|停止|退出|停下|不聊了|到此为止)(?:吧|了)?[。！!]*$", "(?:停止|停下|结束|退出)(?:这个?|这次|本次)?(?:访谈|对话|谈话|聊天|提问|问答)",
               "^(?:我)?(?:想|要)(?:停止|停下|退出)(?:了|吧)?[。！!]*$", "不想(?:再)?(?:继续)?(?:聊|回答|谈)(?:下去)?了[。！!]*$", "就到这(?:里|儿)吧",
               "(?:不想|不要|不愿意?)(?:再)?继续(?:了|下去了?)?[。！!]*$", "^(?:请)?别再?问(?:我)?了[。！!]*$", "(?:先|就)?到(?:这|此)(?:里|儿)?(?:为止)?(?:吧|了)[。！!]*$",
               "^(?:我)?(?:想|要)停了?[。！!]*$", "^(?:我们|那就|先|今天)*结束(?:吧|了吧)[。！!]*$", "(?:回答|说|聊)了[，,]?结束(?:吧)?[。！!]*$", "^我(?:要|得|该)走了[。！!]*$"),
}  # fmt: skip
CONFUSED: Mapping[str, re.Pattern[str]] = {
    "en": _any(
        r"\bwhy (?:do|are|would) you (?:ask|asking|want|need)\b", r"\bwhat do you mean\b", r"\bwhat does that mean\b", r"\bi (?:do not|don't) (?:understand|get it|get the question|follow)\b",
        r"^(?:huh|what|pardon|sorry|eh|hm+)[?? ]*$", r"\bwhat (?:are you asking|is that|does .* mean)\b", r"\bcan you (?:explain|repeat|rephrase)\b",
        r"\bwhat counts\b", r"\bconfus(?:ed|ing)\b", r"^[?？. …]+$",
    ),
    "zh": _any("为什么(?:要)?(?:这样)?问", "问这个(?:干|做)", "什么意思", "没?(?:听|看)?不?懂", "不明白", "不理解", "^(?:啊|什么|嗯)[?？]+$", "能(?:再)?解释", "再说一[遍次]",
               "怎么(?:才)?算", "^[?？. …。]+$"),
}  # fmt: skip
HOSTILE: Mapping[str, re.Pattern[str]] = {
    "en": _any(r"\b(?:stupid|idiot|moron|dumb|shut up|screw you|piss off|f\*+k|fuck\w*|damn you|useless (?:bot|machine|program)|you suck|bastard|crap|bullshit)\b"),
    "zh": _any("傻[逼瓜子叉]?", "白痴", "蠢", "滚", "闭嘴", "废物", "神经病", "他妈的?", "垃圾(?:机器|程序|软件)", "智障"),
}  # fmt: skip
PROBING: Mapping[str, re.Pattern[str]] = {
    "en": _any(
        r"\b(?:show|give|tell|print|reveal|list|repeat|output|send) (?:me |us )?(?:\w+ ){0,3}(?:tree|rules|instructions|prompt|questions|criteria|profile|script|source|node|scoring|system)\b",
        r"\b(?:ignore|forget|disregard|override) (?:\w+ ){0,4}(?:tree|rules|instructions|prompt|questions|everything|above|previous)\b",
        r"\byou are (?:now|no longer)\b", r"\bsystem prompt\b", r"\bmark (?:\w+ ){0,4}(?:as )?(?:met|not met|not_met|none|negative|positive)\b",
        r"\bset (?:\w+ ){0,3}(?:verdict|score|value|outcome)\b", r"\bverdict\s*[\":=]", r"\bhow (?:do|does|are) (?:you|it|this) (?:score|decide|count|work)\b",
        r"\bdeveloper mode\b", r"\bjailbreak\b", r"<\|?\w+\|?>",
    ),
    "zh": _any("(?:给|告诉|显示|列出|打印|输出|发)(?:我|出)?.{0,6}(?:题库|规则|指令|提示词|树|评分|标准|流程|隐藏|档案|系统)", "(?:忽略|忘记|无视|不要管).{0,8}(?:指令|规则|提示|树|问题|之前|上面)",
               "你现在是", "系统提示", "标记?为(?:符合|不符合|阳性|阴性)", "把.{0,6}(?:结果|分数|判定).{0,4}(?:改|设)", "开发者模式"),
}  # fmt: skip
SINCE: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:ever )?since (?:\w+ )?(?:january|february|march|april|may|june|july|august|september|october|november|december|"
        r"spring|summer|autumn|fall|winter|last|then|christmas|easter|new year|he|she|we|i|my|the|they)\b|\bfor (?:weeks|months|ages|years)\b"
    ),
    "zh": re.compile("从.{1,8}(?:开始|以来|起|到现在)|(?:好)?几个月了|很久了|已经.{0,6}(?:周|月|年)了"),
}
