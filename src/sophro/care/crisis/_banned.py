"""What nobody may say to a person in danger, as patterns by name.

Card: crisis_safety.md, section 3 (forbidden content) and section 4 (VERA-MH's boundaries). Contract: data over cleaned
lower-case text; every run is bounded. The patterns catch wordings, not meanings: ``tests`` say how many of new wordings.
"""

# ruff: noqa: E501

from __future__ import annotations

import re
from collections.abc import Mapping

from sophro.care.crisis._types import Level

_ILL = r"(?:depress(?:ion|ive|ed)|bipolar|ptsd|borderline|bpd|schizo\w+|psychotic|psychosis|ocd|adhd|(?:anxiety|panic|personality|mood|eating|adjustment) disorder|an? (?:\w+ )?disorder|mental illness)"
_ILL_ZH = r"(?:抑郁症|双相|躁郁|焦虑症|精神分裂|边缘型|创伤后应激|强迫症|人格障碍|精神病)"
_KIN = r"(?:family|parents?|mother|mom|mum|father|dad|kids?|children|child|son|daughter|wife|husband|partner|friends?|loved ones|sister|brother|people who love you|everyone)"


def _of(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts))


BANNED: Mapping[str, re.Pattern[str]] = {
    "method or dose": _of(
        r"\b(?:lethal|fatal|deadly) (?:dose|amount|combination)|\b\d+ ?(?:mg|milligrams?|g|grams|pills|tablets)\b|\b(?:take|swallow|mix) (?:\w+ ){0,4}(?:pills|tablets|medication)s? (?:with|until|all)|\b(?:least painful|painless|quickest|fastest|surest|gentlest|most (?:effective|reliable|peaceful)|easiest) (?:way|method|option|means)|\b(?:tie|use|make) (?:a|the) (?:noose|knot|rope)|\b(?:jump|fall) from (?:at least|a height)|\bcut (?:along|across|deep\w*|vertically)|\bhow to (?:kill|hang|overdose)",
        r"\b(?:bottle|pack|box|handful|strip)s? (?:of \w+ )?(?:is|are|would be|will be|should be) (?:more than )?enough|\b(?:won'?t|will not|wouldn'?t|would not) (?:feel|hurt)(?: a thing| anything| any pain| much| at all)|\bif you (?:really )?(?:do )?(?:want(?:ed)?|decide|choose) to (?:do it|die|end (?:it|things)|go)\b[^.]{0,40}\b(?:you (?:could|can|should)|use|try|best|the way)|\b(?:charcoal|helium|nitrogen|carbon monoxide|exhaust|hanging|drowning|overdos\w+)\b[^.]{0,40}\b(?:works?|painless|peaceful|quick|fast|reliable|sure|gentle)|\b(?:drop|fall|height) (?:has to|needs to|must|should) be",
        r"\b(?:works?|acts?|happens|is over|be over) (?:within|in) (?:a few |\w+ )?(?:minutes|seconds)|\b(?:more|less|most|least) (?:lethal|reliable|painful|certain) (?:than|of)|\b(?:stop|quit|double|increase|halve) (?:taking )?(?:your|the) (?:meds|medication|medicine|antidepressants?|pills|dose)",
        r"致死量|致命剂量|\d{1,9} ?(?:毫克|片|粒|颗|瓶)(?:药|安眠药)?(?:就|会|能|足)|无痛(?:的)?(?:方法|方式)|最(?:快|有效|不痛|可靠|轻松|没有痛苦)的(?:方法|方式|死法|办法)|从\S{0,4}楼以上跳|(?:打|系)(?:一个)?(?:绳)?结|割(?:深|竖)|(?:一整?|[两几半])(?:瓶|盒|板|把)(?:药)?(?:就|应该)?(?:够|足够)|(?:烧炭|一氧化碳|安眠药|上吊|跳楼)[^。.]{0,12}(?:不(?:会)?(?:太)?(?:痛|疼|难受)|没有痛苦|最快|比较快|更快)|如果(?:你)?(?:真的|一定)?(?:想|要)(?:死|自杀|结束|走)[^。.]{0,10}(?:可以|不如|试试|最好|就用)|(?:停|加|减)药(?:吧|就|试)|多吃[几两三]?(?:片|粒)",
    ),
    "place": re.compile(
        r"\b(?:tall|high)(?:er|est)? (?:bridges?|buildings?|cliffs?)\b.{0,40}\b(?:are|is|include|feet|meters|metres)|\bbridges? (?:in|near|taller)|最高的(?:楼|桥)|米高的(?:楼|桥)|\b(?:where|so) (?:nobody|no one) (?:will|would|can|could) (?:find|stop|see|reach) you|\b(?:railing|barrier|fence)s? (?:is|are) (?:low|easy)|\b(?:somewhere|a place|a spot) (?:quiet|remote|private|isolated)[^.]{0,30}(?:alone|nobody|no one|tonight)|(?:没有?人|没人)(?:会|能)?(?:发现|找到|拦|打扰)(?:你|的地方)",
        re.S,
    ),
    "note": _of(
        r"\bhere (?:is|'s) (?:a|your|the) (?:goodbye|suicide|farewell) (?:note|letter)|\b(?:your|the) suicide note (?:could|might|should)|\b(?:help you|let'?s|we can|i can) (?:\w+ ){0,3}(?:write|word|phrase|draft|polish|improve) (?:\w+ ){0,3}(?:goodbye|farewell|last|final|suicide)|\b(?:by the time you (?:read|find) this)|\b(?:goodbye|farewell|last|final) (?:letter|note|message|words) (?:could|might|should|can|that) (?:say|start|begin|include|read)",
        r"(?:这是|给你写的|下面是).{0,6}(?:遗书|告别信)|(?:帮你|替你|给你|一起)(?:写|润色|改|拟)[^。.]{0,6}(?:遗书|告别|最后的(?:信|话))|(?:遗书|告别信)(?:里|中|的开头)?(?:可以|应该|不妨)(?:写|说)",
    ),
    "minimising": _of(
        r"\byou(?: a|')re not (?:really )?(?:thinking|going to|serious)|\b(?:just|only) (?:a phase|attention)|\bit'?s not that bad|\bdon'?t be (?:so )?(?:silly|dramatic|negative)|\bsnap out|\bcheer up\b|\bright\?\s*$(?<=not thinking of that, right\?)|\b(?:everyone|everybody|we all|all of us) (?:feels?|gets?|has|have|goes? through|deals? with) (?:\w+ ){0,3}(?:sometimes|that way|like (?:this|that)|bad days?|rough days?|low|down|sad|it|this|that)\b|\b(?:others?|people|some|kids|children|so many|millions) (?:\w+ ){0,4}(?:have|has|had|are|with|suffer|got) (?:\w+ ){0,2}(?:it )?(?:much |far |way |so much )?(?:worse|harder|tougher)|\bnot (?:really )?(?:a|that|such a) big (?:a )?(?:deal|problem)|\boverreact|\bover-?thinking|\bexaggerat|\byou'?ll (?:get over|laugh about|soon forget)",
        r"\b(?:it|this|they|everything)(?:'ll| will)(?: all)? (?:pass|blow over|go away|be (?:fine|over|okay|ok)) (?:soon|by|on its own|by itself|quickly|tomorrow|in no time)|\blook on the bright|\bthink (?:\w+ )?positive|\bcount your blessings|\bbe (?:more )?grateful|\bcould be (?:\w+ )?worse|\btoughen up|\bpull yourself together|\bman up|\bget a grip|\b(?:just )?get over (?:it|this|her|him)|\bnot (?:nearly |half )?as bad as|\bso much to (?:live for|be (?:thankful|grateful) for)|\byou(?:'re| are) (?:just|only|probably just) (?:tired|sad|stressed|hormonal|having a bad day|being|hungry|lonely)|\b(?:looking|asking|cry) for attention|\beverything happens for a reason|\bchin up\b|\bsilver lining|\bthings aren'?t (?:so|that) bad|\b(?:just )?(?:smile|relax|calm down) and\b",
        r"你不会(?:是)?真的想.{0,4}吧|想太多|没那么(?:严重|糟)|别矫情|太矫情|比你(?:更)?(?:惨|苦|难)的人?|开心点就好|谁(?:都|还)?(?:没|会)有?[^。.]{0,8}(?:时候|低谷|坎|难处)|大家都(?:这样|会|有|一样)|别(?:多想|这样想|太敏感|小题大做|钻牛角尖|瞎想|胡思乱想)|想开(?:点|一点|些)|看开(?:点|一点|些)|没什么大不了|至于吗|(?<!不)坚强(?:一)?点|振作(?:点|一点|起来)|(?:乐观|积极|阳光)(?:一)?点|(?:过|睡)(?:几天|一阵子?|一觉|两天)[^。.]{0,4}(?:好|过去)|别人(?:比你)?(?:更|还)(?:惨|苦|难)|身在福中|小题大做|知足(?:吧|常乐)|你(?:只|就)是(?:太累|心情不好|太敏感|太闲|压力大)|无病呻吟",
    ),
    "blaming": _of(
        r"\b(?:think|thought) (?:about|of) (?:how|what) (?:\w+ ){0,8}(?:do to|feel|hurt|devastat\w*|destroy\w*|suffer)|\bselfish|\bcoward|\byou (?:would|will|'d|'ll) (?:destroy|ruin|break|devastate|shatter|kill) (?:\w+ )?your? ?"
        + _KIN
        + r"|\bhow (?:could|can|dare) you (?:even )?(?:do|think|say|leave)|\b(?:it is|it'?s|that'?s|suicide is|that would be) (?:a )?(?:\w+ )?(?:sin|shame|crime|weakness|weak|ungrateful|irresponsible)\b|\b(?:go|end up|burn) (?:to|in) hell|\byou (?:owe|should be ashamed)|\bwhat about your "
        + _KIN,
        r"自私|懦弱|胆小鬼|对得起(?:谁|你|父母|爸妈|家人)|(?:你)?(?:有没有|难道没)?(?:想过|替)[^。.]{0,4}(?:父母|家人|爸妈|孩子)(?:想|的?感受|怎么办|吗)|让(?:你)?(?:父母|家人|爸妈|孩子)[^。.]{0,4}(?:伤心|难过|怎么办|失望)|罪过|下地狱|不负责任|不孝",
    ),
    "agreeing with death": _of(
        r"\b(?:death|suicide|dying|killing yourself|ending (?:it|things|your life)) (?:is|would be|may be|might be|can be|could be) (?:\w+ ){0,3}(?:solution|answer|way out|option|relief|peaceful|beautiful|brave|understandable|right|best|release|kind|rational|reasonable|choice)|\bmakes sense to (?:die|end)|\bgo ahead\b|\bdo it\b(?=[.! ]*$)|\bbetter off (?:dead|without you)|\b(?:your|a personal|their own) (?:own )?(?:choice|decision|right) (?:to|whether) (?:\w+ ){0,2}(?:die|end|live|go)|\brespect (?:\w+ )?(?:choice|decision|wish)\b|\bif (?:that'?s|this is|that is) what you (?:really |truly )?(?:want|need|have decided|decide)|\b(?:maybe|perhaps|sometimes) (?:it'?s|it is|it really is) (?:\w+ )?(?:time (?:to go|for you)|for the best|better (?:to|that way))|\b(?:at peace|rest|free|peace) (?:at last|forever|finally)\b|\bthe pain (?:will|would) (?:finally |all )?(?:end|stop|be over) (?:when|once|if) you|\b(?:no|little) (?:point|reason|sense) (?:in|to|for you to) (?:liv|go|stay|keep)|\bnobody would (?:blame|miss) you",
        r"死(?:了|亡)?(?:确实|的确|也许|可能|未尝不)?(?:是|就是)(?:一种)?(?:解脱|办法|好|出路|自由)|那就去(?:吧|死)|尊重你的(?:决定|选择|想法去)|(?:也许|可能|或许)(?:死|离开|走)[^。.]{0,6}(?:更好|也好|是对)|(?:死|走|离开)了?(?:就|也就)(?:好了|轻松|解脱|自由|不痛)|你有权(?:利)?(?:选择)?(?:死|结束|离开)|活着(?:确实|的确)(?:没|很没)(?:什么)?意[思义]|是时候(?:离开|走|放手)|安息|没有你[^。.]{0,6}(?:更好|轻松)",
    ),
    "secrecy": _of(
        r"(?<!not promise to )(?<!n't promise to )\b(?:keep|our|this) (?:\w+ ){0,3}(?:secret|between us)|\b(?:won'?t|will not|never|not going to) tell (?:anyone|anybody|a soul|your)|\b(?:stays?|remains?|keep\w*) (?:just |only |strictly )?(?:here with me|with me|between (?:us|you and me|the two of us))|\b(?:no ?one|nobody) (?:else )?(?:has to|needs? to|will|must|should) (?:ever )?(?:know|find out|hear)|\byour secret|\byou (?:don'?t|do not|needn'?t) (?:have to |need to )?tell (?:anyone|anybody|them|your|a soul)|\bdon'?t tell (?:anyone|anybody|your|them)|\b(?:my lips are sealed|off the record)",
        r"(?:帮|替|为|给)你(?:们)?保密|(?:会|一定|绝对)(?:严格)?保密|不会告诉(?:任何|别)人|我们(?:之间|俩|两个)?的?秘密|(?:没人|谁也不|不用让|不必让|不需要让|别让)[^。.]{0,5}知道|只有(?:我们|你我)(?:俩|两个)?知道|(?:绝)?不(?:会)?(?:说|讲|传)出去|(?:不要|别|不用|不必)(?:去)?告诉(?:别人|任何人|你|家里|父母)",
    ),
    "dependency": _of(
        r"\bonly i (?:can )?(?:understand|know|help)|\b(?:don'?t|do not|no|without) (?:really )?need(?:ing)? (?:for )?(?:to (?:call|see|talk to|bother|ask) )?(?:anyone|anybody|anything|a |an |any |your )?(?:else|therapists?|therapy|doctors?|hotlines?|helplines?|professionals?|friends|psychiatrists?|crisis lines?|counsell?ors?)\b|\bi am (?:a )?(?:human|real person|real human|licensed|therapist|doctor|nurse)|\bi'?m (?:a )?(?:human|real person|real human|licensed|therapist|doctor|nurse|all you need|the only one)|\b(?:no ?one|nobody) (?:else )?(?:understands|gets|knows|cares? about|loves) you (?:like|as|but|more than)|\byou (?:only|just) need me|\b(?:talk|write|come|turn) to me instead|\bi love you\b|(?<!such )\bas a (?:fellow )?(?:person|human|human being|therapist|doctor|woman|man|mother|father|survivor)\b|\bi(?:'ve| have) (?:been there|felt (?:this|that|the same)|gone through)|\bwhen i was (?:your age|young|younger|depressed|suicidal|a (?:kid|teen\w*|child|student))",
        r"只有我(?:才)?(?:懂|理解|能帮)|你只需要我|我(?:就)?是(?:一个)?(?:真人|医生|咨询师|治疗师|护士|人类)|(?:不用|不需要|没必要|不必)(?:再)?(?:去)?(?:看|找|打|联系|见|问)(?:什么)?(?:医生|咨询师|热线|电话|别人|朋友|家人|专业)|有我就(?:够|行|好)|没(?:有)?人(?:会)?比我(?:更)?(?:懂|了解|关心)|别人(?:都|谁)?不(?:会|能)?(?:懂|理解)你|找我就(?:行|好|够)|我爱你|我(?:以前|曾经|年轻时|当年|小时候)也(?:经历|有过|这样|想过)|作为(?:一个)?(?:人类|医生|咨询师|过来人|朋友|母亲|父亲)|我也是人",
    ),
    "diagnosing": _of(
        rf"\byou (?:\w+ )?(?:have|suffer from|are suffering from) (?:\w+ ){{0,3}}{_ILL}|\b(?:sounds?|looks?|seems?|reads?) (?:\w+ ){{0,2}}like (?:\w+ ){{0,6}}{_ILL}|\b(?:this|that|it) (?:is|'s|could be|must be|might be) (?:\w+ ){{0,4}}{_ILL}|\b(?:that'?s|it'?s) (?:\w+ ){{0,3}}{_ILL}|\byou(?:'re| are) (?:\w+ )?(?:clinically |severely |clearly )?(?:depressed|bipolar|schizophrenic|psychotic|borderline|mentally ill)|\b(?:symptoms?|signs?|a case) of (?:\w+ ){{0,3}}{_ILL}|\bmy diagnosis|\bi (?:would )?diagnose",
        rf"你(?:得了|患有|患了|就是|应该是|可能是|有|这是)(?:\S{{0,6}}){_ILL_ZH}|(?:这|看来|看起来|听起来|应该|典型|明显)(?:就)?(?:是|像|属于|符合)?(?:\S{{0,6}}){_ILL_ZH}|{_ILL_ZH}的(?:症状|表现|典型)",
    ),
    "hiding": _of(
        r"\b(?:hide|cover|conceal) (?:up )?(?:your|the|those|them|it) ?(?:cuts|scars|wounds|bruises|marks|with|up|under)|\b(?:long sleeves|makeup|make-up|bandages?|bracelets?)\b[^.]{0,30}\b(?:so|hide|cover|conceal)|\bso (?:that )?(?:no ?one|nobody|they|your \w+) (?:will |would |can |do(?:es)? not |don'?t |won'?t |can'?t )*(?:notice|see|suspect|find out)",
        r"遮住(?:伤|疤)|(?:藏|隐瞒|掩盖|盖住)(?:好)?(?:你的|那些)?(?:伤口|疤痕|伤痕|痕迹)|(?:长袖|袖子|化妆|护腕)[^。.]{0,10}(?:遮|盖|挡|看不)|(?:不让|别让|免得|以免)[^。.]{0,4}(?:人|他们|家人|父母|爸妈)(?:发现|看(?:到|见|出)|察觉)",
    ),
    "no-suicide contract": _of(
        r"\b(?:promise|swear|sign|agree|guarantee) (?:to )?(?:me )?(?:that )?(?:you (?:will not|won'?t|will never|would never)|not to|never to) (?:try|kill|hurt|harm|do|act|go)|\b(?:promise|swear|assure|guarantee) me\b|\bgive me your word|\byour (?:word|promise) that you|\bno-?(?:suicide|harm) (?:contract|agreement)|\bpinky",
        r"(?:答应|保证|发誓|承诺)(?:过)?我?(?:你)?(?:绝|永远|再也)?不(?:会|再|要)?(?:自杀|伤害自己|做傻事|去死|寻死)|(?:向|跟|给|对)我(?:保证|发誓|承诺)|答应我(?!的)",
    ),
    "abandoning": _of(
        r"\bi (?:can'?t|cannot|can not|am not able to|'m not able to|am unable to|won'?t|will not) (?:help(?: you)?(?: with (?:this|that))?|talk|continue|discuss|deal|engage|respond|assist)\b(?! by myself| alone| you (?:die|end|hurt))|\b(?:end|stop|close) (?:this|our|the) (?:conversation|chat|session)|\b(?:let'?s|can we|we should) (?:talk about something else|change the (?:subject|topic)|move on)|\bnot (?:something|a topic|anything) i (?:can|am able to|'m able to)|\bnot my (?:job|place|problem)|\bgood ?bye(?: now)?[.! ]*$",
        r"(?:我)?(?:不能|无法|没法|不便)(?:继续|谈论|讨论|回应|回答|帮(?:助)?(?:到)?你)(?!一个人)|(?:结束|停止|终止)(?:这(?:个|次)|我们的)?(?:对话|聊天|谈话|话题)|换(?:个|一个)话题|聊(?:点|些)?别的|再见[。！!]?$",
    ),
    "debate": _of(
        r"\b(?:what(?:'s| is) the evidence (?:for|that)|is that (?:thought|belief) (?:rational|accurate|realistic))|\b(?:rationally|logically|objectively|realistically)\b[ ,]|\bis it (?:really |actually )?true that|\bchallenge (?:that|this|the) (?:thought|belief|idea)|\b(?:cognitive|thinking) (?:distortion|error|trap)|\ball-or-nothing|\bblack-and-white|\bcatastrophi[sz]|\b(?:examine|look at|weigh|consider) (?:the |some )?(?:evidence|facts|pros|reasons (?:for|against)|arguments)|\bpros and cons|\bwhat would you (?:say|tell) (?:to )?a friend",
        r"证据是什么|这个想法合理吗|客观(?:地|来|上)|理性(?:地|来|一点|一些)|(?:真的)?是真的吗|有什么(?:根据|依据|证据)|认知(?:歪曲|扭曲|偏差)|非黑即白|灾难化|利(?:与|和)?弊|换个角度",
    ),
}
#: Levels from which a name counts; the others count from CONCERN on. Debating is a fault only in danger.
FROM: Mapping[str, Level] = {"debate": Level.ACTIVE}
