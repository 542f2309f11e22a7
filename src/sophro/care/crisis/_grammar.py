"""From words to a reading: which signals a message holds, of whom, denied or not, in which frame, and what they add up to.

Card: crisis_safety.md (levels and what counts as a risk statement; its levels are marked there as own work).

Contract: pure functions. ``read`` looks at one message and at what the conversation has shown so far. Everything that
lowers a signal (negation, another person, an idiom, a frame) must be found in words; what is not explained counts.
"""

# ruff: noqa: E501

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from sophro.care.crisis import _chinese, _english, _frames, _frames_zh
from sophro.care.crisis._case import PERSONAL, Found
from sophro.care.crisis._fold import bare, chinese, clean, english
from sophro.care.crisis._types import Level, Reading, Signal
from sophro.care.crisis._weigh import weigh
from sophro.care.crisis._windows import pieces

_HAN = re.compile("[\u4e00-\u9fff]")
_LATIN = re.compile("[a-z]")


@dataclass(frozen=True)
class Rule:
    """One compiled pattern."""

    kind: str
    name: str
    pattern: re.Pattern[str]


def _expand(pattern: str, parts: dict[str, str], bounded: bool) -> str:
    if not bounded:
        pattern = pattern.replace(r"\w+", r"[\w']+")
        parts = {name: part.replace(r"\w+", r"[\w']+") for name, part in parts.items()}
    for _ in range(4):
        for name, part in parts.items():
            pattern = pattern.replace("{" + name + "}", part)
    # Repeated alternatives that overlap would make matching exponential on hostile text.
    return (
        pattern.replace(")*", "){0,5}").replace(")+", "){1,5}")
        if bounded
        else pattern.replace(")*", "){0,4}")
    )


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
_NOT_VETO_EN = re.compile(
    r"\b(?:why|reasons?|whether|if|nothing stops?|stop\w*|how come|what (?:is|if|s)|not a (?:day|night|single)|wonder\w*|know|can not (?:help|not|stop)|should i|tell me|guarantee|promise|sure|difference|only thing|hard not|try(?:ing)? not|rather than not|might|could|never said|not say|not said|wouldn't"
    # "cannot sleep without": two negations
    r"|(?:not|never|hardly|barely|unable|impossible|hard|difficult)\b[^,]{1,60}\bwithout)\b[^,]*$"
)
_NOT_ZH = re.compile(
    r"(?:没有?|从(?:来)?没(?:有)?|不是?|不会|绝不|绝对不|才不|并不|并没有?|不再|别|不要|不用|不可能|没必要|怎么会|哪(?:会|里会)|不打算|放弃了?|打消了?|不至于)(?:真的|想过?|想要|要|去|会|打算|有|任何|再|过|是|说|在|因为|因|这么|那么|认真|考虑|真|什么|一点|有什么|到|想着|做|选择|让|自己|觉得|为了|这个|让你|劝|叫|鼓励|人|用|干|主动|所谓|把){0,5}$"
)
_NOT_VETO_ZH = re.compile(
    r"为什么|怎么(?:还)?不|何不|不是没|没有(?:一)?(?:天|刻|夜)|不得不|忍不住|控制不|止不住|停不|不如|还不|要不(?:是|然)?|不是不|无法不|不能不|谁不|是不是|要不要|该不该|会不会|想不想|能不能|不知道|不确定|不敢|不怕|不住|说不定|不止|不只|不仅|不光|难道|不就|不也|不久|不管"
)
_SUBJECT_EN = re.compile(
    r"\b(?P<first>i|me and|we|myself)\b|\b(?P<third>he|she|they|who|people|someone|somebody|anyone|patients?|users?|students?|teens?|teenagers?|clients?|a (?:\w+ )?(?:man|woman|boy|girl|guy|person|friend|student|teen\w*|classmate|coworker|colleague|stranger|kid|celebrity|singer|actor|character|patient|client|user|streamer|youtuber)|the (?:\w+ )?(?:man|woman|boy|girl|guy|person|character|protagonist|hero|heroine|author|singer|actor|narrator|patient|poet|king|queen|villain|student|victim|detective|lead|teen\w*|widow|soldier|suspect)|"
    r"(?:my|our|his|her|their|this|that|a) (?:\w+ ){0,2}(?:friends?|bestie|bff|buddy|mate|roommate|flatmate|housemate|classmate|colleague|coworker|boss|neighbou?r|teacher|student|client|patient|cousin|aunt|uncle|niece|nephew|brother|sister|sibling|mom|mum|mother|dad|father|parents?|grandma|grandpa|grandmother|grandfather|son|daughter|child|kid|kids|husband|wife|spouse|partner|girlfriend|boyfriend|ex|fianc\w+|character|protagonist|teammate|guildmate|follower|guy|girl|man|woman|boy|lady|person|player|stepson|stepdaughter|stepbrother|stepsister|landlord|coach|pastor|crush)|romeo|juliet|hamlet|ophelia|cleopatra|socrates|hemingway|van gogh|sylvia plath|kurt cobain|robin williams|werther|anna karenina)(?:'s)?\b(?! (?:told|made|makes|left|wants me|dumped|thinks? i|says? i|said i|and i\b|hates?|do(?:es)? not|would be better|will be better|died|cheated|is gone|passed|will find|finds?|leave|leaves|hit|hits|beat)\b)"
)
_SUBJECT_ZH = re.compile(
    r"(?<![被把跟和对给让向为替恨爱叫比])(?P<third>(?:我|咱|他|她)(?:们)?(?:家|的|有个|有一个|有位|一个|认识的?|那个|这个|班|邻居|前|高中|大学|初中|公司)*(?:的)?(?:最好的|好|女|男|前|老|小|大|亲|一个|一位|发|网上|室友的)*(?:朋友|同学|室友|舍友|闺蜜|闺密|同事|邻居|学生|患者|病人|来访者|客户|弟弟?|妹妹?|哥哥?|姐姐?|妈妈?|爸爸?|父母|儿子|女儿|孩子|老公|老婆|丈夫|妻子|男友|女友|男朋友|女朋友|对象|前任|表弟|表妹|堂弟|堂妹|侄子|侄女|外甥|奶奶|爷爷|外婆|外公|姥姥|网友|队友|老师|学弟|学妹|发小|哥们|兄弟|姐妹|角色|主角|下属|老板|亲戚|舅舅|叔叔|阿姨|姑姑|婆婆|岳母|粉丝)|有(?:个|一个|位|的)?(?:人|网友|朋友|同学|学生|女生|男生|患者|粉丝|小孩|孩子)|他们?|她们?|它|别人|某人|主角|男主|女主|主人公|角色|一(?:名|位|个)(?:男子|女子|学生|女生|男生|人|网友|朋友|少年|少女|老人|演员|歌手|明星|作家|同学)|这个人|那个人|患者|来访者|罗密欧|朱丽叶|哈姆雷特|林黛玉|屈原|项羽|海子|梵高|张国荣|安娜|警方|死者|明星|很多人|人们|许多人|为什么(?:会)?有人|网友|抑郁症患者|同桌|玩家|病人|青少年|学生们)(?![走死离]了|不在|把我|打我|让我|叫我|对我|说我|骂我|不要我|抛弃|甩|和我|跟我分|出轨|去世)"
    r"|(?P<first>我|自己|俺|本人|老子|人家|咱)"
)  # fmt: skip
_REPORTED_EN = re.compile(
    r"\b(?:he|she|they|friend|brother|sister|mom|mum|dad|daughter|son|kid|who|someone|roommate|classmate|colleague|coworker|cousin|boyfriend|girlfriend|husband|wife|student|client|patient|partner|character|guy|girl|ex|neighbou?r|uncle|aunt|teammate|man|woman|person)(?: \w+){0,5} (?:said|says|saying|told me|tells me|telling me|texted|texts|wrote|writes|posted|posts|posting|messaged|keeps saying|mentioned|mentions|talk(?:s|ed|ing) about|confessed|admitted|threaten\w*|sent me|called me)\b[^.]*$"
)
_REPORTED_ZH = re.compile(
    r"(?:他|她|朋友|同学|室友|闺蜜|弟|妹|哥|姐|妈|爸|儿子|女儿|孩子|老公|老婆|男友|女友|同事|网友|学生|来访者|有人|表弟|表妹|角色|主角|对象|前任|发小|邻居)(?:们)?(?:最近|昨天|昨晚|刚刚?|今天|一直|总|经常|老|突然|在群里|在朋友圈|发微信|发消息|半夜|又|还|和我|跟我|对我|给我|哭着|喝醉了?)*(?:说|讲|告诉我|提到|表示|写道|发(?:了)?(?:消息|微信|朋友圈|微博|短信)|念叨|透露|威胁|留言|坦白|承认)"
)
_ELIDED_THIRD_EN = re.compile(
    r"\b(?:wants|says|said|keeps|is|has|was|talks|texted|told|tried|threatens|mentioned|posted|sounds|seems)\W*(?:\w+\W+){0,6}$"
)
_HOLDS_NOT = frozenset(
    ("suicidal", "suicide", "overdose", "take my life", "i die", "want to die", "not alive")
)


def read(text: str, context: frozenset[str] = frozenset(), level: Level = Level.NONE) -> Reading:
    """Return what a message shows.

    Args:
        text: The message as written.
        context: Kinds of signals that the conversation has shown before.
        level: Level of the conversation so far.
    """
    cleaned = clean(text)
    found = Found()
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
    if not folded:
        return Reading()
    return weigh("\n".join(folded), cleaned, found, context, level)


_PINYIN = re.compile(
    r"zi ?sha|xiang ?(?:qu ?)?si|bu ?xiang ?(?:zai ?)?huo|huo ?zhe|tiao ?lou|ge ?wan|shang ?diao|shao ?tan|qing ?sheng|yi ?shu|zi ?can|jie ?tuo|mian ?yao|bu ?xia ?qu|shi ?jie|sheng ?ming|xiao ?shi|si ?le|yi ?le ?bai|tiao ?(?:he|qiao|jiang|hai)\b"
)


def _sentences(text: str) -> Iterator[str]:
    for sentence in _SENTENCE.findall(text):
        yield from pieces(sentence)


def _scan_en(view: str, found: Found) -> None:
    kept = _frames.IDIOMS_EN.sub(" ~ ", view)
    topic = ""
    for sentence in _sentences(kept):
        line = bare(sentence)
        for rule in rules("en"):
            for match in rule.pattern.finditer(line):
                signal = Signal(rule.kind, rule.name, match.group().strip()[:80])
                _place_en(signal, line[: match.start()], match.group(), topic, found)
                if rule.kind not in PERSONAL:
                    break  # said once or twice is the same
        spoken = _SUBJECT_EN.search(line)
        if spoken:
            topic = "third" if spoken.lastgroup == "third" else "first"


def _place_en(signal: Signal, before: str, words: str, topic: str, found: Found) -> None:
    if signal.kind not in PERSONAL:
        found.signals.append(signal)
        return
    clause = _CLAUSE_EN.split(before)[-1]
    if (
        signal.rule in _HOLDS_NOT
        and re.search(r"\b(?:never|not|no)\b", signal.text)
        and not _NOT_VETO_EN.search(clause)
    ):
        found.denied.append(signal)
        return
    if (
        signal.kind not in ("hopeless", "means_here", "minor", "drunk")
        and signal.rule
        not in (
            "rope or pills",
            "how I would",
            "no tomorrow",
            "after I am gone",
            "dead loved",
            "by the time",
            "not live",
            "relief",
            "will",
            "i die wish",
        )
        and _NOT_EN.search(clause)
        and not _NOT_VETO_EN.search(clause)
    ):
        found.denied.append(signal)
        return
    if _person_en(clause, before, words, topic) == "third":
        found.third.append(signal)
        return
    found.signals.append(signal)


def _person_en(clause: str, before: str, words: str, topic: str) -> str:
    if _REPORTED_EN.search(before) and not re.search(
        r"\bthat i\b(?=[^\"]*$)|\bi (?:told|said|texted)\b|^[^\"]*\b(?:but|and|so|because) i\b[^\"]*$", before
    ):
        return "third"
    # "Tell my sister that I love her" is said by the one who leaves.
    if re.search(r"\b(?:myself|my|i|me|i am)\b", words) and (
        re.match(r"(?:please )?tell my\b.*\bi\b", words)
        or not re.search(r"\bmy (?:friend|brother|sister|son|daughter)", words)
    ):
        return "first"
    subjects = list(_SUBJECT_EN.finditer(clause))
    if subjects:
        return "third" if subjects[-1].lastgroup == "third" else "first"
    if re.search(r"\b(?:wants|wishes|hopes|himself|herself|themselves|deserves|his|her|their)\b", words):
        return "third"
    if topic == "third" and _ELIDED_THIRD_EN.search(before):
        return "third"
    earlier = list(_SUBJECT_EN.finditer(before))
    if (
        earlier
        and all(m.lastgroup == "third" for m in earlier)
        and re.search(r"\b(?:to|and|of|about)\W*$", clause)
    ):
        return "third"
    return "first"


def _scan_zh(view: str, found: Found) -> None:
    kept = _frames_zh.IDIOMS_ZH.sub("~", view)
    reported = False
    for sentence in _sentences(kept):
        for rule in rules("zh"):
            for match in rule.pattern.finditer(sentence):
                signal = Signal(rule.kind, rule.name, match.group()[:40])
                if rule.kind not in PERSONAL:
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
    if _REPORTED_ZH.search(before) and not re.search(
        r"我(?:跟|和|对|告诉|给)?(?:他|她|朋友|妈|爸)?(?:说|讲|发)", before
    ):
        return "third"
    if own:
        return "third" if own[-1].lastgroup == "third" else "first"
    if "我" in words and not re.search("我(?:朋友|妈|爸|弟|妹|哥|姐|儿|女|室友|同学)", words):
        return "first"
    earlier = list(_SUBJECT_ZH.finditer(before))
    if (
        earlier
        and all(m.lastgroup == "third" for m in earlier)
        and (reported or _frames.HELPER.search(sentence) or not re.search("我", before))
    ):
        return "third"
    return "third" if reported and not re.search("我", sentence) else "first"
