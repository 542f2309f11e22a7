"""Numbers as people and models write them, read exactly.

Contract: ``parse_number`` reads one number and nothing else; what is around it must be a unit or a currency sign. The
value is a ``Fraction``: 0.333 is not 1/3. Units are not compared and a per cent sign is one of them (50 % is 50).
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_HAN = "".join(_DIGITS) + "".join(_UNITS) + "".join(_LARGE)
_PLAIN = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
_SIGNED = rf"(?<![\w.)])-\s?(?:{_PLAIN})|{_PLAIN}"
_ARABIC = re.compile(rf"(?:{_SIGNED})(?:\s*/\s*(?:{_PLAIN}))?")
_CHINESE = re.compile(rf"负?[{_HAN}]+分之[{_HAN}]+|负?[{_HAN}]+(?:点[{_HAN}]+)?")
_FRACTION = re.compile(r"\\d?t?frac\s*\{([^{}]+)\}\s*\{([^{}]+)\}")
_UNIT = re.compile(
    r"[\s$€£¥￥%°]|\\[$%,;! ]|\\text\s*\{[^{}]*\}|\\(?:mathrm|left|right|degree|circ)\b|(?:(?!点)[A-Za-z一-鿿²³])+\.?"
)


def plain(text: str) -> str:
    """Unify compatibility forms, minus signs and LaTeX fractions."""
    unified = unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-")
    return _FRACTION.sub(_slash, unified)


def _slash(match: re.Match[str]) -> str:
    top, bottom = match[1].strip(), match[2].strip()
    return f"{top}/{bottom}" if _simple(match) else f"({top})/({bottom})"


def _simple(match: re.Match[str]) -> bool:
    return all(re.fullmatch(r"\s*-?[\d,.]+\s*", part) for part in match.groups())


def parse_number(text: str) -> Fraction | None:
    r"""Return the number that ``text`` is, or None if it is not exactly one.

    Args:
        text: ``1,234.5``, ``-3/4``, ``\frac{1}{2}``, ``$12``, ``5 apples``, ``二十五``, ``三分之二``, ``1.2e3``.
    """
    value = plain(text).strip().rstrip(".。,，;；:：!！")
    science = re.fullmatch(
        r"(-?(?:\d+\.?\d*))\s*(?:[eE]|(?:\\times|×|x|\*)\s*10\s*\^)\s*\{?([+-]?\d{1,3})\}?", value
    )
    if science:
        return Fraction(science[1]) * Fraction(10) ** int(science[2])
    found = numbers_in(value)
    if len(found) != 1:
        return None
    around = value[: found[0].start()] + " " + value[found[0].end() :]
    if _UNIT.sub("", around).strip("()*_ "):
        return None
    return read_number(found[0].group())


def numbers_in(text: str) -> list[re.Match[str]]:
    """Return the numbers in digits; those in Chinese numerals only where there are none (一 is in many words)."""
    return list(_ARABIC.finditer(text)) or list(_CHINESE.finditer(text))


def read_number(token: str) -> Fraction | None:
    """Return the value of one match of ``numbers_in``."""
    text = token.replace(" ", "").replace(",", "")
    if re.search(r"\d", text):
        top, slash, bottom = text.partition("/")
        try:
            return Fraction(top) / Fraction(bottom) if slash else Fraction(top)
        except ZeroDivisionError:
            return None
    sign = -1 if text.startswith("负") else 1
    text = text.removeprefix("负")
    if "分之" in text:
        bottom, top = (_han(t) for t in text.split("分之", 1))
        return None if not bottom or top is None else Fraction(sign * top, bottom)
    whole, point, rest = text.partition("点")
    value = _han(whole)
    if value is None:
        return None
    if not point:
        return Fraction(sign * value)
    if not rest or any(c not in _DIGITS for c in rest):
        return None
    return sign * (value + Fraction(int("".join(str(_DIGITS[c]) for c in rest)), 10 ** len(rest)))


def _han(text: str) -> int | None:
    """Read a whole number in Chinese numerals; None if the signs do not make one."""
    if not text:
        return None
    if all(c in _DIGITS for c in text):  # 二〇二六, read digit by digit
        return int("".join(str(_DIGITS[c]) for c in text))
    total = section = digit = 0
    for c in text:
        if c in _DIGITS:
            digit = _DIGITS[c]
        elif c in _UNITS:
            section += (digit or (1 if c == "十" else 0)) * _UNITS[c]
            digit = 0
        else:
            total = (total + section + digit) * _LARGE[c]
            section = digit = 0
    value = total + section + digit
    return value if value or "零" in text or "〇" in text else None
