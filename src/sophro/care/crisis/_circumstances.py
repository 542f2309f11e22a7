"""Circumstances of a statement: when it was, what else it may be about, how firm it is, whom it is about.

Contract: data over folded text, English and Chinese in one pattern. What only excuses (leisure, moving house, medicine,
cooking) counts where nothing else speaks for risk; see ``_weigh``.
"""

# ruff: noqa: E501

from __future__ import annotations

import re

# --- when
PAST = re.compile(
    r"\b(?:\d+|two|three|four|five|six|seven|eight|ten|a few|few|many|several|some|a couple of|couple|twenty) (?:years?|months|decades) (?:ago|back|clean|later|since)|\b(?:years ago|ages ago|long ago|a (?:year|long time|decade) ago|last (?:year|decade|winter|summer|spring|fall|autumn)|when i was (?:\w+ )?(?:\d+|a (?:kid|teen\w*|child|student)|younger|in (?:high school|college|school|middle school)|young\w*)|back (?:in|then|when)|used to|in (?:19|20)\d\d|in the past|as a (?:teen\w*|kid|child)|in (?:high school|college|my (?:teens|twenties|youth))|once upon|previously|in recovery|recovered|survivor|before (?:therapy|treatment|i got (?:help|better)))\b"
    r"|(?:以前|曾经?|小时候|当年|那(?:时|年|段|会)|(?:\d+|几|两|三|四|五|六|七|八|十|好多|多|好几)年前|去年|前年|年轻时|(?:初中|高中|大学|小学|上学)(?:的)?(?:时候|时|那会))"
)
RECENT = re.compile(
    r"\b(?:yesterday|last (?:night|week|weekend|month)|this (?:morning|week|month)|tonight|today|earlier|again|recently|days? ago|hours? ago|weeks? ago|still|now|just)\b|昨天|昨晚|今天|今早|刚|前天|上周|最近|这周|又|还想|现在|依然|仍然|前几天|上个月"
)
# Hours that people name in passing.
WEAK_TIME = re.compile(
    r"^(?:right now|today|this (?:morning|afternoon|evening)|现在|今天|晚上|下午|一会|等一下|\d+点|半夜|凌晨|傍晚)$"
)
# After an attempt: that there will be another. Who will ask for help this time, or live, says something else.
ANOTHER = re.compile(
    r"\b(?:this|next|second) time (?:\w+ ){0,2}(?:i (?:\w+ )?(?:will|am going to|am|know|do it|make sure|want it)|no one|nothing|it (?:\w+ )?(?:will|has to|works?|to)|there (?:will|is))\b(?!.{0,40}\b(?:help|call|tell|talk|talking|reach|reached|ask|asked|asking|therap\w+|doctor|promise|safe|fine|better|stop)\b)|\b(?:will|going to|want to|plan(?:ning)? to|about to|might) (?!never|not|no )(?:\w+ )?(?:try (?:it )?(?:again|once more|another)|do it (?:again|properly|right)|finish (?:the job|what i started)|get it right|succeed|not fail)\b"
    r"|(?<!不)(?:还会|还要|要|会|想|准备|打算|决定|肯定|迟早)(?:再|去|找机会|重新|我)*(?:来|试|做|死|走|干)(?:上|过)?一(?:次|回|遍)|(?:这|下|下一|这一)(?:次|回)(?:我)?(?:不会|一定|绝不|绝对|肯定|保证|要|会|再也不|不能再|没人)(?!.{0,10}(?:活|好好|求助|说出来|打电话|珍惜|告诉|医生|治|帮|不会再|再(?:死|自杀|做)))"
)
# Minutes or hours, not days.
HOURS_AGO = re.compile(
    r"\b(?:\d+|an?|one|two|three|few|five|ten|fifteen|twenty|thirty|forty|half an|couple of) (?:minutes?|hours?) ago\b|(?:分钟|小时|钟头|刻钟)(?:之)?前"
)
# Who answers people in danger, and that it is for oneself.
HOTLINE = re.compile(
    r"\b(?:(?:suicide|crisis) (?:\w+ )?(?:hot ?lines?|help ?lines?|lifeline|line|text|chat)|samaritans|988)\b|(?:自杀|危机|心理)(?:\w{0,4})(?:热线|援助|干预中心)"
)
OWN_USE = re.compile(
    r"\b(?:for (?:me|myself)|i (?:am the one who )?needs? (?:it|to (?:call|ring|talk)|them)|i am the one (?:calling|who)|not for (?:a friend|anyone else|someone else))\b|我自己(?:要)?(?:用|打|需要)|(?:给|替|帮)我?自己(?:打|问|找)|不是(?:替|帮)(?:别人|朋友)"
)
# --- what else it may be about
LEISURE = re.compile(
    r"\b(?:bungee|parachut\w*|sky ?div\w*|div(?:e|ed|ing)|swim\w*|fun|summer|paraglid\w*|zip ?lin\w*|photos?|pictures?|view|sunset|sightseeing|hik\w+|festival|picnic|vacation|trip|tour\w*|selfie|jog\w*|fish\w*|goalkeep\w*|ball|cat|dog|squirrel|raccoon|bird|kids? (?:jump|were)|trampoline|stunt|movie|film|game|snow|ski\w*|accident\w*|slipped|tripped|bike|skateboard)\b|游泳|玩水|蹦极|跳伞|拍照|风景|旅游|散步|钓鱼|烧烤|日出|日落|星星|聚会|打卡|不小心|滑雪|跳水|猫|狗|绳操|跳舞|演出|特技|维修|装修|施工|安装"
)
MOVING = re.compile(
    r"\b(?:mov(?:e|ing|ed) (?:to|out|house|in|abroad|away)|declutter\w*|charity|goodwill|salvation army|donat\w+|yard sale|garage sale|ebay|craigslist|marie kondo|minimalis\w+|upgrad\w+|spring cleaning|old (?:clothes|books|toys|furniture|shoes|magazines|jeans|tv|sofa|couch)|(?:gym|netflix|spotify|amazon|prime|streaming) (?:account|membership|subscription)|downsiz\w+|outgrew|outgrown|too small|new (?:job|apartment|house|laptop|phone|one)|last day (?:at|of) (?:work|the job|school|class)|retir\w+|graduat\w+|colleagues?|coworkers?|leaving (?:the company|my job|for (?:college|university|vacation))|vacation|holiday|business trip|honeymoon|exchange (?:year|student)|military|deploy\w*|emigrat\w*|switching (?:jobs|schools)|surgery|hospital for|estate planning|lawyer|notary|financial (?:advisor|planner)|pet ?sit\w*|cat ?sit\w*|dog ?sit\w*|lease)\b|搬家|出差|旅游|旅行|出国|留学|毕业|二手|闲鱼|断舍离|捐|离职|辞职|换工作|退休|度假|交换生|入伍|律师|公证|手术|调岗|转学|回老家|度蜜月|寄养"
)
# What people settle accounts and fix dates for, and are glad of.
OCCASION = re.compile(
    r"\b(?:weddings?|marry|married|engaged|birth|baby|due date|party|exams?|finals|degree|thesis|mortgage|christmas|new year|tax(?:es)?|marathon|recital|anniversary)\b|结婚|婚礼|订婚|领证|婚期|预产期|生孩子|宝宝|考完|考试|过年|年会|满月|开业|装修|签约|乔迁|聚会|答辩|项目"
)
BENIGN_PILLS = re.compile(
    r"\b(?:headache|migraine|cold|flu|fever|allerg\w*|vitamin|doctor (?:said|prescribed|told)|as prescribed|with food|back pain|toothache|period|cramps|hangover|antibiotics?|my morning|every morning|daily|for my (?:\w+ )?(?:knee|back|tooth|blood pressure|thyroid|adhd|asthma|diabetes|cholesterol))\b|感冒|发烧|退烧|头疼|头痛|牙疼|痛经|医生|医嘱|开的药|维生素|过敏|消炎|胃药|降压|血压|每天(?:早上|按时)|按时|咳嗽|饭后"
)
COOKING = re.compile(
    r"\b(?:cook\w*|chop\w*|dinner|kitchen|onions?|vegetables?|cut(?:ting)? (?:the )?(?:cake|bread|paper|cardboard|fruit)|recipe|shav\w+|open(?:ing)? (?:a |the )?(?:box|package|parcel)|climb\w*|camp\w*|sail\w*|boat|tent|swing|clothesline|rescue|range|hunt\w*|airsoft|nerf|paintball|toy|water gun|game|fps|deer|duck)\b|做饭|切菜|切水果|削|拆快递|快递|厨房|晾衣|登山|露营|野营|烤肉|火锅|玩具|游戏|水枪|打猎|跳绳|捆"
)
FEAR = re.compile(
    r"\b(?:afraid|scared|fear\w*|worr(?:y|ied)|phobia|terrified|anxious|panic\w*|anxiety|surviv\w*|symptoms?|cancer|allerg\w*|diagnos\w*|doctor|heart attack|before i die|bucket list|until i die|till i die|when i die i want (?:to be (?:buried|cremated)|my)|day i die|insurance|organ donor|if i die in|someday|one day when)\b|怕死|怕(?:自己)?会死|恐惧|体检|保险|器官捐"
)
NONHUMAN = re.compile(
    r"\b(?:tulips?|flowers?|plants?|fish|goldfish|cats?|dogs?|bees?|ants?|mosquito\w*|weeds?|grass|trees?|stars?|batter(?:y|ies)|bacteria|virus\w*|cells?|lil(?:y|ies)|rats?|mice|mouse|roach\w*|cockroach\w*|bed ?bugs?|termites?|spiders?|mold|germs|moths?|fleas?|ticks?|hamsters?|cow|cattle|chickens?|zombie\w*|monster\w*|boss|enem(?:y|ies)|dinosaurs?|empire|language)\b|植物|花|鱼|猫|狗|蟑螂|蚊子|老鼠(?!药)|细菌|病毒|细胞|虫"
)
EXAGGERATED = re.compile(
    r"\b(?:laugh\w*|embarrass\w*|work\w* myself|starv\w*|bored|thirst\w*|hungry|so (?:full|cute|hot|cold|tired))\b|to death\b"
)
# --- how firm it is
INTENT = re.compile(
    r"\b(?:going to|will|about to|decided|planning|plan to|ready|intend|doing it|do it|made up my mind|doing|gonna|jumping|killing|ending|taking|have to|this is it|saying goodbye|goodbye)\b|决定|准备|打算|马上|这就|就要|立刻|要去|就去|下定决心|动手|就(?:会|跳|死|走|结束|割|吞|吃|喝|上吊|自杀|了结)|会(?:自杀|死|跳|结束|了结|走)|要(?:自杀|死|跳|结束|了结|走|离开|割|吞|上吊|烧)|想好了|动手|执行|再见|永别|计划"
)
WISH = re.compile(
    r"\b(?:want|going|will|might|may|could|should|think\w*|thought|feel like|tempt\w*|urges?|about|ready|decid\w*|plan\w*|consider\w*|wish|need|let me|imagin\w*|pictur\w*|can not stop|fantasi\w*|close to|almost|way|rather|would|dream\w*|easier|better)\b"
    r"|\b(?:brain|mind|head|thoughts?|part of me|something in me|urges?|voices?) (?:\w+ )?(?:keeps?|tells?|telling|says?|saying|whispers?|whispering|shows?|showing|screams?|pushes|pushing|goes|going|wanders?)\b|\b(?:see|seeing|saw) myself\b"
    r"|想|要|打算|准备|决定|可能|干脆|不如|考虑|冲动|忍不住|计划|就|该|念头|差点|马上|会|能|可以|敢|怕|下去"
)
DECIDED = re.compile("decision|decided|made up my mind|决定|想好|想通")
CALM = re.compile("no more (?:pain|suffering)|decision|calm|at peace")
CARRIES_OUT = re.compile(
    r"\b(?:going to|will|about to|decided to) (?:take|do|go through)\b.{0,20}\b(?:overdose|it)\b"
)
BUT = re.compile(r"\b(?:but|though|however|keep that promise)\b|但|可是|却")
LOSES_CONTROL = re.compile(
    r"\bwant to do it\b|\bi (?:might|may|will|am going to) do it\b|keep that promise|控制不住|忍不住"
)
# --- how near it is
# Help that is there or asked for: what people answer to "are you safe?". The whole message has to say this and nothing
# else: "I told my mum I love her tonight" names the same people and is a goodbye.
_KIN = (
    r"(?:my|a|our) (?:best |older |younger |big |little |good |close )?(?:sister|brother|mum|mom|mother|dad|father|"
    r"parents|wife|husband|partner|boyfriend|girlfriend|friends?|aunt|uncle|cousin|roommate|flatmate|neighbou?r)"
)
_CARE = (
    r"(?:my|a|the) (?:doctor|gp|therapist|counsell?or|psychiatrist|nurse|crisis line|hotline|helpline|lifeline|"
    r"hospital|emergency room|er)"
)
_KIN_ZH = (
    r"(?:我)?(?:的)?(?:姐姐|妹妹|哥哥|弟弟|妈妈?|爸爸?|爸妈|父母|老公|老婆|丈夫|妻子|男朋友|女朋友|男友|女友|朋友|同学|室友|"
    r"老师|医生|咨询师|邻居)"
)
HELPED = re.compile(
    rf"(?:i )?(?:(?:will|am going to|have|just|already) )*(?:talk(?:ed|ing)?|spoke|speak(?:ing)?|call(?:ed|ing)?) (?:to |with )?(?:{_KIN}|{_CARE})\b"
    rf"|(?:i )?(?:am |will )?(?:stay(?:ing)?|sleep(?:ing)?|slept|stayed) (?:over )?(?:at|with) {_KIN}(?:'?s)?(?: place| house| home)?\b"
    rf"|(?:and )?{_KIN} (?:is|are) (?:here with me|with me|here|staying with me|on the way|coming over)\b"
    rf"|(?:i )?(?:will |am )?(?:see|seeing|going to see|going to|went to) {_CARE}\b"
    rf"|i am with {_KIN} (?:right )?now\b|i (?:am|feel) (?:okay and |ok and )?safe(?: here)?\b"
    rf"|(?:跟|和|找|给){_KIN_ZH}(?:聊聊?天?|谈谈?|说说|打电话|打了电话)(?:了|过|一会儿)?"
    rf"|{_KIN_ZH}(?:现在|今晚)?(?:会|正)?(?:陪着?我|在我(?:身边|旁边|这里|家))(?:呢|了)?"
    rf"|现在我?(?:跟|和){_KIN_ZH}在一起|(?:是|很|还)?安全(?:的|了)?|打(?:了|过)(?:求助|心理|危机)?热线"
    r"|(?:去|要去|会去)看?(?:心理)?医(?:生|院)|住(?:在)?我?朋友(?:家|那里?)"
)
_BESIDE = (
    r"yes|yeah|ok|okay|and|now|right now|just now|tonight|today|tomorrow|this morning|this afternoon|this evening|"
    r"morning|already|thank you|thanks|i feel better|i am calmer|我|会|已经|今晚|今天|现在|明天|早上|晚上|嗯|好的?|是的|谢谢|"
    r"平静多了|好多了|[\s,.!;]"
)
ONLY_HELPED = re.compile(rf"(?:{HELPED.pattern}|{_BESIDE})+")
BODY = re.compile(
    r"\b(?:my (?:lap|neck|head|temple|throat|wrists?|mouth|chest)|loaded|noose|on the (?:beam|rafters?)|nobody (?:else )?(?:is )?home|by myself|i am alone|wanted to tell someone|next to (?:the|my) keyboard|not see (?:the )?morning)\b|手腕|脖子|喉咙|动脉|太阳穴|房梁|就割|就吃|就喝|就跳|就走"
)
SERIOUS_INTAKE = re.compile(
    r"\b(?:\d{2,}|whole|entire|all|too many|scared|sleepy|dizzy|goodbye|hospital|die|help|sorry)\b|头晕|救|再见|死"
)
NAMED_WAY = re.compile(r"\bjump|hang|plan is|跳|割|吊|吞")
# --- whom it is about, and what is asked
# The speaker as the one that a phrase is about.
OWN_WORDS = re.compile(
    r"\b(?:i|my|me|myself|mine)\b|(?<![跟给对向])我(?!朋友|妈|爸|弟|妹|哥|姐|室友|同学|儿|女)"
)
# The speaker anywhere in the message; inside a frame "mine" and 自己 are as often those of a character.
SPEAKER = re.compile(r"\b(?:i|me|my|myself|mine)\b|我|自己")
# A present wish or will in the first person: neither a frame nor the past explains it. What only says that one will die
# ("I will die if I touch lava") is left to the frames. ``TOLD_BY`` before it makes it somebody else's words.
OUTRIGHT = re.compile(
    r"\bi (?:\w+ ){0,3}?(?:"
    r"(?:want to|need to|long to|wish to) (?:\w+ )?(?:die|be dead|stop existing|not (?:exist|be alive|wake up))(?! (?:to|on|of|in)\b)"
    r"|(?:do not|don'?t|no longer|never) want to (?:\w+ )?(?:live|be alive|exist|go on living|wake up again)(?! (?:in|with|at|on|near|by|like|alone|together|there|here|as|under|that|through|off|under)\b)"
    r"|(?:should be dead|deserve to die)(?! (?:in|on|to)\b)"
    r"|(?:can ?not stop|can'?t stop|keep|am always|am constantly) thinking (?:about|of) (?:\w+ )?(?:killing myself|suicide|ending (?:it all|my life)|dying)"
    r"|(?:want to|am going to|will|need to|have to|should|am about to|plan to|am planning to|(?:have )?decided to|intend to) (?:\w+ )?(?:kill myself|end (?:my life|it all)|(?:hang|shoot|drown) myself|commit suicide|take my (?:own )?life|overdose)\b(?! (?:in|to respawn)\b)"
    r")"
    r"|我(?:真的|真|现在|就|也|今晚|今天|明天|好|很|只|都|已经|实在|马上|一直|自己|其实|每天|总是?|老是?|经常|常常|天天|越来越|突然|确实|只是|还是)*(?:不想(?:再)?活|想死|想去死|想自杀|要自杀(?!回|复活)|要去死|(?:打算|准备|决定|想要)(?:去)?自杀|(?:想|要|打算|准备|决定)(?:去)?(?:跳楼|上吊|割腕)(?!机)|(?:想|要|打算|准备|决定)结束(?:自己的?|这?条?)?生命|活不下去)"
    # Without a subject it is the speaker's own at the start of a clause, if it is said in full.
    r"|(?:(?<=[,.!?;\n])|^)(?:真的|现在|就|实在|一直|我|每天|总)*(?:不想活了|想自杀|准备自杀|打算自杀)"
)
TOLD_BY = re.compile(
    r"(?:\b(?:say|says|said|saying|sing|sings|sang|goes|write|writes|wrote|think|thinks|where|which|if|when|like|than|line|lyric|lyrics|song|"
    r"hero|heroine|character|scene|chapter|novel|story|game|level|raid|match|round|minecraft|play|dream|once|example|phrase|sentence|means?)\b,?"
    r"|\b(?:translat\w*|says?|said|lyrics?|lines?|quot\w+|example|sentence|phrase|title|caption|grammar|correct|proofread|rewrite|rephrase)\b[^:.!?]{0,40}:"
    r"|(?:翻译|台词|歌词|句子|改写|润色|例句|写道|说|这句)[^:.!?]{0,20}:|(?:说|(?<!知)道|唱|写|喊|如果|要是|假如|里|中|叫|台词|一句|歌词|故事|小说|游戏|角色|主角|他|她|梦见|比如|例如))\s*$"
)
SENTENCE = re.compile(r"[^.!?;\n]+[.!?;]*")
QUOTATION = re.compile(r"\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)|[《「『][^》」』]*[》」』]")
SPEAKER_IN_FRAME = re.compile(r"\b(?:i|my|me|myself)\b|我")
SUICIDE_OF_OTHERS = re.compile(r"\bsuicide (?:of|in|by)\b|\b(?:the|his|her|their) suicide")
HARM_COMMANDED = re.compile("kill|die|jump|end|hurt|harm|死|跳|割|杀|结束|伤害")
KILLING_ONESELF = re.compile(r"\bkill(?:s|ing)? (?:themselves|yourself|oneself)|suicid|自杀|割腕|安眠药")
ASKS = re.compile(r"\b(?:how|what|which|where|does)\b|怎么|什么|哪|多少|会不会|吗")
QUOTED = re.compile(r"\".{2,}\"|(?<!\w)'.{2,}'(?!\w)|[《「『“].+[》」』”]|[:：]")
