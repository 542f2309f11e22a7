"""What must be said at a level: templates written by people, filled with lines of the resource table.

Card: crisis_safety.md, section 3. Contract: the text depends only on level, language, flags, turn number and table;
every variant holds every required element of its level, and none is the same twice in a row. Who writes in a language
that the layers do not read is answered in English, with a sentence in that language where there is one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from sophro.care.crisis._resources import Resource, choose, worldwide
from sophro.care.crisis._types import Level

_EXTRA = ("violence_to_others", "psychosis_voices", "abuse", "minor", "intoxication", "self_injury")
_KEY = {"violence_to_others": "violence", "psychosis_voices": "psychosis"}


@cache
def templates() -> Any:
    """Return the templates with their version."""
    return json.loads(files("sophro.care.crisis").joinpath("data", "replies.json").read_text("utf-8"))


def reply(
    level: Level,
    lang: str,
    *,
    table: Sequence[Resource],
    region: str | None = None,
    flags: Collection[str] = (),
    turn: int = 0,
    human: bool = False,
    third: bool = False,
) -> str:
    """Return what to say.

    Args:
        level: Level of the conversation, at least CONCERN unless ``third``.
        lang: ``en`` or ``zh``.
        table: Resource table.
        region: Country that the person named.
        flags: Flags of the conversation; some add a sentence.
        turn: How often this level was answered before; picks the variant.
        human: Whether a person was notified.
        third: Whether it is about somebody else.
    """
    words = templates()[lang]
    facts = _facts(lang, table, region)
    facts["human"] = words["human_told" if human else "human_none"] if level is Level.IMMINENT else ""
    if third and level < Level.IDEATION:
        return _fill(words["THIRD"], facts)
    variants = words[level.name]
    parts: list[str] = []
    if "retraction" in flags:
        parts.append(words["retraction"])
    if "method_query" in flags and turn == 0:
        parts.append(words["method"])
    parts.append(_fill(variants[turn % len(variants)], facts))
    if level is Level.IMMINENT:
        parts.append(words["attempt"])
    for flag in _EXTRA:
        if flag in flags and not (level is Level.IMMINENT and flag in ("abuse", "self_injury")):
            parts.append(_fill(words[_KEY.get(flag, flag)], facts))
    if region is None and level >= Level.IDEATION:
        parts.append(words["ask_country"])
    return "\n\n".join(parts)


def unread(lang: str, *, table: Sequence[Resource], region: str | None, turn: int = 0) -> str:
    """Return what to say where suicide is spoken of in a language that the layers do not read, at CONCERN.

    Args:
        lang: The language; "" if it is not known.
        table: Resource table.
        region: Country that the person named.
        turn: How often this level was answered before; picks the variant.
    """
    variants = templates()["unread"]["CONCERN"]
    said = _fill(variants[turn % len(variants)], _anywhere(table, region))
    return f"{said}\n\n{_own(lang, table, region)}".strip()


def beside(lang: str, *, table: Sequence[Resource], region: str | None) -> str:
    """Return what stands under a reply to a message in a language that the layers do not read.

    Args:
        lang: The language; "" if it is not known.
        table: Resource table.
        region: Country that the person named.
    """
    said = _fill(templates()["unread"]["beside"], _anywhere(table, region))
    return f"{said}\n\n{_own(lang, table, region)}".strip()


def _own(lang: str, table: Sequence[Resource], region: str | None) -> str:
    said, help_anywhere = templates()["unread"]["in"].get(lang, ("", ""))
    world = worldwide(table)
    more = f" {help_anywhere}: {world.url_name}" if said and world else ""
    return _fill(said, _anywhere(table, region)) + more


def _anywhere(table: Sequence[Resource], region: str | None) -> dict[str, str]:
    """Return emergency number and directory for somebody whose country and language may be any."""
    world = worldwide(table)
    found = next((r.emergency for r in table if region and r.country == region.upper()), "")
    own = found.replace(" 或 ", ", ")  # the numbers of China stand in its own language
    number = own or (f"{world.emergency} in the European Union" if world else "")
    return {
        "emergency": f"your local emergency number{f' ({number})' if number else ''}",
        "number": f" ({own})" if own else "",
        "directory": f"{world.name} ({world.url_name}) lists free lines by country"
        if world
        else "Your country may have a crisis line",
    }


def _fill(text: str, facts: dict[str, str]) -> str:
    for name, value in facts.items():
        text = text.replace("{" + name + "}", value)
    return text


def _facts(lang: str, table: Sequence[Resource], region: str | None) -> dict[str, str]:
    lines = choose(table, lang, region)
    line = ("" if lang == "zh" else " ").join(_line(r, lang, region is None) for r in lines[:4])
    line = line or _no_line(lang, table)
    emergency = lines[0].emergency if lines and (region or lang == "zh") else ""
    if lang == "zh":
        return {
            "line": line,
            "emergency": f" {emergency}（24 小时）" if emergency else "当地的急救电话",
            "text_option": "如果打电话太难，可以先发消息给信任的人，请对方陪你一起打。",
            "cannot": "发消息请身边的人替你打，或直接走到有人的地方、敲邻居的门。",
        }
    texting = [r.text for r in lines if r.text]
    local = ", ".join(sorted({f"{r.emergency} in {_COUNTRY.get(r.country, r.country)}" for r in lines}))
    return {
        "line": line,
        "emergency": emergency
        or (f"your local emergency number ({local})" if local else "your local emergency number"),
        "text_option": f"If speaking feels like too much, you can text {texting[0]} instead, and stop at any time."
        if texting
        else "If speaking feels like too much, ask someone you trust to call with you.",
        "cannot": (f"text {texting[0]}, or " if texting else "")
        + "ask someone near you to call, or walk to where people are.",
    }


def _no_line(lang: str, table: Sequence[Resource]) -> str:
    """Return what stands in place of a line where the table has none: nothing is said of one that nobody checked."""
    words, world = templates()[lang], worldwide(table)
    known = {"name": world.name, "address": world.url_name} if world else {}
    return _fill(
        words["no_line"], {"directory": _fill(words["directory"], known) if known else words["no_directory"]}
    )


_COUNTRY = {
    "US": "the US",
    "CA": "Canada",
    "GB": "the UK",
    "IE": "Ireland",
    "AU": "Australia",
    "NZ": "New Zealand",
}


def _line(r: Resource, lang: str, name_country: bool) -> str:
    if lang == "zh":
        where = "" if r.country == "CN" else f"（{r.country}）"
        facts = "、".join(w for w in ("免费" if r.free else "", "保密" if r.confidential else "") if w)
        hours = "24 小时有人接听" if r.hours == "24/7" else f"接听时间：{r.hours}" if r.hours else ""
        return "，".join(w for w in (f"{r.name}{where} {r.phone}", facts, hours) if w) + "；"
    where = f" in {_COUNTRY.get(r.country, r.country)}" if name_country else ""
    how = (
        f"call or text {r.phone}"
        if r.text == r.phone
        else f"call {r.phone}" + (f" or text {r.text}" if r.text else "")
    )
    facts = ", ".join(
        w for w in ("free" if r.free else "", "confidential" if r.confidential else "", r.hours) if w
    )
    return f"{r.name}{where}: {how} ({facts})." if facts else f"{r.name}{where}: {how}."
