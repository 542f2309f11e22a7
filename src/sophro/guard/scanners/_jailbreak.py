"""Ways around a model's refusal that a text shows by its form, whatever it asks for.

Papers: the families are those of Wei et al. 2023 (arXiv 2307.02483: prefix injection, refusal suppression, encodings),
Shen et al. 2023 (arXiv 2308.03825: persona prompts in the wild) and Anil et al. 2024 (many-shot jailbreaking). The
phrases are our own, written from those descriptions and from half of the in-the-wild set (see ``docs/guard.md``).

Contract: four labels, each a score in [0, 1]. ``template``: cues of persona, rule-breaking and refusal-suppressing
prompts; one cue alone is no jailbreak, because ordinary role play has it too. ``encoded``: what a decoded piece says,
judged by ``prompt_harm``; an encoded harmless text is harmless. ``many_shot``: share of harmful questions among many
question-answer pairs. ``invisible``: characters that nobody sees and a model reads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sophro.files import digest
from sophro.guard._types import Detection
from sophro.guard.scanners._decode import Piece, decoded
from sophro.guard.scanners._types import Scanner, View
from sophro.judge._lexicon import normalize

LABELS = ("template", "encoded", "many_shot", "invisible")
THRESHOLDS = {"template": 0.6, "encoded": 0.5, "many_shot": 0.3, "invisible": 0.5}
READ = 100_000  # characters read for cues; both ends of a longer text
PAIRS = 6
_ASKED = 16  # questions of a many-shot prompt that are judged

_AI = r"(?:you|chatgpt|gpt|the ai|this ai|ai model|language model|assistant|chatbot|bot|it|he|she|they)"
_RULE = (
    r"(?:rules?|guidelines?|polic(?:y|ies)|restrictions?|limit(?:ation)?s?|filters?|censorship|ethic(?:s|al)?|morals?|"
    r"moral(?:ity| compass)|constraints?|safeguards?|boundaries|content polic\w+|principles?|protocols?|regulations?)"
)
# Cue -> (weight, pattern); weights add up, 1 is certain.
CUES: dict[str, tuple[float, str]] = {
    "known_name": (0.6, r"\bdo anything now\b|\bdan mode\b|\bjailbr(?:eak|oken)|\bdeveloper mode (?:enabled|output)|"
                        r"\bgod ?mode (?:enabled|on)|\banti-?gpt\b|\bevil[- ]?bot\b|\bbetterdan\b|\bsudo mode\b"),
    "dan": (0.35, r"(?-i:\bDAN\b|\bSTAN\b|\bDUDE\b|\bAIM\b|\bJAILBREAK\b)"),
    "ignore": (0.6, r"\b(?:ignore|disregard|forget|override|bypass|abandon|discard)\b[^.\n]{0,25}"
                    r"\b(?:previous|prior|above|earlier|preceding|usual|original|existing|your|openai'?s?|system)\b[^.\n]{0,25}"
                    r"\b(?:instructions?|rules|prompts?|guidelines|programming|directives?|polic(?:y|ies)|training|restrictions|ethics|messages?)\b"),
    "unbound": (0.4, rf"\b(?:no|without|free (?:of|from)|freed from|not (?:bound|limited|restricted|constrained) by|unbound by|"
                     rf"un(?:bound|constrained|restricted) by|(?:does|do|is|are|will|has|have)(?:n't| not) (?:care about|follow|have|obey|abide by|adhere to|respect|to follow)|"
                     rf"bypass(?:es|ing)?|break(?:s|ing)?|ignor(?:e|es|ing)|disregard(?:s|ing)?|rid of)\b[^.\n]{{0,40}}?\b{_RULE}\b"),
    "unfiltered": (0.4, r"\b(?:unfiltered|uncensored|unrestricted|amoral|unethical|no moral compass|immoral)\b[^.\n]{0,40}\b(?:ai|bot|chatbot|"
                        r"assistant|model|responses?|answers?|output|version|character|gpt|persona|advice|and)\b"),
    "no_refusal": (0.4, r"\b(?:never|do ?n[o']t|cannot|can't|must not|may not|not allowed to|won't|will not|under no circumstances|not)\b[^.\n]{0,30}"
                        r"\b(?:refus\w*|declin\w*|apologi[sz]\w*|say(?:ing)? (?:no|that (?:you|it)|you can'?t|\"?i can'?t|\"?sorry)|deny|reject\w*|warn\w*|disclaimers?|"
                        r"mention (?:that|anything about)[^.\n]{0,30}(?:illegal|ethic|legal|moral)|censor\w*|filter)\b"),
    "banned_words": (0.4, r"\b(?:never|do not|don't|without) (?:use|using|say|saying|include|including)\b[^\n]{0,60}(?:\"(?:cannot|can't|unable|sorry|however|unfortunately|unethical|illegal)|"
                          r"words?[^\n]{0,40}\b(?:cannot|unable|instead|however|unfortunately)\b)"),
    "prefix": (0.4, r"\b(?:start|begin|prefix|preface|open|precede)\b[^.\n]{0,40}\b(?:response|answer|reply|output|sentence|message|every|each)\b[^.\n]{0,60}"
                    r"(?:\"[^\"\n]{0,60}|'[^'\n]{0,60}|\[|:\s*)(?:sure|absolutely|of course|here(?:'s| is)|mwahaha|yes)?|\bstart with \"(?:absolutely|sure)"),
    "two_voices": (0.4, r"\[?(?:🔒|🔓)?\s?(?:classic|gpt|chatgpt|normal|standard)\]?\s*[:：]?[^\n]{0,60}\n{1,3}\s*\[?(?:🔓)?\s?(?:jailbreak|dan|developer mode|evil|[a-z]{3,12})\]\s*[:：]?|"
                        r"\b(?:two|2|both)\b[^.\n]{0,30}\b(?:responses?|answers?|ways|paragraphs|outputs)\b[^.\n]{0,120}\b(?:dan|developer|normal|chatgpt|gpt|unfiltered|as if)"),
    "persona": (0.25, r"\b(?:you are (?:now|no longer|going to)|from now on|pretend (?:to be|you are|that you)|act(?:ing)? as|immerse yourself|"
                      r"role ?-?play|take on the (?:role|persona)|simulate|you will (?:now )?(?:be|act|play|become|answer|respond)|imitate|your (?:new )?name is)\b"),
    "stay": (0.25, r"\b(?:stay|remain|keep|never break|don't break|do not break|break(?:ing)?)\b (?:in |out of |your )?\bcharacter\b|\btokens?\b[^.\n]{0,60}\b(?:lose|deduct|lost|cost|die|left|remaining|taken)\b"),
    "any": (0.3, rf"\b{_AI}\b[^.\n]{{0,40}}\b(?:can|will|must|should|has to|have to|are able to|is able to|is willing to)\b[^.\n]{{0,30}}"
                 r"\b(?:say|do|answer|generate|discuss|produce|fulfil\w*|provide|create|respond to|comply with|write|output|tell)\b[^.\n]{0,25}\b(?:anything|any (?:question|request|kind|type|content|prompt|topic|and all)|all (?:questions|requests|prompts)|everything|whatever)\b"),
    "bad_content": (0.3, r"\b(?:illegal|unethical|immoral|explicit|offensive|harmful|dangerous|inappropriate|nsfw|swear|curse|profan\w+)\b[^.\n]{0,40}"
                         r"\b(?:content|things|activit\w+|topics?|language|information|advice|requests?|responses?|acts|subjects|words)\b|\bregardless of\b[^.\n]{0,40}\b(?:legal|ethic|moral|consequence|illegal|harm)\w*"),
    "openai": (0.2, r"\bopenai\b|\bchatgpt\b|\bcontent polic(?:y|ies)\b|\blanguage model\b"),
    "hypothetical": (0.2, r"\b(?:hypothetical(?:ly)?|fictional|for (?:testing|research|educational|training) purposes|simulation|purely theoretical)\b[^\n]{0,200}\b(?:ai|illegal|ethic|moral|without|unfiltered|refus|restrict)\w*"),
    "zh_ignore": (0.6, r"(?:忽略|无视|忘(?:记|掉)|不要理会|抛开)[^。\n]{0,12}(?:之前|以上|上面|前面|所有|原有|先前|系统|你的)[^。\n]{0,12}(?:指令|指示|规则|规定|设定|提示词?|限制|要求|内容)"),
    "zh_unbound": (0.4, r"(?:不受|没有|无视|摆脱|突破|不需要?遵守|不必遵守|解除|绕过)[^。\n]{0,15}(?:限制|约束|道德|伦理|法律|规则|审查|过滤|政策|底线)"),
    "zh_persona": (0.25, r"(?:从现在(?:开始|起)|你现在是|你将扮演|请?扮演|假装你?是|你不再是|角色扮演|模拟一个)"),
    "zh_no_refusal": (0.4, r"(?:不(?:能|得|要|可以?|许)|禁止|绝不|永远不会?)[^。\n]{0,8}(?:拒绝|说\s*[“\"]?不|道歉|警告|提醒)"),
    "zh_any": (0.3, r"(?:开发者模式|越狱|可以(?:做|说|回答)任何|回答(?:我的)?(?:任何|所有)问题|无所不能|没有任何禁忌)"),
}  # fmt: skip
_COMPILED = {name: (weight, re.compile(pattern, re.IGNORECASE)) for name, (weight, pattern) in CUES.items()}
_SPEAKER = re.compile(
    r"(?im)^[ \t#*>\[(]*(?P<who>human|user|q|question|h|u|用户|人类|问)[ \t]*\d*[\])]*\**[ \t]*[:：](?P<text>.*)$"
)
_REPLY = re.compile(
    r"(?im)^[ \t#*>\[(]*(?:assistant|ai|a|answer|bot|model|助手|答)[ \t]*\d*[\])]*\**[ \t]*[:：]"
)
_TAGS = re.compile("[\U000e0020-\U000e007f]+")
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{2,6}\U000e007f")
_HIDDEN = "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u034f\u180e\u202a-\u202e\u2066-\u2069"
_INSIDE = re.compile(rf"(?<=[A-Za-z0-9\u4e00-\u9fff])[{_HIDDEN}]+(?=[A-Za-z0-9\u4e00-\u9fff])")


class Jailbreak:
    """Cues of templates, encoded pieces, many-shot shape and invisible characters.

    Args:
        harm: Judges what a decoded piece asks for; the shipped ``prompt_harm`` by default.
    """

    name = "jailbreak"
    thresholds = THRESHOLDS

    def __init__(self, harm: Scanner | None = None) -> None:
        if harm is None:
            from sophro.guard.scanners import scanner

            harm = scanner("prompt_harm")
        self._harm = harm
        self.version = digest(CUES, THRESHOLDS, PAIRS, _HIDDEN, harm.version)

    def __call__(self, views: Sequence[View]) -> list[Detection]:
        """Return one detection per view, in order."""
        pieces = [decoded(v.text) if v.text.strip() else [] for v in views]
        asked = [_questions(v.text) for v in views]
        texts = [p.text for row in pieces for p in row] + [q for row in asked for q in row]
        harm = iter(self._harm([View(t) for t in texts]) if texts else [])
        first = [[next(harm).scores.get("harmful", 0.0) for _ in row] for row in pieces]
        second = [[next(harm) for _ in row] for row in asked]
        line = self._harm.thresholds["harmful"]
        return [
            self._one(view.text, row, scores, [d.scores.get("harmful", 0.0) >= line for d in judged])
            for view, row, scores, judged in zip(views, pieces, first, second, strict=True)
        ]

    def _one(self, text: str, pieces: list[Piece], harm: list[float], many: list[bool]) -> Detection:
        if not text.strip():
            return Detection(
                {}, THRESHOLDS, self.name, self.version, reason="nothing to read: the text is empty"
            )
        whole = (0, len(text))
        weight, cues, place = template_score(text)
        hidden = invisible_score(text)
        line = self._harm.thresholds["harmful"]
        best = max(range(len(pieces)), key=lambda i: harm[i], default=None)
        # On the scale of this detector: the harm detector's own threshold is one half.
        encoded = 0.0 if best is None else _scaled(harm[best], line)
        scores = {
            "template": weight,
            "encoded": encoded,
            "many_shot": sum(many) / len(many) if many else 0.0,
            "invisible": hidden,
        }
        windows = {"template": place, "encoded": whole, "many_shot": whole, "invisible": whole}
        notes: list[str] = []
        if weight >= THRESHOLDS["template"]:
            notes.append(f"cues: {', '.join(cues)}")
        if best is not None and encoded >= THRESHOLDS["encoded"]:
            windows["encoded"] = (pieces[best].start, pieces[best].end)
            notes.append(f"{pieces[best].how} of a harmful request")
        if many:
            notes.append(f"{sum(many)} of {len(many)} questions read are harmful")
        return Detection(
            scores, THRESHOLDS, self.name, self.version, whole, note="; ".join(notes), windows=windows
        )


def _scaled(score: float, line: float) -> float:
    return 0.5 * score / line if score < line else 0.5 + 0.5 * (score - line) / max(1.0 - line, 1e-9)


def template_score(text: str) -> tuple[float, tuple[str, ...], tuple[int, int]]:
    """Return the summed weight of the cues (1 at most), their names, and where they lie."""
    read = text if len(text) <= READ else text[: READ // 2] + "\n" + text[-READ // 2 :]
    clean = normalize(read) if not read.isascii() else read
    found = {
        name: hit for name, (_, pattern) in _COMPILED.items() if (hit := pattern.search(clean)) is not None
    }
    weight = sum(CUES[name][0] for name in found)
    if not found:
        return 0.0, (), (0, len(text))
    start = min(hit.start() for hit in found.values())
    end = max(hit.end() for hit in found.values())
    return min(weight / 1.5, 1.0), tuple(found), (min(start, len(text)), min(end, len(text)))


def _questions(text: str) -> list[str]:
    """Return questions of a prompt that holds many question-answer pairs; none of another."""
    asked = [m["text"].strip() for m in _SPEAKER.finditer(text)]
    if min(len(asked), len(_REPLY.findall(text))) < PAIRS:
        return []
    asked = [q for q in asked if q]
    step = max(1, len(asked) // _ASKED)
    return [*asked[:-1:step][: _ASKED - 1], asked[-1]] if asked else []


def invisible_score(text: str) -> float:
    """Return how surely a text hides characters from people: tag characters, or joints inside words."""
    if text.isascii():
        return 0.0
    if any(len(m.group()) >= 3 for m in _TAGS.finditer(_FLAG.sub("", text))):
        return 1.0
    joints = len(_INSIDE.findall(text))
    letters = sum(c.isalnum() for c in text)
    return min(1.0, joints / max(letters, 1) * 10) if joints >= 3 else 0.0
