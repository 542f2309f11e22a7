"""The rules of ``_instructions``, one function each: answer and arguments in, kept or not (or None) out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

from sophro.errors import SophroError
from sophro.judge.verify._language import detect_language

Rule = Callable[..., bool | None]

_HAN = re.compile("[一-鿿]")
_ABBREVIATIONS = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|e\.g|i\.e|approx|No|Fig|Inc|Ltd|Co|U\.S|a\.m|p\.m)\.|\b[A-Z]\.(?=\s?[A-Z])"
)
_SENTENCE_END = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s|$)|[。！？]+[”’」』）]*")


def words(text: str) -> list[str]:
    """Return the words of ``text``: runs of letters, digits and underscores; a Chinese character is a word."""
    return re.findall(r"[一-鿿]|[^\W一-鿿]+", text)


def sentences(text: str) -> list[str]:
    """Return the sentences of ``text``; a last one without an end counts."""
    kept = _ABBREVIATIONS.sub(lambda m: m[0].replace(".", "\0"), text)
    found = [s.strip() for s in _SENTENCE_END.split(kept)]
    return [s.replace("\0", ".") for s in found if re.search(r"\w", s)]


def _compare(count: int, relation: str, bound: int) -> bool:
    if relation == "at least":
        return count >= bound
    if relation == "less than":
        return count < bound
    raise SophroError(f"instruction rule: relation {relation!r}; known: at least, less than")


def _spots(word: str, text: str) -> int:
    return len(re.findall(re.escape(word.casefold()), text.casefold()))


def _existence(text: str, *, keywords: Sequence[str]) -> bool:
    return all(_spots(k, text) for k in keywords)


def _frequency(text: str, *, keyword: str, frequency: int, relation: str) -> bool:
    return _compare(_spots(keyword, text), relation, int(frequency))


def _forbidden(text: str, *, forbidden_words: Sequence[str]) -> bool:
    def hit(word: str) -> bool:
        if _HAN.search(word):
            return word in text
        return re.search(rf"(?<!\w){re.escape(word.casefold())}(?!\w)", text.casefold()) is not None

    return not any(map(hit, forbidden_words))


def _letters(text: str, *, letter: str, let_frequency: int, let_relation: str) -> bool:
    return _compare(text.casefold().count(letter.casefold()), let_relation, int(let_frequency))


def _language(text: str, *, language: str) -> bool | None:
    found = detect_language(text)
    return None if found is None else found == language.partition("-")[0]


def _sentence_count(text: str, *, num_sentences: int, relation: str) -> bool:
    return _compare(len(sentences(text)), relation, int(num_sentences))


def _word_count(text: str, *, num_words: int, relation: str) -> bool:
    return _compare(len(words(text)), relation, int(num_words))


def _character_count(text: str, *, num_characters: int, relation: str) -> bool:
    return _compare(len(_HAN.findall(text)), relation, int(num_characters))


def _paragraphs(text: str, *, num_paragraphs: int) -> bool:
    parts = re.split(r"\s?\*\*\*\s?", text)
    inner = parts[1:-1]
    if any(not p.strip() for p in inner):
        return False
    return sum(bool(p.strip()) for p in parts) == int(num_paragraphs)


def _first_word(text: str, *, num_paragraphs: int, nth_paragraph: int, first_word: str) -> bool:
    parts = [p for p in re.split(r"\n\n", text) if p.strip()]
    at = int(nth_paragraph)
    if len(parts) != int(num_paragraphs) or not 1 <= at <= len(parts):
        return False
    start = parts[at - 1].split()[0].lstrip("'\"")
    return re.split(r"[.,?!'\"]", start)[0].casefold() == first_word.casefold()


def _placeholders(text: str, *, num_placeholders: int) -> bool:
    return len(re.findall(r"\[.*?\]", text)) >= int(num_placeholders)


def _postscript(text: str, *, postscript_marker: str) -> bool:
    forms = {"P.S.": r"p\.\s?s\.", "P.P.S": r"p\.\s?p\.\s?s"}
    form = forms.get(postscript_marker.strip(), re.escape(postscript_marker.strip().casefold()))
    return re.search(form, text.casefold()) is not None


def _bullets(text: str, *, num_bullets: int) -> bool:
    stars = re.findall(r"^\s*\*[^*\n].*$", text, re.MULTILINE)
    dashes = re.findall(r"^\s*-.*$", text, re.MULTILINE)
    return len(stars) + len(dashes) == int(num_bullets)


def _constrained(text: str) -> bool:
    return any(f"My answer is {x}." in text for x in ("yes", "no", "maybe"))


def _highlights(text: str, *, num_highlights: int) -> bool:
    double = [m for m in re.findall(r"\*\*([^*\n]*)\*\*", text) if m.strip()]
    single = [m for m in re.findall(r"\*([^*\n]*)\*", re.sub(r"\*\*[^*\n]*\*\*", " ", text)) if m.strip()]
    return len(double) + len(single) >= int(num_highlights)


def _sections(text: str, *, section_spliter: str, num_sections: int) -> bool:
    return len(re.split(rf"\s?{re.escape(section_spliter)}\s?\d+\s?", text)) - 1 >= int(num_sections)


def _json(text: str) -> bool:
    inner = re.sub(r"^```(?:json|Json|JSON)?|```$", "", text.strip()).strip()
    try:
        json.loads(inner)
    except ValueError:
        return False
    return True


def _title(text: str) -> bool:
    return any(m.strip(" <>") for m in re.findall(r"<<([^\n]+)>>", text))


def _two(text: str) -> bool:
    parts = text.split("******")
    if any(not p.strip() for p in parts[1:-1]):
        return False
    valid = [p.strip() for p in parts if p.strip()]
    return len(valid) == 2 and valid[0] != valid[1]


def _repeat(text: str, *, prompt_to_repeat: str) -> bool:
    return text.strip().casefold().startswith(prompt_to_repeat.strip().casefold())


def _ends(text: str, *, end_phrase: str) -> bool:
    return text.strip().strip('"').casefold().endswith(end_phrase.strip().casefold())


def _capital_words(text: str, *, capital_frequency: int, capital_relation: str) -> bool:
    count = sum(w.isupper() for w in re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text))
    return _compare(count, capital_relation, int(capital_frequency))


def _upper(text: str) -> bool | None:
    return _english(text) if text.isupper() else False


def _lower(text: str) -> bool | None:
    return _english(text) if text.islower() else False


def _english(text: str) -> bool | None:
    found = detect_language(text)
    return None if found is None else found == "en"


def _no_comma(text: str) -> bool:
    return "," not in text and "，" not in text


def _quoted(text: str) -> bool:
    value = text.strip()
    return len(value) > 1 and value[0] + value[-1] in ('""', "“”")


RULES: Mapping[str, Rule] = {
    "keywords:existence": _existence,
    "keywords:frequency": _frequency,
    "keywords:forbidden_words": _forbidden,
    "keywords:letter_frequency": _letters,
    "language:response_language": _language,
    "length_constraints:number_sentences": _sentence_count,
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:number_words": _word_count,
    "length_constraints:number_characters": _character_count,
    "length_constraints:nth_paragraph_first_word": _first_word,
    "detectable_content:number_placeholders": _placeholders,
    "detectable_content:postscript": _postscript,
    "detectable_format:number_bullet_lists": _bullets,
    "detectable_format:constrained_response": _constrained,
    "detectable_format:number_highlighted_sections": _highlights,
    "detectable_format:multiple_sections": _sections,
    "detectable_format:json_format": _json,
    "detectable_format:title": _title,
    "combination:two_responses": _two,
    "combination:repeat_prompt": _repeat,
    "startend:end_checker": _ends,
    "startend:quotation": _quoted,
    "change_case:capital_word_frequency": _capital_words,
    "change_case:english_capital": _upper,
    "change_case:english_lowercase": _lower,
    "punctuation:no_comma": _no_comma,
}
