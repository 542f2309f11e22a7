"""Which language is a text in? By its script, and by function words where several languages share one.

Contract: returns an ISO 639-1 code, or None where the signs do not suffice (few letters, a tie, an unknown language):
then the question is unscored, not answered with a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

# Scripts that one of the known languages has for itself.
_SCRIPTS: Mapping[str, str] = {
    "HANGUL": "ko", "THAI": "th", "TAMIL": "ta", "TELUGU": "te", "KANNADA": "kn", "MALAYALAM": "ml",
    "GUJARATI": "gu", "GURMUKHI": "pa", "BENGALI": "bn", "GREEK": "el", "HEBREW": "he",
}  # fmt: skip
_WORDS: Mapping[str, Mapping[str, str]] = {
    "LATIN": {
        "en": "the and of to in is that it for was with as are you this have not be on at from they we can or your "
        "i a my will all but what there if about which when would",
        "de": "der die das und ist nicht ein eine zu den mit sich des auf für im dem auch es an werden aus er hat dass "
        "sie wir ich von wie bei",
        "fr": "le la les des et est une que dans pour qui sur pas au avec sont ce il elle du plus nous vous je par "
        "mais",
        "es": "el la los las y es una que en por para con no se del su al lo como más pero sus le ha este son",
        "pt": "o os as e é uma que em para com não se do da dos das no na por mais como mas ao seu sua são você um",
        "it": "il lo gli le e è una che di per con non si del della nel sono come più ma anche i alla dei un questo",
        "nl": "de het een en van is dat niet in op te zijn met voor die aan er ook als maar om",
        "fi": "ja on ei se että oli hän mutta kun niin myös ovat joka tämä olla voi sen kuin ne mitä",
        "vi": "và của là có không cho một được trong người với các những khi này đã để tôi bạn về như sẽ",
        "sw": "na ya wa ni kwa za katika la kuwa hii yake cha kama hiyo watu au lakini si sana huyu wake",
        "tr": "ve bir bu için ile de da çok olarak daha ne gibi en değil ama ben var",
        "pl": "i w nie na się że to jest z do jak po co tak ale za od są czy przez",
        "sv": "och att det som en på är av för med till den har inte om ett jag men var",
        "id": "yang dan di ini itu dengan untuk tidak dari dalam akan pada juga saya ke karena ada adalah",
    },
    "CYRILLIC": {
        "ru": "и в не на что я с он как это по но они мы для из у за от так же все было её только",
        "bg": "и на да се за от не са в си по ще като това със които но е към при или има той",
        "uk": "і в не на що я з він як це та до для у за від так але є ми все було її тільки про",
    },
    "DEVANAGARI": {
        "hi": "है और के का की में से को पर यह नहीं हैं एक ने भी इस था कि हो कर",
        "mr": "आहे आणि च्या ते हे मी नाही एक या आहेत होते केले तर की पण त्या आम्ही साठी मध्ये",
        "ne": "छ र को मा यो हो भने गर्न लागि पनि छन् एक हामी तपाईं गर्नु थियो भएको",
    },
    "ARABIC": {
        "ar": "في من على إلى أن هذا التي هو لا ما عن كان مع هذه ذلك كل أو الذي",
        "fa": "و در به از که این را با است برای آن یک می های خود تا بر هم",
        "ur": "ہے اور کے میں کی سے کا یہ کو پر نہیں ہیں نے ایک بھی اس تھا کہ",
    },
}  # fmt: skip
_TABLES = {
    script: {lang: frozenset(words.split()) for lang, words in table.items()}
    for script, table in _WORDS.items()
}
_MIN_LETTERS = 8


def detect_language(text: str) -> str | None:
    """Return the code of the language of ``text``, or None where that cannot be told."""
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return None
    scripts = Counter(unicodedata.name(c, "?").partition(" ")[0] for c in letters)
    if scripts["HIRAGANA"] + scripts["KATAKANA"] > 0.1 * len(letters):
        return "ja"
    name, count = scripts.most_common(1)[0]
    if count < 0.5 * len(letters):
        return None
    if name == "CJK":
        return "zh"
    if name in _SCRIPTS:
        return _SCRIPTS[name]
    if name not in _TABLES or len(letters) < _MIN_LETTERS:
        return None
    # Marks belong to their letters (Devanagari vowels are marks, which \w leaves out).
    words = re.findall(
        r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0900-\u0903\u093a-\u094f\u0962\u0963])*", text.casefold()
    )
    hits = {lang: sum(w in known for w in words) for lang, known in _TABLES[name].items()}
    ranked = sorted(hits.items(), key=lambda item: -item[1])
    if ranked[0][1] == 0 or ranked[0][1] == ranked[1][1]:
        return None
    return ranked[0][0]
