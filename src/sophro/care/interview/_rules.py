"""The rule judge: reads a short answer by its words, without a model.

Card ``magi.md``: judgment offline is a lexicon of negation and frequency. Inferred: which words, and their order.

Contract: pure and deterministic. The answer is cut into clauses; the last clause that decides wins ("no... well,
actually yes"). Somebody else's trouble, the past, "sometimes" and a bare yes where a frequency is asked do not decide.
What is quoted as evidence is cut out of the answer, so it always occurs in it. What the rules do not know is "unclear"
with what is missing, never a no.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Any, Literal

from sophro.care.interview import _lexicon as words

Missing = Literal["", "answer", "frequency", "when", "self", "understanding", "language", "topic", "decision"]
Said = Literal["over", "before", "value", "denied", "affirmed", "vague", "past", "others", "none"]
LONGEST = 4_000  # characters that are read; crisis detection reads all
_CLAUSE = re.compile(r"[^,.;:!?，。；：！？、…\n—]+")
_TURNING = re.compile(
    r"\s+(?=(?:but|though|although|actually|well|however|except|anyway|to be honest|honestly|or rather|i mean)\b)"
    r"|(?=但是?|不过|其实|可是|只是|然而)"
)
_OWN = {
    "en": re.compile(r"\b(?:i|i'm|i've|me|my own|mine|myself)\b"),
    "zh": re.compile("我(?!的?[姐妹哥弟妈爸母父朋同老丈妻对男女室邻儿表奶爷舍])|自己"),
}


@dataclass(frozen=True)
class Reading:
    """What an answer says about one criterion.

    Attributes:
        value: The value, None where the answer does not decide.
        refused: The person does not want to answer this.
        stop: The person wants to end the interview.
        missing: What would have to be said for a decision.
        evidence: Piece of the answer on which it rests.
        notes: Further findings: past, others, hostile, probing, since.
    """

    value: int | None
    evidence: str = ""
    missing: Missing = ""
    refused: bool = False
    stop: bool = False
    notes: tuple[str, ...] = ()


def read_answer(text: str, kind: str, safety: bool = False) -> Reading:
    """Read one answer.

    Args:
        text: What the person said.
        kind: ``frequency``, ``yes_no`` or ``recency``.
        safety: The question was about death or self-harm, so that "I don't want to live" is a yes to it.
    """
    text = text[:LONGEST]
    folded = fold(text)
    lang = language_of(folded)
    if not folded.strip():
        return Reading(None, "", "answer")
    if lang is None:
        return Reading(None, "", "language")
    notes = [
        name
        for name, table in (("hostile", words.HOSTILE), ("probing", words.PROBING))
        if table[lang].search(folded)
    ]
    if words.STOP[lang].search(folded.strip()):
        return Reading(None, _cut(text, folded, words.STOP[lang]), "decision", stop=True, notes=tuple(notes))
    if "probing" in notes:
        # Whoever talks to the machine has not answered; "mark all as not met" is no denial.
        return Reading(None, "", "topic", notes=tuple(notes))
    found = _clauses(text, folded, kind, lang, safety)
    decided = _decide(found, kind)
    counted = any(c.said == "value" for c in found)
    if not counted and words.REFUSED[lang].search(folded):
        return Reading(
            None, _cut(text, folded, words.REFUSED[lang]), "decision", refused=True, notes=tuple(notes)
        )
    if (decided is None or decided.value is None) and words.CONFUSED[lang].search(folded.strip()):
        return Reading(None, "", "understanding", notes=tuple(notes))
    if decided is None:
        return Reading(None, "", "topic", notes=tuple(notes))
    return Reading(
        decided.value, decided.evidence, decided.missing, notes=tuple(dict.fromkeys((*notes, *decided.notes)))
    )


_NOW = {
    "en": re.compile(
        r"\b(?:now|nowadays|these days|currently|at (?:the moment|present)|"
        r"(?:in |over |during )?(?:the (?:last|past)|these(?: last)?) (?:two |2 )?weeks?)\b"
    ),
    "zh": re.compile("现在|目前|如今|这(?:两|2)(?:周|个?星期|个?礼拜)(?:里|内)?"),
}
_BEFORE = {
    "en": re.compile(
        r"^(?:before(?: that| then)?|earlier|previously|formerly|in the past|back then|years ago)\b"
        r"|\b(?:didn't|did not) use to\b|\bi use(?:d)? to\b"
    ),
    "zh": re.compile("^(?:以前|之前|从前|原来|过去|上个?月|去年|前年|那时候?|当时|小时候)"),
}
# "It began this week": it is there now, unless it is the mending that began.
_BEGAN = {
    "en": re.compile(
        r"(?:^|\b(?:it|that|this|they|these|all|everything)(?: (?:all|has|have|had|only|just|really|first)){0,2} )"
        r"(?:started|began|begun|came (?:on|up)|appeared)\b(?! to (?:go|get|feel|fade|ease|improve|lift)).{0,24}"
        r"\b(?:(?:this|last|these|the (?:last|past)) (?:past )?(?:week|two weeks|few days|couple of days)"
        r"|(?:a few|some|two|three|four|five|ten|\d+) days ago|yesterday|a week ago)\b"
        r"|\b(?:this|last|these|the (?:last|past)) (?:past )?(?:week|two weeks|few days)\b.{0,12}"
        r"\b(?:started|began|begun)\b"
    ),
    "zh": re.compile(
        "(?:这(?:两|2)?(?:周|个?星期|个?礼拜)|最近|这几天|上周|上个?(?:星期|礼拜)|前几天|近来|近期|这阵子).{0,4}?(?:才|刚|就|又)?"
        "(?:开始|出现)(?:有|的|了|这样|$)"
    ),
}
_MENDS = re.compile(
    r"\b(?:better|improv\w+|stop\w*|less|gone|easier|treatment|therapy|pills|medic\w+)\b"
    r"|好转|好起来|好多|减|吃药|治疗|没有"
)
# "Yes, but that was when I was in school": of another time, what was said before it too.
_TAKEN_BACK = re.compile(
    r"^(?:but )?(?:that|it) was (?:when|in (?:\d|the|my|school)|back|years|long|ages|before|only (?:when|in|back)"
    r"|last (?:year|month))|"
    r"^(?:但)?(?:那|这)(?:都)?是(?:以前|之前|去年|小时候|很久|好久|好几年|多年|上学|当时)"
)
_NOT_ONE_DAY = re.compile(r"\bnot (?:a|one|a single|even (?:a|one)) day\b|一天(?:都|也)(?:没|不)")


def fold(text: str) -> str:
    """Return the text in lower case with plain quotes, character for character as long as the original."""
    plain = [unicodedata.normalize("NFKC", c).lower() for c in text]
    swapped = "".join(
        c if len(c) == 1 else original.lower()[:1] or " " for c, original in zip(plain, text, strict=True)
    )
    return swapped.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x00B4: "'", 0x0060: "'"})


def language_of(text: str) -> Literal["en", "zh"] | None:
    """Return the language by script, None where it is neither."""
    han = sum("\u4e00" <= c <= "\u9fff" for c in text)
    latin = sum("a" <= c.lower() <= "z" for c in text)
    other = sum(c.isalpha() for c in text) - han - latin
    if other > han + latin:
        return None
    return "zh" if han * 2 > latin else "en"


def _cut(text: str, folded: str, pattern: re.Pattern[str]) -> str:
    match = pattern.search(folded)
    return text[match.start() : match.end()].strip() if match else ""


@dataclass(frozen=True)
class _Clause:
    said: Said
    value: int | None
    evidence: str
    since: bool
    own: bool = False


def _clauses(text: str, folded: str, kind: str, lang: str, safety: bool) -> list[_Clause]:
    found: list[_Clause] = []
    for match in _CLAUSE.finditer(folded):
        place = match.start()
        for piece in _TURNING.split(match.group()):
            start = folded.find(piece, place)
            place = start + len(piece)
            evidence = text[start:place].strip()
            if evidence:
                own = bool(_OWN[lang].search(piece))
                found.append(replace(_read_clause(piece.strip(), evidence, kind, lang, safety), own=own))
    return found


def _read_clause(clause: str, evidence: str, kind: str, lang: str, safety: bool) -> _Clause:
    since = bool(words.SINCE[lang].search(clause))
    clause = re.sub(
        r"^(?:(?:but|well|actually|oh|um+|uh|er|so|and|honestly|to be honest|i mean|hmm?|ok|okay|look|though) )+",
        "",
        clause,
    )
    clause = re.sub("^(?:但是?|不过|其实|可是|只是|嗯+|呃|那个|就是|唉|说实话|老实说)(?=.)", "", clause)
    if words.OTHERS[lang].search(clause):
        return _Clause("others", None, evidence, since)
    if kind != "recency" and _TAKEN_BACK.search(clause):
        return _Clause("over", 0, evidence, since)
    if kind != "recency" and _BEGAN[lang].search(clause) and not _MENDS.search(clause):
        return _Clause("affirmed", None, evidence, since)
    if kind != "recency" and _BEFORE[lang].search(clause):
        return _Clause("before" if _BEFORE[lang].fullmatch(clause) else "past", 0, evidence, since)
    # "Not now" and "now I do" say of the window what "no" and "I do" say.
    if kind != "recency" and _NOW[lang].search(clause):
        clause = re.sub(r"\s+", " ", _NOW[lang].sub(" " if lang == "en" else "", clause)).strip() or clause
    if clause in ("not", "no more"):
        clause = "no"
    wish = words.TIRED_OF_LIFE[lang].search(clause)
    if wish and words.DENIES_WISH[lang].search(clause[: wish.start()]):
        return _Clause("denied", 0, evidence, since)
    tired = wish is not None
    if tired and not (safety and kind == "frequency"):
        return _Clause("affirmed" if safety and kind == "yes_no" else "none", None, evidence, since)
    if kind == "recency":
        for pattern, value in words.RECENCY[lang]:
            if pattern.search(clause):
                return _Clause("value", value, evidence, since)
    elif words.PAST[lang].search(clause) and not re.search(
        r"\b(?:began|begun|started|starting)\b|开始", clause
    ):
        return _Clause("past", 0, evidence, since)
    always, *rest = words.FREQUENCY[lang]
    if kind == "frequency" and not always[0].search(clause):
        counted = _days(clause, lang)
        if counted is not None:
            return _Clause("value", counted, evidence, since)
    rest.sort(key=lambda entry: entry[1] != 0)  # "not once" before "once"
    for pattern, value in (always, *rest) if kind != "recency" else ():
        match = pattern.search(clause)
        if match is None:
            continue
        if value in (2, 3) and pattern is not always[0] and _negated(clause[: match.start()], lang):
            return _Clause("vague", None, evidence, since)
        if kind == "yes_no":
            return _Clause("value", int(value > 0), evidence, since)
        return _Clause("value", value, evidence, since)
    if tired:
        return _Clause("affirmed", None, evidence, since)
    if words.AFFIRMED[lang].search(clause) and re.search(
        r"can(?:'t|not) (?:say|claim|deny)|不是没|不能说", clause
    ):
        return _Clause("affirmed", None, evidence, since)
    if words.DENIED[lang].search(clause) and not words.VAGUE[lang].search(clause):
        return _Clause("denied", 0, evidence, since)
    if words.VAGUE[lang].search(clause):
        return _Clause("vague", None, evidence, since)
    if words.AFFIRMED[lang].search(clause):
        return _Clause("affirmed", None, evidence, since)
    return _Clause("none", None, evidence, since)


def _negated(before: str, lang: str) -> bool:
    return bool(re.search(r"\bnot\b|n't\b|\bhardly\b" if lang == "en" else "不是|并非|没有", before))


def _days(clause: str, lang: str) -> int | None:
    """Turn a number of days out of fourteen into a value: 0, 1 to 7, 8 to 11, 12 and more."""
    if _NOT_ONE_DAY.search(clause):
        return 0
    match = words.DAYS[lang].search(clause)
    if match is None:
        return None
    numbers = [_number(match[g]) for g in ("n", "m") if match[g]]
    days = sum(numbers) / len(numbers) * (2 if match["per"] else 1)
    if re.search("每周|一周|每星期", clause[: match.start()]):
        days *= 2
    if not 0 <= days <= 14:
        return None
    return 0 if days == 0 else 1 if days <= 7 else 2 if days < 12 else 3


def _number(text: str) -> int:
    return int(text) if text.isdigit() else words.NUMBERS[text]


def _decide(clauses: list[_Clause], kind: str) -> Reading | None:
    """Return the reading of the last clause that decides; None where none says anything."""
    last: _Clause | None = None
    asked: Missing = "when" if kind == "recency" else "frequency" if kind == "frequency" else "decision"
    notes: list[str] = []
    open_question: Missing = ""
    since = any(c.since for c in clauses)
    others = False  # "my father has that, all the time": what follows is his, until the person speaks of themselves
    earlier = False  # "before, yes": what follows a mere word of time is of that time
    for clause in clauses:
        others = clause.said == "others" or (others and not clause.own)
        if clause.said == "none":
            continue
        if clause.said == "others":
            notes.append("others")
            if last is None:
                open_question = "self"
            continue
        if others:
            continue
        if clause.said == "vague":
            # Doubt behind a plain yes or no takes it back; behind a number it is talk.
            if last is None or last.said != "value":
                last, open_question = None, asked
            continue
        if clause.said == "affirmed" and last is not None and last.said == "value" and last.value:
            continue  # "nearly every day, yes"
        if clause.said == "denied" and last is not None and last.said == "value" and last.value:
            continue  # "every day, I can't do anything"
        if clause.said == "over":
            notes.append("past")
            last, open_question = replace(clause, said="past"), ""
            continue
        if clause.said == "before":
            earlier = True
            continue
        if earlier:
            clause, earlier = replace(clause, said="past", value=0), False
        if clause.said == "past":
            notes.append("past")
            if last is not None and last.said in ("value", "affirmed"):
                continue
        last, open_question = clause, ""
    if last is None:
        return Reading(None, "", open_question, notes=tuple(notes)) if open_question else None
    if last.said == "affirmed":
        if kind == "yes_no":
            return Reading(1, last.evidence, notes=tuple(notes))
        if kind == "frequency" and since:
            # "Yes, since March": it has been there ever since; at least on more than half the days.
            return Reading(2, last.evidence, notes=(*notes, "since"))
        return Reading(None, last.evidence, asked, notes=tuple(notes))
    return Reading(last.value, last.evidence, notes=tuple(notes))


def rule_fields(text: str, kind: str, safety: bool) -> dict[str, Any]:
    """Return the reading as fields of a judgment."""
    reading = read_answer(text, kind, safety)
    verdict = "refused" if reading.refused else "unclear" if reading.value is None else "decided"
    return {
        "verdict": verdict,
        "value": reading.value,
        "evidence": reading.evidence,
        "missing": reading.missing,
        "confidence": 0.9 if reading.value is not None else 0.5,
        "notes": list(reading.notes),
        "stop": reading.stop,
    }
