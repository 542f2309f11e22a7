"""What the signals of a message add up to: its level and flags.

Card: crisis_safety.md, sections 1 and 2. Contract: a pure function of the evidence and of what the conversation has shown
so far. What lowers must be found in words; what is not explained counts.
"""

# ruff: noqa: E501

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sophro.care.crisis import _frames, _frames_zh
from sophro.care.crisis._types import Level, Reading, Signal

# Kinds that are risk by themselves.
STRONG = frozenset(("self_kill", "method_self", "plan", "prep", "goodbye"))
_FLAG_OF = {
    "self_injury": "self_injury", "harm_others": "violence_to_others", "voices": "psychosis_voices", "abuse": "abuse",
    "told_to": "abuse", "minor": "minor", "drunk": "intoxication", "method_query": "method_query",
    "past_attempt": "past_attempt",
}  # fmt: skip
# Kinds that are about the person who speaks, or say nothing of a person.
PERSONAL = frozenset(
    ("self_kill", "method_self", "die_wish", "plan", "prep", "goodbye", "self_injury", "hopeless", "burden", "escape",
     "attempt_now", "attempt_hint", "place_here", "means_here", "past_attempt", "plan_hint", "suicide_net", "die_net", "jump", "place_strong", "over", "minor", "drunk", "voices")
)  # fmt: skip
_PAST_EN = re.compile(
    r"\b(?:\d+|two|three|four|five|six|seven|eight|ten|a few|few|many|several|some|a couple of|couple|twenty) (?:years?|months|decades) (?:ago|back|clean|later|since)|\b(?:years ago|ages ago|long ago|a (?:year|long time|decade) ago|last (?:year|decade|winter|summer|spring|fall|autumn)|when i was (?:\w+ )?(?:\d+|a (?:kid|teen\w*|child|student)|younger|in (?:high school|college|school|middle school)|young\w*)|back (?:in|then|when)|used to|in (?:19|20)\d\d|in the past|as a (?:teen\w*|kid|child)|in (?:high school|college|my (?:teens|twenties|youth))|once upon|previously|in recovery|recovered|survivor|before (?:therapy|treatment|i got (?:help|better)))\b"
)
_PAST_ZH = re.compile(
    r"(?:以前|曾经?|小时候|当年|那(?:时|年|段|会)|(?:\d+|几|两|三|四|五|六|七|八|十|好多|多|好几)年前|去年|前年|年轻时|(?:初中|高中|大学|小学|上学)(?:的)?(?:时候|时|那会))"
)
_RECENT = re.compile(
    r"\b(?:yesterday|last (?:night|week|weekend|month)|this (?:morning|week|month)|tonight|today|earlier|again|recently|days? ago|hours? ago|weeks? ago|still|now|just)\b|昨天|昨晚|今天|今早|刚|前天|上周|最近|这周|又|还想|现在|依然|仍然|前几天|上个月"
)
_LEISURE = re.compile(
    r"\b(?:bungee|parachut\w*|sky ?div\w*|div(?:e|ed|ing)|swim\w*|fun|summer|paraglid\w*|zip ?lin\w*|photos?|pictures?|view|sunset|sightseeing|hik\w+|festival|picnic|vacation|trip|tour\w*|selfie|jog\w*|fish\w*|goalkeep\w*|ball|cat|dog|squirrel|raccoon|bird|kids? (?:jump|were)|trampoline|stunt|movie|film|game|snow|ski\w*|accident\w*|slipped|tripped|bike|skateboard)\b|游泳|玩水|蹦极|跳伞|拍照|风景|旅游|散步|钓鱼|烧烤|日出|日落|星星|聚会|打卡|不小心|滑雪|跳水|猫|狗|绳操|跳舞|演出|特技|维修|装修|施工|安装"
)
_MOVING = re.compile(
    r"\b(?:mov(?:e|ing|ed) (?:to|out|house|in|abroad|away)|declutter\w*|charity|goodwill|salvation army|donat\w+|yard sale|garage sale|ebay|craigslist|marie kondo|minimalis\w+|upgrad\w+|spring cleaning|downsiz\w+|outgrew|outgrown|too small|new (?:job|apartment|house|laptop|phone|one)|last day (?:at|of) (?:work|the job|school|class)|retir\w+|graduat\w+|colleagues?|coworkers?|leaving (?:the company|my job|for (?:college|university|vacation))|vacation|holiday|business trip|honeymoon|exchange (?:year|student)|military|deploy\w*|emigrat\w*|switching (?:jobs|schools)|surgery|hospital for|estate planning|lawyer|notary|financial (?:advisor|planner)|pet ?sit\w*|cat ?sit\w*|dog ?sit\w*|lease)\b|搬家|出差|旅游|旅行|出国|留学|毕业|二手|闲鱼|断舍离|捐|离职|辞职|换工作|退休|度假|交换生|入伍|律师|公证|手术|调岗|转学|回老家|度蜜月|寄养"
)
_BENIGN_PILLS = re.compile(
    r"\b(?:headache|migraine|cold|flu|fever|allerg\w*|vitamin|doctor (?:said|prescribed|told)|as prescribed|with food|back pain|toothache|period|cramps|hangover|antibiotics?|my morning|every morning|daily|for my (?:\w+ )?(?:knee|back|tooth|blood pressure|thyroid|adhd|asthma|diabetes|cholesterol))\b|感冒|发烧|退烧|头疼|头痛|牙疼|痛经|医生|医嘱|开的药|维生素|过敏|消炎|胃药|降压|血压|每天(?:早上|按时)|按时|咳嗽|饭后"
)
_COOKING = re.compile(
    r"\b(?:cook\w*|chop\w*|dinner|kitchen|onions?|vegetables?|cut(?:ting)? (?:the )?(?:cake|bread|paper|cardboard|fruit)|recipe|shav\w+|open(?:ing)? (?:a |the )?(?:box|package|parcel)|climb\w*|camp\w*|sail\w*|boat|tent|swing|clothesline|rescue|range|hunt\w*|airsoft|nerf|paintball|toy|water gun|game|fps|deer|duck)\b|做饭|切菜|切水果|削|拆快递|快递|厨房|晾衣|登山|露营|野营|烤肉|火锅|玩具|游戏|水枪|打猎|跳绳|捆"
)
_STRONG_INTENT = re.compile(
    r"\b(?:going to|will|about to|decided|planning|plan to|ready|intend|doing it|do it|made up my mind|doing|gonna|jumping|killing|ending|taking|have to|this is it|saying goodbye|goodbye)\b|决定|准备|打算|马上|这就|就要|立刻|要去|就去|下定决心|动手|就(?:会|跳|死|走|结束|割|吞|吃|喝|上吊|自杀|了结)|会(?:自杀|死|跳|结束|了结|走)|要(?:自杀|死|跳|结束|了结|走|离开|割|吞|上吊|烧)|想好了|动手|执行|再见|永别|计划"
)
_WEAK_TIME = re.compile(
    r"^(?:right now|today|this (?:morning|afternoon|evening)|现在|今天|晚上|下午|一会|等一下|\d+点|半夜|凌晨|傍晚)$"
)


_FIRST = re.compile(
    r"\b(?:i|my|me|myself|mine)\b|(?<![跟给对向])我(?!朋友|妈|爸|弟|妹|哥|姐|室友|同学|儿|女)"
)
_RISKY = frozenset(
    (
        "self_kill",
        "die_wish",
        "suicide_net",
        "die_net",
        "method_self",
        "goodbye",
        "prep",
        "self_injury",
        "past_attempt",
        "attempt_now",
        "attempt_hint",
        "jump",
        "over",
        "place_here",
        "place_strong",
        "plan",
    )
)


@dataclass
class Found:
    signals: list[Signal]
    third: list[Signal]
    denied: list[Signal]
    framed: bool = False


_WISH = re.compile(
    r"\b(?:want|going|will|might|may|could|should|think\w*|thought|feel like|tempt\w*|urges?|about|ready|decid\w*|plan\w*|consider\w*|wish|need|let me|imagin\w*|pictur\w*|can not stop|fantasi\w*|close to|almost|way|rather|would|dream\w*|easier|better)\b"
    r"|想|要|打算|准备|决定|可能|干脆|不如|考虑|冲动|忍不住|计划|就|该|念头|差点|马上|会|能|可以|敢|怕|下去"
)
_FEAR = re.compile(
    r"\b(?:afraid|scared|fear\w*|worr(?:y|ied)|phobia|terrified|anxious|panic\w*|anxiety|surviv\w*|symptoms?|cancer|allerg\w*|diagnos\w*|doctor|heart attack|before i die|bucket list|until i die|till i die|when i die i want (?:to be (?:buried|cremated)|my)|day i die|insurance|organ donor|if i die in|someday|one day when)\b|怕死|怕(?:自己)?会死|恐惧|体检|保险|器官捐"
)
_NONHUMAN = re.compile(
    r"\b(?:tulips?|flowers?|plants?|fish|goldfish|cats?|dogs?|bees?|ants?|mosquito\w*|weeds?|grass|trees?|stars?|batter(?:y|ies)|bacteria|virus\w*|cells?|lil(?:y|ies)|rats?|mice|mouse|roach\w*|cockroach\w*|bed ?bugs?|termites?|spiders?|mold|germs|moths?|fleas?|ticks?|hamsters?|cow|cattle|chickens?|zombie\w*|monster\w*|boss|enem(?:y|ies)|dinosaurs?|empire|language)\b|植物|花|鱼|猫|狗|蟑螂|蚊子|老鼠(?!药)|细菌|病毒|细胞|虫"
)


_BODY = re.compile(
    r"\b(?:my (?:lap|neck|head|temple|throat|wrists?|mouth|chest)|loaded|noose|on the (?:beam|rafters?)|nobody (?:else )?(?:is )?home|by myself|i am alone|wanted to tell someone|next to (?:the|my) keyboard|not see (?:the )?morning)\b|手腕|脖子|喉咙|动脉|太阳穴|房梁|就割|就吃|就喝|就跳|就走"
)


def times_now(signals: Sequence[Signal]) -> bool:
    """Whether a time within about a day is named."""
    return any(s.kind == "time_now" and not _WEAK_TIME.match(s.text) for s in signals)


def at_hand_now(kinds: set[str], folded: str) -> bool:
    """Whether something dangerous is at hand and pointed at the person, whatever else is said."""
    return (
        "means_here" in kinds
        and bool(_BODY.search(folded))
        and not _COOKING.search(folded)
        and not _BENIGN_PILLS.search(folded)
        and not _frames.GAME.search(folded)
        and not _frames.FICTION.search(folded)
    )


def weigh(folded: str, cleaned: str, found: Found, context: frozenset[str], level: Level) -> Reading:
    """Return the reading of a message.

    Args:
        folded: The message as patterns read it.
        cleaned: The message without hidden characters.
        found: Its signals: of the person, of others, and denied ones.
        context: Kinds of signals that the conversation has shown before.
        level: Level of the conversation so far.
    """
    signals = found.signals
    kinds = {s.kind for s in signals}
    if "third_risk" in kinds and not any(_FIRST.search(s.text) for s in signals if s.kind in _RISKY):
        found.third += [s for s in signals if s.kind in _RISKY]
        signals = [s for s in signals if s.kind not in _RISKY]
        kinds = {s.kind for s in signals}
    flags = {_FLAG_OF[k] for k in kinds if k in _FLAG_OF and k != "method_query"}
    leak = bool(_frames.LEAK.search(folded))
    joke = bool(_frames.JOKE_EN.search(cleaned.lower()) or _frames_zh.JOKE_ZH.search(folded))
    trivial = bool(_frames.TRIVIAL_EN.search(folded) or _frames_zh.TRIVIAL_ZH.search(folded))
    hyper = bool(_frames.HYPER_EN.search(folded) or _frames_zh.HYPER_ZH.search(folded))
    retract = bool(_frames.RETRACT.search(folded))
    troubled = level >= Level.CONCERN or bool(
        {"distress", "hopeless", "burden", "die_wish", "escape", "self_kill"} & (kinds | context)
    )
    own = kinds & PERSONAL
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
    if (
        strong & {"prep", "goodbye", "plan"}
        and _MOVING.search(folded)
        and not (kinds & {"die_wish", "self_kill", "hopeless", "burden"})
        and level < Level.CONCERN
    ):
        strong -= {"prep", "goodbye", "plan"}
    if strong:
        raise_to(Level.ACTIVE)
    news = bool(_frames.NEWS.search(folded) or _frames.FICTION.search(folded))
    first = bool(re.search(r"\b(?:i|me|my|myself|mine)\b|我|自己", folded))
    denied = " ".join(s.text for s in found.denied)
    if "suicide_net" in kinds and "suicid" in denied and folded.count("suicid") <= denied.count("suicid"):
        kinds.discard("suicide_net")
    if (
        "die_net" in kinds
        and re.search(
            r"\b(?:laugh\w*|embarrass\w*|work\w* myself|starv\w*|bored|thirst\w*|hungry|so (?:full|cute|hot|cold|tired))\b|to death\b",
            folded,
        )
        and not troubled
    ):
        kinds.discard("die_net")
    if "suicide_net" in kinds and (leak or not news) and not _frames.CODE.search(folded):
        history = re.search(r"\bsuicide (?:of|in|by)\b|\b(?:the|his|her|their) suicide", folded)
        if first or "intent" in kinds:
            raise_to(Level.ACTIVE)
        elif not history:
            raise_to(Level.ACTIVE if len(folded) < 60 and "?" not in folded else Level.CONCERN)
    if "die_net" in kinds and not _FEAR.search(folded) and (leak or not news):
        raise_to(Level.IDEATION)
    if kinds & {"over", "jump"} and (
        troubled
        or max(level, result) >= Level.CONCERN
        or kinds & {"means_here", "attempt_hint", "place_here", "place_strong"}
    ):
        raise_to(Level.ACTIVE)
    if {"over", "jump"} <= kinds or (
        "over" in kinds
        and _STRONG_INTENT.search(folded)
        and re.search("decision|decided|made up my mind|决定|想好|想通", folded)
    ):
        raise_to(Level.ACTIVE)
    if "agree" in kinds and "told_to" in kinds:
        raise_to(Level.ACTIVE)
    if "over" in kinds and len(re.findall(r"no more (?:pain|suffering)|decision|calm|at peace", folded)) >= 2:
        raise_to(Level.ACTIVE)
    if "die_wish" in kinds and re.search(
        r"\b(?:going to|will|about to|decided to) (?:take|do|go through)\b.{0,20}\b(?:overdose|it)\b", folded
    ):
        raise_to(Level.ACTIVE)
    if (
        found.denied
        and re.search(r"\b(?:but|though|however|keep that promise)\b|但|可是|却", folded)
        and re.search(
            r"\bwant to do it\b|\bi (?:might|may|will|am going to) do it\b|keep that promise|控制不住|忍不住",
            folded,
        )
    ):
        raise_to(Level.ACTIVE)
    if "plan_hint" in kinds and max(level, result) >= Level.CONCERN:
        raise_to(Level.ACTIVE)
    if "voices" in kinds:
        raise_to(
            Level.ACTIVE
            if re.search(r"kill|die|jump|end|hurt|harm|死|跳|割|杀|结束|伤害", folded)
            else Level.CONCERN
        )
    if (
        "told_to" in kinds
        and "agree" not in kinds
        and not kinds & {"voices"}
        and result <= Level.ACTIVE
        and not (
            kinds
            - {"told_to", "distress", "self_kill", "die_wish", "abuse", "intent", "method_self", "time_now"}
        )
        and len([s for s in signals if s.kind in ("self_kill", "die_wish")]) <= 1
    ):
        result = Level.CONCERN
    if "abuse" in kinds:
        raise_to(Level.CONCERN)
    # --- the past
    past = _PAST_EN.search(folded) or _PAST_ZH.search(folded)
    if (
        past
        and not _RECENT.search(folded)
        and result in (Level.IDEATION, Level.ACTIVE)
        and not ({"plan", "prep", "goodbye", "means_here"} & kinds)
    ):
        flags.add("past_attempt")
        result = Level.CONCERN
    elif "past_attempt" in kinds:
        raise_to(Level.ACTIVE if _RECENT.search(folded) else Level.CONCERN)
    # --- questions about means and places
    study = bool(
        (_frames.NEWS.search(folded) or _frames.FICTION.search(folded) or _frames.CODE.search(folded))
        and not leak
    )
    if "method_query" in kinds:
        flags.add("method_query")
        if _NONHUMAN.search(folded) and not troubled:
            flags.discard("method_query")
        else:
            raise_to(Level.CONCERN if study and not troubled else Level.ACTIVE)
    if (
        "projection" in kinds
        and re.search(r"\bkill(?:s|ing)? (?:themselves|yourself|oneself)|suicid|自杀|割腕|安眠药", folded)
        and re.search(r"\b(?:how|what|which|where|does)\b|怎么|什么|哪|多少|会不会|吗", folded)
    ):
        flags.add("method_query")
        raise_to(Level.ACTIVE)
    if "place_query" in kinds and troubled and not (_LEISURE.search(folded) and level < Level.CONCERN):
        flags.add("method_query")
        raise_to(Level.ACTIVE)
    # --- jokes, and what everyday things are blamed
    if (
        trivial
        and hyper
        and joke
        and level == Level.NONE
        and not (kinds & {"plan", "prep", "goodbye", "means_here", "attempt_now"})
    ):
        strong.clear()
    calm = (
        level == Level.NONE
        and not leak
        and not (
            kinds
            & {
                "plan",
                "prep",
                "goodbye",
                "means_here",
                "hopeless",
                "burden",
                "method_query",
                "attempt_now",
                "self_injury",
                "past_attempt",
            }
        )
    )
    if calm and trivial and result >= Level.CONCERN and (joke or hyper):
        result = Level.NONE if joke or not strong else Level.CONCERN
        if joke or not strong:
            return Reading(Level.NONE, frozenset(), tuple(signals), bool(found.denied), retract)
    # --- frames
    framed = False
    if result and not leak:
        fiction = bool(
            _frames.FICTION.search(folded) or _frames.NEWS.search(folded) or _frames.CODE.search(folded)
        )
        game = bool(_frames.GAME.search(folded)) or "game" in context
        translate = bool(_frames.TRANSLATE.search(folded))
        quoted = bool(re.search(r"\".{2,}\"|(?<!\w)'.{2,}'(?!\w)|[《「『“].+[》」』”]|[:：]", cleaned))
        person = bool(re.search(r"\b(?:i|i am|my|me|myself)\b|我", folded))
        if (
            game
            and level < Level.CONCERN
            and not (kinds & {"goodbye", "prep", "hopeless", "burden", "plan"})
            and ("game" not in context or _frames.GAME.search(folded))
        ) or (
            fiction
            and (quoted or not person or not own)
            and level < Level.CONCERN
            and not (kinds & {"means_here", "hopeless", "burden"})
        ):
            framed, result = True, Level.NONE
        elif (
            fiction
            and level < Level.IDEATION
            and "distress" not in kinds
            and not (kinds & {"hopeless", "burden", "means_here", "place_here"})
        ):
            framed, result = True, min(result, Level.CONCERN)
        elif (
            translate
            and quoted
            and int(result) == int(Level.IDEATION)
            and level < Level.CONCERN
            and not any(s.kind == "time_now" for s in signals)
            and "goodbye" not in kinds
        ):
            framed, result = True, Level.CONCERN
    # --- time, means, place
    danger = max(result, level) if result else (level if level >= Level.IDEATION else Level.NONE)
    if framed:
        danger = Level.NONE
    if "attempt_now" in kinds and not framed and not (past and not _RECENT.search(folded)):
        raise_to(Level.IMMINENT)
    if (
        "attempt_hint" in kinds
        and danger >= Level.CONCERN
        and not _BENIGN_PILLS.search(folded)
        and not framed
    ):
        raise_to(Level.IMMINENT if danger >= Level.IDEATION else Level.ACTIVE)
    if (
        "attempt_hint" in kinds
        and re.search(
            r"\b(?:\d{2,}|whole|entire|all|too many|scared|sleepy|dizzy|goodbye|hospital|die|help|sorry)\b|头晕|救|再见|死",
            folded,
        )
        and not _BENIGN_PILLS.search(folded)
        and not framed
        and not _COOKING.search(folded)
    ):
        raise_to(Level.IMMINENT)
    if (
        times_now(signals)
        and "method_self" in kinds
        and re.search(r"\bjump|hang|plan is|跳|割|吊|吞", folded)
        and result >= Level.ACTIVE
    ):
        raise_to(Level.IMMINENT)
    if (
        "attempt_hint" in kinds
        and not result
        and troubled
        and not _BENIGN_PILLS.search(folded)
        and not _COOKING.search(folded)
        and "distress" in (kinds | context)
    ):
        raise_to(Level.ACTIVE)
    if "place_strong" in kinds and not _LEISURE.search(folded) and not framed:
        raise_to(Level.IMMINENT)
    if "jump" in kinds and kinds & {"place_here", "place_strong", "goodbye"} and not framed:
        raise_to(Level.IMMINENT)
    if at_hand_now(kinds, folded) and not framed:
        raise_to(Level.IMMINENT)
    if kinds & {"over", "goodbye"} and "means_here" in kinds and not _COOKING.search(folded) and not framed:
        raise_to(Level.IMMINENT)
    if "place_here" in kinds and not _LEISURE.search(folded) and not framed:
        if danger >= Level.IDEATION or kinds & {"goodbye", "hopeless"}:
            raise_to(Level.IMMINENT)
        elif troubled:
            raise_to(Level.ACTIVE)
    at_hand = "means_here" in kinds and not _COOKING.search(folded) and not _BENIGN_PILLS.search(folded)
    if at_hand and danger >= Level.IDEATION and (result >= Level.IDEATION or level >= Level.IDEATION):
        raise_to(
            Level.IMMINENT if max(danger, result) >= Level.ACTIVE or "time_now" in kinds else Level.ACTIVE
        )
    elif at_hand and (danger == Level.CONCERN or ("distress" in kinds and "intent" in kinds)):
        raise_to(Level.ACTIVE)
    times = [s.text for s in signals if s.kind == "time_now"]
    firm = [t for t in times if not _WEAK_TIME.match(t)]
    if times and result >= Level.IDEATION and not framed:
        meant = _STRONG_INTENT.search(folded)
        if (
            result >= Level.ACTIVE
            and ((firm and "intent" in kinds) or meant or (kinds & {"goodbye"} and firm))
        ) or (result == Level.IDEATION and firm and meant):
            raise_to(Level.IMMINENT)
    if (
        level >= Level.CONCERN
        and "means_here" in context
        and times
        and ("do_ref" in kinds or "means_here" in kinds)
        and not framed
    ):
        raise_to(Level.IMMINENT)
    if (
        level >= Level.ACTIVE
        and not framed
        and times
        and (len(folded) < 60 or "do_ref" in kinds or at_hand)
        and not found.denied
    ):
        raise_to(Level.IMMINENT)
    # --- other people
    third_kinds = {s.kind for s in found.third}
    if "third_risk" in kinds and not result:
        third_kinds.add("self_kill")
    if (
        third_kinds
        & {
            "suicide_net",
            "self_kill",
            "die_wish",
            "method_self",
            "plan",
            "prep",
            "goodbye",
            "self_injury",
            "attempt_now",
            "place_here",
            "attempt_hint",
            "past_attempt",
        }
        and not leak
    ):
        fiction = bool(
            _frames.FICTION.search(folded) or _frames.NEWS.search(folded) or _frames.GAME.search(folded)
        )
        if not fiction:
            flags.add("third_party")
    if framed:
        flags.add("framed")
    if (
        leak
        and not result
        and third_kinds
        & {"self_kill", "die_wish", "method_self", "attempt_now", "plan", "prep", "suicide_net"}
    ):
        raise_to(
            Level.ACTIVE
            if third_kinds & {"self_kill", "method_self", "attempt_now", "plan", "suicide_net"}
            else Level.IDEATION
        )
    if retract and (level or result):
        flags.add("retraction")
    denial = bool(found.denied) or bool(_frames.DENY.search(folded))
    return Reading(result, frozenset(flags), tuple(signals), denial and not result, retract)
