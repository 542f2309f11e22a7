"""Words as the extractor sees them: content words by stem, in English and Chinese.

Contract: pure; English by word lists, Chinese by characters, other scripts as words without lists. A stem
is meant to match too often rather than too rarely ("hacker" and "hack" are one), because it decides whether
a harmful word is left in a text that will be trained with a compliant answer.
"""

from __future__ import annotations

import re

WORD = re.compile(r"\w+(?:['’\-]\w+)*")
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")


def word_set(words: str) -> frozenset[str]:
    """Return the words of a list written as one text."""
    return frozenset(words.split())


# Words without a topic of their own. Help-seeking verbs are among them: "give me" asks for nothing yet.
FUNCTION = word_set("""
    a an the this that these those some any each every no such another other my your his her its our their
    i me we us you he him she it they them one ones mine yours myself yourself himself herself itself
    ourselves themselves someone somebody anyone anybody everyone something anything everything
    am is are was were be been being do does did doing done have has had having can could will would shall
    should may might must ought let lets let's
    i'd i'm i've i'll you'd you're you've you'll we'd we're it's that's what's don't can't won't
    and or but nor so if because while when unless until although though since whereas then than as
    of in on at by for with without from about into onto over under against between among through during
    before after within toward towards across behind near inside outside around beside like per via upon to
    up down out off away back
    who whom whose which what where why how there here
    not only just also too very really much many more most less least all both either neither
    please kindly help give tell show want need know ask say wish thing things stuff
    hi hello hey ok okay yes""")
# Characters that carry grammar or ask for help; a run of Chinese text is cut at them.
_HAN_FUNCTION = frozenset(
    "的地得了着过吗呢吧啊么我你他她它们您是在有和与或并而但就都也还又再很更最把被让给对向从到为以用于之其该"
    "这那哪什怎样如何请帮教想要能会可以应该个一几些种来去上下里不没别谁"
)


def is_chinese(text: str) -> bool:
    """True if at least a fifth of the letters are Chinese characters."""
    letters = sum(c.isalpha() for c in text)
    return letters > 0 and 5 * sum(len(run) for run in HAN.findall(text)) >= letters


def stem(word: str) -> str:
    """Return ``word`` in lower case without possessive, plural, -ing, -ed, -er, -ly and a final e."""
    word = re.sub(r"['’]s?$", "", word.lower().replace("’", "'"))
    if len(word) > 4 and word.endswith(("ies", "ied")):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed", "er", "or", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    word = word[:-1] if len(word) > 3 and word.endswith("e") else word
    doubled = len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiou"
    return word[:-1] if doubled else word


def content_words(text: str) -> tuple[str, ...]:
    """Return the content words of ``text`` in order: stems, and pairs of neighbouring Chinese characters.

    Chinese is not segmented. A run of characters without a function character gives its overlapping pairs,
    or itself if it is a single character.
    """
    found: list[str] = []
    for match in re.finditer(rf"{HAN.pattern}|[^\W\u3400-\u4dbf\u4e00-\u9fff]+(?:['’\-]\w+)*", text):
        word = match.group()
        if not HAN.match(word):
            # The parts of "break-in" count one by one, so that a hyphen hides nothing.
            parts = [p for p in re.split(r"[-_]", word) if p]
            found += [stem(p) for p in parts if p.lower().replace("’", "'") not in FUNCTION]
            continue
        for run in "".join(" " if c in _HAN_FUNCTION else c for c in word).split():
            found += [run[i : i + 2] for i in range(max(1, len(run) - 1))]
    return tuple(found)


def shares_content(text: str, other: str) -> bool:
    """True if a content word of ``other`` occurs in ``text``, whatever its ending."""
    words = frozenset(content_words(text))
    return any(w in (text if HAN.match(w) else words) for w in content_words(other))


def length_in_words(text: str) -> int:
    """Number of words; two Chinese characters count as one word."""
    han = sum(len(run) for run in HAN.findall(text))
    return len(WORD.findall(HAN.sub(" ", text))) + (han + 1) // 2
