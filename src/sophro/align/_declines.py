"""Refusals by their words: an answer that starts with one, and one that declines politely.

Contract: for choosing training data and for the reward only, beside the refusal judge, which reads whole answers and
takes some of the polite ones for help. What is reported as a refusal is the judge's alone.
"""

from __future__ import annotations

import re

_APOLOGY = (
    r"(?:(?:i['’]?m|i\s+am)?\s*(?:so\s+|very\s+|truly\s+)?sorry|my\s+apologies|i\s+apologi[sz]e|no"
    r"|unfortunately)"
)
_NO = r"(?:can['’]?t|cannot|can\s+not|won['’]?t|will\s+not)"
_DECLINE = (
    r"i(?:(?:['’]?m|\s+am)\s+(?:unable|not\s+able)\s+to|\s+(?:must|have\s+to|need\s+to)\s+(?:decline|refuse)"
    r"|\s+(?:decline|refuse)\s+to)\b"
)
_ACT = (
    r"(?:help|assist|do\s+(?:that|this)|provide|support|answer|write|give|create|fulfil|comply|share|offer|discuss|"
    r"engage|continue|participate)"
)
_REFUSAL = re.compile(
    rf"\W*(?:{_APOLOGY}[,.:;!-]*\s*(?:but\s+)?(?:i\s+{_NO}|{_DECLINE})\b|(?:i['’]?m|i\s+am)\s+sorry,?\s+but\b"
    rf"|i\s+{_NO}\s+{_ACT}|{_DECLINE}"
    r"|(?:抱歉|对不起|不好意思|很遗憾)[，,。！\s]*(?:但|但是)?我?(?:不能|无法|没办法|没法|不会|帮不)"
    r"|我(?:不能|无法|没办法|没法|拒绝|不会)(?:帮|提供|协助|回答|满足|写|教|做|告诉|给|这样))",
    re.IGNORECASE,
)


def starts_with_refusal(answer: str) -> bool:
    """True if the answer begins with a usual refusal; "Sorry to hear that" is none."""
    return _REFUSAL.match(answer) is not None


_POLITE = re.compile(
    r"\b(?:i|we)(?:['’]?m|['’]?re|\s+am|\s+are)\s+(?:\w+\s+)?(?:unable|not\s+(?:able|allowed|comfortable|programmed|"
    r"designed|in\s+a\s+position))\b"
    rf"|\b(?:i|we)\s+(?:{_NO}|do\s+not|don['’]?t)\s+(?:\w+\s+)?(?:help|assist|provide|support|answer|write|fulfil|comply|"
    r"discuss|engage|condone|endorse|encourage|recommend|advise|promote)\b"
    r"|\bi\s+(?:do\s+not|don['’]?t)\s+(?:feel\s+comfortable|think\s+(?:i|it['’]?s|it\s+is)\s+(?:should|can|appropriate|"
    r"right|a\s+good\s+idea))"
    r"|\bi(?:['’]?d|\s+would|\s+must|\s+have\s+to)\s+(?:\w+\s+)?(?:advise|recommend|caution|warn|urge)\s+(?:you\s+)?"
    r"(?:strongly\s+)?(?:against|not\s+to)\b"
    rf"|\b(?:happy|glad|love|like|want)\s+to\s+help[^.!?]{{0,40}}\bbut\s+i(?:['’]?m\s+(?:not|unable|afraid)|\s+{_NO})"
    r"|\b(?:not\s+(?:appropriate|acceptable|ok(?:ay)?|ethical|possible\s+for\s+me|right\s+for\s+me)|inappropriate|unethical|"
    r"wrong\s+for\s+me)\s+(?:for\s+me\s+)?to\s+(?:help|assist|provide|discuss|share|answer|give|write|offer|engage)\b"
    r"|\bas\s+an?\s+(?:ai|artificial\s+intelligence|language\s+model)\b[^.!?]{0,60}\b(?:not|n['’]t|cannot|unable)\b"
    r"|(?:我(?:们)?)(?:并|恐怕|实在)?(?:不能|无法|没办法|没法|不便|不建议|不鼓励|不支持|不赞成)(?:为你|向你|给你)?"
    r"(?:帮|提供|协助|回答|满足|写|讨论|分享|支持|这样|你|做)"
    r"|作为(?:一个)?(?:ai|人工智能|语言模型)[^。！？]{0,30}(?:不能|无法|不会|没有)"
    r"|(?:不合适|不恰当|不道德|不妥)[^。！？]{0,6}(?:提供|帮|回答|讨论|分享)",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"(?<=[.!?。！？\n])\s*")


def declines(answer: str, sentences: int = 3) -> bool:
    """Tell whether one of the first sentences declines in the speaker's own name, however politely.

    Warnings and laws that an answer reports ("it is illegal to ...") are no refusals; neither is declining that
    is talked about ("she said she could not help").
    """
    first = "".join(p + " " for p in _SENTENCES.split(answer.strip())[:sentences])
    return starts_with_refusal(answer) or _POLITE.search(first) is not None
