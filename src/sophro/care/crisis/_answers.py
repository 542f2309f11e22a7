"""Short answers to the layer's own question: they hold no word of risk, and everything hangs on what was asked.

Contract: pure predicates over the message as written. Only a message that says nothing else is an answer: "yes, I can
call my sister" answers another of the questions that a reply holds, and is read by the layers as it stands. What
answers the question after thoughts of suicide is read cautiously: an "I guess" is a yes.
"""

# ruff: noqa: E501

from __future__ import annotations

import re

from sophro.care.crisis._fold import clean

_WORD = re.compile(r"[a-z']+")
_MOST = 14  # words; whoever says more says it in words that the layers read
_YES = frozenset(("yes", "yeah", "yea", "yeh", "yep", "yup", "ye", "yess", "yesss", "yh", "mhm", "mhmm", "aye", "sometimes", "often", "constantly",
    "always", "maybe", "probably", "definitely", "absolutely", "unfortunately", "sadly"))  # fmt: skip
# What makes a yes without the word: "I do", "I am", "they are", "a little", "all the time", "I think so".
_YES_PHRASE = re.compile(
    r"^(?:(?:well|honestly|um+|uh+|hm+|so|and|but|sorry|okay|ok|truthfully|to be honest|if i'?m honest) )*"
    r"(?:i (?:really |sort of |kind of |kinda )?(?:do|am|have|have been|was|did)\b|i'?m (?:thinking|having|afraid so)|i (?:guess|think|suppose|believe|fear)\b|"
    r"(?:they|it|those|these|that)(?:'re| are|'s| is| do| does| have| has)\b|a (?:little|bit|lot)\b|kind of|kinda|sort of|sorta|all (?:the time|day|of (?:it|them|that|those))|"
    r"every (?:day|night|hour|minute)|most (?:days|nights|of the time)|of course|very much|more than ever|i'?ve been\b)"
)
_BESIDE = frozenset(("i", "i'm", "im", "i've", "ive", "am", "do", "does", "did", "have", "has", "been", "was", "were", "is", "are", "it's", "that's", "they're", "they",
    "it", "that", "this", "them", "those", "these", "the", "a", "an", "to", "of", "about", "so", "and", "but", "with", "on", "in", "at", "for", "my", "me", "mind", "head",
    "thinking", "think", "thought", "thoughts", "having", "feel", "feeling", "suicide", "suicidal", "come", "comes", "coming", "there", "here", "now", "right", "just",
    "really", "very", "much", "still", "again", "today", "tonight", "lately", "recently", "lot", "little", "bit", "kind", "sort", "kinda", "sorta", "all", "every", "most",
    "time", "times", "day", "days", "night", "nights", "hour", "minute", "guess", "suppose", "believe", "fear", "afraid", "honest", "honestly", "be", "if", "well", "um",
    "uh", "hm", "hmm", "oh", "ok", "okay", "sorry", "sad", "say", "admit", "strong", "stronger", "strongly", "getting", "more", "than", "ever", "since", "long", "years",
    "weeks", "months", "while", "course", "sometimes", "too", "also", "both", "some", "ways", "way", "how", "ashamed", "scared", "yes", "truthfully", "what", "you", "asked",
    "same", "as", "before", "always"))  # fmt: skip
_NO = re.compile(
    r"\b(?:not?|never|nope|nah|don'?t|doesn'?t|didn'?t|isn'?t|aren'?t|wasn'?t|haven'?t|can'?t|won'?t|cannot|none|nothing)\b"
)

_MARKS_ZH = re.compile(r"[\s,.!?;:，。！？；：、~～…—\-\"'“”（）()]+")
_PARTS_ZH = re.compile(
    r"(?:嗯|恩|额|呃|唉|哎|其实|说实话|老实说|坦白说|我|确实|真的|也|就|一直|都|经常|常常|总|总是|每天|每晚|天天|有时候?|偶尔|现在|此刻|最近|好像|可能|大概|应该|算|还|仍然|"
    r"曾经|之前|以前|很|挺|非常|强烈|越来越|是|的|对|啊|呀|吧|了|呢|哦|噢|有|过|在|会|想|没错|不瞒你说|这|那|种|样|个|些|方面|念头|想法|冲动|自杀|一点点?|点|脑子里|心里|出现|冒出来|承认|反复|几次|多次|好几次)+"
)
_YES_ZH = re.compile("嗯|恩|是|对|有|想|没错|在|承认|强烈|可能|大概|经常|常常|一直|偶尔|每天|天天")
_NO_ZH = re.compile("不(?!瞒)|没(?!错)|否|别|无")
_UNSAFE = re.compile(
    r"^(?:(?:honestly|well|i|i'?m|am|do|feel|feeling|right|now|at|the|moment|really|just) )*"
    r"(?:not (?:(?:very|really|that|so|too|at all|completely|entirely) )*safe|don'?t feel (?:(?:very|really|that|so|at all) )*safe|unsafe)"
    r"(?: (?:at all|right now|now|today|tonight|with myself|from myself|alone|at the moment))*$"
)
_UNSAFE_ZH = re.compile(
    "^(?:我|现在|觉得|感觉|自己|其实|说实话|好像)*(?:很|一点也|一点都)?(?:不(?:太|是很|怎么|大)?安全|没有安全感)(?:了|的|吧)?$"
)
_ALL = re.compile(
    r"\ball (?:of )?(?:it|them|that|those|the above|four|five)\b|\byes to (?:all|everything|each)\b|\beverything you asked\b"
)
_ALL_ZH = re.compile(
    "^(?:嗯|是的?|对|有|我)*(?:全都?有|全部都?有|都有|都想好了|都准备好了|都是)(?:了|的|啊)?$"
)


def affirms(text: str) -> bool:
    """Whether a message is a yes and nothing else."""
    plain = clean(text).strip()
    if re.search("[\u4e00-\u9fff]", plain):
        joined = _MARKS_ZH.sub("", plain)
        whole = _PARTS_ZH.fullmatch(joined) if len(joined) <= 24 else None
        return bool(whole and _YES_ZH.search(joined) and not _NO_ZH.search(joined)) or bool(
            _ALL_ZH.match(joined)
        )
    words = _WORD.findall(plain.lower())
    said = " ".join(words)
    if not words or len(words) > _MOST or "?" in plain or _NO.search(said):
        return False
    if not all(w in _BESIDE or w in _YES for w in words):
        return False
    return not _YES.isdisjoint(words) or bool(_YES_PHRASE.match(said))


def unsafe(text: str) -> bool:
    """Whether a message says that the person is not safe, and nothing else."""
    plain = clean(text).strip().lower()
    if re.search("[\u4e00-\u9fff]", plain):
        return bool(_UNSAFE_ZH.match(_MARKS_ZH.sub("", plain)))
    return bool(_UNSAFE.match(" ".join(_WORD.findall(plain))))


def affirms_all(text: str) -> bool:
    """Whether a message says yes to everything that was asked: plan, intent, means and time."""
    plain = clean(text).strip().lower()
    if re.search("[\u4e00-\u9fff]", plain):
        return bool(_ALL_ZH.match(_MARKS_ZH.sub("", plain)))
    words = [w for w in _WORD.findall(plain) if w not in ("everything", "each", "above", "four", "five")]
    return affirms(" ".join(words)) and bool(_ALL.search(" ".join(_WORD.findall(plain))))


_CLAUSE = re.compile(
    r"[.!?;,\n。！？；，…]+|\s-\s|\b(?:but|however|though|although|because|and (?:then|so|yet)|yet)\b|但是?|可是|不过|只是|然而|而是"
)


def clauses(text: str) -> list[str]:
    """Return the parts of a message between stops and turns of thought, without the empty ones."""
    return [part.strip() for part in _CLAUSE.split(text) if part.strip()]
