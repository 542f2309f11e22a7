"""A chunker without dependencies: opener, task verb, object and qualifiers of a request.

Paper: the offline stand-in for the extractor of "Deactivating Refusal Triggers" (Xue et al. 2026, arXiv
2603.11388), which asks GPT-4o.

Contract: ``spans`` are in order, never overlap, have no blank at an end, and every letter and digit of the
text is inside one. ``without`` removes spans and repairs what is left, so that a model sees a sentence and
not a wreck. Both are pure functions of the text.

Deviations: no tagger and no grammar, only word lists and punctuation. Where the lists are silent a chunk is
a qualifier. An article belongs to the verb if modifiers follow it ("create a | fake | video"), so that the
modifiers can go alone. Chinese is cut at punctuation, 的 and common connectives.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sophro.align.refusal_triggers._words import WORD, is_chinese, word_set

Kind = Literal["opener", "verb", "object", "qualifier"]


@dataclass(frozen=True)
class Span:
    """A piece of a text.

    Attributes:
        start: First character.
        end: One past the last character.
        kind: What it does in the request.
    """

    start: int
    end: int
    kind: Kind


_SUBJECT = r"(?:i|we|you|one|someone|somebody|anyone)\b"
_MODAL = r"(?:do|does|did|can|could|would|will|should|might|may|shall)"
_ME = r"(?:\s+(?:me|us))"
_HOW = r"(?:\s+how\s+(?:to|(?:i|we|one)\s+(?:can|could|should|might|would)))"
_ASK = (
    rf"(?:help{_ME}?(?:\s+to)?\b|(?:tell|show|teach){_ME}(?:{_HOW}|\s+to\b)?|give{_ME}|let{_ME}\s+know{_HOW}?"
    rf"|(?:explain|describe|outline|show|demonstrate|advise{_ME}|walk{_ME}\s+through)(?:\s+to{_ME})?{_HOW})"
)
_ADJECTIVE = r"(?:(?:\w+est|best|good|easy|quick|safe|simple|most\s+\w+|right)\s+)?"
_OPENER = re.compile(
    r"(?:(?:hi|hello|hey|ok|okay|so)\b[,!]?\s+)?(?:please\b,?\s+)?(?:"
    rf"(?:can|could|would|will|may|might)\s+(?:you|i|we)\b(?:\s+(?:please|kindly|maybe|possibly)\b)?"
    rf"(?:\s+{_ASK})?"
    rf"|how\s+(?:to\b|{_MODAL}\s+{_SUBJECT})"
    rf"|(?:what|where|when|who|why)\s+{_MODAL}\s+{_SUBJECT}"
    rf"|what(?:['’]s|\s+(?:is|are|would\s+be))\s+(?:the|a|some)\s+{_ADJECTIVE}"
    r"(?:ways?|methods?|tricks?|steps?)\s+(?:to|of|for)\b"
    rf"|is\s+there\s+(?:a|any|some)\s+{_ADJECTIVE}way\s+(?:to|of)\b|is\s+it\s+possible\s+to\b"
    rf"|do\s+you\s+know{_HOW}"
    r"|(?:i|we)(?:['’]d|\s+would)?\s+(?:(?:really|just)\s+)?(?:want|need|like|love|wish|plan)\s+(?:you\s+)?to\b"
    r"|(?:i|we)\s+(?:need|want)\s+(?:(?:some|your)\s+)?(?:help|advice)(?:\s+(?:with|on|to)\b)?"
    r"|(?:i|we)\s+(?:really\s+)?(?:need|want)\b"
    r"|(?:i['’]m|i\s+am|we\s+are|we['’]re)\s+(?:trying\s+to|looking\s+for)\b"
    rf"|{_ASK})"
    r"|please\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:(?:hi|hello|hey|ok|okay|so|please)\b[,!]?\s+)*"
    r"(?:can|could|would|will|may|might|how|what|where|when|who|why|is|do)\b",
    re.IGNORECASE,
)
# After these an action is named; after other openers ("give me", "I need") a thing.
_VERB_NEXT = re.compile(r"(?:\b(?:to|i|we|you|one|please|kindly|maybe|possibly|can|could|should|might|would|of)"
                        r"|\bhelp(?:\s+(?:me|us))?)$", re.IGNORECASE)  # fmt: skip

PREPOSITIONS = word_set("""
    of in on at by for with without from about into onto over under against between among through during
    before after within toward towards across behind near inside outside around beside like per via upon than
    as to""")
CONJUNCTIONS = frozenset({"and", "or", "but", "nor", "then"})
CLAUSES = word_set("""
    so because while if when unless until although though since whereas that who which whose whom where how
    what why""")
_BOUNDARY = PREPOSITIONS | CONJUNCTIONS | CLAUSES
_ARTICLES = frozenset({"a", "an", "the"})
_DETERMINERS = _ARTICLES | word_set(
    "my your his her its our their this that these those some any another each every no"
)
_PRONOUNS = frozenset({"i", "we", "you", "he", "she", "it", "they", "there", "one"})
SUBJECTS = frozenset({"i", "we", "he", "she", "they"})
_AUXILIARIES = word_set(
    "do does did can could would will should might may must shall is are was were has have had"
)
_ADVERBS = word_set("first overnight tonight tomorrow today now again instead anyway maybe perhaps")
_NOT_ADVERBS = word_set("""
    family only apply supply reply july assembly ally bully belly italy anomaly hourly daily weekly monthly
    yearly early friendly lovely lonely elderly deadly ugly holy""")
_NO_VERB = _PRONOUNS | _DETERMINERS | _BOUNDARY | _AUXILIARIES | _ADVERBS
# Neither is a contraction such as "let's" or "I'm".
_NOT_A_VERB = re.compile(rf"(?:{'|'.join(sorted(_NO_VERB))})$|\w+['’]", re.IGNORECASE)
_PARTICLES = frozenset({"me", "us", "up", "out", "down", "off", "away", "back", "together"})
# A blank, an apostrophe or a hyphen does not separate chunks; every other mark does.
_BREAK = re.compile(r"[^\s'’\-*_#`]")
_SENTENCE_END = re.compile(r"[.;:!?\n。；！？]")
_MODIFIERS = 4  # a longer run of words before the last one is not a noun phrase

_ZH_OPENER = re.compile(
    r"(?:(?:你好|您好|麻烦|请问|请)[，,]?)*"
    r"(?:(?:你|您)?(?:能不能|能否|可以|可不可以|能)(?:帮我|帮忙|教我|告诉我|给我|帮|教)?"
    r"|(?:我|我们)(?:想要|想让你|想|需要你|需要|打算|要)|(?:帮我|帮忙|教我|告诉我|给我|教教我|替我)(?:怎么样?|怎样|如何)?"
    r"|怎么样?|怎样|如何|有没有(?:什么)?办法|有什么办法)"
    r"|(?:请问|麻烦你?|请)"
)
_ZH_ASKS = re.compile(r"能|可以|可不可以|怎|如何|有没有|有什么|请问")
_ZH_VERB = re.compile(
    r"(?:写出?|编写?|做|制作|设计|规划|策划|列出?|介绍|解释|说明|推荐|翻译|总结|整理|安排|起草|准备|画|拍|想出?|找到?|"
    r"生成|创作|描述|分析|提供)(?:一?[个封篇份段张条首种套些部]|几[个条篇]|[两三五十]+[个条篇])?"
)
_ZH_CUT = re.compile(
    r"[、，。！？；：,.!?;:\s（）()“”\"《》]+|(?<=的)|(?=(?:然后|而且|但是|以便|还要|从而|同时|因为|所以|用来|并且|或者|以及))"
    r"|(?=[和或并](?=\w\w))"
)


def spans(text: str) -> list[Span]:
    """Cut a request into opener, verb, object and qualifiers.

    Args:
        text: Any text; empty and wordless texts give no span.

    Returns:
        Spans in order. At most one opener, one verb and one object.
    """
    return _chinese(text) if is_chinese(text) else _english(text)


def asks(opener: str) -> bool:
    """True if an opener makes its sentence a question."""
    return bool((_ZH_ASKS.search if is_chinese(opener) else _ASKS.match)(opener))


def _opener(text: str, words: list[re.Match[str]]) -> tuple[int, int] | None:
    """Find the first opener at the start of the text or of a sentence."""
    for i, word in enumerate(words):
        before = text[words[i - 1].end() : word.start()] if i else "."
        if _SENTENCE_END.search(before) and (found := _OPENER.match(text, word.start())):
            end = found.end()
            # The pattern may stop inside a word ("I want" of "I wanted"); such a match is none.
            if any(w.end() == end for w in words):
                return found.start(), end
    return None


def _english(text: str) -> list[Span]:
    words = list(WORD.finditer(text))
    opener = _opener(text, words)
    chunks: list[list[re.Match[str]]] = []
    after_opener = -1
    for i, word in enumerate(words):
        if opener and opener[0] <= word.start() < opener[1]:
            continue
        previous = words[i - 1] if i else None
        gap = text[previous.end() : word.start()] if previous else ""
        following = words[i + 1].group().lower() if i + 1 < len(words) else ""
        if opener and after_opener < 0 and word.start() >= opener[1]:
            after_opener = len(chunks)
            chunks.append([word])
        elif not chunks or _BREAK.search(gap) or "\n" in gap or _starts_chunk(word, following, chunks[-1]):
            chunks.append([word])
        else:
            chunks[-1].append(word)
    found = [Span(*opener, "opener")] if opener else []
    main = after_opener if opener else 0
    for number, chunk in enumerate(chunks):
        if number != main:
            found.append(Span(chunk[0].start(), chunk[-1].end(), "qualifier"))
        elif opener:
            found += _main(chunk, bool(_VERB_NEXT.search(text[slice(*opener)])))
        else:
            found += _main(chunk, not _NOT_A_VERB.match(chunk[0].group()))
    return sorted(found, key=lambda s: s.start)


def _starts_chunk(word: re.Match[str], following: str, chunk: list[re.Match[str]]) -> bool:
    """Say whether ``word`` opens a new chunk after ``chunk``."""
    text = word.group().lower()
    if all(w.group().lower() in _BOUNDARY for w in chunk):  # "so that", "with the": still being opened
        return False
    if text == "like" and chunk[-1].group().lower().endswith(("would", "'d", "’d")):
        return False
    if text in _BOUNDARY or text in _ADVERBS:
        return True
    if text in _AUXILIARIES and following in _PRONOUNS:
        return True
    if text in SUBJECTS and chunk[-1].group().lower() not in _BOUNDARY | _AUXILIARIES:
        return True  # a relative clause without "that": "messages I can use"
    return len(text) > 4 and text.endswith("ly") and text not in _NOT_ADVERBS


def _main(chunk: list[re.Match[str]], action: bool) -> list[Span]:
    """Cut the chunk that holds the task: verb and object, or an object alone."""
    start, end = chunk[0].start(), chunk[-1].end()
    if chunk[0].group().lower() in PREPOSITIONS | CLAUSES:
        return [Span(start, end, "qualifier")]
    if not action:
        return [Span(start, end, "object")]
    k = 1
    while k < len(chunk) and chunk[k].group().lower() in _PARTICLES:
        k += 1
    if k == len(chunk):
        return [Span(start, end, "verb")]
    first = k + 1 if chunk[k].group().lower() in _DETERMINERS and k + 1 < len(chunk) else k
    if not 1 <= len(chunk) - 1 - first <= _MODIFIERS:
        return [Span(start, chunk[k - 1].end(), "verb"), Span(chunk[k].start(), end, "object")]
    return [
        Span(start, chunk[first - 1].end(), "verb"),
        Span(chunk[first].start(), chunk[-2].end(), "qualifier"),
        Span(chunk[-1].start(), end, "object"),
    ]


def _chinese(text: str) -> list[Span]:
    first = next((i for i, c in enumerate(text) if c.isalnum()), len(text))
    opener = _ZH_OPENER.match(text, first)
    found = [Span(opener.start(), opener.end(), "opener")] if opener else []
    position = opener.end() if opener else first
    if verb := _ZH_VERB.match(text, position):
        found.append(Span(verb.start(), verb.end(), "verb"))
        position = verb.end()
    named = False
    cuts = [(m.start(), m.end()) for m in _ZH_CUT.finditer(text, position)] + [(len(text), len(text))]
    for start, end in cuts:
        # A cut of no width stands behind 的 or before a connective; both stay with their piece.
        inside = [i for i in range(position, start) if text[i].isalnum() or text[i] == "_"]
        if inside:
            # "...的" describes what follows, so the object is the first piece that does not end so.
            modifier = text[inside[-1]] == "的"
            found.append(Span(inside[0], inside[-1] + 1, "qualifier" if named or modifier else "object"))
            named = named or not modifier
        position = max(position, end)
    return found


_SEAM = "\x00"
_START = "\x01"  # a seam behind a kept opener or at the start: a conjunction has nothing to join there
_DANGLING = "|".join(sorted(_BOUNDARY | _ARTICLES | {"want", "need", "try", "trying"}))
_LEADING = re.compile(
    rf"(^|{_START})\s*(?:{'|'.join(sorted(CONJUNCTIONS | {'so'}))})\b(?!['’-])\s*", re.IGNORECASE
)
_TAIL = re.compile(
    rf"(?<![\w'’-])(?:{_DANGLING})\s*(?={_SEAM}\s*(?:$|[.,;:!?)\]\n]|(?:{'|'.join(sorted(_BOUNDARY))})\b))",
    re.IGNORECASE,
)
_ARTICLE = re.compile(rf"(?<![\w'’-])(an?)(\s*{_SEAM}\s*)(?=(\w+))", re.IGNORECASE)
# Chinese needs no blank where something went; two words of an alphabet do.
_BETWEEN_WORDS = re.compile(r"(?<=[^\W_\u3400-\u9fff])\s*[\x00\x01][\s\x00\x01]*(?=[^\W_\u3400-\u9fff])")
_SOUNDS_CONSONANT = re.compile(r"(?:uni|use|usu|eu|one|once|ut)", re.IGNORECASE)
_SOUNDS_VOWEL = re.compile(r"[aeiou]|hour|honest|heir|honou?r", re.IGNORECASE)
_MARKS = (
    (re.compile(r"([(\[“\"«《（])\s*[\x00\x01]\s*([)\]”\"»》）])"), _SEAM),
    (re.compile(r"([.?!。！？])\s*[\x00\x01]\s*[.,;:?!、，。！？；：]+"), "\\1\x00"),
    (re.compile(r"[,;:、，；：]\s*[\x00\x01]\s*(?=[.,;:?!、，。！？；：]|$)"), _SEAM),
    (re.compile(r"^[\s\x00\x01]*[.,;:?!、，。！？；：]+"), ""),
    (re.compile(r"\x01\s*[,;:、，；：]+"), "\x01"),
)


def without(text: str, removed: Iterable[Span]) -> str:
    """Remove spans from a text and repair the rest.

    Dangling articles, prepositions and conjunctions, doubled blanks and marks, and blanks before marks go;
    "a" and "an" follow the new neighbour; the first letter is a capital if it was one. A question mark
    stays as long as the opener that asks stays; without it the sentence ends in a full stop.

    Args:
        text: The text that ``spans`` read.
        removed: Some of its spans, in any order; with none only blanks are tidied.

    Returns:
        The rest, possibly empty.
    """
    gone = sorted(set(removed), key=lambda s: s.start)
    chinese = is_chinese(text)
    openers = [s.end for s in spans(text) if s.kind == "opener" and s not in gone]
    kept = [c.isalnum() for c in text]
    for span in gone:
        kept[span.start : span.end] = [False] * (span.end - span.start)
    parts: list[str] = []
    position = 0
    for span in gone:
        anchor = max((end for end in openers if end <= span.start), default=0)
        parts.append(re.sub(r"[\x00\x01]", " ", text[position : span.start]))
        parts.append(_SEAM if any(kept[anchor : span.start]) else _START)
        position = max(position, span.end)
    rest = "".join(parts) + re.sub(r"[\x00\x01]", " ", text[position:])
    if gone:
        rest = _repair(rest)
    if chinese:
        rest = re.sub(r"\s*[\x00\x01]\s*", "", _BETWEEN_WORDS.sub(" ", rest))
    else:
        rest = re.sub(r"[\x00\x01]", " ", rest)
    rest = re.sub(r"[ \t]+", " ", rest)
    rest = re.sub(r" +([.,;:!?)\]、，。！？；：])", r"\1", rest).strip()
    if not any(c.isalnum() for c in rest):
        return "" if gone else rest
    if any(s.kind == "opener" and asks(text[s.start : s.end]) for s in gone):
        rest = re.sub(r"[?？]+$", "。" if chinese else ".", rest)
    letters = [c for c in text if c.isalpha()]
    if gone and letters and letters[0].isupper():
        rest = re.sub(r"[^\W\d_]", lambda m: m.group().upper(), rest, count=1)
    return rest


def _repair(rest: str) -> str:
    """Mend the places marked as seams until nothing changes."""
    before = ""
    while before != rest:
        before = rest
        rest = re.sub(r"\s*\x01[\s\x00\x01]*", f" {_START} ", rest)
        rest = re.sub(r"\s*\x00[\s\x00]*", f" {_SEAM} ", rest)
        rest = _TAIL.sub("", rest)
        rest = _LEADING.sub(r"\1 ", rest)
        for pattern, new in _MARKS:
            rest = pattern.sub(new, rest)
    return _ARTICLE.sub(_article, rest)


def _article(match: re.Match[str]) -> str:
    following = match.group(3)
    vowel = _SOUNDS_VOWEL.match(following) and not _SOUNDS_CONSONANT.match(following)
    form = "an" if vowel else "a"
    return (form.capitalize() if match.group(1)[0].isupper() else form) + match.group(2)
