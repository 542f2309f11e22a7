"""The country that a person says to be in, for the helplines of a reply.

Card: crisis_safety.md, section 5. Contract: read only where the person says where they are ("I am in Canada",
我在美国), or where a message is nothing but a country; where somebody else is, or comes from, does not count. None
for a place that is not in the list: the reply then keeps asking.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

_HERE = (
    r"(?:\b(?:i|we)(?: am|['\u2019]?m| are|['\u2019]?re)?(?: currently| now| living| based| staying| located| still)*"
    r" (?:live )?in|(?:^|[.,;!?])\s*(?:living|based|here) in|\bmy country is)\s+"
)
_HERE_ZH = r"(?:我(?:人|们)?(?:现在|目前|住|是|就)*(?:在|住)|人在|坐标|我的国家是)\s*"


@cache
def _names() -> dict[str, str]:
    """Return the code of every name."""
    path = files("sophro.care.crisis").joinpath("data", "countries.json")
    return {n: code for code, names in json.loads(path.read_text("utf-8"))["names"].items() for n in names}


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what a saying looks like, and a message that is a country alone."""
    ordered = sorted(_names(), key=len, reverse=True)
    english = "|".join(re.escape(n) for n in ordered if re.match("[A-Z]|the ", n) and n != "US")
    chinese = "|".join(n for n in ordered if not re.match("[A-Z]|the ", n))
    # "US" is a country and "us" is not.
    name = rf"(?:the\s+)?(?P<{{}}>(?-i:US)|{english})(?!\w)"
    said = rf"{_HERE}{name.format('en')}|{_HERE_ZH}(?P<zh>{chinese})"
    alone = rf"\s*(?:in\s+|from\s+|我?在)?(?:{name.format('one')}|(?P<han>{chinese}))\s*[.!。！]?\s*"
    return re.compile(said, re.IGNORECASE), re.compile(alone, re.IGNORECASE)


def named_country(text: str) -> str | None:
    """Return the code (ISO 3166) of the country that a message says its writer is in, or None."""
    said, alone = _patterns()
    found = alone.fullmatch(text[:200]) or next(iter(said.finditer(text[:10_000])), None)
    if found is None:
        return None
    name = next(g for g in found.groups() if g)
    codes = _names()
    return codes.get(name) or next(c for n, c in codes.items() if n.lower() == name.lower())
