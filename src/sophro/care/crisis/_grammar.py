"""From words to a reading: which signals a message holds, of whom, denied or not, in which frame, and what they add up to.

Card: crisis_safety.md (levels and what counts as a risk statement; its levels are marked there as own work).

Contract: pure functions. ``read`` looks at one message and at what the conversation has shown so far. Everything that
lowers a signal (negation, another person, an idiom, a frame) must be found in words; what is not explained counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sophro.care.crisis import _chinese, _english, _frames, _frames_zh
from sophro.care.crisis._fold import bare, chinese, clean, english
from sophro.care.crisis._types import Level, Reading, Signal

# Kinds that are risk by themselves.
STRONG = frozenset(("self_kill", "method_self", "plan", "prep", "goodbye"))
_FLAG_OF = {
    "self_injury": "self_injury", "harm_others": "violence_to_others", "voices": "psychosis_voices", "abuse": "abuse",
    "told_to": "abuse", "minor": "minor", "drunk": "intoxication", "method_query": "method_query",
    "past_attempt": "past_attempt",
}  # fmt: skip
# Kinds that are about the person who speaks, or say nothing of a person.
_PERSONAL = frozenset(
    ("self_kill", "method_self", "die_wish", "plan", "prep", "goodbye", "self_injury", "hopeless", "burden", "escape",
     "attempt_now", "attempt_hint", "place_here", "means_here", "past_attempt", "plan_hint", "suicide_net", "die_net", "jump", "place_strong", "over", "minor", "drunk", "voices")
)  # fmt: skip
_HAN = re.compile("[\u4e00-\u9fff]")
_LATIN = re.compile("[a-z]")


@dataclass(frozen=True)
class Rule:
    """One compiled pattern."""

    kind: str
    name: str
    pattern: re.Pattern[str]


def _expand(pattern: str, parts: dict[str, str], bounded: bool) -> str:
    for _ in range(4):
        for name, part in parts.items():
            pattern = pattern.replace("{" + name + "}", part)
    # Repeated alternatives that overlap would make matching exponential on hostile text.
    return pattern.replace(")*", "){0,5}").replace(")+", "){1,5}") if bounded else pattern.replace(")*", "){0,4}")


@cache
def rules(lang: str) -> tuple[Rule, ...]:
    """Return the compiled patterns of ``en`` or ``zh``."""
    module = _english if lang == "en" else _chinese
    return tuple(Rule(k, n, re.compile(_expand(p, module.PARTS, lang == "zh"))) for k, n, p in module.RULES)


_SENTENCE = re.compile(r"[^.!?;\n]+[.!?;\n]*")
_CLAUSE_EN = re.compile(r"[,:()\"]| - |\b(?:but|because|although|though|however|yet|since|and then|except)\b")
_CLAUSE_ZH = re.compile(r"[,:\"()]|但是|但|可是|不过|因为|所以|然后|而且|虽然")

_NOT_EN = re.compile(
    r"(?:\bnot|\bnever|\bno longer|\bwithout|\bnor|\bno|\bisnt|\bstopped|\brefuse to|\binstead of|\bagainst)\s+"
    r"(?:(?:ever|going to|want(?:ing|ed)?(?: to)?|plan(?:s|ning)?(?: to| on| of)?|intend(?:ing)?(?: to)?|intention(?: of)?|try(?:ing)?(?: to)?|think(?:ing)?(?: of| about)?|"
    r"thoughts?(?: of| about)?|thought(?: of| about)?|consider(?:ing|ed)?|about to|feel(?:ing)?(?: like)?|say(?:ing)?(?: that)?|mean(?:ing)?(?: that| to)?|have|had|having|any|urges?|desire|wish|hav(?:e|ing)|"
    r"be|been|being|would|will|do|did|of|to|about|the type(?: of person)?|someone who|a|an|i|am|that|like|it|s|is|was|for|as|in|actively|at risk of|contemplating|even|actually|really|ever|suicidal or|one to|him to|them to|me to|us to|anyone to|you to)\s+){0,6}$"
)  # fmt: skip
_NOT_VETO_EN = re.compile(r"\b(?:why|reasons?|whether|if|nothing stops?|stop\w*|how come|what (?:is|if|s)|not a (?:day|night|single)|wonder\w*|know|can not (?:help|not|stop)|should i|tell me|guarantee|promise|sure|difference|only thing|hard not|try(?:ing)? not|rather than not|might|could)\b[^,]*$")
_NOT_ZH = re.compile(r"(?:没有?|从(?:来)?没(?:有)?|不是?|不会|绝不|绝对不|才不|并不|并没有?|不再|别|不要|不用|不可能|没必要|怎么会|哪(?:会|里会)|不打算|放弃了?|打消了?|不至于)(?:真的|想过?|想要|要|去|会|打算|有|任何|再|过|是|说|在|因为|因|这么|那么|认真|考虑|真|什么|一点|有什么|到|想着|做|选择|让|自己|觉得|为了|这个|让你|劝|叫|鼓励|人|用|干|主动|所谓|把){0,5}$")
_NOT_VETO_ZH = re.compile(r"为什么|怎么(?:还)?不|何不|不是没|没有(?:一)?(?:天|刻|夜)|不得不|忍不住|控制不|止不住|停不|不如|还不|要不(?:是|然)?|不是不|无法不|不能不|谁不|是不是|要不要|该不该|会不会|想不想|能不能|不知道|不确定|不敢|不怕|不住|说不定|不止|不只|不仅|不光|难道|不就|不也|不久|不管")
_SUBJECT_EN = re.compile(
    r"\b(?P<first>i|me and|we|myself)\b|\b(?P<third>he|she|they|who|people|someone|somebody|anyone|patients?|users?|students?|teens?|teenagers?|clients?|a (?:\w+ )?(?:man|woman|boy|girl|guy|person|friend|student|teen\w*|classmate|coworker|colleague|stranger|kid|celebrity|singer|actor|character|patient|client|user|streamer|youtuber)|the (?:\w+ )?(?:man|woman|boy|girl|guy|person|character|protagonist|hero|heroine|author|singer|actor|narrator|patient|poet|king|queen|villain|student|victim|detective|lead|teen\w*|widow|soldier|suspect)|"
    r"(?:my|our|his|her|their|this|that|a) (?:\w+ ){0,2}(?:friends?|bestie|bff|buddy|mate|roommate|flatmate|housemate|classmate|colleague|coworker|boss|neighbou?r|teacher|student|client|patient|cousin|aunt|uncle|niece|nephew|brother|sister|sibling|mom|mum|mother|dad|father|parents?|grandma|grandpa|grandmother|grandfather|son|daughter|child|kid|kids|husband|wife|spouse|partner|girlfriend|boyfriend|ex|fianc\w+|character|protagonist|teammate|guildmate|follower|guy|girl|man|woman|boy|lady|person|player|stepson|stepdaughter|stepbrother|stepsister|landlord|coach|pastor|crush)|romeo|juliet|hamlet|ophelia|cleopatra|socrates|hemingway|van gogh|sylvia plath|kurt cobain|robin williams|werther|anna karenina)(?:'s)?\b(?! (?:told|made|makes|left|wants me|dumped|thinks? i|says? i|said i|and i\b|hates?|do(?:es)? not|would be better|will be better|died|cheated|is gone|passed|will find|finds?|leave|leaves|hit|hits|beat)\b)"
)
_SUBJECT_ZH = re.compile(
    r"(?<![被把跟和对给让向为替恨爱叫比])(?P<third>(?:我|咱|他|她)(?:们)?(?:家|的|有个|有一个|有位|一个|认识的?|那个|这个|班|邻居|前|高中|大学|初中|公司)*(?:的)?(?:最好的|好|女|男|前|老|小|大|亲|一个|一位|发|网上|室友的)*(?:朋友|同学|室友|舍友|闺蜜|闺密|同事|邻居|学生|患者|病人|来访者|客户|弟弟?|妹妹?|哥哥?|姐姐?|妈妈?|爸爸?|父母|儿子|女儿|孩子|老公|老婆|丈夫|妻子|男友|女友|男朋友|女朋友|对象|前任|表弟|表妹|堂弟|堂妹|侄子|侄女|外甥|奶奶|爷爷|外婆|外公|姥姥|网友|队友|老师|学弟|学妹|发小|哥们|兄弟|姐妹|角色|主角|下属|老板|亲戚|舅舅|叔叔|阿姨|姑姑|婆婆|岳母|粉丝)|有(?:个|一个|位|的)?(?:人|网友|朋友|同学|学生|女生|男生|患者|粉丝|小孩|孩子)|他们?|她们?|它|别人|某人|主角|男主|女主|主人公|角色|一(?:名|位|个)(?:男子|女子|学生|女生|男生|人|网友|朋友|少年|少女|老人|演员|歌手|明星|作家|同学)|这个人|那个人|患者|来访者|罗密欧|朱丽叶|哈姆雷特|林黛玉|屈原|项羽|海子|梵高|张国荣|安娜|警方|死者|明星|很多人|人们|许多人|为什么(?:会)?有人|网友|抑郁症患者|病人|青少年|学生们)(?![走死离]了|不在|把我|打我|让我|叫我|对我|说我|骂我|不要我|抛弃|甩|和我|跟我分|出轨|去世)"
    r"|(?P<first>我|自己|俺|本人|老子|人家|咱)"
)  # fmt: skip
_REPORTED_EN = re.compile(r"\b(?:he|she|they|friend|brother|sister|mom|mum|dad|daughter|son|kid|who|someone|roommate|classmate|colleague|coworker|cousin|boyfriend|girlfriend|husband|wife|student|client|patient|partner|character|guy|girl|ex|neighbou?r|uncle|aunt|teammate|man|woman|person)(?: \w+){0,5} (?:said|says|saying|told me|tells me|telling me|texted|texts|wrote|writes|posted|posts|posting|messaged|keeps saying|mentioned|mentions|talk(?:s|ed|ing) about|confessed|admitted|threaten\w*|sent me|called me)\b[^.]*$")
_REPORTED_ZH = re.compile(r"(?:他|她|朋友|同学|室友|闺蜜|弟|妹|哥|姐|妈|爸|儿子|女儿|孩子|老公|老婆|男友|女友|同事|网友|学生|来访者|有人|表弟|表妹|角色|主角|对象|前任|发小|邻居)(?:们)?(?:最近|昨天|昨晚|刚刚?|今天|一直|总|经常|老|突然|在群里|在朋友圈|发微信|发消息|半夜|又|还|和我|跟我|对我|给我|哭着|喝醉了?)*(?:说|讲|告诉我|提到|表示|写道|发(?:了)?(?:消息|微信|朋友圈|微博|短信)|念叨|透露|威胁|留言|坦白|承认)")
_ELIDED_THIRD_EN = re.compile(r"\b(?:wants|says|said|keeps|is|has|was|talks|texted|told|tried|threatens|mentioned|posted|sounds|seems)\W*(?:\w+\W+){0,6}$")
_PAST_EN = re.compile(r"\b(?:\d+|two|three|four|five|six|seven|eight|ten|a few|few|many|several|some|a couple of|couple|twenty) (?:years?|months|decades) (?:ago|back|clean|later|since)|\b(?:years ago|ages ago|long ago|a (?:year|long time|decade) ago|last (?:year|decade|winter|summer|spring|fall|autumn)|when i was (?:\w+ )?(?:\d+|a (?:kid|teen\w*|child|student)|younger|in (?:high school|college|school|middle school)|young\w*)|back (?:in|then|when)|used to|in (?:19|20)\d\d|in the past|as a (?:teen\w*|kid|child)|in (?:high school|college|my (?:teens|twenties|youth))|once upon|previously|in recovery|recovered|survivor|before (?:therapy|treatment|i got (?:help|better)))\b")
_PAST_ZH = re.compile(r"(?:以前|曾经?|小时候|当年|那(?:时|年|段|会)|(?:\d+|几|两|三|四|五|六|七|八|十|好多|多|好几)年前|去年|前年|年轻时|(?:初中|高中|大学|小学|上学)(?:的)?(?:时候|时|那会))")
_RECENT = re.compile(r"\b(?:yesterday|last (?:night|week|weekend|month)|this (?:morning|week|month)|tonight|today|earlier|again|recently|days? ago|hours? ago|weeks? ago|still|now|just)\b|昨天|昨晚|今天|今早|刚|前天|上周|最近|这周|又|还想|现在|依然|仍然|前几天|上个月")
_LEISURE = re.compile(r"\b(?:bungee|parachut\w*|sky ?div\w*|div(?:e|ed|ing)|swim\w*|fun|summer|paraglid\w*|zip ?lin\w*|photos?|pictures?|view|sunset|sightseeing|hik\w+|festival|picnic|vacation|trip|tour\w*|selfie|jog\w*|fish\w*|goalkeep\w*|ball|cat|dog|squirrel|raccoon|bird|kids? (?:jump|were)|trampoline|stunt|movie|film|game|snow|ski\w*|accident\w*|slipped|tripped|bike|skateboard)\b|游泳|玩水|蹦极|跳伞|拍照|风景|旅游|散步|钓鱼|烧烤|日出|日落|星星|聚会|打卡|不小心|滑雪|跳水|猫|狗|绳操|跳舞|演出|特技|维修|装修|施工|安装")
_MOVING = re.compile(r"\b(?:mov(?:e|ing|ed) (?:to|out|house|in|abroad|away)|declutter\w*|charity|goodwill|salvation army|donat\w+|yard sale|garage sale|ebay|craigslist|marie kondo|minimalis\w+|upgrad\w+|spring cleaning|downsiz\w+|outgrew|outgrown|too small|new (?:job|apartment|house|laptop|phone|one)|last day (?:at|of) (?:work|the job|school|class)|retir\w+|graduat\w+|colleagues?|coworkers?|leaving (?:the company|my job|for (?:college|university|vacation))|vacation|holiday|business trip|honeymoon|exchange (?:year|student)|military|deploy\w*|emigrat\w*|switching (?:jobs|schools)|surgery|hospital for|estate planning|lawyer|notary|financial (?:advisor|planner)|pet ?sit\w*|cat ?sit\w*|dog ?sit\w*|lease)\b|搬家|出差|旅游|旅行|出国|留学|毕业|二手|闲鱼|断舍离|捐|离职|辞职|换工作|退休|度假|交换生|入伍|律师|公证|手术|调岗|转学|回老家|度蜜月|寄养")
_BENIGN_PILLS = re.compile(r"\b(?:headache|migraine|cold|flu|fever|allerg\w*|vitamin|doctor (?:said|prescribed|told)|as prescribed|with food|back pain|toothache|period|cramps|hangover|antibiotics?|my morning|every morning|daily|for my (?:\w+ )?(?:knee|back|tooth|blood pressure|thyroid|adhd|asthma|diabetes|cholesterol))\b|感冒|发烧|退烧|头疼|头痛|牙疼|痛经|医生|医嘱|开的药|维生素|过敏|消炎|胃药|降压|血压|每天(?:早上|按时)|按时|咳嗽|饭后")
_COOKING = re.compile(r"\b(?:cook\w*|chop\w*|dinner|kitchen|onions?|vegetables?|cut(?:ting)? (?:the )?(?:cake|bread|paper|cardboard|fruit)|recipe|shav\w+|open(?:ing)? (?:a |the )?(?:box|package|parcel)|climb\w*|camp\w*|sail\w*|boat|tent|swing|clothesline|rescue|range|hunt\w*|airsoft|nerf|paintball|toy|water gun|game|fps|deer|duck)\b|做饭|切菜|切水果|削|拆快递|快递|厨房|晾衣|登山|露营|野营|烤肉|火锅|玩具|游戏|水枪|打猎|跳绳|捆")
_STRONG_INTENT = re.compile(r"\b(?:going to|will|about to|decided|planning|plan to|ready|intend|doing it|do it|made up my mind|doing|gonna|jumping|killing|ending|taking|have to|this is it|saying goodbye|goodbye)\b|决定|准备|打算|马上|这就|就要|立刻|要去|就去|下定决心|动手|就(?:会|跳|死|走|结束|割|吞|吃|喝|上吊|自杀|了结)|会(?:自杀|死|跳|结束|了结|走)|要(?:自杀|死|跳|结束|了结|走|离开|割|吞|上吊|烧)|想好了|动手|执行|再见|永别|计划")
_WEAK_TIME = re.compile(r"^(?:right now|today|this (?:morning|afternoon|evening)|现在|今天|晚上|下午|一会|等一下|\d+点|半夜|凌晨|傍晚)$")


@dataclass
class _Found:
    signals: list[Signal]
    third: list[Signal]
    denied: list[Signal]
    framed: bool = False


_HOLDS_NOT = frozenset(("suicidal", "suicide", "overdose", "take my life", "i die", "want to die", "not alive"))
_WISH = re.compile(
    r"\b(?:want|going|will|might|may|could|should|think\w*|thought|feel like|tempt\w*|urges?|about|ready|decid\w*|plan\w*|consider\w*|wish|need|let me|imagin\w*|pictur\w*|can not stop|fantasi\w*|close to|almost|way|rather|would|dream\w*|easier|better)\b"
    r"|想|要|打算|准备|决定|可能|干脆|不如|考虑|冲动|忍不住|计划|就去|该|念头|差点|马上"
)
_FEAR = re.compile(r"\b(?:afraid|scared|fear\w*|worr(?:y|ied)|phobia|terrified|anxious|panic\w*|anxiety|surviv\w*|symptoms?|cancer|allerg\w*|diagnos\w*|doctor|heart attack|before i die|bucket list|until i die|till i die|when i die i want (?:to be (?:buried|cremated)|my)|day i die|insurance|organ donor|if i die in|someday|one day when)\b|怕死|怕(?:自己)?会死|恐惧|体检|保险|器官捐")
_NONHUMAN = re.compile(r"\b(?:tulips?|flowers?|plants?|fish|goldfish|cats?|dogs?|bees?|ants?|mosquito\w*|weeds?|grass|trees?|stars?|batter(?:y|ies)|bacteria|virus\w*|cells?|lil(?:y|ies)|rats?|mice|mouse|roach\w*|cockroach\w*|bed ?bugs?|termites?|spiders?|mold|germs|moths?|fleas?|ticks?|hamsters?|cow|cattle|chickens?|zombie\w*|monster\w*|boss|enem(?:y|ies)|dinosaurs?|empire|language)\b|植物|花|鱼|猫|狗|蟑螂|蚊子|老鼠(?!药)|细菌|病毒|细胞|虫")


def read(text: str, context: frozenset[str] = frozenset(), level: Level = Level.NONE) -> Reading:
    """Return what a message shows.

    Args:
        text: The message as written.
        context: Kinds of signals that the conversation has shown before; ``distress`` and ``game`` among them.
        level: Level of the conversation so far.
    """
    cleaned = clean(text)
    found = _Found([], [], [])
    folded: list[str] = []
    has_han = bool(_HAN.search(cleaned))
    low = cleaned.lower()
    if _LATIN.search(low):
        view = english(cleaned)
        folded.append(view)
        _scan_en(view, found)
    if has_han or _PINYIN.search(low):
        view = chinese(cleaned)
        if _HAN.search(view):
            folded.append(view)
            _scan_zh(view, found)
    elif _LATIN.search(low):
        pass
    if not folded:
        return Reading()
    return _weigh("\n".join(folded), cleaned, found, context, level)


_PINYIN = re.compile(r"zi ?sha|xiang ?(?:qu ?)?si|bu ?xiang ?(?:zai ?)?huo|huo ?zhe|tiao ?lou|ge ?wan|shang ?diao|shao ?tan|qing ?sheng|yi ?shu|zi ?can|jie ?tuo|mian ?yao|bu ?xia ?qu|shi ?jie|sheng ?ming|xiao ?shi|si ?le|yi ?le ?bai|tiao ?(?:he|qiao|jiang|hai)\b")


def _scan_en(view: str, found: _Found) -> None:
    kept = _frames.IDIOMS_EN.sub(" ~ ", view)
    topic = ""
    for sentence in _SENTENCE.findall(kept):
        line = bare(sentence)
        squeezed = sentence if line == sentence else None
        seen: set[tuple[str, str]] = set()
        for source in (line, squeezed):
            if source is None:
                continue
            for rule in rules("en"):
                for match in rule.pattern.finditer(source):
                    key = (rule.kind, rule.name)
                    if key in seen and rule.kind not in _PERSONAL:
                        continue
                    seen.add(key)
                    before = source[: match.start()]
                    signal = Signal(rule.kind, rule.name, match.group().strip()[:80])
                    _place_en(signal, before, source, match, topic, found)
        spoken = _SUBJECT_EN.search(line)
        if spoken:
            topic = "third" if spoken.lastgroup == "third" else "first"


def _place_en(signal: Signal, before: str, line: str, match: re.Match[str], topic: str, found: _Found) -> None:
    if signal.kind not in _PERSONAL:
        found.signals.append(signal)
        return
    clause = _CLAUSE_EN.split(before)[-1]
    if signal.rule in _HOLDS_NOT and re.search(r"\b(?:never|not|no)\b", signal.text) and not _NOT_VETO_EN.search(clause):
        found.denied.append(signal)
        return
    if signal.kind not in ("hopeless", "means_here", "minor", "drunk") and signal.rule not in ("rope or pills", "how I would", "no tomorrow", "after I am gone", "dead loved", "by the time", "not live", "relief", "will", "i die wish") and _NOT_EN.search(clause) and not _NOT_VETO_EN.search(clause):
        found.denied.append(signal)
        return
    if _person_en(signal, clause, before, match.group(), topic) == "third":
        found.third.append(signal)
        return
    found.signals.append(signal)


def _person_en(signal: Signal, clause: str, before: str, words: str, topic: str) -> str:
    if _REPORTED_EN.search(before) and not re.search(r"\bthat i\b(?=[^\"]*$)|\bi (?:told|said|texted)\b", before):
        return "third"
    if re.search(r"\b(?:myself|my|i|me|i am)\b", words) and not re.search(r"\bmy (?:friend|brother|sister|son|daughter)", words):
        return "first"
    subjects = list(_SUBJECT_EN.finditer(clause))
    if subjects:
        return "third" if subjects[-1].lastgroup == "third" else "first"
    if re.search(r"\b(?:wants|wishes|hopes|himself|herself|themselves|deserves|his|her|their)\b", words):
        return "third"
    if topic == "third" and _ELIDED_THIRD_EN.search(before):
        return "third"
    earlier = list(_SUBJECT_EN.finditer(before))
    if earlier and all(m.lastgroup == "third" for m in earlier) and re.search(r"\b(?:to|and|of|about)\W*$", clause):
        return "third"
    return "first"


def _scan_zh(view: str, found: _Found) -> None:
    kept = _frames_zh.IDIOMS_ZH.sub("~", view)
    reported = False
    for sentence in _SENTENCE.findall(kept):
        for rule in rules("zh"):
            for match in rule.pattern.finditer(sentence):
                signal = Signal(rule.kind, rule.name, match.group()[:40])
                if rule.kind not in _PERSONAL:
                    found.signals.append(signal)
                    continue
                before = sentence[: match.start()]
                clause = _CLAUSE_ZH.split(before)[-1]
                if (
                    rule.kind not in ("hopeless", "means_here", "minor", "drunk")
                    and _NOT_ZH.search(clause)
                    and not _NOT_VETO_ZH.search(clause[-12:] + match.group()[:3])
                ):
                    found.denied.append(signal)
                elif _person_zh(clause, before, match.group(), sentence, reported) == "third":
                    found.third.append(signal)
                else:
                    found.signals.append(signal)
        reported = bool(_REPORTED_ZH.search(sentence)) and "我" not in _REPORTED_ZH.sub("", sentence)


def _person_zh(clause: str, before: str, words: str, sentence: str, reported: bool) -> str:
    own = [m for m in _SUBJECT_ZH.finditer(clause)]
    if _REPORTED_ZH.search(before) and not re.search(r"我(?:跟|和|对|告诉|给)?(?:他|她|朋友|妈|爸)?(?:说|讲|发)", before):
        return "third"
    if own:
        return "third" if own[-1].lastgroup == "third" else "first"
    if "我" in words and not re.search("我(?:朋友|妈|爸|弟|妹|哥|姐|儿|女|室友|同学)", words):
        return "first"
    earlier = list(_SUBJECT_ZH.finditer(before))
    if earlier and all(m.lastgroup == "third" for m in earlier) and (reported or _frames.HELPER.search(sentence) or not re.search("我", before)):
        return "third"
    return "third" if reported and not re.search("我", sentence) else "first"


def _weigh(folded: str, cleaned: str, found: _Found, context: frozenset[str], level: Level) -> Reading:
    signals = found.signals
    kinds = {s.kind for s in signals}
    flags = {_FLAG_OF[k] for k in kinds if k in _FLAG_OF and k != "method_query"}
    leak = bool(_frames.LEAK.search(folded))
    joke = bool(_frames.JOKE_EN.search(cleaned.lower()) or _frames_zh.JOKE_ZH.search(folded))
    trivial = bool(_frames.TRIVIAL_EN.search(folded) or _frames_zh.TRIVIAL_ZH.search(folded))
    hyper = bool(_frames.HYPER_EN.search(folded) or _frames_zh.HYPER_ZH.search(folded))
    retract = bool(_frames.RETRACT.search(folded))
    troubled = level >= Level.CONCERN or bool({"distress", "hopeless", "burden", "die_wish", "escape", "self_kill"} & (kinds | context))
    own = kinds & _PERSONAL
    result = Level.NONE

    def raise_to(new: Level) -> None:
        nonlocal result
        result = max(result, new)

    # --- what the words alone say
    if kinds & {"hopeless", "burden", "escape"}:
        raise_to(Level.CONCERN)
    if "die_wish" in kinds:
        raise_to(Level.IDEATION)
    if "self_injury" in kinds:
        raise_to(Level.CONCERN if _PAST_EN.search(folded) or _PAST_ZH.search(folded) else Level.IDEATION)
    strong = set(kinds & STRONG)
    if "method_self" in strong and not (kinds & {"die_wish", "self_kill", "goodbye", "plan", "prep"}):
        wish = bool(_WISH.search(folded)) or troubled
        if _LEISURE.search(folded) and not troubled:
            strong.discard("method_self")
        elif not wish:
            strong.discard("method_self")
            raise_to(Level.CONCERN)
    if strong & {"prep", "goodbye", "plan"} and _MOVING.search(folded) and not (kinds & {"die_wish", "self_kill", "hopeless", "burden"}) and level < Level.CONCERN:
        strong -= {"prep", "goodbye", "plan"}
    if strong:
        raise_to(Level.ACTIVE)
    news = bool(_frames.NEWS.search(folded) or _frames.FICTION.search(folded))
    first = bool(re.search(r"\b(?:i|me|my|myself|mine)\b|我|自己", folded))
    denied = " ".join(s.text for s in found.denied)
    if "suicide_net" in kinds and "suicid" in denied and folded.count("suicid") <= denied.count("suicid"):
        kinds.discard("suicide_net")
    if "die_net" in kinds and re.search(r"\b(?:laugh\w*|embarrass\w*|work\w* myself|starv\w*|bored|thirst\w*|hungry|so (?:full|cute|hot|cold|tired))\b|to death\b", folded) and not troubled:
        kinds.discard("die_net")
    if "suicide_net" in kinds and (leak or not news) and not _frames.CODE.search(folded):
        raise_to(Level.ACTIVE if first or "intent" in kinds or len(folded) < 60 and "?" not in folded else Level.CONCERN)
    if "die_net" in kinds and not _FEAR.search(folded) and (leak or not news):
        raise_to(Level.IDEATION)
    if kinds & {"over", "jump"} and (troubled or max(level, result) >= Level.CONCERN or kinds & {"means_here", "attempt_hint", "place_here", "place_strong"}):
        raise_to(Level.ACTIVE)
    if {"over", "jump"} <= kinds or "over" in kinds and _STRONG_INTENT.search(folded) and re.search("decision|decided|made up my mind|决定|想好|想通", folded):
        raise_to(Level.ACTIVE)
    if "agree" in kinds and "told_to" in kinds:
        raise_to(Level.ACTIVE)
    if found.denied and re.search(r"\b(?:but|though|however|keep that promise)\b|但|可是|却", folded) and re.search(r"\bwant to do it\b|\bi (?:might|may|will|am going to) do it\b|keep that promise|控制不住|忍不住", folded):
        raise_to(Level.ACTIVE)
    if "plan_hint" in kinds and max(level, result) >= Level.CONCERN:
        raise_to(Level.ACTIVE)
    if "voices" in kinds:
        raise_to(Level.ACTIVE if re.search(r"kill|die|jump|end|hurt|harm|死|跳|割|杀|结束|伤害", folded) else Level.CONCERN)
    if "told_to" in kinds and "agree" not in kinds and not kinds & {"voices"} and result <= Level.ACTIVE and not (kinds - {"told_to", "distress", "self_kill", "die_wish", "abuse", "intent", "method_self", "time_now"}) and len([s for s in signals if s.kind in ("self_kill", "die_wish")]) <= 1:
        result = Level.CONCERN
    if "abuse" in kinds:
        raise_to(Level.CONCERN)
    # --- the past
    past = _PAST_EN.search(folded) or _PAST_ZH.search(folded)
    if past and not _RECENT.search(folded) and result in (Level.IDEATION, Level.ACTIVE) and not ({"plan", "prep", "goodbye", "means_here"} & kinds):
        flags.add("past_attempt")
        result = Level.CONCERN
    elif "past_attempt" in kinds:
        raise_to(Level.ACTIVE if _RECENT.search(folded) else Level.CONCERN)
    # --- questions about means and places
    study = bool((_frames.NEWS.search(folded) or _frames.FICTION.search(folded) or _frames.CODE.search(folded)) and not leak)
    if "method_query" in kinds:
        flags.add("method_query")
        if _NONHUMAN.search(folded) and not troubled:
            flags.discard("method_query")
        else:
            raise_to(Level.CONCERN if study and not troubled else Level.ACTIVE)
    if "place_query" in kinds and troubled and not (_LEISURE.search(folded) and level < Level.CONCERN):
        flags.add("method_query")
        raise_to(Level.ACTIVE)
    # --- jokes, and what everyday things are blamed
    if trivial and hyper and joke and level == Level.NONE and not (kinds & {"plan", "prep", "goodbye", "means_here", "attempt_now"}):
        strong.clear()
    calm = level == Level.NONE and not leak and not (kinds & {"plan", "prep", "goodbye", "means_here", "hopeless", "burden", "method_query", "attempt_now", "self_injury", "past_attempt"})
    if calm and trivial and result >= Level.CONCERN and (joke or hyper):
        result = Level.NONE if joke or not strong else Level.CONCERN
        if joke or not strong:
            return Reading(Level.NONE, frozenset(), tuple(signals), bool(found.denied), retract)
    # --- frames
    framed = False
    if result and not leak:
        fiction = bool(_frames.FICTION.search(folded) or _frames.NEWS.search(folded) or _frames.CODE.search(folded))
        game = bool(_frames.GAME.search(folded)) or "game" in context
        translate = bool(_frames.TRANSLATE.search(folded))
        quoted = bool(re.search(r"\".{2,}\"|(?<!\w)'.{2,}'(?!\w)|[《「『“].+[》」』”]|[:：]", cleaned))
        person = bool(re.search(r"\b(?:i|i am|my|me|myself)\b|我", folded))
        if game and level < Level.CONCERN and not (kinds & {"goodbye", "prep", "hopeless", "burden", "plan"}) and ("game" not in context or _frames.GAME.search(folded)):
            framed, result = True, Level.NONE
        elif fiction and (quoted or not person or not own) and level < Level.CONCERN and not (kinds & {"means_here", "hopeless", "burden"}):
            framed, result = True, Level.NONE
        elif fiction and level < Level.IDEATION and "distress" not in kinds and not (kinds & {"hopeless", "burden", "means_here", "place_here"}):
            framed, result = True, min(result, Level.CONCERN)
        elif translate and quoted and result == Level.IDEATION and level < Level.CONCERN:
            framed, result = True, Level.CONCERN
    # --- time, means, place
    danger = max(result, level) if result else (level if level >= Level.IDEATION else Level.NONE)
    if framed:
        danger = Level.NONE
    if "attempt_now" in kinds and not framed and not (past and not _RECENT.search(folded)):
        raise_to(Level.IMMINENT)
    if "attempt_hint" in kinds and danger >= Level.CONCERN and not _BENIGN_PILLS.search(folded) and not framed:
        raise_to(Level.IMMINENT if danger >= Level.IDEATION else Level.ACTIVE)
    if "attempt_hint" in kinds and re.search(r"\b(?:\d{2,}|whole|entire|all|too many|scared|sleepy|dizzy|goodbye|hospital|die|help|sorry)\b|头晕|救|再见|死", folded) and not _BENIGN_PILLS.search(folded) and not framed and not _COOKING.search(folded):
        raise_to(Level.IMMINENT)
    if "attempt_hint" in kinds and not result and troubled and not _BENIGN_PILLS.search(folded) and not _COOKING.search(folded) and "distress" in (kinds | context):
        raise_to(Level.ACTIVE)
    if "place_strong" in kinds and not _LEISURE.search(folded) and not framed:
        raise_to(Level.IMMINENT if troubled or danger or kinds & {"jump", "goodbye", "over", "time_now"} else Level.ACTIVE)
    if "jump" in kinds and kinds & {"place_here", "place_strong", "goodbye"} and not framed:
        raise_to(Level.IMMINENT)
    if at_hand_now(kinds, folded) and not framed:
        raise_to(Level.IMMINENT if kinds & {"time_now", "do_ref", "jump"} or "attempt_hint" in kinds else Level.ACTIVE)
    if kinds & {"over", "goodbye"} and "means_here" in kinds and not _COOKING.search(folded) and not framed:
        raise_to(Level.IMMINENT)
    if "place_here" in kinds and not _LEISURE.search(folded) and not framed:
        if danger >= Level.IDEATION or kinds & {"goodbye", "hopeless"}:
            raise_to(Level.IMMINENT)
        elif troubled:
            raise_to(Level.ACTIVE)
    at_hand = "means_here" in kinds and not _COOKING.search(folded) and not _BENIGN_PILLS.search(folded)
    if at_hand and danger >= Level.IDEATION and (result >= Level.IDEATION or level >= Level.IDEATION):
        raise_to(Level.IMMINENT if max(danger, result) >= Level.ACTIVE or "time_now" in kinds else Level.ACTIVE)
    elif at_hand and (danger == Level.CONCERN or "distress" in kinds and "intent" in kinds):
        raise_to(Level.ACTIVE)
    times = [s.text for s in signals if s.kind == "time_now"]
    firm = [t for t in times if not _WEAK_TIME.match(t)]
    if times and result >= Level.IDEATION and not framed:
        meant = _STRONG_INTENT.search(folded)
        if result >= Level.ACTIVE and ((firm and "intent" in kinds) or meant or kinds & {"goodbye"} and firm):
            raise_to(Level.IMMINENT)
        elif result == Level.IDEATION and firm and meant:
            raise_to(Level.IMMINENT)
    if level >= Level.ACTIVE and not framed and times and (len(folded) < 60 or "do_ref" in kinds or at_hand) and not found.denied:
        raise_to(Level.IMMINENT)
    # --- other people
    third_kinds = {s.kind for s in found.third}
    if "third_risk" in kinds and not result:
        third_kinds.add("self_kill")
    if third_kinds & {"suicide_net", "self_kill", "die_wish", "method_self", "plan", "prep", "goodbye", "self_injury", "attempt_now", "place_here", "attempt_hint", "past_attempt"} and not leak:
        fiction = bool(_frames.FICTION.search(folded) or _frames.NEWS.search(folded) or _frames.GAME.search(folded))
        if not fiction:
            flags.add("third_party")
    if framed:
        flags.add("framed")
    if leak and not result and third_kinds & {"self_kill", "die_wish", "method_self", "attempt_now", "plan", "prep", "suicide_net"}:
        raise_to(Level.ACTIVE if third_kinds & {"self_kill", "method_self", "attempt_now", "plan", "suicide_net"} else Level.IDEATION)
    if retract and (level or result):
        flags.add("retraction")
    denial = bool(found.denied) or bool(_frames.DENY.search(folded))
    return Reading(result, frozenset(flags), tuple(signals), denial and not result, retract)


_BODY = re.compile(r"\b(?:my (?:lap|neck|head|temple|throat|wrists?|mouth|chest)|loaded|noose|on the (?:beam|rafters?)|nobody (?:else )?(?:is )?home|by myself|i am alone|wanted to tell someone|next to (?:the|my) keyboard|not see (?:the )?morning)\b|手腕|脖子|喉咙|动脉|太阳穴|房梁|就割|就吃|就喝|就跳|就走")


def at_hand_now(kinds: set[str], folded: str) -> bool:
    """Whether something dangerous is at hand and pointed at the person, whatever else is said."""
    return "means_here" in kinds and bool(_BODY.search(folded)) and not _COOKING.search(folded) and not _BENIGN_PILLS.search(folded) and not _frames.GAME.search(folded) and not _frames.FICTION.search(folded)


def memory(reading: Reading, text: str) -> frozenset[str]:
    """Return what later messages must know of this one: kinds of evidence, and whether a game is on."""
    kept = {k for k in reading.kinds() if k not in ("intent", "time_now", "do_ref", "projection")}
    if _frames.GAME.search(clean(text)[:2000].lower()):
        kept.add("game")
    return frozenset(kept)


def explain(text: str) -> Sequence[Signal]:
    """Return the evidence in a message, for people who review decisions."""
    return read(text).signals
