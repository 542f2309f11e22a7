"""Which messages are in a language that the layers do not read, and which of them speak of suicide all the same.

Contract: pure, linear in the length. English and Chinese (pinyin, disguises and all) are read by the layers; so are
names, numbers, code and what is too short to tell: they are never *unread*. Other scripts are told by their letters,
other languages in Latin letters by their commonest words against those of English, and some by accents alone.
``danger`` finds a few unmistakable stems a language and no more. That it finds none says nothing, which is why the flag
``not_evaluated`` stands beside it.

Own work: lists and thresholds.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from sophro.care.crisis._fold import LONGEST
from sophro.care.crisis._tongues import BESIDE, ENGLISH, STEMS, WORDS

_LEAST, _SHARE = 2, 0.15  # different words of a language, and their share, from which on a message is in it
_MIXED = 0.3  # share of English words from which on a Spanish sign stands in an English sentence
_SENTENCE = 5  # words from which on accents alone tell
_KNOWN = {lang: frozenset(words.split()) for lang, words in WORDS.items()}
_ENGLISH = frozenset(ENGLISH.split())
_BESIDE = frozenset(BESIDE.split()) - _ENGLISH
_DANGER = tuple((lang, re.compile(any_), re.compile(own) if own else None) for lang, any_, own in STEMS)

# Without the letters that Hangul is put together from: alone they are laughter.
_NOT_LATIN = (
    "\u0370-\u10ff\u1200-\u1cff\u1f00-\u1fff\u2c00-\u2c5f\u2d00-\u2dff\u3041-\u30ff\ua4d0-\ua6ff"
    "\ua840-\uaaff\uabc0-\ud7a3\ufb13-\ufdff\ufe70-\ufefc"
)
_TOKEN = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{_NOT_LATIN}\u0300-\u036f])*")
_OTHER = re.compile(f"[{_NOT_LATIN}]")
_LATIN = re.compile("[a-z\u00df-\u024f\u1e00-\u1eff]")
_ASCII = re.compile("[a-z]")
_ACCENT = re.compile("[\u00df-\u024f\u1e00-\u1eff]")
_HAN = re.compile("[\u3400-\u9fff]")
_HIRAGANA = re.compile("[\u3041-\u306d\u306f-\u3096]")  # without の, which Chinese shops and songs borrow
_KATAKANA = re.compile("[\u30a1-\u30fa]")
_TONES = re.compile("[ǎǐǒǔǚǜǘǖ]")  # pinyin with tones
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0640]")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
# Letters of other scripts that disguise English: a word of them alone is none of a foreign language.
_ALIKE = str.maketrans("асеорхуіјѕԁһкмтнвοαενικρυχτ", "aceopxyijsdhkmthboaevikpuxt")
_TOGETHER = re.compile("[\u0e00-\u109f\u1780-\u17ff\uac00-\ud7a3]")  # words are not written apart, or seldom
# Scripts of languages that the reply is written in, and letters that only others of the script have.
_SCRIPTS = (
    ("ko", re.compile("[\uac00-\ud7a3]"), re.compile(r"(?!)")),
    ("hi", re.compile("[\u0900-\u097f]"), re.compile(r"(?!)")),
    ("ar", re.compile("[\u0600-\u06ff]"), re.compile("[پچژگٹڈڑںےھکی]")),
    ("ru", re.compile("[\u0400-\u052f]"), re.compile("[іїєґўђјљњћџ]")),
)


@dataclass(frozen=True)
class Unread:
    """What can be told of a message that may be in another language.

    Attributes:
        unread: Whether the layers cannot read it, or a part of it that speaks of suicide.
        lang: Its language; "" where it cannot be named.
        danger: Whether it speaks of suicide.
    """

    unread: bool = False
    lang: str = ""
    danger: bool = False


def look(text: str) -> Unread:
    """Return what can be told of the language of a message."""
    if len(text) > LONGEST:
        text = text[: LONGEST // 2] + "\n" + text[-LONGEST // 2 :]
    text = unicodedata.normalize("NFKC", text).replace("\u2019", "'")
    low = both = text.lower()
    if not low.isascii():
        stripped = _MARKS.sub("", unicodedata.normalize("NFKD", low))
        both = f"{low}\n{unicodedata.normalize('NFC', stripped)}"
    lang = None if low.isascii() else _by_script(low)
    lang = _by_words(text, low) if lang is None else lang
    for known, anywhere, own in _DANGER:
        if anywhere.search(both) or (lang is not None and own is not None and own.search(both)):
            return Unread(True, lang or known, True)
    return Unread(lang is not None, lang or "", False)


def _by_script(low: str) -> str | None:
    """Return the language by its letters, "" for one that cannot be named, None for Latin letters and Chinese."""
    latin = han = kana = hiragana = alike = 0
    strange: list[str] = []
    for token in _TOKEN.findall(low):
        # Single letters are signs and faces; a word of look-alike letters, or a mixed one, disguises English.
        if len(token) < 2:
            continue
        if not token.isascii() and token.translate(_ALIKE).isascii():
            alike += 1
            continue
        small, wide = len(_HIRAGANA.findall(token)), len(_KATAKANA.findall(token))
        hiragana, kana, han = hiragana + small, kana + small + wide, han + len(_HAN.findall(token))
        if _ASCII.search(token) or not _OTHER.search(token):
            latin += len(_LATIN.findall(token))
        elif not small + wide:
            strange.append(token)
    if kana > latin and (hiragana >= max(2, 0.2 * (han + kana)) or (kana >= 3 and not han)):
        return "ja"
    letters = "".join(strange)
    other = len(_OTHER.findall(letters))
    # One word may be a name, and where words are written together a few letters may.
    together = _TOGETHER.search(letters) and other >= 5
    if other <= latin + han or (len(strange) + alike < 2 and not together):
        return None
    for lang, own, foreign in _SCRIPTS:
        if len(own.findall(letters)) > other / 2:
            return "" if foreign.search(letters) else lang
    return ""


def _by_words(text: str, low: str) -> str | None:
    """Return the language of a message in Latin letters, "" for one that cannot be named, None for English."""
    words = _WORD.findall(low)
    parts = [part for word in words for part in {word, *word.split("'")}]
    english = (
        sum(w in _ENGLISH for w in parts) + len(_HAN.findall(low)) // 2
    )  # words of two characters, about
    if ("¿" in low or "¡" in low) and english < _MIXED * len(parts):
        return "es"
    hits = {lang: [w for w in parts if w in known] for lang, known in _KNOWN.items()}
    lang = max(hits, key=lambda name: len(hits[name]))
    beside = [w for w in parts if w in _BESIDE]
    many = len(hits[lang]) + len(beside)
    enough = len(set(hits[lang])) >= _LEAST or (hits[lang] and len(set(beside)) >= _LEAST)
    if enough and many > english and many >= _SHARE * len(parts):
        return lang
    # A language that is not listed: accents in small words of a sentence without a word of English.
    accents = [w for w in _WORD.findall(text) if w[0].islower() and _ACCENT.search(w)]
    plain = not any(len(w) > 1 and w in _ENGLISH for w in parts) and not _TONES.search(low)
    return "" if plain and len(words) >= _SENTENCE and len(accents) >= _LEAST else None
