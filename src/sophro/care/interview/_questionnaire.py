"""PHQ-9 and GAD-7 as interviews: every item asked as it is published, scored by ``sophro.care.instruments``."""

from __future__ import annotations

from typing import Any

from sophro.care.instruments import Instrument, instrument
from sophro.care.interview._tree import Module, build_module

_WINDOW = {"en": ["2 weeks"], "zh": ["两个星期"]}


def questionnaire(name: str) -> Module:
    """Return the module that asks the items of an instrument.

    Raises:
        SophroError: If there is no such instrument.
    """
    return build_module(_values(instrument(name)), f"instrument {name}", name)


def _values(found: Instrument) -> dict[str, Any]:
    ids = [f"item{n}" for n in range(1, found.size + 1)]
    nodes: dict[str, Any] = {}
    for index, name in enumerate(ids):
        risk = found.risk_item == index + 1
        node: dict[str, Any] = {
            "type": "safety" if risk else "symptom",
            "value": "frequency",
            "met_if": "value >= 1" if risk else "value >= 2",
            "next": ids[index + 1] if index + 1 < len(ids) else "end",
        }
        if risk:
            node["risk"] = [0, 2, 2, 2]
            node["call_if"] = f"met({name}) or unclear({name}) or refused({name})"
        for lang, wording in found.languages.items():
            item = wording.items[index]
            # One question a turn: the item is quoted inside the published stem, without its own question mark.
            quoted = item.replace("?", ";").replace("？", "；")
            stem = wording.stem.rstrip("?？")
            ask = f"{stem}: {quoted}?" if lang == "en" else f"{stem}：{quoted}？"
            options = ", ".join(wording.options) if lang == "en" else "、".join(wording.options)
            how = f"{ask} ({options})" if lang == "en" else f"{ask}（{options}）"
            node[lang] = {"criterion": item, "ask": [ask, how], "explain": how}
        nodes[name] = node
    return {
        "id": found.name,
        "version": 1,
        "title": {lang: found.title for lang in found.languages},
        "source_terms": found.licence.terms,
        "window_days": found.window_days,
        "window": _WINDOW,
        "entry": ids[0],
        "groups": {"items": ids},
        "scores": {"total": {"sum": "items", "low": 0, "high": found.size * max(found.values)}},
        "safety_required": found.risk_item is not None,
        "calls": "suicide_risk",
        "nodes": nodes,
        "outcomes": [
            {"if": "risk >= 3", "level": "urgent", "message": "urgent", "refer": True},
            {
                "if": f"sum(value in items) >= {found.cut}",
                "level": "positive",
                "message": "talk_soon",
                "refer": True,
            },
            *(
                [
                    {
                        "if": f"met(item{found.risk_item}) or risk >= 1",
                        "level": "subthreshold",
                        "message": "talk_soon",
                        "refer": True,
                    }
                ]
                if found.risk_item
                else []
            ),
            {"if": "sum(value in items) >= 5", "level": "subthreshold", "message": "talk", "refer": True},
            {"level": "none", "message": "fine", "refer": False},
        ],
    }
