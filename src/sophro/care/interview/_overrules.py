"""Whether a summary that a model worded says something else than what was counted.

Paper: MAGI's diagnosis agent may explain the count and not overrule it. Own work: how that is told from the words.

Contract: pure. The rules are strict on purpose: a summary is an extra, so one that might be read as another outcome,
number, verdict or risk is left out, and the one that code made stands alone. Words of the person, criteria and the rule
are taken out before. That nothing is found does not prove a summary right: a contradiction in other words passes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sophro.care.interview._checks import DISORDERS

_WORDS = re.findall(
    r"\w+",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty",
)
_HAN = {c: n for n, c in enumerate("零一二三四五六七八九十")} | {"两": 2}
# "one" is a pronoun and 一 is in many words: they are no numbers by themselves.
_ANY = re.compile(
    rf"(?<![\w.])(\d+)(?![\w]|\.\d)|\b({'|'.join(w for w in _WORDS if w != 'one')})\b"
    r"|(\d+|[零一二三四五六七八九十两])(?=[条项个分])"
)
_NUMBER = rf"\d+|{'|'.join(_WORDS)}"
_COUNTED = (
    re.compile(
        rf"\b({_NUMBER})\b(?: (?:out )?of (?:the |all )?(?:{_NUMBER})?)? ?(?:[\w-]+ ){{0,2}}"
        r"(?:criteri(?:a|on)|symptoms?|items?|nodes?)\b"
    ),
    re.compile(r"(\d+|[零一二三四五六七八九十两])\s*[条项个](?:标准|症状|条目|指标)"),
)
_SCORED = re.compile(
    rf"\b(?:scores?|sum|total|count|symptom_sum|symptom_count)\b\W+(?:(?:is|was|of|at|to|be|comes|counted)\W+)*({_NUMBER})\b"
    r"|(?:总分|得分|合计)\D{0,4}(\d+)"
)
_BOUND = re.compile(
    r"\b(?:at least|needed|needs?|requires?d?|threshold|cut|or more|range)\b|>=|至少|需要|以上|阈值"
)
_CLAUSE = re.compile(r"[;,!?\n。；，！？：:]|\.(?:\s|$)|\b(?:but|while|whereas|although|and)\b|但|而")
_NOT = re.compile(r"\b(?:not|no|nor|never|neither|without|none|nothing|un|cannot)\b|n't\b|不|没|未|无|非")
_LEVELS = (
    ("subthreshold", re.compile(r"\bsub-?\s?threshold\b|\bbelow (?:the |any )?(?:threshold|cut)|阈下")),
    ("urgent", re.compile(r"\burgent(?:ly)?\b|\bemergency\b|\bimmediate(?:ly)?\b|\burgency\b|紧急|急诊")),
    (
        "positive",
        re.compile(
            r"\bpositive\b|\b(?:meets?|fulfils?|satisf(?:y|ies)) (?:the |all |full )*(?:criteria|threshold)"
            r"|\babove (?:the |any )?(?:threshold|cut)|阳性|达到标准|符合标准"
        ),
    ),
    (
        "none",
        re.compile(
            r"\bnegative\b|\b(?:outcome|level|result|verdict)\b[^.;]{0,30}\bnone\b|阴性"
            r"|\bno (?:clinical )?(?:concerns?|findings?|indications?|problems?)\b|\b(?:healthy|unremarkable)\b"
        ),
    ),
)
_NO_CRITERION = re.compile(
    r"\b(?:no|none of the) (?:criteri(?:a|on)|symptoms?|items?)\b|\bnothing (?:was|is) met\b"
)
_BANDS = re.compile(
    r"\b(?:minimal|mild|moderately severe|moderate|severe)(?:ly)?\b|轻微|轻度|中重度|中度|重度|严重"
)
_BANDS_ZH = {
    "轻微": "minimal",
    "轻度": "mild",
    "中度": "moderate",
    "中重度": "moderately severe",
    "重度": "severe",
    "严重": "severe",
}
_MET = re.compile(r"\b(?:un)?met\b|\bpresent\b|\babsent\b|\bfulfilled\b|\bendorsed\b|\bdenied\b|达到|符合")
_UNMET = re.compile(r"\bunmet\b|\babsent\b|\bdenied\b")
_SAFE = re.compile(
    r"\bno (?:\w+ ){0,2}(?:risk|danger)\b|\bnot (?:at |in )?(?:risk|danger)|(?:没有|无)(?:风险|危险)"
)
_DANGER = re.compile(
    r"\b(?:high|acute|imminent|immediate|serious|active|elevated) (?:\w+ ){0,2}(?:risk|danger|intent)\b|高风险|高危"
)


def overruled(text: str, found: Mapping[str, Any], rules: Sequence[str]) -> str:
    """Return what a summary says against the result of an interview, "" if nothing.

    Args:
        text: The summary.
        found: The result, as ``outcome_of`` builds it.
        rules: Conditions of all outcomes of the module, whose thresholds may be named.
    """
    main = {**found["modules"][found["module"]], "rules": rules}
    plain = _own_words(text, main)
    named = DISORDERS.search(plain)
    if named:
        return f"it names a disorder ({named.group()})"
    clauses = [c.strip() for c in _CLAUSE.split(plain) if c and c.strip()]
    for check in (_levels, _severity, _numbers, _verdicts, _risk):
        wrong = next(check(plain, clauses, found, main), "")
        if wrong:
            return wrong
    return ""


def _own_words(text: str, main: Mapping[str, Any]) -> str:
    """Return the summary in small letters without what it may repeat: quotations, criteria and the rule."""
    plain = _fold(text)
    given = {
        _fold(g)
        for g in (main["rule"], *(t[k] for t in main["trace"] for k in ("quote", "criterion", "rule")))
    }
    for words in sorted(filter(None, given), key=len, reverse=True):
        # A short one ("no") is somebody's own words only between marks.
        long = words.count(" ") >= 2 or (not words.isascii() and len(words) >= 4)
        own = re.escape(words)
        plain = re.sub(rf"(?<!\w){own}(?!\w)" if long else rf"[\"'“‘「]{own}[.,]?[\"'”’」]", " ", plain)
    return plain


def _fold(text: str) -> str:
    return re.sub(r"[ \t\r]+", " ", unicodedata.normalize("NFKC", text).replace("\u2019", "'").casefold())


def _levels(plain: str, clauses: list[str], found: Any, main: Any) -> Iterator[str]:
    right = {found["level"], main["level"]}
    for clause in clauses:
        for level, pattern in _LEVELS:
            match = pattern.search(clause)
            if match is None:
                continue
            denied = level != "none" and bool(_NOT.search(clause[: match.start()]))
            if denied == (level in right):
                said = "denies" if denied else "says"
                yield f"it {said} {level!r} ({match.group()!r}), the count says {found['level']!r}"
        if _NO_CRITERION.search(clause) and any(t["verdict"] == "met" for t in main["trace"]):
            yield "it says that no criterion is met, and some are"


def _severity(plain: str, clauses: list[str], found: Any, main: Any) -> Iterator[str]:
    band = str((main.get("questionnaire") or {}).get("band") or "")
    for match in _BANDS.finditer(plain):
        said = _BANDS_ZH.get(match.group(), match.group().removesuffix("ly"))
        if said != band.casefold():
            yield f"it calls something {match.group()!r}; " + (
                f"the band is {band!r}" if band else "nothing counted how severe it is"
            )


def _numbers(plain: str, clauses: list[str], found: Any, main: Any) -> Iterator[str]:
    verdicts = [t["verdict"] for t in main["trace"]]
    met = verdicts.count("met")
    symptoms = sum(t["verdict"] == "met" and t["kind"] in ("gate", "symptom") for t in main["trace"])
    total = (main.get("questionnaire") or {}).get("total")
    scores = {*main["scores"].values(), *([] if total is None else [total])}
    counts = {met, symptoms, *scores}
    others = {len(verdicts), *(verdicts.count(v) for v in set(verdicts))}
    bounds = set(_all([*main["rules"], *(t["rule"] for t in main["trace"])]))
    days = main["window_days"]
    given = {*counts, *others, *bounds, days, days // 7, days // 30, found["risk"]}
    given |= set(
        _all([str(t[k]) for t in main["trace"] for k in ("quote", "value", "said", "criterion", "node")])
    )
    for clause in clauses:
        more = bounds if _BOUND.search(clause) else set[int]()
        right = counts | more | (set[int]() if _MET.search(clause) and not _NOT.search(clause) else others)
        for pattern, allowed, what in (
            *((p, right, "criteria") for p in _COUNTED),
            (_SCORED, scores | more, "a score"),
        ):
            for match in pattern.finditer(clause):
                number = _number(next(g for g in match.groups() if g))
                if number not in allowed:
                    counted = ", ".join(map(str, sorted(counts if what == "criteria" else scores)))
                    yield f"it counts {number} ({match.group()!r}), the count says {counted}"
    for name, value in main["scores"].items():
        for match in re.finditer(
            rf"\b{re.escape(name.casefold())}\b\W+(?:(?:is|was|of|at)\W+)*({_NUMBER})\b", plain
        ):
            if _number(match[1]) != value:
                yield f"it gives {name} as {match[1]}, the count says {value}"
    for number in _all([plain]):
        if number not in given:
            yield f"it counts {number}, which occurs nowhere in the result"


def _verdicts(plain: str, clauses: list[str], found: Any, main: Any) -> Iterator[str]:
    verdicts = {t["node"]: t["verdict"] for t in main["trace"]}
    for clause in clauses:
        nodes = [n for n in verdicts if re.search(rf"(?<![a-z_]){re.escape(n)}(?![a-z_])", clause)]
        if len(nodes) != 1 or not _MET.search(clause):
            continue
        says_met = not (_NOT.search(clause) or _UNMET.search(clause))
        if says_met != (verdicts[nodes[0]] == "met"):
            said = "met" if says_met else "not met"
            yield f"it says that {nodes[0]} is {said}, its verdict is {verdicts[nodes[0]]!r}"


def _risk(plain: str, clauses: list[str], found: Any, main: Any) -> Iterator[str]:
    if found["risk"] and (match := _SAFE.search(plain)):
        yield f"it says {match.group()!r}, the risk shown is {found['risk_name']}"
    for clause in clauses if not found["risk"] else ():
        match = _DANGER.search(clause)
        if match and not _NOT.search(clause[: match.start()]):
            yield f"it says {match.group()!r}, and no risk was shown"


def _all(texts: Iterable[str]) -> Iterator[int]:
    for text in texts:
        for match in _ANY.finditer(_fold(text)):
            yield _number(next(g for g in match.groups() if g))


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _HAN[word] if word in _HAN else _WORDS.index(word)
